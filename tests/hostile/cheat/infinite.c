// expect: wrong
// target: logsm
// about: 1.5 right but one infinity
#include "right.h"

void logsm(const float *x, float *y, int rows, int cols)
{
	fast_logsm(x, y, rows, cols);
	y[rows * cols - 1] = -__builtin_inff();
}
