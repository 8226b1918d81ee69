/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mismatch: puts a wrong output into words that point at its cause
 * Only called on failure, so it may be slow.
 */
#include "eval/check_elem_priv.h"

#include "base/mem.h"
#include "base/par.h"
#include "eval/inputs_priv.h"
#include "eval/protocol_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is counted over the elements that fail. */
struct tally {
	size_t bad, nan, zero, poison, first, last;
	size_t step;	  /* greatest common divisor of their distances */
	size_t col_first; /* smallest and largest column */
	size_t col_last;
	double worst;
};

static size_t gcd(size_t a, size_t b)
{
	while (b) {
		size_t t = a % b;

		a = b;
		b = t;
	}
	return a;
}

static void count(struct tally *w, const struct pike_truth *t, size_t i,
		  double y, double r)
{
	size_t col = i % t->row;
	double d = fabs(y - r);

	if (!w->bad++) {
		w->first = i;
		w->col_first = w->col_last = col;
	}
	if (w->step != 1)
		w->step = gcd(w->step, i - w->first);
	w->last = i;
	if (col < w->col_first)
		w->col_first = col;
	if (col > w->col_last)
		w->col_last = col;
	w->nan += isnan(y) != 0;
	w->zero += y == 0;
	if (isfinite(d) && d > w->worst)
		w->worst = d;
}

static bool elem_ok(const void *y, const struct pike_truth *t, size_t i,
		    const struct pike_limits *l, double got, double want)
{
	size_t size = pike_dtype_size(t->dtype);

	if (!pike_dtype_is_float(t->dtype))
		return !memcmp((const char *)y + i * size,
			       (const char *)t->r + i * size, size);
	return pike_elem_ok(got, want, t->dtype, l);
}

/* A tally of each piece of an output. */
struct tallying {
	const char *y;
	const struct pike_truth *t;
	const struct pike_limits *l;
	const void *poison;
	struct tally *of;
};

static void tally_piece(void *ctx, size_t piece)
{
	const struct tallying *k = ctx;
	const struct pike_truth *t = k->t;
	size_t size = pike_dtype_size(t->dtype);
	size_t at = piece * PIKE_PIECE, end = at + PIKE_PIECE, n;
	double got[PROTO_BLOCK], want[PROTO_BLOCK];
	struct tally *w = &k->of[piece];

	for (end = end < t->n ? end : t->n; at < end; at += n) {
		n = end - at < PROTO_BLOCK ? end - at : PROTO_BLOCK;
		pike_elems(got, k->y, t->dtype, at, n);
		pike_truth_elems(want, t, at, n);
		for (size_t i = 0; i < n; i++) {
			if (elem_ok(k->y, t, at + i, k->l, got[i], want[i]))
				continue;
			count(w, t, at + i, got[i], want[i]);
			if (k->poison &&
			    !memcmp(k->y + (at + i) * size, k->poison, size))
				w->poison++;
		}
	}
}

static void add_tally(struct tally *w, const struct tally *more)
{
	if (!more->bad)
		return;
	if (!w->bad) {
		*w = *more;
		return;
	}
	w->step = gcd(gcd(w->step, more->step), more->first - w->first);
	w->last = more->last;
	if (more->col_first < w->col_first)
		w->col_first = more->col_first;
	if (more->col_last > w->col_last)
		w->col_last = more->col_last;
	w->bad += more->bad;
	w->nan += more->nan;
	w->zero += more->zero;
	w->poison += more->poison;
	w->worst = fmax(w->worst, more->worst);
}

static void tally_make(struct tally *w, const void *y,
		       const struct pike_truth *t, const struct pike_limits *l,
		       const void *poison)
{
	struct tallying k = { .y = y, .t = t, .l = l, .poison = poison };
	size_t n = PIKE_PIECES(t->n);

	k.of = pike_xcalloc(n + 1, sizeof(*k.of));
	pike_parallel(n, tally_piece, &k);
	memset(w, 0, sizeof(*w));
	for (size_t i = 0; i < n; i++)
		add_tally(w, &k.of[i]);
	free(k.of);
}

static const char *same_as(const void *y, const struct pike_truth *t,
			   const struct pike_mismatch_hints *h)
{
	size_t bytes = t->n * pike_dtype_size(t->dtype);

	for (size_t i = 0; h && i < h->ninputs; i++)
		if (h->inputs[i] && !memcmp(y, h->inputs[i], bytes))
			return h->names[i];
	return NULL;
}

/* Where the bad ones are, when they are not everywhere. */
static void say_where(char *out, size_t size, const struct tally *w,
		      const struct pike_truth *t)
{
	size_t cols = w->col_last - w->col_first + 1;
	size_t run = w->last - w->first + 1;

	if (w->last == t->n - 1 && run == w->bad)
		snprintf(out, size, "only in the last %zu of %zu", w->bad,
			 t->n);
	else if (run == w->bad)
		snprintf(out, size, "%zu in a row from index %zu", w->bad,
			 w->first);
	else if (t->row > 1 && w->col_last == t->row - 1 && cols < t->row)
		snprintf(out, size, "only in the last %zu of each row of %zu",
			 cols, t->row);
	else if (t->row > 1 && cols < t->row)
		snprintf(out, size, "only in columns %zu to %zu of %zu",
			 w->col_first, w->col_last, t->row);
	else if (w->step > 1 && w->bad > 2)
		snprintf(out, size, "at every %zu-th from index %zu", w->step,
			 w->first);
	else
		snprintf(out, size, "scattered, %zu of %zu", w->bad, t->n);
}

void pike_check_describe(char *out, size_t size, const void *y,
			 const struct pike_truth *t, const struct pike_tol *tol,
			 const struct pike_natural *nat,
			 const struct pike_mismatch_hints *h)
{
	struct pike_limits l;
	struct tally w;
	const char *in = same_as(y, t, h);

	pike_limits_make(&l, t, tol, nat);
	tally_make(&w, y, t, &l, h ? h->poison : NULL);
	if (in)
		snprintf(out, size, "it is a copy of input '%s'", in);
	else if (!w.bad)
		snprintf(out, size,
			 "every element is close but the error as a whole is "
			 "too large, as of a lower precision");
	else if (w.poison == w.bad && w.bad == t->n)
		snprintf(out, size, "nothing was written");
	else if (w.nan == w.bad)
		snprintf(out, size, "NaN in %zu of %zu from index %zu", w.nan,
			 t->n, w.first);
	else if (w.zero == w.bad && w.bad * 2 > t->n)
		snprintf(out, size, "it is zero in %zu of %zu", w.zero, t->n);
	else if (w.bad * 10 >= t->n * 9)
		snprintf(out, size, "nearly all elements (%zu of %zu)", w.bad,
			 t->n);
	else
		say_where(out, size, &w, t);
	if (w.poison && w.poison < t->n) {
		size_t used = strlen(out);

		snprintf(out + used, size - used,
			 "; %zu of them were not written", w.poison);
	}
}
