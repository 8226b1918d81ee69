/* SPDX-License-Identifier: Apache-2.0 */
/* Text for people: tables, paragraphs, verdicts, ceilings. */
#include "base/mem.h"
#include "model/baseline.h"
#include "model/profile.h"
#include "report/report.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct pike_column cols[] = {
	{ .title = "n", .right = true },
	{ .title = "name" },
	{ .title = "what" },
};

static void test_table(void **state)
{
	struct pike_table t;
	struct pike_buf b;

	(void)state;
	pike_buf_init(&b, 4096);
	pike_table_init(&t, cols, PIKE_ARRAY_LEN(cols));
	pike_table_cell(&t, "7");
	pike_table_cell(&t, "a");
	pike_table_cell(&t, "one two three");
	pike_table_cellf(&t, "%d", 123);
	pike_table_cell(&t, "long");
	pike_table_cell(&t, NULL);
	pike_table_print(&b, &t, 20);
	assert_string_equal(b.s, "  n  name  what\n"
				 "  7  a     one two\n"
				 "           three\n"
				 "123  long\n");
	pike_table_release(&t);
	pike_table_release(&t);
	pike_buf_release(&b);
}

static void test_cells_are_clean(void **state)
{
	struct pike_table t;
	struct pike_buf b;

	(void)state;
	pike_buf_init(&b, 4096);
	pike_table_init(&t, cols + 2, 1);
	pike_table_cell(&t, "a\033[2Jb\nc\xff");
	pike_table_print(&b, &t, 80);
	assert_null(strchr(b.s, '\033'));
	assert_null(strchr(b.s, '\xff'));
	assert_non_null(strstr(b.s, "b c"));
	pike_table_release(&t);
	pike_buf_release(&b);
}

static void test_width_counts_characters(void **state)
{
	(void)state;
	assert_int_equal(pike_text_width("\xc3\xa4\xe2\x82\xac"), 2);
	assert_int_equal(pike_text_width(""), 0);
}

static void test_wrap(void **state)
{
	struct pike_buf b;

	(void)state;
	pike_buf_init(&b, 4096);
	pike_wrap(&b, "one two  three\nfour", 2, 10);
	assert_string_equal(b.s, "  one two\n  three\n  four\n");
	pike_buf_reset(&b);
	pike_wrap(&b, "averyveryverylongword x", 2, 10);
	assert_string_equal(b.s, "  averyveryverylongword\n  x\n");
	pike_buf_release(&b);
}

static void test_ratio(void **state)
{
	const struct pike_ratio r = { 1.5, 1.83, 2.004 }, none = { 0, 0, 0 };
	char out[64];

	(void)state;
	assert_string_equal(pike_ratio_text(out, &r), "1.83x [1.50, 2.00]");
	assert_string_equal(pike_ratio_text(out, &none), "-");
}

/* A screening is never told as a claim, and every verdict has its words. */
static void test_meanings(void **state)
{
	(void)state;
	for (int v = 0; v < PIKE_V_COUNT; v++)
		for (int s = 0; s < PIKE_STAGE_COUNT; s++)
			assert_non_null(pike_verdict_meaning(
			    (enum pike_verdict)v, (enum pike_stage)s));
	assert_non_null(
	    strstr(pike_verdict_meaning(PIKE_V_FASTER, PIKE_SCREEN), "Not a"));
	assert_non_null(strstr(
	    pike_verdict_meaning(PIKE_V_FASTER, PIKE_CONFIRM), "confirmed"));
}

/* As it was told, kept in a note and read from there. */
static void test_classes(void **state)
{
	static const char told[] =
	    "\"classes\":[\"tf32\",\"bf16\"],\"rules\":{"
	    "\"kernelbench-1e-4\":false,\"pike-1e-2\":true}";
	char *line = pike_xasprintf(
	    "{\"v\":1,\"id\":\"a\",\"ts\":1,\"verdict\":\"faster\","
	    "\"stage\":\"confirm\",\"commit\":\"%040d\",%s}",
	    7, told);
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_result r;
	struct pike_buf b;

	(void)state;
	pike_buf_init(&b, 1 << 16);
	assert_int_equal(pike_result_parse(&r, line, strlen(line), &err), 0);
	pike_classes_text(&b, &r);
	assert_string_equal(b.s, "precision: tf32, bf16; other rules: "
				 "kernelbench-1e-4 no, pike-1e-2 yes\n");
	pike_buf_reset(&b);
	pike_result_print(&b, &r);
	assert_non_null(strstr(b.s, "\"classes\":[\"tf32\",\"bf16\"]"));
	pike_result_release(&r);
	pike_result_init(&r);
	pike_buf_reset(&b);
	pike_classes_text(&b, &r);
	assert_string_equal(b.s, "");
	pike_result_release(&r);
	pike_buf_release(&b);
	free(line);
}

static void test_baselines(void **state)
{
	static const char line[] =
	    "{\"v\":1,\"id\":\"a\",\"ts\":1,\"verdict\":\"faster\","
	    "\"stage\":\"confirm\",\"baselines\":{"
	    "\"eager\":[1.9,2,2.1],\"compile\":[0.8,0.9,0.95],"
	    "\"max-autotune\":null,\"odd\":[3,2,1]},\"unmeasured\":{"
	    "\"max-autotune\":\"out of\\u001b memory\"},\"commit\":"
	    "\"0000000000000000000000000000000000000007\"}";
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_ratio over;
	struct pike_result r;
	struct pike_buf b;
	const char *name;

	(void)state;
	pike_buf_init(&b, 1 << 16);
	assert_int_equal(pike_result_parse(&r, line, strlen(line), &err), 0);
	assert_true(pike_result_best_baseline(&name, &over, &r));
	assert_string_equal(name, "compile");
	pike_baselines_text(&b, &r);
	assert_string_equal(
	    b.s, "SLOWER than its best baseline: compile 0.90x [0.80, 0.95]\n"
		 "over baseline: eager 2.00x [1.90, 2.10]\n"
		 "over baseline: max-autotune unmeasured: out of? memory\n"
		 "over baseline: odd unmeasured: it is not known why\n");
	pike_result_add_baseline(&r, "compile", NULL, "broken");
	over = (struct pike_ratio){ 3, 3.5, 4 };
	pike_result_add_baseline(&r, "mine.py", &over, NULL);
	pike_buf_reset(&b);
	pike_result_print(&b, &r);
	assert_non_null(strstr(b.s, "\"compile\":null"));
	assert_non_null(strstr(b.s, "\"mine.py\":[3,3.5,4]"));
	assert_true(pike_result_best_baseline(&name, &over, &r));
	assert_string_equal(name, "eager");
	pike_result_release(&r);
	pike_result_init(&r);
	assert_false(pike_result_best_baseline(&name, &over, &r));
	pike_buf_reset(&b);
	pike_baselines_text(&b, &r);
	assert_string_equal(b.s, "");
	pike_result_release(&r);
	pike_buf_release(&b);
}

static void test_unchecked(void **state)
{
	struct pike_target t = { .nhidden = 1, .stress = 1 };
	struct pike_result r;
	struct pike_buf b;

	(void)state;
	pike_buf_init(&b, 4096);
	pike_result_init(&r);
	r.verdict = PIKE_V_FASTER;
	r.stage = PIKE_SCREEN;
	pike_unchecked(&b, &r, &t);
	assert_non_null(strstr(b.s, "hidden cases"));
	pike_buf_reset(&b);
	r.stage = PIKE_CONFIRM;
	pike_unchecked(&b, &r, &t);
	assert_null(strstr(b.s, "hidden cases"));
	pike_buf_reset(&b);
	t.stress = 0;
	r.isolation = pike_xstrdup("I1");
	pike_unchecked(&b, &r, &t);
	assert_non_null(strstr(b.s, "stress (off)"));
	assert_non_null(strstr(b.s, "I1"));
	assert_ptr_equal(strchr(b.s, '\n'), b.s + b.len - 1);
	pike_result_release(&r);
	pike_buf_release(&b);
}

static void test_phases(void **state)
{
	struct pike_result r;
	struct pike_buf b;

	(void)state;
	pike_result_init(&r);
	pike_buf_init(&b, 4096);
	pike_phases_text(&b, &r);
	assert_int_equal(b.len, 0);
	pike_result_spent(&r, "inputs", 0.3);
	pike_result_spent(&r, "truth", 1.26);
	pike_result_spent(&r, "build", 0.01);
	pike_phases_text(&b, &r);
	assert_string_equal(b.s, "took: 1.6 s; truth 1.3, inputs 0.3\n");
	pike_buf_release(&b);
	pike_result_release(&r);
}

static void test_roofline(void **state)
{
	char name[] = "n=1000";
	struct pike_case_result c = { .name = name,
				      .base_ns = 4000,
				      .cand_ns = 1000 };
	struct pike_target t = { 0 };
	struct pike_roof r;

	(void)state;
	assert_int_equal(pike_roofline(&r, &t, &c, 1e10, 1e10, NULL), 1);
	assert_int_equal(pike_expr_parse(&t.bytes, "8 * n", NULL), 0);
	/* 8000 bytes in 1 us are 8 GB/s of 10. */
	assert_int_equal(pike_roofline(&r, &t, &c, 1e10, 1e10, NULL), 0);
	assert_true(r.memory);
	assert_float_equal(r.before, 0.2, 1e-9);
	assert_float_equal(r.after, 0.8, 1e-9);
	/* 9000 flops take longer at 10 GFLOP/s than 8000 bytes at 10 GB/s. */
	assert_int_equal(pike_expr_parse(&t.flops, "9 * n", NULL), 0);
	assert_int_equal(pike_roofline(&r, &t, &c, 1e10, 1e10, NULL), 0);
	assert_false(r.memory);
	assert_float_equal(r.after, 0.9, 1e-9);
	/* A ceiling that was not measured does not bind. */
	assert_int_equal(pike_roofline(&r, &t, &c, 1e10, 0, NULL), 0);
	assert_true(r.memory);
	assert_int_equal(pike_roofline(&r, &t, &c, 0, 0, NULL), 1);
	c.cand_ns = 0;
	assert_int_equal(pike_roofline(&r, &t, &c, 1e10, 1e10, NULL), 1);
	pike_expr_free(t.bytes);
	pike_expr_free(t.flops);
}

/* 4 us to 1 us where 0.5 us is the floor; of two cases the mean. */
static void test_closed(void **state)
{
	char one[] = "n=500", two[] = "n=1000";
	struct pike_case_result cases[] = {
		{ .name = one, .base_ns = 4000, .cand_ns = 1000 },
		{ .name = two, .base_ns = 8000, .cand_ns = 8000 },
	};
	struct pike_target t = { 0 };
	struct pike_result r;
	struct pike_ratio c;

	(void)state;
	pike_result_init(&r);
	r.cases = cases;
	r.ncases = 2;
	pike_roof_closed(&c, &r, NULL);
	assert_true(isnan(c.mid));
	r.extra = pike_json_object();
	pike_json_set_f64(r.extra, "copy_bps", 1e10);
	pike_json_set_f64(r.extra, "gbps", 5);
	pike_roof_closed(&c, &r, NULL);
	assert_float_equal(c.mid, 3.0 / 3.5, 1e-9);
	assert_int_equal(pike_expr_parse(&t.bytes, "10 * n", NULL), 0);
	pike_roof_closed(&c, &r, &t);
	assert_float_equal(c.lo, 0, 1e-9);
	assert_float_equal(c.mid, 1.5 / 3.5, 1e-9);
	assert_float_equal(c.hi, 3.0 / 3.5, 1e-9);
	/* A floor that is passed is none. */
	cases[0].cand_ns = 400;
	pike_roof_closed(&c, &r, &t);
	assert_true(isnan(c.lo) && isnan(c.mid) && isnan(c.hi));
	pike_expr_free(t.bytes);
	r.cases = NULL;
	r.ncases = 0;
	pike_result_release(&r);
}

/* Of the shape that a judge on a GPU writes; the figures are made up. */
#define GPU_LINE                                                               \
	"{\"commit\":\"0123456789abcdef0123456789abcdef01234567\","            \
	"\"copy_bps\":4200000000000,\"fma_flops\":60000000000000,"             \
	"\"gbps\":3864.25,\"gflops\":120.5,\"noise\":0.004,"                   \
	"\"resources\":{\"launches\":[{\"block\":[256,1,1],\"blocks_per_sm\":" \
	"5,"                                                                   \
	"\"constant\":572,\"dynamic_shared\":33792,\"grid\":[4096,1,1],"       \
	"\"kernel\":\"row_max<256, 4>\",\"limiter\":\"shared\","               \
	"\"occupancy\":0.625,\"registers\":40,\"shared\":512,"                 \
	"\"spill_bytes\":16,\"waves\":6.206},{\"block\":[1024,1,1],"           \
	"\"blocks_per_sm\":1,\"constant\":540,\"dynamic_shared\":0,"           \
	"\"grid\":[64,1,1],\"kernel\":\"a_kernel_whose_name_is_so_long_that_"  \
	"no_column_can_hold_it_in_one_line_of_a_terminal\",\"registers\":64,"  \
	"\"shared\":0,\"spill_bytes\":0}],\"object_bytes\":9000,"              \
	"\"sass\":{\"BAR\":4,\"FFMA\":200,\"HGMMA\":32,\"IMAD\":9,\"LDG\":"    \
	"200,"                                                                 \
	"\"LDS\":8,\"MUFU\":7,\"STG\":6,\"all\":500},"                         \
	"\"sm_mhz\":1980,\"sm_mhz_base\":1965,\"threads\":1},"                 \
	"\"stage\":\"screen\",\"ts\":1,\"v\":1,\"verdict\":\"faster\"}"

static void narrow(const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		assert_true(n <= PIKE_WIDTH);
		text += n + (text[n] == '\n');
	}
}

static void test_resources(void **state)
{
	struct pike_result r;
	struct pike_buf b;

	(void)state;
	pike_buf_init(&b, 1 << 16);
	assert_int_equal(
	    pike_result_parse(&r, GPU_LINE, strlen(GPU_LINE), NULL), 0);
	pike_resources_text(&b, &r);
	narrow(b.s);
	assert_non_null(strstr(
	    b.s, "regs  spill    shared  blk/SM  occ.  limiter  waves  kernel\n"
		 "  40   16 B  33.5 KiB       5  62 %  shared     6.2  "
		 "row_max<256, 4>\n"
		 "  64    0 B       0 B       1     -  -            -  "
		 "a_kernel_whose_...\n"));
	assert_non_null(strstr(b.s, "roofline: 3864.2 GB/s, 92 % of the "
				    "measured copy bandwidth;"));
	assert_non_null(strstr(b.s, "bound by memory\n"));
	assert_non_null(strstr(b.s,
			       "machine code: 500 instructions: FFMA "
			       "200, LDG 200, HGMMA 32, IMAD 9, LDS 8, MUFU\n"
			       "              7, STG 6, BAR 4\n"));
	assert_non_null(strstr(b.s, "SM clock: 1980 MHz, 1965 MHz for the "
				    "base\n"));
	pike_buf_reset(&b);
	pike_json_set_f64(r.extra, "gflops", 59000);
	pike_resources_text(&b, &r);
	narrow(b.s);
	assert_non_null(strstr(b.s, "59000.0 GFLOP/s, 98\n"
				    "          % of the measured f32 FMA peak; "
				    "bound by compute\n"));
	pike_buf_reset(&b);
	pike_json_set_f64(r.extra, "gflops", 1);
	pike_json_set_f64(r.extra, "gbps", 100);
	pike_resources_text(&b, &r);
	assert_non_null(strstr(b.s, "neither ceiling"));
	narrow(b.s);
	pike_result_release(&r);
	/* Nothing was measured, nothing is said. */
	pike_buf_reset(&b);
	pike_result_init(&r);
	pike_resources_text(&b, &r);
	assert_int_equal(b.len, 0);
	pike_buf_release(&b);
}

/* Of the shape that --profile leaves. */
#define PROFILE_LINE                                                           \
	"{\"commit\":\"0123456789abcdef0123456789abcdef01234567\","            \
	"\"copy_bps\":3000000000000,\"gbps\":900,"                             \
	"\"cases\":[{\"case\":\"n=1\",\"cand_ns\":100000}],"                   \
	"\"resources\":{\"launches\":[{\"kernel\":\"a\"}],"                    \
	"\"profile\":{\"case\":\"n=1\",\"launches\":["                         \
	"{\"kernel\":\"short\",\"gpu__time_duration.sum\":2000},"              \
	"{\"kernel\":\"a_kernel_with_a_long_name\","                           \
	"\"gpu__time_duration.sum\":98000,"                                    \
	"\"dram__bytes_read.sum\":180000000,"                                  \
	"\"dram__bytes_write.sum\":90000000,"                                  \
	"\"launch__waves_per_multiprocessor\":6.5,"                            \
	"\"smsp__average_warps_issue_stalled_barrier_per_issue_active.ratio\"" \
	":1.5,"                                                                \
	"\"smsp__average_warps_issue_stalled_long_scoreboard_per_issue_"       \
	"active.ratio\":9.25}],\"unknown\":[\"x\"]},"                          \
	"\"sanitizer\":{\"memcheck\":\"clean\",\"initcheck\":"                 \
	"\"unavailable: no \\u001b[2Jroom\",\"racecheck\":\"2 errors\","       \
	"\"synccheck\":\"clean\",\"reports\":[{\"tool\":\"racecheck\","        \
	"\"kind\":\"Race reported\",\"kernel\":\"a\",\"place\":\"+0x10\"}]}}," \
	"\"stage\":\"confirm\",\"ts\":1,\"v\":1,\"verdict\":\"faster\"}"

static void test_profile(void **state)
{
	struct pike_result r;
	struct pike_buf b;

	(void)state;
	pike_buf_init(&b, 1 << 16);
	assert_int_equal(
	    pike_result_parse(&r, PROFILE_LINE, strlen(PROFILE_LINE), NULL), 0);
	pike_profile_text(&b, &r);
	narrow(b.s);
	/* The longest launch first, whatever the order. */
	assert_non_null(strstr(b.s, "profile of case n=1\n"
				    "a_kernel_with...  short  (the longest "
				    "first)\n"));
	assert_non_null(strstr(b.s, "180.00 MB      -  read from DRAM\n"));
	assert_non_null(strstr(b.s, ": for global or local memory 9.25, at "
				    "barriers\n  1.50\n"));
	/* 270 MB in 98 us are 2755 GB/s of 3000. */
	assert_non_null(strstr(b.s, "reading: DRAM at 92 % of the measured "
				    "copy: at the floor for these bytes;"));
	assert_non_null(strstr(b.s, "not known to this profiler: 1 metrics\n"));
	assert_non_null(strstr(b.s,
			       "sanitizers: memcheck clean; initcheck "
			       "unavailable: no ?[2Jroom; racecheck finds\n"
			       "  errors; synccheck clean\n"
			       "  racecheck: Race reported in a +0x10\n"));
	assert_null(strchr(b.s, '\033'));
	pike_buf_reset(&b);
	pike_unchecked(&b, &r, NULL);
	assert_non_null(strstr(b.s, "not checked: initcheck, "));
	pike_result_release(&r);
	/* Without a GPU, and without the option. */
	pike_buf_reset(&b);
	pike_result_init(&r);
	pike_profile_text(&b, &r);
	assert_int_equal(b.len, 0);
	pike_buf_release(&b);
}

static void reading_is(const char *metrics, const char *want)
{
	char line[1024];
	struct pike_result r;
	struct pike_buf b;

	snprintf(line, sizeof(line),
		 "{\"commit\":\"0123456789abcdef0123456789abcdef01234567\","
		 "\"resources\":{\"profile\":{\"launches\":[{\"kernel\":\"k\","
		 "%s}]}},\"stage\":\"confirm\",\"ts\":1,\"v\":1,\"verdict\":"
		 "\"same\"}",
		 metrics);
	pike_buf_init(&b, 1 << 16);
	assert_int_equal(pike_result_parse(&r, line, strlen(line), NULL), 0);
	pike_profile_text(&b, &r);
	narrow(b.s);
	if (!strstr(b.s, want))
		print_message("%s", b.s);
	assert_non_null(strstr(b.s, want));
	pike_result_release(&r);
	pike_buf_release(&b);
}

/* One sentence, by the first rule that fits. */
static void test_reading(void **state)
{
	(void)state;
	reading_is("\"" PIKE_METRIC_DRAM "\":90,\"" PIKE_METRIC_SM "\":95",
		   "reading: DRAM at 90 % of its peak: at the floor");
	reading_is("\"" PIKE_METRIC_SM "\":85", "reading: SM at 85 %");
	reading_is("\"" PIKE_METRIC_WAVES "\":0.4,\"" PIKE_METRIC_SPILLS "\":5",
		   "reading: the grid fills 40 % of the GPU");
	reading_is("\"" PIKE_METRIC_SPILLS "\":5",
		   "reading: 5 sectors of local memory");
	reading_is("\"" PIKE_METRIC_USED "\":12.5",
		   "reading: 12 % of the bytes");
	reading_is("\"" PIKE_METRIC_WAVES "\":1.2",
		   "reading: the last of 1.2 waves leaves 40 %");
	reading_is(
	    "\"" PIKE_METRIC_OCCUPANCY
	    "\":20,\"smsp__average_warps_issue_stalled_barrier_per_issue_"
	    "active.ratio\":3",
	    "reading: warps wait mostly at barriers, at 20 % occupancy: more");
}

/* Texts of others, in each of the forms. */
static void checked_is(const struct pike_checked *c, const char *format,
		       const char *want)
{
	struct pike_buf b;

	pike_buf_init(&b, 8192);
	if (format)
		pike_checked_format(format)->print(&b, c, 1);
	else
		pike_checked_remark(&b, c);
	if (!strstr(b.s, want))
		fail_msg("no '%s' in: %s", want, b.s);
	pike_buf_release(&b);
}

static void test_checked(void **state)
{
	struct pike_checked c = { .target = "a,b:\"c\"",
				  .file = "k,1.c",
				  .compared = true };
	struct pike_buf b;

	(void)state;
	pike_result_init(&c.res);
	c.res.verdict = PIKE_V_WRONG;
	c.res.reason = pike_xstrdup("50 %\n<b> | `x` @all \\ \x1b[1m");
	checked_is(&c, "markdown",
		   "| no | ``wrong; 50 % < b> \302\246 `x` @ all \\ ?[1m`` |");
	checked_is(&c, "junit", "name=\"a,b:&quot;c&quot;\"");
	checked_is(&c, "junit", "<failure message=\"wrong; 50 % &lt;b&gt; |");
	checked_is(&c, "gitlab-metrics",
		   "pike_git_check_passed{target=\"a,b:\\\"c\\\"\"} 0\n");
	checked_is(&c, NULL,
		   "::error file=k%2C1.c,title=pike-git check::a,b:"
		   "\"c\": wrong; 50 %25 <b>");
	c.res.verdict = PIKE_V_INCONCLUSIVE;
	checked_is(&c, NULL, "::warning file=");
	checked_is(&c, "markdown", "| unsure | `inconclusive` |");
	c.res.verdict = PIKE_V_SAME;
	pike_buf_init(&b, 4096);
	pike_checked_remark(&b, &c);
	assert_int_equal(b.len, 0);
	pike_buf_release(&b);
	checked_is(&c, "junit", "failures=\"0\"");
	assert_null(pike_checked_format("yaml"));
	pike_result_release(&c.res);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_cells_are_clean),
		cmocka_unit_test(test_width_counts_characters),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_ratio),
		cmocka_unit_test(test_meanings),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_baselines),
		cmocka_unit_test(test_unchecked),
		cmocka_unit_test(test_profile),
		cmocka_unit_test(test_reading),
		cmocka_unit_test(test_phases),
		cmocka_unit_test(test_roofline),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_resources),
		cmocka_unit_test(test_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
