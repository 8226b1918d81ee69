/* SPDX-License-Identifier: Apache-2.0 */
/* show: what people see of a search while it goes on. */
#include "run/run_priv.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "model/ledger.h"

#include <stdio.h>

void pike_run_tally(struct pike_buf *b, const struct pike_history *h,
		    int64_t generation)
{
	size_t count[PIKE_V_COUNT] = { 0 };
	bool first = true;

	for (size_t i = 0; i < h->nrecs; i++) {
		const struct pike_record *r = &h->recs[i];
		enum pike_verdict v = r->confirm.verdict != PIKE_V_PENDING
					  ? r->confirm.verdict
					  : r->screen.verdict;

		if (r->settled == generation)
			count[v]++;
	}
	for (int v = 0; v < PIKE_V_COUNT; v++) {
		if (!count[v])
			continue;
		pike_buf_addf(b, "%s%s %zu", first ? "" : ", ",
			      v == PIKE_V_PENDING
				  ? "waiting"
				  : pike_verdict_name((enum pike_verdict)v),
			      count[v]);
		first = false;
	}
}

static void time_left(char out[40], const struct pike_run *run, double rate)
{
	int64_t left = pike_run_allowance(run);
	double ns = -1;
	char text[32];

	out[0] = '\0';
	if (run->settings->budget.candidates && rate > 0)
		ns = (double)(left +
			      (int64_t)pike_history_pending(run->history)) /
		     rate * 1e9;
	if (run->settings->budget.minutes) {
		double cap = (double)run->settings->budget.minutes * 60e9 -
			     (double)(pike_now_ns() - run->started_ns);
		if (ns < 0 || cap < ns)
			ns = cap > 0 ? cap : 0;
	}
	if (ns >= 1e9)
		snprintf(out, 40, "  left about %s", pike_human_ns(text, ns));
}

void pike_run_show(const struct pike_run *run)
{
	const struct pike_history *h = run->history;
	struct pike_buf tally;
	struct pike_ledger_row spent;
	double secs, rate;
	struct pike_buf asked;
	char left[40];
	size_t judged, open;

	if (!pike_progress_shown())
		return;
	pike_buf_init(&tally, 400);
	pike_buf_init(&asked, 200);
	pike_agents_text(&asked, run);
	open = pike_run_open_count(run, &judged);
	secs = (double)(pike_now_ns() - run->started_ns) / 1e9;
	rate = secs > 0 ? (double)run->stats.screened / secs : 0;
	pike_run_tally(&tally, h, -1);
	pike_ledger_sum(&spent, h);
	time_left(left, run, rate);
	pike_progress("%s gen %zu  %zu/%zu  best %.2fx  %.0f/min%s  %s  "
		      "%.2f USD  %s%s%s",
		      h->target, h->ngens, judged, open, h->speedup.mid,
		      rate * 60, left, tally.s, spent.usd, asked.s,
		      asked.len ? "  " : "", run->step);
	pike_buf_release(&asked);
	pike_buf_release(&tally);
}

void pike_run_say_generation(const struct pike_run *run)
{
	const struct pike_history *h = run->history;
	const struct pike_generation *g = &h->gens[h->ngens - 1];
	double secs = (double)(pike_now_ns() - run->started_ns) / 1e9;
	double rate = secs > 0 ? (double)run->stats.screened / secs : 0;
	struct pike_buf tally;
	char left[40];

	pike_buf_init(&tally, 400);
	pike_run_tally(&tally, h, g->number);
	time_left(left, run, rate);
	pike_say("%s generation %lld: best %.2fx [%.2f, %.2f]  %s  %.0f/min%s"
		 "  spent %.2f USD",
		 h->target, (long long)g->number, g->speedup.mid, g->speedup.lo,
		 g->speedup.hi, tally.s, rate * 60, left, g->spent);
	pike_buf_release(&tally);
}
