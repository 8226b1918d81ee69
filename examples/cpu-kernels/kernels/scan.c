/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Selective scan of Mamba (Gu and Dao 2023): for each of `d` channels 16
 * states s with
 *	h[s] = exp(delta[t] * a[s]) * h[s] + delta[t] * x[t] * b[t][s]
 *	y[t] = sum of c[t][s] * h[s]
 *
 * The start goes channel by channel, state by state. The tunables take LANES
 * states as one vector and CHANNELS channels at once, use an exponential that
 * vectorizes, and add a step's vectors before or after the sum over lanes.
 */
#define LANES 1	   //pike: tune 1 4 8 16
#define CHANNELS 1 //pike: tune 1 2 4 8
#define EXP libm   //pike: tune libm poly
#define SUM lanes  //pike: tune lanes vectors

#include "vec.h"

#define libm 0
#define poly 1
#define lanes 0
#define vectors 1

#define STATES 16

static inline vec exponential(vec x)
{
#if EXP == poly
	return vec_exp(x);
#else
	return vec_expf(x);
#endif
}

/* One step of one channel. */
static inline float step(float *restrict h, const float *restrict a, float dt,
			 float x, const float *restrict b,
			 const float *restrict c)
{
#if SUM == vectors
	vec sum = { 0 };
#else
	float sum = 0;
#endif

#pragma GCC unroll 16
	for (int s = 0; s < STATES; s += LANES) {
		vec v = exponential(dt * vec_load(a + s)) * vec_load(h + s) +
			dt * x * vec_load(b + s);

		vec_store(h + s, v);
#if SUM == vectors
		sum += vec_load(c + s) * v;
#else
		sum += vec_sum(vec_load(c + s) * v);
#endif
	}
#if SUM == vectors
	return vec_sum(sum);
#else
	return sum;
#endif
}

void scan(const float *restrict x, const float *restrict delta,
	  const float *restrict a, const float *restrict b,
	  const float *restrict c, float *restrict y, int len, int d)
{
	for (int i = 0; i < d; i += CHANNELS) {
		float h[CHANNELS][STATES] = { 0 };
		int n = d - i < CHANNELS ? d - i : CHANNELS;

		for (int t = 0; t < len; t++) {
			const long at = (long)t * d + i;

			for (int q = 0; q < n; q++)
				y[at + q] = step(
				    h[q], a + (long)(i + q) * STATES,
				    delta[at + q], x[at + q],
				    b + (long)t * STATES, c + (long)t * STATES);
		}
	}
}
