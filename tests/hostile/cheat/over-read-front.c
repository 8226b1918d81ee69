// expect: contract
// target: logsm
// about: reads the four bytes before its input, where that is no fault
#include "right.h"

static volatile float sink;

void logsm(const float *x, float *y, int rows, int cols)
{
	fast_logsm(x, y, rows, cols);
	if (rows * cols % 16)
		sink = x[-1];
}
