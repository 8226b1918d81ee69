/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes result lines: what is read can be printed, fits, and reads back the
 * same. */
#include "base/buf.h"
#include "model/result.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_result r, q;
	struct pike_buf a, b;

	if (pike_result_parse(&r, (const char *)data, size, &err))
		return 0;
	pike_buf_init(&a, 1 << 20);
	pike_buf_init(&b, 1 << 20);
	pike_result_print(&a, &r);
	if (a.len > 65536 || memchr(a.s, '\n', a.len))
		abort();
	if (pike_result_parse(&q, a.s, a.len, &err))
		abort();
	pike_result_print(&b, &q);
	if (strcmp(a.s, b.s) != 0 || pike_result_cmp(&r, &r) != 0)
		abort();
	pike_buf_release(&a);
	pike_buf_release(&b);
	pike_result_release(&r);
	pike_result_release(&q);
	return 0;
}
