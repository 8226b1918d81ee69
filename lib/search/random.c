/* SPDX-License-Identifier: Apache-2.0 */
/* random: configurations drawn evenly, none twice. The benchmark's control. */
#include "search/search_priv.h"

#define POOL 4096

static int next_random(struct pike_moves *out,
		       const struct pike_search_input *in, struct pike_err *err)
{
	struct pike_configs pool, none = { 0 };
	struct pike_fold fold;
	struct pike_rng rng;

	(void)err;
	pike_rng_seed(&rng, in->seed);
	pike_fold_init(&fold, in);
	pike_configs_init(&pool, in->space->n);
	pike_pool_fill(&pool, &fold, &none, POOL, &rng);
	for (size_t i = 0; i < in->want && pool.n; i++) {
		size_t k = (size_t)pike_rng_below(&rng, pool.n);

		pike_moves_tune(out, in->space, pike_config(&pool, k), &rng);
		pike_pool_drop(&pool, k);
	}
	pike_configs_release(&pool);
	pike_fold_release(&fold);
	return 0;
}

static void describe(struct pike_buf *out, const struct pike_preset *k)
{
	(void)k;
	pike_buf_adds(out,
		      "tunables drawn at random, the control for benchmarks");
}

const struct pike_strategy_ops pike_strategy_random = {
	.describe = describe,
	.next = next_random,
};
