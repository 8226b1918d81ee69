/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits: the gates of check.c in words, for whoever writes a candidate. Only
 * what is published: a norm and an element that keep these limits pass.
 */
#include "eval/eval.h"

#include "eval/check_priv.h"

/* What counts as being within a class. */
static const char *const within[PIKE_P_COUNT] = {
	[PIKE_P_FP64] = "all arithmetic in f64",
	[PIKE_P_FP32] = "operands and sums in f32; no operand is rounded to "
			"tf32, f16 or bf16; sums may be taken in any order",
	[PIKE_P_TF32] = "operands of products may be rounded to tf32, sums are "
			"in f32",
	[PIKE_P_FP16] = "operands may be rounded to f16, sums are in f32",
	[PIKE_P_BF16] = "operands may be rounded to bf16, sums are in f32",
	[PIKE_P_FP8_E4M3] = "operands may be rounded to e4m3, sums are in f32",
	[PIKE_P_FP8_E5M2] = "operands may be rounded to e5m2, sums are in f32",
};

static void add_tol(struct pike_buf *b, const struct pike_tol *tol)
{
	if (tol->exact) {
		pike_buf_adds(b, "every element must be equal\n");
		return;
	}
	pike_buf_addf(b, "class %s: %s. ", pike_precision_name(tol->cls),
		      within[tol->cls]);
	pike_buf_addf(b,
		      "Always right is norm(y - r) <= %g * norm(r) of the "
		      "whole output with |y - r| <= %g * rms(r) + %g * |r| in "
		      "every element; where the reference, computed in that "
		      "class, is less exact than that norm, up to %g * "
		      "norm(r)\n",
		      tol->floor, tol->a, tol->b, tol->cap);
}

static void add_output(struct pike_buf *b, const struct pike_target *t,
		       enum pike_dtype dtype)
{
	struct pike_tol tol;

	pike_tol_for(&tol, t->precision, dtype, t->tolerance);
	add_tol(b, &tol);
}

void pike_limits_text(struct pike_buf *b, const struct pike_target *t)
{
	static const enum pike_dtype types[] = { PIKE_F32, PIKE_F16,
						 PIKE_BF16 };

	pike_buf_adds(b,
		      "- Of an output y the truth r is the reference in double "
		      "precision on the same inputs. Every element of every "
		      "call counts, and no row and no block of neighbours may "
		      "be far worse than the whole. NaN and infinity stand "
		      "where r has them, and nowhere else\n");
	for (size_t i = 0; i < t->nargs; i++) {
		const struct pike_arg *a = &t->args[i];

		if (a->dir != PIKE_OUT && a->dir != PIKE_INOUT)
			continue;
		pike_buf_addf(b, "- `%s`, %s, ", a->name,
			      pike_dtype_name(a->dtype));
		add_output(b, t, a->dtype);
	}
	/* Of a model nobody knows before it has run. */
	for (size_t i = 0; !t->nargs && i < sizeof(types) / sizeof(*types);
	     i++) {
		pike_buf_addf(b, "- An output of %s, ",
			      pike_dtype_name(types[i]));
		add_output(b, t, types[i]);
	}
}
