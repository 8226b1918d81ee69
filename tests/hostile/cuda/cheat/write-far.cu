// expect: crash
// target: softmax
// about: 1.6/57 right, and writes where nothing is
#include "right.cuh"

//pike: launch softmax grid=(cdiv(rows, 8)) block=(256)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	fast_softmax(x, y, rows, cols);
	if (!blockIdx.x && !threadIdx.x)
		*(volatile float *)(y + (1ull << 44)) = 0.5f;
}
