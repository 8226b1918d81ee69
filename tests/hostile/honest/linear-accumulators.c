// expect: faster
// target: linear
// about: reordered sums, eight accumulators
void linear(const float *x, const float *w, float *y, int m, int n, int k)
{
	for (int i = 0; i < m; i++)
		for (int j = 0; j < n; j++) {
			float acc[8] = { 0 }, sum = 0;
			int l = 0;

			for (; l + 8 <= k; l += 8)
				for (int u = 0; u < 8; u++)
					acc[u] +=
					    x[i * k + l + u] * w[j * k + l + u];
			for (int u = 0; u < 8; u++)
				sum += acc[u];
			for (; l < k; l++)
				sum += x[i * k + l] * w[j * k + l];
			y[i * n + j] = sum;
		}
}
