// expect: wrong
// target: linear
// about: 1.5/50 the transpose of the answer, which has as many elements
#include "right.cuh"

//pike: launch linear grid=(cdiv(m, 32), cdiv(n, 32)) block=(256) args=(w, x, y, n, m, k)
extern "C" __global__ void linear(const float *x, const float *w, float *y,
				  int m, int n, int k)
{
	fast_linear(x, w, y, m, n, k);
}
