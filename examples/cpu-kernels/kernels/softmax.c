/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Row softmax: y = exp(x - max) / sum of exp(x - max).
 *
 * The start is three loops a row: the maximum, the exponentials with their
 * sum, the division. The tunables widen a step to ACCS vectors of LANES
 * columns (each with a partial maximum and sum of its own), take an
 * exponential that vectorizes, and trade the division or the stored
 * exponentials for other work.
 */
#define LANES 1	     //pike: tune 1 4 8 16
#define ACCS 1	     //pike: tune 1 2 4 8
#define EXP libm     //pike: tune libm poly
#define RECIPROCAL 0 //pike: tune 0 1
#define KEEP 1	     //pike: tune 0 1

#include "vec.h"

#define libm 0
#define poly 1

#define STEP (LANES * ACCS)

static inline vec exponential(vec x)
{
#if EXP == poly
	return vec_exp(x);
#else
	return vec_expf(x);
#endif
}

static float row_max(const float *x, int cols)
{
	vec top[ACCS];
	float m = x[0];
	int j = 0;

#pragma GCC unroll 16
	for (int u = 0; u < ACCS; u++)
		top[u] = (vec){ 0 } + m;
	for (; j + STEP <= cols; j += STEP)
#pragma GCC unroll 16
		for (int u = 0; u < ACCS; u++)
			top[u] = vec_max(vec_load(x + j + u * LANES), top[u]);
#pragma GCC unroll 16
	for (int u = 0; u < ACCS; u++)
		m = vec_top(top[u]) > m ? vec_top(top[u]) : m;
	for (; j < cols; j++)
		m = x[j] > m ? x[j] : m;
	return m;
}

/* Sum of the row's exponentials; with KEEP they stay in y. */
static float row_exp(const float *restrict x, float *restrict y, float m,
		     int cols)
{
	vec sum[ACCS] = { 0 };
	float s = 0;
	int j = 0;

	for (; j + STEP <= cols; j += STEP)
#pragma GCC unroll 16
		for (int u = 0; u < ACCS; u++) {
			vec e = exponential(vec_load(x + j + u * LANES) - m);

			sum[u] += e;
#if KEEP
			vec_store(y + j + u * LANES, e);
#endif
		}
#pragma GCC unroll 16
	for (int u = 0; u < ACCS; u++)
		s += vec_sum(sum[u]);
	for (; j < cols; j++) {
		float e = expf(x[j] - m);

		s += e;
#if KEEP
		y[j] = e;
#endif
	}
	return s;
}

static void row_divide(const float *restrict x, float *restrict y, float m,
		       float sum, int cols)
{
#if RECIPROCAL
	const float by = 1 / sum;
#define DIVIDE(e) ((e)*by)
#else
#define DIVIDE(e) ((e) / sum)
#endif
	int j = 0;

#if KEEP
	(void)x;
	(void)m;
	for (; j + LANES <= cols; j += LANES)
		vec_store(y + j, DIVIDE(vec_load(y + j)));
	for (; j < cols; j++)
		y[j] = DIVIDE(y[j]);
#else
	for (; j + LANES <= cols; j += LANES)
		vec_store(y + j, DIVIDE(exponential(vec_load(x + j) - m)));
	for (; j < cols; j++)
		y[j] = DIVIDE(expf(x[j] - m));
#endif
}

void softmax(const float *restrict x, float *restrict y, int rows, int cols)
{
	for (int r = 0; r < rows; r++) {
		const float *in = x + (long)r * cols;
		float *out = y + (long)r * cols;
		float m = row_max(in, cols);
		float sum = row_exp(in, out, m, cols);

		row_divide(in, out, m, sum, cols);
	}
}
