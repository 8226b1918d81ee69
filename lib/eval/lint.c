/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lint: refuses a task that a kernel without merit can pass (README.md,
 * protocol 14), before anything is judged by it.
 *
 * The probes are tried against the very gates that judge candidates. The
 * absolute thresholds that others use (METR, robust-kbench) are left out: they
 * refuse a softmax over a thousand columns, whose outputs are all small, and
 * the scale-free probes catch what they were made for.
 */
#include "eval/judge_priv.h"

#include "base/mem.h"
#include "base/par.h"
#include "eval/protocol_priv.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lint {
	struct pike_judge *j;
	const struct pike_case_state *cs;
	struct pike_pool *p;
	void *y;       /* a trial output */
	void *room;    /* for one of any size */
	size_t set, i; /* under trial */
};

/* Makes the trial output in l->y; false when it does not apply. */
typedef bool probe_fn(struct lint *l);

static const struct pike_tensor *arg_of(const struct lint *l)
{
	return &l->p->layout.v[l->i];
}

static const struct pike_truth *truth_of(const struct lint *l, size_t set)
{
	return pike_pool_truth(l->p, set, l->i);
}

/* The truth of a set as the output type holds it. */
static void put_truth(struct lint *l, void *y, size_t set)
{
	const struct pike_truth *t = truth_of(l, set);
	enum pike_dtype as = t->dtype;

	if (pike_dtype_is_float(t->dtype))
		as = t->dtype == PIKE_F64 ? PIKE_F64 : PIKE_F32;
	pike_convert(y, t->dtype, t->r, as, t->n);
}

static bool probe_zeros(struct lint *l)
{
	memset(l->y, 0, l->p->layout.v[l->i].bytes);
	return true;
}

static bool probe_mean(struct lint *l)
{
	const struct pike_truth *t = truth_of(l, l->set);
	size_t size = pike_dtype_size(t->dtype);
	double v[256], mean = 0;
	uint64_t unit = 0;

	put_truth(l, l->y, l->set);
	for (size_t at = 0; at < t->n; at += PIKE_ARRAY_LEN(v)) {
		size_t n = t->n - at;

		if (n > PIKE_ARRAY_LEN(v))
			n = PIKE_ARRAY_LEN(v);
		pike_convert(v, PIKE_F64, (const char *)l->y + at * size,
			     t->dtype, n);
		for (size_t k = 0; k < n; k++)
			mean += v[k] / (double)t->n;
	}
	pike_convert(&unit, t->dtype, &mean, PIKE_F64, 1);
	pike_repeat(l->y, t->n * size, unit, size);
	return t->n > 1;
}

static bool probe_other(struct lint *l)
{
	if (l->p->nsets < 2)
		return false;
	put_truth(l, l->y, (l->set + 1) % l->p->nsets);
	return true;
}

/* The last hundredth, at least one element, is left as it was. */
static bool probe_truncated(struct lint *l)
{
	const struct pike_truth *t = truth_of(l, l->set);
	size_t size = pike_dtype_size(t->dtype);
	size_t cut = t->n / 100 ? t->n / 100 : 1;
	double poison = pike_dtype_is_float(t->dtype) ? 1234.5 : 119;
	uint64_t unit = 0;

	if (!t->n)
		return false;
	put_truth(l, l->y, l->set);
	pike_convert(&unit, t->dtype, &poison, PIKE_F64, 1);
	pike_repeat((char *)l->y + (t->n - cut) * size, cut * size, unit, size);
	return true;
}

/* The truth is rounded to a lower precision, and back. */
struct lowering {
	char *y;
	enum pike_dtype type, low;
	size_t n;
	atomic_bool differs;
};

static void lower_piece(void *ctx, size_t k)
{
	struct lowering *w = ctx;
	size_t at = k * PIKE_PIECE, end = at + PIKE_PIECE;
	size_t size = pike_dtype_size(w->type);
	double low[256], back[256];

	for (end = end < w->n ? end : w->n; at < end; at += 256) {
		size_t n = end - at < 256 ? end - at : 256;
		char *y = w->y + at * size;

		pike_convert(low, w->low, y, w->type, n);
		pike_convert(back, w->type, low, w->low, n);
		if (!memcmp(y, back, n * size))
			continue;
		memcpy(y, back, n * size);
		atomic_store(&w->differs, true);
	}
}

/* To a 16-bit type, or to fp32 for fp64. */
static bool probe_precision(struct lint *l)
{
	const struct pike_truth *t = truth_of(l, l->set);
	const struct pike_tol *tol = &l->p->tol[l->i];
	struct lowering w = {
		.y = l->y,
		.type = t->dtype,
		.low = tol->cls == PIKE_P_FP64 ? PIKE_F32 : PIKE_F16,
		.n = t->n,
	};

	if ((tol->cls != PIKE_P_FP64 && tol->cls != PIKE_P_FP32) ||
	    l->p->layout.t->tolerance > 0)
		return false;
	put_truth(l, l->y, l->set);
	pike_parallel(PIKE_PIECES(t->n), lower_piece, &w);
	/* Small whole numbers are the same in any type */
	return w.differs;
}

/* A kernel of a lower precision rounds its inputs too, which the input's
 * condition magnifies as it widens the bounds. Its probe does not, and so is
 * held to the bounds without that. */
static const struct probe {
	const char *what;
	probe_fn *make;
	bool narrow;
} probes[] = {
	{ "all zeros", probe_zeros, false },
	{ "the mean of the right answer everywhere", probe_mean, false },
	{ "the answer to other inputs", probe_other, false },
	{ "an output whose last hundredth is missing", probe_truncated, false },
	{ "results rounded to a lower precision", probe_precision, true },
};

static int passes(bool *out, struct lint *l, bool narrow, struct pike_err *err)
{
	struct pike_natural nat = l->cs->nat[l->i];
	struct pike_trial t = {
		.set = l->set, .arg = l->i, .y = l->y, .nat = &nat
	};

	if (narrow)
		nat.moved_l2 = nat.moved_max = 0;
	return pike_pool_passes(out, l->p, &t, err);
}

/* Whether a probe passes on every output that it applies to. */
static int probe_passes(bool *out, struct lint *l, const struct probe *probe,
			struct pike_err *err)
{
	const struct pike_layout *lay = &l->p->layout;
	bool tried = false, ok = true;
	int ret = 0;

	for (l->i = 0; !ret && ok && l->i < lay->n; l->i++) {
		if (!pike_tensor_is_output(arg_of(l)) || !lay->v[l->i].bytes)
			continue;
		l->y = l->room;
		if (probe->make(l)) {
			tried = true;
			ret = passes(&ok, l, probe->narrow, err);
		}
	}
	*out = tried && ok;
	return ret;
}

/* On the sets in turn, until it does not pass. */
static int probe_sets(bool *out, struct lint *l, const struct probe *probe,
		      struct pike_err *err)
{
	int ret = 0;

	*out = true;
	for (l->set = 0; !ret && *out && l->set < l->p->nsets; l->set++) {
		ret = pike_pool_fetch(l->p, l->set, err);
		if (!ret)
			ret = pike_pool_fetch(l->p, (l->set + 1) % l->p->nsets,
					      err);
		if (!ret)
			ret = probe_passes(out, l, probe, err);
	}
	return ret;
}

static size_t largest(const struct pike_layout *l)
{
	size_t most = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].bytes > most)
			most = l->v[i].bytes;
	return most;
}

static int lint_probes(struct lint *l, struct pike_err *err)
{
	for (size_t k = 0; k < PIKE_ARRAY_LEN(probes); k++) {
		bool ok;
		int ret = probe_sets(&ok, l, &probes[k], err);

		if (ret)
			return ret;
		if (ok)
			return pike_fail(
			    err, PIKE_FAILED,
			    "case '%s' of '%s' cannot tell a kernel from none: "
			    "%s would pass; choose inputs, sizes or a "
			    "tolerance that make the answer matter",
			    l->cs->c->text, l->p->layout.t->name,
			    probes[k].what);
	}
	return 0;
}

/* Is an output the copy of an input of its type and size? */
static int lint_copies(struct lint *l, struct pike_err *err)
{
	const struct pike_layout *lay = &l->p->layout;

	l->set = 0;
	for (l->i = 0; l->i < lay->n; l->i++) {
		if (!pike_tensor_is_output(arg_of(l)) || !lay->v[l->i].bytes)
			continue;
		for (size_t in = 0; in < lay->n; in++) {
			const struct pike_tensor *a = &lay->v[in];
			bool ok;
			int ret;

			if (!pike_tensor_is_input(a) ||
			    a->dtype != arg_of(l)->dtype ||
			    lay->v[in].bytes != lay->v[l->i].bytes)
				continue;
			l->y = (void *)(uintptr_t)pike_pool_input(l->p, 0, in);
			ret = passes(&ok, l, false, err);
			if (ret)
				return ret;
			if (ok)
				return pike_fail(
				    err, PIKE_FAILED,
				    "case '%s' of '%s' cannot tell a kernel "
				    "from none: a copy of '%s' passes as '%s'; "
				    "choose inputs or a tolerance that make "
				    "the answer matter",
				    l->cs->c->text, lay->t->name, a->name,
				    arg_of(l)->name);
		}
	}
	return 0;
}

static int lint_truth(struct lint *l, struct pike_err *err)
{
	const struct pike_layout *lay = &l->p->layout;

	for (l->i = 0; l->i < lay->n; l->i++) {
		const struct pike_tol *tol = &l->p->tol[l->i];

		if (!pike_tensor_is_output(arg_of(l)))
			continue;
		if (!truth_of(l, 0)->finite)
			return pike_fail(
			    err, PIKE_FAILED,
			    "the reference of '%s' leaves output '%s' of case "
			    "'%s' partly unwritten, or not finite; mend it, "
			    "or choose smaller inputs",
			    lay->t->name, arg_of(l)->name, l->cs->c->text);
		if (!tol->exact &&
		    l->cs->nat[l->i].l2 > tol->cap / PROTO_LINT_COND)
			return pike_fail(
			    err, PIKE_FAILED,
			    "case '%s' of '%s' is ill-conditioned: the "
			    "reference's own error in '%s' is %.2g, more than "
			    "a third of the %.2g allowed; choose another input "
			    "scale, or set a precision or tolerance",
			    l->cs->c->text, lay->t->name, arg_of(l)->name,
			    l->cs->nat[l->i].l2, tol->cap);
		if (!truth_of(l, 0)->rms_zero &&
		    pike_natural_vague(&l->cs->nat[l->i], truth_of(l, 0)))
			return pike_fail(
			    err, PIKE_FAILED,
			    "case '%s' of '%s' is ill-conditioned: inputs that "
			    "differ by %.2g, as sums in its precision do, move "
			    "'%s' by %.2g, and more than %.2g leaves right and "
			    "wrong alike; choose another input scale, or a "
			    "higher precision",
			    l->cs->c->text, lay->t->name,
			    tol->sums ? tol->move * l->p->growth[l->i] /
					    PROTO_COND_GROWTH
				      : tol->move,
			    arg_of(l)->name,
			    l->cs->nat[l->i].moved_l2 / truth_of(l, 0)->norm,
			    PROTO_COND_TELLS);
	}
	return 0;
}

/* ---- inputs that do not matter ---- */

/* Two arrays of floats, to be added. */
struct adding {
	char *to;
	const char *more;
	enum pike_dtype type;
	size_t n;
};

static void add_piece(void *ctx, size_t k)
{
	const struct adding *a = ctx;
	size_t at = k * PIKE_PIECE, end = at + PIKE_PIECE;
	size_t size = pike_dtype_size(a->type);
	double x[256], y[256];

	for (end = end < a->n ? end : a->n; at < end; at += 256) {
		size_t n = end - at < 256 ? end - at : 256;

		pike_convert(x, PIKE_F64, a->to + at * size, a->type, n);
		pike_convert(y, PIKE_F64, a->more + at * size, a->type, n);
		for (size_t i = 0; i < n; i++)
			x[i] += y[i];
		pike_convert(a->to + at * size, a->type, x, PIKE_F64, n);
	}
}

/* The argument's values, moved by one standard deviation; false when there is
 * no other value that its INIT allows. */
static bool moved(void *out, struct lint *l, size_t in)
{
	const struct pike_layout *lay = &l->p->layout;
	const struct pike_tensor *a = &lay->v[in];
	size_t n = lay->v[in].shape.elems;
	struct pike_tensor normal = *a;
	struct adding add = { .to = out, .type = a->dtype, .n = n };

	if (!n || (a->init == PIKE_INIT_RANDINT && !(a->b > a->a)))
		return false;
	if (a->init == PIKE_INIT_UNIFORM || a->init == PIKE_INIT_RANDINT) {
		pike_inputs_fill(out, a, lay->v[in].shape, PIKE_DIST_OWN,
				 &l->j->rng);
		return true;
	}
	if (!pike_dtype_is_float(a->dtype))
		return false;
	normal.init = PIKE_INIT_NORMAL;
	pike_inputs_fill(out, &normal, lay->v[in].shape, PIKE_DIST_OWN,
			 &l->j->rng);
	add.more = pike_pool_input(l->p, 0, in);
	pike_parallel(PIKE_PIECES(n), add_piece, &add);
	return true;
}

/* How the result of an output differs from the truth of the first set. */
static bool differs(const struct lint *l, const void *result,
		    enum pike_dtype from, size_t i)
{
	const struct pike_truth *t = pike_pool_truth(l->p, 0, i);
	struct pike_natural d;

	/* Integers are the same type in the reference. */
	if (!pike_dtype_is_float(t->dtype))
		return memcmp(result, t->r, pike_truth_bytes(t->dtype, t->n));
	pike_natural_error(&d, result, from, t);
	return !pike_all_finite(result, from, t->n) ||
	       d.l2 > PROTO_LINT_SENS *
			  pike_tol_bound(&l->p->tol[i], &l->cs->nat[i]);
}

static int output_moved(bool *out, const struct lint *l, struct pike_ref *ref,
			size_t i, struct pike_err *err)
{
	const void *result;
	int ret;

	if (*out || !pike_tensor_is_output(&l->p->layout.v[i]))
		return 0;
	ret = pike_ref_result(&result, ref, i, err);
	if (!ret)
		*out = differs(l, result, pike_ref_dtype(ref, i), i);
	return ret;
}

static int lint_input(struct lint *l, struct pike_ref *ref, size_t in,
		      struct pike_err *err)
{
	const struct pike_layout *lay = &l->p->layout;
	void *other = l->room;
	bool live = false;
	int ret = 0;

	if (!moved(other, l, in))
		return 0;
	ret = pike_ref_run(ref, l->p, 0, (int)in, other, err);
	for (size_t i = 0; !ret && i < lay->n; i++)
		ret = output_moved(&live, l, ref, i, err);
	if (!ret && !live)
		ret = pike_fail(err, PIKE_FAILED,
				"input '%s' of '%s' does not matter in case "
				"'%s': other values of it give the same "
				"outputs; drop it, or choose inputs for which "
				"it matters",
				lay->v[in].name, lay->t->name, l->cs->c->text);
	return ret;
}

static int lint_inputs(struct lint *l, struct pike_err *err)
{
	const struct pike_layout *lay = &l->p->layout;
	struct pike_ref *ref = NULL;
	int ret = pike_ref_open(&ref, l->j, lay, PIKE_REAL_DOUBLE, err);

	for (size_t in = 0; !ret && in < lay->n; in++)
		if (pike_tensor_is_input(&lay->v[in]))
			ret = lint_input(l, ref, in, err);
	pike_ref_close(ref);
	return ret;
}

/* One draw on the first set, which all sets of the case are held to: more are
 * made when an output fails. */
static int measure_condition(struct pike_pool *p, struct pike_err *err)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < p->layout.n; i++)
		if (pike_tensor_is_output(&p->layout.v[i]) &&
		    p->tol[i].move > 0 && !p->tol[i].exact)
			ret = pike_pool_move(p, 0, i, 1, err);
	return ret;
}

static void worst_natural(struct pike_case_state *cs, const struct pike_pool *p)
{
	for (size_t s = 0; s < p->nsets; s++) {
		for (size_t i = 0; i < p->layout.n; i++) {
			const struct pike_natural *n = pike_pool_nat(p, s, i);

			cs->nat[i].l2 = fmax(cs->nat[i].l2, n->l2);
			cs->nat[i].max = fmax(cs->nat[i].max, n->max);
			cs->nat[i].moved_l2 =
			    fmax(cs->nat[i].moved_l2, n->moved_l2);
			cs->nat[i].moved_max =
			    fmax(cs->nat[i].moved_max, n->moved_max);
		}
	}
}

int pike_lint_case(struct pike_judge *j, struct pike_case_state *cs,
		   struct pike_pool *p, struct pike_err *err)
{
	struct lint l = { .j = j, .cs = cs, .p = p };
	enum pike_phase before = pike_phase(j, PIKE_PHASE_LINT);
	int ret;

	l.room = pike_xmalloc_big(largest(&p->layout) + 1);
	pike_judge_spread(j);
	ret = pike_pool_fetch(p, 0, err);
	if (!ret)
		ret = measure_condition(p, err);
	worst_natural(cs, p);
	if (!ret)
		ret = lint_truth(&l, err);
	if (!ret)
		ret = lint_probes(&l, err);
	if (!ret)
		ret = lint_copies(&l, err);
	if (!ret)
		ret = lint_inputs(&l, err);
	pike_judge_gather(j);
	free(l.room);
	pike_phase(j, before);
	return ret;
}
