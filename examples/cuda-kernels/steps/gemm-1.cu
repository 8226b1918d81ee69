/* SPDX-License-Identifier: Apache-2.0 */
/* Step 1: tensor cores (mma.sync). Tiles go to shared memory by asynchronous
 * copies, several steps ahead, in a layout that ldmatrix reads without bank
 * conflicts; a warp holds its sums in registers. */
/*
 * c[m][n] = a[m][k] times the transpose of b[n][k], as in a linear layer:
 * bf16, with sums in fp32.
 *
 * WM x WN warps of ROWS x COLS outputs each share a tile. Where k is no
 * multiple of 8, rows are not aligned to 16 bytes, and the tiles are loaded
 * an element at a time.
 */
#define ROWS 64	 //pike: tune 32 64
#define COLS 64	 //pike: tune 32 64
#define WM 2	 //pike: tune 1 2 4
#define WN 2	 //pike: tune 1 2 4
#define BK 64	 //pike: tune 32 64
#define STAGES 3 //pike: tune 2 3 4
#define GROUP 8	 //pike: tune 1 4 8 16

#include "gpu.cuh"

#define BM (WM * ROWS)
#define BN (WN * COLS)
#define THREADS (WM * WN * 32)
#define CHUNKS (BK / 8) /* of 16 bytes in a row of a tile */
#define STAGE ((BM + BN) * BK * 2)

//pike: launch gemm grid=(cdiv(m, BM) * cdiv(n, BN)) block=(THREADS) shared=STAGES*STAGE

/*
 * Where a chunk lies in a tile. Eight rows' chunks of one column, which
 * ldmatrix reads at once, and eight chunks of a row, which a copy writes,
 * are in different banks.
 */
__device__ __forceinline__ unsigned place(int row, int chunk)
{
	return (row * CHUNKS + (chunk ^ row / (8 / CHUNKS) % CHUNKS)) * 16;
}

/* Columns p0 to p0 + BK of `Rows` rows; zeros beyond the matrix. */
template <int Rows>
__device__ __forceinline__ void load_tile(char *tile, const bf16 *from, int i0,
					  int rows, int p0, int k)
{
#pragma unroll
	for (int u = 0; u < Rows * CHUNKS / THREADS; u++) {
		const int t = u * THREADS + threadIdx.x;
		const int i = t / CHUNKS, p = t % CHUNKS * 8;
		const bool in = i0 + i < rows && p0 + p < k;
		const bf16 *at = in ? from + (long)(i0 + i) * k + p0 + p : from;
		char *to = tile + place(i, t % CHUNKS);

		if (k % 8 == 0) {
			copy16_async(shared_address(to), at, in);
			continue;
		}
		for (int e = 0; e < 8; e++)
			((bf16 *)to)[e] = in && p0 + p + e < k
					      ? at[e]
					      : __float2bfloat16(0);
	}
}

/* Sixteen terms of the sums of ROWS x COLS outputs: as mma wants them. */
struct terms {
	unsigned a[ROWS / 16][4], b[COLS / 16][4];
};

__device__ __forceinline__ void load_terms(terms &t, unsigned a, unsigned b,
					   int i0, int j0, int p)
{
	const int lane = threadIdx.x % 32;

#pragma unroll
	for (int i = 0; i < ROWS / 16; i++)
		load_8x8x4(t.a[i], a + place(i0 + i * 16 + lane % 16,
					     p / 8 + lane / 16));
#pragma unroll
	for (int j = 0; j < COLS / 16; j++)
		load_8x8x4(t.b[j], b + place(j0 + j * 16 + lane / 16 * 8 +
						 lane % 8,
					     p / 8 + lane / 8 % 2));
}

__device__ __forceinline__ void multiply(float (&sum)[ROWS / 16][COLS / 8][4],
					 const terms &t)
{
#pragma unroll
	for (int i = 0; i < ROWS / 16; i++)
#pragma unroll
		for (int j = 0; j < COLS / 8; j++)
			mma(sum[i][j], t.a[i], t.b[j / 2][j % 2 * 2],
			    t.b[j / 2][j % 2 * 2 + 1]);
}

/* Two neighbours of row i. */
__device__ __forceinline__ void store2(bf16 *c, int i, int j, int m, int n,
				       float x, float y)
{
	bf16 *to = c + (long)i * n + j;

	if (i >= m)
		return;
	if (n % 2 == 0 && j < n) {
		*(unsigned *)to = join(x, y);
		return;
	}
	if (j < n)
		to[0] = __float2bfloat16(x);
	if (j + 1 < n)
		to[1] = __float2bfloat16(y);
}

extern "C" __global__ void __launch_bounds__(THREADS)
    gemm(const bf16 *__restrict__ a, const bf16 *__restrict__ b,
	 bf16 *__restrict__ c, int m, int n, int k)
{
	extern __shared__ __align__(128) char shared[];
	const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
	/* GROUP tiles below each other before the next column of them: what
	 * runs at the same time reads the same rows and columns, from cache. */
	const int tm = (m + BM - 1) / BM, tn = (n + BN - 1) / BN;
	const int first = blockIdx.x / (GROUP * tn) * GROUP;
	const int size = tm - first < GROUP ? tm - first : GROUP;
	const int in = blockIdx.x % (GROUP * tn);
	const int i0 = (first + in % size) * BM, j0 = in / size * BN;
	const int steps = (k + BK - 1) / BK;
	const int wi = warp / WN * ROWS, wj = warp % WN * COLS;
	float sum[ROWS / 16][COLS / 8][4] = {};
	terms t[2];

#pragma unroll
	for (int s = 0; s < STAGES - 1; s++) {
		char *to = shared + s * STAGE;

		if (s < steps) {
			load_tile<BM>(to, a, i0, m, s * BK, k);
			load_tile<BN>(to + BM * BK * 2, b, j0, n, s * BK, k);
		}
		copy_commit();
	}
	for (int s = 0; s < steps; s++) {
		const int next = s + STAGES - 1;
		char *to = shared + next % STAGES * STAGE;
		const unsigned at = shared_address(shared + s % STAGES * STAGE);

		/* Stage s is there, and nobody reads stage s - 1 any more,
		 * into which the next copies go. */
		copy_wait<STAGES - 2>();
		__syncthreads();
		if (next < steps) {
			load_tile<BM>(to, a, i0, m, next * BK, k);
			load_tile<BN>(to + BM * BK * 2, b, j0, n, next * BK, k);
		}
		copy_commit();
		load_terms(t[0], at, at + BM * BK * 2, wi, wj, 0);
#pragma unroll
		for (int p = 0; p < BK; p += 16) {
			if (p + 16 < BK)
				load_terms(t[(p / 16 + 1) % 2], at,
					   at + BM * BK * 2, wi, wj, p + 16);
			multiply(sum, t[p / 16 % 2]);
		}
	}
#pragma unroll
	for (int i = 0; i < ROWS / 16; i++)
#pragma unroll
		for (int j = 0; j < COLS / 8; j++) {
			const float(&s)[4] = sum[i][j];
			const int r = i0 + wi + i * 16 + lane / 4;
			const int q = j0 + wj + j * 8 + lane % 4 * 2;

			store2(c, r, q, m, n, s[0], s[1]);
			store2(c, r + 8, q, m, n, s[2], s[3]);
		}
}
