/* SPDX-License-Identifier: Apache-2.0 */
/* Step 1: a row stays in registers between sum and result, so it is read
 * once, 16 bytes at a time, all of it on its way before the first use. */
/*
 * Root mean square norm: y = x / sqrt(mean of x^2 + 1e-5) * w, by rows.
 *
 * THREADS take a row, ROWS rows share a block. Rows wider than WIDTH, or of
 * no whole number of vectors, go through loops that read them twice.
 */
#define THREADS 128 //pike: tune 32 64 128 256 512
#define ROWS 1	    //pike: tune 1 2 4
#define WEIGHTS 0   //pike: tune 0 1
#define STREAM 1    //pike: tune 0 1

#include "gpu.cuh"

#define WIDTH 4096
#define VECS (WIDTH / (8 * THREADS))
#define WARPS (THREADS / 32)
#define EPSILON 1e-5f

static_assert(THREADS * ROWS <= 1024, "no such block");

//pike: launch rmsnorm grid=(cdiv(rows, ROWS)) block=(THREADS, ROWS)

/* Over the threads of one row. */
__device__ __forceinline__ float row_sum(float x)
{
	__shared__ float part[ROWS][WARPS];
	const int lane = threadIdx.x % 32;

	x = warp_sum(x);
	if (WARPS == 1)
		return x;
	if (!lane)
		part[threadIdx.y][threadIdx.x / 32] = x;
	__syncthreads();
	return warp_sum(lane < WARPS ? part[threadIdx.y][lane] : 0);
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

/* A row of any width; `here` is false for threads beyond the last row. */
__device__ void any_row(const bf16 *x, const bf16 *w, bf16 *y, int cols,
			bool here)
{
	float sum = 0, scale;

	for (int j = threadIdx.x; here && j < cols; j += THREADS)
		sum += (float)x[j] * (float)x[j];
	scale = rsqrtf(row_sum(sum) / cols + EPSILON);
	for (int j = threadIdx.x; here && j < cols; j += THREADS)
		y[j] = __float2bfloat16((float)x[j] * scale * (float)w[j]);
}

extern "C" __global__ void __launch_bounds__(THREADS *ROWS)
    rmsnorm(const bf16 *__restrict__ x, const bf16 *__restrict__ w,
	    bf16 *__restrict__ y, int rows, int cols)
{
	const long row = (long)blockIdx.x * ROWS + threadIdx.y;
	const bool here = row < rows;
	uint4 in[VECS], by[VECS];
	float sum = 0, scale;

	x += row * cols;
	y += row * cols;
	if (cols % 8 || cols > WIDTH) {
		any_row(x, w, y, cols, here);
		return;
	}
	/* What lies beyond the row counts as zeros. */
#pragma unroll
	for (int i = 0; i < VECS; i++) {
		const int j = (i * THREADS + threadIdx.x) * 8;

		in[i] = make_uint4(0, 0, 0, 0);
		if (here && j < cols)
			in[i] = load16<STREAM>(x + j);
	}
#if WEIGHTS
	/* Asked for before the sum is known: more registers, less waiting. */
#pragma unroll
	for (int i = 0; i < VECS; i++) {
		const int j = (i * THREADS + threadIdx.x) * 8;

		by[i] = make_uint4(0, 0, 0, 0);
		if (j < cols)
			by[i] = load16<0>(w + j);
	}
#endif
#pragma unroll
	for (int i = 0; i < VECS; i++)
		sum += squares(in[i]);
	scale = rsqrtf(row_sum(sum) / cols + EPSILON);
#pragma unroll
	for (int i = 0; i < VECS; i++) {
		const int j = (i * THREADS + threadIdx.x) * 8;

		if (!here || j >= cols)
			continue;
#if !WEIGHTS
		by[i] = load16<0>(w + j);
#endif
		store16<STREAM>(y + j, scaled(in[i], scale, by[i]));
	}
}
