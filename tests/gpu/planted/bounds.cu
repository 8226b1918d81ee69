// target: softmax
// tool: memcheck
// expect: contract
// about: reads pairs, in a row of odd length one element beyond its end
#include "right.cuh"

//pike: launch softmax grid=(cdiv(rows, 8)) block=(256)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	int lane = threadIdx.x % 32, row = blockIdx.x * 8 + threadIdx.x / 32;
	const volatile float *from = x + (size_t)row * cols;
	float *to = y + (size_t)row * cols;
	float max = -3.4e38f, sum = 0;

	if (row >= rows)
		return;
	for (int j = 2 * lane; j < cols; j += 64) {
		float a = from[j], b = from[j + 1];

		max = fmaxf(max, j + 1 < cols ? fmaxf(a, b) : a);
	}
	max = warp_max(max);
	for (int j = lane; j < cols; j += 32)
		sum += expf(from[j] - max);
	sum = warp_sum(sum);
	for (int j = lane; j < cols; j += 32)
		to[j] = expf(from[j] - max) / sum;
}
