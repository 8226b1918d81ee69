// expect: wrong
// target: linear
// about: 1.5 products of 16-bit floats
void linear(const float *x, const float *w, float *y, int m, int n, int k)
{
	for (int i = 0; i < m; i++)
		for (int j = 0; j < n; j++) {
			float sum = 0;

			for (int l = 0; l < k; l++)
				sum += (float)(_Float16)x[i * k + l] *
				       (float)(_Float16)w[j * k + l];
			y[i * n + j] = sum;
		}
}
