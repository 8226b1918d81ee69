// expect: wrong
// target: linear
// about: 1.1 leaves out the last terms of each sum
#include "right.h"

void linear(const float *x, const float *w, float *y, int m, int n, int k)
{
	for (int i = 0; i < m; i++)
		for (int j = 0; j < n; j++) {
			v16 acc = { 0 };
			float sum = 0;

			for (int l = 0; l + 16 <= k - 4; l += 16)
				acc += *(const v16 *)(x + i * k + l) *
				       *(const v16 *)(w + j * k + l);
			for (int u = 0; u < 16; u++)
				sum += acc[u];
			y[i * n + j] = sum;
		}
}
