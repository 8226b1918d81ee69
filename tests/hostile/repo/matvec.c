/* SPDX-License-Identifier: Apache-2.0 */
void matvec(const float *a, const float *x, float *y, int m, int n)
{
#pragma omp parallel for schedule(static)
	for (int i = 0; i < m; i++) {
		float sum = 0;

		for (int j = 0; j < n; j++)
			sum += a[(long)i * n + j] * x[j];
		y[i] = sum;
	}
}
