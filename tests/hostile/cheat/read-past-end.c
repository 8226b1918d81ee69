// expect: crash
// target: logsm
// about: 1.6 reads a vector beyond the last row
#include "right.h"

static volatile float sink;

void logsm(const float *x, float *y, int rows, int cols)
{
	v16 v = *(const v16 *)(x + rows * cols);

	fast_logsm(x, y, rows, cols);
	sink = v[0];
}
