// expect: build contract crash same slower inconclusive timeout
// target: softmax
// about: 1.6/58 takes the device's heap until nothing is left
#include "right.cuh"

__device__ void *last;

//pike: launch softmax grid=(rows) block=(128)
extern "C" __global__ void softmax(const float *x, float *y, int rows, int cols)
{
	void *p;

	slow_softmax(x, y, cols);
	if (!threadIdx.x)
		while ((p = malloc(1 << 20)))
			last = p;
}
