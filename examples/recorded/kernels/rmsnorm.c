/* SPDX-License-Identifier: Apache-2.0 */
/* RMS norm (Zhang and Sennrich 2019): each row by the root of its mean square,
 * times a weight for each column. */
#include <math.h>
#include <stdint.h>

void rmsnorm(const float *x, const float *w, float *y, int32_t rows,
	     int32_t cols)
{
	for (int32_t r = 0; r < rows; r++) {
		float sum = 0;

		for (int32_t c = 0; c < cols; c++)
			sum += x[r * cols + c] * x[r * cols + c];
		for (int32_t c = 0; c < cols; c++)
			y[r * cols + c] = x[r * cols + c] /
					  sqrtf(sum / (float)cols + 1e-5f) *
					  w[c];
	}
}
