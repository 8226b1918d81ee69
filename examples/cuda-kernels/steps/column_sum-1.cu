/* SPDX-License-Identifier: Apache-2.0 */
/* Step 1: two launches. 4096 columns are too few threads to keep the memory
 * busy, so PARTS blocks share the rows of a strip of columns, and a second
 * launch adds up their sums, always in the same order. */
/*
 * The sum of each column, as in the gradient of a bias.
 *
 * A warp reads 128 columns of a row at once, the warps of a block different
 * rows, AHEAD of them before the first is added.
 */
#define PARTS 33   //pike: tune 16 33 64 66 128
#define BLOCK 256  //pike: tune 128 256 512 1024
#define AHEAD 4	   //pike: tune 1 2 4 8
#define STREAM 1   //pike: tune 0 1

#include "gpu.cuh"

#define STRIP 128
#define WARPS (BLOCK / 32)

//pike: scratch f32 partial[PARTS * cols]
//pike: launch column_sum grid=(cdiv(cols, STRIP), PARTS) block=(32, WARPS) args=(x, partial, rows, cols)
//pike: launch add_parts grid=(cdiv(cols, 32)) block=(32, 32) args=(partial, y, cols)

__device__ __forceinline__ float4 load(const float *x)
{
	return STREAM ? __ldcs((const float4 *)x) : *(const float4 *)x;
}

__device__ __forceinline__ void add(float (&sum)[4], const float4 &f)
{
	sum[0] += f.x;
	sum[1] += f.y;
	sum[2] += f.z;
	sum[3] += f.w;
}

/* The sums of four columns over rows i, i + WARPS, ... below `end`. */
__device__ __forceinline__ void go_down(float (&sum)[4], const float *x, int i,
					int end, int cols)
{
	for (; i + (AHEAD - 1) * WARPS < end; i += AHEAD * WARPS) {
		float4 f[AHEAD];

#pragma unroll
		for (int u = 0; u < AHEAD; u++)
			f[u] = load(x + (long)(i + u * WARPS) * cols);
#pragma unroll
		for (int u = 0; u < AHEAD; u++)
			add(sum, f[u]);
	}
	for (; i < end; i += WARPS)
		add(sum, load(x + (long)i * cols));
}

extern "C" __global__ void __launch_bounds__(BLOCK)
    column_sum(const float *__restrict__ x, float *__restrict__ partial,
	       int rows, int cols)
{
	__shared__ alignas(16) float part[WARPS][STRIP];
	const int size = (rows + PARTS - 1) / PARTS;
	const int first = blockIdx.y * size;
	const int end = first + size < rows ? first + size : rows;
	const int lane = threadIdx.x, warp = threadIdx.y;
	const int strip = blockIdx.x * STRIP;
	float sum[4] = { 0, 0, 0, 0 };

	/* Neighbours are a vector, if rows are aligned to vectors. */
	if (cols % 4 == 0) {
		const int at = strip + lane * 4;

		if (at < cols)
			go_down(sum, x + at, first + warp, end, cols);
		*(float4 *)&part[warp][lane * 4] =
		    make_float4(sum[0], sum[1], sum[2], sum[3]);
	} else {
		for (int i = first + warp; i < end; i += WARPS)
			for (int e = 0, c = lane; e < 4; e++, c += 32)
				if (strip + c < cols)
					sum[e] += x[(long)i * cols + strip + c];
		for (int e = 0; e < 4; e++)
			part[warp][e * 32 + lane] = sum[e];
	}
	__syncthreads();
	for (int c = warp * 32 + lane; c < STRIP; c += BLOCK) {
		float all = 0;

		for (int i = 0; i < WARPS; i++)
			all += part[i][c];
		if (strip + c < cols)
			partial[(long)blockIdx.y * cols + strip + c] = all;
	}
}

extern "C" __global__ void __launch_bounds__(1024)
    add_parts(const float *__restrict__ partial, float *__restrict__ y,
	      int cols)
{
	__shared__ float part[32][33];
	const int j = blockIdx.x * 32 + threadIdx.x;
	float sum = 0;

	if (j < cols)
		for (int i = threadIdx.y; i < PARTS; i += 32)
			sum += partial[(long)i * cols + j];
	part[threadIdx.y][threadIdx.x] = sum;
	__syncthreads();
	/* A warp adds up a column. */
	sum = warp_sum(part[threadIdx.x][threadIdx.y]);
	if (!threadIdx.x && blockIdx.x * 32 + threadIdx.y < cols)
		y[blockIdx.x * 32 + threadIdx.y] = sum;
}
