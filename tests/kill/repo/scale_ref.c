#include <stdint.h>

void scale(const real *x, real *y, int32_t n)
{
	for (int32_t i = 0; i < n; i++)
		y[i] = x[i] * (real)1.5;
}
