// expect: wrong
// target: softmax
// about: 1.5/49 right but one NaN
#include "right.cuh"

//pike: launch softmax grid=(cdiv(rows, 8)) block=(256)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	fast_softmax(x, y, rows, cols);
	__syncthreads();
	if (blockIdx.x == gridDim.x - 1)
		y[(size_t)rows * cols - 1] = __int_as_float(0x7fffffff);
}
