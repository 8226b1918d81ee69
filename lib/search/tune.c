/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tune: Bayesian optimization of declared tunables, after Willemsen, van
 * Nieuwpoort and van Werkhoven, "Bayesian Optimization for auto-tuning GPU
 * kernels" (PMBS 2021, arXiv:2111.14991): a Gaussian process with a Matern
 * kernel over the discrete space, expected improvement, no configuration
 * twice. The start takes all values of each tunable, and all pairs of values of
 * two, about equally often, as orthogonal array-based Latin hypercubes do (Tang
 * 1993).
 *
 * A batch is chosen by the kriging believer (Ginsbourger, Le Riche and Carraro
 * 2010): what was proposed and is not measured yet counts as found at its
 * mean. Failed configurations have no score; a second process over "it works"
 * weighs the improvement, as Gelbart, Snoek and Adams do (UAI 2014).
 */
#include "search/gp_priv.h"
#include "search/search_priv.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define POOL 2048	/* configurations that are weighed up */
#define MODEL_MAX 200	/* measured ones that the process knows */
#define PENDING_MAX 100 /* unmeasured ones that it believes */
#define NEAR 5		/* best ones, near which a large space is sampled */
#define START 5		/* scores before the process is asked at all */
#define WORKS_MIN 0.2	/* less likely ones wait for all others */

struct tuner {
	const struct pike_search_input *in;
	struct pike_fold fold;
	struct pike_axes axes;
	struct pike_configs pool, chosen;
	struct pike_gp speed, works;
	struct pike_belief *b, *w; /* for each of the pool; w.v NULL: none */
	double *taken;		   /* for each of the pool: see likeness() */
	double best;
	size_t scored, invalid;
	struct pike_rng rng;
};

/* ---- what is known ---- */

struct ranked {
	double score;
	size_t at;
};

static int by_score(const void *p, const void *q)
{
	const struct ranked *a = p, *b = q;

	if (a->score != b->score)
		return a->score < b->score ? 1 : -1;
	return a->at < b->at ? -1 : 1;
}

/* Indexes of the scored configurations, best first; the caller frees. */
static struct ranked *rank(const struct pike_fold *f, size_t *n)
{
	struct ranked *r = pike_xcalloc(f->seen.n + 1, sizeof(*r));

	*n = 0;
	for (size_t i = 0; i < f->seen.n; i++)
		if (f->state[i] == PIKE_SEEN_SCORED)
			r[(*n)++] = (struct ranked){ f->score[i], i };
	qsort(r, *n, sizeof(*r), by_score);
	return r;
}

/* The best half of what the process may know, and of the rest every k-th;
 * shuffled, because its parameters are fitted to the first ones. */
static void model_speed(struct tuner *t, const struct ranked *r, size_t n)
{
	size_t dims = t->axes.n, take = n < MODEL_MAX ? n : MODEL_MAX;
	size_t best = n > take ? take / 2 : take;
	int *x = pike_xcalloc(take * dims + 1, sizeof(*x));
	double *y = pike_xcalloc(take + 1, sizeof(*y));

	for (size_t i = 0; i < take; i++) {
		size_t at = (size_t)pike_rng_below(&t->rng, i + 1);
		size_t k = i < best
			       ? i
			       : best + (i - best) * (n - best) / (take - best);

		y[i] = y[at];
		memmove(x + i * dims, x + at * dims, dims * sizeof(*x));
		y[at] = r[k].score;
		memcpy(x + at * dims, pike_config(&t->fold.seen, r[k].at),
		       dims * sizeof(*x));
	}
	pike_gp_init(&t->speed, &t->axes, x, y, take,
		     PENDING_MAX + t->in->want);
	free(x);
	free(y);
}

/* The latest of those that worked or failed. */
static void model_works(struct tuner *t)
{
	const struct pike_fold *f = &t->fold;
	size_t dims = t->axes.n, n = 0;
	int *x = pike_xcalloc(MODEL_MAX * dims + 1, sizeof(*x));
	double *y = pike_xcalloc(MODEL_MAX, sizeof(*y));

	for (size_t i = f->seen.n; i-- > 0 && n < MODEL_MAX;) {
		if (f->state[i] == PIKE_SEEN_PENDING)
			continue;
		memcpy(x + n * dims, pike_config(&f->seen, i),
		       dims * sizeof(*x));
		y[n++] = f->state[i] == PIKE_SEEN_SCORED;
	}
	pike_gp_init(&t->works, &t->axes, x, y, n, 0);
	free(x);
	free(y);
}

static void believe_pending(struct tuner *t)
{
	const struct pike_fold *f = &t->fold;
	size_t n = 0;

	for (size_t i = f->seen.n; i-- > 0 && n < PENDING_MAX;)
		if (f->state[i] == PIKE_SEEN_PENDING) {
			pike_gp_believe(&t->speed, pike_config(&f->seen, i));
			n++;
		}
}

static void learn(struct tuner *t)
{
	struct pike_configs near;
	struct ranked *r = rank(&t->fold, &t->scored);

	for (size_t i = 0; i < t->fold.seen.n; i++)
		t->invalid += t->fold.state[i] == PIKE_SEEN_INVALID;
	pike_configs_init(&near, t->axes.n);
	for (size_t i = 0; i < t->scored && i < NEAR; i++)
		pike_configs_add(&near, pike_config(&t->fold.seen, r[i].at));
	pike_pool_fill(&t->pool, &t->fold, &near, POOL, &t->rng);
	pike_configs_release(&near);
	if (t->scored >= START) {
		model_speed(t, r, t->scored);
		believe_pending(t);
		t->best = r[0].score;
	}
	if (t->invalid && t->scored)
		model_works(t);
	free(r);
}

/* ---- what is expected of the pool ---- */

/* How many tunables, and how many pairs of them, have the same values. */
static double likeness(const struct tuner *t, const int *p, const int *q)
{
	double same = 0;

	for (size_t i = 0; i < t->axes.n; i++)
		same += p[i] == q[i];
	return same * (same + 1) / 2;
}

static void take_values(struct tuner *t, const int *x)
{
	for (size_t i = 0; i < t->pool.n; i++)
		t->taken[i] += likeness(t, pike_config(&t->pool, i), x);
}

static void predict(struct tuner *t)
{
	size_t n = t->pool.n;

	t->b = pike_xcalloc(n + 1, sizeof(*t->b));
	t->w = pike_xcalloc(n + 1, sizeof(*t->w));
	t->taken = pike_xcalloc(n + 1, sizeof(*t->taken));
	for (size_t i = 0; !t->speed.cap && i < t->fold.seen.n; i++)
		take_values(t, pike_config(&t->fold.seen, i));
	for (size_t i = 0; i < n; i++) {
		const int *x = pike_config(&t->pool, i);

		if (t->speed.cap) {
			t->b[i].v = pike_xcalloc(t->speed.cap, sizeof(double));
			pike_gp_predict(&t->speed, &t->b[i], x);
		}
		if (t->works.cap) {
			t->w[i].v = pike_xcalloc(t->works.cap, sizeof(double));
			pike_gp_predict(&t->works, &t->w[i], x);
		}
	}
}

/* Probability that a configuration works at all. */
static double chance(const struct tuner *t, size_t i)
{
	if (!t->works.cap)
		return 1;
	return 0.5 *
	       erfc(-(t->w[i].mean - 0.5) / sqrt(2 * (t->w[i].var + 0.01)));
}

/* Expected improvement over the best (Mockus 1978; Jones et al. 1998). */
static double improvement(const struct tuner *t, size_t i)
{
	double sd = sqrt(t->b[i].var), z = (t->b[i].mean - t->best) / sd;
	double cdf = 0.5 * erfc(-z / M_SQRT2);
	double pdf = exp(-z * z / 2) / sqrt(2 * M_PI);

	return sd * (z * cdf + pdf);
}

static double worth(const struct tuner *t, size_t i)
{
	double works = chance(t, i);

	/* New values first, while too little is known to expect anything. */
	if (!t->speed.cap)
		return -t->taken[i] - (double)t->axes.n * (1 - works);
	/* What most likely fails comes last, however fast it would be. */
	return works < WORKS_MIN ? works - 1 : improvement(t, i) * works;
}

/* ---- a batch ---- */

static size_t choose(struct tuner *t)
{
	size_t at = 0, ties = 0;
	double best = -INFINITY;

	for (size_t i = 0; i < t->pool.n; i++) {
		double w = worth(t, i);

		if (w > best)
			ties = 0;
		if (w < best)
			continue;
		best = w;
		if (!pike_rng_below(&t->rng, ++ties))
			at = i;
	}
	return at;
}

/* Moves one of the pool to the moves; the rest learn of it. */
static void take(struct tuner *t, struct pike_moves *out, size_t at)
{
	const int *x = pike_configs_add(&t->chosen, pike_config(&t->pool, at));

	pike_moves_tune(out, t->in->space, x, &t->rng);
	free(t->b[at].v);
	free(t->w[at].v);
	pike_pool_drop(&t->pool, at);
	t->b[at] = t->b[t->pool.n];
	t->w[at] = t->w[t->pool.n];
	t->taken[at] = t->taken[t->pool.n];
	if (!t->speed.cap) {
		take_values(t, x);
		return;
	}
	pike_gp_believe(&t->speed, x);
	for (size_t i = 0; i < t->pool.n; i++)
		pike_gp_update(&t->speed, &t->b[i], pike_config(&t->pool, i));
}

int pike_tuner_next(struct pike_moves *out, const struct pike_search_input *in,
		    struct pike_err *err)
{
	struct tuner t = { .in = in };

	(void)err;
	pike_rng_seed(&t.rng, in->seed);
	pike_fold_init(&t.fold, in);
	pike_axes_init(&t.axes, in->space);
	pike_configs_init(&t.pool, in->space->n);
	pike_configs_init(&t.chosen, in->space->n);
	learn(&t);
	predict(&t);
	for (size_t i = 0; i < in->want && t.pool.n; i++)
		take(&t, out, choose(&t));
	for (size_t i = 0; i < t.pool.n; i++) {
		free(t.b[i].v);
		free(t.w[i].v);
	}
	free(t.b);
	free(t.w);
	free(t.taken);
	pike_gp_release(&t.speed);
	pike_gp_release(&t.works);
	pike_configs_release(&t.pool);
	pike_configs_release(&t.chosen);
	pike_axes_release(&t.axes);
	pike_fold_release(&t.fold);
	return 0;
}
