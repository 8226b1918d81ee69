/* SPDX-License-Identifier: Apache-2.0 */
/* What the profiler and the checkers write, read: as they wrote it (versions
 * 2025.3), as an older one does, and as hostile names make it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "device/tools.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* ---- the profiler ---- */

static const char profile[] =
    "==WARNING== Note: Running with unmodified GPU clocks. If not controlled "
    "otherwise, profiling results may be inconsistent.\n"
    "==PROF== Connected to process 2945 (/runner)\n"
    "==PROF== Disconnected from process 2945\n"
    "\"ID\",\"Process ID\",\"Process Name\",\"Host Name\",\"Kernel Name\","
    "\"Context\",\"Block Size\",\"dram__bytes_read.sum\","
    "\"gpu__time_duration.sum\",\"launch__waves_per_multiprocessor\","
    "\"sm__throughput.avg.pct_of_peak_sustained_elapsed\"\n"
    "\"\",\"\",\"\",\"\",\"\",\"\",\"block\",\"byte\",\"ns\",\"\",\"%\"\n"
    "\"0\",\"2945\",\"runner\",\"127.0.0.1\",\"row_max\",\"1\","
    "\"(256, 1, 1)\",\"16,778,240\",\"9,440\",\"0.48\",\"31.25\"\n"
    "\"1\",\"2945\",\"runner\",\"127.0.0.1\",\"norm<int, \"\"x\"\">\",\"1\","
    "\"(256, 1, 1)\",\"n/a\",\"1,204\",\"1\",\"2\"\n";

static void reads_a_profile(void **state)
{
	struct pike_json *list = pike_profile_read(profile);
	const struct pike_json *first = pike_json_at(list, 0),
			       *second = pike_json_at(list, 1);
	struct pike_strs missing = PIKE_STRS_INIT;

	(void)state;
	assert_int_equal(pike_json_len(list), 2);
	assert_string_equal(pike_json_str(first, "kernel", ""), "row_max");
	assert_true(pike_json_f64(first, PIKE_METRIC_READ, 0) == 16778240);
	assert_true(pike_json_f64(first, PIKE_METRIC_TIME, 0) == 9440);
	assert_true(pike_json_f64(first, PIKE_METRIC_WAVES, 0) == 0.48);
	assert_true(pike_json_f64(first, PIKE_METRIC_SM, 0) == 31.25);
	assert_null(pike_json_get(first, "Context"));
	assert_string_equal(pike_json_str(second, "kernel", ""),
			    "norm<int, \"x\">");
	assert_null(pike_json_get(second, PIKE_METRIC_READ));
	pike_profile_missing(&missing, list);
	assert_int_equal(missing.n, pike_metrics_n() - 4);
	assert_false(pike_strs_has(&missing, PIKE_METRIC_READ));
	assert_true(pike_strs_has(&missing, PIKE_METRIC_WRITTEN));
	pike_strs_release(&missing);
	pike_json_free(list);
}

static size_t launches_in(const char *log)
{
	struct pike_json *list = pike_profile_read(log);
	size_t n = pike_json_len(list);

	pike_json_free(list);
	return n;
}

static void no_profile_is_none(void **state)
{
	(void)state;
	assert_int_equal(launches_in(""), 0);
	assert_int_equal(launches_in("==PROF== Connected\n"), 0);
	assert_int_equal(launches_in("\"ID\",\"Kernel\"\n\"0\",\"x\"\n"), 0);
	/* Cut off in the middle */
	assert_int_equal(launches_in("\"ID\",\"Kernel Name\",\"dram__bytes_re"),
			 0);
	assert_int_equal(
	    launches_in("\"Kernel Name\",\"dram__bytes_read.sum\"\n\"x"), 0);
}

static void launches_are_bounded(void **state)
{
	struct pike_buf b;

	(void)state;
	pike_buf_init(&b, 1 << 16);
	pike_buf_adds(&b, "\"Kernel Name\",\"dram__bytes_read.sum\"\n");
	for (int i = 0; i < 40; i++)
		pike_buf_addf(&b, "\"k%d\",\"%d\"\n", i, i);
	assert_int_equal(launches_in(b.s), PIKE_PROFILED);
	pike_buf_release(&b);
}

static void unknown_metrics_are_named(void **state)
{
	struct pike_strs unknown = PIKE_STRS_INIT;

	(void)state;
	pike_profile_unknown(
	    &unknown, "==WARNING== dram__bytes_write.sum is only a warning\n"
		      "==ERROR== Failed to find metric dram__bytes_read.sum\n"
		      "==ERROR== Failed to find metric something__else.avg\n");
	assert_int_equal(unknown.n, 1);
	assert_string_equal(unknown.v[0], PIKE_METRIC_READ);
	pike_strs_release(&unknown);
}

static bool asks(const struct pike_strs *argv, const char *option,
		 const char *value)
{
	for (size_t i = 0; i + 1 < argv->n; i++)
		if (!strcmp(argv->v[i], option))
			return strstr(argv->v[i + 1], value) != NULL;
	return false;
}

static void questions(void **state)
{
	struct pike_tool t = { "/opt/ncu", "/opt" };
	struct pike_strs argv = PIKE_STRS_INIT, unknown = PIKE_STRS_INIT;

	(void)state;
	pike_strs_push(&unknown, PIKE_METRIC_READ);
	pike_profiler_argv(&argv, &t, false, &unknown);
	assert_string_equal(argv.v[0], "/opt/ncu");
	assert_string_equal(argv.v[argv.n - 1], PIKE_TOOL_RUNNER);
	assert_true(asks(&argv, "--clock-control", "none"));
	assert_true(asks(&argv, "--cache-control", "none"));
	assert_true(asks(&argv, "--metrics", PIKE_METRIC_WRITTEN));
	assert_false(asks(&argv, "--metrics", PIKE_METRIC_READ));
	pike_strs_release(&argv);
	pike_checker_argv(&argv, &t, PIKE_RACECHECK);
	assert_true(asks(&argv, "--tool", "racecheck"));
	assert_false(asks(&argv, "--padding", ""));
	pike_strs_release(&argv);
	pike_strs_release(&unknown);
}

static void metrics_are_found(void **state)
{
	(void)state;
	assert_true(pike_metrics_n() >= 14);
	for (size_t i = 0; i < pike_metrics_n(); i++) {
		assert_ptr_equal(pike_metric_find(pike_metrics[i].name),
				 &pike_metrics[i]);
		assert_null(strchr(pike_metrics[i].name, ','));
	}
	assert_null(pike_metric_find("dram__bytes_read"));
}

/* ---- the checkers ---- */

static void is_report(const struct pike_check_report *r, const char *kind,
		      const char *kernel, const char *place)
{
	assert_string_equal(r->kind, kind);
	assert_string_equal(r->kernel, kernel);
	assert_string_equal(r->place, place);
}

static void reads_memcheck(void **state)
{
	struct pike_checked c;

	(void)state;
	pike_check_log_read(
	    &c, "========= COMPUTE-SANITIZER\n"
		"========= Invalid __global__ read of size 4 bytes\n"
		"=========     at softmax+0x140 in softmax.cu:12\n"
		"=========     by thread (31,0,0) in block (6,0,0)\n"
		"=========     Access to 0x7f1fb7e02468 is out of bounds\n"
		"=========     and is 1 bytes after the nearest allocation at "
		"0x7f1fb7e00000 of size 9324 bytes\n"
		"========= \n"
		"========= ERROR SUMMARY: 1 error\n");
	assert_true(c.done);
	assert_int_equal(c.errors, 1);
	assert_int_equal(c.n, 1);
	is_report(&c.v[0], "Invalid __global__ read of size 4 bytes", "softmax",
		  "softmax.cu:12");
}

static void clean_is_clean(void **state)
{
	struct pike_checked c;

	(void)state;
	pike_check_log_read(&c, "========= COMPUTE-SANITIZER\n"
				"========= ERROR SUMMARY: 0 errors\n");
	assert_true(c.done);
	assert_int_equal(c.errors, 0);
	assert_int_equal(c.n, 0);
	pike_check_log_read(
	    &c, "========= COMPUTE-SANITIZER\n"
		"========= RACECHECK SUMMARY: 2 hazards displayed (0 errors, 2 "
		"warnings)\n");
	assert_true(c.done);
	assert_int_equal(c.errors, 0);
}

/* No word of an end is no word at all. */
static void silence_is_not_clean(void **state)
{
	struct pike_checked c;
	char why[256];
	static const char log[] =
	    "========= COMPUTE-SANITIZER\n"
	    "========= Error: Target application terminated before first "
	    "instrumented API call\n";

	(void)state;
	pike_check_log_read(&c, "");
	assert_false(c.done);
	pike_check_log_read(&c, log);
	assert_false(c.done);
	assert_int_equal(c.n, 0);
	pike_tool_complaint(why, log);
	assert_string_equal(why, "Error: Target application terminated before "
				 "first instrumented API call");
	pike_tool_complaint(why, "==ERROR== ERR_NVGPUCTRPERM - The user does "
				 "not have permission\n==PROF== Bye\n");
	assert_string_equal(why, "ERROR== ERR_NVGPUCTRPERM - The user does not "
				 "have permission");
	pike_tool_complaint(why, "one\n\ntwo\n");
	assert_string_equal(why, "two");
	pike_tool_complaint(why, "");
	assert_string_equal(why, "");
}

/* Many threads at one place are one report; the numbers stay. */
static void reads_initcheck(void **state)
{
	struct pike_checked c;

	(void)state;
	pike_check_log_read(
	    &c,
	    "========= COMPUTE-SANITIZER\n"
	    "========= Uninitialized __global__ memory read of size 4 bytes\n"
	    "=========     at uninit+0xa0\n"
	    "=========     by thread (0,0,0) in block (3,0,0)\n"
	    "=========     Address 0x7f7e70802c00\n"
	    "========= \n"
	    "========= Uninitialized __global__ memory read of size 4 bytes\n"
	    "=========     at uninit+0xa0\n"
	    "=========     by thread (1,0,0) in block (3,0,0)\n"
	    "=========     Address 0x7f7e70802c04\n"
	    "========= \n"
	    "========= Error buffer overflow has been detected. Some records "
	    "have been dropped\n"
	    "========= \n"
	    "========= ERROR SUMMARY: 257 errors\n"
	    "========= ERROR SUMMARY: 156 errors were not printed. Use "
	    "--print-limit option to adjust the number of printed errors\n"
	    "========= \n"
	    "========= 768 errors were skipped (error buffer overflow).\n");
	assert_true(c.done);
	assert_int_equal(c.errors, 257);
	assert_int_equal(c.n, 1);
	is_report(&c.v[0],
		  "Uninitialized __global__ memory read of size 4 bytes",
		  "uninit", "+0xa0");
}

static void reads_racecheck(void **state)
{
	struct pike_checked c;

	(void)state;
	pike_check_log_read(
	    &c,
	    "========= COMPUTE-SANITIZER\n"
	    "========= Error: Race reported between Write access at race+0x140 "
	    "in k.cu:3\n"
	    "=========     and Read access at race+0x150 in k.cu:3 [4096 "
	    "hazards]\n"
	    "========= \n"
	    "========= RACECHECK SUMMARY: 1 hazard displayed (1 error, 0 "
	    "warnings)\n");
	assert_true(c.done);
	assert_int_equal(c.errors, 1);
	assert_int_equal(c.n, 1);
	is_report(&c.v[0], "Race reported between Write and Read access",
		  "race", "k.cu:3");
}

static void reads_synccheck(void **state)
{
	struct pike_checked c;

	(void)state;
	pike_check_log_read(
	    &c,
	    "========= COMPUTE-SANITIZER\n"
	    "========= Barrier error detected. Divergent thread(s) in warp.\n"
	    "=========     at sync+0x70 in k.cu:5\n"
	    "=========     by thread (32,0,0) in block (0,0,0)\n"
	    "========= \n"
	    "========= ERROR SUMMARY: 8 errors\n");
	assert_true(c.done);
	assert_int_equal(c.errors, 8);
	is_report(&c.v[0],
		  "Barrier error detected. Divergent thread(s) in "
		  "warp.",
		  "sync", "k.cu:5");
}

/* A name is a candidate's: it makes nothing clean, and carries no escapes. */
static void hostile_names(void **state)
{
	struct pike_checked c;

	(void)state;
	pike_check_log_read(
	    &c,
	    "========= Invalid __global__ write of size 4 bytes\n"
	    "=========     at k+0x10 in \033[2J/x/y ERROR SUMMARY: 0 errors\n"
	    "========= ERROR SUMMARY: 3 errors\n"
	    "ERROR SUMMARY: 0 errors\n"
	    "========= ERROR SUMMARY: 0 errors\n");
	assert_int_equal(c.errors, 3);
	assert_int_equal(c.n, 1);
	is_report(&c.v[0], "Invalid __global__ write of size 4 bytes", "k",
		  "y");
	assert_null(strchr(c.v[0].place, '\033'));
	pike_check_log_read(&c,
			    "========= Error: Race by a read access at k+0x1\n"
			    "=========     and \033[2J access at k.cu:3\n");
	assert_int_equal(c.n, 1);
	assert_null(strchr(c.v[0].kind, '\033'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_profile),
		cmocka_unit_test(no_profile_is_none),
		cmocka_unit_test(launches_are_bounded),
		cmocka_unit_test(unknown_metrics_are_named),
		cmocka_unit_test(questions),
		cmocka_unit_test(metrics_are_found),
		cmocka_unit_test(reads_memcheck),
		cmocka_unit_test(clean_is_clean),
		cmocka_unit_test(silence_is_not_clean),
		cmocka_unit_test(reads_initcheck),
		cmocka_unit_test(reads_racecheck),
		cmocka_unit_test(reads_synccheck),
		cmocka_unit_test(hostile_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
