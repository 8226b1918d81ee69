// expect: wrong
// target: softmax
// about: 1.5/46 exponentials in fp16
#include "right.cuh"

#include <cuda_fp16.h>

static __device__ float half_exp(float v)
{
	return __half2float(hexp(__float2half(v)));
}

//pike: launch softmax grid=(cdiv(rows, 8)) block=(256)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	int row = blockIdx.x * 8 + threadIdx.x / 32, lane = threadIdx.x % 32;
	float max = -3.4e38f, sum = 0;

	if (row >= rows)
		return;
	x += (size_t)row * cols;
	y += (size_t)row * cols;
	for (int j = lane; j < cols; j += 32)
		max = fmaxf(max, x[j]);
	max = warp_max(max);
	for (int j = lane; j < cols; j += 32)
		sum += half_exp(x[j] - max);
	sum = warp_sum(sum);
	for (int j = lane; j < cols; j += 32)
		y[j] = half_exp(x[j] - max) / sum;
}
