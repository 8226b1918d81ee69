/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replaying: the judge of a replay. It has no device and measures nothing: what
 * the recording knows is taken from there, in the environment of the recording,
 * by reuse.c; what it does not know is unmeasured, counted, and never guessed.
 */
#include "run/run_priv.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct recorded {
	struct pike_result known; /* whose environment it is */
	struct pike_device_info dev;
};

static struct recorded *of(const struct pike_judge *j)
{
	return (struct recorded *)(uintptr_t)j;
}

int pike_run_recorded(struct pike_result *out, struct pike_run *run,
		      struct pike_err *err)
{
	struct pike_oid tip;
	int ret = pike_repo_resolve(&tip, run->repo, run->o.replay, err);

	return ret ? ret
		   : pike_result_below(out, run->repo, &tip, run->target->name,
				       err);
}

static int replay_open(struct pike_judge **out, const struct pike_judge_opts *o,
		       struct pike_err *err)
{
	struct recorded *r = pike_xcalloc(1, sizeof(*r));
	struct pike_run *run = o->ctx;
	int ret;

	snprintf(r->dev.lane, sizeof(r->dev.lane), "%s", run->lane);
	snprintf(r->dev.lock, sizeof(r->dev.lock), "replay");
	r->dev.ncores = 1;
	r->dev.judge_core = -1;
	pike_result_init(&r->known);
	ret = pike_run_recorded(&r->known, run, err);
	if (ret == 1)
		ret = pike_fail(err, PIKE_FAILED,
				"no results of '%s' are recorded below '%s'",
				run->target->name, run->o.replay);
	*out = (struct pike_judge *)r;
	if (ret) {
		pike_judging_replay.close(*out);
		*out = NULL;
	}
	return ret;
}

static void replay_close(struct pike_judge *j)
{
	if (j)
		pike_result_release(&of(j)->known);
	free(j);
}

static const struct pike_device_info *replay_device(const struct pike_judge *j)
{
	return &of(j)->dev;
}

static const char *replay_env(const struct pike_judge *j)
{
	return of(j)->known.env;
}

static const char *replay_task(const struct pike_judge *j)
{
	return of(j)->known.task;
}

static void replay_identify(struct pike_result *out, const struct pike_judge *j)
{
	const struct pike_result *k = &of(j)->known;

	free(out->env);
	free(out->task);
	free(out->isolation);
	out->env = pike_xstrdup(k->env);
	out->task = pike_xstrdup(k->task);
	out->isolation = pike_xstrdup(k->isolation);
	pike_json_free(out->env_info);
	out->env_info = k->env_info ? pike_json_copy(k->env_info) : NULL;
}

static void replay_times(const struct pike_judge *j, int64_t *held_ns,
			 int64_t *kernel_ns)
{
	(void)j;
	*held_ns = *kernel_ns = 0;
}

/* Nothing is built; a build is only told from none. */
static int replay_build_start(struct pike_build **out, struct pike_judge *j,
			      const struct pike_files *files,
			      struct pike_err *err)
{
	(void)j, (void)files, (void)err;
	*out = pike_xcalloc(1, 1);
	return 0;
}

static bool replay_build_wait(struct pike_build *b, const char **log)
{
	(void)b;
	if (log)
		*log = "";
	return true;
}

static void replay_build_free(struct pike_build *b)
{
	free(b);
}

static int unmeasured(struct pike_result *out, struct pike_judge *j)
{
	replay_identify(out, j);
	free(out->reason);
	out->verdict = PIKE_V_NONE;
	out->reason = pike_xstrdup("unmeasured: the recording has no result of "
				   "it, and a replay measures nothing");
	return 0;
}

static int replay_screen(struct pike_result *out, struct pike_judge *j,
			 struct pike_build *cand, struct pike_build *champ,
			 struct pike_err *err)
{
	(void)cand, (void)champ, (void)err;
	return unmeasured(out, j);
}

static int replay_confirm(struct pike_result *out, struct pike_judge *j,
			  struct pike_build *cand, struct pike_build *champ,
			  const struct pike_confirm_opts *o,
			  struct pike_err *err)
{
	(void)cand, (void)champ, (void)o, (void)err;
	return unmeasured(out, j);
}

const struct pike_judging pike_judging_replay = {
	.open = replay_open,
	.close = replay_close,
	.device = replay_device,
	.env = replay_env,
	.task = replay_task,
	.identify = replay_identify,
	.times = replay_times,
	.build_start = replay_build_start,
	.build_wait = replay_build_wait,
	.build_free = replay_build_free,
	.screen = replay_screen,
	.confirm = replay_confirm,
};
