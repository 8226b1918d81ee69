/* SPDX-License-Identifier: Apache-2.0 */
/* compile: what a build tells before anything of it has run. */
#include "eval/fill_priv.h"
#include "eval/judge_priv.h"

#include "base/mem.h"

#include <stdlib.h>

static struct pike_json *resources(struct pike_judge *j,
				   const struct pike_build *b)
{
	struct pike_object o = pike_build_object(b);
	struct pike_json *r = pike_device_compiled(&j->dev, j->t, &o, b->log.s);

	pike_build_tell(r, b);
	return r;
}

int pike_judge_compile(struct pike_result *out, struct pike_judge *j,
		       struct pike_build *b, struct pike_err *err)
{
	int ret;

	pike_phases_begin(j);
	pike_phase(j, PIKE_PHASE_BUILD);
	ret = pike_fill_fit(out, j, b, err);
	if (ret) {
		pike_phases_end(out, j);
		return ret < 0 ? ret : 0;
	}
	pike_judge_identify(out, j);
	pike_fill_verdict(out, PIKE_V_NONE, "compiles; not run");
	pike_json_free(out->resources);
	out->resources = resources(j, b);
	pike_phases_end(out, j);
	return 0;
}

void pike_judge_refuse(struct pike_result *out, struct pike_judge *j,
		       const char *why)
{
	pike_judge_identify(out, j);
	pike_fill_verdict(out, PIKE_V_CONTRACT, why);
}
