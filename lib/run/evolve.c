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

#include <stdio.h>
#include <time.h>

static void nap(void)
{
	struct timespec t = { 0, 50 * 1000 * 1000 };

	nanosleep(&t, NULL);
}

/* Another process may close the generation first, and another machine may have
 * done so: that is as good. */
static int close_generation(struct pike_run *run, struct pike_err *err)
{
	size_t before, judged;
	int ret;

	pike_run_catch_up(run);
	ret = pike_run_refresh(run, err);
	before = run->history->ngens;
	pike_run_open_count(run, &judged);
	if (ret || !judged)
		return ret;
	ret = pike_run_advance(run, err);
	if (ret == PIKE_RETRY && !pike_run_stopped(run)) {
		nap();
		ret = pike_run_refresh(run, err);
	}
	if (!ret && run->history->ngens > before) {
		pike_run_say_generation(run);
		ret = pike_run_rest(run, err);
	}
	pike_run_share(run, true);
	return ret;
}

/* What an epoch has taken over is measured, and its generation closed, before
 * anything new is asked for. What others measure is waited for. */
static int measure_again(struct pike_run *run, struct pike_err *err)
{
	size_t n = pike_run_again(run->history);
	int ret = 0;

	while (!ret && n && !pike_run_stopped(run) && !pike_run_timeout(run)) {
		ret = pike_run_screen_all(run, err);
		if (!ret && pike_history_pending(run->history)) {
			nap();
			ret = pike_run_refresh(run, err);
			continue;
		}
		if (!ret)
			ret = pike_run_confirm_all(run, err);
		if (ret || pike_run_stopped(run) || pike_run_outdated(run))
			break;
		ret = close_generation(run, err);
		n = pike_run_again(run->history);
	}
	return ret;
}

static int catch_up(struct pike_run *run, struct pike_err *err)
{
	int ret = pike_run_follow(run, true, err);

	return ret ? ret : measure_again(run, err);
}

/* Replies that are on their way belong to the epoch that ends. */
static int keep_up(struct pike_run *run, struct pike_err *err)
{
	bool moved;
	int ret = pike_run_moved(&moved, run, err);

	while (!ret && moved && pike_agents_flying(run) &&
	       !pike_run_stopped(run)) {
		pike_run_show(run);
		ret = pike_agents_wait(run, err);
		pike_run_serve(run);
	}
	return ret || !moved || pike_run_stopped(run) ? ret
						      : catch_up(run, err);
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
		snprintf(run->ended, sizeof(run->ended), "%s",
			 run->nothing_to_tune
			     ? "no source declares a tunable"
			     : "the strategy has nothing left to try");
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

static int wait_for_replies(struct pike_run *run, struct pike_err *err)
{
	pike_run_show(run);
	return pike_agents_wait(run, err);
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
	int ret = spent ? pike_replies_conclude(run, err)
			: pike_run_look_at_base(run, err);

	if (!ret && !spent)
		ret = pike_agents_ask(run, err);
	if (!ret)
		ret = pike_agents_listen(run, 0, err);
	pike_run_serve(run);
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
						  : wait_for_replies(run, err);
	*more = !last;
	if (last && !spent && !*run->ended)
		snprintf(run->ended, sizeof(run->ended),
			 "the strategy has nothing left to try");
	return 0;
}

/* A program of the user's that does not run is no reason to hide what the
 * search has found. */
static int ask_model(struct pike_run *run, struct pike_err *err)
{
	struct pike_err why = PIKE_ERR_INIT;
	int ret = pike_run_in_model(run, &why);

	if (ret == PIKE_FAILED)
		pike_warn("%s", why.text);
	return !ret || ret == PIKE_FAILED ? 0
					  : pike_fail(err, ret, "%s", why.text);
}

/* Nothing is done for a search that rests. */
static int begin(struct pike_run *run, bool *rests, struct pike_err *err)
{
	int ret = run->o.resume ? pike_run_resume(run, err) : 0;

	if (!ret)
		ret = pike_run_rest(run, err);
	run->rested = *rests = pike_run_rests(run);
	return ret;
}

int pike_run_evolve(struct pike_run *run, struct pike_err *err)
{
	bool rests, more;
	int ret = begin(run, &rests, err);

	more = !rests;
	while (!ret && more && !pike_run_stopped(run)) {
		ret = keep_up(run, err);
		if (!ret && !pike_run_stopped(run))
			ret = run->preset.asks ? turn_models(run, &more, err)
					       : turn(run, &more, err);
		if (!ret)
			pike_run_share(run, false);
	}
	if (!ret && !rests)
		ret = ask_model(run, err);
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
