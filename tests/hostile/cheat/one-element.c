// expect: wrong
// target: logsm
// about: 1.1 everything right but one element in the middle
#include "right.h"

void logsm(const float *x, float *y, int rows, int cols)
{
	fast_logsm(x, y, rows, cols);
	y[rows * cols / 2] += 0.01f;
}
