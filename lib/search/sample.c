/* SPDX-License-Identifier: Apache-2.0 */
/* sample: what strategies that ask models have in common. */
#include "search/search_priv.h"

#include "base/mem.h"

#include <string.h>

bool pike_record_sample(const struct pike_record *r)
{
	return r->agent->sample && r->screen.verdict != PIKE_V_NONE;
}

/* Failed in a way that code can mend: an unusable reply left no code. */
static bool can_mend(enum pike_verdict v)
{
	return !pike_verdict_measured(v) && v != PIKE_V_UNUSABLE &&
	       v != PIKE_V_PENDING;
}

/* A failure that only the confirmation finds, with its hidden cases and fresh
 * inputs, is one like any other: the reference looks for all that it looks for
 * at once, and mends what fails. */
static enum pike_verdict verdict_of(const struct pike_record *r)
{
	enum pike_verdict v = r->confirm.verdict;

	return v == PIKE_V_PENDING || pike_verdict_measured(v)
		   ? r->screen.verdict
		   : v;
}

void pike_sample_note(struct pike_sample *s, const struct pike_record *rec,
		      size_t at, int64_t fixes)
{
	enum pike_verdict v = verdict_of(rec);

	s->last = at;
	s->fixes += rec->agent->mends;
	if (v == PIKE_V_PENDING && !rec->past)
		s->state = PIKE_SAMPLE_BUSY;
	else if (can_mend(v) && s->fixes < fixes)
		s->state = PIKE_SAMPLE_FAILED;
	else
		s->state = PIKE_SAMPLE_DONE;
}

int pike_by_score(const void *p, const void *q)
{
	const struct pike_scored *a = p, *b = q;

	if (a->score != b->score)
		return a->score < b->score ? 1 : -1;
	return (a->at > b->at) - (a->at < b->at);
}

struct pike_move *pike_moves_add(struct pike_moves *out,
				 const struct pike_agent *agent, uint64_t seed)
{
	struct pike_move *m;

	PIKE_GROW(out->v, out->n, out->cap);
	m = &out->v[out->n++];
	memset(m, 0, sizeof(*m));
	m->agent = agent;
	m->seed = seed;
	return m;
}

/* The index of a history changes with its records alone: to look a record up
 * leaves it as it is. */
size_t pike_record_index(const struct pike_history *h,
			 const struct pike_oid *id)
{
	struct pike_record *r = pike_history_find((struct pike_history *)h, id);

	return r ? (size_t)(r - h->recs) : PIKE_NO_RECORD;
}

size_t pike_parent_of(const struct pike_history *h, size_t at)
{
	const struct pike_record *r = &h->recs[at];
	size_t parent = PIKE_NO_RECORD;

	if (r->nparents)
		parent = pike_record_index(h, &r->parents[0]);
	/* Parents come first; what is not so is no history of ours. */
	return parent < at ? parent : PIKE_NO_RECORD;
}

void pike_structure_add(size_t *v, const struct pike_history *h, size_t at)
{
	v[at] = at;
	if (!h->recs[at].agent->sets_numbers)
		return;
	v[at] = pike_parent_of(h, at);
	if (v[at] != PIKE_NO_RECORD)
		v[at] = v[v[at]];
}

size_t *pike_structures(const struct pike_history *h)
{
	size_t *v = pike_xcalloc(h->nrecs + 1, sizeof(*v));

	for (size_t i = 0; i < h->nrecs; i++)
		pike_structure_add(v, h, i);
	return v;
}
