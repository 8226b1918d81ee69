/* SPDX-License-Identifier: Apache-2.0 */
/* The truth of logsm. */
#include <tgmath.h>

void logsm(const real *x, real *y, int rows, int cols)
{
	for (int r = 0; r < rows; r++, x += cols, y += cols) {
		real max = x[0], sum = 0;

		for (int j = 1; j < cols; j++)
			max = x[j] > max ? x[j] : max;
		for (int j = 0; j < cols; j++)
			sum += exp(x[j] - max);
		for (int j = 0; j < cols; j++)
			y[j] = x[j] - (max + log(sum));
	}
}
