/* SPDX-License-Identifier: Apache-2.0 */
/* PIKE-O: islands, archive, cells and migration, told by the paper, on
 * histories that a scripted world makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "search/population_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE PIKE_NO_RECORD

struct world {
	struct pike_history *h;
	struct pike_settings settings;
	struct pike_preset preset;
	struct pike_traits *traits;
	struct pike_moves moves;  /* of the last call */
	struct pike_moves flying; /* asked for, not answered */
	uint64_t seed;
	int made;
};

static void world_begin(struct world *w, const char *preset)
{
	memset(w, 0, sizeof(*w));
	w->h = pike_history_new("t", "cpu");
	assert_true(pike_preset_find(&w->preset, &w->settings, preset));
	snprintf(w->h->base.hex, sizeof(w->h->base.hex), "%040d", 0);
	w->seed = 7;
}

static void world_end(struct world *w)
{
	pike_moves_release(&w->moves);
	pike_moves_release(&w->flying);
	pike_history_free(w->h);
	free(w->traits);
}

static size_t next(struct world *w, size_t want)
{
	struct pike_search_input in = {
		.history = w->h,
		.settings = &w->settings,
		.preset = &w->preset,
		.run_seed = w->seed,
		.want = want,
		.flying = w->flying.v,
		.nflying = w->flying.n,
		.traits = w->traits,
	};

	pike_moves_release(&w->moves);
	assert_int_equal(pike_strategy_islands.next(&w->moves, &in, NULL), 0);
	assert_true(w->moves.n <= want);
	return w->moves.n;
}

/* What was asked for goes its way. */
static void fly(struct world *w)
{
	for (size_t i = 0; i < w->moves.n; i++) {
		PIKE_GROW(w->flying.v, w->flying.n, w->flying.cap);
		w->flying.v[w->flying.n++] = w->moves.v[i];
	}
	w->moves.n = 0;
}

static size_t add_by(struct world *w, const struct pike_agent *agent,
		     const char *slot, size_t parent, enum pike_verdict v,
		     double speedup)
{
	struct pike_record r = { .settled = -1, .score = NAN };

	snprintf(r.id.hex, sizeof(r.id.hex), "%040d", ++w->made);
	r.source = r.id;
	r.agent = agent;
	r.slot = pike_xstrdup(slot);
	r.parents = pike_xcalloc(1, sizeof(*r.parents));
	r.nparents = 1;
	r.parents[0] = parent == BASE ? w->h->base : w->h->recs[parent].id;
	pike_history_add(w->h, &r);
	w->h->recs[w->h->nrecs - 1].screen.verdict = v;
	if (pike_verdict_measured(v))
		w->h->recs[w->h->nrecs - 1].score = log(speedup);
	return w->h->nrecs - 1;
}

static size_t add_record(struct world *w, const char *agent, const char *slot,
			 size_t parent, enum pike_verdict v, double speedup)
{
	return add_by(w, pike_agent_find(agent), slot, parent, v, speedup);
}

static size_t parent_of(const struct pike_move *m)
{
	return m->nparents ? m->parents[0] : BASE;
}

/* The candidate of what flies i-th, judged at once. */
static size_t land(struct world *w, size_t i, enum pike_verdict v,
		   double speedup)
{
	struct pike_move m = w->flying.v[i];
	struct pike_moves gone = { .v = pike_xmemdup(&m, sizeof(m)), .n = 1 };
	size_t at = add_by(w, m.agent, m.slot, parent_of(&m), v, speedup);

	w->flying.n--;
	memmove(&w->flying.v[i], &w->flying.v[i + 1],
		(w->flying.n - i) * sizeof(m));
	pike_moves_release(&gone);
	return at;
}

static void read_slot(const char *slot, size_t *island, size_t *number)
{
	char rest;

	assert_int_equal(sscanf(slot, "%zu.%zu%c", island, number, &rest), 2);
}

static size_t island_of(const char *slot)
{
	size_t island, number;

	read_slot(slot, &island, &number);
	return island;
}

/* n solutions in slots of their own, island by island; score(i) grows where
 * `step` is positive. */
static void add_solutions(struct world *w, size_t n, double step)
{
	size_t islands = (size_t)w->preset.islands;

	for (size_t i = 0; i < n; i++) {
		char slot[64];

		snprintf(slot, sizeof(slot), "%zu.%zu", i % islands, i);
		add_record(w, "optimize", slot, BASE, PIKE_V_SAME,
			   1.1 + step * (double)i);
	}
}

/* Is a count of n draws with chance p within five standard deviations? */
static void check_share(size_t count, size_t n, double p)
{
	double mean = (double)n * p, sd = sqrt(mean * (1 - p));

	if (fabs((double)count - mean) > 5 * sd + 1e-9)
		fail_msg("%zu of %zu, expected %.1f +- %.1f", count, n, mean,
			 sd);
}

/* ---- the start ---- */

struct shape {
	const char *preset;
	size_t islands, flying, archive;
	int64_t fixes;
	bool crossover;
};
static const struct shape shapes[] = {
	{ "pike-o", 3, 40, 12, 5, true },
	{ "pike-o-no-efa", 3, 40, 12, 0, true },
	{ "pike-o-mut", 3, 40, 12, 5, false },
	{ "pike-o-mut-npar", 3, 2, 12, 5, false },
	{ "pike-o-mut-npar-1isl", 1, 2, 12, 5, false },
	{ "pike-o-mut-npar-1isl-eo", 1, 2, 12, 5, false },
	{ "pike-o-mut-npar-1isl-eo-sl", 1, 2, 4, 5, false },
};

/* All that fly at once have the base as their parent, island after island. */
static void test_start(void **state)
{
	(void)state;
	for (size_t p = 0; p < PIKE_ARRAY_LEN(shapes); p++) {
		struct world w;
		size_t moved = 0;

		world_begin(&w, shapes[p].preset);
		assert_int_equal(next(&w, 1000), shapes[p].flying);
		for (size_t i = 0; i < w.moves.n; i++) {
			const struct pike_move *m = &w.moves.v[i];
			size_t island, number;

			assert_string_equal(m->agent->name, "optimize");
			assert_int_equal(m->nparents, 0);
			read_slot(m->slot, &island, &number);
			assert_int_equal(number, i);
			/* Neighbours go different ways. */
			assert_int_equal(m->turn, i);
			assert_true(m->order == w.seed);
			assert_true(island < shapes[p].islands);
			moved += island != number % shapes[p].islands;
		}
		/* By chance from all: a tenth, of which a third stays. */
		assert_true(moved <= w.moves.n / 4);
		world_end(&w);
	}
}

/* ---- what is in flight ---- */

static void test_in_flight(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w, "pike-o-mut-npar");
	assert_int_equal(next(&w, 1), 1);
	fly(&w);
	assert_int_equal(next(&w, 100), 1);
	fly(&w);
	assert_int_equal(next(&w, 100), 0);
	/* Without its verdict it still is; so it is while it can be mended. */
	land(&w, 0, PIKE_V_PENDING, 0);
	assert_int_equal(next(&w, 100), 0);
	w.h->recs[0].screen.verdict = PIKE_V_CRASH;
	assert_int_equal(next(&w, 100), 1);
	assert_string_equal(w.moves.v[0].agent->name, "fix");
	fly(&w);
	land(&w, 1, PIKE_V_SLOWER, 0.8);
	assert_int_equal(next(&w, 100), 1);
	assert_string_equal(w.moves.v[0].agent->name, "optimize");
	/* Unusable: over, and its number is used. */
	fly(&w);
	land(&w, 1, PIKE_V_UNUSABLE, 0);
	assert_int_equal(next(&w, 100), 1);
	assert_non_null(strstr(w.moves.v[0].slot, ".3"));
	/* Interrupted: as if it had not been asked for. */
	fly(&w);
	land(&w, 1, PIKE_V_NONE, 0);
	assert_int_equal(next(&w, 100), 1);
	assert_non_null(strstr(w.moves.v[0].slot, ".3"));
	world_end(&w);
}

/* A call that was lost leaves its number to the next. */
static void test_lost(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w, "pike-o");
	next(&w, 40);
	fly(&w);
	land(&w, 39, PIKE_V_BUILD, 0);
	pike_moves_release(&w.flying);
	assert_int_equal(next(&w, 3), 3);
	assert_string_equal(w.moves.v[0].agent->name, "fix");
	assert_non_null(strstr(w.moves.v[0].slot, ".39"));
	assert_non_null(strstr(w.moves.v[1].slot, ".0"));
	assert_non_null(strstr(w.moves.v[2].slot, ".1"));
	world_end(&w);
}

static void test_fixes(void **state)
{
	char slot[64];
	struct world w;
	size_t last;

	(void)state;
	world_begin(&w, "pike-o-mut-npar-1isl");
	assert_int_equal(next(&w, 1), 1);
	snprintf(slot, sizeof(slot), "%s", w.moves.v[0].slot);
	fly(&w);
	last = land(&w, 0, PIKE_V_BUILD, 0);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(next(&w, 1), 1);
		assert_string_equal(w.moves.v[0].agent->name, "fix");
		assert_string_equal(w.moves.v[0].slot, slot);
		assert_int_equal(w.moves.v[0].nparents, 1);
		assert_int_equal(w.moves.v[0].parents[0], last);
		fly(&w);
		last = land(&w, 0, i % 2 ? PIKE_V_WRONG : PIKE_V_TIMEOUT, 0);
	}
	/* Then it is given up, and no parent. */
	assert_int_equal(next(&w, 100), 2);
	assert_string_equal(w.moves.v[0].agent->name, "optimize");
	assert_int_equal(w.moves.v[0].nparents, 0);
	world_end(&w);
	world_begin(&w, "pike-o-no-efa");
	next(&w, 40);
	fly(&w);
	land(&w, 0, PIKE_V_BUILD, 0);
	assert_int_equal(next(&w, 100), 1);
	assert_string_equal(w.moves.v[0].agent->name, "optimize");
	world_end(&w);
}

/* The confirmation comes later, and its failure is one of the sample's. */
static void test_fails_confirmation(void **state)
{
	struct world w;
	size_t at;

	(void)state;
	world_begin(&w, "pike-o-mut-npar-1isl-eo");
	next(&w, 1);
	fly(&w);
	at = land(&w, 0, PIKE_V_FASTER, 2);
	assert_int_equal(next(&w, 1), 1);
	assert_int_equal(parent_of(&w.moves.v[0]), at);
	w.h->recs[at].confirm.verdict = PIKE_V_WRONG;
	w.h->recs[at].score = NAN;
	assert_int_equal(next(&w, 2), 2);
	assert_string_equal(w.moves.v[0].agent->name, "fix");
	assert_int_equal(parent_of(&w.moves.v[0]), at);
	/* And it is nobody else's parent any more. */
	assert_string_equal(w.moves.v[1].agent->name, "optimize");
	assert_int_equal(parent_of(&w.moves.v[1]), BASE);
	world_end(&w);
}

/* ---- parents ---- */

/* Draws `n` parents at once; counts those that `fits` says yes to. */
static size_t count_parents(struct world *w, size_t n,
			    bool (*fits)(const struct world *,
					 const struct pike_move *))
{
	size_t count = 0;

	w->preset.parallel = (int64_t)n / 2;
	assert_int_equal(next(w, n), n);
	for (size_t i = 0; i < n; i++)
		count += fits(w, &w->moves.v[i]);
	return count;
}

static bool is_base(const struct world *w, const struct pike_move *m)
{
	(void)w;
	return parent_of(m) == BASE;
}

/* The last four of 24: the best, where scores grow. */
static bool is_last_four(const struct world *w, const struct pike_move *m)
{
	return parent_of(m) != BASE && parent_of(m) + 4 >= w->h->nrecs;
}

static bool is_last(const struct world *w, const struct pike_move *m)
{
	return parent_of(m) + 1 == w->h->nrecs;
}

/* The island that the sample was drawn for is not its parent's. */
static bool is_elsewhere(const struct world *w, const struct pike_move *m)
{
	size_t island, number;

	read_slot(m->slot, &island, &number);
	return island != number % (size_t)w->preset.islands;
}

/* 24 solutions and the base, of which the best four are elites. */
static void test_shares(void **state)
{
	struct world w;
	size_t n = 4000;
	double rest = 0.3;

	(void)state;
	world_begin(&w, "pike-o-mut-npar-1isl");
	w.preset.archive = 4;
	/* No cells: all have unknown traits. */
	w.traits = pike_xcalloc(24, sizeof(*w.traits));
	add_solutions(&w, 24, 0.1);
	check_share(count_parents(&w, n, is_last_four), n, 0.7 + rest * 4 / 25);
	check_share(count_parents(&w, n, is_last), n, 0.7 / 4 + rest / 25);
	check_share(count_parents(&w, n, is_base), n, rest / 25);
	w.preset.explore = 1;
	check_share(count_parents(&w, n, is_last), n, 1.0 / 25);
	w.preset.explore = w.preset.exploit = 0;
	check_share(count_parents(&w, n, is_last), n, 1.0 / 25);
	world_end(&w);
}

/* Exploitation is of the archive alone, never of the base. */
static void test_exploit_only(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w, "pike-o-mut-npar-1isl-eo-sl");
	w.traits = pike_xcalloc(24, sizeof(*w.traits));
	add_record(&w, "optimize", "0.0", BASE, PIKE_V_WRONG, 0);
	w.preset.fixes = 0;
	/* Nothing else is there. */
	assert_int_equal(count_parents(&w, 100, is_base), 100);
	add_record(&w, "optimize", "0.1", BASE, PIKE_V_SLOWER, 0.1);
	assert_int_equal(count_parents(&w, 100, is_base), 0);
	assert_int_equal(count_parents(&w, 100, is_last), 100);
	add_solutions(&w, 22, 0.1);
	assert_int_equal(count_parents(&w, 100, is_last_four), 100);
	world_end(&w);
}

/* Islands are drawn for in turn, and left by chance alone. */
static void test_islands_apart(void **state)
{
	struct world w;
	size_t n = 3000;

	(void)state;
	world_begin(&w, "pike-o-mut");
	w.preset.population = 1000;
	w.traits = pike_xcalloc(31, sizeof(*w.traits));
	add_solutions(&w, 30, 0);
	check_share(count_parents(&w, n, is_elsewhere), n, 0.1 * 2 / 3);
	w.preset.explore = w.preset.exploit = 0.25;
	check_share(count_parents(&w, n, is_elsewhere), n, 0.5 * 2 / 3);
	w.preset.exploit = 0;
	check_share(count_parents(&w, n, is_elsewhere), n, 0.75 * 2 / 3);
	w.preset.explore = 1;
	assert_int_equal(count_parents(&w, n, is_elsewhere), 0);
	for (size_t i = 0; i < n; i++)
		if (parent_of(&w.moves.v[i]) != BASE)
			assert_int_equal(parent_of(&w.moves.v[i]) % 3,
					 island_of(w.moves.v[i].slot));
	/* Elites of the third island alone: then all go there. */
	w.preset.explore = 0;
	w.preset.exploit = 1;
	w.preset.archive = 1;
	add_record(&w, "optimize", "2.30", BASE, PIKE_V_FASTER, 9);
	assert_int_equal(count_parents(&w, n, is_last), n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(island_of(w.moves.v[i].slot), 2);
	world_end(&w);
}

/* Whose members were all too slow: it starts again from the best. */
static void test_empty_island(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w, "pike-o-mut");
	w.preset.population = 2;
	w.preset.explore = 1;
	add_record(&w, "optimize", "1.0", BASE, PIKE_V_FASTER, 2);
	add_record(&w, "optimize", "1.1", BASE, PIKE_V_FASTER, 3);
	assert_int_equal(next(&w, 40), 40);
	for (size_t i = 0; i < 40; i++) {
		size_t island, number;

		read_slot(w.moves.v[i].slot, &island, &number);
		assert_int_equal(island, number % 3);
		assert_true(island == 1 || parent_of(&w.moves.v[i]) == 1);
	}
	world_end(&w);
}

/* A person's and the tuner's candidates live with their parent; failed and
 * unconfirmed ones nowhere. */
static void test_outsiders(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w, "pike-o-mut");
	w.preset.explore = 1;
	add_record(&w, "optimize", "2.0", BASE, PIKE_V_FASTER, 2);
	add_record(&w, "tune", "", 0, PIKE_V_FASTER, 3);
	add_record(&w, "human", "9", 1, PIKE_V_BUILD, 0);
	add_record(&w, "human", "0.1", BASE, PIKE_V_FASTER, 4);
	w.h->recs[3].score = NAN; /* as of what fails when it is confirmed */
	count_parents(&w, 600, is_base);
	for (size_t i = 0; i < w.moves.n; i++) {
		size_t parent = parent_of(&w.moves.v[i]);

		assert_true(parent == BASE || parent < 2);
		assert_true(parent == BASE ||
			    island_of(w.moves.v[i].slot) == 2);
	}
	w.preset.explore = 0;
	w.preset.exploit = 1;
	assert_int_equal(count_parents(&w, 100, is_base), 0);
	world_end(&w);
}

/* ---- migration ---- */

static size_t distance(size_t a, size_t b, size_t n)
{
	size_t d = a > b ? a - b : b - a;

	return d < n - d ? d : n - d;
}

/* How many of many explored parents live on an island that is not theirs; of
 * 3 islands all are neighbours, of 5 two are not. */
static size_t count_migrants(struct world *w)
{
	size_t n = (size_t)w->preset.islands, count = 0;

	count_parents(w, 2000, is_base);
	for (size_t i = 0; i < w->moves.n; i++) {
		size_t parent = parent_of(&w->moves.v[i]);
		size_t away = parent == BASE
				  ? 0
				  : distance(parent % n,
					     island_of(w->moves.v[i].slot), n);

		assert_true(away <= 1);
		count += away;
	}
	return count;
}

/* The first island's counter has 50 after 130, in turns of ten. */
static void test_migration(void **state)
{
	struct world w;
	size_t first;

	(void)state;
	world_begin(&w, "pike-o-mut");
	w.preset.explore = 1;
	w.preset.population = 10000;
	add_solutions(&w, 129, 0.01);
	assert_int_equal(count_migrants(&w), 0);
	w.preset.islands = 3;
	add_record(&w, "optimize", "0.129", BASE, PIKE_V_BUILD, 0);
	/* It may be mended yet, and no code at all never counts. */
	assert_int_equal(count_migrants(&w), 0);
	w.h->recs[129].screen.verdict = PIKE_V_UNUSABLE;
	assert_int_equal(count_migrants(&w), 0);
	w.h->recs[129].screen.verdict = PIKE_V_BUILD;
	w.preset.fixes = 0;
	first = count_migrants(&w);
	/* Four from each of 43, to both sides: eight came to 44 with the base.
	 */
	check_share(first, 2000, 8.0 / 52);
	w.preset.migration_rate = 0;
	assert_int_equal(count_migrants(&w), 0);
	w.preset.migration_rate = 0.1;
	w.preset.migration_interval = 0;
	assert_int_equal(count_migrants(&w), 0);
	world_end(&w);
}

/* Each goes to both neighbours and no further, however often. */
static void test_no_second_migration(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w, "pike-o-mut");
	w.preset.explore = 1;
	w.preset.population = 10000;
	w.preset.islands = 5;
	w.preset.migration_interval = 10;
	w.preset.migration_rate = 0.5;
	add_solutions(&w, 400, -0.001);
	assert_true(count_migrants(&w) > 200);
	world_end(&w);
	/* One island has no neighbours, and two have one each. */
	world_begin(&w, "pike-o-mut-npar-1isl");
	w.preset.migration_interval = 1;
	w.preset.population = 10000;
	add_solutions(&w, 100, 0);
	w.preset.explore = 1;
	check_share(count_parents(&w, 4000, is_base), 4000, 1.0 / 101);
	world_end(&w);
}

/* ---- crossover ---- */

static void check_crossover(const struct world *w, const struct pike_move *m)
{
	double last = INFINITY;

	/* The parent and five; three more, or two where the best is of them. */
	assert_int_equal(m->nparents, m->parents[0] + 3 >= w->h->nrecs ? 9 : 8);
	for (size_t i = 1; i < m->nparents; i++) {
		assert_true(m->parents[i] != BASE);
		assert_int_equal(m->parents[i] % 3, island_of(m->slot));
		for (size_t k = 0; k < i; k++)
			assert_true(m->parents[i] != m->parents[k]);
		/* The best three, the next two. */
		if (i > 5)
			continue;
		assert_true(w->h->recs[m->parents[i]].score <= last);
		last = w->h->recs[m->parents[i]].score;
	}
}

static void test_crossover(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w, "pike-o");
	w.preset.population = 100;
	w.preset.explore = 1;
	add_solutions(&w, 40, 0.1);
	assert_int_equal(next(&w, 40), 40);
	for (size_t i = 0; i < 40; i++)
		check_crossover(&w, &w.moves.v[i]);
	world_end(&w);
	/* What there is of a small island; of none the base alone. */
	world_begin(&w, "pike-o");
	w.preset.explore = 1;
	add_solutions(&w, 1, 0);
	assert_int_equal(next(&w, 40), 40);
	for (size_t i = 0; i < 40; i++) {
		const struct pike_move *m = &w.moves.v[i];

		if (island_of(m->slot))
			assert_int_equal(m->nparents, 0);
		else if (m->nparents == 2)
			assert_true(m->parents[0] == BASE && !m->parents[1]);
		else
			assert_true(m->nparents == 1 && !m->parents[0]);
	}
	world_end(&w);
}

/* ---- whole searches ---- */

struct tally {
	size_t samples, fixes, moves;
	uint64_t hash;
};

static void check_move(const struct world *w, const struct pike_move *m,
		       const struct shape *s, struct tally *t)
{
	size_t parent = parent_of(m), island, number;

	read_slot(m->slot, &island, &number);
	assert_true(island < s->islands);
	t->moves++;
	t->hash = (t->hash ^ m->seed ^ parent ^ island) * 0x100000001b3ULL;
	if (m->agent->mends) {
		t->fixes++;
		assert_false(
		    pike_verdict_measured(w->h->recs[parent].screen.verdict));
		return;
	}
	assert_string_equal(m->agent->name, "optimize");
	assert_int_equal(number, t->samples);
	t->samples++;
	for (size_t i = 0; i < m->nparents; i++)
		assert_true(m->parents[i] == BASE ||
			    isfinite(w->h->recs[m->parents[i]].score));
	assert_true(s->crossover || m->nparents <= 1);
}

/* Ends in any order: one in three fails, one in twenty says nothing. */
static void land_any(struct world *w, struct pike_rng *rng)
{
	size_t i = (size_t)pike_rng_below(rng, w->flying.n);
	uint64_t luck = pike_rng_below(rng, 60);

	land(w, i,
	     luck < 20	 ? PIKE_V_WRONG
	     : luck < 23 ? PIKE_V_UNUSABLE
			 : PIKE_V_SAME,
	     exp(pike_rng_normal(rng)));
}

static struct tally search_all(const struct shape *s, uint64_t seed)
{
	struct tally t = { 0 };
	struct pike_rng rng;
	struct world w;

	world_begin(&w, s->preset);
	w.seed = seed;
	pike_rng_seed(&rng, 99);
	while (t.samples < 300) {
		next(&w, 1 + (size_t)pike_rng_below(&rng, 50));
		for (size_t i = 0; i < w.moves.n; i++)
			check_move(&w, &w.moves.v[i], s, &t);
		fly(&w);
		assert_true(w.flying.n > 0 && w.flying.n <= s->flying);
		land_any(&w, &rng);
	}
	world_end(&w);
	return t;
}

static void test_searches(void **state)
{
	(void)state;
	for (size_t p = 0; p < PIKE_ARRAY_LEN(shapes); p++) {
		struct tally a = search_all(&shapes[p], 1);
		struct tally b = search_all(&shapes[p], 1);
		struct tally c = search_all(&shapes[p], 2);

		assert_memory_equal(&a, &b, sizeof(a));
		assert_true(a.hash != c.hash);
		if (!shapes[p].fixes)
			assert_int_equal(a.fixes, 0);
		else /* a third fails, and a third of the fixes */
			check_share(a.fixes, a.moves, 1.0 / 3);
	}
}

/* ---- odd preset and hostile slots ---- */

static void test_odd_settings(void **state)
{
	static const struct pike_preset odd[] = {
		{ .islands = 0, .fixes = -1 },
		{ .islands = -5, .population = 1, .archive = -1, .exploit = 1 },
		{ .islands = 2000000000,
		  .population = 1,
		  .explore = NAN,
		  .exploit = NAN },
		{ .islands = 3,
		  .population = 1,
		  .archive = 100,
		  .parallel = 3,
		  .exploit = 7,
		  .crossover = true },
		{ .islands = 2,
		  .population = 5,
		  .archive = 3,
		  .explore = 1,
		  .migration_interval = 1,
		  .migration_rate = 1e300,
		  .parallel = INT64_MAX,
		  .crossover = true },
		{ .islands = 1, .migration_interval = -1, .explore = -1 },
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(odd); i++) {
		struct world w;

		world_begin(&w, "pike-o");
		w.preset = odd[i];
		assert_int_equal(next(&w, 0), 0);
		for (int k = 0; k < 60; k++) {
			next(&w, 5);
			fly(&w);
			assert_true(w.flying.n > 0);
			land(&w, 0, k % 3 ? PIKE_V_SAME : PIKE_V_BUILD,
			     1 + k / 7.0);
		}
		world_end(&w);
	}
}

static void test_hostile_slots(void **state)
{
	static const char *const slots[] = {
		"",	  ".",	     "1.",  ".1",
		"-1.0",	  "1.0x",    "1 1", "99999999999999999999.0",
		"0.9999", "1.-0",    "3",   "1.99999999999999999999",
		"7.0",	  "0x0.0x0", "0.1", "brainstorm",
	};
	struct world w;

	(void)state;
	world_begin(&w, "pike-o");
	for (size_t i = 0; i < PIKE_ARRAY_LEN(slots); i++) {
		add_record(&w, "optimize", slots[i], BASE, PIKE_V_FASTER, 2);
		add_record(&w, "fix", slots[i], i, PIKE_V_BUILD, 0);
	}
	add_record(&w, "optimize", "0.2", BASE, PIKE_V_FASTER, NAN);
	free(w.h->recs[3].slot);
	w.h->recs[3].slot = NULL;
	w.h->recs[3].agent = &pike_agent_unknown;
	/* Two of them are samples that may be mended: 0 and 1. */
	assert_int_equal(next(&w, 100), 40);
	assert_string_equal(w.moves.v[0].agent->name, "fix");
	assert_string_equal(w.moves.v[0].slot, "1.0");
	assert_string_equal(w.moves.v[1].slot, "0.1");
	assert_string_equal(w.moves.v[2].agent->name, "optimize");
	assert_non_null(strstr(w.moves.v[2].slot, ".3"));
	world_end(&w);
}

/* ---- the library by itself ---- */

static size_t elites(const struct pike_population *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += p->v[i].elite;
	return n;
}

/* Without cells the archive holds the best of all that ever came. */
static void test_archive(void **state)
{
	struct pike_preset k = { .population = 25, .archive = 12 };
	struct pike_population p;
	struct pike_rng rng;
	size_t n;

	(void)state;
	pike_rng_seed(&rng, 5);
	pike_population_init(&p, &k, 1);
	for (size_t i = 0; i < 200; i++) {
		struct pike_scored *r;

		pike_population_add(&p, i, pike_rng_normal(&rng), 0,
				    PIKE_NO_CELL);
		assert_int_equal(p.n, i + 2 < 25 ? i + 2 : 25);
		assert_int_equal(elites(&p), i < 12 ? i + 1 : 12);
		r = pike_population_rank(&p, 0, &n);
		for (size_t e = 0, met = 0; e < n && met < elites(&p); e++) {
			assert_true(p.v[r[e].at].elite ||
				    p.v[r[e].at].at == BASE);
			met += p.v[r[e].at].elite;
		}
		free(r);
	}
	for (size_t i = 0; i < p.n; i++)
		assert_true(!p.v[i].elite || p.v[i].at != BASE);
	pike_population_release(&p);
}

static const struct pike_member *member(const struct pike_population *p,
					size_t at)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].at == at)
			return &p->v[i];
	return NULL;
}

/* Who wins a cell takes the loser's place in the archive, not the worst's. */
static void test_cell_swap(void **state)
{
	struct pike_preset k = { .population = 9, .archive = 2 };
	struct pike_population p;

	(void)state;
	pike_population_init(&p, &k, 1);
	pike_population_add(&p, 0, 1.0, 0, 3);
	pike_population_add(&p, 1, 2.0, 0, 4);
	assert_int_equal(elites(&p), 2);
	/* Slower than the cell's, faster than none: stays out. */
	pike_population_add(&p, 2, 0.5, 0, 4);
	assert_false(member(&p, 2)->elite || member(&p, 2)->holds);
	pike_population_add(&p, 3, 3.0, 0, 4);
	assert_true(member(&p, 3)->elite && member(&p, 3)->holds);
	assert_true(member(&p, 0)->elite && !member(&p, 1)->elite);
	assert_false(member(&p, 1)->holds);
	/* The first of its cell: the worst goes. */
	pike_population_add(&p, 4, 2.5, 0, 7);
	assert_true(member(&p, 4)->elite && !member(&p, 0)->elite);
	assert_true(member(&p, 0)->holds);
	pike_population_release(&p);
}

/* The slowest go, but never the best, nor who has just come. */
static void test_population(void **state)
{
	struct pike_preset k = { .population = 3, .archive = 0 };
	struct pike_population p;

	(void)state;
	pike_population_init(&p, &k, 2);
	pike_population_add(&p, 0, 5, 0, PIKE_NO_CELL);
	pike_population_add(&p, 1, -1, 0, PIKE_NO_CELL);
	assert_int_equal(p.n, 3);
	assert_non_null(member(&p, 1));
	pike_population_add(&p, 2, -2, 1, PIKE_NO_CELL);
	assert_null(member(&p, 1));
	assert_non_null(member(&p, 0));
	assert_non_null(member(&p, 2));
	assert_int_equal(elites(&p), 0);
	assert_ptr_equal(pike_population_best(&p), member(&p, 0));
	pike_population_release(&p);
	k.population = 1;
	pike_population_init(&p, &k, 1);
	pike_population_add(&p, 0, 5, 0, PIKE_NO_CELL);
	assert_int_equal(p.n, 1);
	pike_population_add(&p, 1, -1, 0, PIKE_NO_CELL);
	assert_int_equal(p.n, 2);
	pike_population_add(&p, 2, 6, 0, PIKE_NO_CELL);
	assert_int_equal(p.n, 1);
	pike_population_release(&p);
}

static void test_traits(void **state)
{
	struct pike_files f = { 0 };
	struct pike_traits t[4];
	struct pike_cells c = { .traits = t };

	(void)state;
	pike_traits_of(&t[3], &f);
	assert_int_equal(t[3].bytes, 0);
	pike_files_add(&f, "a.c", "ab\na\n", 5);
	pike_traits_of(&t[0], &f);
	pike_files_add(&f, "b.c", "\xff\n", 2);
	pike_traits_of(&t[1], &f);
	assert_int_equal(t[1].bytes, 7);
	assert_int_equal(t[1].lines, 3);
	assert_true(t[1].chars[1] == (UINT64_C(3) << ('a' - 64)));
	assert_true(t[1].chars[3] == UINT64_C(1) << 63);
	pike_files_release(&f);
	t[2] = t[0];
	t[2].bytes = 6;
	/* Alone in the middle; then scaled to what was seen. */
	assert_int_equal(pike_cells_place(&c, 0, 1), 5 * PIKE_BINS + 5);
	/* longest; unlike by 0.1 * 2 + 10 * 1 + 0.5 */
	assert_int_equal(pike_cells_place(&c, 1, 1), 9 * PIKE_BINS + 9);
	/* half as long; unlike by (0.1 + 0.1 + 10.5) / 2 = 5.35 of 10.7 */
	assert_int_equal(pike_cells_place(&c, 2, 1), 5 * PIKE_BINS + 5);
	assert_int_equal(pike_cells_place(&c, 3, 1), PIKE_NO_CELL);
}

static void test_cells_without_traits(void **state)
{
	struct pike_cells c = { 0 };

	(void)state;
	assert_int_equal(pike_cells_place(&c, 0, 0.3), 5 * PIKE_BINS);
	assert_int_equal(pike_cells_place(&c, 1, 1.3), 9 * PIKE_BINS);
	assert_int_equal(pike_cells_place(&c, 2, -0.7), 0);
	assert_int_equal(pike_cells_place(&c, 3, 0.51), 6 * PIKE_BINS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_in_flight),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_fixes),
		cmocka_unit_test(test_fails_confirmation),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_exploit_only),
		cmocka_unit_test(test_islands_apart),
		cmocka_unit_test(test_empty_island),
		cmocka_unit_test(test_outsiders),
		cmocka_unit_test(test_migration),
		cmocka_unit_test(test_no_second_migration),
		cmocka_unit_test(test_crossover),
		cmocka_unit_test(test_searches),
		cmocka_unit_test(test_odd_settings),
		cmocka_unit_test(test_hostile_slots),
		cmocka_unit_test(test_archive),
		cmocka_unit_test(test_cell_swap),
		cmocka_unit_test(test_population),
		cmocka_unit_test(test_traits),
		cmocka_unit_test(test_cells_without_traits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
