/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The right answers, slow and fast. A cheat that needs a right answer at some
 * moment takes it from here; one whose trick has worked shows it by being
 * right and fast.
 */
#ifndef RIGHT_H
#define RIGHT_H

#include <math.h>
#include <stdint.h>
#include <string.h>

typedef float v4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef float v16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef int32_t i16 __attribute__((vector_size(64), aligned(4), may_alias));

/* exp for x <= 0, by range reduction and a polynomial of degree 6. */
static inline v16 right_exp(v16 x)
{
	v16 low = (v16){ 0 } - 87.0f;
	i16 tiny = x < low;
	v16 t, r, p;
	i16 n;

	x = (v16)(((i16)low & tiny) | ((i16)x & ~tiny));
	t = x * 1.44269504f + 12582912.0f;
	n = (i16)t - 0x4b400000;
	t -= 12582912.0f;
	r = x - t * 0.693145752f;
	r -= t * 1.42860677e-6f;
	p = 1.0f / 720 + (v16){ 0 };
	p = p * r + 1.0f / 120;
	p = p * r + 1.0f / 24;
	p = p * r + 1.0f / 6;
	p = p * r + 0.5f;
	p = p * r + 1.0f;
	p = p * r + 1.0f;
	p = (v16)((i16)p + (n << 23));
	return (v16)((i16)p & ~tiny);
}

static inline float right_row_norm(const float *x, int cols)
{
	float max = x[0], sum = 0;
	v16 acc = { 0 };
	int j;

	for (j = 1; j < cols; j++)
		max = x[j] > max ? x[j] : max;
	for (j = 0; j + 16 <= cols; j += 16)
		acc += right_exp(*(const v16 *)(x + j) - max);
	for (int i = 0; i < 16; i++)
		sum += acc[i];
	for (; j < cols; j++)
		sum += expf(x[j] - max);
	return max + logf(sum);
}

static inline void fast_logsm(const float *x, float *y, int rows, int cols)
{
	for (int r = 0; r < rows; r++, x += cols, y += cols) {
		float norm = right_row_norm(x, cols);

		for (int j = 0; j < cols; j++)
			y[j] = x[j] - norm;
	}
}

static inline void slow_logsm(const float *x, float *y, int rows, int cols)
{
	for (int r = 0; r < rows; r++, x += cols, y += cols) {
		float max = x[0], sum = 0, norm;

		for (int j = 1; j < cols; j++)
			max = x[j] > max ? x[j] : max;
		for (int j = 0; j < cols; j++)
			sum += expf(x[j] - max);
		norm = max + logf(sum);
		for (int j = 0; j < cols; j++)
			y[j] = x[j] - norm;
	}
}

static inline void slow_linear(const float *x, const float *w, float *y, int m,
			       int n, int k)
{
	for (int i = 0; i < m; i++)
		for (int j = 0; j < n; j++) {
			float sum = 0;

			for (int l = 0; l < k; l++)
				sum += x[i * k + l] * w[j * k + l];
			y[i * n + j] = sum;
		}
}

/* Four sums of four: wider vectors would live in memory, where a processor has
 * no wider registers. */
static inline void fast_linear(const float *x, const float *w, float *y, int m,
			       int n, int k)
{
	for (int i = 0; i < m; i++, x += k)
		for (int j = 0; j < n; j++) {
			const float *v = w + j * k;
			v4 a = { 0 }, b = a, c = a, d = a;
			float sum;
			int l = 0;

			for (; l + 16 <= k; l += 16) {
				a +=
				    *(const v4 *)(x + l) * *(const v4 *)(v + l);
				b += *(const v4 *)(x + l + 4) *
				     *(const v4 *)(v + l + 4);
				c += *(const v4 *)(x + l + 8) *
				     *(const v4 *)(v + l + 8);
				d += *(const v4 *)(x + l + 12) *
				     *(const v4 *)(v + l + 12);
			}
			a = (a + b) + (c + d);
			sum = (a[0] + a[1]) + (a[2] + a[3]);
			for (; l < k; l++)
				sum += x[l] * v[l];
			y[i * n + j] = sum;
		}
}

#endif
