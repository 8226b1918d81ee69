/* SPDX-License-Identifier: Apache-2.0 */
/* PIKE-B: the shape of rounds, told by the paper, on histories that a
 * scripted world makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "search/search_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const three[] = { "tile", "fuse", "vectors" };

struct world {
	struct pike_history *h;
	struct pike_settings settings;
	struct pike_preset preset;
	struct pike_strs ideas;
	bool know_ideas;
	struct pike_moves moves; /* of the last call */
	int made;
};

static void world_begin(struct world *w, const char *preset, size_t nideas)
{
	memset(w, 0, sizeof(*w));
	w->h = pike_history_new("t", "cpu");
	assert_true(pike_preset_find(&w->preset, &w->settings, preset));
	for (size_t i = 0; i < nideas; i++)
		pike_strs_push(&w->ideas, three[i % 3]);
	w->know_ideas = nideas > 0;
	w->h->ngens = 1;
}

static void world_end(struct world *w)
{
	pike_moves_release(&w->moves);
	pike_strs_release(&w->ideas);
	w->h->ngens = 0;
	pike_history_free(w->h);
}

static struct pike_search_input input(const struct world *w, size_t want)
{
	return (struct pike_search_input){
		.history = w->h,
		.settings = &w->settings,
		.preset = &w->preset,
		.run_seed = 7,
		.ideas = w->know_ideas ? &w->ideas : NULL,
		.want = want,
	};
}

static size_t next(struct world *w, size_t want)
{
	struct pike_search_input in = input(w, want);

	pike_moves_release(&w->moves);
	assert_int_equal(pike_strategy_rounds.next(&w->moves, &in, NULL), 0);
	assert_true(w->moves.n <= want);
	return w->moves.n;
}

static bool closed(const struct world *w)
{
	struct pike_search_input in = input(w, 0);

	return pike_strategy_rounds.closed(&in);
}

/* A candidate of a move, judged at once. */
static size_t answer(struct world *w, size_t move, enum pike_verdict v,
		     double speedup)
{
	const struct pike_move *m = &w->moves.v[move];
	struct pike_record r = { .generation = (int64_t)w->h->ngens,
				 .settled = -1 };
	struct pike_score s = { .verdict = v };
	char id[41];

	snprintf(id, sizeof(id), "%040d", ++w->made);
	snprintf(r.id.hex, sizeof(r.id.hex), "%s", id);
	snprintf(r.source.hex, sizeof(r.source.hex), "%s", id);
	r.agent = m->agent;
	r.slot = m->slot ? pike_xstrdup(m->slot) : NULL;
	r.score = NAN;
	if (pike_verdict_measured(v))
		s.ratio = (struct pike_ratio){ speedup, speedup, speedup };
	s.vs = w->h->base;
	pike_history_add(w->h, &r);
	w->h->recs[w->h->nrecs - 1].screen = s;
	if (pike_verdict_measured(v))
		w->h->recs[w->h->nrecs - 1].score = log(speedup);
	return w->h->nrecs - 1;
}

static void answer_all(struct world *w, enum pike_verdict v)
{
	for (size_t i = 0; i < w->moves.n; i++)
		answer(w, i, v, 1 + 0.1 * (double)i);
}

/* How many moves have the n-th different parent, in order: "3 3 2 2". */
static void check_parents(const struct world *w, const char *wanted)
{
	struct pike_buf b;
	size_t run = 0;

	pike_buf_init(&b, 256);
	for (size_t i = 0; i < w->moves.n; i++) {
		const struct pike_move *m = &w->moves.v[i], *l = m + 1;

		run++;
		if (i + 1 < w->moves.n && l->nparents == m->nparents &&
		    (!m->nparents || l->parents[0] == m->parents[0]))
			continue;
		pike_buf_addf(&b, "%s%zu", b.len ? " " : "", run);
		if (m->nparents)
			pike_buf_addf(&b, "@%zu", m->parents[0]);
		run = 0;
	}
	assert_string_equal(b.s, wanted);
	pike_buf_release(&b);
}

static void test_bins(void **state)
{
	(void)state;
	for (size_t n = 1; n < 20; n++)
		for (size_t bins = 1; bins <= n; bins++) {
			size_t count[20] = { 0 };

			for (size_t i = 0; i < n; i++) {
				assert_true(pike_bin(i, n, bins) < bins);
				count[pike_bin(i, n, bins)]++;
			}
			for (size_t b = 0; b < bins; b++)
				assert_int_equal(count[b],
						 n / bins + (b < n % bins));
		}
}

static void test_presets(void **state)
{
	struct pike_settings s = { 0 };
	struct pike_strategy own = { .name = (char *)"mine",
				     .preset = (char *)"pike-b-no-efa",
				     .selector = (char *)"roulette",
				     .samples = 6,
				     .parents = -1,
				     .islands = -1,
				     .population = -1,
				     .archive = -1,
				     .migration_interval = -1,
				     .parallel = -1,
				     .fix_attempts = -1,
				     .ideas = -1,
				     .history = -1,
				     .elitism = 1,
				     .profile = -1,
				     .explore = -1,
				     .exploit = -1,
				     .migration_rate = -1 };
	struct pike_preset k;
	size_t n = 0;

	(void)state;
	while (pike_preset_at(n))
		n++;
	assert_int_equal(n, 15);
	s.strategies = &own;
	s.nstrategies = 1;
	assert_true(pike_preset_find(&k, &s, "mine"));
	assert_string_equal(k.name, "mine");
	assert_int_equal(k.samples, 6);
	assert_int_equal(k.parents, 4);
	assert_int_equal(k.fixes, 0);
	assert_true(k.elitism);
	assert_int_equal(k.selector, PIKE_SELECT_ROULETTE);
	assert_true(pike_preset_find(&k, &s, "pike-o-mut-npar-1isl-eo-sl"));
	assert_int_equal(k.archive, 4);
	assert_int_equal(k.islands, 1);
	assert_true(pike_preset_find(&k, &s, "tune"));
	assert_false(k.asks);
	assert_false(pike_preset_find(&k, &s, "nothing"));
}

/* One brainstorm, then ten optimizations of the base, with an idea each. */
static void test_first_round(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w, "pike-b", 0);
	assert_int_equal(next(&w, 10), 1);
	assert_string_equal(w.moves.v[0].agent->name, "brainstorm");
	answer(&w, 0, PIKE_V_NONE, 0);
	/* The ideas are not there yet: nothing to do, and not asked twice. */
	assert_int_equal(next(&w, 10), 0);
	for (int i = 0; i < 3; i++)
		pike_strs_push(&w.ideas, three[i]);
	w.know_ideas = true;
	assert_int_equal(next(&w, 100), 10);
	for (size_t i = 0; i < 10; i++) {
		char slot[8];

		snprintf(slot, sizeof(slot), "%zu", i);
		assert_string_equal(w.moves.v[i].agent->name, "optimize");
		assert_string_equal(w.moves.v[i].slot, slot);
		assert_int_equal(w.moves.v[i].turn, i);
		assert_true(w.moves.v[i].order == w.moves.v[0].order);
		/* 4, 3, 3 */
		assert_string_equal(w.moves.v[i].idea, three[i < 4   ? 0
							     : i < 7 ? 1
								     : 2]);
	}
	check_parents(&w, "10");
	assert_false(closed(&w));
	world_end(&w);
}

static void test_no_ideas(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w, "pike-b-no-iba", 0);
	assert_int_equal(next(&w, 100), 10);
	assert_null(w.moves.v[0].idea);
	world_end(&w);
	/* A brainstorm whose list was empty costs the ideas, not the search. */
	world_begin(&w, "pike-b", 0);
	w.know_ideas = true;
	assert_int_equal(next(&w, 100), 10);
	assert_null(w.moves.v[0].idea);
	world_end(&w);
}

/* Five attempts to mend what fails, each of the one before; what works, or
 * left no code, is done. */
static void test_fixes(void **state)
{
	struct world w;
	size_t last;

	(void)state;
	world_begin(&w, "pike-b", 3);
	assert_int_equal(next(&w, 100), 10);
	last = answer(&w, 0, PIKE_V_BUILD, 0);
	answer(&w, 1, PIKE_V_UNUSABLE, 0);
	for (size_t i = 2; i < 10; i++)
		answer(&w, i, PIKE_V_SLOWER, 0.9);
	for (int i = 0; i < 5; i++) {
		assert_false(closed(&w));
		assert_int_equal(next(&w, 100), 1);
		assert_string_equal(w.moves.v[0].agent->name, "fix");
		assert_string_equal(w.moves.v[0].slot, "0");
		assert_int_equal(w.moves.v[0].parents[0], last);
		last = answer(&w, 0, i % 2 ? PIKE_V_WRONG : PIKE_V_CRASH, 0);
	}
	assert_int_equal(next(&w, 100), 0);
	assert_true(closed(&w));
	world_end(&w);
	world_begin(&w, "pike-b-no-efa", 3);
	assert_int_equal(next(&w, 100), 10);
	answer_all(&w, PIKE_V_BUILD);
	assert_int_equal(next(&w, 100), 0);
	assert_true(closed(&w));
	world_end(&w);
}

/* What the confirmation finds wrong is mended like anything else. */
static void test_fails_confirmation(void **state)
{
	struct world w;
	size_t at;

	(void)state;
	world_begin(&w, "pike-b", 3);
	next(&w, 100);
	answer_all(&w, PIKE_V_FASTER);
	w.h->recs[2].confirm.verdict = PIKE_V_FASTER;
	assert_true(closed(&w));
	for (int i = 0; i < 5; i++) {
		at = i ? w.h->nrecs - 1 : 3;
		w.h->recs[at].confirm.verdict = PIKE_V_WRONG;
		w.h->recs[at].score = NAN;
		assert_false(closed(&w));
		assert_int_equal(next(&w, 100), 1);
		assert_string_equal(w.moves.v[0].agent->name, "fix");
		assert_string_equal(w.moves.v[0].slot, "3");
		assert_int_equal(w.moves.v[0].parents[0], at);
		answer(&w, 0, PIKE_V_FASTER, 3);
		assert_true(closed(&w));
	}
	/* Five attempts, wherever they failed, and no parent. */
	w.h->recs[w.h->nrecs - 1].confirm.verdict = PIKE_V_CRASH;
	w.h->recs[w.h->nrecs - 1].score = NAN;
	assert_int_equal(next(&w, 100), 0);
	assert_true(closed(&w));
	w.h->ngens = 2;
	next(&w, 100);
	check_parents(&w, "3@9 3@8 2@7 2@6");
	world_end(&w);
}

/* What waits for a reply or a verdict is not asked again, and a limit on what
 * is asked at once only makes more calls of it. */
static void test_waiting(void **state)
{
	struct world w;
	struct pike_move flying[2] = {
		{ .agent = &pike_agent_optimize, .slot = (char *)"0" },
		{ .agent = &pike_agent_optimize, .slot = (char *)"4" }
	};
	struct pike_search_input in;

	(void)state;
	world_begin(&w, "pike-b", 3);
	in = input(&w, 100);
	in.flying = flying;
	in.nflying = 2;
	assert_int_equal(pike_strategy_rounds.next(&w.moves, &in, NULL), 0);
	assert_int_equal(w.moves.n, 8);
	assert_string_equal(w.moves.v[0].slot, "1");
	assert_string_equal(w.moves.v[3].slot, "5");
	assert_int_equal(next(&w, 3), 3);
	answer(&w, 0, PIKE_V_PENDING, 0);
	answer(&w, 1, PIKE_V_FASTER, 1.5);
	answer(&w, 2, PIKE_V_TIMEOUT, 0);
	assert_int_equal(next(&w, 100), 8);
	assert_string_equal(w.moves.v[0].slot, "3");
	assert_string_equal(w.moves.v[7].agent->name, "fix");
	assert_string_equal(w.moves.v[7].slot, "2");
	assert_false(closed(&w));
	world_end(&w);
}

/* The four fastest of the last round, whoever their parents were: 3 3 2 2. */
static void test_next_round(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w, "pike-b", 3);
	next(&w, 100);
	answer_all(&w, PIKE_V_FASTER);
	assert_true(closed(&w));
	w.h->ngens = 2;
	assert_int_equal(next(&w, 100), 10);
	check_parents(&w, "3@9 3@8 2@7 2@6");
	assert_null(w.moves.v[0].idea);
	/* Parents are from the last round only: a slower one replaces it. */
	for (size_t i = 0; i < 10; i++)
		answer(&w, i, i < 2 ? PIKE_V_SLOWER : PIKE_V_WRONG,
		       0.5 + 0.1 * (double)i);
	w.h->ngens = 3;
	assert_int_equal(next(&w, 100), 10);
	check_parents(&w, "4@11 3@10 3");
	answer_all(&w, PIKE_V_BUILD);
	w.h->ngens = 4;
	assert_int_equal(next(&w, 100), 10);
	check_parents(&w, "10");
	world_end(&w);
}

/* A fix that works stands for its slot, and only the first that does. */
static void test_mended_parent(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w, "pike-b", 3);
	next(&w, 100);
	answer(&w, 0, PIKE_V_BUILD, 0);
	for (size_t i = 1; i < 10; i++)
		answer(&w, i, PIKE_V_UNUSABLE, 0);
	assert_int_equal(next(&w, 100), 1);
	answer(&w, 0, PIKE_V_FASTER, 2);
	assert_true(closed(&w));
	w.h->ngens = 2;
	assert_int_equal(next(&w, 100), 10);
	check_parents(&w, "5@10 5");
	world_end(&w);
}

static void test_elitism(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w, "pike-b", 3);
	w.preset.elitism = true;
	next(&w, 100);
	answer_all(&w, PIKE_V_FASTER);
	w.h->champion = w.h->recs[9].id;
	w.h->ngens = 2;
	next(&w, 100);
	answer_all(&w, PIKE_V_SLOWER);
	w.h->ngens = 3;
	assert_int_equal(next(&w, 100), 10);
	/* 1.9x of the first round, and 1.9x, 1.8x, 1.7x of the second */
	check_parents(&w, "3@9 3@19 2@18 2@17");
	world_end(&w);
}

/* Two calls of a round agree on its parents, whatever is drawn by chance. */
static void test_selectors(void **state)
{
	static const enum pike_selector all[] = { PIKE_SELECT_ELITE_DIVERSE,
						  PIKE_SELECT_TOURNAMENT,
						  PIKE_SELECT_ROULETTE };

	(void)state;
	for (size_t s = 0; s < PIKE_ARRAY_LEN(all); s++) {
		size_t parent[10];
		struct world w;

		world_begin(&w, "pike-b", 3);
		w.preset.selector = all[s];
		next(&w, 100);
		answer_all(&w, PIKE_V_FASTER);
		w.h->ngens = 2;
		assert_int_equal(next(&w, 100), 10);
		for (size_t i = 0; i < 10; i++)
			parent[i] = w.moves.v[i].nparents
					? w.moves.v[i].parents[0]
					: PIKE_NO_RECORD;
		if (all[s] == PIKE_SELECT_ELITE_DIVERSE)
			assert_int_equal(parent[0], 9);
		answer(&w, 0, PIKE_V_FASTER, 5);
		assert_int_equal(next(&w, 100), 9);
		for (size_t i = 1; i < 10; i++)
			assert_int_equal(w.moves.v[i - 1].nparents
					     ? w.moves.v[i - 1].parents[0]
					     : PIKE_NO_RECORD,
					 parent[i]);
		world_end(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bins),
		cmocka_unit_test(test_presets),
		cmocka_unit_test(test_first_round),
		cmocka_unit_test(test_no_ideas),
		cmocka_unit_test(test_fixes),
		cmocka_unit_test(test_fails_confirmation),
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_next_round),
		cmocka_unit_test(test_mended_parent),
		cmocka_unit_test(test_elitism),
		cmocka_unit_test(test_selectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
