/* SPDX-License-Identifier: Apache-2.0 */
/* fill: what screening and confirmation write down alike. */
#ifndef PIKE_EVAL_FILL_PRIV_H
#define PIKE_EVAL_FILL_PRIV_H

#include "eval/judge_priv.h"

struct pike_timing;
struct pike_fault;

/* The noise floor, and the threshold that it leads to. */
void pike_fill_noise(struct pike_result *out, double noise, double delta);
/* A build that there is nothing to judge of: 1, with a verdict. */
int pike_fill_fit(struct pike_result *out, struct pike_judge *j,
		  struct pike_build *b, struct pike_err *err);
void pike_fill_verdict(struct pike_result *out, enum pike_verdict v,
		       const char *reason);
void pike_fill_fault(struct pike_result *out, const struct pike_fault *f,
		     const struct pike_case *c);
/* Times, ratios and roofline of the measured cases; ratios against arm 0,
 * which is the base or else the champion. */
void pike_fill_cases(struct pike_result *out, struct pike_judge *j,
		     const struct pike_timing *timings, bool base);
/* The base's own, as far as they are known. */
void pike_fill_base(struct pike_result *out, const struct pike_judge *j);
/* Removes them again: the cases are measured anew. */
void pike_fill_no_cases(struct pike_result *out);
/* The two checks of the clock: true, or a verdict in `out`. */
bool pike_fill_plausible(struct pike_result *out, struct pike_judge *j,
			 const struct pike_timing *timings);
/* What was `tamper` by its clocks has been measured again, in other processes:
 * it stays so if that was seen again, and is not `faster` if not. Where a
 * candidate has no code in the process that claims, the second measurement
 * counts; if it is like the first, as `inconclusive`. */
void pike_fill_second(struct pike_result *out,
		      const struct pike_backend_traits *traits);
/* Bytes and flops that a case declares; 0 where it does not. */
void pike_case_work(double *bytes, double *flops, const struct pike_target *t,
		    const struct pike_case *c);

#endif
