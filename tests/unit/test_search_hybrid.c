/* SPDX-License-Identifier: Apache-2.0 */
/* The tuner beside a model: when it gets its share, of what, and how long. */
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

#define BASE PIKE_NO_RECORD

static const char source[] = "#define TILE 8 //pike: tune 8 16 32 64 128\n"
			     "#define UNROLL 1 //pike: tune 1 2 4 8 16\n";
enum {
	DIMS = 2,
};

struct world {
	struct pike_history *h;
	struct pike_settings settings;
	struct pike_preset preset;
	struct pike_space space, root;
	bool has_space, has_root;
	struct pike_moves moves, known;
	const struct pike_strategy_ops *ops;
};

static void world_begin(struct world *w, const char *preset)
{
	memset(w, 0, sizeof(*w));
	w->h = pike_history_new("t", "cpu");
	w->h->ngens = 1;
	snprintf(w->h->base.hex, sizeof(w->h->base.hex), "%040d", 0);
	w->h->champion = w->h->base;
	assert_true(pike_preset_find(&w->preset, &w->settings, preset));
	w->ops = w->preset.family == PIKE_ROUNDS
		     ? &pike_strategy_hybrid_rounds
		     : &pike_strategy_hybrid_islands;
	assert_int_equal(pike_space_scan(&w->space, 0, "k.c", source, NULL), 0);
	w->has_space = true;
}

static void world_end(struct world *w)
{
	pike_moves_release(&w->moves);
	pike_moves_release(&w->known);
	pike_space_release(&w->space);
	pike_space_release(&w->root);
	w->h->ngens = 0;
	pike_history_free(w->h);
}

static struct pike_search_input input(struct world *w, size_t want)
{
	return (struct pike_search_input){
		.history = w->h,
		.settings = &w->settings,
		.preset = &w->preset,
		.run_seed = 7,
		.want = want,
		.space = w->has_space ? &w->space : NULL,
		.root_space = w->has_root ? &w->root : NULL,
		.known = w->known.v,
		.nknown = w->known.n,
	};
}

/* How many of the moves are the tuner's. */
static size_t next(struct world *w, size_t want)
{
	struct pike_search_input in = input(w, want);
	size_t tuned = 0;

	pike_moves_release(&w->moves);
	assert_int_equal(w->ops->next(&w->moves, &in, NULL), 0);
	assert_true(w->moves.n <= want);
	for (size_t i = 0; i < w->moves.n; i++)
		tuned += w->moves.v[i].agent->sets_numbers;
	return tuned;
}

static size_t add(struct world *w, const struct pike_move *m,
		  enum pike_verdict v, double score)
{
	struct pike_record r = { .settled = -1, .generation = 1 };
	size_t parent = m->nparents ? m->parents[0] : BASE;

	snprintf(r.id.hex, sizeof(r.id.hex), "%040zu", w->h->nrecs + 1);
	r.source = r.id;
	r.agent = m->agent;
	r.slot = pike_xstrdup(m->slot);
	r.idea = pike_xstrdup(m->idea);
	r.nparents = 1;
	r.parents = pike_xcalloc(1, sizeof(*r.parents));
	r.parents[0] = parent == BASE ? w->h->base : w->h->recs[parent].id;
	if (m->agent->sets_numbers)
		r.parents[0] = w->h->champion;
	pike_history_add(w->h, &r);
	w->h->recs[w->h->nrecs - 1].screen.verdict = v;
	w->h->recs[w->h->nrecs - 1].score =
	    pike_verdict_measured(v) ? score : NAN;
	return w->h->nrecs - 1;
}

static size_t add_tuned(struct world *w, const char *idea, double score)
{
	struct pike_move m = { .agent = &pike_agent_tune,
			       .idea = (char *)idea };

	return add(w, &m, PIKE_V_SAME, score);
}

/* A model's new structure is the champion. */
static void crown(struct world *w, double score)
{
	struct pike_move m = { .agent = &pike_agent_optimize,
			       .slot = (char *)"0.0" };
	size_t at = add(w, &m, PIKE_V_FASTER, score);

	w->h->champion = w->h->recs[at].id;
}

static bool proposed(const struct world *w, const char *idea)
{
	for (size_t i = 0; i < w->moves.n; i++)
		if (w->moves.v[i].idea && !strcmp(w->moves.v[i].idea, idea))
			return true;
	return false;
}

/* Answers all of the tuner's moves till it gets none; how many it got. The
 * score of the n-th grows by `step`. */
static size_t tune_out(struct world *w, double step)
{
	size_t tried = 0;

	while (next(w, 20) > 0) {
		for (size_t i = 0; i < w->moves.n; i++)
			if (w->moves.v[i].agent->sets_numbers) {
				assert_string_not_equal(w->moves.v[i].idea,
							"TILE=8 UNROLL=1");
				add(w, &w->moves.v[i], PIKE_V_SAME,
				    step * (double)++tried);
			}
		assert_true(tried < 1000);
	}
	return tried;
}

static void test_share(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w, "pike-b-no-iba");
	/* At most eight without their results, and all of the round's. */
	assert_int_equal(next(&w, 20), 8);
	assert_int_equal(w.moves.n, 18);
	assert_string_equal(w.moves.v[0].agent->name, "optimize");
	assert_int_equal(next(&w, 6), 3);
	assert_int_equal(next(&w, 0), 0);
	/* One at a time: by turns. */
	assert_int_equal(next(&w, 1), 0);
	add_tuned(&w, "TILE=16 UNROLL=1", 0.1);
	assert_int_equal(next(&w, 1), 1);
	/* No tunables: no tuner. */
	w.has_space = false;
	assert_int_equal(next(&w, 20), 0);
	assert_int_equal(w.moves.n, 10);
	world_end(&w);
}

static void test_ends(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w, "pike-b-no-iba");
	/* Five for each tunable without a better one, in batches of eight. */
	assert_int_equal(tune_out(&w, -0.1), 16);
	world_end(&w);
	world_begin(&w, "pike-b-no-iba");
	/* Ten for each in all, as long as it gets better. */
	assert_int_equal(tune_out(&w, 0.1), 20);
	assert_int_equal(w.moves.n, 10);
	world_end(&w);
}

static void test_new_structure(void **state)
{
	struct world w;
	size_t tuned;

	(void)state;
	world_begin(&w, "pike-b-no-iba");
	tune_out(&w, -0.1);
	assert_int_equal(pike_hybrid_root(w.h), BASE);
	crown(&w, 1);
	assert_int_equal(pike_hybrid_root(w.h), w.h->nrecs - 1);
	/* All begins anew, and what is known of the base's does not count. */
	assert_int_equal(tune_out(&w, -0.1), 16);
	crown(&w, 2);
	tuned = add_tuned(&w, "TILE=64 UNROLL=2", 2.5);
	w.h->champion = w.h->recs[tuned].id;
	assert_int_equal(pike_hybrid_root(w.h), tuned - 1);
	/* Its root's numbers are known by root_space alone. */
	assert_int_equal(pike_space_scan(&w.root, 0, "k.c", source, NULL), 0);
	w.has_root = true;
	assert_int_equal(tune_out(&w, 1), 19);
	world_end(&w);
}

/* Files that were there already are tried, too. */
static void test_known(void **state)
{
	struct world w;

	(void)state;
	world_begin(&w, "pike-b-no-iba");
	crown(&w, 1);
	for (int round = 0; next(&w, 20) > 0; round++) {
		struct pike_move *last = &w.moves.v[w.moves.n - 1];
		size_t parent = 0;

		assert_true(round < 20);
		for (size_t i = 0; i < w.known.n; i++)
			assert_false(proposed(&w, w.known.v[i].idea));
		PIKE_GROW(w.known.v, w.known.n, w.known.cap);
		w.known.v[w.known.n] = *last;
		w.known.v[w.known.n].parents =
		    pike_xmemdup(&parent, sizeof(parent));
		w.known.v[w.known.n++].nparents = 1;
		w.moves.n--;
	}
	assert_int_equal(w.known.n, 10);
	world_end(&w);
}

static void test_round(void **state)
{
	struct pike_search_input in;
	struct world w;
	size_t tuned;

	(void)state;
	world_begin(&w, "pike-b-no-iba");
	tuned = next(&w, 20);
	for (size_t i = 0; i + tuned < w.moves.n; i++)
		add(&w, &w.moves.v[i], PIKE_V_SLOWER, -1);
	for (size_t i = w.moves.n - tuned; i < w.moves.n; i++)
		add(&w, &w.moves.v[i], PIKE_V_PENDING, 0);
	/* The round is over but for the tuner's, which gets no more. */
	in = input(&w, 20);
	assert_false(w.ops->closed(&in));
	w.h->recs[w.h->nrecs - 1].screen.verdict = PIKE_V_SAME;
	assert_false(w.ops->closed(&in));
	assert_int_equal(next(&w, 20), 0);
	assert_int_equal(w.moves.n, 0);
	for (size_t i = 0; i < w.h->nrecs; i++)
		w.h->recs[i].screen.verdict = PIKE_V_SLOWER;
	assert_true(w.ops->closed(&in));
	/* The next one begins with its share again. */
	w.h->ngens = 2;
	assert_int_equal(next(&w, 4), 2);
	assert_int_equal(w.moves.n, 4);
	world_end(&w);
}

/* On islands the tunings of a structure are one member, the best of them. */
static void test_one_member(void **state)
{
	bool seen[20] = { 0 };
	struct world w;

	(void)state;
	world_begin(&w, "pike-o-mut-npar-1isl");
	assert_null(w.ops->closed);
	w.preset.explore = 1;
	w.preset.parallel = 200;
	add_tuned(&w, "TILE=16 UNROLL=1", 0.1);
	add_tuned(&w, "TILE=16 UNROLL=2", 0.3);
	add_tuned(&w, "TILE=16 UNROLL=4", 0.2);
	crown(&w, 1);
	for (int i = 0; i < 5; i++)
		add_tuned(&w, "TILE=32 UNROLL=1", i == 2 ? 3 : 0.5 * i);
	next(&w, 400);
	for (size_t i = 0; i < w.moves.n; i++)
		if (w.moves.v[i].nparents)
			seen[w.moves.v[i].parents[0]] = true;
	/* The second of the base's, the third of the new one's. */
	for (size_t i = 0; i < 20; i++)
		assert_int_equal(seen[i], i == 1 || i == 6);
	world_end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_share),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_new_structure),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_one_member),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
