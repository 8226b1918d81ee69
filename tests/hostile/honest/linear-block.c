// expect: faster
// target: linear
// about: four rows of weights at a time share the loads of x, eight sums each
#include <string.h>

typedef float v8 __attribute__((vector_size(32)));

static v8 load(const float *p)
{
	v8 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static float total(v8 v, const float *x, const float *w, int from, int k)
{
	float sum = 0;

	for (int i = 0; i < 8; i++)
		sum += v[i];
	for (int l = from; l < k; l++)
		sum += x[l] * w[l];
	return sum;
}

void linear(const float *x, const float *w, float *y, int m, int n, int k)
{
	int whole = k / 8 * 8;

	for (int i = 0; i < m; i++, x += k)
		for (int j = 0; j < n; j += 4) {
			const float *r[4];
			v8 s[4] = { 0 };
			int most = n - j < 4 ? n - j : 4;

			for (int q = 0; q < 4; q++)
				r[q] = w + (j + (q < most ? q : 0)) * k;
			for (int l = 0; l < whole; l += 8) {
				v8 v = load(x + l);

				s[0] += v * load(r[0] + l);
				s[1] += v * load(r[1] + l);
				s[2] += v * load(r[2] + l);
				s[3] += v * load(r[3] + l);
			}
			for (int q = 0; q < most; q++)
				y[i * n + j + q] =
				    total(s[q], x, r[q], whole, k);
		}
}
