// expect: faster
// target: logsm
// about: an exponential that vectorizes
#include "right.h"

void logsm(const float *x, float *y, int rows, int cols)
{
	fast_logsm(x, y, rows, cols);
}
