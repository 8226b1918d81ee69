/* SPDX-License-Identifier: Apache-2.0 */
/* pool: configurations that were not tried yet. */
#include "search/search_priv.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* A space of more configurations is sampled, not listed. */
#define SCAN_MAX (1 << 20)

static int below(struct pike_rng *rng, size_t n)
{
	return (int)pike_rng_below(rng, n);
}

static bool has(const struct pike_configs *c, const int *choice)
{
	for (size_t i = 0; i < c->n; i++)
		if (!memcmp(pike_config(c, i), choice,
			    c->dims * sizeof(*choice)))
			return true;
	return false;
}

static void add_new(struct pike_configs *out, const struct pike_fold *f,
		    const int *choice)
{
	if (!pike_fold_has(f, choice) && !has(out, choice))
		pike_configs_add(out, choice);
}

static void decode(int *choice, const struct pike_space *s, uint64_t index)
{
	for (size_t i = s->n; i-- > 0;) {
		choice[i] = (int)(index % s->t[i].values.n);
		index /= s->t[i].values.n;
	}
}

/* Every configuration from a random one on, until `max` are found. */
static void list(struct pike_configs *out, const struct pike_fold *f,
		 size_t max, struct pike_rng *rng, int *choice)
{
	uint64_t from = pike_rng_below(rng, f->total);

	for (uint64_t i = 0; i < f->total && i < SCAN_MAX && out->n < max;
	     i++) {
		decode(choice, f->space, (from + i) % f->total);
		if (!pike_fold_has(f, choice))
			pike_configs_add(out, choice);
	}
}

/* One known configuration with one or two values changed. */
static void mutate(int *choice, const struct pike_fold *f, const int *near,
		   struct pike_rng *rng)
{
	const struct pike_space *s = f->space;
	int changes = 1 + below(rng, 2);

	memcpy(choice, near, s->n * sizeof(*choice));
	while (changes-- > 0) {
		size_t i = (size_t)below(rng, s->n);

		choice[i] = below(rng, s->t[i].values.n);
	}
}

static void sample(struct pike_configs *out, const struct pike_fold *f,
		   const struct pike_configs *near, size_t max,
		   struct pike_rng *rng, int *choice)
{
	for (size_t tries = 0; tries < 4 * max && out->n < max; tries++) {
		if (near->n && tries % 2)
			mutate(choice, f,
			       pike_config(near, (size_t)below(rng, near->n)),
			       rng);
		else
			for (size_t i = 0; i < f->space->n; i++)
				choice[i] = below(rng, f->space->t[i].values.n);
		add_new(out, f, choice);
	}
}

void pike_pool_fill(struct pike_configs *out, const struct pike_fold *f,
		    const struct pike_configs *near, size_t max,
		    struct pike_rng *rng)
{
	int *choice;

	if (!f->space->n)
		return;
	choice = pike_xcalloc(f->space->n, sizeof(*choice));
	if (f->total > max)
		sample(out, f, near, max, rng, choice);
	if (!out->n)
		list(out, f, max, rng, choice);
	free(choice);
}

/* Order does not matter: the last one takes the place. */
void pike_pool_drop(struct pike_configs *pool, size_t i)
{
	pool->n--;
	if (i != pool->n)
		memcpy(pool->choice + i * pool->dims,
		       pool->choice + pool->n * pool->dims,
		       pool->dims * sizeof(*pool->choice));
}
