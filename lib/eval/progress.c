/* SPDX-License-Identifier: Apache-2.0 */
/* progress: how far the judge is, and whether it has to stop. */
#include "eval/judge_priv.h"

bool pike_judge_stopped(const struct pike_judge *j)
{
	return j->o.stop && *j->o.stop;
}

void pike_judge_say(const struct pike_judge *j, const char *what,
		    double fraction)
{
	if (j->o.progress && what)
		j->o.progress(j->o.ctx, what, fraction);
}
