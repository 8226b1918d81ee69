/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rounds: PIKE-B (arXiv:2511.16964), an evolution strategy with comma
 * selection. A round is a generation: `samples` slots, each one optimization
 * and the fixes of what fails, up to the first version that works. The next
 * round's parents are the best of the last one's, with the base behind them;
 * the first round's slots have an idea each.
 *
 * What the reference does and this does not: the fixes of a round wait for one
 * another there; here each slot goes on by itself.
 */
#include "search/search_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TOURNAMENT 3 /* of an alternative in the code of PIKE */
#define ELITE_SHARE 0.3

struct rounds {
	const struct pike_search_input *in;
	struct pike_preset k;
	int64_t round; /* the generation that is open */
	struct pike_sample *slots;
	struct pike_rng rng; /* the same at each call of a round */
};

/* ---- where the round stands ---- */

/* Its number; n: it has none of this round's. */
static size_t slot_of(const char *text, size_t n)
{
	int64_t v;

	if (!text || !pike_parse_i64(text, &v) || v < 0 || (uint64_t)v >= n)
		return n;
	return (size_t)v;
}

static void fold_round(struct rounds *r)
{
	const struct pike_history *h = r->in->history;
	size_t n = (size_t)r->k.samples;

	r->slots = pike_xcalloc(n + 1, sizeof(*r->slots));
	/* What belongs to the round that is open is not settled. */
	for (size_t i = pike_history_open(h); i < h->nrecs; i++) {
		const struct pike_record *rec = &h->recs[i];
		size_t at;

		if (rec->generation != r->round || !pike_record_sample(rec))
			continue;
		at = slot_of(rec->slot, n);
		if (at < n)
			pike_sample_note(&r->slots[at], rec, i, r->k.fixes);
	}
	for (size_t i = 0; i < r->in->nflying; i++) {
		size_t at = slot_of(r->in->flying[i].slot, n);

		if (at < n)
			r->slots[at].state = PIKE_SAMPLE_BUSY;
	}
}

/* ---- parents ---- */

/* Solutions of the rounds that parents may come from, the fastest first. */
static struct pike_scored *solutions(const struct rounds *r, size_t *n)
{
	const struct pike_history *h = r->in->history;
	/* One more: the base. */
	struct pike_scored *v = pike_xcalloc(h->nrecs + 1, sizeof(*v));

	*n = 0;
	for (size_t i = 0; i < h->nrecs; i++) {
		const struct pike_record *rec = &h->recs[i];
		bool late = rec->generation >= r->round - r->k.history;
		bool elite =
		    r->k.elitism && pike_oid_eq(&rec->id, &h->champion);

		/* The champion may be a person's, or the tuner's. */
		if (rec->generation < r->round &&
		    ((late && pike_record_sample(rec)) || elite) &&
		    !isnan(rec->score))
			v[(*n)++] = (struct pike_scored){ rec->score, i };
	}
	qsort(v, *n, sizeof(*v), pike_by_score);
	return v;
}

static void swap(struct pike_scored *a, struct pike_scored *b)
{
	struct pike_scored t = *a;

	*a = *b;
	*b = t;
}

static void pick_elite_diverse(struct pike_scored *v, size_t n, size_t k,
			       struct pike_rng *rng)
{
	size_t elite = (size_t)ceil((double)k * ELITE_SHARE);

	for (size_t i = elite; i < k; i++)
		swap(&v[i], &v[i + pike_rng_below(rng, n - i)]);
}

/* With replacement: a good one may be drawn twice. */
static void pick_tournament(struct pike_scored *v, size_t n, size_t k,
			    struct pike_rng *rng)
{
	struct pike_scored *all = pike_xmemdup(v, n * sizeof(*v));

	for (size_t i = 0; i < k; i++) {
		/* They are sorted, so the first of the drawn wins. */
		uint64_t best = n;

		for (int t = 0; t < TOURNAMENT; t++) {
			uint64_t one = pike_rng_below(rng, n);

			best = one < best ? one : best;
		}
		v[i] = all[best];
	}
	free(all);
}

/* In proportion to speed. The base's is 1. */
static void pick_roulette(struct pike_scored *v, size_t n, size_t k,
			  struct pike_rng *rng)
{
	struct pike_scored *all = pike_xmemdup(v, n * sizeof(*v));
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += exp(all[i].score);
	for (size_t i = 0; i < k; i++) {
		double u = pike_rng_unit(rng) * sum;
		size_t at = 0;

		while (at + 1 < n && (u -= exp(all[at].score)) >= 0)
			at++;
		v[i] = all[at];
	}
	free(all);
}

/* The first k of v are the parents. The base comes last in it, as with the
 * reference, whose original has no time; PIKE_NO_RECORD stands for it. */
static size_t choose(struct rounds *r, struct pike_scored *v, size_t n)
{
	size_t k = (size_t)r->k.parents;

	v[n++] = (struct pike_scored){ 0, PIKE_NO_RECORD };
	k = k < n ? k : n;
	switch (r->k.selector) {
	case PIKE_SELECT_BEST:
		break;
	case PIKE_SELECT_ELITE_DIVERSE:
		pick_elite_diverse(v, n, k, &r->rng);
		break;
	case PIKE_SELECT_TOURNAMENT:
		pick_tournament(v, n, k, &r->rng);
		break;
	case PIKE_SELECT_ROULETTE:
		pick_roulette(v, n, k, &r->rng);
		break;
	}
	return k;
}

/* ---- moves ---- */

size_t pike_bin(size_t i, size_t n, size_t bins)
{
	size_t least, more;

	if (!bins)
		return 0;
	least = n / bins;
	more = n % bins;
	if (i < more * (least + 1))
		return i / (least + 1);
	return more + (i - more * (least + 1)) / least;
}

static uint64_t round_seed(const struct pike_search_input *in, int64_t round)
{
	return in->run_seed ^ (uint64_t)round * 0x9e3779b97f4a7c15ULL;
}

static struct pike_move *add(struct pike_moves *out, struct rounds *r,
			     const struct pike_agent *agent, size_t parent)
{
	struct pike_move *m = pike_moves_add(out, agent, pike_rng_u64(&r->rng));

	if (parent != PIKE_NO_RECORD) {
		m->parents = pike_xmemdup(&parent, sizeof(parent));
		m->nparents = 1;
	}
	return m;
}

static bool has_brainstormed(const struct rounds *r)
{
	for (size_t i = 0; i < r->in->history->nrecs; i++) {
		const struct pike_record *rec = &r->in->history->recs[i];

		if (rec->agent->ideas && rec->screen.verdict != PIKE_V_UNUSABLE)
			return true;
	}
	for (size_t i = 0; i < r->in->nflying; i++)
		if (r->in->flying[i].agent->ideas)
			return true;
	return false;
}

static bool is_first(const struct rounds *r)
{
	for (size_t i = 0; i < r->in->history->nrecs; i++) {
		const struct pike_record *rec = &r->in->history->recs[i];

		if (pike_record_sample(rec) && rec->generation < r->round)
			return false;
	}
	return true;
}

/* Nobody knows yet what the first round's ideas are. */
static bool must_wait(struct pike_moves *out, struct rounds *r)
{
	if (!r->k.ideas || !is_first(r) || r->in->ideas)
		return false;
	if (!has_brainstormed(r))
		add(out, r, &pike_agent_brainstorm, PIKE_NO_RECORD);
	return true;
}

static void add_optimize(struct pike_moves *out, struct rounds *r, size_t slot,
			 const struct pike_scored *parents, size_t k)
{
	size_t n = (size_t)r->k.samples, nideas;
	const struct pike_strs *ideas = is_first(r) ? r->in->ideas : NULL;
	struct pike_move *m =
	    add(out, r, &pike_agent_optimize, parents[pike_bin(slot, n, k)].at);

	m->slot = pike_xasprintf("%zu", slot);
	m->order = round_seed(r->in, r->round);
	m->turn = slot;
	nideas = r->k.ideas && ideas ? ideas->n : 0;
	nideas = nideas < n ? nideas : n;
	if (nideas)
		m->idea = pike_xstrdup(ideas->v[pike_bin(slot, n, nideas)]);
}

static void add_all(struct pike_moves *out, struct rounds *r, size_t want)
{
	size_t n, k, max = out->n + want;
	struct pike_scored *parents = solutions(r, &n);

	k = choose(r, parents, n);
	for (size_t i = 0; i < (size_t)r->k.samples && out->n < max; i++)
		if (r->slots[i].state == PIKE_SAMPLE_FREE)
			add_optimize(out, r, i, parents, k);
	for (size_t i = 0; i < (size_t)r->k.samples && out->n < max; i++)
		if (r->slots[i].state == PIKE_SAMPLE_FAILED)
			add(out, r, &pike_agent_fix, r->slots[i].last)->slot =
			    pike_xasprintf("%zu", i);
	free(parents);
}

static void begin(struct rounds *r, const struct pike_search_input *in)
{
	*r = (struct rounds){ .in = in,
			      .k = *in->preset,
			      .round = (int64_t)in->history->ngens };
	pike_rng_seed(&r->rng, round_seed(in, r->round));
	fold_round(r);
}

static int rounds_next(struct pike_moves *out,
		       const struct pike_search_input *in, struct pike_err *err)
{
	struct rounds r;

	(void)err;
	begin(&r, in);
	if (in->want && !must_wait(out, &r))
		add_all(out, &r, in->want);
	free(r.slots);
	return 0;
}

static bool rounds_closed(const struct pike_search_input *in)
{
	struct rounds r;
	bool closed = true;

	begin(&r, in);
	for (size_t i = 0; i < (size_t)r.k.samples; i++)
		closed = closed && r.slots[i].state == PIKE_SAMPLE_DONE;
	free(r.slots);
	return closed;
}

void pike_rounds_describe(struct pike_buf *out, const struct pike_preset *k)
{
	pike_buf_addf(out, "rounds of %lld from the best %lld of the last",
		      (long long)k->samples, (long long)k->parents);
	if (k->ideas)
		pike_buf_addf(out, ", first from %lld ideas",
			      (long long)k->ideas);
}

const struct pike_strategy_ops pike_strategy_rounds = {
	.describe = pike_rounds_describe,
	.next = rounds_next,
	.closed = rounds_closed,
	.flying_for = 1,
};
