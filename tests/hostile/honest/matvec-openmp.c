// expect: faster
// target: matvec
// about: OpenMP on all cores that the target allows, whose pool of threads
// spins on after each call: four sums of four instead of one
typedef float v4 __attribute__((vector_size(16), aligned(4), may_alias));

void matvec(const float *a, const float *x, float *y, int m, int n)
{
#pragma omp parallel for schedule(static)
	for (int i = 0; i < m; i++) {
		const float *r = a + (long)i * n;
		v4 s[4] = { { 0 } };
		float sum = 0;
		int j = 0;

		for (; j + 16 <= n; j += 16)
			for (int k = 0; k < 4; k++)
				s[k] += *(const v4 *)(r + j + 4 * k) *
					*(const v4 *)(x + j + 4 * k);
		s[0] = (s[0] + s[1]) + (s[2] + s[3]);
		for (; j < n; j++)
			sum += r[j] * x[j];
		y[i] = sum + (s[0][0] + s[0][1]) + (s[0][2] + s[0][3]);
	}
}
