/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes what profiler and checkers write, with a candidate's names in it: what
 * is read is bounded and clean, and an error that stands in the log is never
 * lost behind it.
 */
#include "device/tools.h"

#include "base/mem.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(x)                                                               \
	do {                                                                   \
		if (!(x))                                                      \
			abort();                                               \
	} while (0)

static void clean(const char *s, size_t size)
{
	CHECK(memchr(s, 0, size));
	CHECK(!strchr(s, '\033') && !strchr(s, '\n'));
}

static void read_profile(const char *log)
{
	struct pike_json *list = pike_profile_read(log);
	struct pike_strs names = PIKE_STRS_INIT;

	CHECK(pike_json_len(list) <= PIKE_PROFILED);
	for (size_t i = 0; i < pike_json_len(list); i++) {
		const struct pike_json *j = pike_json_at(list, i);
		const char *key;

		for (size_t k = 0; (key = pike_json_key(j, k)); k++)
			CHECK(!strcmp(key, "kernel") ||
			      (pike_metric_find(key) &&
			       isfinite(pike_json_f64(j, key, NAN))));
		CHECK(!strchr(pike_json_str(j, "kernel", ""), '\033'));
	}
	pike_profile_unknown(&names, log);
	pike_profile_missing(&names, list);
	CHECK(names.n <= pike_metrics_n());
	pike_strs_release(&names);
	pike_json_free(list);
}

static void read_check(const char *log)
{
	struct pike_checked c, more;
	struct pike_buf b;

	pike_check_log_read(&c, log);
	CHECK(c.n <= PIKE_REPORTS && c.errors >= 0);
	for (size_t i = 0; i < c.n; i++) {
		clean(c.v[i].kind, sizeof(c.v[i].kind));
		clean(c.v[i].kernel, sizeof(c.v[i].kernel));
		clean(c.v[i].place, sizeof(c.v[i].place));
		CHECK(c.v[i].kernel[0]);
	}
	/* What comes later makes it no better. */
	pike_buf_init(&b, 1 << 20);
	pike_buf_adds(&b, log);
	pike_buf_adds(&b, "\n========= ERROR SUMMARY: 0 errors\n");
	if (!b.full) {
		pike_check_log_read(&more, b.s);
		CHECK(more.done && more.errors >= c.errors);
	}
	pike_buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[256];
	char *log;

	if (size > 1 << 16)
		return 0;
	log = pike_xstrndup((const char *)data, size);
	read_profile(log);
	read_check(log);
	pike_tool_complaint(why, log);
	clean(why, sizeof(why));
	free(log);
	return 0;
}
