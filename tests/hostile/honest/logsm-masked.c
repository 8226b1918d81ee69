// expect: faster
// target: logsm
// about: row ends by loads under a mask, which touch nothing beyond
#include "right.h"

#if defined(__AVX2__)
#include <immintrin.h>

static void copy_end(float *to, const float *from, int n)
{
	__m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
	__m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(n), lane);

	_mm256_maskstore_ps(to, mask, _mm256_maskload_ps(from, mask));
}
#else
static void copy_end(float *to, const float *from, int n)
{
	memcpy(to, from, (size_t)n * sizeof(*to));
}
#endif

void logsm(const float *x, float *y, int rows, int cols)
{
	int end = cols - cols % 8;

	for (int r = 0; r < rows; r++, x += cols, y += cols) {
		float norm = right_row_norm(x, cols), last[8];

		for (int j = 0; j < end; j++)
			y[j] = x[j] - norm;
		copy_end(last, x + end, cols - end);
		for (int j = 0; j < cols - end; j++)
			last[j] -= norm;
		copy_end(y + end, last, cols - end);
	}
}
