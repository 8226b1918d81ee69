/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check: the gates (README.md, protocol 9) between an output and its truth.
 *
 * Every comparison has the accepting form `x <= bound`, so a NaN fails it;
 * compiled with -ffast-math that would not hold, so it does not compile.
 */
#ifndef PIKE_EVAL_CHECK_PRIV_H
#define PIKE_EVAL_CHECK_PRIV_H

#include "model/target.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* G2: cap, floor and m; G3: a, b. `exact`: G5. `move`: what inputs are moved
 * by, relatively, to learn how a truth depends on their rounding; 0: never. */
struct pike_tol {
	double floor, cap, a, b, m;
	bool exact;
	enum pike_precision cls;
	double move;
	bool sums; /* `move` is what sums of many terms differ by */
};
/* The class that an output of `dtype` is held to: the declared one, or the
 * looser one that its type can hold. `tolerance` 0: the class's own. */
void pike_tol_for(struct pike_tol *out, enum pike_precision declared,
		  enum pike_dtype dtype, double tolerance);

/* Truth of one output of one input set: doubles for f64, floats for narrower
 * floats, the bytes themselves for integers. */
struct pike_truth {
	void *r;
	uint64_t at;	       /* of the same on a GPU; then r may be NULL */
	enum pike_dtype dtype; /* of the output, not of r */
	size_t n, row;
	double norm;   /* of the finite elements */
	bool finite;   /* all of them */
	bool rms_zero; /* norm is 0 */
};
/* Makes it of a buffer that the reference wrote in type `from`. */
void pike_truth_make(struct pike_truth *t, const void *data,
		     enum pike_dtype from, enum pike_dtype dtype, size_t n,
		     size_t row);
void pike_truth_release(struct pike_truth *t);
/* Of floats of any type. */
bool pike_all_finite(const void *data, enum pike_dtype from, size_t n);
size_t pike_truth_bytes(enum pike_dtype dtype, size_t n);

/* What an honest result may differ by: the reference's own error in the
 * target's precision, and what the truth itself moves by where the inputs are
 * moved by tol.move. No cap holds for the latter: it is the input's doing. */
struct pike_natural {
	double l2;  /* norm of the difference over the norm of the truth */
	double max; /* largest difference of an element */
	/* The same of a moved truth, but the norm itself: the truth may be all
	 * zeros. 0 while nobody has asked (condition.c). */
	double moved_l2, moved_max;
};
/* Sets l2 and max. `q`, of type `from`, is rounded to the dtype of the truth
 * first. Elements where either is not finite are left out. */
void pike_natural_error(struct pike_natural *out, const void *q,
			enum pike_dtype from, const struct pike_truth *t);

/* Adds what a moved reference, in double (float `from` f32) for each element,
 * differs by from the truth, where that is more than was known. Infinite where
 * the moved truth is not finite and the truth is. */
void pike_natural_moved(struct pike_natural *out, const void *q,
			enum pike_dtype from, const struct pike_truth *t);
/* The share of the truth's elements, less those that are 0 or not finite, that
 * differ in a moved reference by more than a rounding. 1 where none is left. */
double pike_truth_changed(const struct pike_truth *t, const void *q,
			  enum pike_dtype from);
/* Does the truth move by so much that right and wrong are alike? */
bool pike_natural_vague(const struct pike_natural *nat,
			const struct pike_truth *t);

/* G2's bound on ||y - r|| / ||r||, without what inputs move it by. */
double pike_tol_bound(const struct pike_tol *tol,
		      const struct pike_natural *nat);

enum pike_gate {
	PIKE_G_PASS,
	PIKE_G1,
	PIKE_G2,
	PIKE_G3,
	PIKE_G4,
	PIKE_G5
};

struct pike_check {
	enum pike_gate gate;
	double max_abs, rel_l2;
	size_t bad;   /* elements that fail on their own (G1, G3, G5) */
	size_t first; /* index of the first of them, or of the block */
	size_t last;
	double got, want; /* at `first` */
};
bool pike_check_output(struct pike_check *out, const void *y,
		       const struct pike_truth *t, const struct pike_tol *tol,
		       const struct pike_natural *nat);

/* The same answer alone; sooner, where it is no. */
bool pike_check_passes(const void *y, const struct pike_truth *t,
		       const struct pike_tol *tol,
		       const struct pike_natural *nat);

/* What a wrong output looks like (5.2), as words: "all elements", "the last
 * 7 of each row of 1001", "NaN in 12", "equal to input 'x'"... */
struct pike_mismatch_hints {
	const void *const *inputs; /* same type and size as the output */
	const char *const *names;
	size_t ninputs;
	const void *poison; /* one element; NULL: none */
};
void pike_check_describe(char *out, size_t size, const void *y,
			 const struct pike_truth *t, const struct pike_tol *tol,
			 const struct pike_natural *nat,
			 const struct pike_mismatch_hints *h);

#endif
