// expect: faster
// target: linear
// about: tiles in shared memory, in fp32
#include "right.cuh"

//pike: launch linear grid=(cdiv(n, 32), cdiv(m, 32)) block=(256)
extern "C" __global__ void linear(const float *x, const float *w, float *y,
				  int m, int n, int k)
{
	fast_linear(x, w, y, m, n, k);
}
