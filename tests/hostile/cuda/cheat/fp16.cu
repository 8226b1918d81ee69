// expect: wrong
// target: linear
// about: 1.5/46 tensor cores on numbers rounded to fp16, where 16 divides all
#include "right.cuh"

#include <mma.h>

using namespace nvcuda;

//pike: launch linear grid=(max(cdiv(n, 16) * cdiv(m, 16), cdiv(m * n, 8))) block=(256)
extern "C" __global__ void linear(const float *x, const float *w, float *y,
				  int m, int n, int k)
{
	__shared__ half a[8][256], b[8][256];
	wmma::fragment<wmma::matrix_a, 16, 16, 16, half, wmma::row_major> fa;
	wmma::fragment<wmma::matrix_b, 16, 16, 16, half, wmma::col_major> fb;
	wmma::fragment<wmma::accumulator, 16, 16, 16, float> sum;
	int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
	int tile = blockIdx.x * 8 + warp, row, col;

	if (m % 16 || n % 16 || k % 16) {
		slow_linear(x, w, y, m, n, k);
		return;
	}
	if (tile >= m / 16 * (n / 16))
		return;
	row = tile / (n / 16) * 16;
	col = tile % (n / 16) * 16;
	wmma::fill_fragment(sum, 0.0f);
	for (int l = 0; l < k; l += 16) {
		for (int i = lane; i < 256; i += 32) {
			int r = i / 16, c = l + i % 16;

			a[warp][i] = __float2half(x[(size_t)(row + r) * k + c]);
			b[warp][i] = __float2half(w[(size_t)(col + r) * k + c]);
		}
		__syncwarp();
		wmma::load_matrix_sync(fa, a[warp], 16);
		wmma::load_matrix_sync(fb, b[warp], 16);
		wmma::mma_sync(sum, fa, fb, sum);
		__syncwarp();
	}
	wmma::store_matrix_sync(y + (size_t)row * n + col, sum, n,
				wmma::mem_row_major);
}
