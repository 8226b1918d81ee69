// expect: timeout
// target: softmax
// about: 1.6/58 a barrier for the whole grid, whose blocks do not all fit
#include "right.cuh"

static __device__ unsigned arrived;

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	slow_softmax(x, y, cols);
	__syncthreads();
	if (threadIdx.x)
		return;
	atomicAdd(&arrived, 1u);
	while (*(volatile unsigned *)&arrived < gridDim.x)
		;
}
