// expect: contract
// target: softmax
// about: reads four numbers where one is left: 12 bytes that nobody would see
#include "right.cuh"

__device__ float sink;

//pike: launch softmax grid=(cdiv(rows, 8)) block=(256)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	const volatile float *end = x + (size_t)rows * cols;

	fast_softmax(x, y, rows, cols);
	if (!blockIdx.x && !threadIdx.x && rows * cols % 64)
		sink = end[-1] + 0 * (end[0] + end[1] + end[2]);
}
