/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lint: refuses a task that a kernel without merit can pass (evaluation.md
 * 3.5), before anything is judged by it.
 *
 * The probes are tried against the very gates that judge candidates. The
 * absolute thresholds of that section's third point are left out: they refuse
 * a softmax over a thousand columns, whose outputs are all small, and the
 * scale-free probes catch what they were made for.
 */
#include "eval/judge_priv.h"

#include "base/mem.h"
#include "eval/protocol_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lint {
	struct pike_judge *j;
	const struct pike_case_state *cs;
	struct pike_pool *p;
	void *y;       /* a trial output */
	size_t set, i; /* under trial */
};

/* Makes the trial output in l->y; false when it does not apply. */
typedef bool probe_fn(struct lint *l);

static const struct pike_arg *arg_of(const struct lint *l)
{
	return &l->p->layout.t->args[l->i];
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
	memset(l->y, 0, l->p->layout.bytes[l->i]);
	return true;
}

static bool probe_mean(struct lint *l)
{
	const struct pike_truth *t = truth_of(l, l->set);
	double *v = pike_xcalloc(t->n + 1, sizeof(*v)), mean = 0;

	put_truth(l, l->y, l->set);
	pike_convert(v, PIKE_F64, l->y, t->dtype, t->n);
	for (size_t k = 0; k < t->n; k++)
		mean += v[k] / (double)t->n;
	for (size_t k = 0; k < t->n; k++)
		v[k] = mean;
	pike_convert(l->y, t->dtype, v, PIKE_F64, t->n);
	free(v);
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

	if (!t->n)
		return false;
	put_truth(l, l->y, l->set);
	for (size_t k = t->n - cut; k < t->n; k++)
		pike_convert((char *)l->y + k * size, t->dtype, &poison,
			     PIKE_F64, 1);
	return true;
}

/* The truth, rounded to a 16-bit type, or to fp32 for fp64. */
static bool probe_precision(struct lint *l)
{
	const struct pike_truth *t = truth_of(l, l->set);
	const struct pike_tol *tol = &l->p->tol[l->i];
	enum pike_dtype low = tol->cls == PIKE_P_FP64 ? PIKE_F32 : PIKE_F16;
	size_t bytes = l->p->layout.bytes[l->i];
	void *low_y, *full;
	bool differs;

	if ((tol->cls != PIKE_P_FP64 && tol->cls != PIKE_P_FP32) ||
	    l->p->layout.t->tolerance > 0)
		return false;
	low_y = pike_xmalloc(t->n * pike_dtype_size(low) + 1);
	full = pike_xmalloc(bytes + 1);
	put_truth(l, full, l->set);
	pike_convert(low_y, low, full, t->dtype, t->n);
	pike_convert(l->y, t->dtype, low_y, low, t->n);
	/* Small whole numbers are the same in any type */
	differs = memcmp(l->y, full, bytes) != 0;
	free(low_y);
	free(full);
	return differs;
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

	for (l->i = 0; !ret && ok && l->i < lay->t->nargs; l->i++) {
		if (!pike_arg_is_output(arg_of(l)) || !lay->bytes[l->i])
			continue;
		l->y = pike_xmalloc(lay->bytes[l->i] + 1);
		if (probe->make(l)) {
			tried = true;
			ret = passes(&ok, l, probe->narrow, err);
		}
		free(l->y);
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
	for (l->i = 0; l->i < lay->t->nargs; l->i++) {
		if (!pike_arg_is_output(arg_of(l)) || !lay->bytes[l->i])
			continue;
		for (size_t in = 0; in < lay->t->nargs; in++) {
			const struct pike_arg *a = &lay->t->args[in];
			bool ok;
			int ret;

			if (!pike_arg_is_input(a) ||
			    a->dtype != arg_of(l)->dtype ||
			    lay->bytes[in] != lay->bytes[l->i])
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

	for (l->i = 0; l->i < lay->t->nargs; l->i++) {
		const struct pike_tol *tol = &l->p->tol[l->i];

		if (!pike_arg_is_output(arg_of(l)))
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
			    l->cs->c->text, lay->t->name, tol->move,
			    arg_of(l)->name,
			    l->cs->nat[l->i].moved_l2 / truth_of(l, 0)->norm,
			    PROTO_COND_TELLS);
	}
	return 0;
}

/* ---- inputs that do not matter ---- */

/* The argument's values, moved by one standard deviation; false when there is
 * no other value that its INIT allows. */
static bool moved(void *out, struct lint *l, size_t in)
{
	const struct pike_layout *lay = &l->p->layout;
	const struct pike_arg *a = &lay->t->args[in];
	size_t n = lay->shape[in].elems;
	double *v;

	if (!n || (a->init == PIKE_INIT_RANDINT && !(a->b > a->a)))
		return false;
	if (a->init == PIKE_INIT_UNIFORM || a->init == PIKE_INIT_RANDINT) {
		pike_inputs_fill(out, a, lay->shape[in], PIKE_DIST_OWN,
				 &l->j->rng);
		return true;
	}
	if (!pike_dtype_is_float(a->dtype))
		return false;
	v = pike_xcalloc(n, sizeof(*v));
	pike_convert(v, PIKE_F64, pike_pool_input(l->p, 0, in), a->dtype, n);
	for (size_t k = 0; k < n; k++)
		v[k] += pike_fast_normal(&l->j->rng);
	pike_convert(out, a->dtype, v, PIKE_F64, n);
	free(v);
	return true;
}

/* How the result of an output differs from the truth of the first set. */
static bool differs(const struct lint *l, const void *result,
		    enum pike_dtype from, size_t i)
{
	const struct pike_arg *a = &l->p->layout.t->args[i];
	const struct pike_truth *t = pike_pool_truth(l->p, 0, i);
	struct pike_truth now;
	struct pike_natural d;
	void *y;
	bool ret;

	pike_truth_make(&now, result, from, a->dtype, t->n, t->row);
	if (!pike_dtype_is_float(a->dtype)) {
		ret = memcmp(now.r, t->r, pike_truth_bytes(t->dtype, t->n));
	} else {
		y = pike_xmalloc(l->p->layout.bytes[i] + 1);
		pike_convert(y, a->dtype, result, from, t->n);
		pike_natural_error(&d, y, t);
		ret = !now.finite ||
		      d.l2 > PROTO_LINT_SENS *
				 pike_tol_bound(&l->p->tol[i], &l->cs->nat[i]);
		free(y);
	}
	pike_truth_release(&now);
	return ret;
}

static int output_moved(bool *out, const struct lint *l, struct pike_ref *ref,
			size_t i, struct pike_err *err)
{
	const void *result;
	int ret;

	if (*out || !pike_arg_is_output(&l->p->layout.t->args[i]))
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
	void *other = pike_xmalloc(lay->bytes[in] + 1);
	bool live = false;
	int ret = 0;

	if (!moved(other, l, in))
		goto out;
	ret = pike_ref_run(ref, l->p, 0, (int)in, other, err);
	for (size_t i = 0; !ret && i < lay->t->nargs; i++)
		ret = output_moved(&live, l, ref, i, err);
	if (!ret && !live)
		ret = pike_fail(err, PIKE_FAILED,
				"input '%s' of '%s' does not matter in case "
				"'%s': other values of it give the same "
				"outputs; drop it, or choose inputs for which "
				"it matters",
				lay->t->args[in].name, lay->t->name,
				l->cs->c->text);
out:
	free(other);
	return ret;
}

static int lint_inputs(struct lint *l, struct pike_err *err)
{
	const struct pike_layout *lay = &l->p->layout;
	struct pike_ref *ref = NULL;
	int ret = pike_ref_open(&ref, l->j, lay, PIKE_REAL_DOUBLE, err);

	for (size_t in = 0; !ret && in < lay->t->nargs; in++)
		if (pike_arg_is_input(&lay->t->args[in]))
			ret = lint_input(l, ref, in, err);
	pike_ref_close(ref);
	return ret;
}

/* One draw on the first set, which all sets of the case are held to: more are
 * made when an output fails. */
static int measure_condition(struct pike_pool *p, struct pike_err *err)
{
	double by = 0;
	int ret = 0;

	for (size_t i = 0; !ret && i < p->layout.t->nargs; i++) {
		if (!pike_arg_is_output(&p->layout.t->args[i]) ||
		    p->tol[i].move == by || p->tol[i].exact)
			continue;
		by = p->tol[i].move;
		ret = pike_pool_move(p, 0, i, 1, err);
	}
	return ret;
}

static void worst_natural(struct pike_case_state *cs, const struct pike_pool *p)
{
	for (size_t s = 0; s < p->nsets; s++) {
		for (size_t i = 0; i < p->layout.t->nargs; i++) {
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
	int ret;

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
	return ret;
}
