/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes launch plans: whatever is accepted stays within the limits, and its
 * arguments exist. */
#include "base/mem.h"
#include "device/launch.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(int64_t v, int64_t most)
{
	if (v < 1 || v > most)
		abort();
}

static void check(const struct pike_launch_values *v, size_t nargs)
{
	const struct pike_launch_limits *l = &pike_launch_limits_90;

	for (size_t i = 0; i < v->n; i++) {
		for (int k = 0; k < 3; k++) {
			inside(v->v[i].grid[k], l->grid[k]);
			inside(v->v[i].block[k], l->block[k]);
			inside(v->v[i].cluster[k], 16);
		}
		if (v->v[i].shared > l->shared || !v->v[i].kernel)
			abort();
		for (size_t a = 0; a < v->v[i].nargs; a++) {
			const struct pike_pass_value *p = &v->v[i].args[a];

			if (p->how == PIKE_PASS_SCRATCH
				? p->index >= v->nscratch
				: p->index >= nargs)
				abort();
			if (p->how == PIKE_PASS_TMA)
				inside(p->map.rank, PIKE_TMA_DIMS);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const args[] = { "in f32 x[n][n]", "out f32 y[n]",
					    "i32 n" };
	struct pike_arg a[PIKE_ARRAY_LEN(args)];
	struct pike_target t = { .name = (char *)"t",
				 .entry = (char *)"k",
				 .args = a,
				 .nargs = PIKE_ARRAY_LEN(args) };
	struct pike_files files = { 0 };
	struct pike_launch_values v;
	struct pike_launch_plan *p = NULL;
	struct pike_case c;
	struct pike_err err = PIKE_ERR_INIT;

	for (size_t i = 0; i < t.nargs; i++)
		if (pike_arg_parse(&a[i], args[i], NULL))
			abort();
	if (pike_case_parse(&c, "n=128", NULL))
		abort();
	pike_files_add(&files, "k.cu", (const char *)data, size);
	if (!pike_launch_plan_parse(&p, &t, &files, &err) &&
	    !pike_launch_plan_eval(&v, p, &c, &pike_launch_limits_90, &err)) {
		check(&v, t.nargs);
		pike_launch_values_release(&v);
	} else if (strncmp(err.text, "k.cu:", 5) != 0) {
		abort();
	}
	pike_launch_plan_free(p);
	pike_files_release(&files);
	pike_case_release(&c);
	for (size_t i = 0; i < t.nargs; i++)
		pike_arg_release(&a[i]);
	return 0;
}
