/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes arguments and cases: the first line is an argument, the second a
 * case that it is measured in. */
#include "base/mem.h"
#include "model/target.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = pike_xstrndup((const char *)data, size);
	char *second = strchr(text, '\n');
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_arg a;
	struct pike_case c, again;
	int64_t n, dims[8];
	int arg, cs;

	if (second)
		*second++ = 0;
	arg = pike_arg_parse(&a, text, &err);
	cs = pike_case_parse(&c, second ? second : text, &err);
	if (!cs) {
		if (pike_case_parse(&again, c.text, &err) ||
		    strcmp(again.text, c.text) != 0)
			abort();
		pike_case_release(&again);
	}
	if (!arg && !cs && !pike_arg_elems(&n, dims, &a, &c, &err) &&
	    (n < 0 || n > (int64_t)1 << 40))
		abort();
	if (!arg)
		pike_arg_release(&a);
	if (!cs)
		pike_case_release(&c);
	free(text);
	return 0;
}
