/* SPDX-License-Identifier: Apache-2.0 */
/*
 * islands: PIKE-O (arXiv:2511.16964), a steady-state evolution on islands after
 * OpenEvolve 0.2.8. A sample is one optimization and the fixes of what fails.
 * Samples are numbered; sample N draws its parent on island N mod islands, and
 * lives where its parent does. Both are told by its slot, ISLAND.N.
 *
 * The parent is drawn when the sample is asked for, from what is finished by
 * then: with many in flight at once the parents are old. The generations of a
 * search do not matter.
 *
 * The base is the parent only by exploration or by chance, or where nothing
 * else is there; it never enters the archive (as in the ablations without
 * parallelism). What failed is mended in its own sample, and no parent at all.
 *
 * A long history is not folded anew at each call: of its settled records the
 * memory holds what came out, the others are folded onto a copy of that.
 */
#include "search/population_priv.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PER_WORKER 2	  /* in flight for each of `parallel` */
#define TURN 10		  /* samples that an island's counter counts in a row */
#define ISLANDS_MAX 1000  /* more make no sense and would cost memory, */
#define PARALLEL_MAX 5000 /* likewise */
#define TOP 3		  /* beside the parent in a prompt: the best, */
#define DIVERSE 2	  /* the next best, */
#define INSPIRATIONS 3	  /* and near ones, the best among them */
#define SHOWN (1 + TOP + DIVERSE + INSPIRATIONS)
#define NEAR 2 /* cells away */

/* A sample as it was before a record that is not settled. */
struct undo {
	size_t number;
	struct pike_sample was;
};

struct isles {
	const struct pike_search_input *in;
	struct pike_preset k;
	size_t n; /* islands */
	struct pike_population all;
	struct pike_cells cells;
	struct pike_sample *samples;
	size_t limit;	/* on samples in flight */
	size_t room;	/* numbers that a sample may have */
	size_t taken;	/* above all that are in use; no more than `room` */
	size_t refused; /* the lowest that was met beyond that */
	size_t low;	/* the samples before it are done */
	size_t *home;	/* island of each record */
	size_t *structure;
	/* Migration: one island's counter at a time counts what is finished. */
	int64_t *count, migrated;
	size_t current, turn;
	/* Of a copy: what it shares with the memory is put back. */
	bool copy;
	struct undo *undo;
	size_t nundo, undo_cap;
};

struct pike_memory {
	struct isles s;
	size_t done;	/* records folded: settled ones */
	size_t revised; /* as the history's then */
	size_t nsamples, nhome, nstructures;
};

/* ---- slots ---- */

/* NULL: no number, or one that is too long for any. */
static const char *read_number(size_t *out, const char *s)
{
	const char *begin = s;

	*out = 0;
	while (*s >= '0' && *s <= '9' && s - begin < 9)
		*out = *out * 10 + (size_t)(*s++ - '0');
	return s > begin ? s : NULL;
}

/* Takes what another number of islands has left, too. */
static bool read_slot(size_t *island, size_t *number, struct isles *s,
		      const char *text)
{
	text = text ? read_number(island, text) : NULL;
	if (!text || *text++ != '.')
		return false;
	text = read_number(number, text);
	*island %= s->n;
	if (!text || *text)
		return false;
	if (*number >= s->room && *number < s->refused)
		s->refused = *number;
	return *number < s->room;
}

/* A sample that is about to change. */
static struct pike_sample *touch(struct isles *s, size_t number)
{
	struct pike_sample *p = &s->samples[number];

	if (number < s->low)
		s->low = number;
	if (number >= s->taken)
		s->taken = number + 1;
	if (s->copy) {
		PIKE_GROW(s->undo, s->nundo, s->undo_cap);
		s->undo[s->nundo++] = (struct undo){ number, *p };
	}
	return p;
}

/* ---- the library, folded from the history ---- */

static void join(struct isles *s, size_t at, size_t island)
{
	const struct pike_record *r = &s->in->history->recs[at];

	s->home[at] = island;
	if (isfinite(r->score))
		pike_population_add(&s->all, at, r->score, island,
				    pike_cells_place(&s->cells, at, r->score));
}

/* One member for each structure: the best of its tunings, on the island of the
 * first. Many of one kind would crowd out all others. */
static bool join_tuned(struct isles *s, size_t at)
{
	double score = s->in->history->recs[at].score;

	for (size_t i = 0; i < s->all.n; i++) {
		const struct pike_member *m = &s->all.v[i];

		if (m->migrant || m->at == PIKE_NO_RECORD ||
		    s->structure[m->at] != s->structure[at])
			continue;
		s->home[at] = m->island;
		if (score > m->score)
			pike_population_replace(&s->all, i, at, score);
		return true;
	}
	return false;
}

/* What a person or the tuner has made lives with its parent, too. */
static void join_outsider(struct isles *s, size_t at)
{
	const struct pike_history *h = s->in->history;
	size_t parent = pike_parent_of(h, at);

	if (!h->recs[at].agent->sets_numbers || !join_tuned(s, at))
		join(s, at, parent == PIKE_NO_RECORD ? 0 : s->home[parent]);
}

/* The counter of one island counts TURN, then the next one's. When any has
 * counted `migration_interval` since the last migration, it is time. */
static void count_finished(struct isles *s)
{
	int64_t every = s->k.migration_interval;

	if (s->turn == TURN) {
		s->current = (s->current + 1) % s->n;
		s->turn = 0;
	}
	s->turn++;
	if (++s->count[s->current] - s->migrated < every || every < 1)
		return;
	s->migrated = s->count[s->current];
	pike_population_migrate(&s->all, s->k.migration_rate);
}

static void fold_record(struct isles *s, size_t at)
{
	const struct pike_record *rec = &s->in->history->recs[at];
	enum pike_verdict v = rec->screen.verdict;
	struct pike_sample *p;
	size_t island, number;

	if (!pike_record_sample(rec) ||
	    !read_slot(&island, &number, s, rec->slot)) {
		join_outsider(s, at);
		return;
	}
	p = touch(s, number);
	pike_sample_note(p, rec, at, s->k.fixes);
	join(s, at, island);
	/* A reply without code is no generation of its island. */
	if (p->state == PIKE_SAMPLE_DONE && v != PIKE_V_UNUSABLE)
		count_finished(s);
}

static void fold_flying(struct isles *s)
{
	size_t island, number;

	for (size_t i = 0; i < s->in->nflying; i++)
		if (read_slot(&island, &number, s, s->in->flying[i].slot))
			touch(s, number)->state = PIKE_SAMPLE_BUSY;
}

static size_t clamp(int64_t knob, int64_t most)
{
	return (size_t)(knob < 1 ? 1 : knob < most ? knob : most);
}

static void clear(struct pike_memory *m)
{
	pike_population_release(&m->s.all);
	free(m->s.samples);
	free(m->s.home);
	free(m->s.structure);
	free(m->s.count);
	memset(m, 0, sizeof(*m));
}

void pike_memory_free(struct pike_memory *m)
{
	if (m)
		clear(m);
	free(m);
}

/* With as many as are needed, and the new ones 0. */
static void *grow(void *v, size_t *have, size_t need, size_t size)
{
	size_t n = *have + *have / 2;

	if (*have >= need)
		return v;
	n = n < need ? need : n;
	v = pike_xrealloc(v, n, size);
	memset((char *)v + *have * size, 0, (n - *have) * size);
	*have = n;
	return v;
}

/* Something that was folded is not so any more. */
static bool is_stale(const struct pike_memory *m,
		     const struct pike_search_input *in, size_t room)
{
	return !m->s.count || m->revised != in->history->revised ||
	       m->done > in->history->nrecs || m->s.refused < room ||
	       m->s.taken > room;
}

static void forget(struct pike_memory *m, const struct pike_search_input *in)
{
	struct isles *s = &m->s;

	clear(m);
	s->k = *in->preset;
	s->n = clamp(s->k.islands, ISLANDS_MAX);
	s->count = pike_xcalloc(s->n, sizeof(*s->count));
	s->refused = SIZE_MAX;
	pike_population_init(&s->all, &s->k, s->n);
	m->revised = in->history->revised;
}

/* Makes the memory ready for the records that there are now. */
static void prepare(struct pike_memory *m, const struct pike_search_input *in)
{
	const struct pike_history *h = in->history;
	size_t limit = PER_WORKER * clamp(in->preset->parallel, PARALLEL_MAX);
	/* The lowest free number is taken; of what was in flight with it some
	 * may have been lost. */
	size_t room = h->nrecs + in->nflying + limit;
	struct isles *s = &m->s;

	if (is_stale(m, in, room))
		forget(m, in);
	s->in = in;
	s->limit = limit;
	s->room = room;
	s->cells.traits = in->traits;
	s->samples =
	    grow(s->samples, &m->nsamples, room + 1, sizeof(*s->samples));
	s->home = grow(s->home, &m->nhome, h->nrecs + 1, sizeof(*s->home));
	s->structure =
	    pike_xrealloc(s->structure, m->nhome, sizeof(*s->structure));
	for (; m->nstructures < h->nrecs; m->nstructures++)
		pike_structure_add(s->structure, h, m->nstructures);
}

static void fold_settled(struct pike_memory *m)
{
	const struct pike_history *h = m->s.in->history;
	struct isles *s = &m->s;

	for (size_t open = pike_history_open(h); m->done < open; m->done++)
		fold_record(s, m->done);
	while (s->low < s->room && s->samples[s->low].state == PIKE_SAMPLE_DONE)
		s->low++;
}

/* A copy of what is known of the settled records, with the others. */
static void begin(struct isles *s, struct pike_memory *m,
		  const struct pike_search_input *in)
{
	prepare(m, in);
	fold_settled(m);
	*s = m->s;
	s->copy = true;
	s->all.v = pike_xmemdup(s->all.v, s->all.n * sizeof(*s->all.v));
	s->all.cap = s->all.n;
	s->count = pike_xmemdup(s->count, s->n * sizeof(*s->count));
	for (size_t i = m->done; i < in->history->nrecs; i++)
		fold_record(s, i);
	fold_flying(s);
}

static void end(struct isles *s)
{
	while (s->nundo--)
		s->samples[s->undo[s->nundo].number] = s->undo[s->nundo].was;
	free(s->undo);
	free(s->count);
	pike_population_release(&s->all);
}

/* ---- parents ---- */

/* NULL: the island is empty. */
static const struct pike_member *explore(const struct isles *s, size_t island,
					 struct pike_rng *rng)
{
	return pike_population_draw(&s->all, island, false, rng);
}

static const struct pike_member *exploit(const struct isles *s, size_t island,
					 struct pike_rng *rng)
{
	const struct pike_member *m =
	    pike_population_draw(&s->all, island, true, rng);

	if (!m)
		m = pike_population_draw(&s->all, PIKE_ANY_ISLAND, true, rng);
	return m ? m : explore(s, island, rng);
}

/* A copy: that of the best one, where an island is empty, lives on it. */
static struct pike_member draw_parent(const struct isles *s, size_t island,
				      struct pike_rng *rng)
{
	const struct pike_member *m;
	struct pike_member copy;
	double u = pike_rng_unit(rng);

	if (u < s->k.explore)
		m = explore(s, island, rng);
	else if (u < s->k.explore + s->k.exploit)
		m = exploit(s, island, rng);
	else
		m = pike_population_draw(&s->all, PIKE_ANY_ISLAND, false, rng);
	if (m)
		return *m;
	copy = *pike_population_best(&s->all);
	copy.island = island;
	return copy;
}

/* ---- what else is in the prompt ---- */

struct shown {
	size_t v[SHOWN], n, max;
};

/* Once each. The base is in every prompt anyway. */
static void show(struct shown *out, const struct pike_member *m)
{
	bool known = !m || m->at == PIKE_NO_RECORD;

	for (size_t i = 0; i < out->n; i++)
		known = known || out->v[i] == m->at;
	if (!known && out->n < out->max)
		out->v[out->n++] = m->at;
}

static int near_bin(int at, struct pike_rng *rng)
{
	int moved = at - NEAR + (int)pike_rng_below(rng, 2 * NEAR + 1);

	return moved < 0 ? 0 : moved < PIKE_BINS ? moved : PIKE_BINS - 1;
}

/* One of the island in a cell not far from the parent's; NULL: nobody there. */
static const struct pike_member *draw_near(const struct isles *s,
					   const struct pike_member *parent,
					   struct pike_rng *rng)
{
	int x = near_bin(parent->cell / PIKE_BINS, rng);
	int y = near_bin(parent->cell % PIKE_BINS, rng);
	const struct pike_member *one = NULL;

	for (size_t i = 0; i < s->all.n; i++)
		if (s->all.v[i].island == parent->island &&
		    s->all.v[i].cell == x * PIKE_BINS + y)
			one = &s->all.v[i];
	return one;
}

/* Near ones, and where there are too few, any of the island's n. */
static void show_inspirations(struct shown *out, const struct isles *s,
			      const struct pike_member *parent,
			      struct pike_scored *v, size_t n,
			      struct pike_rng *rng)
{
	bool known = parent->cell != PIKE_NO_CELL;

	for (int i = 0; known && i < 3 * INSPIRATIONS; i++)
		show(out, draw_near(s, parent, rng));
	for (size_t i = 0; i < n; i++) {
		size_t k = i + (size_t)pike_rng_below(rng, n - i);
		struct pike_scored one = v[k];

		v[k] = v[i];
		show(out, &s->all.v[one.at]);
	}
}

/* The parent, the best of its island in order, then inspirations: of these the
 * reference has three, the island's best among them unless it is the parent. */
static void show_crossover(struct shown *out, const struct isles *s,
			   const struct pike_member *parent,
			   struct pike_rng *rng)
{
	size_t n;
	struct pike_scored *v =
	    pike_population_rank(&s->all, parent->island, &n);
	bool best = n && v[0].score <= parent->score;

	out->max = 1 + TOP + DIVERSE;
	for (size_t i = 0; i < n; i++)
		show(out, &s->all.v[v[i].at]);
	out->max = out->n + (best ? INSPIRATIONS : INSPIRATIONS - 1);
	if (n > INSPIRATIONS)
		show_inspirations(out, s, parent, v, n, rng);
	free(v);
}

/* ---- moves ---- */

static struct pike_rng rng_of(const struct isles *s, size_t number,
			      int64_t attempt)
{
	struct pike_rng rng;

	pike_rng_seed(&rng, s->in->run_seed ^
				((uint64_t)number * 0x9e3779b97f4a7c15ULL +
				 (uint64_t)attempt));
	return rng;
}

static void set_parents(struct pike_move *m, const struct shown *shown)
{
	if (shown->n == 1 && shown->v[0] == PIKE_NO_RECORD)
		return;
	m->parents = pike_xmemdup(shown->v, shown->n * sizeof(*shown->v));
	m->nparents = shown->n;
}

static void add_optimize(struct pike_moves *out, const struct isles *s,
			 size_t number)
{
	struct pike_rng rng = rng_of(s, number, 0);
	struct pike_move *m =
	    pike_moves_add(out, &pike_agent_optimize, pike_rng_u64(&rng));
	struct pike_member parent = draw_parent(s, number % s->n, &rng);
	struct shown shown = { .v = { parent.at }, .n = 1 };

	if (s->k.crossover)
		show_crossover(&shown, s, &parent, &rng);
	set_parents(m, &shown);
	m->order = s->in->run_seed;
	m->turn = number;
	m->slot = pike_xasprintf("%zu.%zu", parent.island, number);
}

static void add_fix(struct pike_moves *out, const struct isles *s,
		    size_t number)
{
	const struct pike_sample *p = &s->samples[number];
	struct pike_rng rng = rng_of(s, number, p->fixes + 1);
	struct pike_move *m =
	    pike_moves_add(out, &pike_agent_fix, pike_rng_u64(&rng));

	m->parents = pike_xmemdup(&p->last, sizeof(p->last));
	m->nparents = 1;
	m->slot = pike_xasprintf("%zu.%zu", s->home[p->last], number);
}

/* Samples that are asked for and not finished. */
static size_t in_flight(const struct isles *s)
{
	size_t n = 0;

	for (size_t i = s->low; i < s->room; i++)
		n += s->samples[i].state == PIKE_SAMPLE_BUSY ||
		     s->samples[i].state == PIKE_SAMPLE_FAILED;
	return n;
}

/* A fix is part of what is in flight, and so comes first. */
static void add_all(struct pike_moves *out, const struct isles *s, size_t want)
{
	size_t max = out->n + want, flying = in_flight(s);

	for (size_t i = s->low; i < s->room && out->n < max; i++)
		if (s->samples[i].state == PIKE_SAMPLE_FAILED)
			add_fix(out, s, i);
	for (size_t i = s->low;
	     i < s->room && out->n < max && flying < s->limit; i++)
		if (s->samples[i].state == PIKE_SAMPLE_FREE) {
			add_optimize(out, s, i);
			flying++;
		}
}

static int islands_next(struct pike_moves *out,
			const struct pike_search_input *in,
			struct pike_err *err)
{
	struct pike_memory own = { 0 }, *m = &own;
	struct isles s;

	(void)err;
	if (in->memory && !*in->memory)
		*in->memory = pike_xcalloc(1, sizeof(**in->memory));
	if (in->memory)
		m = *in->memory;
	begin(&s, m, in);
	if (in->want)
		add_all(out, &s, in->want);
	end(&s);
	clear(&own);
	return 0;
}

void pike_islands_describe(struct pike_buf *out, const struct pike_preset *k)
{
	pike_buf_addf(
	    out,
	    "%lld island%s, archive %lld, explore %g, exploit %g, %s, "
	    "%lld at once",
	    (long long)k->islands, k->islands == 1 ? "" : "s",
	    (long long)k->archive, k->explore, k->exploit,
	    k->crossover ? "crossover" : "mutation", (long long)k->parallel);
}

const struct pike_strategy_ops pike_strategy_islands = {
	.describe = pike_islands_describe,
	.next = islands_next,
	.traits = true,
	.flying_for = PIKE_ISLANDS_FLYING,
};
