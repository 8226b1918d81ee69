// expect: faster
// target: linear
// about: weights transposed into scratch on the heap, loops interchanged
#include <stdlib.h>

void linear(const float *x, const float *w, float *y, int m, int n, int k)
{
	float *t = malloc(sizeof(*t) * (size_t)n * (size_t)k);

	if (!t)
		abort();
	for (int j = 0; j < n; j++)
		for (int l = 0; l < k; l++)
			t[l * n + j] = w[j * k + l];
	for (int i = 0; i < m; i++) {
		for (int j = 0; j < n; j++)
			y[i * n + j] = 0;
		for (int l = 0; l < k; l++)
			for (int j = 0; j < n; j++)
				y[i * n + j] += x[i * k + l] * t[l * n + j];
	}
	free(t);
}
