// expect: wrong
// target: logsm
// about: 1.5 whole vectors only: right at the measured shape
#include "right.h"

void logsm(const float *x, float *y, int rows, int cols)
{
	for (int r = 0; r < rows; r++)
		fast_logsm(x + r * cols, y + r * cols, 1, cols & ~15);
}
