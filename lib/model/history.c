/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history: what a search is folded from. Records are found by commit and by
 * source through hash tables, and those screened against a champion hang on a
 * chain of that champion, so that its confirmation reaches their scores.
 */
#include "model/result.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

/* A record's index beside its key's hash, so that a probe that misses and a
 * growing table leave the records alone: they are large and far apart. */
struct slot {
	uint32_t rec, hash;
};

/* Open addressing; the key is read from the record. */
struct table {
	struct slot *slot;
	size_t size; /* power of two, at most half full */
	size_t used;
	size_t offset; /* of the struct pike_oid in a record */
};

struct index {
	struct table by_id, by_source, by_vs;
	uint32_t *next_vs; /* the next record with the same screen.vs */
	size_t vs_cap;
	size_t indexed; /* records [0, indexed) are in the tables */
	size_t settled; /* and [0, settled) in generations */
};

static uint32_t hash_oid(const struct pike_oid *o)
{
	size_t len = strnlen(o->hex, 40);
	uint64_t h = len, w;

	for (size_t i = 0; i < len; i += sizeof(w)) {
		w = 0;
		memcpy(&w, o->hex + i, len - i < 8 ? len - i : 8);
		h = (h ^ w) * 0x9e3779b97f4a7c15ULL; /* 2^64 / golden ratio */
		h ^= h >> 29;
	}
	return (uint32_t)(h >> 32 ^ h);
}

static const struct pike_oid *key_of(const struct pike_history *h,
				     const struct table *t, uint32_t i)
{
	return (const struct pike_oid *)((const char *)&h->recs[i] + t->offset);
}

/* The slot that holds `key`, or the free one where it belongs. */
static struct slot *probe(const struct pike_history *h, const struct table *t,
			  const struct pike_oid *key, uint32_t hash)
{
	size_t i = hash & (t->size - 1);

	while (t->slot[i].rec != NONE &&
	       (t->slot[i].hash != hash ||
		!pike_oid_eq(key_of(h, t, t->slot[i].rec), key)))
		i = (i + 1) & (t->size - 1);
	return &t->slot[i];
}

static void grow(struct table *t)
{
	struct table old = *t;

	t->size = old.size ? old.size * 2 : 64;
	t->slot = pike_xmalloc(t->size * sizeof(*t->slot));
	memset(t->slot, 0xff, t->size * sizeof(*t->slot));
	for (size_t i = 0; i < old.size; i++) {
		size_t k = old.slot[i].hash & (t->size - 1);

		if (old.slot[i].rec == NONE)
			continue;
		while (t->slot[k].rec != NONE)
			k = (k + 1) & (t->size - 1);
		t->slot[k] = old.slot[i];
	}
	free(old.slot);
}

static uint32_t lookup(const struct pike_history *h, const struct table *t,
		       const struct pike_oid *key)
{
	if (!t->size || !pike_oid_set(key))
		return NONE;
	return probe(h, t, key, hash_oid(key))->rec;
}

/* The slot for record i's key; an empty key has none. */
static struct slot *slot_for(const struct pike_history *h, struct table *t,
			     uint32_t i)
{
	const struct pike_oid *key = key_of(h, t, i);
	uint32_t hash;
	struct slot *s;

	if (!pike_oid_set(key))
		return NULL;
	if (t->used * 2 >= t->size)
		grow(t);
	hash = hash_oid(key);
	s = probe(h, t, key, hash);
	t->used += s->rec == NONE;
	s->hash = hash;
	return s;
}

static void insert_first(const struct pike_history *h, struct table *t,
			 uint32_t i)
{
	struct slot *s = slot_for(h, t, i);

	if (s && s->rec == NONE)
		s->rec = i;
}

/* Heads of chains: the newest record leads to the older ones. */
static void chain_vs(const struct pike_history *h, struct index *ix, uint32_t i)
{
	struct slot *s = slot_for(h, &ix->by_vs, i);

	ix->next_vs[i] = s ? s->rec : NONE;
	if (s)
		s->rec = i;
}

static bool measured(const struct pike_score *s)
{
	return pike_verdict_measured(s->verdict) && s->ratio.mid > 0;
}

/* Log of the speedup of what a screen was judged against. */
static double reference(const struct pike_history *h, const struct index *ix,
			const struct pike_oid *vs)
{
	uint32_t i = lookup(h, &ix->by_id, vs);
	const struct pike_record *r = i == NONE ? NULL : &h->recs[i];

	if (!r) /* a base commit: candidates alone are records */
		return 0;
	return measured(&r->confirm) ? log(r->confirm.ratio.mid) : NAN;
}

static double score_of(const struct pike_history *h, const struct index *ix,
		       const struct pike_record *r)
{
	if (r->confirm.verdict != PIKE_V_PENDING)
		return measured(&r->confirm) ? log(r->confirm.ratio.mid) : NAN;
	return measured(&r->screen)
		   ? log(r->screen.ratio.mid) + reference(h, ix, &r->screen.vs)
		   : NAN;
}

static void rescore(struct pike_history *h, const struct index *ix,
		    struct pike_record *r)
{
	double score = score_of(h, ix, r);

	if (r->past) {
		r->was = score;
		score = NAN;
	}
	h->revised += r->settled >= 0 && score != r->score &&
		      !(isnan(score) && isnan(r->score));
	r->score = score;
}

/* Record i changed: its own score and those that stand on it. */
static void rescore_all(struct pike_history *h, const struct index *ix,
			uint32_t i)
{
	const struct pike_record *r = &h->recs[i];

	rescore(h, ix, &h->recs[i]);
	for (uint32_t k = lookup(h, &ix->by_vs, &r->id); k != NONE;
	     k = ix->next_vs[k])
		rescore(h, ix, &h->recs[k]);
}

static void index_one(struct pike_history *h, struct index *ix, uint32_t i)
{
	if (ix->vs_cap <= i) {
		ix->vs_cap = ix->vs_cap ? ix->vs_cap * 2 : 64;
		if (ix->vs_cap <= i)
			ix->vs_cap = (size_t)i + 1;
		ix->next_vs = pike_xrealloc(ix->next_vs, ix->vs_cap,
					    sizeof(*ix->next_vs));
	}
	insert_first(h, &ix->by_id, i);
	if (!h->recs[i].past)
		insert_first(h, &ix->by_source, i);
	chain_vs(h, ix, i);
	rescore_all(h, ix, i);
}

/* The index, with every record in it. */
static struct index *index_of(struct pike_history *h)
{
	struct index *ix = h->index;

	if (!ix) {
		ix = pike_xcalloc(1, sizeof(*ix));
		ix->by_id.offset = offsetof(struct pike_record, id);
		ix->by_source.offset = offsetof(struct pike_record, source);
		ix->by_vs.offset = offsetof(struct pike_record, screen.vs);
		h->index = ix;
	}
	while (ix->indexed < h->nrecs) {
		/* A chain's key is the record's own, so it enters whole. */
		index_one(h, ix, (uint32_t)ix->indexed);
		ix->indexed++;
	}
	return ix;
}

struct pike_history *pike_history_new(const char *target, const char *lane)
{
	struct pike_history *h = pike_xcalloc(1, sizeof(*h));

	h->target = pike_xstrdup(target);
	h->lane = pike_xstrdup(lane);
	h->speedup = (struct pike_ratio){ .lo = 1, .mid = 1, .hi = 1 };
	return h;
}

static void release_record(struct pike_record *r)
{
	free(r->parents);
	free(r->slot);
	free(r->idea);
	free(r->model);
	free(r->run);
}

/* All but the names. */
static void release(struct pike_history *h)
{
	struct index *ix = h->index;

	if (ix) {
		free(ix->by_id.slot);
		free(ix->by_source.slot);
		free(ix->by_vs.slot);
		free(ix->next_vs);
		free(ix);
	}
	for (size_t i = 0; i < h->nrecs; i++)
		release_record(&h->recs[i]);
	free(h->recs);
	pike_steers_release(&h->steers);
	free(h->gens);
}

void pike_history_reset(struct pike_history *h)
{
	const struct pike_history was = *h;

	release(h);
	*h = (struct pike_history){ .target = was.target,
				    .lane = was.lane,
				    .speedup = { 1, 1, 1 },
				    .revised = was.revised + 1,
				    .resets = was.resets + 1 };
}

void pike_history_free(struct pike_history *h)
{
	if (!h)
		return;
	release(h);
	free(h->target);
	free(h->lane);
	free(h);
}

/* ---- epochs ---- */

const struct pike_generation *pike_history_epoch(const struct pike_history *h,
						 const struct pike_record *r)
{
	size_t at = h->ngens;

	if (!h->gens)
		return NULL;
	/* What generation N settles was made when N of them were closed. */
	if (r && r->generation < (int64_t)at)
		at = r->generation > 0 ? (size_t)r->generation : 1;
	return &h->gens[h->gens[at - 1].first];
}

static bool is_past(const struct pike_history *h, const struct pike_record *r)
{
	const struct pike_generation *now = pike_history_epoch(h, NULL);

	return now && now->number > 0 && r->generation <= now->number;
}

int64_t pike_history_left(const struct pike_history *h,
			  const struct pike_record *r)
{
	const struct pike_generation *own = pike_history_epoch(h, r);
	size_t i = (size_t)(own - h->gens);

	while (i + 1 < h->ngens && &h->gens[h->gens[i].first] == own)
		i++;
	return h->gens[i].number;
}

/* ---- records and generations ---- */

size_t pike_history_add(struct pike_history *h, struct pike_record *r)
{
	PIKE_GROW(h->recs, h->nrecs, h->recs_cap);
	if (!r->agent)
		r->agent = &pike_agent_unknown;
	/* None is made in a generation that is yet to come. */
	if (h->gens && r->generation > (int64_t)h->ngens)
		r->generation = (int64_t)h->ngens;
	r->was = NAN;
	r->past = is_past(h, r);
	if (r->past && r->settled < 0)
		r->settled = pike_history_left(h, r);
	h->recs[h->nrecs++] = *r;
	memset(r, 0, sizeof(*r));
	index_of(h);
	return h->nrecs - 1;
}

struct pike_record *pike_history_find(struct pike_history *h,
				      const struct pike_oid *id)
{
	uint32_t i = lookup(h, &index_of(h)->by_id, id);

	return i == NONE ? NULL : &h->recs[i];
}

struct pike_record *pike_history_by_source(struct pike_history *h,
					   const struct pike_oid *source)
{
	uint32_t i = lookup(h, &index_of(h)->by_source, source);

	return i == NONE ? NULL : &h->recs[i];
}

void pike_history_apply(struct pike_history *h, const struct pike_oid *id,
			enum pike_stage stage, const struct pike_score *s)
{
	struct index *ix = index_of(h);
	uint32_t i = lookup(h, &ix->by_id, id);
	struct pike_record *r;

	if (i == NONE || s->verdict == PIKE_V_PENDING)
		return;
	r = &h->recs[i];
	if (stage == PIKE_SCREEN) {
		if (r->screen.verdict != PIKE_V_PENDING)
			return;
		r->screen = *s;
		h->revised += r->settled >= 0;
		chain_vs(h, ix, i);
	} else if (stage == PIKE_CONFIRM) {
		r->confirm = *s;
		r->confirms++;
	} else {
		return; /* a reviewer's check moves no search */
	}
	rescore_all(h, ix, i);
}

size_t pike_history_open(const struct pike_history *h)
{
	struct index *ix = h->index;

	if (!ix)
		return 0;
	while (ix->settled < h->nrecs && h->recs[ix->settled].settled >= 0)
		ix->settled++;
	return ix->settled;
}

size_t pike_history_pending(const struct pike_history *h)
{
	size_t n = 0;

	for (size_t i = pike_history_open(h); i < h->nrecs; i++)
		n += h->recs[i].screen.verdict == PIKE_V_PENDING &&
		     !h->recs[i].past;
	return n;
}

/* Of the last epoch its first generation's number; what has no higher one was
 * made before. */
static void leave_behind(struct pike_history *h)
{
	struct index *ix = index_of(h);

	free(ix->by_source.slot);
	ix->by_source = (struct table){ .offset = ix->by_source.offset };
	for (size_t i = 0; i < h->nrecs; i++) {
		struct pike_record *r = &h->recs[i];

		if (r->past)
			continue;
		r->past = is_past(h, r);
		if (r->past)
			rescore(h, ix, r);
		else
			insert_first(h, &ix->by_source, (uint32_t)i);
	}
	h->revised++;
}

void pike_history_generation(struct pike_history *h,
			     const struct pike_generation *g, bool begins)
{
	struct pike_generation *last, *first;

	PIKE_GROW(h->gens, h->ngens, h->gens_cap);
	last = &h->gens[h->ngens++];
	*last = *g;
	last->first = h->ngens > 1 && !begins ? last[-1].first : h->ngens - 1;
	first = &h->gens[last->first];
	if (!*first->env)
		memcpy(first->env, g->env, sizeof(first->env));
	if (!*first->task)
		memcpy(first->task, g->task, sizeof(first->task));
	h->tip = g->id;
	h->base = first->base;
	h->champion = g->champion;
	h->speedup = g->speedup;
	if (begins)
		leave_behind(h);
}
