/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes expressions: what parses, evaluates or fails, and parses again. */
#include "base/mem.h"
#include "model/target.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool lookup(void *ctx, const char *name, int64_t *out)
{
	(void)ctx;
	*out = (int64_t)strlen(name) - 2;
	return name[0] != 'z';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = pike_xstrndup((const char *)data, size);
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_expr *e, *again;
	int64_t v, w;

	if (!pike_expr_parse(&e, text, &err)) {
		int ret = pike_expr_eval(&v, e, lookup, NULL, &err);

		if (pike_expr_parse(&again, pike_expr_text(e), &err) ||
		    pike_expr_eval(&w, again, lookup, NULL, &err) != ret ||
		    (!ret && v != w))
			abort();
		pike_expr_free(again);
		pike_expr_free(e);
	} else if (err.level != PIKE_USAGE || !err.text[0]) {
		abort();
	}
	free(text);
	return 0;
}
