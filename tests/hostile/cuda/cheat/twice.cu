// expect: wrong
// target: axpy_inout
// about: 1.5/53 blocks that overlap by one thread add some elements twice
#include "right.cuh"

//pike: launch axpy grid=(cdiv(n, 255)) block=(256)
extern "C" __global__ void axpy(float *y, const float *x, int n)
{
	int i = blockIdx.x * 255 + threadIdx.x;

	if (i < n)
		y[i] += 0.5f * x[i];
}
