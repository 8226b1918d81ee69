// expect: wrong
// target: softmax
// about: 1.1/5 the plan leaves the last block out
#include "right.cuh"

//pike: launch softmax grid=(rows - 1) block=(32)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	fast_softmax(x, y, gridDim.x, cols);
}
