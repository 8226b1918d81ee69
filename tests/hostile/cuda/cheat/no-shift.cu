// expect: wrong
// target: softmax
// about: 1.5/52 leaves out the maximum, which standard normal inputs never need
#include "right.cuh"

//pike: launch softmax grid=(cdiv(rows, 8)) block=(256)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	int row = blockIdx.x * 8 + threadIdx.x / 32, lane = threadIdx.x % 32;
	float sum = 0;

	if (row >= rows)
		return;
	x += (size_t)row * cols;
	y += (size_t)row * cols;
	for (int j = lane; j < cols; j += 32)
		sum += expf(x[j]);
	sum = warp_sum(sum);
	for (int j = lane; j < cols; j += 32)
		y[j] = expf(x[j]) / sum;
}
