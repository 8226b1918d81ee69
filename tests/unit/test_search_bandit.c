/* SPDX-License-Identifier: Apache-2.0 */
/* The choice among models, on histories of models whose worth is known. */
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

/* How often a reply is `speedup` times as fast as its parent, and its price. */
struct model {
	const char *name;
	double chance, speedup, cost;
};

struct world {
	struct pike_history *h;
	struct pike_rng rng, luck;
};

static void world_begin(struct world *w, uint64_t seed)
{
	w->h = pike_history_new("t", "cpu");
	pike_rng_seed(&w->rng, seed);
	pike_rng_seed(&w->luck, 17 * seed);
}

static void add(struct world *w, const char *agent, const char *model,
		size_t parent, double score)
{
	struct pike_record r = { .settled = -1 };

	snprintf(r.id.hex, sizeof(r.id.hex), "%040zu", w->h->nrecs + 1);
	r.source = r.id;
	r.agent = pike_agent_find(agent);
	r.model = model ? pike_xstrdup(model) : NULL;
	r.nparents = parent != PIKE_NO_RECORD;
	r.parents = pike_xcalloc(1, sizeof(*r.parents));
	if (r.nparents)
		r.parents[0] = w->h->recs[parent].id;
	pike_history_add(w->h, &r);
	w->h->recs[w->h->nrecs - 1].score = score;
	w->h->recs[w->h->nrecs - 1].screen.verdict =
	    isnan(score) ? PIKE_V_BUILD : PIKE_V_SAME;
}

/* How often each of n models is asked in the last half of `asks`. */
static void simulate(size_t *asked, const struct model *m, size_t n,
		     size_t asks, uint64_t seed)
{
	const char *names[8];
	struct world w;

	world_begin(&w, seed);
	memset(asked, 0, n * sizeof(*asked));
	for (size_t i = 0; i < n; i++)
		names[i] = m[i].name;
	for (size_t i = 0; i < asks; i++) {
		size_t k = pike_bandit_pick(w.h, names, n, &w.rng);
		bool works = pike_rng_unit(&w.luck) < m[k].chance;

		assert_true(k < n);
		asked[k] += i >= asks / 2;
		add(&w, "optimize", m[k].name, PIKE_NO_RECORD,
		    works ? log(m[k].speedup) : NAN);
		w.h->recs[i].cost = m[k].cost;
	}
	pike_history_free(w.h);
}

static void test_best_ratio(void **state)
{
	static const struct {
		struct model m[3];
		size_t best;
	} cases[] = {
		/* the same price: the better one */
		{ { { "a", 0.1, 2, 1 }, { "b", 0.6, 2, 1 }, { "c", 0, 2, 1 } },
		  1 },
		/* free, all of them */
		{ { { "a", 0.1, 2, 0 },
		    { "b", 0.2, 2, 0 },
		    { "c", 0.7, 2, 0 } },
		  2 },
		/* a little better, ten times dearer */
		{ { { "a", 0.5, 2, 1 },
		    { "b", 0.4, 2, 0.1 },
		    { "c", 0, 1, 1 } },
		  1 },
		/* dearer, and so much better */
		{ { { "a", 0.6, 3, 1 },
		    { "b", 0.02, 2, 0.1 },
		    { "c", 0, 1, 1 } },
		  0 },
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(cases); i++)
		for (uint64_t seed = 1; seed <= 5; seed++) {
			size_t asked[3];

			simulate(asked, cases[i].m, 3, 600, seed);
			if (asked[cases[i].best] < 180)
				fail_msg("case %zu, seed %d: %zu %zu %zu", i,
					 (int)seed, asked[0], asked[1],
					 asked[2]);
		}
}

/* Those that were never asked are, soon, and the same seed asks the same. */
static void test_begins(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d" };
	struct world w;
	bool asked[4] = { 0 };

	(void)state;
	world_begin(&w, 3);
	for (int i = 0; i < 40; i++) {
		struct pike_rng again = w.rng;
		size_t k = pike_bandit_pick(w.h, names, 4, &w.rng);

		assert_int_equal(pike_bandit_pick(w.h, names, 4, &again), k);
		asked[k] = true;
		add(&w, "optimize", names[k], PIKE_NO_RECORD, NAN);
	}
	for (int i = 0; i < 4; i++)
		assert_true(asked[i]);
	assert_int_equal(pike_bandit_pick(w.h, names, 1, &w.rng), 0);
	assert_int_equal(pike_bandit_pick(w.h, names, 0, &w.rng), 0);
	pike_history_free(w.h);
}

static size_t count(struct world *w, const char *const *names, size_t n,
		    size_t which)
{
	size_t times = 0;

	for (int i = 0; i < 400; i++)
		times += pike_bandit_pick(w->h, names, n, &w->rng) == which;
	return times;
}

/* Servers add versions to names, and one name may begin another. */
static void test_names(void **state)
{
	static const char *const names[] = { "big", "big-mini", "" };
	static const char *const turned[] = { "big-mini", "big" };
	struct world w;

	(void)state;
	world_begin(&w, 1);
	for (int i = 0; i < 40; i++) {
		add(&w, "optimize", "big-2026-01-01", PIKE_NO_RECORD, NAN);
		add(&w, "optimize", "big-mini-2026", PIKE_NO_RECORD, 2);
		add(&w, "optimize", "small", PIKE_NO_RECORD, NAN);
		add(&w, "optimize", NULL, PIKE_NO_RECORD, NAN);
		add(&w, "tune", "big-mini", PIKE_NO_RECORD, NAN);
	}
	assert_true(count(&w, names, 2, 1) > 390);
	assert_true(count(&w, turned, 2, 0) > 390);
	assert_true(count(&w, names, 3, 1) > 200);
	pike_history_free(w.h);
}

/* To be as fast as its parent is no gain; a fix gains over the last version
 * that worked. */
static void test_gain(void **state)
{
	static const char *const names[] = { "lazy", "fixer" };
	struct world w;

	(void)state;
	world_begin(&w, 1);
	add(&w, "optimize", "first", PIKE_NO_RECORD, 3);
	for (int i = 0; i < 150; i++) {
		add(&w, "optimize", "lazy", 0, 3);
		add(&w, "optimize", "first", 0, NAN);
		add(&w, "fix", "fixer", w.h->nrecs - 1, 3.7);
	}
	assert_true(count(&w, names, 2, 1) > 390);
	for (int i = 0; i < 90; i++) {
		add(&w, "optimize", "first", 0, NAN);
		add(&w, "fix", "fixer", w.h->nrecs - 1, 2.5);
		add(&w, "optimize", "lazy", 0, 4);
	}
	/* The latest count. */
	assert_true(count(&w, names, 2, 0) > 390);
	pike_history_free(w.h);
}

/* What waits for its verdict is neither won nor lost. */
static void test_pending(void **state)
{
	static const char *const names[] = { "a", "b" };
	struct world w;
	size_t before;

	(void)state;
	world_begin(&w, 1);
	before = count(&w, names, 2, 0);
	for (int i = 0; i < 100; i++) {
		add(&w, "optimize", "a", PIKE_NO_RECORD, NAN);
		w.h->recs[w.h->nrecs - 1].screen.verdict = PIKE_V_PENDING;
	}
	pike_rng_seed(&w.rng, 1);
	assert_int_equal(count(&w, names, 2, 0), before);
	pike_history_free(w.h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_best_ratio),
		cmocka_unit_test(test_begins),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_gain),
		cmocka_unit_test(test_pending),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
