// expect: crash contract wrong
// target: logsm
// about: 1.6 rounds the last row up to whole vectors
#include "right.h"

void logsm(const float *x, float *y, int rows, int cols)
{
	fast_logsm(x, y, rows, cols);
	for (int i = 0; i < 64; i++)
		y[rows * cols + i] = 0;
}
