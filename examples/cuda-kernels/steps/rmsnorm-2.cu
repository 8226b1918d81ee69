/* SPDX-License-Identifier: Apache-2.0 */
/* Step 2: blocks that stay and take row after row, so that the weights are
 * loaded once and the next row is on its way while this one is summed up. */
/*
 * Root mean square norm: y = x / sqrt(mean of x^2 + 1e-5) * w, by rows.
 *
 * THREADS take a row and hold it and the next one in registers; BLOCKS of
 * them share a multiprocessor. Rows wider than WIDTH, or of no whole number
 * of vectors, go through loops that read them twice.
 */
#define THREADS 256 //pike: tune 64 128 256 512
#define BLOCKS 4    //pike: tune 1 2 3 4 6 8
#define PREFETCH 1  //pike: tune 0 1
#define STREAM 1    //pike: tune 0 1

#include "gpu.cuh"

#define SMS 132 /* of an H100 or H200; another number is only less even */
#define WIDTH 4096
#define VECS (WIDTH / (8 * THREADS))
#define WARPS (THREADS / 32)
#define EPSILON 1e-5f

//pike: launch rmsnorm grid=(min(rows, SMS * BLOCKS)) block=(THREADS)

/* `turn` alternates: the sums of one row may still be read when those of the
 * next are written, but not those of the row after it. */
__device__ __forceinline__ float row_sum(float x, int turn)
{
	__shared__ float part[2][WARPS];
	const int lane = threadIdx.x % 32;

	x = warp_sum(x);
	if (!lane)
		part[turn][threadIdx.x / 32] = x;
	__syncthreads();
	return warp_sum(lane < WARPS ? part[turn][lane] : 0);
}

__device__ __forceinline__ float squares(const uint4 &v)
{
	const unsigned word[4] = { v.x, v.y, v.z, v.w };
	float sum = 0;

#pragma unroll
	for (int i = 0; i < 4; i++) {
		const float2 f = split(word[i]);

		sum += f.x * f.x + f.y * f.y;
	}
	return sum;
}

__device__ __forceinline__ uint4 scaled(const uint4 &v, float scale,
					const uint4 &by)
{
	const unsigned word[4] = { v.x, v.y, v.z, v.w };
	const unsigned weight[4] = { by.x, by.y, by.z, by.w };
	unsigned out[4];

#pragma unroll
	for (int i = 0; i < 4; i++) {
		const float2 f = split(word[i]), g = split(weight[i]);

		out[i] = join(f.x * scale * g.x, f.y * scale * g.y);
	}
	return make_uint4(out[0], out[1], out[2], out[3]);
}

/* The thread's part of a row; what lies beyond the row counts as zeros. */
template <int HINT>
__device__ __forceinline__ void load_row(uint4 (&in)[VECS], const bf16 *x,
					 int cols)
{
#pragma unroll
	for (int i = 0; i < VECS; i++) {
		const int j = (i * THREADS + threadIdx.x) * 8;

		in[i] = make_uint4(0, 0, 0, 0);
		if (j < cols)
			in[i] = load16<HINT>(x + j);
	}
}

__device__ void any_row(const bf16 *x, const bf16 *w, bf16 *y, int cols,
			int turn)
{
	float sum = 0, scale;

	for (int j = threadIdx.x; j < cols; j += THREADS)
		sum += (float)x[j] * (float)x[j];
	scale = rsqrtf(row_sum(sum, turn) / cols + EPSILON);
	for (int j = threadIdx.x; j < cols; j += THREADS)
		y[j] = __float2bfloat16((float)x[j] * scale * (float)w[j]);
}

extern "C" __global__ void __launch_bounds__(THREADS)
    rmsnorm(const bf16 *__restrict__ x, const bf16 *__restrict__ w,
	    bf16 *__restrict__ y, int rows, int cols)
{
	const bool fits = cols % 8 == 0 && cols <= WIDTH;
	uint4 in[VECS], next[VECS], by[VECS];
	int turn = 0;

	if (fits) {
		load_row<0>(by, w, cols);
		load_row<STREAM>(in, x + (long)blockIdx.x * cols, cols);
	}
	for (long r = blockIdx.x; r < rows; r += gridDim.x, turn ^= 1) {
		const long after = r + gridDim.x;
		float sum = 0, scale;

		if (!fits) {
			any_row(x + r * cols, w, y + r * cols, cols, turn);
			continue;
		}
		if (PREFETCH && after < rows)
			load_row<STREAM>(next, x + after * cols, cols);
#pragma unroll
		for (int i = 0; i < VECS; i++)
			sum += squares(in[i]);
		scale = rsqrtf(row_sum(sum, turn) / cols + EPSILON);
#pragma unroll
		for (int i = 0; i < VECS; i++) {
			const int j = (i * THREADS + threadIdx.x) * 8;

			if (j < cols)
				store16<STREAM>(y + r * cols + j,
						scaled(in[i], scale, by[i]));
			if (PREFETCH)
				in[i] = next[i];
		}
		if (!PREFETCH && after < rows)
			load_row<STREAM>(in, x + after * cols, cols);
	}
}
