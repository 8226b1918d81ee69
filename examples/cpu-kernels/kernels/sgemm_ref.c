/* SPDX-License-Identifier: Apache-2.0 */
/* The truth: c[m][n] = a[m][k] times b[k][n]. */
void sgemm(const real *a, const real *b, real *c, int m, int n, int k)
{
	for (int i = 0; i < m; i++) {
		real *row = c + (long)i * n;

		for (int j = 0; j < n; j++)
			row[j] = 0;
		for (int p = 0; p < k; p++)
			for (int j = 0; j < n; j++)
				row[j] += a[(long)i * k + p] * b[(long)p * n + j];
	}
}
