/* SPDX-License-Identifier: Apache-2.0 */
/* check: the gates. How a failure is put into words is in mismatch.c. */
#ifdef __FAST_MATH__
#error "the gates compare with NaN: do not compile them with -ffast-math"
#endif

#include "eval/check_priv.h"

#include "base/mem.h"
#include "eval/check_elem_priv.h"
#include "eval/inputs_priv.h"
#include "eval/protocol_priv.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What sums of many terms differ by; classes below fp32 sum in that, which
 * their own rounding is coarser than. The caps of fp8 are as wide as a
 * condition may be. */
#define SUMS(u) (PROTO_COND_GROWTH * (u))

/* evaluation.md 3.3. */
static const struct pike_tol classes[PIKE_P_COUNT] = {
	[PIKE_P_FP64] = { 1e-13, 1e-10, 1e-10, 1e-10, 2, false, PIKE_P_FP64,
			  SUMS(0x1p-53) },
	[PIKE_P_FP32] = { 1e-5, 1e-4, 1e-4, 1e-4, 2, false, PIKE_P_FP32,
			  SUMS(0x1p-24) },
	[PIKE_P_TF32] = { 5e-4, 5e-3, 5e-3, 5e-3, 2, false, PIKE_P_TF32,
			  0x1p-11 },
	[PIKE_P_FP16] = { 5e-4, 1e-2, 5e-3, 5e-3, 3, false, PIKE_P_FP16,
			  0x1p-11 },
	[PIKE_P_BF16] = { 4e-3, 4e-2, 2e-2, 2e-2, 3, false, PIKE_P_BF16,
			  0x1p-8 },
	[PIKE_P_FP8_E4M3] = { 4e-2, 1e-1, 1e-1, 1.25e-1, 3, false,
			      PIKE_P_FP8_E4M3, 0 },
	[PIKE_P_FP8_E5M2] = { 8e-2, 2e-1, 2e-1, 2.5e-1, 3, false,
			      PIKE_P_FP8_E5M2, 0 },
	[PIKE_P_EXACT] = { 0, 0, 0, 0, 1, true, PIKE_P_EXACT, 0 },
};

static enum pike_precision class_of(enum pike_dtype t)
{
	switch (t) {
	case PIKE_F64:
		return PIKE_P_FP64;
	case PIKE_F32:
		return PIKE_P_FP32;
	case PIKE_F16:
		return PIKE_P_FP16;
	case PIKE_BF16:
		return PIKE_P_BF16;
	default:
		return PIKE_P_EXACT;
	}
}

void pike_tol_for(struct pike_tol *out, enum pike_precision declared,
		  enum pike_dtype dtype, double tolerance)
{
	enum pike_precision own = class_of(dtype), p = declared;
	double scale;

	if (own == PIKE_P_EXACT || p == PIKE_P_AS_REFERENCE ||
	    p == PIKE_P_EXACT || classes[p].cap < classes[own].cap)
		p = own;
	*out = classes[p];
	if (out->exact || !(tolerance > 0))
		return;
	scale = tolerance / out->cap;
	out->cap = tolerance;
	out->floor *= scale;
	out->a *= scale;
	out->b *= scale;
}

/* ---- truth ---- */

static enum pike_dtype stored_as(enum pike_dtype dtype)
{
	if (!pike_dtype_is_float(dtype))
		return dtype;
	return dtype == PIKE_F64 ? PIKE_F64 : PIKE_F32;
}

size_t pike_truth_bytes(enum pike_dtype dtype, size_t n)
{
	return n * pike_dtype_size(stored_as(dtype));
}

void pike_elems(double *out, const void *v, enum pike_dtype t, size_t at,
		size_t n)
{
	pike_convert(out, PIKE_F64, (const char *)v + at * pike_dtype_size(t),
		     t, n);
}

void pike_truth_elems(double *out, const struct pike_truth *t, size_t at,
		      size_t n)
{
	pike_elems(out, t->r, stored_as(t->dtype), at, n);
}

void pike_truth_make(struct pike_truth *t, const void *data,
		     enum pike_dtype from, enum pike_dtype dtype, size_t n,
		     size_t row)
{
	enum pike_dtype as = stored_as(dtype);
	double block[PROTO_BLOCK], ss = 0;

	memset(t, 0, sizeof(*t));
	t->dtype = dtype;
	t->n = n;
	t->row = row ? row : 1;
	t->finite = true;
	t->r = pike_xmalloc(n ? n * pike_dtype_size(as) : 1);
	pike_convert(t->r, as, data, from, n);
	if (!pike_dtype_is_float(dtype))
		return;
	for (size_t at = 0; at < n; at += PROTO_BLOCK) {
		size_t len = n - at < PROTO_BLOCK ? n - at : PROTO_BLOCK;

		pike_truth_elems(block, t, at, len);
		for (size_t i = 0; i < len; i++) {
			if (isfinite(block[i]))
				ss += block[i] * block[i];
			else
				t->finite = false;
		}
	}
	t->norm = sqrt(ss);
	t->rms_zero = !(t->norm > 0);
}

void pike_truth_release(struct pike_truth *t)
{
	free(t->r);
	memset(t, 0, sizeof(*t));
}

void pike_natural_error(struct pike_natural *out, const void *q,
			const struct pike_truth *t)
{
	double y[PROTO_BLOCK], r[PROTO_BLOCK], ss = 0;

	out->l2 = out->max = 0;
	if (!pike_dtype_is_float(t->dtype))
		return;
	for (size_t at = 0; at < t->n; at += PROTO_BLOCK) {
		size_t len = t->n - at < PROTO_BLOCK ? t->n - at : PROTO_BLOCK;

		pike_elems(y, q, t->dtype, at, len);
		pike_truth_elems(r, t, at, len);
		for (size_t i = 0; i < len; i++) {
			double d = fabs(y[i] - r[i]);

			if (!isfinite(d))
				continue;
			ss += d * d;
			out->max = d > out->max ? d : out->max;
		}
	}
	out->l2 = t->norm > 0 ? sqrt(ss) / t->norm : 0;
}

void pike_natural_moved(struct pike_natural *out, const void *q,
			enum pike_dtype from, const struct pike_truth *t)
{
	double y[PROTO_BLOCK], r[PROTO_BLOCK], ss = 0;

	for (size_t at = 0; at < t->n; at += PROTO_BLOCK) {
		size_t len = t->n - at < PROTO_BLOCK ? t->n - at : PROTO_BLOCK;

		pike_elems(y, q, from, at, len);
		pike_truth_elems(r, t, at, len);
		for (size_t i = 0; i < len; i++) {
			double d = fabs(y[i] - r[i]);

			if (!isfinite(r[i]))
				continue;
			if (!isfinite(d))
				d = INFINITY;
			ss += d * d;
			out->moved_max = fmax(out->moved_max, d);
		}
	}
	out->moved_l2 = fmax(out->moved_l2, sqrt(ss));
}

bool pike_natural_vague(const struct pike_natural *nat,
			const struct pike_truth *t)
{
	return nat->moved_l2 > PROTO_COND_TELLS * t->norm;
}

double pike_tol_bound(const struct pike_tol *tol,
		      const struct pike_natural *nat)
{
	double b = tol->m * nat->l2;

	if (b < tol->floor)
		b = tol->floor;
	return b > tol->cap ? tol->cap : b;
}

/* ---- gates ---- */

void pike_limits_make(struct pike_limits *l, const struct pike_truth *t,
		      const struct pike_tol *tol,
		      const struct pike_natural *nat)
{
	double sigma = t->n ? t->norm / sqrt((double)t->n) : 0;
	double extra = 3 * nat->max, most = 10 * tol->a * sigma;

	/* With a truth of zeros there is no scale: the natural error is all
	 * that an honest result may show. */
	if (!t->rms_zero && extra > most)
		extra = most;
	l->sigma = sigma;
	l->abs = tol->a * sigma + extra + nat->moved_max;
	l->rel = tol->b;
	l->bound = pike_tol_bound(tol, nat);
	if (nat->moved_l2 > l->bound * t->norm && !t->rms_zero)
		l->bound = nat->moved_l2 / t->norm;
}

double pike_widest(enum pike_dtype t)
{
	return t == PIKE_F16   ? 65504
	       : t == PIKE_F64 ? DBL_MAX
			       : (double)FLT_MAX;
}

bool pike_elem_class_ok(double y, double r, enum pike_dtype t)
{
	if (isnan(r) || isnan(y))
		return isnan(r) && isnan(y);
	if (isinf(r))
		return y == r || (fabs(y) >= 0.99 * pike_widest(t) &&
				  signbit(y) == signbit(r));
	if (isinf(y))
		return fabs(r) > 0.99 * pike_widest(t) &&
		       signbit(y) == signbit(r);
	return true;
}

bool pike_elem_ok(double y, double r, enum pike_dtype t,
		  const struct pike_limits *l)
{
	if (!pike_elem_class_ok(y, r, t))
		return false;
	if (!isfinite(y) || !isfinite(r))
		return true;
	return fabs(y - r) <= l->abs + l->rel * fabs(r);
}

struct sums {
	double d2, r2;
	size_t n;
};

/* G4 on a block or row. */
static bool sums_ok(const struct sums *s, const struct pike_limits *l,
		    double abs_free)
{
	double den = sqrt(s->r2), least = l->sigma * sqrt((double)s->n);

	if (den < least)
		den = least;
	return sqrt(s->d2) <=
	       PROTO_BLOCK_FACTOR * l->bound * den + abs_free * sqrt(s->n);
}

struct walk {
	struct pike_check *out;
	const struct pike_truth *t;
	const struct pike_limits *l;
	struct sums all, row, block;
	double abs_free; /* only where the truth is all zeros */
	enum pike_gate gate;
};

static void fail_at(struct walk *w, enum pike_gate g, size_t at, double got,
		    double want)
{
	if (w->gate == PIKE_G_PASS || g < w->gate)
		w->gate = g;
	if (g == PIKE_G4) {
		if (!w->out->bad)
			w->out->first = at;
		return;
	}
	if (!w->out->bad++) {
		w->out->first = at;
		w->out->got = got;
		w->out->want = want;
	}
	w->out->last = at;
}

/* The slow way: names each element that fails. */
static void walk_elems(struct walk *w, const double *y, const double *r,
		       size_t at, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double d = fabs(y[i] - r[i]);

		if (!pike_elem_class_ok(y[i], r[i], w->t->dtype))
			fail_at(w, PIKE_G1, at + i, y[i], r[i]);
		else if (!pike_elem_ok(y[i], r[i], w->t->dtype, w->l))
			fail_at(w, PIKE_G3, at + i, y[i], r[i]);
		if (!isfinite(d))
			continue;
		if (d > w->out->max_abs)
			w->out->max_abs = d;
		w->block.d2 += d * d;
		w->block.r2 += r[i] * r[i];
	}
}

/* The fast way: sums alone; false when an element is out of bounds or not
 * finite, and then nothing was added. */
static bool walk_fast(struct walk *w, const double *y, const double *r,
		      size_t n)
{
	double d2 = 0, r2 = 0, worst = 0;
	int bad = 0;

	for (size_t i = 0; i < n; i++) {
		double d = fabs(y[i] - r[i]);

		bad |= !(d <= w->l->abs + w->l->rel * fabs(r[i]));
		worst = d > worst ? d : worst;
		d2 += d * d;
		r2 += r[i] * r[i];
	}
	if (bad)
		return false;
	if (worst > w->out->max_abs)
		w->out->max_abs = worst;
	w->block.d2 += d2;
	w->block.r2 += r2;
	return true;
}

static void add_sums(struct sums *to, const struct sums *s)
{
	to->d2 += s->d2;
	to->r2 += s->r2;
	to->n += s->n;
}

/* Elements [at, at+n) lie in one block and one row. */
static void walk_chunk(struct walk *w, const double *y, const double *r,
		       size_t at, size_t n)
{
	struct sums before = w->block;
	struct sums part;

	if (!w->t->finite || !walk_fast(w, y, r, n))
		walk_elems(w, y, r, at, n);
	w->block.n += n;
	part.d2 = w->block.d2 - before.d2;
	part.r2 = w->block.r2 - before.r2;
	part.n = n;
	add_sums(&w->row, &part);
}

static void end_row(struct walk *w, size_t end)
{
	if (w->row.n >= PROTO_ROW_MIN && !sums_ok(&w->row, w->l, w->abs_free))
		fail_at(w, PIKE_G4, end - w->row.n, 0, 0);
	memset(&w->row, 0, sizeof(w->row));
}

static void walk_block(struct walk *w, const void *y, size_t at, size_t len)
{
	double yb[PROTO_BLOCK], rb[PROTO_BLOCK];
	size_t row = w->t->row, done = 0;

	pike_elems(yb, y, w->t->dtype, at, len);
	pike_truth_elems(rb, w->t, at, len);
	memset(&w->block, 0, sizeof(w->block));
	while (done < len) {
		size_t n = len - done;

		if (row >= PROTO_ROW_MIN && n > row - (at + done) % row)
			n = row - (at + done) % row;
		walk_chunk(w, yb + done, rb + done, at + done, n);
		done += n;
		if (row >= PROTO_ROW_MIN && !((at + done) % row))
			end_row(w, at + done);
		else if (row < PROTO_ROW_MIN)
			memset(&w->row, 0, sizeof(w->row));
	}
	if (!sums_ok(&w->block, w->l, w->abs_free))
		fail_at(w, PIKE_G4, at, 0, 0);
	add_sums(&w->all, &w->block);
}

static bool check_exact(struct pike_check *out, const void *y,
			const struct pike_truth *t)
{
	size_t size = pike_dtype_size(t->dtype);
	const char *a = y, *b = t->r;

	if (!memcmp(a, b, t->n * size))
		return true;
	out->gate = PIKE_G5;
	for (size_t i = 0; i < t->n; i++) {
		double got, want, d;

		if (!memcmp(a + i * size, b + i * size, size))
			continue;
		pike_elems(&got, a, t->dtype, i, 1);
		pike_elems(&want, b, t->dtype, i, 1);
		d = fabs(got - want);
		out->max_abs = d > out->max_abs ? d : out->max_abs;
		out->last = i;
		if (out->bad++)
			continue;
		out->first = i;
		out->got = got;
		out->want = want;
	}
	return false;
}

static bool check_floats(struct pike_check *out, const void *y,
			 const struct pike_truth *t,
			 const struct pike_limits *l)
{
	struct walk w = { .out = out, .t = t, .l = l };
	double norm;

	if (t->rms_zero)
		w.abs_free = l->abs;
	for (size_t at = 0; at < t->n; at += PROTO_BLOCK)
		walk_block(&w, y, at,
			   t->n - at < PROTO_BLOCK ? t->n - at : PROTO_BLOCK);
	norm = sqrt(w.all.d2);
	out->rel_l2 = t->norm > 0 ? norm / t->norm : norm;
	if (!(norm <= l->bound * t->norm + w.abs_free * sqrt((double)t->n)) &&
	    (w.gate == PIKE_G_PASS || w.gate > PIKE_G2))
		w.gate = PIKE_G2;
	out->gate = w.gate;
	return w.gate == PIKE_G_PASS;
}

bool pike_check_output(struct pike_check *out, const void *y,
		       const struct pike_truth *t, const struct pike_tol *tol,
		       const struct pike_natural *nat)
{
	struct pike_limits l;

	memset(out, 0, sizeof(*out));
	if (tol->exact || !pike_dtype_is_float(t->dtype))
		return check_exact(out, y, t);
	pike_limits_make(&l, t, tol, nat);
	return check_floats(out, y, t, &l);
}
