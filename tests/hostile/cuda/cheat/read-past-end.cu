// expect: crash
// target: softmax
// about: 1.6/57 right, and reads 64 KB past its input
#include "right.cuh"

__device__ float sink;

//pike: launch softmax grid=(cdiv(rows, 8)) block=(256)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	fast_softmax(x, y, rows, cols);
	if (!blockIdx.x && !threadIdx.x)
		for (int i = 0; i < 16384; i += 4)
			sink = *(const volatile float *)(x + rows * cols + i);
}
