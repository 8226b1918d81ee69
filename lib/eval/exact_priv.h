/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exact: does a kernel keep to its arguments, to the byte? Buffers end on 16
 * bytes or more, so a little too much that is read is seen by nobody. A
 * candidate is therefore built once more with sanitizers (lib/device, "exact
 * buffers") and run in a process of its own on buffers of exactly their size.
 *
 * An access outside is `contract`; an undefined operation is a remark. What
 * could not be looked at is listed, with why: never silently passed.
 */
#ifndef PIKE_EVAL_EXACT_PRIV_H
#define PIKE_EVAL_EXACT_PRIV_H

#include "eval/judge_priv.h"

/* Starts what can be started while other checks run; never fails: what hinders
 * it is told later. NULL: a tool (profile_priv.h) looks at this backend. */
struct pike_exact *pike_exact_start(struct pike_judge *j,
				    const struct pike_files *files);
void pike_exact_free(struct pike_exact *x);
/* Runs it on every hidden case, and on the measured ones that are not large. 0;
 * 1 with a verdict in `out`; or an error. What it says, `exact` of the
 * resources, is there in any case: `said` ("clean", "unavailable: why" or what
 * was found), `unchecked` and `remarks` (lists), `secs`. */
int pike_exact_check(struct pike_result *out, struct pike_exact *x,
		     const uint8_t *secret, struct pike_err *err);
/* Adds what this has not looked at. */
void pike_exact_unchecked(struct pike_json *unchecked,
			  const struct pike_json *resources);

/* ---- reading, all of it hostile text, and pure ---- */

/* What a source says that no sanitizer sees, as phrases, each once. */
#define PIKE_EXACT_PHRASES 8
#define PIKE_EXACT_MEDDLES "asks not to be looked at" /* how one begins */
/* In a source after its preprocessor. Lines of the system's headers do not
 * count, though only while nobody claims to be one of them: */
void pike_exact_scan(struct pike_strs *out, const char *text, size_t len);
/* does a source name lines of another file, so that text of its own could pass
 * for the system's? */
bool pike_exact_names_lines(const char *text, size_t len);
/* Undefined operations that a process has told of: a list of strings, without
 * values. */
#define PIKE_EXACT_REMARKS 8
void pike_exact_remarks(struct pike_json *list, const char *log);

#endif
