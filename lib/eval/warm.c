/* SPDX-License-Identifier: Apache-2.0 */
/* warm: the interpreter that a judge's runners are forks of, where theirs takes
 * seconds to start. */
#include "eval/process_priv.h"

#include "base/log.h"
#include "sandbox/warm.h"

void pike_judge_warm_up(struct pike_judge *j)
{
	struct pike_command c;
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_warm_opts o = { .script = j->runner.s,
				    .visible = j->dev.uuid };

	pike_device_command(&c, &j->dev, j->t, j->runner.s);
	o.kind = c.box;
	o.argv = (const char *const *)c.warm.v;
	if (c.warm.n && pike_warm_start(&j->warm, &o, &err))
		pike_warn("%s; processes are started afresh", err.text);
	pike_command_release(&c);
}

struct pike_warm *pike_judge_warm(struct pike_judge *j)
{
	struct pike_err err = PIKE_ERR_INIT;

	if (j->warm && !j->cold && pike_warm_ready(j->warm, &err)) {
		pike_warn("%s; processes are started afresh", err.text);
		j->cold = true;
	}
	return j->cold ? NULL : j->warm;
}

void pike_judge_import(struct pike_judge *j, const char *module)
{
	if (!module || j->imports || !pike_judge_warm(j))
		return;
	j->imports = module;
	pike_warm_import(j->warm, module);
}
