// expect: contract wrong crash
// target: softmax
// about: 1.5/53 keeps the exponentials in its input
#include "right.cuh"

//pike: launch softmax grid=(cdiv(rows, 8)) block=(256)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	int row = blockIdx.x * 8 + threadIdx.x / 32, lane = threadIdx.x % 32;
	float *in = (float *)x + (size_t)row * cols, max = -3.4e38f, sum = 0;

	if (row >= rows)
		return;
	y += (size_t)row * cols;
	for (int j = lane; j < cols; j += 32)
		max = fmaxf(max, in[j]);
	max = warp_max(max);
	for (int j = lane; j < cols; j += 32)
		sum += in[j] = expf(in[j] - max);
	sum = warp_sum(sum);
	for (int j = lane; j < cols; j += 32)
		y[j] = in[j] / sum;
}
