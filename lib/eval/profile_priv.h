/* SPDX-License-Identifier: Apache-2.0 */
/* profile: what tools tell of a confirmed kernel; never in a timed process. */
#ifndef PIKE_EVAL_PROFILE_PRIV_H
#define PIKE_EVAL_PROFILE_PRIV_H

#include "eval/process_priv.h"

/* Fills in `profile` and `sanitizer` of the resources. A tool that does not
 * work is `unavailable`, with why, and no verdict; what a checker finds may
 * take the verdict of a kernel that was measured. `secret` is for inputs. */
void pike_profile(struct pike_result *out, struct pike_judge *j,
		  const struct pike_build *cand, const uint8_t *secret);
/* Only memcheck, of every kernel that is confirmed where the tools can look on:
 * runners give a kernel buffers that end on 256 bytes, and the tool ones of
 * exactly their size. */
void pike_memcheck(struct pike_result *out, struct pike_judge *j,
		   const struct pike_build *cand, const uint8_t *secret);
/* Adds what no checker has looked at. */
void pike_profile_unchecked(struct pike_json *unchecked,
			    const struct pike_json *resources);

#endif
