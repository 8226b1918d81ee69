/* SPDX-License-Identifier: Apache-2.0 */
/* Unit tests of result lines: what is printed is read back, and only that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"
#include "model/result.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEX "0123456789abcdef0123456789abcdef01234567"

static void fill(struct pike_result *r)
{
	pike_result_init(r);
	memcpy(r->base.hex, HEX, 41);
	memcpy(r->commit.hex, HEX, 41);
	r->by = pike_xstrdup("runner");
	r->id = pike_xstrdup("id-1");
	r->lane = pike_xstrdup("cpu");
	r->reason = pike_xstrdup("1.50x, interval 1.40 to 1.60");
	r->source = pike_xstrdup(HEX);
	r->target = pike_xstrdup("softmax");
	r->env_info = pike_json_object();
	pike_json_set_str(r->env_info, "model", "a processor");
	r->ncases = 1;
	r->cases = pike_xcalloc(1, sizeof(*r->cases));
	r->cases[0].name = pike_xstrdup("rows=4096 cols=1024");
	r->cases[0].base_ns = 1500;
	r->cases[0].cand_ns = 1000;
	r->cases[0].pairs = 100;
	r->cases[0].ratio = (struct pike_ratio){ 1.4, 1.5, 1.6 };
	r->vs_base = r->cases[0].ratio;
	r->stage = PIKE_CONFIRM;
	r->verdict = PIKE_V_FASTER;
	r->secs = 2.5;
	r->ts = 1700000000;
}

static void test_exact(void **state)
{
	struct pike_result r;
	struct pike_buf b;

	(void)state;
	fill(&r);
	r.extra = pike_json_object();
	pike_json_set_f64(r.extra, "noise", 0.25);
	pike_json_set_str(r.extra, "verdict", "cannot be overwritten");
	pike_buf_init(&b, 1 << 20);
	pike_result_print(&b, &r);
	assert_string_equal(
	    b.s, "{\"base\":\"" HEX "\",\"by\":\"runner\",\"cases\":[{"
		 "\"base_ns\":1500,\"cand_ns\":1000,"
		 "\"case\":\"rows=4096 cols=1024\",\"max_abs\":0,"
		 "\"pairs\":100,\"ratio\":[1.4,1.5,1.6],\"rel_l2\":0}],"
		 "\"commit\":\"" HEX "\",\"env_info\":{\"model\":\"a "
		 "processor\"},\"id\":\"id-1\",\"lane\":\"cpu\","
		 "\"noise\":0.25,\"reason\":\"1.50x, interval 1.40 to 1.60\","
		 "\"secs\":2.5,\"source\":\"" HEX "\","
		 "\"speedup\":{\"base\":[1.4,1.5,1.6]},\"stage\":\"confirm\","
		 "\"target\":\"softmax\",\"ts\":1700000000,\"v\":1,"
		 "\"verdict\":\"faster\"}");
	pike_buf_release(&b);
	pike_result_release(&r);
	pike_result_release(&r);
}

static void test_round_trip(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_result r, q;
	struct pike_buf a, b;

	(void)state;
	fill(&r);
	r.log = pike_xstrdup("line 1\nline \"2\"\x01\xff\xc3\xa9");
	r.cases[0].max_abs = INFINITY;
	r.cases[0].rel_l2 = NAN;
	r.extra = pike_json_object();
	pike_json_set_f64(r.extra, "gbps", 3864.25);
	pike_buf_init(&a, 1 << 20);
	pike_buf_init(&b, 1 << 20);
	pike_result_print(&a, &r);
	assert_null(strchr(a.s, '\n'));
	assert_int_equal(pike_result_parse(&q, a.s, a.len, &err), 0);
	assert_string_equal(q.log, "line 1\nline \"2\"??\xc3\xa9");
	assert_int_equal(q.verdict, PIKE_V_FASTER);
	assert_int_equal(q.stage, PIKE_CONFIRM);
	assert_true(q.vs_base.lo == 1.4 && q.vs_base.hi == 1.6);
	assert_true(q.vs_champion.mid == 0);
	assert_true(q.cases[0].max_abs == DBL_MAX);
	assert_string_equal(pike_json_str(q.env_info, "model", ""),
			    "a processor");
	assert_string_equal(q.task, "");
	assert_true(pike_json_f64(q.extra, "gbps", 0) == 3864.25);
	pike_result_print(&b, &q);
	assert_string_equal(a.s, b.s);
	pike_buf_release(&a);
	pike_buf_release(&b);
	pike_result_release(&r);
	pike_result_release(&q);
}

static char *long_text(const char *part, size_t times)
{
	size_t n = strlen(part);
	char *s = pike_xmalloc(n * times + 1);

	for (size_t i = 0; i < times; i++)
		memcpy(s + i * n, part, n);
	s[n * times] = 0;
	return s;
}

/* A line is never longer than 64 KiB and keeps the end of the log. */
static void test_cut(void **state)
{
	static const char *const parts[] = { "x", "\"", "\xe2\x82\xac" };

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(parts); i++) {
		struct pike_result r, q;
		struct pike_buf b;

		fill(&r);
		r.log = long_text(parts[i], 200000);
		pike_buf_init(&b, 1 << 20);
		pike_result_print(&b, &r);
		assert_true(b.len <= 65536);
		assert_true(b.len > 40000);
		assert_int_equal(pike_result_parse(&q, b.s, b.len, NULL), 0);
		assert_true(pike_ends_with(q.log, parts[i]));
		assert_null(strchr(q.log, '?'));
		pike_buf_release(&b);
		pike_result_release(&r);
		pike_result_release(&q);
	}
}

static void test_cut_all(void **state)
{
	struct pike_result r, q;
	struct pike_buf b;
	char *big;

	(void)state;
	fill(&r);
	big = long_text("y", 60000);
	r.log = pike_xstrdup("the log");
	r.resources = pike_json_object();
	r.extra = pike_json_object();
	pike_json_set_str(r.resources, "big", big);
	pike_json_set_str(r.extra, "big", big);
	pike_json_set_str(r.env_info, "big", big);
	pike_buf_init(&b, 1 << 20);
	pike_result_print(&b, &r);
	assert_true(b.len <= 65536);
	assert_int_equal(pike_result_parse(&q, b.s, b.len, NULL), 0);
	assert_int_equal(q.verdict, PIKE_V_FASTER);
	assert_int_equal(q.ncases, 1);
	free(big);
	pike_buf_release(&b);
	pike_result_release(&r);
	pike_result_release(&q);
}

static void test_refused(void **state)
{
	static const char *const lines[] = {
		"",
		"{",
		"[]",
		"\"text\"",
		"{}",
		"{\"v\":2,\"stage\":\"screen\",\"verdict\":\"same\","
		"\"commit\":\"" HEX "\"}",
		"{\"v\":1,\"stage\":\"screen\",\"verdict\":\"pending\","
		"\"commit\":\"" HEX "\"}",
		"{\"v\":1,\"stage\":\"screen\",\"verdict\":\"great\","
		"\"commit\":\"" HEX "\"}",
		"{\"v\":1,\"stage\":\"look\",\"verdict\":\"same\","
		"\"commit\":\"" HEX "\"}",
		"{\"v\":1,\"stage\":\"screen\",\"verdict\":\"same\"}",
		"{\"v\":1,\"stage\":\"screen\",\"verdict\":\"same\","
		"\"commit\":\"HEAD\"}",
		"{\"v\":1,\"stage\":\"screen\",\"verdict\":\"same\","
		"\"commit\":\"" HEX "\",\"speedup\":{\"base\":[2,1,3]}}",
		"{\"v\":1,\"stage\":\"screen\",\"verdict\":\"same\","
		"\"commit\":\"" HEX "\",\"speedup\":{\"base\":[1,2]}}",
		"{\"v\":1,\"stage\":\"screen\",\"verdict\":\"same\","
		"\"commit\":\"" HEX "\",\"cases\":[{\"ratio\":\"x\"}]}",
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(lines); i++) {
		struct pike_err err = PIKE_ERR_INIT;
		struct pike_result r;

		if (pike_result_parse(&r, lines[i], strlen(lines[i]), &err) !=
		    PIKE_FAILED)
			fail_msg("accepted: %s", lines[i]);
		assert_true(pike_starts_with(err.text, "not a result line: "));
	}
}

static void test_odd_types(void **state)
{
	static const char line[] =
	    "{\"v\":1,\"stage\":\"screen\",\"verdict\":\"crash\","
	    "\"commit\":\"" HEX "\",\"by\":7,\"ts\":-5,\"cases\":[{"
	    "\"pairs\":1e18,\"base_ns\":-1}],\"future\":[1,2,3]}";
	struct pike_result r;

	(void)state;
	assert_int_equal(pike_result_parse(&r, line, strlen(line), NULL), 0);
	assert_string_equal(r.by, "");
	assert_int_equal(r.ts, 0);
	assert_int_equal(r.cases[0].base_ns, 0);
	assert_true(r.cases[0].pairs >= 0);
	assert_string_equal(r.cases[0].name, "");
	pike_result_release(&r);
}

static void test_names(void **state)
{
	(void)state;
	for (int i = 0; i < PIKE_V_COUNT; i++)
		assert_int_equal(
		    pike_verdict_parse(pike_verdict_name((enum pike_verdict)i)),
		    i);
	for (int i = 0; i < PIKE_STAGE_COUNT; i++)
		assert_int_equal(
		    pike_stage_parse(pike_stage_name((enum pike_stage)i)), i);
	assert_int_equal(pike_verdict_parse("fast"), -1);
	assert_int_equal(pike_verdict_parse(NULL), -1);
	assert_true(pike_verdict_measured(PIKE_V_INCONCLUSIVE));
	assert_false(pike_verdict_measured(PIKE_V_WRONG));
	assert_false(pike_verdict_measured(PIKE_V_PENDING));
}

static void test_order(void **state)
{
	char a[] = "a", b[] = "b";
	struct pike_result x = { .ts = 1, .id = b };
	struct pike_result y = { .ts = 2, .id = a };
	struct pike_result z = { .ts = 2, .id = b };

	(void)state;
	assert_true(pike_result_cmp(&x, &y) < 0);
	assert_true(pike_result_cmp(&z, &y) > 0);
	assert_int_equal(pike_result_cmp(&y, &y), 0);
}

static void test_files(void **state)
{
	struct pike_files f = { 0 };

	(void)state;
	pike_files_add(&f, "a/b.c", "x\0y", 3);
	pike_files_add(&f, "empty", NULL, 0);
	assert_int_equal(pike_files_find(&f, "a/b.c")->len, 3);
	assert_int_equal(pike_files_find(&f, "a/b.c")->data[3], 0);
	assert_string_equal(pike_files_find(&f, "empty")->data, "");
	assert_null(pike_files_find(&f, "a"));
	pike_files_release(&f);
	pike_files_release(&f);
}

/* `secs` is the sum of the phases, whatever is added when. */
static void test_phases(void **state)
{
	struct pike_result r, q;
	struct pike_buf b;
	char phases[128];

	(void)state;
	fill(&r);
	pike_result_spent(&r, "truth", 1.25);
	assert_true(fabs(r.secs - 1.25) < 1e-9);
	pike_result_spent(&r, "inputs", 0.1);
	pike_result_spent(&r, "truth", 0.00012);
	pike_result_spent(&r, "time", 0);
	pike_result_spent(&r, "time", -3);
	pike_result_spent(&r, "time", NAN);
	pike_result_spent(&r, "time", 0.00001);
	assert_true(fabs(r.secs - 1.3501) < 1e-9);
	pike_result_took(&r, 1);
	assert_true(fabs(r.secs - 1.3501) < 1e-9);
	pike_result_took(&r, 2);
	assert_true(fabs(r.secs - 2) < 1e-9);
	pike_buf_init(&b, 1 << 20);
	pike_json_print(&b, r.phases);
	snprintf(phases, sizeof(phases), "%s", b.s);
	assert_string_equal(phases, "{\"inputs\":0.1,\"other\":0.6499,"
				    "\"truth\":1.2501}");
	pike_buf_reset(&b);
	pike_result_print(&b, &r);
	assert_non_null(strstr(b.s, phases));
	assert_int_equal(pike_result_parse(&q, b.s, b.len, NULL), 0);
	assert_true(pike_json_f64(q.phases, "truth", 0) == 1.2501);
	assert_true(fabs(q.secs - 2) < 1e-9);
	pike_buf_release(&b);
	pike_result_release(&r);
	pike_result_release(&q);
}

static void differs(const char *was, const char *now, const char *want)
{
	struct pike_json *x = pike_json_parse(was, strlen(was), NULL);
	struct pike_json *y = pike_json_parse(now, strlen(now), NULL);
	struct pike_buf b;

	pike_buf_init(&b, 4096);
	pike_env_difference(&b, x, y);
	assert_string_equal(b.s, want);
	pike_buf_release(&b);
	pike_json_free(x);
	pike_json_free(y);
}

static void test_environments(void **state)
{
	(void)state;
	differs("{\"driver\":\"1\",\"lane\":\"cpu\"}",
		"{\"driver\":\"1\",\"lane\":\"cpu\"}", "");
	differs("{\"driver\":\"1\",\"judge\":\"6\"}",
		"{\"driver\":\"2\",\"judge\":\"7\"}",
		": driver 1 -> 2, judge 6 -> 7");
	differs("{\"old\":\"a\"}", "{\"new\":\"b\\n\"}",
		": new ? -> b , old a -> ?");
	differs("", "{\"driver\":\"2\"}", ": driver ? -> 2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_cut_all),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_odd_types),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_phases),
		cmocka_unit_test(test_environments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
