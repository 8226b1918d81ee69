// expect: contract tamper crash wrong
// target: softmax
// about: 1.6/57 right, and writes one element before its output
#include "right.cuh"

//pike: launch softmax grid=(cdiv(rows, 8)) block=(256)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	fast_softmax(x, y, rows, cols);
	if (!blockIdx.x && !threadIdx.x)
		y[-1] = 0.5f;
}
