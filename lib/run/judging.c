/* SPDX-License-Identifier: Apache-2.0 */
/* judging: a search's judge, and how far it is. */
#include "run/run_priv.h"

#include <stdio.h>

const struct pike_judging pike_judging = {
	.open = pike_judge_open,
	.close = pike_judge_free,
	.device = pike_judge_device,
	.env = pike_judge_env,
	.task = pike_judge_task,
	.identify = pike_judge_identify,
	.task_hash = pike_task_hash,
	.times = pike_judge_times,
	.build_start = pike_build_start,
	.build_wait = pike_build_wait,
	.build_free = pike_build_free,
	.base = pike_judge_base,
	.screen = pike_judge_screen,
	.confirm = pike_judge_confirm,
};

static void on_progress(void *ctx, const char *what, double fraction)
{
	struct pike_run *run = ctx;

	snprintf(run->step, sizeof(run->step), "%s %.0f%%", what,
		 100 * fraction);
	pike_run_show(run);
}

int pike_run_judge(struct pike_judge **out, struct pike_run *run,
		   struct pike_err *err)
{
	struct pike_judge_opts o = {
		.target = run->target,
		.lane = run->lane,
		.base = &run->in.base,
		.headers = &run->in.headers,
		.reference = &run->in.reference,
		.modules = &run->in.modules,
		.require = run->o.require,
		.progress = on_progress,
		.ctx = run,
		.stop = run->o.stop,
		.screens = true,
	};
	int ret = 0;

	if (!run->judge)
		ret = run->judging->open(&run->judge, &o, err);
	*out = run->judge;
	return ret;
}

size_t pike_run_ahead(const struct pike_device_info *dev)
{
	if (!dev->sms)
		return 1;
	return dev->ncores < PIKE_AHEAD ? (size_t)dev->ncores : PIKE_AHEAD;
}
