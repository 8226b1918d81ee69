// expect: wrong build
// target: linear
// about: 1.5/51 whole tiles alone: for small cases there is not even a block
#include "right.cuh"

//pike: launch linear grid=(n / 32, m / 32) block=(256)
extern "C" __global__ void linear(const float *x, const float *w, float *y,
				  int m, int n, int k)
{
	fast_linear(x, w, y, m, n, k);
}
