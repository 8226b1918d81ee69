// expect: wrong
// target: linear
// about: 1.1/5 all elements but the last
#include "right.cuh"

//pike: launch linear grid=(cdiv(n, 32), cdiv(m, 32)) block=(256)
extern "C" __global__ void linear(const float *x, const float *w, float *y,
				  int m, int n, int k)
{
	float kept = y[m * n - 1];

	fast_linear(x, w, y, m, n, k);
	__syncthreads();
	if (blockIdx.x == gridDim.x - 1 && blockIdx.y == gridDim.y - 1)
		y[m * n - 1] = kept;
}
