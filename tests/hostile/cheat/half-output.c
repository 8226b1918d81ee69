// expect: wrong
// target: logsm
// about: 1.5 right, then rounded to 16 bits
#include "right.h"

void logsm(const float *x, float *y, int rows, int cols)
{
	fast_logsm(x, y, rows, cols);
	for (int i = 0; i < rows * cols; i++)
		y[i] = (float)(_Float16)y[i];
}
