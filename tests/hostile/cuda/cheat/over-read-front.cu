// expect: contract
// target: softmax
// about: reads the four bytes before its input, where that is no fault
#include "right.cuh"

__device__ float sink;

//pike: launch softmax grid=(cdiv(rows, 8)) block=(256)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	const volatile float *before = x;

	fast_softmax(x, y, rows, cols);
	if (!blockIdx.x && !threadIdx.x && rows * cols % 64)
		sink = before[-1];
}
