/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document: the report as JSON, for other programs. Its schema is published:
 * templates/report/report.schema.json. What is added there is a change that
 * readers can live with; what is renamed or means something else is a new
 * number in PIKE_REPORT_SCHEMA.
 */
#include "report/page_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>

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

static struct pike_json *json_comparison(const struct pike_report *r,
					 const char *run, const char *over)
{
	struct pike_json *j;
	struct pike_ratio d;
	size_t n = pike_report_compare(&d, r, run, over);

	if (!n)
		return NULL;
	j = pike_json_object();
	pike_json_set_i64(j, "targets", (int64_t)n);
	pike_json_set_str(j, "run", run);
	pike_json_set_str(j, "over", over);
	set_number(j, "ratio", d.mid);
	set_number(j, "lo", d.lo);
	set_number(j, "hi", d.hi);
	return j;
}

static void json_comparisons(struct pike_json *j, const struct pike_report *r,
			     const struct pike_run_sum *v, size_t n)
{
	struct pike_json *list = pike_json_array(), *one;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++) {
			one = json_comparison(r, v[i].run, v[k].run);
			if (one)
				pike_json_push(list, one);
		}
	pike_json_set(j, "compared", list);
}

static struct pike_json *json_knobs(const struct pike_report *r)
{
	struct pike_json *list = pike_json_array();
	const struct pike_report_search **v;
	size_t n = pike_report_strategies(&v, r);

	for (size_t k = 0; k < n; k++) {
		struct pike_json *one = pike_json_object();
		struct pike_json *knobs = pike_json_object();
		const char *name;

		for (size_t i = 0; (name = pike_knob_name(i)); i++) {
			struct pike_buf b;

			pike_buf_init(&b, 100);
			pike_knob_text(&b, v[k]->preset, i);
			if (b.len)
				pike_json_set_str(knobs, name, b.s);
			pike_buf_release(&b);
		}
		pike_json_set_str(one, "run", v[k]->run);
		pike_json_set_str(one, "strategy", v[k]->strategy);
		pike_json_set(one, "knobs", knobs);
		pike_json_push(list, one);
	}
	free(v);
	return list;
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

static struct pike_json *json_point(const struct pike_figure *f,
				    const struct pike_series *s, size_t i)
{
	struct pike_json *p = pike_json_object();

	if (f->mark == PIKE_MARK_BAR)
		pike_json_set_str(p, "x", f->cats.v[(size_t)s->x[i]]);
	else
		pike_json_set_f64(p, "x", s->x[i]);
	set_number(p, "y", s->y[i]);
	set_number(p, "lo", s->lo[i]);
	set_number(p, "hi", s->hi[i]);
	if (s->note[i])
		pike_json_set_str(p, "note", s->note[i]);
	return p;
}

static struct pike_json *json_reference(const struct pike_series *s)
{
	struct pike_json *j = pike_json_object();

	pike_json_set_f64(j, "value", s->y[0]);
	if (s->source)
		pike_json_set_str(j, "source", s->source);
	else
		pike_json_set_null(j, "source");
	return j;
}

static struct pike_json *json_series(const struct pike_figure *f,
				     const struct pike_series *s)
{
	struct pike_json *j = pike_json_object(), *points = pike_json_array();

	pike_json_set_str(j, "name", s->name);
	for (size_t i = 0; i < s->n && !s->reference; i++)
		pike_json_push(points, json_point(f, s, i));
	pike_json_set(j, "points", points);
	if (s->reference)
		pike_json_set(j, "reference", json_reference(s));
	return j;
}

static struct pike_json *json_figure(const struct pike_figure *f)
{
	struct pike_json *j = pike_json_object(), *series = pike_json_array();

	pike_json_set_str(j, "id", f->id);
	pike_json_set_str(j, "mark", pike_mark_name(f->mark));
	pike_json_set_bool(j, "log", f->log);
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
	pike_json_set_str(j, "schema", PIKE_REPORT_SCHEMA);
	pike_json_set_str(j, "title", r->title);
	pike_json_set(j, "runs", runs);
	pike_json_set(j, "targets", targets);
	pike_json_set(j, "strategies", json_knobs(r));
	pike_json_set(j, "figures", figures);
	pike_json_print(b, j);
	pike_buf_addc(b, '\n');
	pike_json_free(j);
}
