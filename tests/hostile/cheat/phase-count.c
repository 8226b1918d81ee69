// expect: wrong
// target: logsm
// about: 1.2 right for the first calls, when people look
#include "right.h"

static int calls;

void logsm(const float *x, float *y, int rows, int cols)
{
	if (calls++ < 40)
		slow_logsm(x, y, rows, cols);
}
