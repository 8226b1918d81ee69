/* SPDX-License-Identifier: Apache-2.0 */
/* smoke_tools: do the profiler and the checkers work in their box here? */
#include "eval/smoke_priv.h"
#include "eval/tool_priv.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CASE "n=1048576"
#define BYTES ((size_t)1048576 * 4)

/* The copy kernel's two arguments, for a shorter case than is timed. */
static int make_case(struct pike_tool_case *out, const struct pike_target *t,
		     struct pike_case *c, struct pike_err *err)
{
	struct pike_tensors list = { 0 };
	int ret;

	pike_case_parse(c, CASE, NULL);
	*out = (struct pike_tool_case){ .layout = { .t = t, .c = c } };
	ret = pike_tensors_of(&list, t, c, err);
	out->layout.v = list.v;
	out->layout.n = list.n;
	out->args = pike_xcalloc(list.n + 1, sizeof(*out->args));
	for (size_t i = 0; i < list.n; i++)
		out->args[i].fd = -1;
	for (size_t i = 0; !ret && i < list.n; i++)
		ret = pike_tool_file(&out->args[i], BYTES, NULL, err);
	return ret;
}

static bool profiled(char why[256], const char *log)
{
	struct pike_json *list = pike_profile_read(log);
	bool ok = pike_json_len(list) > 0;

	pike_json_free(list);
	if (!ok)
		pike_tool_complaint(why, log);
	return ok;
}

static bool checked(char why[256], const char *log)
{
	struct pike_checked c;

	pike_check_log_read(&c, log);
	if (c.done && !c.errors)
		return true;
	pike_tool_complaint(why, log);
	return false;
}

static void profiler_argv(struct pike_strs *argv, const struct pike_tool *t)
{
	static const struct pike_strs none = PIKE_STRS_INIT;

	pike_profiler_argv(argv, t, true, &none);
}

static void sanitizer_argv(struct pike_strs *argv, const struct pike_tool *t)
{
	pike_checker_argv(argv, t, PIKE_MEMCHECK);
}

static const struct {
	const char *name;
	bool (*find)(struct pike_tool *out);
	void (*argv)(struct pike_strs *argv, const struct pike_tool *t);
	bool (*read)(char why[256], const char *log);
} tools[] = {
	{ "ncu", pike_profiler_find, profiler_argv, profiled },
	{ "compute-sanitizer", pike_sanitizer_find, sanitizer_argv, checked },
};

static void try_tool(struct pike_smoke_tool *out, size_t i,
		     struct pike_judge *j, const struct pike_tool_job *asked)
{
	struct pike_tool_job job = *asked;
	struct pike_strs argv = PIKE_STRS_INIT;
	struct pike_tool_said said;
	struct pike_tool t;

	if (!tools[i].find(&t))
		return;
	tools[i].argv(&argv, &t);
	job.tool = &t;
	job.argv = &argv;
	pike_tool_run(&said, j, &job);
	out->works = tools[i].read(out->why, said.log.s ? said.log.s : "");
	if (!out->works && !out->why[0])
		snprintf(out->why, sizeof(out->why), "%.255s",
			 said.why[0] ? said.why : "it says nothing");
	pike_tool_said_release(&said);
	pike_strs_release(&argv);
}

void pike_smoke_tools(struct pike_smoke *out, struct pike_judge *j,
		      struct pike_build *b)
{
	struct pike_tool_case c;
	struct pike_case sizes;
	struct pike_tool_job job = { .build = b, .cases = &c, .n = 1 };
	struct pike_err err = PIKE_ERR_INIT;
	int ret = make_case(&c, j->t, &sizes, &err);

	for (size_t i = 0; i < PIKE_ARRAY_LEN(tools); i++) {
		struct pike_smoke_tool *t = &out->tools[i];
		int64_t start = pike_now_ns();

		t->name = tools[i].name;
		if (ret)
			snprintf(t->why, sizeof(t->why), "%.255s", err.text);
		else
			try_tool(t, i, j, &job);
		t->secs = (double)(pike_now_ns() - start) / 1e9;
	}
	pike_tool_case_release(&c);
	pike_case_release(&sizes);
}
