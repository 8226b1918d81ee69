/* SPDX-License-Identifier: Apache-2.0 */
/* run: opens a search, keeps its history and its judge. */
#include "run/run_priv.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

/* Where nothing is recorded the exchanges are missed first. */
static bool recorded_lane(struct pike_run *run)
{
	struct pike_result known;
	bool found;

	pike_result_init(&known);
	found = !pike_run_recorded(&known, run, NULL) && known.lane;
	if (found)
		snprintf(run->lane, sizeof(run->lane), "%s", known.lane);
	pike_result_release(&known);
	return found;
}

static int choose_lane(struct pike_run *run, struct pike_err *err)
{
	struct pike_device_info info;
	const char *lane = run->settings->lane;
	int ret;

	if (lane && *lane) {
		snprintf(run->lane, sizeof(run->lane), "%s", lane);
		return 0;
	}
	if (run->o.replay && recorded_lane(run))
		return 0;
	ret = pike_device_find(&info, run->target->backend, err);
	if (!ret)
		snprintf(run->lane, sizeof(run->lane), "%s", info.lane);
	return ret;
}

static int choose_strategy(struct pike_run *run, struct pike_err *err)
{
	const char *name = run->settings->strategy;

	run->strategy = pike_strategy_choose(&run->preset, run->settings, name);
	if (run->strategy)
		return 0;
	return pike_fail(err, PIKE_USAGE,
			 "there is no strategy '%s'; `pike-git strategies` "
			 "lists them",
			 name);
}

/* Generation 0 stands on the base as it is now; moved.c follows it. */
static int begin(struct pike_run *run, struct pike_err *err)
{
	struct pike_history *h = run->history;
	struct pike_oid base;
	int ret = pike_repo_base(&base, run->repo, run->settings->base, err);

	if (ret)
		return ret;
	if (!pike_oid_set(&h->tip)) {
		ret =
		    pike_search_begin(run->search, &base,
				      run->settings->strategy, run->seed, err);
		if (!ret)
			ret = pike_run_refresh(run, err);
	}
	if (!ret)
		run->epoch = pike_history_epoch(h, NULL)->id;
	return ret;
}

static int open_search(struct pike_run *run, struct pike_err *err)
{
	const char *name = run->o.run;
	char lane[140];
	int ret;

	ret = pike_search_open(&run->search, run->repo, run->target->name,
			       run->lane, name, err);
	if (ret)
		return ret;
	snprintf(lane, sizeof(lane), "%s%s%s", run->lane, name ? "." : "",
		 name ? name : "");
	run->history = pike_history_new(run->target->name, lane);
	ret = pike_run_refresh(run, err);
	if (!ret)
		ret = begin(run, err);
	if (!ret)
		ret = pike_inputs_read(&run->in, run->repo, run->target,
				       &run->history->base, err);
	if (!ret)
		ret = pike_repo_source(&run->base_source, run->repo,
				       &run->in.base, err);
	return ret;
}

int pike_run_open(struct pike_run **out, struct pike_repo *repo,
		  const struct pike_settings *settings,
		  const struct pike_run_opts *o, struct pike_err *err)
{
	struct pike_run *run = pike_xcalloc(1, sizeof(*run));
	int ret;

	run->repo = repo;
	run->settings = settings;
	run->judging = o->replay ? &pike_judging_replay : &pike_judging;
	run->o = *o;
	run->started_ns = pike_now_ns();
	run->seed = settings->seed ? (uint64_t)settings->seed : 1;
	run->target = pike_settings_target(settings, o->target);
	if (!run->target) {
		ret = pike_fail(err, PIKE_USAGE,
				"no target '%s' in .pike/config", o->target);
		goto out;
	}
	ret = choose_strategy(run, err);
	if (!ret)
		ret = choose_lane(run, err);
	if (!ret)
		ret = open_search(run, err);
out:
	if (ret) {
		pike_run_free(run);
		run = NULL;
	}
	*out = run;
	return ret;
}

void pike_run_free(struct pike_run *run)
{
	if (!run)
		return;
	pike_agents_close(run);
	run->judging->build_free(run->champ);
	run->judging->close(run->judge);
	pike_history_free(run->history);
	pike_search_close(run->search);
	pike_inputs_release(&run->in);
	pike_result_release(&run->base);
	pike_lessons_release(&run->lessons);
	free(run);
}

const struct pike_history *pike_run_history(const struct pike_run *run)
{
	return run->history;
}

const struct pike_run_stats *pike_run_stats(const struct pike_run *run)
{
	return &run->stats;
}

const char *pike_run_ended(const struct pike_run *run)
{
	return run->ended;
}
