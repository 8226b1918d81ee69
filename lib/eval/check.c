/* SPDX-License-Identifier: Apache-2.0 */
/* check: the gates. How a failure is put into words is in mismatch.c. */
#ifdef __FAST_MATH__
#error "the gates compare with NaN: do not compile them with -ffast-math"
#endif

#include "eval/check_priv.h"

#include "base/mem.h"
#include "base/par.h"
#include "eval/check_elem_priv.h"
#include "eval/inputs_priv.h"
#include "eval/protocol_priv.h"

#include <float.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* What sums of many terms differ by; classes below fp32 sum in that, which
 * their own rounding is coarser than. The caps of fp8 are as wide as a
 * condition may be. */
#define SUMS(u) (PROTO_COND_GROWTH * (u))

/* Protocol 9: README.md. */
static const struct pike_tol classes[PIKE_P_COUNT] = {
	[PIKE_P_FP64] = { 1e-13, 1e-10, 1e-10, 1e-10, 2, false, PIKE_P_FP64,
			  SUMS(0x1p-53), true },
	[PIKE_P_FP32] = { 1e-5, 1e-4, 1e-4, 1e-4, 2, false, PIKE_P_FP32,
			  SUMS(0x1p-24), true },
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

/* Sums of pieces, added in their order: the same on any number of cores. */
struct part {
	double ss, max;
	bool finite;
};

struct making {
	struct pike_truth *t;
	const char *data;
	enum pike_dtype from;
	struct part *parts;
};

static size_t piece_len(size_t n, size_t at)
{
	return n - at < PIKE_PIECE ? n - at : PIKE_PIECE;
}

static void truth_piece(void *ctx, size_t k)
{
	const struct making *m = ctx;
	enum pike_dtype as = stored_as(m->t->dtype);
	size_t at = k * PIKE_PIECE, end = at + piece_len(m->t->n, at);
	struct part p = { .finite = true };
	double block[PROTO_BLOCK];

	pike_convert((char *)m->t->r + at * pike_dtype_size(as), as,
		     m->data + at * pike_dtype_size(m->from), m->from,
		     end - at);
	for (; at < end; at += PROTO_BLOCK) {
		size_t len = end - at < PROTO_BLOCK ? end - at : PROTO_BLOCK;

		pike_truth_elems(block, m->t, at, len);
		for (size_t i = 0; i < len; i++) {
			if (isfinite(block[i]))
				p.ss += block[i] * block[i];
			else
				p.finite = false;
		}
	}
	m->parts[k] = p;
}

void pike_truth_make(struct pike_truth *t, const void *data,
		     enum pike_dtype from, enum pike_dtype dtype, size_t n,
		     size_t row)
{
	struct making m = { .t = t, .data = data, .from = from };
	enum pike_dtype as = stored_as(dtype);
	double ss = 0;

	memset(t, 0, sizeof(*t));
	t->dtype = dtype;
	t->n = n;
	t->row = row ? row : 1;
	t->finite = true;
	t->r = pike_xmalloc_big(n ? n * pike_dtype_size(as) : 1);
	if (!pike_dtype_is_float(dtype)) {
		pike_convert(t->r, as, data, from, n);
		return;
	}
	m.parts = pike_xcalloc(PIKE_PIECES(n) + 1, sizeof(*m.parts));
	pike_parallel(PIKE_PIECES(n), truth_piece, &m);
	for (size_t k = 0; k < PIKE_PIECES(n); k++) {
		ss += m.parts[k].ss;
		t->finite = t->finite && m.parts[k].finite;
	}
	free(m.parts);
	t->norm = sqrt(ss);
	t->rms_zero = !(t->norm > 0);
}

void pike_truth_release(struct pike_truth *t)
{
	free(t->r);
	memset(t, 0, sizeof(*t));
}

struct looking {
	const char *data;
	enum pike_dtype from;
	size_t n;
	atomic_bool found;
};

static void finite_piece(void *ctx, size_t k)
{
	struct looking *l = ctx;
	size_t at = k * PIKE_PIECE, end = at + piece_len(l->n, at);
	double block[PROTO_BLOCK];
	bool odd = false;

	for (; at < end; at += PROTO_BLOCK) {
		size_t len = end - at < PROTO_BLOCK ? end - at : PROTO_BLOCK;

		pike_elems(block, l->data, l->from, at, len);
		for (size_t i = 0; i < len; i++)
			odd = odd || !isfinite(block[i]);
	}
	if (odd)
		atomic_store(&l->found, true);
}

bool pike_all_finite(const void *data, enum pike_dtype from, size_t n)
{
	struct looking l = { .data = data, .from = from, .n = n };

	pike_parallel(PIKE_PIECES(n), finite_piece, &l);
	return !l.found;
}

struct comparing {
	const char *q;
	enum pike_dtype from;
	const struct pike_truth *t;
	struct part *parts;
};

static void natural_piece(void *ctx, size_t k)
{
	const struct comparing *c = ctx;
	size_t at = k * PIKE_PIECE, end = at + piece_len(c->t->n, at);
	double y[PROTO_BLOCK], r[PROTO_BLOCK];
	char as_held[PROTO_BLOCK * sizeof(double)];
	struct part p = { 0 };

	for (; at < end; at += PROTO_BLOCK) {
		size_t len = end - at < PROTO_BLOCK ? end - at : PROTO_BLOCK;

		pike_convert(as_held, c->t->dtype,
			     c->q + at * pike_dtype_size(c->from), c->from,
			     len);
		pike_elems(y, as_held, c->t->dtype, 0, len);
		pike_truth_elems(r, c->t, at, len);
		for (size_t i = 0; i < len; i++) {
			double d = fabs(y[i] - r[i]);

			if (!isfinite(d))
				continue;
			p.ss += d * d;
			p.max = d > p.max ? d : p.max;
		}
	}
	c->parts[k] = p;
}

void pike_natural_error(struct pike_natural *out, const void *q,
			enum pike_dtype from, const struct pike_truth *t)
{
	struct comparing c = { .q = q, .from = from, .t = t };
	double ss = 0;

	out->l2 = out->max = 0;
	if (!pike_dtype_is_float(t->dtype))
		return;
	c.parts = pike_xcalloc(PIKE_PIECES(t->n) + 1, sizeof(*c.parts));
	pike_parallel(PIKE_PIECES(t->n), natural_piece, &c);
	for (size_t k = 0; k < PIKE_PIECES(t->n); k++) {
		ss += c.parts[k].ss;
		out->max = fmax(out->max, c.parts[k].max);
	}
	free(c.parts);
	out->l2 = t->norm > 0 ? sqrt(ss) / t->norm : 0;
}

/* What is compared with what, of a block: its length. */
static size_t take_block(double *y, double *r, const struct comparing *c,
			 size_t at, size_t end)
{
	size_t len = end - at < PROTO_BLOCK ? end - at : PROTO_BLOCK;

	pike_elems(y, c->q, c->from, at, len);
	pike_truth_elems(r, c->t, at, len);
	return len;
}

static void moved_piece(void *ctx, size_t k)
{
	const struct comparing *c = ctx;
	size_t at = k * PIKE_PIECE, end = at + piece_len(c->t->n, at);
	double y[PROTO_BLOCK], r[PROTO_BLOCK];
	struct part p = { 0 };

	for (; at < end; at += PROTO_BLOCK) {
		size_t len = take_block(y, r, c, at, end);

		for (size_t i = 0; i < len; i++) {
			double d = fabs(y[i] - r[i]);

			if (!isfinite(r[i]))
				continue;
			if (!isfinite(d))
				d = INFINITY;
			p.ss += d * d;
			p.max = d > p.max ? d : p.max;
		}
	}
	c->parts[k] = p;
}

void pike_natural_moved(struct pike_natural *out, const void *q,
			enum pike_dtype from, const struct pike_truth *t)
{
	struct comparing c = { .q = q, .from = from, .t = t };
	double ss = 0;

	c.parts = pike_xcalloc(PIKE_PIECES(t->n) + 1, sizeof(*c.parts));
	pike_parallel(PIKE_PIECES(t->n), moved_piece, &c);
	for (size_t k = 0; k < PIKE_PIECES(t->n); k++) {
		ss += c.parts[k].ss;
		out->moved_max = fmax(out->moved_max, c.parts[k].max);
	}
	free(c.parts);
	out->moved_l2 = fmax(out->moved_l2, sqrt(ss));
}

/* `ss` of those that count, `max` of those that differ. */
static void changed_piece(void *ctx, size_t k)
{
	const struct comparing *c = ctx;
	size_t at = k * PIKE_PIECE, end = at + piece_len(c->t->n, at);
	double y[PROTO_BLOCK], r[PROTO_BLOCK];
	struct part p = { 0 };

	for (; at < end; at += PROTO_BLOCK) {
		size_t len = take_block(y, r, c, at, end);

		for (size_t i = 0; i < len; i++) {
			if (!isfinite(r[i]) || r[i] == 0)
				continue;
			p.ss++;
			p.max += !(fabs(y[i] - r[i]) <= 0x1p-22 * fabs(r[i]));
		}
	}
	c->parts[k] = p;
}

double pike_truth_changed(const struct pike_truth *t, const void *q,
			  enum pike_dtype from)
{
	struct comparing c = { .q = q, .from = from, .t = t };
	double all = 0, changed = 0;

	c.parts = pike_xcalloc(PIKE_PIECES(t->n) + 1, sizeof(*c.parts));
	pike_parallel(PIKE_PIECES(t->n), changed_piece, &c);
	for (size_t k = 0; k < PIKE_PIECES(t->n); k++) {
		all += c.parts[k].ss;
		changed += c.parts[k].max;
	}
	free(c.parts);
	return all > 0 ? changed / all : 1;
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
	/* A walk over a piece: of a row that began before it, and whether the
	 * piece has come to that row's end. */
	struct sums head;
	bool inside, ended;
	size_t row_end;
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

static void judge_row(struct walk *w, const struct sums *row, size_t end)
{
	if (row->n >= PROTO_ROW_MIN && !sums_ok(row, w->l, w->abs_free))
		fail_at(w, PIKE_G4, end - row->n, 0, 0);
}

static void end_row(struct walk *w, size_t end)
{
	if (w->inside && !w->ended) {
		w->head = w->row;
		w->row_end = end;
	} else {
		judge_row(w, &w->row, end);
	}
	w->ended = true;
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
			const struct pike_truth *t, bool hurry)
{
	size_t size = pike_dtype_size(t->dtype);
	const char *a = y, *b = t->r;

	if (!memcmp(a, b, t->n * size))
		return true;
	out->gate = PIKE_G5;
	for (size_t i = 0; !hurry && i < t->n; i++) {
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

/* Several walks over pieces of one output, each with its own findings. */
struct march {
	const char *y;
	struct walk *walks;
	struct pike_check *found;
	/* Only whether it passes is asked: pieces after one that does not are
	 * left out. */
	bool hurry;
	atomic_bool failed;
};

static void check_piece(void *ctx, size_t k)
{
	struct march *m = ctx;
	struct walk *w = &m->walks[k];
	size_t at = k * PIKE_PIECE, end = at + piece_len(w->t->n, at);

	if (m->hurry && atomic_load(&m->failed))
		return;
	w->inside = at % w->t->row && w->t->row >= PROTO_ROW_MIN;
	for (; at < end; at += PROTO_BLOCK)
		walk_block(w, m->y, at,
			   end - at < PROTO_BLOCK ? end - at : PROTO_BLOCK);
	if (w->gate != PIKE_G_PASS)
		atomic_store(&m->failed, true);
}

/* What a piece has found, after those before it. */
static void add_walk(struct walk *w, const struct walk *more)
{
	struct pike_check *to = w->out, *from = more->out;

	if (more->inside)
		add_sums(&w->row, more->ended ? &more->head : &more->row);
	if (more->inside && more->ended) {
		judge_row(w, &w->row, more->row_end);
		memset(&w->row, 0, sizeof(w->row));
	}
	if (!more->inside || more->ended)
		w->row = more->row;
	add_sums(&w->all, &more->all);
	to->max_abs = fmax(to->max_abs, from->max_abs);
	if (more->gate == PIKE_G_PASS)
		return;
	if (w->gate == PIKE_G_PASS || more->gate < w->gate)
		w->gate = more->gate;
	if (!to->bad) {
		to->first = from->first;
		to->got = from->got;
		to->want = from->want;
	}
	if (from->bad)
		to->last = from->last;
	to->bad += from->bad;
}

static void walk_all(struct walk *w, const void *y, bool hurry)
{
	size_t n = PIKE_PIECES(w->t->n);
	struct march m = { .y = y, .hurry = hurry };

	m.walks = pike_xcalloc(n + 1, sizeof(*m.walks));
	m.found = pike_xcalloc(n + 1, sizeof(*m.found));
	for (size_t k = 0; k < n; k++) {
		m.walks[k] = *w;
		m.walks[k].out = &m.found[k];
	}
	pike_parallel(n, check_piece, &m);
	for (size_t k = 0; k < n; k++)
		add_walk(w, &m.walks[k]);
	free(m.walks);
	free(m.found);
}

static bool check_floats(struct pike_check *out, const void *y,
			 const struct pike_truth *t,
			 const struct pike_limits *l, bool hurry)
{
	struct walk w = { .out = out, .t = t, .l = l };
	double norm;

	if (t->rms_zero)
		w.abs_free = l->abs;
	walk_all(&w, y, hurry);
	norm = sqrt(w.all.d2);
	out->rel_l2 = t->norm > 0 ? norm / t->norm : norm;
	if (!(norm <= l->bound * t->norm + w.abs_free * sqrt((double)t->n)) &&
	    (w.gate == PIKE_G_PASS || w.gate > PIKE_G2))
		w.gate = PIKE_G2;
	out->gate = w.gate;
	return w.gate == PIKE_G_PASS;
}

static bool check_any(struct pike_check *out, const void *y,
		      const struct pike_truth *t, const struct pike_tol *tol,
		      const struct pike_natural *nat, bool hurry)
{
	struct pike_limits l;

	memset(out, 0, sizeof(*out));
	if (tol->exact || !pike_dtype_is_float(t->dtype))
		return check_exact(out, y, t, hurry);
	pike_limits_make(&l, t, tol, nat);
	return check_floats(out, y, t, &l, hurry);
}

bool pike_check_output(struct pike_check *out, const void *y,
		       const struct pike_truth *t, const struct pike_tol *tol,
		       const struct pike_natural *nat)
{
	return check_any(out, y, t, tol, nat, false);
}

bool pike_check_passes(const void *y, const struct pike_truth *t,
		       const struct pike_tol *tol,
		       const struct pike_natural *nat)
{
	struct pike_check c;

	return check_any(&c, y, t, tol, nat, true);
}
