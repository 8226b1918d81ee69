/* SPDX-License-Identifier: Apache-2.0 */
/* formats: the report for other programs, and as Markdown for forges. */
#include "report/page_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 200

/* ---- Markdown ---- */

static void md_number(struct pike_buf *b, double v)
{
	if (isnan(v))
		pike_buf_adds(b, " unmeasured |");
	else
		pike_buf_addf(b, " %.3fx |", v);
}

static void md_runs(struct pike_buf *b, const struct pike_run_sum *v, size_t n)
{
	pike_buf_adds(b, "| run | measured | geometric mean | published rule | "
			 "faster | queries | USD |\n"
			 "|---|--:|--:|--:|--:|--:|--:|\n");
	for (size_t k = 0; k < n; k++) {
		pike_buf_adds(b, "| ");
		pike_md_code(b, v[k].run, NAME_MAX_BYTES);
		pike_buf_addf(b, " | %zu of %zu |", v[k].measured,
			      v[k].targets);
		md_number(b, v[k].mean);
		md_number(b, v[k].published);
		pike_buf_addf(b, " %zu | %lld | %.2f |\n", v[k].over[0],
			      (long long)v[k].queries, v[k].usd);
	}
	pike_buf_adds(b, "\nGeometric mean: of the measured targets. Published "
			 "rule: over all, none below 1, a missing one 1.\n\n");
}

static void md_target(struct pike_buf *b, const struct pike_report_search *s)
{
	const struct pike_history *h = s->h;

	pike_buf_adds(b, "| ");
	pike_md_code(b, h->target, NAME_MAX_BYTES);
	pike_buf_adds(b, " | ");
	pike_md_code(b, s->run, NAME_MAX_BYTES);
	pike_buf_adds(b, " | ");
	pike_md_code(b, h->lane, NAME_MAX_BYTES);
	if (!pike_report_measured(s))
		pike_buf_adds(b, " | unmeasured | | | |\n");
	else if (pike_oid_eq(&h->champion, &h->base))
		pike_buf_adds(b, " | no gain | | | |\n");
	else
		pike_buf_addf(b, " | **%.2fx** | %.2f | %.2f | `%.12s` |\n",
			      h->speedup.mid, h->speedup.lo, h->speedup.hi,
			      h->champion.hex);
}

/* GitHub and GitLab draw it; elsewhere it is read as the numbers it holds. */
static void md_chart(struct pike_buf *b, const struct pike_report *r)
{
	size_t n = 0;

	pike_buf_adds(b, "\n```mermaid\nxychart-beta\n    title \"Confirmed "
			 "speedup over the base\"\n    x-axis [");
	for (size_t i = 0; i < r->n; i++)
		if (pike_report_measured(&r->v[i]))
			pike_buf_addf(b, "%s\"%s/%s\"", n++ ? ", " : "",
				      r->v[i].h->target, r->v[i].run);
	pike_buf_adds(b, "]\n    y-axis \"speedup\"\n    bar [");
	n = 0;
	for (size_t i = 0; i < r->n; i++)
		if (pike_report_measured(&r->v[i]))
			pike_buf_addf(b, "%s%.3f", n++ ? ", " : "",
				      r->v[i].h->speedup.mid);
	pike_buf_adds(b, "]\n```\n");
}

void pike_report_markdown(struct pike_buf *b, const struct pike_report *r)
{
	struct pike_run_sum *v;
	size_t n = pike_report_runs(&v, r);
	bool any = false;

	pike_buf_adds(b, "## ");
	pike_md_label(b, r->title, NAME_MAX_BYTES);
	pike_buf_adds(b, "\n\n");
	md_runs(b, v, n);
	pike_buf_adds(b, "| target | run | lane | speedup | from | to | "
			 "champion |\n|---|---|---|--:|--:|--:|---|\n");
	for (size_t i = 0; i < r->n; i++) {
		md_target(b, &r->v[i]);
		any = any || pike_report_measured(&r->v[i]);
	}
	if (any)
		md_chart(b, r);
	free(v);
}

/* ---- JSON ---- */

static void set_number(struct pike_json *j, const char *key, double v)
{
	if (isnan(v))
		pike_json_set_null(j, key);
	else
		pike_json_set_f64(j, key, v);
}

static struct pike_json *json_run(const struct pike_run_sum *s)
{
	static const char *const over[] = { "over_1", "over_1_1", "over_1_5",
					    "over_2" };
	struct pike_json *j = pike_json_object(), *verdicts;

	pike_json_set_str(j, "run", s->run);
	pike_json_set_i64(j, "targets", (int64_t)s->targets);
	pike_json_set_i64(j, "measured", (int64_t)s->measured);
	set_number(j, "geometric_mean", s->mean);
	set_number(j, "geometric_mean_of_lower_ends", s->mean_lo);
	set_number(j, "published_rule", s->published);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(over); i++)
		pike_json_set_i64(j, over[i], (int64_t)s->over[i]);
	pike_json_set_i64(j, "candidates", s->candidates);
	pike_json_set_i64(j, "queries", s->queries);
	pike_json_set_i64(j, "exchanges", s->exchanges);
	pike_json_set_i64(j, "fixes", s->fixes);
	pike_json_set_i64(j, "fixed", s->fixed);
	pike_json_set_f64(j, "usd", s->usd);
	verdicts = pike_json_object();
	for (int v = 0; v < PIKE_V_COUNT; v++)
		if (s->verdicts[v])
			pike_json_set_i64(
			    verdicts,
			    v == PIKE_V_PENDING
				? "waiting"
				: pike_verdict_name((enum pike_verdict)v),
			    (int64_t)s->verdicts[v]);
	pike_json_set(j, "verdicts", verdicts);
	return j;
}

static void json_comparisons(struct pike_json *j, const struct pike_report *r,
			     const struct pike_run_sum *v, size_t n)
{
	struct pike_json *list = pike_json_array();

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++) {
			struct pike_json *one = pike_json_object();
			struct pike_ratio d;

			pike_json_set_i64(one, "targets",
					  (int64_t)pike_report_compare(
					      &d, r, v[i].run, v[k].run));
			pike_json_set_str(one, "run", v[i].run);
			pike_json_set_str(one, "over", v[k].run);
			set_number(one, "ratio", d.mid);
			set_number(one, "lo", d.lo);
			set_number(one, "hi", d.hi);
			pike_json_push(list, one);
		}
	pike_json_set(j, "compared", list);
}

static struct pike_json *json_target(const struct pike_report_search *s)
{
	struct pike_json *j = pike_json_object();

	pike_json_set_str(j, "target", s->h->target);
	pike_json_set_str(j, "run", s->run);
	pike_json_set_str(j, "lane", s->h->lane);
	pike_json_set_str(j, "base", s->h->base.hex);
	pike_json_set_str(j, "champion", s->h->champion.hex);
	if (pike_report_measured(s))
		pike_json_set(j, "speedup", pike_ratio_json(&s->h->speedup));
	else
		pike_json_set_null(j, "speedup");
	return j;
}

static struct pike_json *json_series(const struct pike_figure *f,
				     const struct pike_series *s)
{
	struct pike_json *j = pike_json_object(), *points = pike_json_array();

	pike_json_set_str(j, "name", s->name);
	for (size_t i = 0; i < s->n; i++) {
		struct pike_json *p = pike_json_object();

		if (f->mark == PIKE_MARK_BAR)
			pike_json_set_str(p, "x", f->cats.v[(size_t)s->x[i]]);
		else
			pike_json_set_f64(p, "x", s->x[i]);
		set_number(p, "y", s->y[i]);
		set_number(p, "lo", s->lo[i]);
		set_number(p, "hi", s->hi[i]);
		pike_json_push(points, p);
	}
	pike_json_set(j, "points", points);
	return j;
}

static struct pike_json *json_figure(const struct pike_figure *f)
{
	struct pike_json *j = pike_json_object(), *series = pike_json_array();

	pike_json_set_str(j, "id", f->id);
	pike_json_set_str(j, "title", f->title);
	pike_json_set_str(j, "about", f->about);
	pike_json_set_str(j, "x", f->x);
	pike_json_set_str(j, "y", f->y);
	for (size_t i = 0; i < f->n; i++)
		pike_json_push(series, json_series(f, &f->v[i]));
	pike_json_set(j, "series", series);
	return j;
}

void pike_report_json(struct pike_buf *b, const struct pike_report *r)
{
	struct pike_json *j = pike_json_object(), *runs = pike_json_array();
	struct pike_json *targets = pike_json_array();
	struct pike_json *figures = pike_json_array();
	struct pike_figure *f;
	struct pike_run_sum *v;
	size_t n = pike_report_runs(&v, r);

	for (size_t k = 0; k < n; k++)
		pike_json_push(runs, json_run(&v[k]));
	for (size_t i = 0; i < r->n; i++)
		pike_json_push(targets, json_target(&r->v[i]));
	json_comparisons(j, r, v, n);
	free(v);
	n = pike_report_figures(&f, r);
	for (size_t i = 0; i < n; i++) {
		pike_json_push(figures, json_figure(&f[i]));
		pike_figure_release(&f[i]);
	}
	free(f);
	pike_json_set_str(j, "title", r->title);
	pike_json_set(j, "runs", runs);
	pike_json_set(j, "targets", targets);
	pike_json_set(j, "figures", figures);
	pike_json_print(b, j);
	pike_buf_addc(b, '\n');
	pike_json_free(j);
}

/* ---- a line each ---- */

void pike_report_csv(struct pike_buf *b, const struct pike_report *r)
{
	pike_buf_adds(b,
		      "target,run,lane,speedup,lo,hi,champion,candidates\r\n");
	for (size_t i = 0; i < r->n; i++) {
		const struct pike_history *h = r->v[i].h;
		bool measured = pike_report_measured(&r->v[i]);

		pike_csv_text(b, h->target);
		pike_buf_addc(b, ',');
		pike_csv_text(b, r->v[i].run);
		pike_buf_addc(b, ',');
		pike_csv_text(b, h->lane);
		pike_csv_number(b, measured ? h->speedup.mid : NAN);
		pike_csv_number(b, measured ? h->speedup.lo : NAN);
		pike_csv_number(b, measured ? h->speedup.hi : NAN);
		pike_buf_addf(b, ",%s,%zu\r\n", h->champion.hex, h->nrecs);
	}
}

void pike_report_benchmark(struct pike_buf *b, const struct pike_report *r)
{
	struct pike_json *list = pike_json_array();

	for (size_t i = 0; i < r->n; i++) {
		const struct pike_history *h = r->v[i].h;
		struct pike_json *j;
		char *text;

		if (!pike_report_measured(&r->v[i]))
			continue;
		j = pike_json_object();
		text = pike_xasprintf("%s on %s, run %s", h->target, h->lane,
				      r->v[i].run);
		pike_json_set_str(j, "name", text);
		free(text);
		pike_json_set_str(j, "unit", "x");
		pike_json_set_f64(j, "value", h->speedup.mid);
		text = pike_xasprintf("[%.3f, %.3f]", h->speedup.lo,
				      h->speedup.hi);
		pike_json_set_str(j, "range", text);
		free(text);
		pike_json_set_str(j, "extra", h->champion.hex);
		pike_json_push(list, j);
	}
	pike_json_print(b, list);
	pike_buf_addc(b, '\n');
	pike_json_free(list);
}
