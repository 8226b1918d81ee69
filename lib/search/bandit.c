/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bandit: which of several models to ask. Thompson sampling under a budget
 * (Xia, Li, Qin, Yu and Liu, "Thompson Sampling for Budgeted Multi-armed
 * Bandits", IJCAI 2015, arXiv:1505.00146): draw the gain of each model from
 * what is believed of it, ask the one with the best ratio to its cost.
 *
 * The gain of a reply is the share of its parent's time that it saves, 0 where
 * it is slower or fails; a fix is held against what the failed one started
 * from. Beliefs are beta distributions; a gain within [0, 1] counts as that
 * part of a success, where the paper tosses a coin. Costs hardly vary, so that
 * their mean stands for a draw. Gains shrink while a search goes on, so that
 * only the latest replies count (Garivier and Moulines 2011).
 */
#include "search/search_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW 200 /* replies that count */
/* A reply of whatever model costs time and an evaluation too: this share of
 * what the dearest one costs. */
#define OVERHEAD 0.2

struct arm {
	double asked, gain; /* sums over the window */
	double cost;
};

/* The n-th model's name begins the record's, and no longer one does: servers
 * add versions to names. n: none. */
static size_t arm_of(const struct pike_record *r, const char *const *models,
		     size_t n)
{
	size_t best = n, len = 0;

	for (size_t i = 0; r->model && i < n; i++)
		if (strlen(models[i]) > len &&
		    pike_starts_with(r->model, models[i])) {
			best = i;
			len = strlen(models[i]);
		}
	return best;
}

/* The score of the nearest ancestor that has one; the base's is 0. */
static double score_before(const struct pike_history *h, size_t at)
{
	do
		at = pike_parent_of(h, at);
	while (at != PIKE_NO_RECORD && !isfinite(h->recs[at].score));
	return at == PIKE_NO_RECORD ? 0 : h->recs[at].score;
}

static double gain_of(const struct pike_history *h, size_t at)
{
	double score = h->recs[at].score, more;

	if (!isfinite(score))
		return 0;
	more = score - score_before(h, at);
	return more > 0 ? -expm1(-more) : 0;
}

static void count_replies(struct arm *arms, const struct pike_history *h,
			  const char *const *models, size_t n)
{
	int counted = 0;

	for (size_t i = h->nrecs; i-- > 0 && counted < WINDOW;) {
		const struct pike_record *r = &h->recs[i];
		size_t at = arm_of(r, models, n);

		if (at == n || !pike_record_sample(r) ||
		    r->screen.verdict == PIKE_V_PENDING)
			continue;
		arms[at].asked++;
		arms[at].gain += gain_of(h, i);
		arms[at].cost += r->cost > 0 ? r->cost : 0;
		counted++;
	}
}

/* Marsaglia and Tsang 2000, for shapes of at least 1. */
static double draw_gamma(double shape, struct pike_rng *rng)
{
	double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);

	for (;;) {
		double x = pike_rng_normal(rng), v = 1 + c * x;

		if (v <= 0)
			continue;
		v = v * v * v;
		if (log(1 - pike_rng_unit(rng)) <
		    x * x / 2 + d - d * v + d * log(v))
			return d * v;
	}
}

/* Of `part` successes in `n`, before which nothing was known. */
static double draw_share(double part, double n, struct pike_rng *rng)
{
	double a = draw_gamma(part + 1, rng);
	double b = draw_gamma(n - part + 1, rng);

	return a / (a + b);
}

static double dearest(const struct arm *arms, size_t n)
{
	double most = 0;

	for (size_t i = 0; i < n; i++)
		if (arms[i].asked > 0 && arms[i].cost / arms[i].asked > most)
			most = arms[i].cost / arms[i].asked;
	return most;
}

/* As a share of the dearest's. Nothing is known yet: as much. */
static double cost_of(const struct arm *a, double most)
{
	double share = 1;

	if (a->asked > 0 && most > 0)
		share = a->cost / a->asked / most;
	return share + OVERHEAD;
}

size_t pike_bandit_pick(const struct pike_history *h, const char *const *models,
			size_t n, struct pike_rng *rng)
{
	struct arm *arms = pike_xcalloc(n + 1, sizeof(*arms));
	double most, best = -1;
	size_t at = 0;

	count_replies(arms, h, models, n);
	most = dearest(arms, n);
	for (size_t i = 0; i < n; i++) {
		double worth = draw_share(arms[i].gain, arms[i].asked, rng) /
			       cost_of(&arms[i], most);

		if (worth > best) {
			best = worth;
			at = i;
		}
	}
	free(arms);
	return at;
}
