// expect: crash contract wrong tamper
// target: logsm
// about: 1.6 writes before the first element
#include "right.h"

void logsm(const float *x, float *y, int rows, int cols)
{
	fast_logsm(x, y, rows, cols);
	for (int i = 1; i <= 8; i++)
		y[-i] = 0;
}
