/* SPDX-License-Identifier: Apache-2.0 */
/* correct: is a candidate right on inputs that are not timed? */
#ifndef PIKE_EVAL_CORRECT_PRIV_H
#define PIKE_EVAL_CORRECT_PRIV_H

#include "eval/process_priv.h"

struct pike_correct {
	struct pike_judge *j;
	const struct pike_build *cand;
	const uint8_t *secret;
	struct pike_json *unchecked; /* array: what could not be checked */
};
/* Own and stress distributions on a measured case, own ones on a hidden one.
 * 0, 1 when the candidate is at fault, or an error. */
int pike_correct_case(const struct pike_correct *k, const struct pike_case *c,
		      bool hidden, struct pike_fault *f, struct pike_err *err);

#endif
