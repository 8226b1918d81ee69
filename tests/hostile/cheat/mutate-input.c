// expect: crash contract
// target: logsm
// about: 1.5 writes to its input
#include "right.h"

void logsm(const float *x, float *y, int rows, int cols)
{
	fast_logsm(x, y, rows, cols);
	((float *)x)[0] += 1;
}
