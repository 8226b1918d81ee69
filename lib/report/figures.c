/* SPDX-License-Identifier: Apache-2.0 */
/*
 * figures: which ones a report has, each from histories alone. After the
 * figures of the PIKE paper: speedup against queries and against money, bars
 * of runs and of targets, attempts for a step, time and money by agent.
 * A figure that the searches have nothing for is left out.
 */
#include "report/figures_priv.h"

#include "base/mem.h"
#include "model/ledger.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- bars ---- */

static void bars_of_runs(struct pike_figures *f)
{
	struct pike_figure *g = pike_figures_add(
	    f, "runs", "Runs", "speedup over the base", "speedup");
	struct pike_series *s = pike_figure_series(g, "measured targets");

	g->mark = PIKE_MARK_BAR;
	g->log = true;
	g->about = pike_xstrdup(
	    "Geometric mean of confirmed speedups by two rules: of the targets "
	    "that were measured, as they are; and as published (KernelBench, "
	    "PIKE), over all targets with a floor at 1 and 1 for a missing "
	    "one. Where several runs have asked models, also what each had "
	    "come to when it had spent on a target what all of them have.");
	for (size_t k = 0; k < f->nruns; k++) {
		pike_strs_push(&g->cats, f->runs[k].run);
		pike_series_add(s, (double)k, f->runs[k].mean, NAN, NAN);
	}
	s = pike_figure_series(g, "published rule");
	for (size_t k = 0; k < f->nruns; k++)
		pike_series_add(s, (double)k, f->runs[k].published, NAN, NAN);
	pike_add_equal(g, f);
	pike_add_references(g, f);
}

static void bars_of_targets(struct pike_figures *f)
{
	struct pike_figure *g = pike_figures_add(
	    f, "targets", "Targets", "speedup over the base", "speedup");

	g->mark = PIKE_MARK_BAR;
	g->log = true;
	g->about = pike_xstrdup("Confirmed speedup of each target's champion "
				"with its interval. 1: no gain was confirmed, "
				"and the base stays. Unmeasured: nothing of it "
				"was measured in that run.");
	for (size_t i = 0; i < f->targets.n; i++)
		pike_strs_push(&g->cats, f->targets.v[i]);
	for (size_t k = 0; k < f->nruns; k++) {
		struct pike_series *s = pike_figure_series(g, f->runs[k].run);

		for (size_t i = 0; i < f->targets.n; i++) {
			const struct pike_report_search *one = pike_report_find(
			    f->r, f->targets.v[i], f->runs[k].run);

			if (pike_report_measured(one))
				pike_series_add(
				    s, (double)i, one->h->speedup.mid,
				    one->h->speedup.lo, one->h->speedup.hi);
			else
				pike_series_add(s, (double)i, NAN, NAN, NAN);
		}
	}
}

static void bars_of_verdicts(struct pike_figures *f)
{
	struct pike_figure *g =
	    pike_figures_add(f, "verdicts", "What became of candidates",
			     "candidates", "candidates");
	bool used[PIKE_V_COUNT] = { false };

	g->mark = PIKE_MARK_BAR;
	g->about = pike_xstrdup("Candidates by their last verdict.");
	for (int v = 0; v < PIKE_V_COUNT; v++) {
		for (size_t k = 0; k < f->nruns; k++)
			used[v] = used[v] || f->runs[k].verdicts[v];
		if (used[v])
			pike_strs_push(
			    &g->cats,
			    v == PIKE_V_PENDING
				? "waiting"
				: pike_verdict_name((enum pike_verdict)v));
	}
	for (size_t k = 0; k < f->nruns; k++) {
		struct pike_series *s = pike_figure_series(g, f->runs[k].run);
		double at = 0;

		for (int v = 0; v < PIKE_V_COUNT; v++)
			if (used[v])
				pike_series_add(s, at++,
						(double)f->runs[k].verdicts[v],
						NAN, NAN);
	}
}

/* ---- attempts for a step ---- */

#define BINS 8

/* Tries beside fixes are the provider's, not the model's: a chain is one that
 * begins with what is no fix. */
static void chains(double count[BINS + 1], double *sum, double *n,
		   const struct pike_history *h)
{
	struct pike_history *find = (struct pike_history *)(uintptr_t)h;
	int *length = pike_xcalloc(h->nrecs + 1, sizeof(*length));
	bool *mended = pike_xcalloc(h->nrecs + 1, sizeof(*mended));

	for (size_t i = 0; i < h->nrecs; i++) {
		const struct pike_record *r = &h->recs[i], *p;

		p = r->agent->mends && r->nparents
			? pike_history_find(find, &r->parents[0])
			: NULL;
		length[i] = p && p < r ? length[p - h->recs] + 1 : 1;
		if (p)
			mended[p - h->recs] = true;
	}
	for (size_t i = 0; i < h->nrecs; i++) {
		if (mended[i] || !pike_record_is_query(&h->recs[i]))
			continue;
		count[length[i] < BINS ? length[i] - 1 : BINS - 1]++;
		*sum += length[i];
		*n += 1;
	}
	free(length);
	free(mended);
}

static void attempts(struct pike_figures *f)
{
	struct pike_figure *g =
	    pike_figures_add(f, "attempts", "Attempts for a step",
			     "attempts, fixes included", "steps");
	struct pike_buf about;
	bool any = false;

	pike_buf_init(&about, 4096);
	pike_buf_addf(
	    &about,
	    "How many attempts a step took, from 1 (no fix needed) to "
	    "%d or more. Mean:",
	    BINS);
	g->mark = PIKE_MARK_HIST;
	for (size_t k = 0; k < f->nruns; k++) {
		struct pike_series *s = pike_figure_series(g, f->runs[k].run);
		double count[BINS + 1] = { 0 }, sum = 0, n = 0;

		for (size_t i = 0; i < f->r->n; i++)
			if (!strcmp(f->r->v[i].run, f->runs[k].run))
				chains(count, &sum, &n, f->r->v[i].h);
		for (int i = 0; i <= BINS; i++)
			pike_series_add(s, i + 1, count[i], NAN, NAN);
		any = any || n > 0;
		if (n > 0)
			pike_buf_addf(&about, " %s %.2f of %.0f;",
				      f->runs[k].run, sum / n, n);
	}
	if (any) {
		about.s[--about.len] = '.';
		g->about = pike_buf_detach(&about);
	} else {
		pike_figures_drop(f);
	}
	pike_buf_release(&about);
}

/* ---- code ---- */

#define CHANGE_BINS 15

/* A step is what a model was asked for; a fix mends one. */
static bool is_step(const struct pike_report_search *s, size_t i)
{
	const struct pike_record *r = &s->h->recs[i];

	return s->changed && s->changed[i] >= 0 && !r->agent->mends &&
	       pike_record_is_candidate(r);
}

static double most_changed(const struct pike_report *r)
{
	double most = 0;

	for (size_t k = 0; k < r->n; k++)
		for (size_t i = 0; i < r->v[k].h->nrecs; i++)
			if (is_step(&r->v[k], i) && r->v[k].changed[i] > most)
				most = r->v[k].changed[i];
	return most;
}

static void changes_of(struct pike_series *s, struct pike_buf *about,
		       const struct pike_figures *f, double most)
{
	double count[CHANGE_BINS + 1] = { 0 }, sum = 0, n = 0;
	double bin = ceil((most + 1) / CHANGE_BINS);

	for (size_t k = 0; k < f->r->n; k++) {
		const struct pike_report_search *one = &f->r->v[k];

		for (size_t i = 0; i < one->h->nrecs; i++) {
			if (strcmp(one->run, s->name) != 0 || !is_step(one, i))
				continue;
			count[(int)(one->changed[i] / bin)]++;
			sum += one->changed[i];
			n++;
		}
	}
	for (int i = 0; i <= CHANGE_BINS; i++)
		pike_series_add(s, i * bin, count[i], NAN, NAN);
	if (n > 0)
		pike_buf_addf(about, " %s %.1f of %.0f;", s->name, sum / n, n);
}

static void changes(struct pike_figures *f)
{
	double most = most_changed(f->r);
	struct pike_figure *g;
	struct pike_buf about;

	if (most <= 0)
		return;
	g = pike_figures_add(f, "changes", "Lines changed by a step",
			     "lines added and removed", "steps");
	g->mark = PIKE_MARK_HIST;
	pike_buf_init(&about, 4096);
	pike_buf_adds(&about, "Lines that a candidate adds and removes against "
			      "what it was made from, without blank lines and "
			      "comment lines; fixes are no steps. Mean:");
	for (size_t k = 0; k < f->nruns; k++)
		changes_of(pike_figure_series(g, f->runs[k].run), &about, f,
			   most);
	about.s[about.len - 1] = '.';
	g->about = pike_buf_detach(&about);
	pike_buf_release(&about);
	pike_figures_sampled(f);
}

static void sizes(struct pike_figures *f)
{
	struct pike_figure *g =
	    pike_figures_add(f, "size", "Code size against speedup", "lines",
			     "speedup over the base");
	size_t n = 0;

	g->mark = PIKE_MARK_DOT;
	g->log = true;
	g->about = pike_xstrdup("Each correct candidate that was measured: its "
				"length without blank lines and comment lines, "
				"and its speedup, confirmed or estimated from "
				"the screening.");
	for (size_t k = 0; k < f->nruns; k++) {
		struct pike_series *s = pike_figure_series(g, f->runs[k].run);

		for (size_t j = 0; j < f->r->n; j++) {
			const struct pike_report_search *one = &f->r->v[j];

			if (strcmp(one->run, s->name) != 0 || !one->lines)
				continue;
			for (size_t i = 0; i < one->h->nrecs; i++)
				if (one->lines[i] >= 0 &&
				    !isnan(one->h->recs[i].score))
					pike_series_add(
					    s, one->lines[i],
					    exp(one->h->recs[i].score), NAN,
					    NAN);
		}
		n += s->n;
	}
	if (n)
		pike_figures_sampled(f);
	else
		pike_figures_drop(f);
}

/* ---- time and money ---- */

struct spender {
	const char *agent, *model;
	double usd, asked;
};
struct spenders {
	struct spender v[32];
	size_t n;
};

static struct spender *spender(struct spenders *l,
			       const struct pike_ledger_row *row)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->v[i].agent, row->agent->name) &&
		    !strcmp(l->v[i].model, row->model))
			return &l->v[i];
	if (l->n == PIKE_ARRAY_LEN(l->v))
		return NULL;
	l->v[l->n] = (struct spender){ row->agent->name, row->model, 0, 0 };
	return &l->v[l->n++];
}

static void sum_up(struct spenders *l, const struct pike_report *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct pike_ledger_row *rows;
		size_t n = pike_ledger(&rows, r->v[i].h, false);

		for (size_t k = 0; k < n; k++) {
			struct spender *s = spender(l, &rows[k]);

			if (!s)
				continue;
			s->usd += rows[k].usd;
			s->asked += (double)rows[k].exchanges;
		}
		free(rows);
	}
}

static void bars_of_spenders(struct pike_figures *f, const struct spenders *l,
			     bool usd)
{
	struct pike_figure *g =
	    usd ? pike_figures_add(f, "money", "What it cost", "US dollars",
				   "USD")
		: pike_figures_add(f, "asked", "Who was asked", "exchanges",
				   "exchanges");
	struct pike_series *s = pike_figure_series(g, g->x);

	g->mark = PIKE_MARK_BAR;
	g->about =
	    pike_xasprintf("%s with each agent and model, over all runs.",
			   usd ? "Cost of the exchanges" : "Exchanges");
	for (size_t i = 0; i < l->n; i++) {
		pike_strs_pushf(&g->cats, "%s %s", l->v[i].agent,
				l->v[i].model);
		pike_series_add(s, (double)i, usd ? l->v[i].usd : l->v[i].asked,
				NAN, NAN);
	}
}

static void spent(struct pike_figures *f)
{
	struct spenders l = { .n = 0 };
	double usd = 0;

	sum_up(&l, f->r);
	for (size_t i = 0; i < l.n; i++)
		usd += l.v[i].usd;
	if (l.n)
		bars_of_spenders(f, &l, false);
	if (usd > 0)
		bars_of_spenders(f, &l, true);
}

size_t pike_report_figures(struct pike_figure **out,
			   const struct pike_report *r)
{
	struct pike_figures f = { .r = r };

	f.nruns = pike_report_runs(&f.runs, r);
	pike_report_targets(&f.targets, r);
	if (f.nruns) {
		pike_curves(&f);
		bars_of_runs(&f);
		bars_of_targets(&f);
		bars_of_verdicts(&f);
		attempts(&f);
		changes(&f);
		sizes(&f);
		pike_shares(&f);
		spent(&f);
	}
	free(f.runs);
	pike_strs_release(&f.targets);
	*out = f.v;
	return f.n;
}
