/* SPDX-License-Identifier: Apache-2.0 */
/* Step 1: tensor cores (mma.sync), in the manner of FlashAttention-2: a warp
 * keeps the results of 16 rows in registers, tiles of keys and values come to
 * shared memory by asynchronous copies while others are multiplied, and the
 * weights go from one product to the next without leaving the registers. */
/*
 * Causal attention: o = softmax(q k' / 8) v with heads of 64, where a row sees
 * the keys up to its own.
 *
 * A block takes WARPS times 16 * TALL rows, KEYS keys at a time.
 */
#define WARPS 4	   //pike: tune 2 4 8
#define TALL 1	   //pike: tune 1 2
#define KEYS 64	   //pike: tune 32 64 128
#define STAGES 2   //pike: tune 2 3 4
#define BLOCKS 2   //pike: tune 1 2 3
#define LONGEST 1  //pike: tune 0 1

#include "gpu.cuh"

#define SIZE 64
#define THREADS (WARPS * 32)
#define ROWS (WARPS * 16 * TALL)
#define TILE (KEYS * 128)	/* bytes of a tile of keys, or values */
#define SHARED (ROWS * 128 + STAGES * 2 * TILE)

//pike: launch attention grid=(heads, cdiv(len, ROWS)) block=(THREADS) shared=SHARED

/* Chunk of 16 bytes of a row of 128, where eight rows' chunks of one column,
 * which ldmatrix reads at once, are in different banks. */
__device__ __forceinline__ unsigned place(int row, int chunk)
{
	return row * 128 + (chunk ^ row % 8) * 16;
}

/* `Rows` rows of 64, from row `first` on; zeros beyond the end. */
template <int Rows>
__device__ __forceinline__ void load_tile(unsigned to, const bf16 *from,
					  int first, int len)
{
#pragma unroll
	for (int u = 0; u < Rows * 8 / THREADS; u++) {
		const int t = u * THREADS + threadIdx.x, r = t / 8, c = t % 8;
		const bool in = first + r < len;
		const long at = in ? (long)(first + r) * SIZE + c * 8 : 0;

		copy16_async(to + place(r, c), from + at, in);
	}
}

/* 16 rows of queries and what they have come to. Of its rows lane / 4 and
 * lane / 4 + 8 a lane holds two columns in eight. */
struct rows {
	unsigned q[SIZE / 16][4];
	float o[SIZE / 8][4], m[2], sum[2];
};

/* Products of 16 rows with KEYS keys, then weights. */
typedef float products[KEYS / 8][4];

/* What is read of the keys serves all rows of the warp. */
__device__ __forceinline__ void multiply_keys(products (&s)[TALL],
					      const rows (&r)[TALL],
					      unsigned keys)
{
	const int lane = threadIdx.x % 32;

#pragma unroll
	for (int h = 0; h < TALL; h++)
#pragma unroll
		for (int j = 0; j < KEYS / 8; j++)
#pragma unroll
			for (int e = 0; e < 4; e++)
				s[h][j][e] = 0;
#pragma unroll
	for (int p = 0; p < SIZE / 16; p++)
#pragma unroll
		for (int j = 0; j < KEYS / 16; j++) {
			unsigned b[4];

			load_8x8x4(b, keys + place(j * 16 + lane / 16 * 8 +
						       lane % 8,
						   p * 2 + lane / 8 % 2));
#pragma unroll
			for (int h = 0; h < TALL; h++) {
				mma(s[h][j * 2], r[h].q[p], b[0], b[1]);
				mma(s[h][j * 2 + 1], r[h].q[p], b[2], b[3]);
			}
		}
}

/* Keys beyond a row's own do not count. */
__device__ __forceinline__ void hide_future(products &s, int row, int key)
{
	const int lane = threadIdx.x % 32;

#pragma unroll
	for (int j = 0; j < KEYS / 8; j++)
#pragma unroll
		for (int e = 0; e < 4; e++)
			if (key + j * 8 + lane % 4 * 2 + e % 2 >
			    row + lane / 4 + e / 2 * 8)
				s[j][e] = MINUS_INFINITY;
}

/* Products become weights, relative to the largest product of the row up to
 * now; what the row has come to is rescaled to that. */
__device__ __forceinline__ void weigh(products &s, rows &r)
{
	const float scale = LOG2E / 8;

#pragma unroll
	for (int h = 0; h < 2; h++) {
		float m = r.m[h], by, shift;

#pragma unroll
		for (int j = 0; j < KEYS / 8; j++)
			m = fmaxf(m, fmaxf(s[j][h * 2], s[j][h * 2 + 1]));
		/* Four lanes share a row. */
		m = fmaxf(m, __shfl_xor_sync(~0u, m, 1));
		m = fmaxf(m, __shfl_xor_sync(~0u, m, 2));
		/* A row sees the first key, so m is finite from then on. */
		shift = m * scale;
		by = exp2_fast(fmaf(r.m[h], scale, -shift));
		r.m[h] = m;
		r.sum[h] *= by;
#pragma unroll
		for (int j = 0; j < KEYS / 8; j++)
#pragma unroll
			for (int e = h * 2; e < h * 2 + 2; e++) {
				s[j][e] =
				    exp2_fast(fmaf(s[j][e], scale, -shift));
				r.sum[h] += s[j][e];
			}
#pragma unroll
		for (int j = 0; j < SIZE / 8; j++) {
			r.o[j][h * 2] *= by;
			r.o[j][h * 2 + 1] *= by;
		}
	}
}

/* The lane's weights are where the next product wants its left side. */
__device__ __forceinline__ void multiply_values(rows (&r)[TALL],
						const products (&s)[TALL],
						unsigned values)
{
	const int lane = threadIdx.x % 32;

#pragma unroll
	for (int p = 0; p < KEYS / 16; p++) {
		unsigned a[TALL][4];

#pragma unroll
		for (int h = 0; h < TALL; h++) {
			const float(&x)[4] = s[h][p * 2];
			const float(&y)[4] = s[h][p * 2 + 1];

			a[h][0] = join(x[0], x[1]);
			a[h][1] = join(x[2], x[3]);
			a[h][2] = join(y[0], y[1]);
			a[h][3] = join(y[2], y[3]);
		}
#pragma unroll
		for (int j = 0; j < SIZE / 16; j++) {
			unsigned b[4];

			load_8x8x4_trans(b, values + place(p * 16 + lane % 16,
							   j * 2 + lane / 16));
#pragma unroll
			for (int h = 0; h < TALL; h++) {
				mma(r[h].o[j * 2], a[h], b[0], b[1]);
				mma(r[h].o[j * 2 + 1], a[h], b[2], b[3]);
			}
		}
	}
}

/* The first 16 rows of those in the tile at `q`, from its row `at` on. */
__device__ __forceinline__ void begin(rows &r, unsigned q, int at)
{
	const int lane = threadIdx.x % 32;

#pragma unroll
	for (int p = 0; p < SIZE / 16; p++)
		load_8x8x4(r.q[p],
			   q + place(at + lane % 16, p * 2 + lane / 16));
#pragma unroll
	for (int j = 0; j < SIZE / 8; j++)
#pragma unroll
		for (int e = 0; e < 4; e++)
			r.o[j][e] = 0;
	r.m[0] = r.m[1] = MINUS_INFINITY;
	r.sum[0] = r.sum[1] = 0;
}

__device__ __forceinline__ void finish(const rows &r, bf16 *o, int row, int len)
{
	const int lane = threadIdx.x % 32;

#pragma unroll
	for (int h = 0; h < 2; h++) {
		const int i = row + lane / 4 + h * 8;
		float sum = r.sum[h], by;

		sum += __shfl_xor_sync(~0u, sum, 1);
		sum += __shfl_xor_sync(~0u, sum, 2);
		by = 1 / sum;
		if (i >= len)
			continue;
#pragma unroll
		for (int j = 0; j < SIZE / 8; j++)
			*(unsigned *)(o + (long)i * SIZE + j * 8 +
				      lane % 4 * 2) =
			    join(r.o[j][h * 2] * by, r.o[j][h * 2 + 1] * by);
	}
}

extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS)
    attention(const bf16 *__restrict__ q, const bf16 *__restrict__ k,
	      const bf16 *__restrict__ v, bf16 *__restrict__ o, int heads,
	      int len)
{
	extern __shared__ __align__(128) char shared[];
	const unsigned queries = shared_address(shared);
	const unsigned tiles = queries + ROWS * 128;
	const long head = (long)blockIdx.x * len * SIZE;
	/* The last rows see most keys: they begin first. */
	const int band = LONGEST ? gridDim.y - 1 - blockIdx.y : blockIdx.y;
	const int row = band * ROWS, mine = threadIdx.x / 32 * 16 * TALL;
	const int last = row + ROWS < len ? row + ROWS : len;
	const int steps = (last + KEYS - 1) / KEYS;
	rows r[TALL];

	load_tile<ROWS>(queries, q + head, row, len);
#pragma unroll
	for (int s = 0; s < STAGES - 1; s++) {
		const unsigned to = tiles + s * 2 * TILE;

		if (s < steps) {
			load_tile<KEYS>(to, k + head, s * KEYS, len);
			load_tile<KEYS>(to + TILE, v + head, s * KEYS, len);
		}
		copy_commit();
	}
	copy_wait<STAGES - 2>();
	__syncthreads();
#pragma unroll
	for (int h = 0; h < TALL; h++)
		begin(r[h], queries, mine + h * 16);
	for (int s = 0; s < steps; s++) {
		const int next = s + STAGES - 1;
		const unsigned to = tiles + next % STAGES * 2 * TILE;
		const unsigned at = tiles + s % STAGES * 2 * TILE;
		products p[TALL];

		/* Stage s is there, and nobody reads stage s - 1 any more,
		 * into which the next copies go. */
		copy_wait<STAGES - 2>();
		__syncthreads();
		if (next < steps) {
			load_tile<KEYS>(to, k + head, next * KEYS, len);
			load_tile<KEYS>(to + TILE, v + head, next * KEYS, len);
		}
		copy_commit();
		/* All of these keys are in the future of the warp's rows. */
		if (s * KEYS >= row + mine + TALL * 16)
			continue;
		multiply_keys(p, r, at);
#pragma unroll
		for (int h = 0; h < TALL; h++) {
			const int i = row + mine + h * 16;

			if (s * KEYS + KEYS > i + 1)
				hide_future(p[h], i, s * KEYS);
			weigh(p[h], r[h]);
		}
		multiply_values(r, p, at + TILE);
	}
#pragma unroll
	for (int h = 0; h < TALL; h++)
		finish(r[h], o + head, row + mine + h * 16, len);
}
