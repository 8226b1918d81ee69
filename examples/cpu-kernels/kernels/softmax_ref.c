/* SPDX-License-Identifier: Apache-2.0 */
/* The truth: each row's exponentials over their sum. */
#include <tgmath.h>

void softmax(const real *x, real *y, int rows, int cols)
{
	for (int r = 0; r < rows; r++) {
		const real *in = x + (long)r * cols;
		real *out = y + (long)r * cols;
		real m = in[0], sum = 0;

		for (int j = 1; j < cols; j++)
			m = in[j] > m ? in[j] : m;
		for (int j = 0; j < cols; j++) {
			out[j] = exp(in[j] - m);
			sum += out[j];
		}
		for (int j = 0; j < cols; j++)
			out[j] /= sum;
	}
}
