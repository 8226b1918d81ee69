/* SPDX-License-Identifier: Apache-2.0 */
/*
 * summary: what the searches of a run come to, by two rules. The published
 * one (KernelBench, PIKE): the geometric mean over all targets, none below 1,
 * a missing one 1. The plain one: the geometric mean over those that were
 * measured, as they are, and how many there are.
 */
#include "report/figures.h"

#include "base/mem.h"
#include "model/ledger.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double over[] = { 1, 1.1, 1.5, 2 };

const struct pike_report_search *pike_report_find(const struct pike_report *r,
						  const char *target,
						  const char *run)
{
	for (size_t i = 0; i < r->n; i++)
		if (!strcmp(r->v[i].h->target, target) &&
		    !strcmp(r->v[i].run, run))
			return &r->v[i];
	return NULL;
}

void pike_report_targets(struct pike_strs *out, const struct pike_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (!pike_strs_has(out, r->v[i].h->target))
			pike_strs_push(out, r->v[i].h->target);
}

bool pike_report_measured(const struct pike_report_search *s)
{
	for (size_t i = 0; s && i < s->h->nrecs; i++)
		if (s->h->recs[i].screen.verdict != PIKE_V_PENDING &&
		    pike_record_is_candidate(&s->h->recs[i]))
			return true;
	return false;
}

/* Did what was mended in the end work? Counted at the last of its fixes. */
static void count_fixes(struct pike_run_sum *sum, const struct pike_history *h)
{
	struct pike_history *find = (struct pike_history *)(uintptr_t)h;
	bool *mended = pike_xcalloc(h->nrecs + 1, sizeof(*mended));

	for (size_t i = 0; i < h->nrecs; i++) {
		const struct pike_record *r = &h->recs[i], *p;

		p = r->agent->mends && r->nparents
			? pike_history_find(find, &r->parents[0])
			: NULL;
		if (p)
			mended[p - h->recs] = true;
	}
	for (size_t i = 0; i < h->nrecs; i++) {
		const struct pike_record *r = &h->recs[i];

		if (!r->agent->mends || mended[i] ||
		    r->screen.verdict == PIKE_V_PENDING)
			continue;
		sum->fixes++;
		sum->fixed += pike_verdict_measured(r->screen.verdict);
	}
	free(mended);
}

static void count_records(struct pike_run_sum *sum,
			  const struct pike_history *h)
{
	for (size_t i = 0; i < h->nrecs; i++) {
		const struct pike_record *r = &h->recs[i];

		sum->usd += r->cost;
		sum->queries += pike_record_is_query(r);
		sum->exchanges += pike_record_asked(r);
		if (!pike_record_is_candidate(r))
			continue;
		sum->candidates++;
		sum->verdicts[r->confirm.verdict != PIKE_V_PENDING
				  ? r->confirm.verdict
				  : r->screen.verdict]++;
	}
	count_fixes(sum, h);
}

static void add_target(struct pike_run_sum *sum,
		       const struct pike_report_search *s)
{
	const struct pike_ratio *ratio = s ? &s->h->speedup : NULL;

	if (!pike_report_measured(s))
		return;
	sum->measured++;
	sum->mean += log(ratio->mid);
	sum->mean_lo += log(ratio->lo);
	sum->published += ratio->mid > 1 ? log(ratio->mid) : 0;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(over); i++)
		sum->over[i] += ratio->lo > over[i];
}

static void finish(struct pike_run_sum *sum)
{
	double n = (double)sum->measured;

	sum->mean = sum->measured ? exp(sum->mean / n) : NAN;
	sum->mean_lo = sum->measured ? exp(sum->mean_lo / n) : NAN;
	sum->published =
	    sum->targets ? exp(sum->published / (double)sum->targets) : NAN;
}

static bool is_listed(const struct pike_run_sum *v, size_t n, const char *run)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(v[i].run, run))
			return true;
	return false;
}

size_t pike_report_runs(struct pike_run_sum **out, const struct pike_report *r)
{
	struct pike_run_sum *v = pike_xcalloc(r->n + 1, sizeof(*v));
	struct pike_strs targets = PIKE_STRS_INIT;
	size_t n = 0;

	pike_report_targets(&targets, r);
	for (size_t i = 0; i < r->n; i++)
		if (!is_listed(v, n, r->v[i].run))
			v[n++] = (struct pike_run_sum){ .run = r->v[i].run,
							.targets = targets.n };
	for (size_t k = 0; k < n; k++) {
		for (size_t i = 0; i < targets.n; i++)
			add_target(&v[k],
				   pike_report_find(r, targets.v[i], v[k].run));
		for (size_t i = 0; i < r->n; i++)
			if (!strcmp(r->v[i].run, v[k].run))
				count_records(&v[k], r->v[i].h);
		finish(&v[k]);
	}
	pike_strs_release(&targets);
	*out = v;
	return n;
}
