/* SPDX-License-Identifier: Apache-2.0 */
/* Figures, and text of strangers in pages. */
#include "base/mem.h"
#include "model/baseline.h"
#include "model/settings.h"
#include "report/page_priv.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What people have put into names, ideas and logs to get out of a page. */
static const char *const hostile[] = {
	"<script>alert(1)</script>",
	"\"><img src=x onerror=alert(1)>",
	"' onmouseover='alert(1)",
	"</title></svg><script>1</script>",
	"]]><!--",
	"&lt;b&gt; &amp;amp;",
	"<a href=\"javascript:alert(1)\">x</a>",
	"<style>*{display:none}</style>",
	"\x1b[2J\x1b]0;title\x07",
	"a\xe2\x80\xae"
	"b (right to left)",
	"zero\xe2\x80\x8bwidth",
	"\xff\xfe not UTF-8",
	"@everyone @admin",
	"/close\n/approve",
	"::error file=a::b",
	"::set-output name=x::y",
	"![x](https://example.org/x.png)",
	"[x](javascript:alert(1))",
	"``` \n# heading",
	"| cell | cell |",
	"<!-- pike-git -->",
	"https://example.org/",
	"=HYPERLINK(\"x\")",
	"$\\href{x}{y}$",
	"#1 !2 ~label",
};

static void nothing_of_html_is_markup(void **state)
{
	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(hostile); i++) {
		struct pike_buf b;

		pike_buf_init(&b, 4096);
		pike_add_html(&b, hostile[i]);
		assert_true(b.len > 0);
		assert_null(strpbrk(b.s, "<>\"'\x1b\x07"));
		assert_null(strstr(b.s, "\xe2\x80"));
		assert_null(strchr(b.s, '\xff'));
		pike_buf_release(&b);
	}
}

static void text_stays_readable(void **state)
{
	struct pike_buf b;

	(void)state;
	pike_buf_init(&b, 4096);
	pike_add_html(&b, "a < b && \"c\" \xc3\xa9\n");
	assert_string_equal(b.s,
			    "a &lt; b &amp;&amp; &quot;c&quot; \xc3\xa9\n");
	pike_buf_release(&b);
}

static void check_ticks(double lo, double hi, bool log, double low, double high)
{
	struct pike_axis a = {
		.lo = lo, .hi = hi, .from = 0, .to = 100, .log = log
	};
	double v[PIKE_TICKS];
	size_t n;

	pike_axis_fit(&a);
	assert_float_equal(a.lo, low, 1e-9 * fabs(low));
	assert_float_equal(a.hi, high, 1e-9 * fabs(high));
	assert_true(a.lo <= lo && a.hi >= hi);
	n = pike_axis_ticks(v, &a);
	assert_true(n >= 2 && n <= PIKE_TICKS);
	for (size_t i = 0; i < n; i++) {
		assert_true(v[i] >= a.lo * 0.999 - 1e-9);
		assert_true(v[i] <= a.hi * 1.001);
		assert_true(!i || v[i] > v[i - 1]);
	}
	assert_float_equal(pike_axis_at(&a, a.lo), 0, 1e-9);
	assert_float_equal(pike_axis_at(&a, a.hi), 100, 1e-9);
}

static void axes_are_round(void **state)
{
	(void)state;
	check_ticks(0, 300, false, 0, 300);
	check_ticks(0, 7, false, 0, 8);
	check_ticks(0, 0, false, 0, 1);
	check_ticks(0, 1e6, false, 0, 1e6);
	check_ticks(0, 0.03, false, 0, 0.03);
	check_ticks(1, 2.88, true, 1, 3);
	check_ticks(1, 1, true, 1, 1.25);
	check_ticks(0.4, 132, true, 0.3, 150);
	check_ticks(1, 1e5, true, 1, 1e5);
}

static void make(struct pike_figure *f, enum pike_mark mark)
{
	struct pike_series *s;

	memset(f, 0, sizeof(*f));
	f->id = "x";
	f->title = "T <1>";
	f->x = "queries";
	f->y = "speedup";
	f->about = pike_xstrdup("about & so");
	f->mark = mark;
	pike_strs_push(&f->cats, "one, \"1\"");
	pike_strs_push(&f->cats, "=two");
	s = pike_figure_series(f, "main");
	pike_series_add(s, 0, 1, NAN, NAN);
	pike_series_add(s, 1, 2, 1.5, 2.5);
	s = pike_figure_series(f, "<b>");
	pike_series_add(s, 0, 1.25, NAN, NAN);
	pike_series_add(s, 1, NAN, NAN, NAN);
}

static size_t count(const char *s, const char *what)
{
	size_t n = 0;

	for (; (s = strstr(s, what)); s++)
		n++;
	return n;
}

static void each_mark_is_drawn(void **state)
{
	(void)state;
	for (int mark = 0; mark < PIKE_MARK_COUNT; mark++) {
		struct pike_figure f;
		struct pike_buf b;

		make(&f, (enum pike_mark)mark);
		pike_buf_init(&b, 1u << 20);
		pike_figure_svg(&b, &f);
		assert_non_null(strstr(b.s, "<title id=\"x-t\">T &lt;1&gt;<"));
		assert_non_null(strstr(b.s, "about &amp; so"));
		assert_null(strstr(b.s, "<b>"));
		assert_null(strstr(b.s, "nan"));
		assert_null(strstr(b.s, "inf"));
		assert_int_equal(count(b.s, "<title"), count(b.s, "</title>"));
		/* The value of a mark can be read. */
		assert_true(count(b.s, "<title>") >= 1);
		assert_int_equal(count(b.s, "unmeasured"),
				 mark == PIKE_MARK_BAR ? 1 : 0);
		pike_buf_release(&b);
		pike_figure_release(&f);
	}
}

static void data_is_csv(void **state)
{
	struct pike_figure f;
	struct pike_buf b;

	(void)state;
	make(&f, PIKE_MARK_BAR);
	pike_buf_init(&b, 4096);
	pike_figure_csv(&b, &f);
	/* What a spreadsheet would take for a formula is none. */
	assert_string_equal(b.s, "\"series\",\"queries\",\"speedup\",\"lo\","
				 "\"hi\",\"note\",\"published\",\"source\"\r\n"
				 "\"main\",\"one, \"\"1\"\"\",1,,,,,\r\n"
				 "\"main\",\"'=two\",2,1.5,2.5,,,\r\n"
				 "\"<b>\",\"one, \"\"1\"\"\",1.25,,,,,\r\n"
				 "\"<b>\",\"'=two\",,,,,,\r\n");
	pike_buf_release(&b);
	pike_figure_release(&f);
}

/* A number of others and a baseline, in each kind of figure that has them. */
static void references_are_apart(void **state)
{
	static const enum pike_mark marks[] = { PIKE_MARK_STEP, PIKE_MARK_BAR };

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(marks); i++) {
		struct pike_figure f;
		struct pike_buf b;

		make(&f, marks[i]);
		pike_series_note(&f.v[0], "the base moved");
		pike_figure_reference(&f, "=paper", "at <there>", 7);
		pike_figure_reference(&f, "eager", NULL, 0.5);
		pike_buf_init(&b, 1u << 20);
		pike_figure_csv(&b, &f);
		assert_non_null(strstr(b.s, ",2,1.5,2.5,\"the base moved\",,"));
		assert_non_null(
		    strstr(b.s, "\"'=paper\",,,,,,7,\"at <there>\"\r\n"));
		assert_non_null(strstr(b.s, "\"eager\",,0.5,,,,,\r\n"));
		pike_buf_reset(&b);
		pike_figure_svg(&b, &f);
		assert_non_null(strstr(b.s, "=paper, at &lt;there&gt;: 7<"));
		assert_non_null(strstr(b.s, "eager, measured: 0.5<"));
		/* Two lines, and two in the legend. */
		assert_int_equal(count(b.s, "<path class=\"r\""), 4);
		assert_int_equal(count(b.s, "; the base moved<"), 1);
		assert_null(strstr(b.s, "nan"));
		pike_buf_release(&b);
		pike_figure_release(&f);
	}
}

static void quotes_are(const char *text, const char *wrong)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_quotes q;

	assert_int_equal(pike_quotes_parse(&q, text, strlen(text), "f", &err),
			 PIKE_USAGE);
	assert_int_equal(q.n, 0);
	if (!strstr(err.text, wrong))
		print_error("%s: %s\n", text, err.text);
	assert_non_null(strstr(err.text, wrong));
}

static void quotes_have_bounds(void **state)
{
	static const char good[] =
	    "[{\"label\":\"a\\u001b\\n\\u202eb\",\"source\":\"s\","
	    "\"value\":1.5},{\"label\":\"c\",\"source\":\"<s>\","
	    "\"value\":1000}]";
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_quotes q;
	struct pike_buf b;

	(void)state;
	assert_int_equal(pike_quotes_parse(&q, good, strlen(good), "f", &err),
			 0);
	assert_int_equal(q.n, 2);
	/* No control, line or mark that turns text around is left. */
	assert_string_equal(q.v[0].label, "a? ?b");
	assert_float_equal(q.v[0].value, 1.5, 0);
	assert_string_equal(q.v[1].source, "<s>");
	pike_quotes_release(&q);
	quotes_are("[", "f: ");
	quotes_are("[]", "f: is a list of 1 to 8 entries");
	quotes_are("\"x\"", "is a list");
	quotes_are("[3]", "f: entry 1: \"label\"");
	quotes_are("[{\"label\":\"\",\"source\":\"s\",\"value\":1}]",
		   "1 to 40");
	quotes_are("[{\"label\":\"a\",\"value\":1}]", "\"source\"");
	quotes_are("[{\"label\":\"a\",\"source\":\"s\"}]", "0.01 to 1000");
	quotes_are("[{\"label\":\"a\",\"source\":\"s\",\"value\":0}]",
		   "0.01 to 1000");
	quotes_are("[{\"label\":\"a\",\"source\":\"s\",\"value\":1001}]",
		   "0.01 to 1000");
	quotes_are("[{\"label\":\"a\",\"source\":\"s\",\"value\":1,"
		   "\"speedup\":1}]",
		   "and no more");
	quotes_are("[{\"label\":\"a\",\"source\":\"s\",\"value\":1},"
		   "{\"label\":\"a\",\"source\":\"s\",\"value\":2}]",
		   "entry 2: an earlier one");
	pike_buf_init(&b, 4096);
	pike_buf_adds(&b, "[{\"source\":\"s\",\"value\":1,\"label\":\"");
	for (int i = 0; i < 41; i++)
		pike_buf_addc(&b, 'x');
	pike_buf_adds(&b, "\"}]");
	quotes_are(b.s, "1 to 40");
	pike_buf_reset(&b);
	for (int i = 0; i < 9; i++)
		pike_buf_addf(&b,
			      "%c{\"label\":\"%d\",\"source\":\"s\","
			      "\"value\":1}",
			      i ? ',' : '[', i);
	pike_buf_addc(&b, ']');
	quotes_are(b.s, "is a list of 1 to 8");
	pike_buf_release(&b);
}

/* ---- rules ---- */

static struct pike_history *search(const char *target, double lo, double mid)
{
	struct pike_history *h = pike_history_new(target, "cpu");
	struct pike_record r = { .agent = &pike_agent_unknown, .score = NAN };

	memset(h->base.hex, 'a', 40);
	memset(r.id.hex, 'b', 40);
	memset(r.source.hex, 'c', 40);
	h->champion = h->base;
	h->speedup = (struct pike_ratio){ lo, mid, mid + mid - lo };
	if (mid > 0) {
		r.screen.verdict = PIKE_V_SLOWER;
		pike_history_add(h, &r);
	} else {
		h->speedup = (struct pike_ratio){ 1, 1, 1 };
	}
	return h;
}

/* Four targets: 4x, 0.5x, no gain, and one that nobody measured. */
static void both_rules_say_what_they_count(void **state)
{
	struct pike_history *h[] = { search("a", 3, 4), search("b", 0.4, 0.5),
				     search("c", 1, 1), search("d", 0, 0) };
	struct pike_report_search v[PIKE_ARRAY_LEN(h)] = { 0 };
	struct pike_report r = { .title = "t", .v = v, .n = 4 };
	struct pike_run_sum *runs;

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(h); i++) {
		v[i].h = h[i];
		v[i].run = "main";
	}
	assert_int_equal(pike_report_runs(&runs, &r), 1);
	assert_int_equal(runs->targets, 4);
	assert_int_equal(runs->measured, 3);
	/* (4 * 0.5 * 1)^(1/3), and (4 * 1 * 1 * 1)^(1/4). */
	assert_float_equal(runs->mean, pow(2, 1 / 3.0), 1e-12);
	assert_float_equal(runs->mean_lo, pow(1.2, 1 / 3.0), 1e-12);
	assert_float_equal(runs->published, pow(4, 1 / 4.0), 1e-12);
	assert_int_equal(runs->over[0], 1);
	assert_int_equal(runs->over[3], 1);
	free(runs);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(h); i++)
		pike_history_free(h[i]);
}

/* Alternating 2x and 1x over 1x: sqrt(2), and an interval that holds it. */
static void runs_are_compared_over_their_targets(void **state)
{
	struct pike_report_search v[20] = { 0 };
	struct pike_report r = { .title = "t", .v = v, .n = 20 };
	struct pike_ratio d, again;

	(void)state;
	for (size_t i = 0; i < 20; i++) {
		const char name[] = { (char)('a' + i / 2), '\0' };
		double mid = i % 2 && i / 2 % 2 ? 2 : 1;

		v[i].h = search(name, mid, mid);
		v[i].run = i % 2 ? "new" : "old";
	}
	assert_int_equal(pike_report_compare(&d, &r, "new", "old"), 10);
	assert_float_equal(d.mid, sqrt(2), 1e-12);
	assert_true(d.lo > 1 && d.lo < d.mid && d.mid < d.hi && d.hi < 2);
	pike_report_compare(&again, &r, "new", "old");
	assert_memory_equal(&d, &again, sizeof(d));
	r.n = 4;
	assert_int_equal(pike_report_compare(&d, &r, "new", "old"), 2);
	assert_true(isnan(d.lo) && !isnan(d.mid));
	/* What was measured on another device is never compared. */
	((char *)(uintptr_t)v[1].h->lane)[0] = 'g';
	assert_int_equal(pike_report_compare(&d, &r, "new", "old"), 1);
	for (size_t i = 0; i < 20; i++)
		pike_history_free((struct pike_history *)(uintptr_t)v[i].h);
}

static void add_generation(struct pike_history *h, int64_t number, double mid,
			   bool begins)
{
	struct pike_record r = { .agent = &pike_agent_unknown, .score = NAN };
	struct pike_generation g = { .number = number,
				     .speedup = { mid, mid, mid },
				     .base = h->base };

	if (number) {
		snprintf(r.id.hex, sizeof(r.id.hex), "%040d", (int)number);
		r.source = r.id;
		r.settled = number;
		r.screen.verdict = PIKE_V_SAME;
		pike_history_add(h, &r);
	}
	pike_history_generation(h, &g, begins);
}

static const struct pike_figure *find(const struct pike_figure *v, size_t n,
				      const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(v[i].id, id))
			return &v[i];
	return NULL;
}

static void point_is(const struct pike_series *s, size_t i, double x, double y,
		     bool moved)
{
	assert_true(i < s->n);
	assert_float_equal(s->x[i], x, 0);
	assert_float_equal(s->y[i], y, 1e-9);
	assert_int_equal(s->note[i] != NULL, moved);
}

/* 2x, then another base: 1x over that one, then 1.5x. Beside it a target that
 * stays at 1, over which the mean is taken. */
static void a_curve_goes_on_over_a_new_base(void **state)
{
	struct pike_history *h[] = { pike_history_new("a", "cpu"),
				     search("b", 1, 1) };
	struct pike_report_search v[] = { { .h = h[0], .run = "main" },
					  { .h = h[1], .run = "main" } };
	static struct pike_quotes quotes;
	struct pike_report r = {
		.title = "t", .v = v, .n = 2, .quotes = &quotes
	};
	const struct pike_figure *f;
	struct pike_figure *all;
	size_t n;

	(void)state;
	quotes.n = 1;
	quotes.v[0] = (struct pike_quote){ .label = (char[]){ "o1" },
					   .source = (char[]){ "a paper" },
					   .value = 3 };
	memset(h[0]->base.hex, 'a', 40);
	add_generation(h[0], 0, 1, true);
	add_generation(h[0], 1, 4, false);
	add_generation(h[0], 2, 1, true);
	add_generation(h[0], 3, 2.25, false);
	n = pike_report_figures(&all, &r);
	f = find(all, n, "candidates");
	assert_non_null(f);
	assert_non_null(strstr(f->about, "the base moved"));
	assert_non_null(
	    strstr(f->about, "not measured here: o1 3x (a paper)."));
	point_is(&f->v[0], 0, 0, 1, false);
	point_is(&f->v[0], 1, 1, 2, false);
	point_is(&f->v[0], 2, 2, 1, true);
	point_is(&f->v[0], 3, 3, 1.5, false);
	assert_int_equal(f->v[0].n, 4);
	/* What others say moves no number of ours. */
	assert_int_equal(f->n, 2);
	assert_true(f->v[1].reference);
	assert_float_equal(f->v[1].y[0], 3, 0);
	f = find(all, n, "runs");
	assert_true(f->v[f->n - 1].reference);
	for (size_t i = 0; i < n; i++)
		pike_figure_release(&all[i]);
	free(all);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(h); i++)
		pike_history_free(h[i]);
}

static void measured_beside(struct pike_result *r, const char *name,
			    double over)
{
	const struct pike_ratio ratio = { over, over, over };

	pike_result_init(r);
	r->vs_base = (struct pike_ratio){ 2, 2, 2 };
	pike_result_add_baseline(r, name, &ratio, NULL);
}

/* 2x over the base and 4x over eager: eager is half as fast as the base. A
 * baseline that one target is without is no line. */
static void baselines_are_lines(void **state)
{
	struct pike_history *h[] = { search("a", 2, 2), search("b", 2, 2) };
	struct pike_report_search v[] = { { .h = h[0], .run = "main" },
					  { .h = h[1], .run = "main" } };
	struct pike_report r = { .title = "t", .v = v, .n = 2 };
	const struct pike_ratio one = { 1, 1, 1 };
	struct pike_result proofs[2];
	const struct pike_figure *f;
	struct pike_figure *all;
	size_t n;

	(void)state;
	measured_beside(&proofs[0], "eager", 4);
	measured_beside(&proofs[1], "eager", 1);
	pike_result_add_baseline(&proofs[0], "compile", &one, NULL);
	v[0].proof = &proofs[0];
	v[1].proof = &proofs[1];
	n = pike_report_figures(&all, &r);
	f = find(all, n, "runs");
	assert_int_equal(f->n, 3);
	assert_string_equal(f->v[2].name, "eager");
	assert_true(f->v[2].reference);
	assert_null(f->v[2].source);
	/* sqrt(1/2 * 2) */
	assert_float_equal(f->v[2].y[0], 1, 1e-9);
	for (size_t i = 0; i < n; i++)
		pike_figure_release(&all[i]);
	free(all);
	for (size_t i = 0; i < 2; i++) {
		pike_result_release(&proofs[i]);
		pike_history_free(h[i]);
	}
}

static void add_spent(struct pike_history *h, int64_t number, double spent,
		      double mid)
{
	struct pike_generation g = { .number = number,
				     .spent = spent,
				     .speedup = { mid, mid, mid } };

	pike_history_generation(h, &g, !number);
}

/* 2x for 1 dollar and 4x for 5; 3x for 2: at 2 dollars it is 2x against 3x. */
static void runs_are_seen_at_equal_money(void **state)
{
	struct pike_history *h[] = { pike_history_new("a", "cpu"),
				     pike_history_new("a", "cpu.b") };
	struct pike_report_search v[] = { { .h = h[0], .run = "main" },
					  { .h = h[1], .run = "b" } };
	struct pike_report r = { .title = "t", .v = v, .n = 2 };
	const struct pike_figure *f;
	struct pike_figure *all;
	size_t n;

	(void)state;
	add_spent(h[0], 0, 0, 1);
	add_spent(h[0], 1, 1, 2);
	add_spent(h[0], 2, 5, 4);
	add_spent(h[1], 0, 0, 1);
	add_spent(h[1], 1, 2, 3);
	n = pike_report_figures(&all, &r);
	f = find(all, n, "runs");
	assert_int_equal(f->n, 3);
	assert_string_equal(f->v[2].name, "published rule at USD 2.00");
	assert_float_equal(f->v[2].y[0], 2, 1e-9);
	assert_float_equal(f->v[2].y[1], 3, 1e-9);
	for (size_t i = 0; i < n; i++)
		pike_figure_release(&all[i]);
	free(all);
	pike_history_free(h[0]);
	pike_history_free(h[1]);
}

static unsigned kinds(const char *line)
{
	return pike_kinds_of(line, strlen(line));
}

static void words_tell_kinds(void **state)
{
	static const char *const names[] = { "Triton",	      "CUDA",
					     "16-bit",	      "tensor cores",
					     "torch.compile", "vectors of C" };

	(void)state;
	for (unsigned i = 0; i < PIKE_KINDS; i++)
		assert_string_equal(pike_kind_name(i), names[i]);
	assert_int_equal(kinds("@triton.jit"), 1);
	assert_int_equal(kinds("import my_triton_tools, tritonic"), 0);
	assert_int_equal(kinds("__global__ void f(__half2 *x)"), 2 | 4);
	assert_int_equal(kinds("x = x.half()"), 4);
	assert_int_equal(kinds("int half = n / 2;"), 0);
	assert_int_equal(kinds("wgmma.mma_async.sync f32.bf16.bf16"), 4 | 8);
	assert_int_equal(kinds("y = torch.compile(f)"), 16);
	assert_int_equal(kinds("re.compile(f)"), 0);
	assert_int_equal(kinds("#include <immintrin.h>"), 32);
	assert_int_equal(kinds(""), 0);
}

static void add_line(struct pike_clocked *c, const char *more)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_result r;
	char *line =
	    pike_xasprintf("{\"v\":1,\"id\":\"a\",\"verdict\":\"same\","
			   "\"stage\":\"screen\",\"commit\":\"%040d\",%s}",
			   7, more);

	assert_int_equal(pike_result_parse(&r, line, strlen(line), &err), 0);
	pike_clocked_add(c, &r);
	pike_result_release(&r);
	free(line);
}

static void results_tell_time(void **state)
{
	struct pike_clocked c = { .n = 0 }, sum = { .n = 0 };

	(void)state;
	add_line(&c,
		 "\"ts\":110,\"secs\":10,\"phases\":{\"time\":4,\"wait\":6}");
	add_line(&c, "\"ts\":200,\"secs\":1,\"phases\":{\"build\":0.5,"
		     "\"time\":0.5},\"cases\":[{\"case\":\"n=1\",\"base_ns\":"
		     "3000000,\"cand_ns\":2000000,\"pairs\":100}]");
	assert_int_equal(c.n, 2);
	assert_int_equal(c.from, 100);
	assert_int_equal(c.to, 200);
	/* Not while it waited. */
	assert_float_equal(c.held, 5, 1e-9);
	assert_float_equal(c.kernels, 0.5, 1e-9);
	assert_int_equal(c.nphases, 3);
	/* What no clock can have shown is left out. */
	add_line(&c, "\"ts\":1,\"secs\":1e300,\"phases\":{\"time\":1e300}");
	add_line(&c,
		 "\"ts\":150,\"secs\":0,\"phases\":{\"time\":1e300,\"a name "
		 "that is longer than any phase has\":1,\"x\":-1}");
	assert_int_equal(c.n, 3);
	assert_int_equal(c.from, 100);
	assert_int_equal(c.nphases, 3);
	pike_clocked_join(&sum, &c);
	pike_clocked_join(&sum, &c);
	assert_int_equal(sum.n, 6);
	assert_int_equal(sum.from, 100);
	assert_float_equal(sum.held, 10, 1e-9);
	assert_float_equal(sum.phases[0].secs + sum.phases[1].secs +
			       sum.phases[2].secs,
			   22, 1e-9);
}

/* Three runs, two of one strategy, and one that nothing here knows. */
static void knobs_stand_side_by_side(void **state)
{
	const struct pike_settings none = { 0 };
	struct pike_preset pike_o, tune;
	struct pike_report_search v[] = {
		{ .run = "main", .strategy = "pike-o", .preset = &pike_o },
		{ .run = "main", .strategy = "pike-o", .preset = &pike_o },
		{ .run = "b", .strategy = "<mine>" },
		{ .run = "c", .strategy = "tune", .preset = &tune },
		{ .run = "d" },
	};
	struct pike_report r = { .title = "t", .v = v, .n = 5 };
	const struct pike_report_search **out;
	struct pike_buf b;
	size_t rows = 0;

	(void)state;
	assert_true(pike_preset_find(&pike_o, &none, "pike-o"));
	assert_true(pike_preset_find(&tune, &none, "tune"));
	assert_int_equal(pike_report_strategies(&out, &r), 3);
	assert_ptr_equal(out[0], &v[0]);
	assert_ptr_equal(out[1], &v[2]);
	assert_ptr_equal(out[2], &v[3]);
	free(out);
	pike_buf_init(&b, 4096);
	for (const char *name; (name = pike_knob_name(rows)); rows++) {
		pike_buf_addf(&b, "%s=", name);
		pike_knob_text(&b, &pike_o, rows);
		pike_knob_text(&b, &tune, rows);
		pike_knob_text(&b, NULL, rows);
		pike_buf_addc(&b, ' ');
	}
	assert_int_equal(rows, 18);
	assert_non_null(strstr(b.s, " islands=3 "));
	assert_non_null(strstr(b.s, " explore=0.2 exploit=0.7 "));
	assert_non_null(strstr(b.s, " prompt=crossover parallel=20 "
				    "fix-attempts=5 "));
	pike_buf_release(&b);
}

/* A gain, none, and what is unmeasured for want of candidates or of a search.
 */
static void targets_are_tests(void **state)
{
	struct pike_history *h[] = { search("a", 3, 4), search("b", 1, 1),
				     search("c", 0, 0), search("a", 2, 2) };
	struct pike_report_search v[PIKE_ARRAY_LEN(h)] = { 0 };
	struct pike_report r = { .title = "t", .v = v, .n = 4 };
	struct pike_buf b;

	(void)state;
	memset(h[0]->champion.hex, 'b', 40);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(h); i++) {
		v[i].h = h[i];
		v[i].run = i < 3 ? "main" : "<other>";
	}
	pike_buf_init(&b, 1u << 16);
	pike_report_junit(&b, &r);
	assert_non_null(strstr(b.s, "name=\"pike-git report, run main\" "
				    "tests=\"3\" failures=\"0\" "
				    "errors=\"0\" skipped=\"1\">"));
	assert_non_null(strstr(b.s, "run &lt;other&gt;\" tests=\"3\" "
				    "failures=\"0\" errors=\"0\" "
				    "skipped=\"2\">"));
	assert_non_null(strstr(b.s, "name=\"a/cpu\" time=\"0.000\">\n"
				    "<system-out>4.00x [3.00, 5.00] over the "
				    "base aaaaaaaaaaaa: bbbbbbbbbbbb<"));
	assert_non_null(strstr(b.s, "<system-out>no gain was confirmed in 1 "
				    "candidate: the base stays<"));
	assert_int_equal(count(b.s, "<skipped message=\"unmeasured: "), 3);
	assert_int_equal(count(b.s, "<testcase "), 6);
	pike_buf_release(&b);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(h); i++)
		pike_history_free(h[i]);
}

static void add_asked(struct pike_history *h, int n, const char *agent,
		      double speedup, int parent)
{
	struct pike_record r = { .agent = pike_agent_find(agent),
				 .model = pike_xstrdup("m"),
				 .screen.verdict = PIKE_V_SAME };
	struct pike_score s = { .verdict = PIKE_V_FASTER,
				.ratio = { speedup, speedup, speedup } };

	snprintf(r.id.hex, sizeof(r.id.hex), "%040d", n);
	r.source = r.id;
	r.parents = pike_xcalloc(1, sizeof(*r.parents));
	r.nparents = 1;
	snprintf(r.parents[0].hex, sizeof(r.parents[0].hex), "%040d", parent);
	pike_history_add(h, &r);
	snprintf(r.id.hex, sizeof(r.id.hex), "%040d", n);
	pike_history_apply(h, &r.id, PIKE_CONFIRM, &s);
}

/* 2x and 8x at once, 2x mended; and of the three half are of 16 bits. */
static void mended_candidates_have_their_worth(void **state)
{
	struct pike_history *h = pike_history_new("a", "cpu");
	const int lines[] = { 5, 5, 5 };
	const unsigned code[] = { 4, 0, 4 };
	struct pike_report_search v = { .h = h,
					.run = "main",
					.lines = lines,
					.changed = lines,
					.kinds = code };
	struct pike_report r = { .title = "t", .v = &v, .n = 1, .every = 3 };
	const struct pike_figure *f;
	struct pike_figure *all;
	size_t n;

	(void)state;
	add_asked(h, 1, "optimize", 2, 0);
	add_asked(h, 2, "optimize", 8, 0);
	add_asked(h, 3, "fix", 2, 1);
	n = pike_report_figures(&all, &r);
	f = find(all, n, "fixes");
	assert_non_null(f);
	assert_string_equal(f->v[0].name, "right at once");
	assert_float_equal(f->v[0].y[0], 4, 1e-9);
	assert_float_equal(f->v[1].y[0], 2, 1e-9);
	assert_non_null(strstr(f->about, "2 at once, 1 mended"));
	assert_non_null(strstr(f->about, "main 1 of 1."));
	f = find(all, n, "kinds");
	assert_non_null(f);
	assert_int_equal(f->n, 1);
	assert_string_equal(f->v[0].name, "16-bit");
	point_is(&f->v[0], 0, 1, 1, false);
	point_is(&f->v[0], 1, 2, 0.5, false);
	point_is(&f->v[0], 2, 3, 2.0 / 3, false);
	/* What a part of the candidates tells says so; what all tell, not. */
	assert_non_null(strstr(f->about, "One in 3 candidates was read."));
	assert_non_null(strstr(find(all, n, "size")->about, "One in 3 "));
	assert_non_null(strstr(find(all, n, "changes")->about, "One in 3 "));
	assert_null(strstr(find(all, n, "fixes")->about, "One in 3 "));
	for (size_t i = 0; i < n; i++)
		pike_figure_release(&all[i]);
	free(all);
	pike_history_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_of_html_is_markup),
		cmocka_unit_test(text_stays_readable),
		cmocka_unit_test(axes_are_round),
		cmocka_unit_test(each_mark_is_drawn),
		cmocka_unit_test(data_is_csv),
		cmocka_unit_test(both_rules_say_what_they_count),
		cmocka_unit_test(runs_are_compared_over_their_targets),
		cmocka_unit_test(targets_are_tests),
		cmocka_unit_test(references_are_apart),
		cmocka_unit_test(quotes_have_bounds),
		cmocka_unit_test(a_curve_goes_on_over_a_new_base),
		cmocka_unit_test(runs_are_seen_at_equal_money),
		cmocka_unit_test(baselines_are_lines),
		cmocka_unit_test(words_tell_kinds),
		cmocka_unit_test(knobs_stand_side_by_side),
		cmocka_unit_test(results_tell_time),
		cmocka_unit_test(mended_candidates_have_their_worth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
