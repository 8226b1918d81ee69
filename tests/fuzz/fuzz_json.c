/* SPDX-License-Identifier: Apache-2.0 */
/* What parses prints, and what was printed parses to the same print. */
#include "base/json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print(struct pike_buf *b, const char *text, size_t len)
{
	struct pike_json *j = pike_json_parse(text, len, NULL);

	if (j)
		pike_json_print(b, j);
	pike_json_free(j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pike_buf one, two;

	pike_buf_init(&one, 1 << 24);
	pike_buf_init(&two, 1 << 24);
	print(&one, (const char *)data, size);
	print(&two, one.s, one.len);
	if (one.len != two.len || memcmp(one.s, two.s, one.len))
		abort();
	pike_buf_release(&one);
	pike_buf_release(&two);
	return 0;
}
