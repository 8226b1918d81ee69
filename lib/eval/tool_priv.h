/* SPDX-License-Identifier: Apache-2.0 */
/* tool: one built kernel, run once under a profiler or checker in a box. */
#ifndef PIKE_EVAL_TOOL_PRIV_H
#define PIKE_EVAL_TOOL_PRIV_H

#include "device/tools.h"
#include "eval/judge_priv.h"

/* No tool gets longer. */
#define PIKE_TOOL_MS 60000

/* A case, and its arguments in files, which a runner copies. */
struct pike_tool_case {
	struct pike_layout layout;
	struct pike_region *args; /* layout.n */
};
/* A file of that content, or of zeros where `data` is NULL. */
int pike_tool_file(struct pike_region *out, size_t bytes, const void *data,
		   struct pike_err *err);
/* Of a pool's set; PIKE_FAILED: they do not fit in memory. */
int pike_tool_case_make(struct pike_tool_case *out, struct pike_pool *p,
			size_t set, struct pike_err *err);
void pike_tool_case_release(struct pike_tool_case *c);

struct pike_tool_job {
	const struct pike_tool *tool;
	const struct pike_strs *argv; /* which starts PIKE_TOOL_RUNNER */
	const struct pike_build *build;
	const struct pike_tool_case *cases; /* one call each */
	size_t n;
};
struct pike_tool_said {
	struct pike_buf log; /* what it wrote, else what it printed */
	bool called;	     /* every call came back */
	char why[512];	     /* else what happened instead */
};
/* Never a verdict: what a tool says is the caller's to read. */
void pike_tool_run(struct pike_tool_said *out, struct pike_judge *j,
		   const struct pike_tool_job *job);
void pike_tool_said_release(struct pike_tool_said *s);

#endif
