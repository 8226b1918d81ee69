// expect: build
// target: softmax
// about: 1.6/59 an image of 64 megabytes to be loaded
#include "right.cuh"

__device__ int big[1 << 24] = { 1 };

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	slow_softmax(x, y, cols);
	big[blockIdx.x] = 1;
}
