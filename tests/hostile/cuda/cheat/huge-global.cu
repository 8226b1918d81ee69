// expect: build crash contract
// target: softmax
// about: 1.6/58 a device global of a terabyte
#include "right.cuh"

__device__ char huge[1ull << 40];

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	slow_softmax(x, y, cols);
	huge[(size_t)blockIdx.x << 28] = 1;
}
