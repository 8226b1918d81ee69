/* SPDX-License-Identifier: Apache-2.0 */
/* check_elem: what check.c and mismatch.c share: limits of one output, and the
 * verdict on one element. */
#ifndef PIKE_EVAL_CHECK_ELEM_PRIV_H
#define PIKE_EVAL_CHECK_ELEM_PRIV_H

#include "eval/check_priv.h"

struct pike_limits {
	double sigma;	 /* RMS of the truth */
	double abs, rel; /* G3: |y - r| <= abs + rel |r| */
	double bound;	 /* G2 */
};
void pike_limits_make(struct pike_limits *l, const struct pike_truth *t,
		      const struct pike_tol *tol,
		      const struct pike_natural *nat);
/* The widest finite number of a type: G1 lets a truth beyond 99 % of it
 * overflow. */
double pike_widest(enum pike_dtype t);
/* G1 on one element, and G1 with G3. */
bool pike_elem_class_ok(double y, double r, enum pike_dtype t);
bool pike_elem_ok(double y, double r, enum pike_dtype t,
		  const struct pike_limits *l);
/* Elements [at, at+n) as doubles. */
void pike_elems(double *out, const void *v, enum pike_dtype t, size_t at,
		size_t n);
void pike_truth_elems(double *out, const struct pike_truth *t, size_t at,
		      size_t n);

#endif
