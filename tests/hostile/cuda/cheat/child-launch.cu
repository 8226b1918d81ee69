// expect: build
// target: softmax
// about: 1.3/23 launches its work from the device
#include "right.cuh"

__global__ void child(const float *x, float *y, int rows, int cols)
{
	fast_softmax(x, y, rows, cols);
}

//pike: launch softmax grid=(1) block=(1)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	child<<<rows, 32>>>(x, y, rows, cols);
}
