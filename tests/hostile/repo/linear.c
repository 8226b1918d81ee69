/* SPDX-License-Identifier: Apache-2.0 */
/* y = x times w transposed, as one writes it first. */
void linear(const float *x, const float *w, float *y, int m, int n, int k)
{
	for (int i = 0; i < m; i++)
		for (int j = 0; j < n; j++) {
			float sum = 0;

			for (int l = 0; l < k; l++)
				sum += x[i * k + l] * w[j * k + l];
			y[i * n + j] = sum;
		}
}
