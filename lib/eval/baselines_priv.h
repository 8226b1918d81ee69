/* SPDX-License-Identifier: Apache-2.0 */
/*
 * baselines: how much faster a confirmed candidate is than what its user would
 * have for nothing (model/baseline.h). Each is built once a judge, and measured
 * in turn with the candidate on the measured cases: pairs, fresh inputs, fresh
 * processes, every output checked. What fails is unmeasured, never 1.0.
 */
#ifndef PIKE_EVAL_BASELINES_PRIV_H
#define PIKE_EVAL_BASELINES_PRIV_H

#include "eval/judge_priv.h"

/* Into out->extra: `baselines`, `unmeasured`. 1: the candidate is at fault,
 * and the verdict says so. The caller holds the device lock. */
int pike_baselines_measure(struct pike_result *out, struct pike_judge *j,
			   struct pike_build *cand, const uint8_t *secret,
			   struct pike_err *err);
void pike_baselines_free(struct pike_judge *j);

#endif
