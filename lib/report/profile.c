/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile: what profiler and checkers told of a kernel, as a short table, one
 * sentence by rule, and one line of what each checker said. All from the
 * result, whose texts may be anybody's.
 */
#include "report/report.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/profile.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Launches in the table: the longest ones. */
#define SHOWN 3
#define STALLS 3
#define KERNEL_WIDTH 16

/* ---- the table ---- */

static double metric(const struct pike_json *launch, const char *name)
{
	return pike_json_f64(launch, name, -1);
}

static int by_time(const void *p, const void *q)
{
	double a =
	    metric(*(const struct pike_json *const *)p, PIKE_METRIC_TIME);
	double b =
	    metric(*(const struct pike_json *const *)q, PIKE_METRIC_TIME);

	return a < b ? 1 : a > b ? -1 : 0;
}

/* The longest first; how many. */
static size_t longest(const struct pike_json *out[SHOWN],
		      const struct pike_json *list)
{
	size_t n = pike_json_len(list);
	const struct pike_json **v = pike_xcalloc(n + 1, sizeof(*v));

	for (size_t i = 0; i < n; i++)
		v[i] = pike_json_at(list, i);
	qsort(v, n, sizeof(*v), by_time);
	n = n < SHOWN ? n : SHOWN;
	for (size_t i = 0; i < n; i++)
		out[i] = v[i];
	free(v);
	return n;
}

static void value_cell(struct pike_table *t, const struct pike_metric *m,
		       double v)
{
	char text[32];

	if (!(v >= 0))
		pike_table_cell(t, "-");
	else if (m->unit == PIKE_METRIC_NS)
		pike_table_cell(t, pike_human_ns(text, v));
	else if (m->unit == PIKE_METRIC_PERCENT)
		pike_table_cellf(t, "%.1f %%", v);
	else if (m->unit == PIKE_METRIC_BYTES)
		pike_table_cellf(t, v < 1e5 ? "%.0f B" : "%.2f MB",
				 v < 1e5 ? v : v / 1e6);
	else if (m->unit == PIKE_METRIC_COUNT)
		pike_table_cellf(t, "%.0f", v);
	else
		pike_table_cellf(t, "%.2f", v);
}

/* A row that no launch has a number for is left out. */
static void metric_row(struct pike_table *t, const struct pike_metric *m,
		       const struct pike_json *const v[SHOWN], size_t n)
{
	bool any = false;

	for (size_t i = 0; i < n; i++)
		any = any || metric(v[i], m->name) >= 0;
	if (!any || m->stall)
		return;
	for (size_t i = 0; i < n; i++)
		value_cell(t, m, metric(v[i], m->name));
	pike_table_cell(t, m->label);
}

static void names_row(struct pike_table *t,
		      const struct pike_json *const v[SHOWN], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *name = pike_json_str(v[i], "kernel", "-");

		if (pike_text_width(name) <= KERNEL_WIDTH)
			pike_table_cell(t, name);
		else
			pike_table_cellf(t, "%.*s...", KERNEL_WIDTH - 3, name);
	}
	pike_table_cell(t, n > 1 ? "(the longest first)" : "");
}

static void table_text(struct pike_buf *b,
		       const struct pike_json *const v[SHOWN], size_t n)
{
	static const struct pike_column cols[SHOWN + 1] = {
		{ .right = true }, { .right = true }, { .right = true }, { 0 }
	};
	struct pike_table t;

	pike_table_init(&t, cols + (SHOWN - n), n + 1);
	names_row(&t, v, n);
	for (size_t i = 0; i < pike_metrics_n(); i++)
		metric_row(&t, &pike_metrics[i], v, n);
	pike_table_print(b, &t, PIKE_WIDTH);
	pike_table_release(&t);
}

/* ---- why warps wait ---- */

static const struct pike_metric *next_stall(const struct pike_json *launch,
					    const struct pike_metric *after)
{
	const struct pike_metric *best = NULL;
	double top = after ? metric(launch, after->name) : INFINITY, most = 0;

	for (size_t i = 0; i < pike_metrics_n(); i++) {
		const struct pike_metric *m = &pike_metrics[i];
		double v = metric(launch, m->name);

		if (m->stall && v > most && v < top) {
			most = v;
			best = m;
		}
	}
	return best;
}

static void stalls_text(struct pike_buf *b, const struct pike_json *launch)
{
	const struct pike_metric *m = NULL;
	struct pike_buf line;

	pike_buf_init(&line, 512);
	for (int i = 0; i < STALLS && (m = next_stall(launch, m)); i++)
		pike_buf_addf(&line, "%s%s %.2f", i ? ", " : "", m->label,
			      metric(launch, m->name));
	if (line.len) {
		pike_buf_adds(b, "warps wait (for each that goes on): ");
		pike_wrap_from(b, line.s, 36, 2, PIKE_WIDTH);
		pike_buf_addc(b, '\n');
	}
	pike_buf_release(&line);
}

/* ---- one sentence ---- */

struct seen {
	const struct pike_json *launch;
	double dram;	/* share of the measured copy, else of the peak */
	bool copy;	/* of the copy */
	double traffic; /* bytes moved over bytes declared; 0: unknown */
};

static bool at_memory(char text[256], const struct seen *s)
{
	const char *of = s->copy ? "the measured copy" : "its peak";

	if (s->dram < 0.8)
		return false;
	if (s->traffic > 1.3)
		snprintf(text, 256,
			 "DRAM at %.0f %% of %s, for %.1f times the bytes that "
			 "the target declares: move fewer",
			 100 * s->dram, of, s->traffic);
	else
		snprintf(text, 256,
			 "DRAM at %.0f %% of %s: at the floor for these bytes; "
			 "move fewer, or stop",
			 100 * s->dram, of);
	return true;
}

static bool at_compute(char text[256], const struct seen *s)
{
	double sm = metric(s->launch, PIKE_METRIC_SM);

	if (sm < 80)
		return false;
	snprintf(text, 256,
		 "SM at %.0f %% of its peak: fewer instructions, or units that "
		 "do more with one (tensor cores, wider loads)",
		 sm);
	return true;
}

static bool too_few_blocks(char text[256], const struct seen *s)
{
	double w = metric(s->launch, PIKE_METRIC_WAVES);

	if (!(w > 0 && w < 0.9))
		return false;
	snprintf(text, 256,
		 "the grid fills %.0f %% of the GPU: more or smaller blocks",
		 100 * w);
	return true;
}

static bool spills(char text[256], const struct seen *s)
{
	double n = metric(s->launch, PIKE_METRIC_SPILLS);

	if (!(n > 0))
		return false;
	snprintf(text, 256,
		 "%.0f sectors of local memory are read: registers spill, or "
		 "an array is indexed at run time",
		 n);
	return true;
}

static bool scattered(char text[256], const struct seen *s)
{
	double used = metric(s->launch, PIKE_METRIC_USED);

	/* 0: all comes another way (bulk and asynchronous copies) */
	if (!(used > 0 && used < 60))
		return false;
	snprintf(text, 256,
		 "%.0f %% of the bytes of sectors read are used: let "
		 "neighbouring threads read neighbouring addresses",
		 used);
	return true;
}

static bool last_wave(char text[256], const struct seen *s)
{
	double w = metric(s->launch, PIKE_METRIC_WAVES);
	double idle = w > 0 ? 1 - w / ceil(w) : 0;

	if (!(idle > 0.2))
		return false;
	snprintf(text, 256,
		 "the last of %.1f waves leaves %.0f %% of the time of SMs "
		 "unused: another number or size of blocks",
		 w, 100 * idle);
	return true;
}

static bool waits(char text[256], const struct seen *s)
{
	const struct pike_metric *m = next_stall(s->launch, NULL);
	double occupancy = metric(s->launch, PIKE_METRIC_OCCUPANCY);

	if (!m)
		return false;
	snprintf(text, 256, "warps wait mostly %s, at %.0f %% occupancy%s",
		 m->label, occupancy,
		 occupancy >= 0 && occupancy < 50
		     ? ": more warps, or more work in flight in each"
		     : "");
	return true;
}

/* The first that fits is told. */
static bool (*const rules[])(char text[256], const struct seen *s) = {
	at_memory, at_compute, too_few_blocks, spills,
	scattered, last_wave,  waits,
};

/* Declared bytes follow from the rate that the first case reached. */
static void look(struct seen *s, const struct pike_result *r)
{
	double ns = metric(s->launch, PIKE_METRIC_TIME);
	double copy = pike_json_f64(r->extra, "copy_bps", 0);
	double moved = metric(s->launch, PIKE_METRIC_READ) +
		       metric(s->launch, PIKE_METRIC_WRITTEN);
	double declared = r->ncases ? pike_json_f64(r->extra, "gbps", 0) *
					  (double)r->cases[0].cand_ns
				    : 0;
	const struct pike_json *profile =
	    pike_json_get(r->resources, "profile");

	s->dram = metric(s->launch, PIKE_METRIC_DRAM) / 100;
	if (copy > 0 && ns > 0 && moved > 0) {
		s->copy = true;
		s->dram = moved / ns * 1e9 / copy;
	}
	if (declared > 0 && moved > 0 &&
	    pike_json_len(pike_json_get(profile, "launches")) == 1)
		s->traffic = moved / declared;
}

static void reading_text(struct pike_buf *b, const struct pike_result *r,
			 const struct pike_json *launch)
{
	struct seen s = { .launch = launch };
	char text[256];

	look(&s, r);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(rules); i++) {
		if (!rules[i](text, &s))
			continue;
		pike_buf_adds(b, "reading: ");
		pike_wrap_from(b, text, 9, 9, PIKE_WIDTH);
		pike_buf_addc(b, '\n');
		return;
	}
}

/* ---- what tools said ---- */

static void line(struct pike_buf *b, const char *head, const char *text)
{
	struct pike_buf clean;

	pike_buf_init(&clean, 8192);
	pike_sanitize(&clean, text, strlen(text));
	pike_buf_adds(b, head);
	pike_wrap_from(b, clean.len ? clean.s : "-", strlen(head), 2,
		       PIKE_WIDTH);
	pike_buf_addc(b, '\n');
	pike_buf_release(&clean);
}

static void profiler_text(struct pike_buf *b, const struct pike_result *r,
			  const struct pike_json *p)
{
	const struct pike_json *v[SHOWN];
	const struct pike_json *unknown = pike_json_get(p, "unknown");
	size_t n = longest(v, pike_json_get(p, "launches"));
	char text[64];

	if (!n) {
		line(b, "profile: unavailable: ",
		     pike_json_str(p, "unavailable", "it is empty"));
		return;
	}
	line(b, "profile of case ", pike_json_str(p, "case", "-"));
	table_text(b, v, n);
	stalls_text(b, v[0]);
	reading_text(b, r, v[0]);
	if (pike_json_len(unknown)) {
		snprintf(text, sizeof(text), "%zu metrics",
			 pike_json_len(unknown));
		line(b, "not known to this profiler: ", text);
	}
}

/* How many threads erred tells of a hidden case's shape, and prompts have this
 * text too; --json has the number. */
static const char *said_by(const struct pike_json *s, const char *checker)
{
	const char *text = pike_json_str(s, checker, "not run");

	return pike_ends_with(text, " error") || pike_ends_with(text, " errors")
		   ? "finds errors"
		   : text;
}

static void checkers_text(struct pike_buf *b, const struct pike_json *s)
{
	const char *why = pike_json_str(s, "unavailable", NULL);
	struct pike_buf all;

	pike_buf_init(&all, 4096);
	for (int k = 0; !why && k < PIKE_CHECKERS; k++) {
		const char *name = pike_checker_name((enum pike_checker)k);

		pike_buf_addf(&all, "%s%s %.300s", k ? "; " : "", name,
			      said_by(s, name));
	}
	line(b, why ? "sanitizers: unavailable: " : "sanitizers: ",
	     why ? why : all.s);
	pike_buf_release(&all);
}

static void reports_text(struct pike_buf *b, const struct pike_json *list)
{
	for (size_t i = 0; i < pike_json_len(list) && i < 12; i++) {
		const struct pike_json *j = pike_json_at(list, i);
		char *text = pike_xasprintf("%.20s: %.160s in %.96s %.160s",
					    pike_json_str(j, "tool", "-"),
					    pike_json_str(j, "kind", "-"),
					    pike_json_str(j, "kernel", "-"),
					    pike_json_str(j, "place", ""));

		line(b, "  ", text);
		free(text);
	}
}

static void list_text(struct pike_buf *b, const char *head,
		      const struct pike_json *list)
{
	for (size_t i = 0; i < pike_json_len(list) && i < 8; i++)
		line(b, head, pike_json_as_str(pike_json_at(list, i), "-"));
}

static void exact_text(struct pike_buf *b, const struct pike_json *x)
{
	line(b, "exact buffers: ", pike_json_str(x, "said", "not run"));
	list_text(b, "  not looked at: ", pike_json_get(x, "unchecked"));
	list_text(b, "  undefined: ", pike_json_get(x, "remarks"));
}

void pike_profile_text(struct pike_buf *b, const struct pike_result *r)
{
	const struct pike_json *p = pike_json_get(r->resources, "profile");
	const struct pike_json *s = pike_json_get(r->resources, "sanitizer");
	const struct pike_json *x = pike_json_get(r->resources, "exact");

	if (x)
		exact_text(b, x);

	if (p)
		profiler_text(b, r, p);
	if (!s)
		return;
	checkers_text(b, s);
	reports_text(b, pike_json_get(s, "reports"));
}
