/* SPDX-License-Identifier: Apache-2.0 */
/* The tuner: what it proposes, what it never does, and that it is worth it. */
#include "../bench/tables/replay.h"
#include "search/gp_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char source[] = "#define TILE 8 //pike: tune 8 16 32 64\n"
			     "#define UNROLL 1 //pike: tune 1 2 4\n"
			     "#define ORDER ijk //pike: tune ijk ikj kij\n";
enum {
	SPACE = 4 * 3 * 3,
	DIMS = 3,
};

struct world {
	struct pike_space space;
	struct pike_history *h;
};

static void world_open(struct world *w, const char *text)
{
	memset(w, 0, sizeof(*w));
	assert_int_equal(pike_space_scan(&w->space, 0, "k.c", text, NULL), 0);
	w->h = replay_history();
}

static void world_close(struct world *w)
{
	pike_space_release(&w->space);
	pike_history_free(w->h);
}

static struct pike_moves ask(struct world *w, const char *strategy,
			     uint64_t seed, size_t want)
{
	struct pike_moves m = { 0 };
	struct pike_search_input in = {
		.history = w->h, .space = &w->space, .seed = seed, .want = want
	};

	assert_int_equal(strategy_named(strategy)->next(&m, &in, NULL), 0);
	for (size_t i = 0; i < m.n; i++)
		assert_string_equal(m.v[i].agent->name, "tune");
	return m;
}

/* speedup 0: it failed; < 0: no result yet. */
static void tell(struct world *w, const char *idea, double speedup)
{
	struct pike_record r = { .settled = -1, .score = NAN };
	struct pike_score s = { .verdict = PIKE_V_BUILD, .vs = w->h->base };
	struct pike_oid id;

	snprintf(r.id.hex, sizeof(r.id.hex), "%040zx", w->h->nrecs + 2);
	r.source = r.id;
	id = r.id;
	r.agent = &pike_agent_tune;
	r.idea = pike_xstrdup(idea);
	pike_history_add(w->h, &r);
	if (speedup > 0) {
		s.verdict = PIKE_V_SAME;
		s.ratio = (struct pike_ratio){ speedup, speedup, speedup };
	}
	if (speedup >= 0)
		pike_history_apply(w->h, &id, PIKE_SCREEN, &s);
}

static bool known(const struct world *w, const char *idea)
{
	for (size_t i = 0; i < w->h->nrecs; i++)
		if (!strcmp(w->h->recs[i].idea, idea))
			return true;
	return false;
}

static void the_table(void **state)
{
	const struct pike_preset *k;

	(void)state;
	for (size_t i = 0; (k = pike_preset_at(i)); i++)
		assert_ptr_equal(pike_strategy_of(k), strategy_named(k->name));
	assert_ptr_not_equal(strategy_named("tune"), strategy_named("random"));
	assert_null(strategy_named("nothing"));
}

static void same_input_same_moves(void **state)
{
	struct world w;

	(void)state;
	world_open(&w, source);
	tell(&w, "TILE=16 UNROLL=2 ORDER=ikj", 1.5);
	tell(&w, "TILE=64 UNROLL=4 ORDER=kij", 0);
	for (int i = 0; i < 2; i++) {
		const char *name = i ? "random" : "tune";
		struct pike_moves a = ask(&w, name, 7, 8);
		struct pike_moves b = ask(&w, name, 7, 8);

		assert_int_equal(a.n, 8);
		assert_int_equal(b.n, 8);
		for (size_t k = 0; k < a.n; k++) {
			assert_string_equal(a.v[k].idea, b.v[k].idea);
			assert_true(a.v[k].seed == b.v[k].seed);
		}
		pike_moves_release(&a);
		pike_moves_release(&b);
	}
	world_close(&w);
}

/* Every configuration comes once, the base never, and then there is none. */
static void exhausts_a_small_space(void **state)
{
	static const double answers[] = { 1.2, 0, -1, 0.8, 1.9 };
	static const char *const names[] = { "tune", "random" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct pike_moves m = { 0 };
		struct world w;

		world_open(&w, source);
		do {
			pike_moves_release(&m);
			m = ask(&w, names[i], w.h->nrecs, 7);
			for (size_t k = 0; k < m.n; k++) {
				assert_false(known(&w, m.v[k].idea));
				tell(&w, m.v[k].idea, answers[w.h->nrecs % 5]);
			}
		} while (m.n);
		assert_int_equal(w.h->nrecs, SPACE - 1);
		assert_false(known(&w, "TILE=8 UNROLL=1 ORDER=ijk"));
		world_close(&w);
	}
}

/* Where the champion has moved on, the base is known by its own space. */
static void never_the_base(void **state)
{
	struct pike_space base = { 0 };
	struct pike_moves m = { 0 };
	struct world w;
	struct pike_search_input in = { .space = &w.space,
					.base_space = &base,
					.want = SPACE };

	(void)state;
	world_open(&w, source);
	assert_int_equal(pike_space_scan(&base, 0, "k.c", source, NULL), 0);
	tell(&w, "TILE=16 UNROLL=2 ORDER=ikj", 1.5);
	w.h->champion = w.h->recs[0].id;
	w.space.t[0].current = 1;
	w.space.t[1].current = 1;
	w.space.t[2].current = 1;
	in.history = w.h;
	assert_int_equal(strategy_named("tune")->next(&m, &in, NULL), 0);
	assert_int_equal(m.n, SPACE - 2);
	for (size_t k = 0; k < m.n; k++)
		assert_string_not_equal(m.v[k].idea,
					"TILE=8 UNROLL=1 ORDER=ijk");
	pike_moves_release(&m);
	pike_space_release(&base);
	world_close(&w);
}

/* A person's rewrite that keeps the tunables has all their values before it,
 * but for its own. */
static void a_rewrite_is_tuned_anew(void **state)
{
	struct pike_moves m = { 0 };
	struct world w;

	(void)state;
	world_open(&w, source);
	do {
		pike_moves_release(&m);
		m = ask(&w, "tune", w.h->nrecs, 7);
		for (size_t k = 0; k < m.n; k++)
			tell(&w, m.v[k].idea, 1);
	} while (m.n);
	pike_moves_release(&m);
	tell(&w, "sums in parts", 1.6);
	w.h->recs[w.h->nrecs - 1].agent = &pike_agent_human;
	w.h->champion = w.h->recs[w.h->nrecs - 1].id;
	m = ask(&w, "tune", 1, SPACE);
	assert_int_equal(m.n, SPACE - 1);
	pike_moves_release(&m);
	world_close(&w);
}

static void nothing_to_tune(void **state)
{
	struct pike_moves m;
	struct world w;

	(void)state;
	world_open(&w, "void f(void);\n");
	for (int i = 0; i < 2; i++) {
		m = ask(&w, i ? "random" : "tune", 1, 5);
		assert_int_equal(m.n, 0);
		pike_moves_release(&m);
	}
	world_close(&w);
}

/* A space too large to list is searched all the same. */
static void a_huge_space(void **state)
{
	struct pike_buf text;
	struct world w;
	struct pike_moves m;

	(void)state;
	pike_buf_init(&text, 1 << 16);
	for (int i = 0; i < 40; i++)
		pike_buf_addf(&text, "#define T%d 1 //pike: tune 1 2 4 8 16\n",
			      i);
	world_open(&w, text.s);
	for (int round = 0; round < 2; round++) {
		m = ask(&w, "tune", (uint64_t)round, 10);
		assert_int_equal(m.n, 10);
		for (size_t i = 0; i < m.n; i++) {
			assert_false(known(&w, m.v[i].idea));
			tell(&w, m.v[i].idea, 1 + 0.1 * (double)i);
		}
		pike_moves_release(&m);
	}
	pike_buf_release(&text);
	world_close(&w);
}

/* Fails for the two greatest of eight tiles, which would else look best. */
static size_t failures(const char *strategy, uint64_t seed)
{
	struct world w;
	size_t failed = 0;

	world_open(&w, "#define TILE 1 //pike: tune 1 2 4 8 16 32 64 128\n"
		       "#define U 1 //pike: tune 1 2 4 8 16 32\n"
		       "#define V 1 //pike: tune 1 2 4 8\n");
	while (w.h->nrecs < 60) {
		struct pike_moves m = ask(&w, strategy, seed + w.h->nrecs, 10);

		for (size_t i = 0; i < m.n; i++) {
			int c[3];

			pike_space_read(c, &w.space, m.v[i].idea);
			failed += c[0] >= 6;
			tell(&w, m.v[i].idea,
			     c[0] >= 6 ? 0 : 1 + c[0] + 0.1 * c[1]);
		}
		pike_moves_release(&m);
	}
	world_close(&w);
	return failed;
}

static void learns_from_failures(void **state)
{
	size_t tune = 0, control = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 5; seed++) {
		tune += failures("tune", 1000 * seed);
		control += failures("random", 1000 * seed);
	}
	assert_true(tune < control);
}

static void numbers_are_ordinal(void **state)
{
	struct pike_axes axes;
	struct world w;

	(void)state;
	world_open(&w, source);
	pike_axes_init(&axes, &w.space);
	/* 8 to 16 is a third of the way to 64; names are all equally far. */
	assert_true(fabs(pike_axis_dist2(&axes, 0, 0, 1) - 1 / 9.) < 1e-9);
	assert_true(fabs(pike_axis_dist2(&axes, 0, 0, 3) - 1) < 1e-9);
	assert_true(pike_axis_dist2(&axes, 2, 0, 1) ==
		    pike_axis_dist2(&axes, 2, 0, 2));
	assert_true(pike_axis_dist2(&axes, 2, 1, 1) == 0);
	pike_axes_release(&axes);
	world_close(&w);
}

/* The process goes through its points and knows less elsewhere. */
static void the_process_interpolates(void **state)
{
	static const int x[] = { 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 0, 1 };
	static const double y[] = { 0, 1, 2, 3 };
	struct pike_axes axes;
	struct pike_gp gp;
	struct world w;
	double v[8] = { 0 };
	struct pike_belief at = { .v = v };
	double var;

	(void)state;
	world_open(&w, source);
	pike_axes_init(&axes, &w.space);
	pike_gp_init(&gp, &axes, x, y, 4, 2);
	for (int i = 0; i < 4; i++) {
		pike_gp_predict(&gp, &at, x + (size_t)i * DIMS);
		assert_true(fabs(at.mean - y[i]) < 0.5);
	}
	var = at.var;
	pike_gp_predict(&gp, &at, (const int[]){ 0, 2, 1 });
	assert_true(at.var > var);
	var = at.var;
	pike_gp_believe(&gp, (const int[]){ 0, 2, 2 });
	pike_gp_update(&gp, &at, (const int[]){ 0, 2, 1 });
	assert_true(at.var <= var);
	pike_gp_release(&gp);
	pike_axes_release(&axes);
	world_close(&w);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* At least as good in the median as random search, on every table, once
 * there is something to learn from. Deterministic: seeds are fixed. */
static void better_than_random(void **state)
{
	static const char *const names[] = { "sgemm", "softmax", "layernorm",
					     "conv3x3", "scan" };
	static const size_t budgets[] = { 20, 40 };

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(names); i++) {
		double v[2][2][20], out[2];
		struct pike_err err = PIKE_ERR_INIT;
		struct table t;
		char path[256];

		snprintf(path, sizeof(path), "tests/bench/tables/%s.tsv",
			 names[i]);
		if (table_read(&t, path, &err))
			fail_msg("%s", err.text);
		for (int s = 0; s < 40; s++) {
			const char *name = s % 2 ? "random" : "tune";

			replay(out, &t, strategy_named(name),
			       (uint64_t)s / 2 + 1, budgets, 2);
			v[s % 2][0][s / 2] = out[0];
			v[s % 2][1][s / 2] = out[1];
		}
		for (int b = 0; b < 2; b++) {
			qsort(v[0][b], 20, sizeof(double), by_value);
			qsort(v[1][b], 20, sizeof(double), by_value);
			assert_true(v[0][b][9] + v[0][b][10] <=
				    v[1][b][9] + v[1][b][10]);
		}
		table_release(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table),
		cmocka_unit_test(same_input_same_moves),
		cmocka_unit_test(exhausts_a_small_space),
		cmocka_unit_test(never_the_base),
		cmocka_unit_test(a_rewrite_is_tuned_anew),
		cmocka_unit_test(nothing_to_tune),
		cmocka_unit_test(a_huge_space),
		cmocka_unit_test(learns_from_failures),
		cmocka_unit_test(numbers_are_ordinal),
		cmocka_unit_test(the_process_interpolates),
		cmocka_unit_test(better_than_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
