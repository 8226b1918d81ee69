/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hybrid: models change the structure, the tuner settles the numbers. Whenever
 * a new structure becomes the champion and declares tunables, the tuner gets
 * half of the moves until it has tried enough or nothing comes of it any more.
 *
 * To the tuner the world begins with that structure: it is the base, and other
 * structures' tunings are none.
 */
#include "search/search_priv.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TRIES 10  /* for each tunable, */
#define STALE 5	  /* of these in a row without a better one */
#define AT_ONCE 8 /* without their results: more would be guesses */

struct hybrid {
	const struct pike_search_input *in;
	size_t root;
	struct pike_history view; /* records are borrowed */
	struct pike_search_input tuner;
	double best; /* over the root */
	size_t pending, stale;
};

size_t pike_hybrid_root(const struct pike_history *h)
{
	size_t at = pike_record_index(h, &h->champion);
	size_t *v = pike_structures(h);

	if (at != PIKE_NO_RECORD)
		at = v[at];
	free(v);
	return at;
}

/* A tuning of the root, with a score over the root's. */
static void add_view(struct hybrid *y, const struct pike_record *r)
{
	struct pike_record *to = &y->view.recs[y->view.nrecs++];

	*to = *r;
	if (y->root != PIKE_NO_RECORD)
		to->score -= y->in->history->recs[y->root].score;
	if (r->screen.verdict == PIKE_V_PENDING) {
		y->pending++;
		return;
	}
	y->stale++;
	if (!(to->score > y->best))
		return;
	y->best = to->score;
	y->stale = 0;
}

static void view_history(struct hybrid *y)
{
	const struct pike_history *h = y->in->history;
	size_t *structure = pike_structures(h);

	y->view.recs =
	    pike_xcalloc(h->nrecs + y->in->nknown + 1, sizeof(*h->recs));
	y->view.nrecs = 0;
	for (size_t i = 0; i < h->nrecs; i++)
		if (structure[i] == y->root && !h->recs[i].past &&
		    h->recs[i].agent->sets_numbers)
			add_view(y, &h->recs[i]);
	for (size_t i = 0; i < y->in->nknown; i++) {
		const struct pike_move *m = &y->in->known[i];
		struct pike_record r = { .score = NAN };

		if (m->nparents && m->parents[0] < h->nrecs)
			r = h->recs[m->parents[0]];
		r.agent = &pike_agent_tune;
		r.idea = m->idea;
		add_view(y, &r);
	}
	free(structure);
}

static void begin(struct hybrid *y, const struct pike_search_input *in)
{
	*y = (struct hybrid){ .in = in,
			      .root = pike_hybrid_root(in->history),
			      .view = *in->history,
			      .tuner = *in };
	view_history(y);
	y->tuner.history = &y->view;
	y->tuner.seed = in->run_seed ^ in->seed ^
			in->history->nrecs * 0x9e3779b97f4a7c15ULL;
	y->tuner.base_space = in->root_space;
	if (!in->root_space && y->root != PIKE_NO_RECORD &&
	    pike_oid_eq(&in->history->recs[y->root].id, &in->history->champion))
		y->tuner.base_space = in->space;
}

/* How many more the tuner may try now. */
static size_t tuner_room(const struct hybrid *y)
{
	const struct pike_search_input *in = y->in;
	size_t n = in->space ? in->space->n : 0, tried = y->view.nrecs, left;

	if (tried >= TRIES * n || y->stale >= STALE * n ||
	    y->pending >= AT_ONCE)
		return 0;
	left = TRIES * n - tried;
	if (left > AT_ONCE - y->pending)
		left = AT_ONCE - y->pending;
	return left < in->want ? left : in->want;
}

static void take(struct pike_moves *out, struct pike_moves *from, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		PIKE_GROW(out->v, out->n, out->cap);
		out->v[out->n++] = from->v[i];
		from->v[i] = (struct pike_move){ 0 };
	}
}

/* Half are the tuner's, every other time where only one is wanted, and what
 * the model does not use. */
static int next_hybrid(struct pike_moves *out, const struct hybrid *y,
		       const struct pike_strategy_ops *model,
		       struct pike_err *err)
{
	struct pike_search_input in = *y->in;
	struct pike_moves tuned = { 0 };
	size_t want = in.want, half = (want + in.history->nrecs % 2) / 2;
	size_t had = out->n, left;
	int ret = 0;

	/* A round that is over waits for what is pending, and for no more. */
	if (tuner_room(y) && !(model->closed && model->closed(y->in))) {
		struct pike_search_input t = y->tuner;

		t.want = tuner_room(y);
		ret = pike_tuner_next(&tuned, &t, err);
	}
	in.want -= half < tuned.n ? half : tuned.n;
	if (!ret)
		ret = model->next(out, &in, err);
	left = want - (out->n - had);
	if (!ret)
		take(out, &tuned, left < tuned.n ? left : tuned.n);
	pike_moves_release(&tuned);
	return ret;
}

/* ---- the tuner alone ---- */

/* On the champion's structure: what was tried on another says nothing, and a
 * person's rewrite of a kernel has all its values before it. */
static int next_tune(struct pike_moves *out, const struct pike_search_input *in,
		     struct pike_err *err)
{
	struct hybrid y;
	int ret;

	begin(&y, in);
	y.tuner.seed = in->seed;
	if (y.root == PIKE_NO_RECORD)
		y.tuner.base_space = in->base_space;
	ret = pike_tuner_next(out, &y.tuner, err);
	free(y.view.recs);
	return ret;
}

static void describe_tune(struct pike_buf *out, const struct pike_preset *k)
{
	(void)k;
	pike_buf_adds(out, "Bayesian optimization of the tunables that sources "
			   "declare");
}

const struct pike_strategy_ops pike_strategy_tune = {
	.describe = describe_tune,
	.next = next_tune,
};

/* ---- beside models ---- */

static int run_hybrid(struct pike_moves *out,
		      const struct pike_search_input *in,
		      const struct pike_strategy_ops *model,
		      struct pike_err *err)
{
	struct hybrid y;
	int ret;

	begin(&y, in);
	ret = next_hybrid(out, &y, model, err);
	free(y.view.recs);
	return ret;
}

static int next_rounds(struct pike_moves *out,
		       const struct pike_search_input *in, struct pike_err *err)
{
	return run_hybrid(out, in, &pike_strategy_rounds, err);
}

static int next_islands(struct pike_moves *out,
			const struct pike_search_input *in,
			struct pike_err *err)
{
	return run_hybrid(out, in, &pike_strategy_islands, err);
}

static bool closed_rounds(const struct pike_search_input *in)
{
	const struct pike_history *h = in->history;

	for (size_t i = 0; i < h->nrecs; i++)
		if (h->recs[i].agent->sets_numbers &&
		    h->recs[i].generation == (int64_t)h->ngens &&
		    h->recs[i].screen.verdict == PIKE_V_PENDING)
			return false;
	return pike_strategy_rounds.closed(in);
}

const struct pike_strategy_ops pike_strategy_hybrid_rounds = {
	.describe = pike_rounds_describe,
	.next = next_rounds,
	.closed = closed_rounds,
	.flying_for = 1,
};

const struct pike_strategy_ops pike_strategy_hybrid_islands = {
	.describe = pike_islands_describe,
	.next = next_islands,
	.traits = true,
	.flying_for = PIKE_ISLANDS_FLYING,
};
