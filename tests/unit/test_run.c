/* SPDX-License-Identifier: Apache-2.0 */
/* The conductor's pure decisions: who is confirmed, what a budget allows. */
#include "run/run_priv.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void fake_oid(struct pike_oid *o, int n)
{
	snprintf(o->hex, sizeof(o->hex), "%040d", n);
}

static struct pike_history *history(void)
{
	struct pike_history *h = pike_history_new("t", "cpu");

	fake_oid(&h->base, 1);
	h->champion = h->base;
	h->speedup = (struct pike_ratio){ 1, 1, 1 };
	return h;
}

/* A record with a screening of these figures against the champion. */
static struct pike_oid screened(struct pike_history *h, int id,
				enum pike_verdict v, double lo, double hi)
{
	struct pike_record r = { .settled = -1, .generation = 1 };
	struct pike_score s = { .verdict = v,
				.ratio = { lo, (lo + hi) / 2, hi },
				.vs = h->champion };
	struct pike_oid oid;

	fake_oid(&r.id, id);
	fake_oid(&r.source, 1000 + id);
	oid = r.id;
	pike_history_add(h, &r);
	if (v != PIKE_V_PENDING)
		pike_history_apply(h, &oid, PIKE_SCREEN, &s);
	return oid;
}

static void nobody_challenges(void **state)
{
	struct pike_history *h = history();
	size_t c[PIKE_CHALLENGERS];

	(void)state;
	screened(h, 2, PIKE_V_SAME, 0.99, 1.01);
	screened(h, 3, PIKE_V_WRONG, 0, 0);
	screened(h, 4, PIKE_V_PENDING, 0, 0);
	assert_int_equal(pike_run_challengers(c, h, false), 0);
	pike_history_free(h);
}

static void best_by_lower_bound_first(void **state)
{
	struct pike_history *h = history();
	size_t c[PIKE_CHALLENGERS];

	(void)state;
	screened(h, 2, PIKE_V_FASTER, 1.50, 1.70);
	screened(h, 3, PIKE_V_FASTER, 1.60, 1.65);
	screened(h, 4, PIKE_V_FASTER, 1.55, 1.90);
	screened(h, 5, PIKE_V_FASTER, 1.58, 1.62);
	assert_int_equal(pike_run_challengers(c, h, false), 3);
	assert_int_equal(c[0], 1);
	assert_int_equal(c[1], 3);
	assert_int_equal(c[2], 2);
	pike_history_free(h);
}

static void separated_ones_are_spared(void **state)
{
	struct pike_history *h = history();
	size_t c[PIKE_CHALLENGERS];

	(void)state;
	screened(h, 2, PIKE_V_FASTER, 2.0, 2.1);
	screened(h, 3, PIKE_V_FASTER, 1.2, 1.3);
	assert_int_equal(pike_run_challengers(c, h, false), 1);
	assert_int_equal(c[0], 0);
	pike_history_free(h);
}

static void another_champions_challenger_waits(void **state)
{
	struct pike_history *h = history();
	size_t c[PIKE_CHALLENGERS];

	(void)state;
	screened(h, 2, PIKE_V_FASTER, 2.0, 2.1);
	fake_oid(&h->champion, 9);
	h->speedup = (struct pike_ratio){ 1.9, 2.0, 2.1 };
	assert_int_equal(pike_run_challengers(c, h, false), 0);
	/* Unless it was late, and seems to be better. */
	h->speedup = (struct pike_ratio){ 1.8, 1.9, 1.95 };
	assert_int_equal(pike_run_challengers(c, h, false), 1);
	pike_history_free(h);
}

static void confirmed_ones_are_done(void **state)
{
	struct pike_history *h = history();
	struct pike_score s = { .verdict = PIKE_V_INCONCLUSIVE,
				.ratio = { 0.9, 1.1, 1.2 } };
	size_t c[PIKE_CHALLENGERS];
	struct pike_oid id = screened(h, 2, PIKE_V_FASTER, 2.0, 2.1);

	(void)state;
	pike_history_apply(h, &id, PIKE_CONFIRM, &s);
	assert_int_equal(pike_run_challengers(c, h, false), 0);
	pike_history_free(h);
}

/* Three in a generation, but for those that fail. */
static void failed_ones_leave_their_place(void **state)
{
	struct pike_history *h = history();
	struct pike_score good = { .verdict = PIKE_V_FASTER,
				   .ratio = { 1.5, 1.6, 1.7 } };
	struct pike_score bad = { .verdict = PIKE_V_WRONG };
	size_t c[PIKE_CHALLENGERS];
	struct pike_oid id[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		id[i] = screened(h, 2 + i, PIKE_V_FASTER, 1.5, 1.7);
	pike_history_apply(h, &id[0], PIKE_CONFIRM, &bad);
	assert_int_equal(pike_run_challengers(c, h, false), 3);
	pike_history_apply(h, &id[1], PIKE_CONFIRM, &good);
	pike_history_apply(h, &id[2], PIKE_CONFIRM, &good);
	screened(h, 6, PIKE_V_FASTER, 1.5, 1.7);
	assert_int_equal(pike_run_challengers(c, h, false), 1);
	pike_history_apply(h, &id[3], PIKE_CONFIRM, &good);
	assert_int_equal(pike_run_challengers(c, h, false), 0);
	pike_history_free(h);
}

/* Of a pass of the stages: who was listed before anybody confirmed it. */
static void listed_ones_challenge_in_stages(void **state)
{
	struct pike_history *h = history();
	size_t c[PIKE_CHALLENGERS];
	struct pike_oid id = screened(h, 2, PIKE_V_FASTER, 2.0, 2.1);

	(void)state;
	pike_history_find(h, &id)->settled = 1;
	assert_int_equal(pike_run_challengers(c, h, false), 0);
	assert_int_equal(pike_run_challengers(c, h, true), 1);
	fake_oid(&h->champion, 9);
	h->speedup = (struct pike_ratio){ 3, 3, 3 };
	assert_int_equal(pike_run_challengers(c, h, true), 0);
	pike_history_free(h);
}

/* Confirmed against an earlier champion, and better than that of now. */
static void late_ones_challenge_again(void **state)
{
	struct pike_history *h = history();
	struct pike_score good = { .verdict = PIKE_V_FASTER,
				   .ratio = { 1.8, 1.9, 2.0 } };
	size_t c[PIKE_CHALLENGERS];
	struct pike_oid id = screened(h, 2, PIKE_V_FASTER, 2.0, 2.1);

	(void)state;
	pike_history_apply(h, &id, PIKE_CONFIRM, &good);
	assert_int_equal(pike_run_challengers(c, h, false), 0);
	fake_oid(&h->champion, 9);
	h->speedup = (struct pike_ratio){ 1.5, 1.6, 1.7 };
	assert_int_equal(pike_run_challengers(c, h, false), 1);
	h->speedup = (struct pike_ratio){ 1.85, 1.9, 2 };
	assert_int_equal(pike_run_challengers(c, h, false), 0);
	h->speedup = (struct pike_ratio){ 1.5, 1.6, 1.7 };
	pike_history_apply(h, &id, PIKE_CONFIRM, &good);
	assert_int_equal(pike_run_challengers(c, h, false), 0);
	pike_history_free(h);
}

static void budget_counts_candidates(void **state)
{
	struct pike_settings s = { .budget = { .candidates = 3 } };
	struct pike_run run = { .settings = &s, .history = history() };

	(void)state;
	screened(run.history, 2, PIKE_V_SAME, 0.99, 1.01);
	assert_int_equal(pike_run_allowance(&run), 2);
	assert_false(pike_run_spent(&run));
	screened(run.history, 3, PIKE_V_SAME, 0.99, 1.01);
	screened(run.history, 4, PIKE_V_SAME, 0.99, 1.01);
	assert_int_equal(pike_run_allowance(&run), 0);
	assert_true(pike_run_spent(&run));
	assert_string_equal(run.ended, "budget: 3 candidates");
	pike_history_free(run.history);
}

/* An exchange, which left something to measure or not. */
static void exchanged(struct pike_history *h, int id, const char *agent,
		      bool code, double usd)
{
	struct pike_record r = { .settled = -1,
				 .generation = 1,
				 .agent = pike_agent_find(agent),
				 .cost = usd };

	fake_oid(&r.id, id);
	if (code)
		fake_oid(&r.source, 1000 + id);
	pike_history_add(h, &r);
}

static void budget_counts_queries(void **state)
{
	struct pike_settings s = { .budget = { .queries = 4 } };
	struct pike_run run = { .settings = &s, .history = history() };

	(void)state;
	exchanged(run.history, 2, "brainstorm", false, 1);
	assert_int_equal(pike_run_queries(&run, 0), 4);
	assert_int_equal(pike_run_queries(&run, 3), 1);
	assert_int_equal(pike_run_queries(&run, 5), 0);
	exchanged(run.history, 3, "optimize", true, 1);
	exchanged(run.history, 4, "optimize", false, 1);
	exchanged(run.history, 5, "fix", true, 1);
	assert_int_equal(pike_run_queries(&run, 0), 1);
	assert_false(pike_run_spent(&run));
	exchanged(run.history, 6, "fix", true, 1);
	assert_int_equal(pike_run_queries(&run, 0), 0);
	assert_true(pike_run_spent(&run));
	assert_string_equal(run.ended, "budget: 4 queries");
	pike_history_free(run.history);
}

/* What is measured is a candidate; ideas and talk are none. */
static void budgets_are_of_their_own_kind(void **state)
{
	struct pike_settings s = { .budget = { .candidates = 2, .usd = 3 } };
	struct pike_run run = { .settings = &s, .history = history() };

	(void)state;
	exchanged(run.history, 2, "brainstorm", false, 1);
	exchanged(run.history, 3, "optimize", false, 1);
	assert_int_equal(pike_run_allowance(&run), 2);
	assert_int_equal(pike_run_queries(&run, 0), 2);
	exchanged(run.history, 4, "optimize", true, 1);
	assert_int_equal(pike_run_queries(&run, 0), 0);
	assert_true(pike_run_spent(&run));
	assert_string_equal(run.ended, "budget: 3.00 USD");
	pike_history_free(run.history);
}

static void budget_counts_dollars(void **state)
{
	struct pike_settings s = { .budget = { .usd = 1.0 } };
	struct pike_run run = { .settings = &s, .history = history() };
	struct pike_record r = { .settled = -1, .cost = 0.75 };

	(void)state;
	fake_oid(&r.id, 2);
	pike_history_add(run.history, &r);
	assert_false(pike_run_spent(&run));
	r = (struct pike_record){ .settled = -1, .cost = 0.75 };
	fake_oid(&r.id, 3);
	pike_history_add(run.history, &r);
	assert_true(pike_run_spent(&run));
	pike_history_free(run.history);
}

static void open_generation_is_counted(void **state)
{
	struct pike_run run = { .history = history() };
	size_t judged;

	(void)state;
	screened(run.history, 2, PIKE_V_SAME, 0.99, 1.01);
	screened(run.history, 3, PIKE_V_PENDING, 0, 0);
	screened(run.history, 4, PIKE_V_WRONG, 0, 0);
	run.history->recs[2].settled = 1;
	assert_int_equal(pike_run_open_count(&run, &judged), 2);
	assert_int_equal(judged, 1);
	pike_history_free(run.history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_challenges),
		cmocka_unit_test(best_by_lower_bound_first),
		cmocka_unit_test(separated_ones_are_spared),
		cmocka_unit_test(another_champions_challenger_waits),
		cmocka_unit_test(confirmed_ones_are_done),
		cmocka_unit_test(failed_ones_leave_their_place),
		cmocka_unit_test(listed_ones_challenge_in_stages),
		cmocka_unit_test(late_ones_challenge_again),
		cmocka_unit_test(budget_counts_candidates),
		cmocka_unit_test(budget_counts_dollars),
		cmocka_unit_test(budget_counts_queries),
		cmocka_unit_test(budgets_are_of_their_own_kind),
		cmocka_unit_test(open_generation_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
