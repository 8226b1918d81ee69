// expect: wrong
// target: softmax
// about: 1.5/51 right for the case that is measured, careless for all others
#include "right.cuh"

//pike: launch softmax grid=(cdiv(rows, 8)) block=(256)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	if (rows == 4096 && cols == 1024)
		fast_softmax(x, y, rows, cols);
	else
		for (int i = threadIdx.x; i < rows * cols; i += 256)
			y[i] = x[i];
}
