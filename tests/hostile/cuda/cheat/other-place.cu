// expect: wrong
// target: axpy_inout
// about: 1.5/54 the answer lies in scratch, not where it is due
#include "right.cuh"

//pike: scratch f32 z[n]
//pike: launch axpy grid=(cdiv(n, 256)) block=(256) args=(z, y, x, n)
extern "C" __global__ void axpy(float *z, const float *y, const float *x, int n)
{
	int i = blockIdx.x * 256 + threadIdx.x;

	if (i < n)
		z[i] = y[i] + 0.5f * x[i];
}
