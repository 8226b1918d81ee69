/* SPDX-License-Identifier: Apache-2.0 */
/* cores: which ones the judge may use while nothing is timed, and its way to
 * the timed one when it prepares a sample. */
#include "eval/judge_priv.h"

#include "base/par.h"

bool pike_judge_may_spread(const struct pike_judge *j)
{
	return j->held || j->lock >= 0 || j->traits->noise != PIKE_NOISE_CORE;
}

void pike_judge_spread(struct pike_judge *j)
{
	if (!j->spread++ && pike_judge_may_spread(j))
		pike_parallel_on(&j->all_cpus);
}

void pike_judge_gather(struct pike_judge *j)
{
	if (!--j->spread)
		pike_parallel_on(NULL);
}

const cpu_set_t *pike_judge_idle(const struct pike_judge *j)
{
	if (pike_judge_may_spread(j))
		return &j->all_cpus;
	return j->have_judge_cpus ? &j->judge_cpus : NULL;
}

/* Not while several cores are at work: nothing is timed then. */
void pike_judge_go(struct pike_stay *s, const struct pike_judge *j)
{
	s->away = j->traits->noise == PIKE_NOISE_CORE && j->have_judge_cpus &&
		  !j->spread &&
		  !sched_getaffinity(0, sizeof(s->old), &s->old) &&
		  !sched_setaffinity(0, sizeof(j->run_cpus), &j->run_cpus);
}

void pike_judge_back(const struct pike_stay *s)
{
	if (s->away)
		sched_setaffinity(0, sizeof(s->old), &s->old);
}
