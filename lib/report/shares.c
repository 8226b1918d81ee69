/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shares: figures of parts of a whole: of the distance to the machine's
 * ceilings, of solutions by what they are made with, of what fixes were worth,
 * of the time that judging took.
 */
#include "report/figures_priv.h"

#include "base/mem.h"
#include "model/ledger.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the distance to the floor ---- */

static void closed_of(struct pike_series *s, double at,
		      const struct pike_report_search *one)
{
	struct pike_ratio c = { NAN, NAN, NAN };

	/* The base stays, and no distance is closed. */
	if (pike_report_measured(one) &&
	    pike_oid_eq(&one->h->champion, &one->h->base))
		c = (struct pike_ratio){ NAN, 0, NAN };
	else if (one && one->proof)
		pike_roof_closed(&c, one->proof, one->target);
	pike_series_add(s, at, c.mid, c.lo, c.hi);
}

static void closed(struct pike_figures *f)
{
	struct pike_figure *g =
	    pike_figures_add(f, "floor", "How much of the way to the floor",
			     "share of the distance that was closed", "share");
	bool any = false;

	g->mark = PIKE_MARK_BAR;
	g->about = pike_xstrdup(
	    "The floor is the time that the declared bytes or flops take at "
	    "the machine's measured copy bandwidth or FMA rate, whichever is "
	    "longer (roofline). 0: the base stays; 1: the champion is at the "
	    "floor. Mean over cases, with the least and the most. Unmeasured: "
	    "no work is declared, or the kernel passes that ceiling, as tensor "
	    "cores and caches can.");
	for (size_t i = 0; i < f->targets.n; i++)
		pike_strs_push(&g->cats, f->targets.v[i]);
	for (size_t k = 0; k < f->nruns; k++) {
		struct pike_series *s = pike_figure_series(g, f->runs[k].run);

		for (size_t i = 0; i < f->targets.n; i++) {
			closed_of(s, (double)i,
				  pike_report_find(f->r, f->targets.v[i],
						   f->runs[k].run));
			any = any || s->y[i] > 0;
		}
	}
	if (!any)
		pike_figures_drop(f);
}

/* ---- kinds of solutions ---- */

#define KIND_POINTS 64

struct solution {
	double x;
	unsigned kinds;
};
struct solutions {
	struct solution *v;
	size_t n, cap;
	double most; /* x */
};

static int by_x(const void *a, const void *b)
{
	const struct solution *p = a, *q = b;

	return (p->x > q->x) - (p->x < q->x);
}

/* Correct ones, at the query of their search that they came of. */
static void solutions_of(struct solutions *out,
			 const struct pike_report_search *one)
{
	double x = 0;

	for (size_t i = 0; i < one->h->nrecs; i++) {
		const struct pike_record *r = &one->h->recs[i];

		x += pike_record_is_query(r);
		if (!pike_record_is_candidate(r) ||
		    !pike_verdict_measured(r->screen.verdict) ||
		    one->lines[i] < 0)
			continue;
		PIKE_GROW(out->v, out->n, out->cap);
		out->v[out->n++] = (struct solution){ x, one->kinds[i] };
		out->most = fmax(out->most, x);
	}
}

static void one_kind(struct pike_series *s, const struct solutions *all,
		     unsigned bit)
{
	double step = all->most / KIND_POINTS, next = 0, sum = 0;

	for (size_t i = 0; i < all->n; i++) {
		sum += !!(all->v[i].kinds & bit);
		if (i + 1 < all->n &&
		    (all->v[i + 1].x == all->v[i].x || all->v[i + 1].x <= next))
			continue;
		pike_series_add(s, all->v[i].x, sum / (double)(i + 1), NAN,
				NAN);
		next = all->v[i].x + step;
	}
}

static void kinds(struct pike_figures *f)
{
	struct solutions all = { .n = 0 };
	struct pike_figure *g;
	unsigned any = 0;

	for (size_t i = 0; i < f->r->n; i++)
		if (f->r->v[i].kinds && f->r->v[i].lines)
			solutions_of(&all, &f->r->v[i]);
	for (size_t i = 0; i < all.n; i++)
		any |= all.v[i].kinds;
	if (any && all.most > 0) {
		qsort(all.v, all.n, sizeof(*all.v), by_x);
		g = pike_figures_add(f, "kinds", "What solutions are made with",
				     "queries to models, of each target",
				     "share of correct candidates");
		g->mark = PIKE_MARK_STEP;
		g->about = pike_xasprintf(
		    "Of all %zu correct candidates of all runs until then, the "
		    "share whose code names it: by words outside of comments. "
		    "One candidate may count for several.",
		    all.n);
		for (size_t k = 0; k < PIKE_KINDS; k++)
			if (any & 1u << k)
				one_kind(
				    pike_figure_series(g, pike_kind_name(k)),
				    &all, 1u << k);
		pike_figures_sampled(f);
	}
	free(all.v);
}

/* ---- fixes ---- */

static void worth_of(struct pike_figure *g, const struct pike_figures *f,
		     bool mended, size_t *n)
{
	struct pike_series *s =
	    pike_figure_series(g, mended ? "mended" : "right at once");

	for (size_t k = 0; k < f->nruns; k++) {
		double sum = 0, count = 0;

		for (size_t j = 0; j < f->r->n; j++) {
			const struct pike_history *h = f->r->v[j].h;

			if (strcmp(f->r->v[j].run, f->runs[k].run) != 0)
				continue;
			for (size_t i = 0; i < h->nrecs; i++) {
				const struct pike_record *r = &h->recs[i];

				if (isnan(r->score) || !pike_record_asked(r) ||
				    r->agent->mends != mended)
					continue;
				sum += r->score;
				count++;
			}
		}
		pike_series_add(s, (double)k,
				count > 0 ? exp(sum / count) : NAN, NAN, NAN);
		*n += (size_t)count;
	}
}

static void worth(struct pike_figures *f)
{
	struct pike_figure *g =
	    pike_figures_add(f, "fixes", "What mended candidates are worth",
			     "speedup over the base", "speedup");
	struct pike_buf about;
	size_t once = 0, mended = 0;

	g->mark = PIKE_MARK_BAR;
	g->log = true;
	for (size_t k = 0; k < f->nruns; k++)
		pike_strs_push(&g->cats, f->runs[k].run);
	worth_of(g, f, false, &once);
	worth_of(g, f, true, &mended);
	pike_buf_init(&about, 1u << 16);
	pike_buf_addf(&about,
		      "Geometric mean of the speedups, confirmed or estimated "
		      "from the screening, of what models wrote and was "
		      "correct: %zu at once, %zu mended. Chains of fixes that "
		      "ended well:",
		      once, mended);
	for (size_t k = 0; k < f->nruns; k++)
		pike_buf_addf(&about, "%s %s %lld of %lld", k ? ";" : "",
			      f->runs[k].run, (long long)f->runs[k].fixed,
			      (long long)f->runs[k].fixes);
	pike_buf_addc(&about, '.');
	g->about = pike_buf_detach(&about);
	pike_buf_release(&about);
	if (!mended)
		pike_figures_drop(f);
}

/* ---- time ---- */

static void sum_clocked(struct pike_clocked *out, const struct pike_report *r,
			const char *run)
{
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].clocked && !strcmp(r->v[i].run, run))
			pike_clocked_join(out, r->v[i].clocked);
}

static double percent(double part, double of)
{
	return of > 0 ? 100 * part / of : 0;
}

static void about_clocked(struct pike_buf *about, const struct pike_clocked *c,
			  const char *run)
{
	double wall = (double)(c->to - c->from);

	if (!c->n)
		return;
	pike_buf_addf(about,
		      " %s: %zu results in %.0f s; a device was held for %.1f "
		      "s (%.3g %%), timed kernels ran for %.2f s of these "
		      "(%.3g %%);",
		      run, c->n, wall, c->held, percent(c->held, wall),
		      c->kernels, percent(c->kernels, c->held));
}

static double phase_of(const struct pike_clocked *c, const char *name)
{
	for (size_t i = 0; i < c->nphases; i++)
		if (!strcmp(c->phases[i].name, name))
			return c->phases[i].secs;
	return 0;
}

static void clocked(struct pike_figures *f)
{
	struct pike_clocked *v = pike_xcalloc(f->nruns, sizeof(*v)), all;
	struct pike_figure *g;
	struct pike_buf about;

	memset(&all, 0, sizeof(all));
	for (size_t k = 0; k < f->nruns; k++) {
		sum_clocked(&v[k], f->r, f->runs[k].run);
		pike_clocked_join(&all, &v[k]);
	}
	if (all.nphases) {
		g = pike_figures_add(f, "time",
				     "Where the time of judging "
				     "went",
				     "seconds", "seconds");
		g->mark = PIKE_MARK_BAR;
		pike_buf_init(&about, 1u << 16);
		pike_buf_adds(&about, "Of all results, by phase. From the "
				      "first result to the last one, with "
				      "pauses, of all devices together:");
		for (size_t i = 0; i < all.nphases; i++)
			pike_strs_push(&g->cats, all.phases[i].name);
		for (size_t k = 0; k < f->nruns; k++) {
			struct pike_series *s =
			    pike_figure_series(g, f->runs[k].run);

			for (size_t i = 0; i < all.nphases; i++)
				pike_series_add(
				    s, (double)i,
				    phase_of(&v[k], all.phases[i].name), NAN,
				    NAN);
			about_clocked(&about, &v[k], f->runs[k].run);
		}
		about.s[about.len - 1] = '.';
		g->about = pike_buf_detach(&about);
		pike_buf_release(&about);
		pike_figures_sampled(f);
	}
	free(v);
}

void pike_shares(struct pike_figures *f)
{
	closed(f);
	kinds(f);
	worth(f);
	clocked(f);
}
