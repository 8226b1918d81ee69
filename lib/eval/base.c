/* SPDX-License-Identifier: Apache-2.0 */
/* base: what is known before there is a candidate. */
#include "eval/fill_priv.h"
#include "eval/judge_priv.h"

int pike_judge_base(struct pike_result *out, struct pike_judge *j,
		    struct pike_err *err)
{
	double noise;
	/* A/A runs time the base, and its work needs the ceilings. */
	int ret = pike_judge_noise(&noise, j, err);

	pike_result_init(out);
	if (!ret)
		pike_fill_base(out, j);
	return ret;
}
