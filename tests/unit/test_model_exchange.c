/* SPDX-License-Identifier: Apache-2.0 */
/* Chat lines and the ledger. */
#include "base/mem.h"
#include "base/text.h"
#include "model/exchange.h"
#include "model/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct pike_exchange sample(const char *prompt, const char *reply)
{
	return (struct pike_exchange){ .agent = pike_xstrdup("fix"),
				       .model = pike_xstrdup("m-1"),
				       .prompt = pike_xstrdup(prompt),
				       .reply = pike_xstrdup(reply),
				       .ending = pike_xstrdup("whole"),
				       .tokens_in = 12,
				       .tokens_out = 34,
				       .counted = true,
				       .tries = 2,
				       .cost = 0.25,
				       .secs = 1.5,
				       .ts = 1700000000 };
}

static void test_round_trip(void **state)
{
	struct pike_exchange x =
	    sample("p \"quoted\"\n\xc3\xa9", "```c\nint x;\n```\n");
	struct pike_exchange y;
	struct pike_buf b;

	(void)state;
	pike_buf_init(&b, (size_t)-1);
	pike_exchange_print(&b, &x);
	assert_null(memchr(b.s, '\n', b.len));
	assert_int_equal(pike_exchange_parse(&y, b.s, b.len, NULL), 0);
	assert_string_equal(y.agent, "fix");
	assert_string_equal(y.prompt, x.prompt);
	assert_string_equal(y.reply, x.reply);
	assert_string_equal(y.system, "");
	assert_int_equal(y.tokens_in, 12);
	assert_int_equal(y.tokens_out, 34);
	assert_true(y.counted);
	assert_int_equal(y.tries, 2);
	assert_float_equal(y.cost, 0.25, 0);
	assert_int_equal(y.ts, 1700000000);
	pike_exchange_release(&x);
	pike_exchange_release(&y);
	pike_buf_release(&b);
}

/* A line fits a note whatever the prompt was; the reply is kept whole where
 * that is enough. */
static void test_shortened(void **state)
{
	size_t n = 5u << 20;
	char *big = pike_xmalloc(n + 1);
	struct pike_exchange x, y;
	struct pike_buf b;

	(void)state;
	for (size_t i = 0; i < n; i++)
		big[i] = i % 2 ? '\xa9' : '\xc3'; /* six bytes of JSON each */
	big[n] = '\0';
	x = sample(big, "short");
	pike_buf_init(&b, (size_t)-1);
	pike_exchange_print(&b, &x);
	assert_true(b.len < PIKE_EXCHANGE_MAX);
	assert_non_null(strstr(b.s, "\"shortened\":true"));
	assert_int_equal(pike_exchange_parse(&y, b.s, b.len, NULL), 0);
	assert_string_equal(y.reply, "short");
	assert_true(strlen(y.prompt) > 100000);
	assert_memory_equal(y.prompt, big, strlen(y.prompt));
	pike_exchange_release(&x);
	pike_exchange_release(&y);
	x = sample(big, big);
	pike_buf_release(&b);
	pike_buf_init(&b, (size_t)-1);
	pike_exchange_print(&b, &x);
	assert_true(b.len < PIKE_EXCHANGE_MAX);
	pike_exchange_release(&x);
	pike_buf_release(&b);
	free(big);
}

static void test_no_exchange(void **state)
{
	static const char *const lines[] = {
		"",
		"x",
		"{}",
		"{\"v\":1}",
		"{\"v\":2,\"agent\":\"\",\"reply\":\"\"}",
		"{\"v\":1,\"agent\":\"fix\"}",
		"[1]",
	};
	struct pike_exchange y;

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(lines); i++)
		assert_int_equal(
		    pike_exchange_parse(&y, lines[i], strlen(lines[i]), NULL),
		    PIKE_FAILED);
}

static void add(struct pike_history *h, const char *agent, const char *model,
		int64_t generation, bool usable, double usd)
{
	struct pike_record r = { .agent = pike_agent_find(agent),
				 .model = pike_xstrdup(model),
				 .generation = generation,
				 .settled = -1,
				 .tokens_in = 10,
				 .tokens_out = 5,
				 .cost = usd };

	snprintf(r.id.hex, sizeof(r.id.hex), "%040zu", h->nrecs + 1);
	if (usable)
		snprintf(r.source.hex, sizeof(r.source.hex), "%040zu",
			 h->nrecs + 1001);
	pike_history_add(h, &r);
}

static void test_ledger(void **state)
{
	struct pike_history *h = pike_history_new("t", "cpu");
	struct pike_ledger_row sum, *v;

	(void)state;
	add(h, "brainstorm", "big", 1, false, 0.5);
	add(h, "optimize", "big", 1, true, 1);
	add(h, "optimize", "big", 2, false, 1);
	add(h, "fix", "small", 2, true, 0.25);
	add(h, "tune", "", 2, true, 0);
	pike_ledger_sum(&sum, h);
	assert_int_equal(sum.exchanges, 4);
	assert_int_equal(sum.queries, 3);
	assert_int_equal(sum.usable, 2);
	assert_int_equal(sum.tokens_in, 40);
	assert_float_equal(sum.usd, 2.75, 0);
	assert_int_equal(pike_ledger(&v, h, false), 3);
	assert_string_equal(v[1].agent->name, "optimize");
	assert_int_equal(v[1].exchanges, 2);
	assert_int_equal(v[1].usable, 1);
	free(v);
	assert_int_equal(pike_ledger(&v, h, true), 4);
	assert_int_equal(v[2].generation, 2);
	free(v);
	assert_false(pike_record_is_candidate(&h->recs[0]));
	assert_false(pike_record_is_candidate(&h->recs[2]));
	assert_true(pike_record_is_candidate(&h->recs[4]));
	pike_history_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_shortened),
		cmocka_unit_test(test_no_exchange),
		cmocka_unit_test(test_ledger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
