/* SPDX-License-Identifier: Apache-2.0 */
/* phases: where the time of a judgement went. */
#include "eval/judge_priv.h"

#include "base/clock.h"

#include <string.h>

static const char *const names[PIKE_PHASES] = {
	[PIKE_PHASE_OTHER] = "other",
	[PIKE_PHASE_BUILD] = "build",
	[PIKE_PHASE_INPUTS] = "inputs",
	[PIKE_PHASE_TRUTH] = "truth",
	[PIKE_PHASE_LINT] = "lint",
	[PIKE_PHASE_CHECK] = "check",
	[PIKE_PHASE_SUSTAIN] = "sustain",
	[PIKE_PHASE_SANITIZE] = "sanitize",
	[PIKE_PHASE_NOISE] = "noise",
	[PIKE_PHASE_START] = "start",
	[PIKE_PHASE_TIME] = "time",
	[PIKE_PHASE_PROFILE] = "profile",
	[PIKE_PHASE_BASELINES] = "baselines",
};

void pike_phases_begin(struct pike_judge *j)
{
	memset(&j->phases, 0, sizeof(j->phases));
	j->phases.since = pike_now_ns();
}

enum pike_phase pike_phase(struct pike_judge *j, enum pike_phase next)
{
	enum pike_phase before = j->phases.now;
	int64_t now = pike_now_ns();

	j->phases.ns[before] += now - j->phases.since;
	j->phases.since = now;
	j->phases.now = next;
	return before;
}

static void tell(struct pike_result *out, const int64_t *ns)
{
	for (int i = 0; i < PIKE_PHASES; i++)
		pike_result_spent(out, names[i], (double)ns[i] / 1e9);
}

void pike_phases_end(struct pike_result *out, struct pike_judge *j)
{
	pike_phase(j, PIKE_PHASE_OTHER);
	tell(out, j->phases.ns);
}

void pike_phases_opened(struct pike_judge *j)
{
	pike_phase(j, PIKE_PHASE_OTHER);
	memcpy(j->opening, j->phases.ns, sizeof(j->opening));
}

void pike_judge_opening(struct pike_result *out, struct pike_judge *j)
{
	tell(out, j->opening);
	memset(j->opening, 0, sizeof(j->opening));
}
