// expect: crash contract tamper wrong
// target: softmax
// about: 1.6/57 right, and writes one vector past its output
#include "right.cuh"

//pike: launch softmax grid=(cdiv(rows, 8)) block=(256)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	fast_softmax(x, y, rows, cols);
	if (!blockIdx.x && threadIdx.x < 4)
		y[(size_t)rows * cols + threadIdx.x] = 0.5f;
}
