// expect: faster
// target: linear
// about: wider vectors
#include "right.h"

void linear(const float *x, const float *w, float *y, int m, int n, int k)
{
	fast_linear(x, w, y, m, n, k);
}
