/* SPDX-License-Identifier: Apache-2.0 */
/* budget: the one place that says whether something may still be spent. */
#include "run/run_priv.h"

#include "base/clock.h"

#include <stdio.h>

#define MINUTE_NS 60000000000LL

int64_t pike_run_allowance(const struct pike_run *run)
{
	int64_t limit = run->settings->budget.candidates;
	int64_t used = (int64_t)run->history->nrecs;

	if (!limit)
		return INT64_MAX;
	return used < limit ? limit - used : 0;
}

static double spent_usd(const struct pike_history *h)
{
	double usd = 0;

	for (size_t i = 0; i < h->nrecs; i++)
		usd += h->recs[i].cost;
	return usd;
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

	if (pike_run_timeout(run))
		snprintf(run->ended, sizeof(run->ended), "budget: %lld minutes",
			 (long long)b->minutes);
	else if (b->usd > 0 && spent_usd(run->history) >= b->usd)
		snprintf(run->ended, sizeof(run->ended), "budget: %.2f USD",
			 b->usd);
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
