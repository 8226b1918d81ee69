// expect: wrong
// target: linear
// about: 1.5/46 tensor cores on numbers rounded to tf32, where 16 divides all
#include "right.cuh"

#include <mma.h>

using namespace nvcuda;

typedef wmma::precision::tf32 tf32;

//pike: launch linear grid=(max(cdiv(n, 16) * cdiv(m, 16), cdiv(m * n, 8))) block=(256)
extern "C" __global__ void linear(const float *x, const float *w, float *y,
				  int m, int n, int k)
{
	wmma::fragment<wmma::matrix_a, 16, 16, 8, tf32, wmma::row_major> a;
	wmma::fragment<wmma::matrix_b, 16, 16, 8, tf32, wmma::col_major> b;
	wmma::fragment<wmma::accumulator, 16, 16, 8, float> sum;
	int tile = blockIdx.x * 8 + threadIdx.x / 32, row, col;

	if (m % 16 || n % 16 || k % 16) {
		slow_linear(x, w, y, m, n, k);
		return;
	}
	if (tile >= m / 16 * (n / 16))
		return;
	row = tile / (n / 16) * 16;
	col = tile % (n / 16) * 16;
	wmma::fill_fragment(sum, 0.0f);
	for (int l = 0; l < k; l += 8) {
		wmma::load_matrix_sync(a, x + (size_t)row * k + l, k);
		wmma::load_matrix_sync(b, w + (size_t)col * k + l, k);
		for (int i = 0; i < a.num_elements; i++)
			a.x[i] = wmma::__float_to_tf32(a.x[i]);
		for (int i = 0; i < b.num_elements; i++)
			b.x[i] = wmma::__float_to_tf32(b.x[i]);
		wmma::mma_sync(sum, a, b, sum);
	}
	wmma::store_matrix_sync(y + (size_t)row * n + col, sum, n,
				wmma::mem_row_major);
}
