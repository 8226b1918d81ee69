// expect: wrong
// target: softmax
// about: 1.5/51 whole vectors of four alone: the end of a row is left out
#include "right.cuh"

//pike: launch softmax grid=(cdiv(rows, 8)) block=(256)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	int row = blockIdx.x * 8 + threadIdx.x / 32, lane = threadIdx.x % 32;
	int whole = cols / 4 * 4;
	float max = -3.4e38f, sum = 0;

	if (row >= rows)
		return;
	x += (size_t)row * cols;
	y += (size_t)row * cols;
	for (int j = lane; j < whole; j += 32)
		max = fmaxf(max, x[j]);
	max = warp_max(max);
	for (int j = lane; j < whole; j += 32)
		sum += expf(x[j] - max);
	sum = warp_sum(sum);
	for (int j = lane; j < whole; j += 32)
		y[j] = expf(x[j] - max) / sum;
}
