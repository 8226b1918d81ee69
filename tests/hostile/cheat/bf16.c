// expect: wrong
// target: linear
// about: 1.5 operands cut to 8 bits of mantissa
#include "right.h"

static inline v16 cut(const float *p)
{
	i16 bits = *(const i16 *)p;

	return (v16)(bits & -65536);
}

void linear(const float *x, const float *w, float *y, int m, int n, int k)
{
	for (int i = 0; i < m; i++)
		for (int j = 0; j < n; j++) {
			v16 acc = { 0 };
			float sum = 0;
			int l = 0;

			for (; l + 16 <= k; l += 16)
				acc += cut(x + i * k + l) * cut(w + j * k + l);
			for (int u = 0; u < 16; u++)
				sum += acc[u];
			for (; l < k; l++)
				sum += x[i * k + l] * w[j * k + l];
			y[i * n + j] = sum;
		}
}
