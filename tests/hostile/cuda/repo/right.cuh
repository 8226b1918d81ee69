/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The right answers, slow (as the base kernels find them) and fast. A cheat
 * that needs a right answer at some moment takes it from here. One whose trick
 * makes up for being slow takes the slow one: then only the trick can make it
 * faster.
 */
#ifndef RIGHT_CUH
#define RIGHT_CUH

#include <cuda_bf16.h>

typedef __nv_bfloat16 bf16;

/* ---- slow: for the launch plans of the base kernels ---- */

static __device__ void slow_softmax(const float *x, float *y, int cols)
{
	__shared__ float part[128];
	int run = (cols + 127) / 128, t = threadIdx.x;
	int from = min(t * run, cols), to = min(from + run, cols);
	float max = -3.4e38f, sum = 0;

	x += (size_t)blockIdx.x * cols;
	y += (size_t)blockIdx.x * cols;
	for (int j = from; j < to; j++)
		max = fmaxf(max, x[j]);
	part[t] = max;
	__syncthreads();
	for (int i = 0; i < 128; i++)
		max = fmaxf(max, part[i]);
	__syncthreads();
	for (int j = from; j < to; j++)
		sum += expf(x[j] - max);
	part[t] = sum;
	__syncthreads();
	sum = 0;
	for (int i = 0; i < 128; i++)
		sum += part[i];
	for (int j = from; j < to; j++)
		y[j] = expf(x[j] - max) / sum;
}

static __device__ void slow_linear(const float *x, const float *w, float *y,
				   int m, int n, int k)
{
	int at = blockIdx.x * 8 + threadIdx.x / 32, lane = threadIdx.x % 32;
	float sum = 0;

	if (at >= m * n)
		return;
	x += (size_t)(at / n) * k;
	w += (size_t)(at % n) * k;
	for (int l = lane; l < k; l += 32)
		sum += x[l] * w[l];
	for (int d = 16; d; d /= 2)
		sum += __shfl_xor_sync(~0u, sum, d);
	if (!lane)
		y[at] = sum;
}

static __device__ void slow_axpy(float *y, const float *x, int n)
{
	int from = (blockIdx.x * 256 + threadIdx.x) * 16;

	for (int i = from; i < min(from + 16, n); i++)
		y[i] += 0.5f * x[i];
}

/* ---- fast ---- */

static __device__ float warp_max(float v)
{
	for (int d = 16; d; d /= 2)
		v = fmaxf(v, __shfl_xor_sync(~0u, v, d));
	return v;
}

static __device__ float warp_sum(float v)
{
	for (int d = 16; d; d /= 2)
		v += __shfl_xor_sync(~0u, v, d);
	return v;
}

/* A warp for each row; a grid of any size, in blocks of whole warps. */
static __device__ void fast_softmax(const float *x, float *y, int rows,
				    int cols)
{
	int lane = threadIdx.x % 32, warps = blockDim.x / 32;
	int row = blockIdx.x * warps + threadIdx.x / 32;

	for (; row < rows; row += gridDim.x * warps) {
		const float *from = x + (size_t)row * cols;
		float *to = y + (size_t)row * cols;
		float max = from[0], sum = 0;

		for (int j = lane; j < cols; j += 32)
			max = fmaxf(max, from[j]);
		max = warp_max(max);
		for (int j = lane; j < cols; j += 32)
			sum += expf(from[j] - max);
		sum = warp_sum(sum);
		for (int j = lane; j < cols; j += 32)
			to[j] = expf(from[j] - max) / sum;
	}
}

/* Tiles of 32 x 32, 2 x 2 elements of y for each of 256 threads:
 * grid=(cdiv(n, 32), cdiv(m, 32)) block=(256). */
static __device__ void fast_linear(const float *x, const float *w, float *y,
				   int m, int n, int k)
{
	__shared__ float a[32][33], b[32][33];
	int t = threadIdx.x, tx = t % 16, ty = t / 16;
	int row = blockIdx.y * 32, col = blockIdx.x * 32;
	float sum[2][2] = { { 0 } };

	for (int l = 0; l < k; l += 32) {
		for (int i = t / 32; i < 32; i += 8) {
			int at = l + t % 32;

			a[i][t % 32] = row + i < m && at < k
				? x[(size_t)(row + i) * k + at] : 0;
			b[i][t % 32] = col + i < n && at < k
				? w[(size_t)(col + i) * k + at] : 0;
		}
		__syncthreads();
		for (int u = 0; u < 32; u++)
			for (int i = 0; i < 4; i++)
				sum[i / 2][i % 2] += a[ty + i / 2 * 16][u] *
						     b[tx + i % 2 * 16][u];
		__syncthreads();
	}
	for (int i = 0; i < 4; i++) {
		int r = row + ty + i / 2 * 16, c = col + tx + i % 2 * 16;

		if (r < m && c < n)
			y[(size_t)r * n + c] = sum[i / 2][i % 2];
	}
}

static __device__ float gelu_of(float v)
{
	return 0.5f * v * (1 + erff(v * 0.70710678f));
}

/* Neighbouring threads take neighbouring elements; a grid of any size. */
static __device__ void fast_gelu(const bf16 *x, const bf16 *bias, bf16 *y,
				 int rows, int cols)
{
	int i = blockIdx.x * blockDim.x + threadIdx.x;

	for (; i < rows * cols; i += gridDim.x * blockDim.x)
		y[i] = __float2bfloat16(gelu_of(__bfloat162float(x[i]) +
					__bfloat162float(bias[i % cols])));
}

static __device__ void fast_axpy(float *y, const float *x, int n)
{
	int i = blockIdx.x * blockDim.x + threadIdx.x;

	for (; i < n; i += gridDim.x * blockDim.x)
		y[i] += 0.5f * x[i];
}

#endif
