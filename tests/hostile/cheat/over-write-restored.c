// expect: contract
// target: logsm
// about: writes behind its output, and puts back what was there
#include "right.h"

void logsm(const float *x, float *y, int rows, int cols)
{
	volatile float *end = y + rows * cols;

	fast_logsm(x, y, rows, cols);
	if (rows * cols % 16) {
		float was = *end;

		*end = 1;
		*end = was;
	}
}
