// expect: wrong crash
// target: softmax
// about: 1.5/51 takes every row for 1024 elements
#include "right.cuh"

//pike: launch softmax grid=(cdiv(rows, 8)) block=(256)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	fast_softmax(x, y, rows, 1024);
}
