/* SPDX-License-Identifier: Apache-2.0 */
/* configs: what the history says of a space of tunables. */
#include "search/search_priv.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void pike_configs_init(struct pike_configs *c, size_t dims)
{
	*c = (struct pike_configs){ .dims = dims };
}

void pike_configs_release(struct pike_configs *c)
{
	free(c->choice);
	*c = (struct pike_configs){ .dims = c->dims };
}

int *pike_configs_add(struct pike_configs *c, const int *choice)
{
	int *row;

	if (c->n == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 64;
		c->choice = pike_xrealloc(c->choice, c->cap * c->dims,
					  sizeof(*c->choice));
	}
	row = c->choice + c->n++ * c->dims;
	memcpy(row, choice, c->dims * sizeof(*row));
	return row;
}

const int *pike_config(const struct pike_configs *c, size_t i)
{
	return c->choice + i * c->dims;
}

/* FNV-1a (Fowler, Noll, Vo) over the value indexes. */
static uint64_t hash(const int *choice, size_t dims)
{
	uint64_t h = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < dims; i++)
		h = (h ^ (uint64_t)choice[i]) * 0x100000001b3ULL;
	return h ^ (h >> 29);
}

/* The slot that holds this configuration, or the free one where it goes. */
static size_t slot(const struct pike_fold *f, const int *choice)
{
	size_t dims = f->seen.dims, i = hash(choice, dims) & (f->slots - 1);

	while (f->table[i] && memcmp(pike_config(&f->seen, f->table[i] - 1),
				     choice, dims * sizeof(*choice)) != 0)
		i = (i + 1) & (f->slots - 1);
	return i;
}

static void grow(struct pike_fold *f)
{
	f->slots = f->slots ? f->slots * 2 : 256;
	f->state = pike_xrealloc(f->state, f->slots, sizeof(*f->state));
	f->score = pike_xrealloc(f->score, f->slots, sizeof(*f->score));
	free(f->table);
	f->table = pike_xcalloc(f->slots, sizeof(*f->table));
	for (size_t i = 0; i < f->seen.n; i++)
		f->table[slot(f, pike_config(&f->seen, i))] = (uint32_t)i + 1;
}

bool pike_fold_has(const struct pike_fold *f, const int *choice)
{
	return f->slots && f->table[slot(f, choice)];
}

/* Of two records of one configuration a score says the most. */
void pike_fold_note(struct pike_fold *f, const int *choice,
		    enum pike_seen state, double score)
{
	size_t at, i;

	if (f->seen.n * 2 >= f->slots)
		grow(f);
	at = slot(f, choice);
	if (f->table[at]) {
		i = f->table[at] - 1;
		if (f->state[i] == PIKE_SEEN_SCORED ||
		    state == PIKE_SEEN_PENDING)
			return;
	} else {
		i = f->seen.n;
		pike_configs_add(&f->seen, choice);
		f->table[at] = (uint32_t)i + 1;
	}
	f->state[i] = state;
	f->score[i] = score;
}

static bool failed(enum pike_verdict v)
{
	return v != PIKE_V_PENDING && !pike_verdict_measured(v);
}

static void note_record(struct pike_fold *f, const struct pike_record *r,
			int *choice)
{
	enum pike_seen state = PIKE_SEEN_PENDING;

	if (r->past || !r->agent->sets_numbers || !r->idea ||
	    pike_space_read(choice, f->space, r->idea))
		return;
	if (failed(r->screen.verdict) || failed(r->confirm.verdict))
		state = PIKE_SEEN_INVALID;
	else if (isfinite(r->score))
		state = PIKE_SEEN_SCORED;
	pike_fold_note(f, choice, state, r->score);
}

/* The base's configuration, in terms of the champion's space. */
static bool base_choice(int *choice, const struct pike_search_input *in)
{
	const struct pike_history *h = in->history;
	const struct pike_space *s = in->base_space;
	struct pike_buf text;
	int *current;
	bool found;

	if (!s && !pike_oid_eq(&h->champion, &h->base))
		return false;
	s = s ? s : in->space;
	current = pike_xcalloc(s->n + 1, sizeof(*current));
	for (size_t i = 0; i < s->n; i++)
		current[i] = (int)s->t[i].current;
	pike_buf_init(&text, 1 << 16);
	pike_space_print(&text, s, current);
	found = !pike_space_read(choice, in->space, text.s);
	pike_buf_release(&text);
	free(current);
	return found;
}

void pike_fold_init(struct pike_fold *f, const struct pike_search_input *in)
{
	size_t dims = in->space->n;
	int *choice = pike_xcalloc(dims + 1, sizeof(*choice));

	*f = (struct pike_fold){ .space = in->space, .total = 1 };
	pike_configs_init(&f->seen, dims);
	for (size_t i = 0; i < dims; i++)
		if (__builtin_mul_overflow(f->total,
					   (uint64_t)in->space->t[i].values.n,
					   &f->total))
			f->total = UINT64_MAX;
	if (dims && base_choice(choice, in))
		pike_fold_note(f, choice, PIKE_SEEN_SCORED, 0);
	for (size_t i = 0; dims && i < in->history->nrecs; i++)
		note_record(f, &in->history->recs[i], choice);
	free(choice);
}

void pike_fold_release(struct pike_fold *f)
{
	pike_configs_release(&f->seen);
	free(f->state);
	free(f->score);
	free(f->table);
	*f = (struct pike_fold){ 0 };
}
