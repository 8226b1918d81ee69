/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evolve: the loop over the stages. It keeps nothing between two turns but
 * what git says, so several processes may turn it on one repository, and any
 * of them may be killed. Of those on one search one asks models; the others
 * measure, until it is their turn to ask.
 */
#include "run/run_priv.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

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
	time_left(left, run, rate);
	pike_progress("%s gen %zu  %zu/%zu  best %.2fx  %.0f/min%s  %s  %s%s%s",
		      h->target, h->ngens, judged, open, h->speedup.mid,
		      rate * 60, left, tally.s, asked.s, asked.len ? "  " : "",
		      run->step);
	pike_buf_release(&asked);
	pike_buf_release(&tally);
}

static void say_generation(const struct pike_run *run)
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

static void nap(void)
{
	struct timespec t = { 0, 50 * 1000 * 1000 };

	nanosleep(&t, NULL);
}

/* Another process may close the generation first: that is as good. */
static int close_generation(struct pike_run *run, struct pike_err *err)
{
	size_t before = run->history->ngens;
	int ret = pike_run_advance(run, err);

	if (ret == PIKE_RETRY && !pike_run_stopped(run)) {
		nap();
		ret = pike_run_refresh(run, err);
	}
	if (!ret && run->history->ngens > before)
		say_generation(run);
	return ret;
}

static int turn(struct pike_run *run, bool *more, struct pike_err *err)
{
	size_t judged, open, before = run->history->nrecs;
	bool spent = pike_run_spent(run);
	int ret = 0;

	if (!spent)
		ret = pike_run_propose(run, err);
	if (!ret)
		ret = pike_run_evaluate(run, err);
	if (ret || pike_run_stopped(run))
		return ret;
	open = pike_run_open_count(run, &judged);
	/* Others measure what is left */
	if (pike_history_pending(run->history) && !pike_run_timeout(run)) {
		nap();
		return 0;
	}
	if (judged)
		ret = close_generation(run, err);
	*more = !pike_run_spent(run);
	if (*more && !judged && !open && run->history->nrecs == before) {
		snprintf(run->ended, sizeof(run->ended),
			 "the strategy has nothing left to try");
		*more = false;
	}
	return ret;
}

/* ---- strategies that ask models ---- */

/* A generation is over when its round is, or when it has its size; the last
 * one when there is nothing left to wait for. */
static bool must_close(struct pike_run *run, bool last)
{
	int64_t limit = run->o.generations;
	size_t judged;

	pike_run_open_count(run, &judged);
	if (!judged || (limit && run->stats.generations >= limit))
		return false;
	if (last)
		return true;
	return run->strategy->closed
		   ? pike_agents_closed(run)
		   : (int64_t)judged >= run->settings->generation_size;
}

/* What only a confirmation has found wrong is mended in its own round, which
 * then is not over yet. */
static int confirm_and_close(struct pike_run *run, struct pike_err *err)
{
	bool over = pike_agents_closed(run);
	int ret = pike_run_confirm_all(run, err);

	if (ret || pike_run_stopped(run) ||
	    (over && !pike_agents_closed(run) && !pike_run_spent(run)))
		return ret;
	return close_generation(run, err);
}

/* May something come of waiting? Once a budget is spent nothing is asked, and
 * what another process asks it stores and measures without us. */
static bool must_wait(const struct pike_run *run, bool spent)
{
	return spent ? pike_agents_flying(run) > 0
		     : pike_agents_busy(run) || pike_agents_elsewhere(run);
}

/* For what others measure, or have asked and not yet told of. */
static int wait_for_others(struct pike_run *run, struct pike_err *err)
{
	pike_run_show(run);
	nap();
	return pike_run_refresh(run, err);
}

/* What a turn may change. */
static size_t events(const struct pike_run *run)
{
	return run->history->nrecs + (size_t)run->stats.screened;
}

/* Asks and measures what is there; waits only when there is nothing to
 * measure. */
static int turn_models(struct pike_run *run, bool *more, struct pike_err *err)
{
	size_t before = events(run);
	bool spent = pike_run_spent(run), wait, last;
	int ret =
	    spent ? pike_agents_settle(run, err) : pike_agents_ask(run, err);

	if (!ret)
		ret = pike_agents_listen(run, 0, err);
	if (!ret)
		ret = pike_run_screen_all(run, err);
	if (ret || pike_run_stopped(run))
		return ret;
	if (pike_history_pending(run->history) && !pike_run_timeout(run))
		return wait_for_others(run, err);
	/* Nothing is on its way, and nothing more can come: of what is new the
	 * strategy knows at the next turn only. */
	wait = must_wait(run, spent);
	last = !wait && (spent || events(run) == before);
	if (must_close(run, last))
		return confirm_and_close(run, err);
	if (wait)
		return pike_agents_elsewhere(run) ? wait_for_others(run, err)
						  : pike_agents_wait(run, err);
	*more = !last;
	if (last && !spent && !*run->ended)
		snprintf(run->ended, sizeof(run->ended),
			 "the strategy has nothing left to try");
	return 0;
}

int pike_run_evolve(struct pike_run *run, struct pike_err *err)
{
	bool more = true;
	int ret = 0;

	while (!ret && more && !pike_run_stopped(run))
		ret = run->preset.asks ? turn_models(run, &more, err)
				       : turn(run, &more, err);
	if (pike_run_stopped(run))
		pike_agents_cancel(run, NULL);
	pike_progress_end();
	if (pike_run_stopped(run)) {
		snprintf(run->ended, sizeof(run->ended), "interrupted");
		/* What fails now fails because it was told to end. */
		ret = 0;
	}
	run->stats.wall_ns = pike_now_ns() - run->started_ns;
	return ret;
}
