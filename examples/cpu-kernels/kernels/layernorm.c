/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layer norm: y = (x - mean) / sqrt(variance + 1e-5) * gamma + beta, by rows.
 *
 * The start is three loops a row: mean, variance, result. The tunables take
 * ROWS rows at once, and widen a step to ACCS vectors of LANES columns, each
 * with a partial sum of its own. With PASSES 1 mean and variance come from
 * one loop over the distances to the row's first element.
 */
#define ROWS 1	     //pike: tune 1 2 4
#define LANES 1	     //pike: tune 1 4 8 16
#define ACCS 1	     //pike: tune 1 2 4 8
#define PASSES 2     //pike: tune 1 2
#define RECIPROCAL 0 //pike: tune 0 1

#include "vec.h"

#define STEP (LANES * ACCS)
#define EPSILON 1e-5f

/* Sums over `n` rows of d = x - shift and of its square, or of either. */
static inline __attribute__((always_inline)) void
sums(float *sum, float *squares, const float *x, const float *shift, int n,
     int cols)
{
	vec s[ROWS][ACCS] = { 0 }, q[ROWS][ACCS] = { 0 };
	int j = 0;

	for (; j + STEP <= cols; j += STEP)
#pragma GCC unroll 16
		for (int r = 0; r < n; r++)
#pragma GCC unroll 16
			for (int u = 0; u < ACCS; u++) {
				vec d = vec_load(x + (long)r * cols + j +
						 u * LANES) -
					shift[r];

				if (sum)
					s[r][u] += d;
				if (squares)
					q[r][u] += d * d;
			}
	for (int r = 0; r < n; r++) {
		float a = 0, b = 0;

		for (int u = 0; u < ACCS; u++) {
			a += vec_sum(s[r][u]);
			b += vec_sum(q[r][u]);
		}
		for (int i = j; i < cols; i++) {
			float d = x[(long)r * cols + i] - shift[r];

			a += d;
			b += d * d;
		}
		if (sum)
			sum[r] = a;
		if (squares)
			squares[r] = b;
	}
}

static inline __attribute__((always_inline)) void
rows_norm(const float *restrict x, const float *restrict gamma,
	  const float *restrict beta, float *restrict y, int n, int cols)
{
	float mean[ROWS], var[ROWS], scale[ROWS], sum[ROWS];
	int j = 0;

#if PASSES == 1
	for (int r = 0; r < n; r++)
		mean[r] = x[(long)r * cols];
	sums(sum, var, x, mean, n, cols);
	for (int r = 0; r < n; r++) {
		float d = sum[r] / cols;

		mean[r] += d;
		var[r] = var[r] / cols - d * d;
		var[r] = var[r] > 0 ? var[r] : 0;
	}
#else
	for (int r = 0; r < n; r++)
		mean[r] = 0;
	sums(sum, 0, x, mean, n, cols);
	for (int r = 0; r < n; r++)
		mean[r] = sum[r] / cols;
	sums(0, var, x, mean, n, cols);
	for (int r = 0; r < n; r++)
		var[r] /= cols;
#endif
	for (int r = 0; r < n; r++)
		scale[r] = RECIPROCAL ? 1 / sqrtf(var[r] + EPSILON)
				      : sqrtf(var[r] + EPSILON);
#if RECIPROCAL
#define SCALE(d, r) ((d)*scale[r])
#else
#define SCALE(d, r) ((d) / scale[r])
#endif
	for (; j + LANES <= cols; j += LANES) {
		vec g = vec_load(gamma + j), b = vec_load(beta + j);

#pragma GCC unroll 16
		for (int r = 0; r < n; r++) {
			vec d = vec_load(x + (long)r * cols + j) - mean[r];

			vec_store(y + (long)r * cols + j, SCALE(d, r) * g + b);
		}
	}
	for (; j < cols; j++)
		for (int r = 0; r < n; r++) {
			float d = x[(long)r * cols + j] - mean[r];

			y[(long)r * cols + j] =
			    SCALE(d, r) * gamma[j] + beta[j];
		}
}

void layernorm(const float *restrict x, const float *restrict gamma,
	       const float *restrict beta, float *restrict y, int rows,
	       int cols)
{
	int r = 0;

	for (; r + ROWS <= rows; r += ROWS)
		rows_norm(x + (long)r * cols, gamma, beta, y + (long)r * cols,
			  ROWS, cols);
	for (; r < rows; r++)
		rows_norm(x + (long)r * cols, gamma, beta, y + (long)r * cols,
			  1, cols);
}
