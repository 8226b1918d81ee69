// expect: contract wrong
// target: logsm
// about: 1.5 changes the output of the call before
#include "right.h"

static float *last;

void logsm(const float *x, float *y, int rows, int cols)
{
	if (last)
		last[0] += 1;
	fast_logsm(x, y, rows, cols);
	last = y;
}
