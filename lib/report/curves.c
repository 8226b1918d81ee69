/* SPDX-License-Identifier: Apache-2.0 */
/*
 * curves: the best so far, against what was spent. Over all epochs of a search:
 * where its base moved, the line goes on over the new one, and says so.
 */
#include "report/figures_priv.h"

#include "base/mem.h"
#include "model/baseline.h"
#include "model/ledger.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What was spent until a generation was closed: its champion was known then. */
static double queries_until(const struct pike_history *h, size_t g)
{
	double n = 0;

	for (size_t i = 0; i < h->nrecs; i++)
		n += pike_record_is_query(&h->recs[i]) &&
		     h->recs[i].settled >= 0 &&
		     h->recs[i].settled <= h->gens[g].number;
	return n;
}

static double usd_until(const struct pike_history *h, size_t g)
{
	return h->gens[g].spent;
}

static double tried_until(const struct pike_history *h, size_t g)
{
	double n = 0;

	for (size_t i = 0; i < h->nrecs; i++)
		n += pike_record_is_candidate(&h->recs[i]) &&
		     h->recs[i].settled >= 0 &&
		     h->recs[i].settled <= h->gens[g].number;
	return n;
}

/* One generation that found a champion, of any search of a run. */
struct gain {
	double x, log; /* how much the sum of logarithms grows */
	double lo, hi;
	size_t order;
	bool moved; /* from here on over another base */
};
struct gains {
	struct gain *v;
	size_t n, cap;
};

static int by_x(const void *a, const void *b)
{
	const struct gain *p = a, *q = b;

	if (p->x != q->x)
		return p->x > q->x ? 1 : -1;
	return (p->order > q->order) - (p->order < q->order);
}

/* The paper's floor: no champion is below 1. */
static double floored(double v)
{
	return v > 1 ? log(v) : 0;
}

static void gains_of(struct gains *out, const struct pike_history *h,
		     double (*until)(const struct pike_history *, size_t))
{
	struct pike_ratio was = { 1, 1, 1 };

	for (size_t g = 0; g < h->ngens; g++) {
		const struct pike_ratio *now = &h->gens[g].speedup;
		bool moved = g && h->gens[g].first == g;

		if (now->mid == was.mid && now->lo == was.lo && !moved)
			continue;
		PIKE_GROW(out->v, out->n, out->cap);
		out->v[out->n] = (struct gain){
			.order = out->n,
			.moved = moved,
			.x = until(h, g),
			.log = floored(now->mid) - floored(was.mid),
			.lo = floored(now->lo) - floored(was.lo),
			.hi = floored(now->hi) - floored(was.hi),
		};
		out->n++;
		was = *now;
	}
}

/* Returns what was spent on the target that most was spent on. */
static double gains_of_run(struct gains *out, const struct pike_figures *f,
			   const char *run,
			   double (*until)(const struct pike_history *, size_t))
{
	double end = 0;

	for (size_t i = 0; i < f->targets.n; i++) {
		const struct pike_report_search *one =
		    pike_report_find(f->r, f->targets.v[i], run);

		if (!one || !one->h->ngens)
			continue;
		gains_of(out, one->h, until);
		end = fmax(end, until(one->h, one->h->ngens - 1));
	}
	return end;
}

/* Those at one place are one point, but for what was there before a base
 * moved. */
static bool is_within(const struct gains *g, size_t i)
{
	return i + 1 < g->n && g->v[i + 1].x == g->v[i].x && !g->v[i + 1].moved;
}

/* true: a base moved somewhere. */
static bool add_points(struct pike_series *s, struct gains *g, double targets,
		       double end)
{
	double sum = 0, lo = 0, hi = 0;
	bool moved = false, any = false;

	if (g->n)
		qsort(g->v, g->n, sizeof(*g->v), by_x);
	pike_series_add(s, 0, 1, NAN, NAN);
	for (size_t i = 0; i < g->n; i++) {
		sum += g->v[i].log;
		lo += g->v[i].lo;
		hi += g->v[i].hi;
		moved = moved || g->v[i].moved;
		if (is_within(g, i))
			continue;
		pike_series_add(s, g->v[i].x, exp(sum / targets),
				exp(lo / targets), exp(hi / targets));
		if (moved)
			pike_series_note(s, "the base moved");
		any = any || moved;
		moved = false;
	}
	if (end > s->x[s->n - 1])
		pike_series_add(s, end, exp(sum / targets), exp(lo / targets),
				exp(hi / targets));
	return any;
}

/* ---- lines across ---- */

/* What a baseline that was measured beside the champion makes over the base. */
static double over_base(const struct pike_result *proof, const char *name)
{
	const char *other, *why;
	struct pike_ratio over;

	for (size_t i = 0;
	     proof && pike_result_baseline(&other, &over, &why, proof, i); i++)
		if (!why && !strcmp(other, name) && over.mid > 0)
			return proof->vs_base.mid / over.mid;
	return 0;
}

/* Only of what all targets have: beside a mean over all, the mean of a part is
 * no measure. */
static double baseline_mean(const struct pike_figures *f, const char *name)
{
	double sum = 0;

	for (size_t i = 0; i < f->targets.n; i++) {
		double v = 0;

		for (size_t k = 0; k < f->r->n && v <= 0; k++)
			if (!strcmp(f->r->v[k].h->target, f->targets.v[i]))
				v = over_base(f->r->v[k].proof, name);
		if (v <= 0)
			return NAN;
		sum += log(v);
	}
	return exp(sum / (double)f->targets.n);
}

static void add_baselines(struct pike_figure *g, const struct pike_figures *f)
{
	const struct pike_result *proof = f->r->n ? f->r->v[0].proof : NULL;
	struct pike_ratio over;
	const char *name, *why;

	for (size_t i = 0;
	     proof && pike_result_baseline(&name, &over, &why, proof, i); i++) {
		double mean = baseline_mean(f, name);

		if (!isnan(mean))
			pike_figure_reference(g, name, NULL, mean);
	}
}

void pike_add_references(struct pike_figure *g, const struct pike_figures *f)
{
	const struct pike_quotes *refs = f->r->quotes;
	struct pike_buf about;

	add_baselines(g, f);
	if (!refs || !refs->n)
		return;
	pike_buf_init(&about, 1u << 14);
	pike_buf_addf(&about, "%s Published, not measured here:", g->about);
	for (size_t i = 0; i < refs->n; i++) {
		const struct pike_quote *one = &refs->v[i];

		pike_figure_reference(g, one->label, one->source, one->value);
		pike_buf_addf(&about, "%s %s %gx (%s)", i ? ";" : "",
			      one->label, one->value, one->source);
	}
	pike_buf_addc(&about, '.');
	free(g->about);
	g->about = pike_buf_detach(&about);
	pike_buf_release(&about);
}

/* ---- curves ---- */

static char *about_curve(const struct pike_figures *f, bool moved)
{
	return pike_xasprintf(
	    "Geometric mean over %zu target%s of the best confirmed speedup "
	    "when each generation was closed; published rule: floor at 1, a "
	    "missing target counts as 1. Intervals are means of the intervals' "
	    "ends. One line for each run.%s",
	    f->targets.n, f->targets.n == 1 ? "" : "s",
	    moved ? " At a square the base moved: from there on a line is over "
		    "the new base, of what was measured again on it."
		  : "");
}

static void so_far(struct pike_figures *f, const char *id, const char *title,
		   const char *x,
		   double (*until)(const struct pike_history *, size_t))
{
	struct pike_figure *g =
	    pike_figures_add(f, id, title, x, "speedup over the base");
	double most = 0;
	bool moved = false;

	g->mark = PIKE_MARK_STEP;
	g->log = true;
	for (size_t k = 0; k < f->nruns; k++) {
		const char *run = f->runs[k].run;
		struct pike_series *s = pike_figure_series(g, run);
		struct gains gains = { NULL, 0, 0 };
		double end = gains_of_run(&gains, f, run, until);

		moved =
		    add_points(s, &gains, (double)f->targets.n, end) || moved;
		most = fmax(most, end);
		free(gains.v);
	}
	if (most <= 0) {
		pike_figures_drop(f);
		return;
	}
	g->about = about_curve(f, moved);
	pike_add_references(g, f);
}

/* ---- equal budgets ---- */

/* What every run has spent on a target; 0: some have spent nothing. */
static double common(const struct pike_figures *f,
		     double (*until)(const struct pike_history *, size_t))
{
	double least = INFINITY;

	for (size_t k = 0; k < f->nruns; k++) {
		struct gains gains = { NULL, 0, 0 };

		least =
		    fmin(least, gains_of_run(&gains, f, f->runs[k].run, until));
		free(gains.v);
	}
	return least;
}

static double best_at(const struct pike_figures *f, const char *run,
		      double (*until)(const struct pike_history *, size_t),
		      double spent)
{
	struct gains gains = { NULL, 0, 0 };
	double sum = 0;

	gains_of_run(&gains, f, run, until);
	for (size_t i = 0; i < gains.n; i++)
		if (gains.v[i].x <= spent)
			sum += gains.v[i].log;
	free(gains.v);
	return exp(sum / (double)f->targets.n);
}

void pike_add_equal(struct pike_figure *g, const struct pike_figures *f)
{
	double (*until)(const struct pike_history *, size_t) = usd_until;
	double spent = common(f, usd_until);
	struct pike_series *s;
	char *name;

	if (f->nruns < 2)
		return;
	if (spent <= 0) {
		until = queries_until;
		spent = common(f, queries_until);
	}
	if (spent <= 0)
		return;
	name = until == usd_until
		   ? pike_xasprintf("published rule at USD %.2f", spent)
		   : pike_xasprintf("published rule at %.0f queries", spent);
	s = pike_figure_series(g, name);
	free(name);
	for (size_t k = 0; k < f->nruns; k++)
		pike_series_add(s, (double)k,
				best_at(f, f->runs[k].run, until, spent), NAN,
				NAN);
}

void pike_curves(struct pike_figures *f)
{
	so_far(f, "queries", "Speedup against queries",
	       "queries to models, of each target", queries_until);
	so_far(f, "dollars", "Speedup against money", "USD, of each target",
	       usd_until);
	so_far(f, "candidates", "Speedup against candidates",
	       "candidates judged, of each target", tried_until);
}
