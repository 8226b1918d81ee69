/* SPDX-License-Identifier: Apache-2.0 */
/* Templates, which a repository may bring along: filled in or refused with the
 * line; and fields and quoted blocks whose text tries to be more than data. */
#include "base/mem.h"
#include "llm/llm.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fill(const char *text, const char *value)
{
	const struct pike_field f[] = { { "name", value }, { "empty", "" } };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_buf b;

	pike_buf_init(&b, 1 << 16);
	if (pike_template_fill(&b, "t.md", text, f, PIKE_ARRAY_LEN(f), &err) &&
	    strncmp(err.text, "t.md:", 5) != 0)
		abort();
	pike_buf_release(&b);
}

/* The first line that could end the block is the last. */
static void fence(const char *text)
{
	struct pike_buf b;
	const char *end;
	size_t n;

	pike_buf_init(&b, 1 << 24);
	pike_prompt_fence(&b, "", text);
	n = strspn(b.s, "`");
	end = b.s + n;
	do {
		end = strchr(end, '\n') + 1;
	} while (strspn(end, "`") < n);
	if (end + n + 1 != b.s + b.len)
		abort();
	pike_buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = pike_xstrndup((const char *)data, size);

	fill(text, "value");
	fill("{{name}}\n{{#name}}\na {{name}}\n{{/name}}\n", text);
	fence(text);
	free(text);
	return 0;
}
