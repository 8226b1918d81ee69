/* SPDX-License-Identifier: Apache-2.0 */
/* Step 1: a thread keeps to eight columns and goes down the rows, so that the
 * bias is loaded once, and the vectors of ROWS rows are on their way before
 * the first is used. */
/*
 * GELU of x + bias, by rows, in its form with tanh.
 *
 * A block takes BLOCK * 8 columns and ROWS rows, TURNS times. Rows of no whole
 * number of vectors go an element at a time.
 */
#define BLOCK 256      //pike: tune 128 256 512
#define ROWS 4	       //pike: tune 1 2 4 8
#define TURNS 1	       //pike: tune 1 2 4
#define TANH hardware  //pike: tune power hardware
#define STREAM 1       //pike: tune 0 1

#include "gpu.cuh"

#define power 0
#define hardware 1

//pike: launch bias_gelu grid=(cdiv(cols, BLOCK * 8), min(cdiv(rows, ROWS * TURNS), 65535)) block=(BLOCK)

__device__ __forceinline__ float tanh_fast(float x)
{
	float y;

	asm("tanh.approx.f32 %0, %1;" : "=f"(y) : "f"(x));
	return y;
}

__device__ __forceinline__ float gelu(float x)
{
	/* u / x, in two multiplications: the start needs four. */
	const float slope = fmaf(0.79788456f * 0.044715f, x * x, 0.79788456f);

#if TANH == power
	/* 1 + tanh(u) = 2 / (1 + exp(-2 u)) */
	return __fdividef(x, 1 + exp2_fast(-2 * LOG2E * x * slope));
#else
	const float half = 0.5f * x;

	return fmaf(half, tanh_fast(x * slope), half);
#endif
}

__device__ __forceinline__ uint4 gelu8(const uint4 &v, const uint4 &bias)
{
	const unsigned word[4] = { v.x, v.y, v.z, v.w };
	const unsigned more[4] = { bias.x, bias.y, bias.z, bias.w };
	unsigned out[4];

#pragma unroll
	for (int i = 0; i < 4; i++) {
		const float2 f = split(word[i]), g = split(more[i]);

		out[i] = join(gelu(f.x + g.x), gelu(f.y + g.y));
	}
	return make_uint4(out[0], out[1], out[2], out[3]);
}

/* The block's columns of any row. */
__device__ void any_row(const bf16 *x, const bf16 *bias, bf16 *y, int cols)
{
	const int first = blockIdx.x * BLOCK * 8 + threadIdx.x;

	for (int j = first; j < cols && j < first + BLOCK * 8; j += BLOCK)
		y[j] = __float2bfloat16(gelu((float)x[j] + (float)bias[j]));
}

extern "C" __global__ void __launch_bounds__(BLOCK)
    bias_gelu(const bf16 *__restrict__ x, const bf16 *__restrict__ bias,
	      bf16 *__restrict__ y, int rows, int cols)
{
	const int at = (blockIdx.x * BLOCK + threadIdx.x) * 8;
	const bool vectors = cols % 8 == 0;
	uint4 more = { 0, 0, 0, 0 };

	if (vectors && at < cols)
		more = load16<0>(bias + at);
	for (long r = (long)blockIdx.y * ROWS; r < rows;
	     r += (long)gridDim.y * ROWS) {
		uint4 in[ROWS];

		if (!vectors) {
			for (long q = r; q < rows && q < r + ROWS; q++)
				any_row(x + q * cols, bias, y + q * cols, cols);
			continue;
		}
		if (at >= cols)
			return;
#pragma unroll
		for (int q = 0; q < ROWS; q++)
			if (r + q < rows)
				in[q] = load16<STREAM>(x + (r + q) * cols + at);
#pragma unroll
		for (int q = 0; q < ROWS; q++)
			if (r + q < rows)
				store16<STREAM>(y + (r + q) * cols + at,
						gelu8(in[q], more));
	}
}
