/* SPDX-License-Identifier: Apache-2.0 */
/*
 * condition: how far the rounding of inputs moves a truth.
 *
 * A backward stable kernel gives the exact answer to inputs that differ from
 * the given ones by roundings (Higham, Accuracy and Stability of Numerical
 * Algorithms, 2002, 1.5), so no gate may be narrower than what these move the
 * answer by. The reference in double runs on such inputs, and its answers are
 * compared with the truth.
 *
 * Half of the draws are made for values: the errors of a sum of equal terms
 * have one sign, and moves that are drawn for each of the terms cancel.
 *
 * Inputs are moved by what sums of many terms differ by, and the answer is
 * taken down to what the number of inputs that an output hangs on allows: a
 * kernel of one input for each output has no sums that could be off.
 *
 * Most outputs pass without it, so it is measured where one does not.
 */
#include "eval/pool_priv.h"

#include "eval/judge_priv.h"
#include "eval/protocol_priv.h"

#include <math.h>

/* ---- moved truths ---- */

/* Of PROTO_COND_GROWTH roundings, how many an output may be off by. */
static double growth_for(double changed)
{
	double stay = log1p(-1.0 / PROTO_REACH_EVERY);
	double reach = changed < 1 ? log1p(-changed) / stay : INFINITY;

	return fmin(PROTO_COND_GROWTH, PROTO_COND_STEPS + 2 * reach);
}

static int moved_result(const void **q, struct pike_ref *ref,
			struct pike_pool *p, size_t set,
			const struct pike_move *m, size_t arg,
			struct pike_err *err)
{
	int ret = pike_ref_run_moved(ref, p, set, m, err);

	return ret ? ret : pike_ref_result(q, ref, arg, err);
}

static int measure_growth(struct pike_pool *p, struct pike_ref *ref, size_t set,
			  size_t arg, struct pike_err *err)
{
	struct pike_move m = { .by = PROTO_REACH_BY,
			       .every = PROTO_REACH_EVERY,
			       .seed = pike_rng_u64(&p->j->rng) };
	const void *q;
	int ret = moved_result(&q, ref, p, set, &m, arg, err);

	if (!ret)
		p->growth[arg] = growth_for(pike_truth_changed(
		    pike_pool_truth(p, set, arg), q, pike_ref_dtype(ref, arg)));
	return ret;
}

int pike_pool_move(struct pike_pool *p, size_t set, size_t arg, size_t draws,
		   struct pike_err *err)
{
	struct pike_move m = { .by = p->tol[arg].move };
	struct pike_ref *ref = NULL;
	const void *q;
	int ret = pike_pool_fetch(p, set, err);

	if (!ret)
		ret = pike_ref_open(&ref, p->j, &p->layout, PIKE_REAL_DOUBLE,
				    err);
	if (!ret && p->tol[arg].sums && !(p->growth[arg] > 0))
		ret = measure_growth(p, ref, set, arg, err);
	if (p->tol[arg].sums)
		m.by *= p->growth[arg] / PROTO_COND_GROWTH;
	for (size_t k = 0; !ret && k < draws; k++) {
		m.seed = pike_rng_u64(&p->j->rng);
		m.by_value = k % 2;
		ret = moved_result(&q, ref, p, set, &m, arg, err);
		if (!ret)
			pike_natural_moved(&p->nat[set * p->layout.n + arg], q,
					   pike_ref_dtype(ref, arg),
					   pike_pool_truth(p, set, arg));
	}
	pike_ref_close(ref);
	return ret;
}

/* ---- asked for ---- */

/* Sets of the own distribution are alike: what is known of one of them need
 * not be measured on all. */
static void share(struct pike_pool *p, size_t set, size_t arg)
{
	size_t nargs = p->layout.n;
	const struct pike_natural *from = pike_pool_nat(p, set, arg);

	if (p->dist[set] != PIKE_DIST_OWN)
		return;
	for (size_t s = 0; s < p->nsets; s++) {
		struct pike_natural *to = &p->nat[s * nargs + arg];

		if (p->dist[s] != PIKE_DIST_OWN)
			continue;
		to->moved_l2 = fmax(to->moved_l2, from->moved_l2);
		to->moved_max = fmax(to->moved_max, from->moved_max);
	}
}

/* No rounding turns numbers into NaN or changes integers, and cases on whose
 * own inputs it moves a truth that far are refused by the lint. */
static bool may_explain(const struct pike_pool *p, const struct pike_check *c,
			size_t set, double by)
{
	if (!(by > 0) || c->gate == PIKE_G1 || c->gate == PIKE_G5)
		return false;
	return p->dist[set] != PIKE_DIST_OWN ||
	       c->rel_l2 <= 2 * PROTO_COND_TELLS;
}

int pike_pool_condition(bool *wider, struct pike_pool *p,
			const struct pike_check *c, size_t set, size_t arg,
			struct pike_err *err)
{
	size_t nargs = p->layout.n, at = set * nargs + arg;
	struct pike_natural before = p->nat[at];
	double by = p->tol[arg].move;
	int ret;

	*wider = false;
	if (p->asked[at] || !may_explain(p, c, set, by))
		return 0;
	ret = pike_pool_move(p, set, arg, PROTO_COND_DRAWS, err);
	if (ret)
		return ret;
	p->asked[at] = true;
	share(p, set, arg);
	*wider = p->nat[at].moved_l2 > before.moved_l2 ||
		 p->nat[at].moved_max > before.moved_max;
	return 0;
}

bool pike_pool_vague(const struct pike_pool *p, size_t set)
{
	for (size_t i = 0; i < p->layout.n; i++)
		if (pike_tensor_is_output(&p->layout.v[i]) &&
		    pike_natural_vague(pike_pool_nat(p, set, i),
				       pike_pool_truth(p, set, i)))
			return true;
	return false;
}
