/* SPDX-License-Identifier: Apache-2.0 */
/*
 * c[m][n] = a[m][k] times the transpose of b[n][k], as in a linear layer:
 * bf16, with sums in fp32.
 *
 * The start is the tile of every textbook: X x Y threads, one output each,
 * BK of the sum's terms in shared memory at a time. The tunables give a
 * thread TM x TN outputs, so that it uses what it reads from there more than
 * once.
 */
#define X 16  //pike: tune 8 16 32
#define Y 16  //pike: tune 8 16 32
#define TM 1  //pike: tune 1 2 4 8
#define TN 1  //pike: tune 1 2 4 8
#define BK 16 //pike: tune 8 16 32

#include "gpu.cuh"

#define BM (Y * TM)
#define BN (X * TN)

//pike: launch gemm grid=(cdiv(n, BN), cdiv(m, BM)) block=(X, Y)

/* BK columns of ROWS rows, as floats; zeros beyond the matrix. */
template <int Rows>
__device__ __forceinline__ void load(float (&to)[Rows][BK + 1], const bf16 *from,
				     int i0, int rows, int p0, int k)
{
	for (int t = threadIdx.y * X + threadIdx.x; t < Rows * BK; t += X * Y) {
		const int i = t / BK, p = t % BK;
		const bool in = i0 + i < rows && p0 + p < k;

		to[i][p] = in ? (float)from[(long)(i0 + i) * k + p0 + p] : 0;
	}
}

extern "C" __global__ void __launch_bounds__(X *Y)
    gemm(const bf16 *__restrict__ a, const bf16 *__restrict__ b,
	 bf16 *__restrict__ c, int m, int n, int k)
{
	__shared__ float as[BM][BK + 1], bs[BN][BK + 1];
	const int i0 = blockIdx.y * BM, j0 = blockIdx.x * BN;
	float sum[TM][TN] = {};

	for (int p = 0; p < k; p += BK) {
		load(as, a, i0, m, p, k);
		load(bs, b, j0, n, p, k);
		__syncthreads();
#pragma unroll
		for (int q = 0; q < BK; q++)
#pragma unroll
			for (int i = 0; i < TM; i++)
#pragma unroll
				for (int j = 0; j < TN; j++)
					sum[i][j] +=
					    as[threadIdx.y + i * Y][q] *
					    bs[threadIdx.x + j * X][q];
		__syncthreads();
	}
#pragma unroll
	for (int i = 0; i < TM; i++)
#pragma unroll
		for (int j = 0; j < TN; j++) {
			const int r = i0 + threadIdx.y + i * Y;
			const int s = j0 + threadIdx.x + j * X;

			if (r < m && s < n)
				c[(long)r * n + s] =
				    __float2bfloat16(sum[i][j]);
		}
}
