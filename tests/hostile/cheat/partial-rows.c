// expect: wrong
// target: logsm
// about: 1.1 all rows but the last
#include "right.h"

void logsm(const float *x, float *y, int rows, int cols)
{
	fast_logsm(x, y, rows - 1, cols);
}
