/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>

void decay(const real *x, real *y, int rows, int cols)
{
	for (int i = 0; i < rows; i++) {
		real s = 0;

		for (int t = 0; t < cols; t++) {
			s = sqrt(fabs(x[i * cols + t]) + s / 2);
			y[i * cols + t] = s;
		}
	}
}
