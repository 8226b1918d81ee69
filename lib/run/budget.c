/* SPDX-License-Identifier: Apache-2.0 */
/* budget: the one place that says whether something may still be spent. */
#include "run/run_priv.h"

#include "base/clock.h"
#include "model/ledger.h"

#include <stdio.h>

#define MINUTE_NS 60000000000LL

int64_t pike_run_allowance(const struct pike_run *run)
{
	int64_t limit = run->settings->budget.candidates, used = 0;

	if (!limit)
		return INT64_MAX;
	for (size_t i = 0; i < run->history->nrecs; i++)
		used += pike_record_is_candidate(&run->history->recs[i]) &&
			!run->history->recs[i].again;
	return used < limit ? limit - used : 0;
}

static double spent_usd(const struct pike_history *h)
{
	double usd = 0;

	for (size_t i = 0; i < h->nrecs; i++)
		usd += h->recs[i].cost;
	return usd;
}

static int64_t queries_left(const struct pike_run *run)
{
	int64_t limit = run->settings->budget.queries;
	struct pike_ledger_row sum;

	if (!limit)
		return INT64_MAX;
	pike_ledger_sum(&sum, run->history);
	return sum.queries < limit ? limit - sum.queries : 0;
}

int64_t pike_run_queries(const struct pike_run *run, size_t flying)
{
	const struct pike_budget *b = &run->settings->budget;
	int64_t left = queries_left(run), may = pike_run_allowance(run);

	if (may < left)
		left = may;
	if (b->usd > 0 && spent_usd(run->history) >= b->usd)
		left = 0;
	return left > (int64_t)flying ? left - (int64_t)flying : 0;
}

bool pike_run_timeout(const struct pike_run *run)
{
	int64_t minutes = run->settings->budget.minutes;

	return minutes &&
	       pike_now_ns() - run->started_ns >= minutes * MINUTE_NS;
}

bool pike_run_spent(struct pike_run *run)
{
	const struct pike_budget *b = &run->settings->budget;

	if (pike_run_rests(run))
		return true;
	if (pike_run_timeout(run))
		snprintf(run->ended, sizeof(run->ended), "budget: %lld minutes",
			 (long long)b->minutes);
	else if (b->usd > 0 && spent_usd(run->history) >= b->usd)
		snprintf(run->ended, sizeof(run->ended), "budget: %.2f USD",
			 b->usd);
	else if (!queries_left(run))
		snprintf(run->ended, sizeof(run->ended), "budget: %lld queries",
			 (long long)b->queries);
	else if (!pike_run_allowance(run))
		snprintf(run->ended, sizeof(run->ended),
			 "budget: %lld candidates", (long long)b->candidates);
	else if (run->o.generations &&
		 run->stats.generations >= run->o.generations)
		snprintf(run->ended, sizeof(run->ended), "%lld generations",
			 (long long)run->o.generations);
	else
		return false;
	return true;
}
