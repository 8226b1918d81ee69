/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gp: a Gaussian process over configurations, for what a search expects of
 * those that it has not tried (Rasmussen and Williams 2006, algorithm 2.1).
 *
 * Matern 5/2 kernel with a length of its own for each tunable. Numbers are
 * ordinal, at equal distances on a logarithmic scale where all are positive;
 * any two of other values are equally far apart.
 */
#ifndef PIKE_SEARCH_GP_PRIV_H
#define PIKE_SEARCH_GP_PRIV_H

#include "model/target.h"

#include <stddef.h>

/* Where each value of each tunable lies, in [0, 1]. */
struct pike_axis {
	double *at; /* NULL: categorical */
};
struct pike_axes {
	struct pike_axis *v;
	size_t n;
};
void pike_axes_init(struct pike_axes *a, const struct pike_space *s);
void pike_axes_release(struct pike_axes *a);
/* Squared distance of two values of tunable i. */
double pike_axis_dist2(const struct pike_axes *a, size_t i, int p, int q);

struct pike_gp {
	const struct pike_axes *axes;
	size_t n, cap;
	int *x;		   /* n configurations */
	double *y;	   /* standardized */
	double *l, *alpha; /* Cholesky factor, rows of `cap`; K^-1 y */
	double *weight;	   /* 1 / length^2 for each tunable */
	double noise, mean, sd;
};
/* Takes n points; the kernel's parameters are those of the greatest posterior
 * probability on a grid, by coordinates. `room`: how many points may be added
 * afterwards. */
void pike_gp_init(struct pike_gp *gp, const struct pike_axes *axes,
		  const int *x, const double *y, size_t n, size_t room);
void pike_gp_release(struct pike_gp *gp);

/* What is expected at a configuration. */
struct pike_belief {
	double mean, var; /* of y as it was given */
	double *v;	  /* L^-1 k, as long as gp->cap: kept to be updated */
};
void pike_gp_predict(const struct pike_gp *gp, struct pike_belief *b,
		     const int *x);
/* Adds a point believed to be at its mean: that moves no mean, only
 * variances, which `pike_gp_update` brings up to date in what was predicted
 * before. */
void pike_gp_believe(struct pike_gp *gp, const int *x);
void pike_gp_update(const struct pike_gp *gp, struct pike_belief *b,
		    const int *x);

#endif
