// expect: wrong
// target: softmax
// about: 1.1/5 the first half of the rows
#include "right.cuh"

//pike: launch softmax grid=(cdiv(rows, 8)) block=(256)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	fast_softmax(x, y, rows / 2, cols);
}
