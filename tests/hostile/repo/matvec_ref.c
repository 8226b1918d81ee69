/* SPDX-License-Identifier: Apache-2.0 */
void matvec(const real *a, const real *x, real *y, int m, int n)
{
	for (int i = 0; i < m; i++) {
		real sum = 0;

		for (int j = 0; j < n; j++)
			sum += a[(long)i * n + j] * x[j];
		y[i] = sum;
	}
}
