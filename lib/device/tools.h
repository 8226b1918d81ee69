/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools: NVIDIA's profiler (Nsight Compute) and its checkers (Compute
 * Sanitizer): where they are, how they are asked to start a runner, and what
 * they have said. Nothing here runs one: that is for a sandbox to do.
 *
 * What a tool says names kernels and files of a candidate, so all reading is
 * of hostile text, and pure.
 */
#ifndef PIKE_DEVICE_TOOLS_H
#define PIKE_DEVICE_TOOLS_H

#include "base/buf.h"
#include "base/json.h"
#include "model/profile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The program itself, not a script that looks for it, and the folder that it
 * has its own files in; both "" where there is none. */
struct pike_tool {
	char path[300], folder[300];
};
/* false: there is none. */
bool pike_profiler_find(struct pike_tool *out);
bool pike_sanitizer_find(struct pike_tool *out);

/* What a tool writes to in its working folder, and what it starts. */
#define PIKE_TOOL_LOG "tool.log"
#define PIKE_TOOL_RUNNER "/runner"
/* Launches that are profiled; a plan may have more. */
#define PIKE_PROFILED 16

/* ---- the profiler ---- */

/* `cold`: caches are flushed before each pass. Without the metrics that are in
 * `unknown`. */
void pike_profiler_argv(struct pike_strs *argv, const struct pike_tool *t,
			bool cold, const struct pike_strs *unknown);
/* The launches that its log tells of, in order, at most PIKE_PROFILED: an
 * array of objects of `kernel` and a number for each metric that was measured,
 * by its name. Empty where the log has none. */
struct pike_json *pike_profile_read(const char *log);
/* Metrics of ours that a log names among its errors; some versions then
 * measure nothing, and others leave out what they do not know. */
void pike_profile_unknown(struct pike_strs *out, const char *log);
/* Those that no launch in the list has. */
void pike_profile_missing(struct pike_strs *out, const struct pike_json *list);

/* ---- the checkers ---- */

void pike_checker_argv(struct pike_strs *argv, const struct pike_tool *t,
		       enum pike_checker c);

#define PIKE_REPORTS 3
struct pike_checked {
	bool done;	/* its summary is there: it got through */
	int64_t errors; /* races that it only warns of are none */
	/* The first errors at different places. No threads, addresses or
	 * sizes: those would tell the shape of a hidden case. */
	struct pike_check_report {
		char kind[160], kernel[96], place[160];
	} v[PIKE_REPORTS];
	size_t n;
};
void pike_check_log_read(struct pike_checked *out, const char *log);

/* ---- both ---- */

/* One line on why it did not work: what it says of an error, else its last
 * line; "" when it said nothing. */
void pike_tool_complaint(char out[256], const char *log);

#endif
