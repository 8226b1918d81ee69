/* SPDX-License-Identifier: Apache-2.0 */
/* The truth of linear. */
void linear(const real *x, const real *w, real *y, int m, int n, int k)
{
	for (int i = 0; i < m; i++)
		for (int j = 0; j < n; j++) {
			real sum = 0;

			for (int l = 0; l < k; l++)
				sum += x[i * k + l] * w[j * k + l];
			y[i * n + j] = sum;
		}
}
