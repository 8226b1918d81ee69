/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes what a report is made of: a result line as the champion's evidence, or
 * a file of published numbers. The page has no script but its own and is
 * balanced, data are JSON, and no figure has a number that is none. */
#include "base/json.h"
#include "base/mem.h"
#include "report/figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static size_t count(const char *s, const char *what)
{
	size_t n = 0;

	for (; (s = strstr(s, what)); s++)
		n++;
	return n;
}

static struct pike_history *history(void)
{
	struct pike_history *h = pike_history_new("a", "cpu");
	struct pike_record r = { .agent = &pike_agent_tune,
				 .score = NAN,
				 .screen.verdict = PIKE_V_FASTER };
	struct pike_generation g = { .speedup = { 1, 1, 1 } };

	memset(h->base.hex, 'a', 40);
	g.base = g.champion = h->base;
	pike_history_generation(h, &g, true);
	memset(r.id.hex, 'b', 40);
	r.source = r.id;
	r.settled = 1;
	g.champion = r.id;
	g.number = 1;
	g.speedup = (struct pike_ratio){ 1.5, 2, 2.5 };
	pike_history_add(h, &r);
	pike_history_generation(h, &g, false);
	return h;
}

static void print_all(const struct pike_report *r)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_json *j;
	struct pike_buf b;

	pike_buf_init(&b, 64u << 20);
	pike_report_html(&b, r, "", "");
	must(count(b.s, "<script") == 1 && count(b.s, "<img") == 0);
	must(count(b.s, "<svg") == count(b.s, "</svg>"));
	must(count(b.s, "<pre") == count(b.s, "</pre>"));
	must(count(b.s, "<dd>") == count(b.s, "</dd>"));
	must(!strchr(b.s, '\x1b') && !strstr(b.s, "\xe2\x80\xae"));
	must(!strstr(b.s, "\"nan\"") && !strstr(b.s, "\"inf\""));
	pike_buf_reset(&b);
	pike_report_json(&b, r);
	j = pike_json_parse(b.s, b.len, &err);
	must(j != NULL);
	pike_json_free(j);
	pike_buf_reset(&b);
	pike_report_junit(&b, r);
	pike_report_markdown(&b, r);
	pike_report_csv(&b, r);
	pike_report_benchmark(&b, r);
	must(count(b.s, "<script") == 0);
	pike_buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pike_history *h = history();
	struct pike_clocked clocked = { .n = 0 };
	struct pike_report_search v = { .h = h, .run = "main" };
	struct pike_quotes quotes = { .n = 0 };
	struct pike_report r = {
		.title = "t", .v = &v, .n = 1, .quotes = &quotes
	};
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_result proof;
	bool is_result;

	is_result = !pike_result_parse(&proof, (const char *)data, size, &err);
	if (is_result) {
		v.proof = &proof;
		v.clocked = &clocked;
		for (int i = 0; i < 3; i++)
			pike_clocked_add(&clocked, &proof);
	} else if (pike_quotes_parse(&quotes, (const char *)data, size, "f",
				     &err)) {
		must(quotes.n == 0 && *err.text);
	}
	if (is_result || quotes.n)
		print_all(&r);
	if (is_result)
		pike_result_release(&proof);
	pike_quotes_release(&quotes);
	pike_history_free(h);
	return 0;
}
