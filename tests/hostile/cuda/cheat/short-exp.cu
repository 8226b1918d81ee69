// expect: wrong
// target: softmax
// about: 1.5/46 an exponential by a cubic: 1e-4 off
#include "right.cuh"

static __device__ float cubic(float v)
{
	float t = fmaxf(v, -80) * 1.44269504f, n = floorf(t), f = t - n;
	float p = ((0.0790219f * f + 0.2241100f) * f + 0.6967543f) * f + 0.9999f;

	return __int_as_float(((int)n + 127) << 23) * p;
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
		sum += cubic(x[j] - max);
	sum = warp_sum(sum);
	for (int j = lane; j < cols; j += 32)
		y[j] = cubic(x[j] - max) / sum;
}
