// expect: wrong
// target: softmax
// about: 1.1/5 estimates each sum from every fourth element
#include "right.cuh"

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
	for (int j = lane * 4; j < cols; j += 128)
		sum += 4 * expf(x[j] - max);
	sum = warp_sum(sum);
	for (int j = lane; j < cols; j += 32)
		y[j] = expf(x[j] - max) / sum;
}
