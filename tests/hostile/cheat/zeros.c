// expect: wrong
// target: linear
// about: 1.1 zero output
#include <string.h>

void linear(const float *x, const float *w, float *y, int m, int n, int k)
{
	(void)x, (void)w, (void)k;
	memset(y, 0, sizeof(*y) * (size_t)m * (size_t)n);
}
