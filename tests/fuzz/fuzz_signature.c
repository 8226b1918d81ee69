/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the reading of other people's C: what it drafts are arguments that a
 * target takes, and text without a line break where a comment is made of it. */
#include "base/mem.h"
#include "model/signature.h"
#include "model/target.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct pike_signature *s)
{
	for (size_t i = 0; i < s->args.n; i++) {
		struct pike_arg arg;
		struct pike_err err = PIKE_ERR_INIT;

		/* One that is too long, or of an expression that is none, is
		 * for a person to correct. */
		if (!pike_arg_parse(&arg, s->args.v[i], &err))
			pike_arg_release(&arg);
		if (strpbrk(s->args.v[i], "\n#;\"\\"))
			abort();
	}
	for (size_t i = 0; i < s->notes.n; i++)
		if (strchr(s->notes.v[i], '\n'))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = pike_xstrndup((const char *)data, size);
	static const char *const marks[] = { "", "__global__" };

	for (size_t i = 0; i < PIKE_ARRAY_LEN(marks); i++) {
		struct pike_signature s;
		struct pike_err err = PIKE_ERR_INIT;
		struct pike_buf draft;

		if (pike_signature_read(&s, text, text, marks[i], NULL, &err))
			continue;
		check(&s);
		pike_buf_init(&draft, 1u << 20);
		if (pike_reference_draft(&draft, text, &s, &err) && !*err.text)
			abort();
		pike_buf_release(&draft);
		pike_signature_release(&s);
	}
	free(text);
	return 0;
}
