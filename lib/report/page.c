/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page: the report as one HTML page. Every text goes through pike_add_html;
 * the page asks nothing of any network and forbids itself to (its policy), and
 * says all that it has to say without its script.
 */
#include "report/page_priv.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/ledger.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TREE_LINES 200
#define DIFF_LINES 2000

static void head(struct pike_buf *b, const char *title, const char *css)
{
	pike_buf_adds(b,
		      "<!doctype html>\n<html lang=\"en\">\n<head>\n"
		      "<meta charset=\"utf-8\">\n"
		      "<meta http-equiv=\"Content-Security-Policy\" content=\""
		      "default-src 'none'; style-src 'unsafe-inline'; "
		      "script-src 'unsafe-inline'; img-src data:\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width, "
		      "initial-scale=1\">\n<meta name=\"color-scheme\" "
		      "content=\"light dark\">\n<title>");
	pike_add_html(b, title);
	pike_buf_addf(b, "</title>\n<style>\n%s</style>\n</head>\n<body>\n",
		      css);
}

static void cell(struct pike_buf *b, const char *tag, const char *text)
{
	pike_buf_addf(b, "<%s>", tag);
	pike_add_html(b, text);
	pike_buf_addf(b, "</%.2s>", tag);
}

static void cell_number(struct pike_buf *b, int digits, const char *unit,
			double v)
{
	if (isnan(v)) {
		pike_buf_adds(b, "<td class=\"u\">unmeasured</td>");
		return;
	}
	pike_buf_addf(b, "<td class=\"n\" data-v=\"%.10g\">%.*f%s</td>", v,
		      digits, v, unit);
}

/* Opens a table that can be scrolled by keyboard on a narrow screen. */
static void open_table(struct pike_buf *b, const char *caption)
{
	pike_buf_adds(b, "<div class=\"t\" tabindex=\"0\" role=\"group\" "
			 "aria-label=\"");
	pike_add_html(b, caption);
	pike_buf_adds(b, "\"><table><caption>");
	pike_add_html(b, caption);
	pike_buf_adds(b, "</caption><thead><tr>");
}

/* ---- runs ---- */

static void runs(struct pike_buf *b, const struct pike_run_sum *v, size_t n)
{
	static const char *const titles[] = {
		"run",	      "measured",	"geometric mean",
		"lower ends", "published rule", "faster",
		"&gt; 1.1x",  "&gt; 1.5x",	"&gt; 2x",
		"candidates", "queries",	"fixed",
		"USD",
	};

	pike_buf_adds(b, "<section id=\"runs\"><h2>Runs</h2>");
	open_table(b, "Speedups over the base, by run");
	for (size_t i = 0; i < PIKE_ARRAY_LEN(titles); i++)
		pike_buf_addf(b, "<th scope=\"col\">%s</th>", titles[i]);
	pike_buf_adds(b, "</tr></thead><tbody>");
	for (size_t k = 0; k < n; k++) {
		pike_buf_adds(b, "<tr>");
		cell(b, "th scope=\"row\"", v[k].run);
		pike_buf_addf(b, "<td class=\"n\">%zu of %zu</td>",
			      v[k].measured, v[k].targets);
		cell_number(b, 3, "x", v[k].mean);
		cell_number(b, 3, "x", v[k].mean_lo);
		cell_number(b, 3, "x", v[k].published);
		for (size_t i = 0; i < PIKE_ARRAY_LEN(v[k].over); i++)
			cell_number(b, 0, "", (double)v[k].over[i]);
		cell_number(b, 0, "", (double)v[k].candidates);
		cell_number(b, 0, "", (double)v[k].queries);
		pike_buf_addf(b, "<td class=\"n\">%lld of %lld</td>",
			      (long long)v[k].fixed, (long long)v[k].fixes);
		cell_number(b, 2, "", v[k].usd);
		pike_buf_adds(b, "</tr>");
	}
	pike_buf_adds(
	    b,
	    "</tbody></table></div><p>Geometric mean: of the measured targets, "
	    "as they are. Published rule: over all targets, none below 1, a "
	    "missing one 1. Faster: targets whose interval lies above 1. "
	    "Fixed: "
	    "chains of fixes that ended in a candidate that is correct.</p>"
	    "</section>\n");
}

/* ---- one run over another ---- */

static void comparison(struct pike_buf *b, const struct pike_report *r,
		       const char *run, const char *over)
{
	struct pike_ratio d;
	size_t n = pike_report_compare(&d, r, run, over);

	if (!n)
		return;
	pike_buf_adds(b, "<tr>");
	cell(b, "th scope=\"row\"", run);
	cell(b, "td", over);
	cell_number(b, 3, "x", d.mid);
	if (isnan(d.lo))
		pike_buf_adds(b, "<td class=\"u\">too few targets</td>");
	else
		pike_buf_addf(b, "<td class=\"n\">[%.3f, %.3f]</td>", d.lo,
			      d.hi);
	pike_buf_addf(b, "<td class=\"n\">%zu</td></tr>", n);
}

static void comparisons(struct pike_buf *b, const struct pike_report *r,
			const struct pike_run_sum *v, size_t n)
{
	if (n < 2)
		return;
	pike_buf_adds(b, "<section id=\"compared\"><h2>Runs compared</h2>");
	open_table(b, "One run over another, by targets that both measured");
	pike_buf_adds(b, "<th scope=\"col\">run</th><th scope=\"col\">over"
			 "</th><th scope=\"col\">ratio</th><th "
			 "scope=\"col\">95 % interval</th><th scope=\"col\">"
			 "targets</th></tr></thead><tbody>");
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			comparison(b, r, v[i].run, v[k].run);
	pike_buf_adds(b,
		      "</tbody></table></div><p>Geometric mean of the ratios "
		      "of speedups; the interval is a bootstrap over targets "
		      "and speaks of other targets like these, not of other "
		      "seeds.</p></section>\n");
}

/* ---- what they searched by ---- */

static void knob(struct pike_buf *b, const struct pike_report_search **v,
		 size_t n, size_t i)
{
	struct pike_buf row, one;
	bool any = false;

	pike_buf_init(&row, 1u << 16);
	pike_buf_init(&one, 100);
	for (size_t k = 0; k < n; k++) {
		pike_buf_reset(&one);
		pike_knob_text(&one, v[k]->preset, i);
		cell(&row, "td", one.len ? one.s : "-");
		any = any || one.len;
	}
	if (any) {
		pike_buf_adds(b, "<tr>");
		cell(b, "th scope=\"row\"", pike_knob_name(i));
		pike_buf_addf(b, "%s</tr>", row.s);
	}
	pike_buf_release(&one);
	pike_buf_release(&row);
}

static void knobs(struct pike_buf *b, const struct pike_report *r)
{
	const struct pike_report_search **v;
	size_t n = pike_report_strategies(&v, r);

	if (n) {
		pike_buf_adds(b, "<section id=\"strategies\"><h2>Strategies"
				 "</h2>");
		open_table(b, "What each run searched by");
		cell(b, "th scope=\"col\"", "run");
		for (size_t k = 0; k < n; k++)
			cell(b, "th scope=\"col\"", v[k]->run);
		pike_buf_adds(b, "</tr></thead><tbody><tr>");
		cell(b, "th scope=\"row\"", "strategy");
		for (size_t k = 0; k < n; k++)
			cell(b, "td", v[k]->strategy);
		pike_buf_adds(b, "</tr>");
		for (size_t i = 0; pike_knob_name(i); i++)
			knob(b, v, n, i);
		pike_buf_adds(b,
			      "</tbody></table></div><p>As this "
			      "configuration has the strategy of that name; "
			      "a dash: it has no use for the knob, or is not "
			      "known here.</p></section>\n");
	}
	free(v);
}

/* ---- targets ---- */

static double best_of(const struct pike_report *r, const char *target,
		      const struct pike_run_sum *runs, size_t nruns)
{
	double best = NAN;

	for (size_t k = 0; k < nruns; k++) {
		const struct pike_report_search *s =
		    pike_report_find(r, target, runs[k].run);

		if (pike_report_measured(s) && !(best >= s->h->speedup.mid))
			best = s->h->speedup.mid;
	}
	return best;
}

static void target_cell(struct pike_buf *b, const struct pike_report_search *s,
			double best)
{
	char ratio[64];

	if (!pike_report_measured(s)) {
		pike_buf_adds(b, "<td class=\"u\">unmeasured</td>");
		return;
	}
	pike_buf_addf(b, "<td class=\"n%s\" data-v=\"%.10g\">",
		      s->h->speedup.mid >= best && best > 1 ? " b" : "",
		      s->h->speedup.mid);
	pike_add_html(b, pike_oid_eq(&s->h->champion, &s->h->base)
			     ? "no gain"
			     : pike_ratio_text(ratio, &s->h->speedup));
	pike_buf_adds(b, "</td>");
}

static void targets(struct pike_buf *b, const struct pike_report *r,
		    const struct pike_run_sum *runs, size_t nruns)
{
	struct pike_strs names = PIKE_STRS_INIT;

	pike_report_targets(&names, r);
	pike_buf_adds(b, "<section id=\"all-targets\"><h2>Targets</h2>");
	open_table(b, "Confirmed speedup over the base, best in bold");
	pike_buf_adds(b, "<th scope=\"col\">target</th>");
	for (size_t k = 0; k < nruns; k++)
		cell(b, "th scope=\"col\"", runs[k].run);
	pike_buf_adds(b, "</tr></thead><tbody>");
	for (size_t i = 0; i < names.n; i++) {
		double best = best_of(r, names.v[i], runs, nruns);

		pike_buf_addf(b,
			      "<tr><th scope=\"row\"><a href=\"#t-%s\">%s</a>"
			      "</th>",
			      names.v[i], names.v[i]);
		for (size_t k = 0; k < nruns; k++)
			target_cell(
			    b, pike_report_find(r, names.v[i], runs[k].run),
			    best);
		pike_buf_adds(b, "</tr>");
	}
	pike_buf_adds(b, "</tbody></table></div></section>\n");
	pike_strs_release(&names);
}

/* ---- figures ---- */

static void csv_link(struct pike_buf *b, const struct pike_figure *f)
{
	struct pike_buf csv;

	pike_buf_init(&csv, 16u << 20);
	pike_figure_csv(&csv, f);
	pike_buf_addf(b,
		      "<a download=\"%s.csv\" href=\"data:text/csv;charset="
		      "utf-8,",
		      f->id);
	for (const char *p = csv.s; *p; p++)
		if ((*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') ||
		    (*p >= 'A' && *p <= 'Z') || strchr("-_.~,", *p))
			pike_buf_addc(b, *p);
		else
			pike_buf_addf(b, "%%%02X", (unsigned char)*p);
	pike_buf_addf(b, "\">Data of “%s” (CSV)</a>", f->title);
	pike_buf_release(&csv);
}

static void figures(struct pike_buf *b, const struct pike_report *r)
{
	struct pike_figure *v;
	size_t n = pike_report_figures(&v, r);

	pike_buf_adds(b, "<section id=\"figures\"><h2>Figures</h2>"
			 "<div class=\"figs\">\n");
	for (size_t i = 0; i < n; i++) {
		pike_buf_addf(b, "<figure id=\"f-%s\"><h3>%s</h3>", v[i].id,
			      v[i].title);
		pike_figure_svg(b, &v[i]);
		pike_buf_adds(b, "<figcaption>");
		pike_add_html(b, v[i].about);
		pike_buf_addc(b, ' ');
		csv_link(b, &v[i]);
		pike_buf_adds(b, "</figcaption></figure>\n");
		pike_figure_release(&v[i]);
	}
	pike_buf_adds(b, "</div></section>\n");
	free(v);
}

/* ---- one target ---- */

static void diff(struct pike_buf *b, const char *text)
{
	size_t lines = 0;

	pike_buf_adds(b, "<details><summary>What it changes</summary><pre "
			 "class=\"d\" tabindex=\"0\" "
			 "aria-label=\"difference\">");
	while (*text && lines++ < DIFF_LINES) {
		size_t len = strcspn(text, "\n");
		char *line = pike_xasprintf("%.*s", (int)len, text);
		const char *class = *line == '+'   ? "a"
				    : *line == '-' ? "r"
				    : *line == '@' ? "h"
						   : "";

		pike_buf_addf(b, "<span%s%s>", *class ? " class=" : "", class);
		pike_add_html(b, line);
		pike_buf_adds(b, "</span>\n");
		free(line);
		text += len + (text[len] == '\n');
	}
	pike_buf_adds(b, "</pre>");
	if (*text)
		pike_buf_adds(b, "<p>The rest is cut: <code>pike-git show"
				 "</code> has all of it.</p>");
	pike_buf_adds(b, "</details>");
}

static void text_of(struct pike_buf *b, const char *text)
{
	pike_buf_adds(b, "<pre tabindex=\"0\">");
	pike_add_html(b, text);
	pike_buf_adds(b, "</pre>");
}

static void environment(struct pike_buf *b, const struct pike_result *p)
{
	const char *key;

	pike_buf_adds(b, "<dl>");
	for (size_t i = 0; (key = pike_json_key(p->env_info, i)); i++) {
		pike_buf_adds(b, "<dt>");
		pike_add_html(b, key);
		pike_buf_adds(b, "</dt><dd>");
		pike_add_html(b, pike_json_str(p->env_info, key, "-"));
		pike_buf_adds(b, "</dd>");
	}
	pike_buf_addf(b, "<dt>isolation</dt><dd>");
	pike_add_html(b, p->isolation ? p->isolation : "-");
	pike_buf_adds(b, "</dd><dt>measured by</dt><dd>");
	pike_add_html(b, p->by ? p->by : "-");
	pike_buf_adds(b, "</dd></dl>");
}

static void proof(struct pike_buf *b, const struct pike_report_search *s)
{
	struct pike_buf t;

	if (!s->proof) {
		pike_buf_adds(b, "<p>Its measurements are not in this clone: "
				 "fetch refs/notes/pike/results.</p>");
		return;
	}
	pike_buf_init(&t, 1u << 20);
	pike_cases_text(&t, s->proof);
	pike_baselines_text(&t, s->proof);
	pike_classes_text(&t, s->proof);
	pike_unchecked(&t, s->proof, s->target);
	pike_resources_text(&t, s->proof);
	pike_phases_text(&t, s->proof);
	pike_buf_adds(b, "<h4>Evidence</h4>");
	text_of(b, t.s);
	environment(b, s->proof);
	pike_buf_release(&t);
}

/* As much of it as people read. */
static void tree_text(struct pike_buf *b, const struct pike_history *h)
{
	const struct pike_tree_opts o = { .width = PIKE_WIDTH };
	struct pike_buf t;
	char *at;
	int lines = 0;

	pike_buf_init(&t, 32u << 20);
	if (!pike_tree_text(&t, h, &o, NULL)) {
		for (at = t.s; *at && lines < TREE_LINES; at++)
			lines += *at == '\n';
		*at = '\0';
		text_of(b, t.s);
	}
	pike_buf_release(&t);
}

static void family(struct pike_buf *b, const struct pike_history *h)
{
	char *id = pike_xasprintf("l-%s-%s", h->target, h->lane);

	pike_buf_adds(b, "<details><summary>Family of the candidates"
			 "</summary><div class=\"t\" tabindex=\"0\" "
			 "role=\"group\" aria-label=\"drawing\">");
	pike_lineage_svg(b, h, id);
	pike_buf_adds(b, "</div>");
	tree_text(b, h);
	pike_buf_adds(b, "</details>");
	free(id);
}

static void champion(struct pike_buf *b, const struct pike_report_search *s)
{
	const struct pike_history *h = s->h;
	char ratio[64];

	pike_buf_addf(b, "<p>Champion <code>%.12s</code>: <strong>",
		      h->champion.hex);
	pike_add_html(b, pike_ratio_text(ratio, &h->speedup));
	pike_buf_addf(b,
		      "</strong> over the base <code>%.12s</code>. Check it: "
		      "<code>pike-git verify %.12s</code></p>",
		      h->base.hex, h->champion.hex);
	proof(b, s);
	if (s->diff)
		diff(b, s->diff);
}

static void search(struct pike_buf *b, const struct pike_report_search *s)
{
	const struct pike_history *h = s->h;

	pike_buf_adds(b, "<h3>Run ");
	pike_add_html(b, s->run);
	if (!strstr(s->run, " on ")) {
		pike_buf_adds(b, " on ");
		pike_add_html(b, h->lane);
	}
	pike_buf_addf(b,
		      "</h3><p>%zu generations, %zu candidates, %zu not "
		      "measured yet.</p>",
		      h->ngens ? h->ngens - 1 : 0, h->nrecs,
		      pike_history_pending(h));
	if (pike_oid_eq(&h->champion, &h->base))
		pike_buf_adds(b, "<p>No gain was confirmed: the base "
				 "stays.</p>");
	else
		champion(b, s);
	family(b, h);
}

static void one_target(struct pike_buf *b, const struct pike_report *r,
		       const char *name)
{
	pike_buf_addf(b, "<section id=\"t-%s\" class=\"target\"><h2>%s</h2>",
		      name, name);
	for (size_t i = 0; i < r->n; i++)
		if (!strcmp(r->v[i].h->target, name))
			search(b, &r->v[i]);
	pike_buf_adds(b, "</section>\n");
}

/* ---- the page ---- */

static void top(struct pike_buf *b, const struct pike_report *r, size_t nruns,
		size_t ntargets)
{
	pike_buf_adds(b, "<header><h1>");
	pike_add_html(b, r->title);
	pike_buf_addf(
	    b,
	    "</h1><p>%zu target%s, %zu run%s. Every number is from the "
	    "commits and notes of the repository; a speedup is "
	    "confirmed, with its interval.</p><nav "
	    "aria-label=\"Sections\"><a href=\"#runs\">Runs</a> <a "
	    "href=\"#all-targets\">Targets</a> <a href=\"#figures\">"
	    "Figures</a></nav></header>\n<main>\n",
	    ntargets, ntargets == 1 ? "" : "s", nruns, nruns == 1 ? "" : "s");
}

void pike_report_html(struct pike_buf *b, const struct pike_report *r,
		      const char *css, const char *js)
{
	struct pike_strs names = PIKE_STRS_INIT;
	struct pike_run_sum *v;
	size_t n = pike_report_runs(&v, r);

	pike_report_targets(&names, r);
	head(b, r->title, css);
	top(b, r, n, names.n);
	runs(b, v, n);
	comparisons(b, r, v, n);
	knobs(b, r);
	targets(b, r, v, n);
	figures(b, r);
	for (size_t i = 0; i < names.n; i++)
		one_target(b, r, names.v[i]);
	pike_buf_addf(b, "</main>\n<script>\n%s</script>\n</body>\n</html>\n",
		      js);
	pike_strs_release(&names);
	free(v);
}
