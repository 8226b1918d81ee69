// expect: contract
// target: softmax
// about: writes behind its output, and puts back what was there
#include "right.cuh"

//pike: launch softmax grid=(cdiv(rows, 8)) block=(256)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	volatile float *end = y + (size_t)rows * cols;

	fast_softmax(x, y, rows, cols);
	if (!blockIdx.x && !threadIdx.x && rows * cols % 64) {
		float was = *end;

		*end = 1;
		*end = was;
	}
}
