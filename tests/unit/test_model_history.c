/* SPDX-License-Identifier: Apache-2.0 */
/* Unit tests of the history: lookups, scores and their order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "model/result.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct pike_oid oid(unsigned long n)
{
	struct pike_oid o;

	snprintf(o.hex, sizeof(o.hex), "%040lx", n);
	return o;
}

static size_t add(struct pike_history *h, unsigned long id,
		  unsigned long source)
{
	struct pike_record r = { 0 };

	r.id = oid(id);
	r.source = oid(source);
	r.agent = &pike_agent_tune;
	r.settled = -1;
	return pike_history_add(h, &r);
}

static void apply(struct pike_history *h, unsigned long id,
		  enum pike_stage stage, enum pike_verdict verdict, double mid)
{
	struct pike_score s = { .verdict = verdict };
	struct pike_oid o = oid(id);

	s.ratio = (struct pike_ratio){ mid, mid, mid };
	pike_history_apply(h, &o, stage, &s);
}

static void screen(struct pike_history *h, unsigned long id, double mid,
		   unsigned long vs)
{
	struct pike_score s = { .verdict = PIKE_V_FASTER };
	struct pike_oid o = oid(id);

	s.ratio = (struct pike_ratio){ mid, mid, mid };
	s.vs = oid(vs);
	pike_history_apply(h, &o, PIKE_SCREEN, &s);
}

static double score(struct pike_history *h, unsigned long id)
{
	struct pike_oid o = oid(id);

	return pike_history_find(h, &o)->score;
}

static void test_find(void **state)
{
	struct pike_history *h = pike_history_new("softmax", "cpu");
	struct pike_oid missing = oid(7000), none = { "" };

	(void)state;
	for (unsigned long i = 1; i <= 5000; i++)
		assert_int_equal(add(h, i, 100000 + i % 1000), i - 1);
	for (unsigned long i = 1; i <= 5000; i++) {
		struct pike_oid id = oid(i), src = oid(100000 + i % 1000);

		assert_ptr_equal(pike_history_find(h, &id), &h->recs[i - 1]);
		assert_ptr_equal(pike_history_by_source(h, &src),
				 &h->recs[(i - 1) % 1000]);
	}
	assert_null(pike_history_find(h, &missing));
	assert_null(pike_history_by_source(h, &missing));
	assert_null(pike_history_find(h, &none));
	assert_int_equal(pike_history_pending(h), 5000);
	assert_true(isnan(h->recs[0].score));
	pike_history_free(h);
	pike_history_free(NULL);
}

static void test_scores(void **state)
{
	struct pike_history *h = pike_history_new("softmax", "cpu");

	(void)state;
	for (unsigned long i = 1; i <= 4; i++)
		add(h, i, 100 + i);
	screen(h, 1, 2.0, 999); /* 999 is no record: the base */
	assert_true(fabs(score(h, 1) - log(2.0)) < 1e-12);
	/* A first screen stays. */
	screen(h, 1, 3.0, 999);
	assert_true(fabs(score(h, 1) - log(2.0)) < 1e-12);
	/* Judged against 1, of which nothing is confirmed yet. */
	screen(h, 2, 1.5, 1);
	assert_true(isnan(score(h, 2)));
	apply(h, 1, PIKE_CONFIRM, PIKE_V_FASTER, 1.8);
	assert_true(fabs(score(h, 1) - log(1.8)) < 1e-12);
	assert_true(fabs(score(h, 2) - log(1.5 * 1.8)) < 1e-12);
	/* The later confirmation wins, and reaches those that stand on it. */
	apply(h, 1, PIKE_CONFIRM, PIKE_V_SAME, 1.6);
	assert_int_equal(h->recs[0].confirms, 2);
	assert_true(fabs(score(h, 2) - log(1.5 * 1.6)) < 1e-12);
	/* Not eligible: no score, whatever the screen said. */
	screen(h, 3, 5.0, 1);
	apply(h, 3, PIKE_CONFIRM, PIKE_V_WRONG, 0);
	assert_true(isnan(score(h, 3)));
	apply(h, 4, PIKE_SCREEN, PIKE_V_CRASH, 0);
	assert_true(isnan(score(h, 4)));
	assert_int_equal(pike_history_pending(h), 0);
	/* A reviewer's check and an unknown commit change nothing. */
	apply(h, 1, PIKE_VERIFY, PIKE_V_SLOWER, 0.5);
	apply(h, 77, PIKE_CONFIRM, PIKE_V_FASTER, 9);
	assert_true(fabs(score(h, 1) - log(1.6)) < 1e-12);
	pike_history_free(h);
}

/* Any order of the same results gives the same scores. */
static void test_order(void **state)
{
	struct pike_history *a = pike_history_new("softmax", "cpu");
	struct pike_history *b = pike_history_new("softmax", "cpu");

	(void)state;
	for (unsigned long i = 1; i <= 3; i++)
		add(a, i, 0x100 + i);
	for (unsigned long i = 3; i >= 1; i--)
		add(b, i, 0x100 + i);
	screen(a, 1, 2.0, 999);
	apply(a, 1, PIKE_CONFIRM, PIKE_V_FASTER, 1.9);
	screen(a, 2, 1.1, 1);
	screen(a, 3, 0.9, 1);
	screen(b, 3, 0.9, 1);
	screen(b, 2, 1.1, 1);
	apply(b, 1, PIKE_CONFIRM, PIKE_V_FASTER, 1.9);
	screen(b, 1, 2.0, 999);
	for (unsigned long i = 1; i <= 3; i++)
		assert_true(score(a, i) == score(b, i));
	pike_history_free(a);
	pike_history_free(b);
}

/* Two that name each other as their champion end somewhere. */
static void test_circle(void **state)
{
	struct pike_history *h = pike_history_new("softmax", "cpu");

	(void)state;
	add(h, 1, 11);
	add(h, 2, 12);
	screen(h, 1, 2.0, 2);
	screen(h, 2, 2.0, 1);
	assert_true(isnan(score(h, 1)) && isnan(score(h, 2)));
	apply(h, 1, PIKE_CONFIRM, PIKE_V_FASTER, 2.0);
	assert_true(fabs(score(h, 2) - log(4.0)) < 1e-12);
	pike_history_free(h);
}

/* Records that came with their screen, as trailers are folded. */
static void test_preset(void **state)
{
	struct pike_history *h = pike_history_new("softmax", "cpu");
	struct pike_record r = { 0 };

	(void)state;
	r.id = oid(2);
	r.screen.verdict = PIKE_V_FASTER;
	r.screen.ratio = (struct pike_ratio){ 1.1, 1.2, 1.3 };
	r.screen.vs = oid(1);
	pike_history_add(h, &r);
	assert_false(pike_oid_set(&r.id)); /* moved in */
	assert_true(fabs(score(h, 2) - log(1.2)) < 1e-12);
	/* Its champion turns up later. */
	add(h, 1, 11);
	assert_true(isnan(score(h, 2)));
	apply(h, 1, PIKE_CONFIRM, PIKE_V_FASTER, 2.0);
	assert_true(fabs(score(h, 2) - log(2.4)) < 1e-12);
	pike_history_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),   cmocka_unit_test(test_scores),
		cmocka_unit_test(test_order),  cmocka_unit_test(test_circle),
		cmocka_unit_test(test_preset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
