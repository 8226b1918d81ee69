// expect: wrong
// target: logsm
// about: 1.5 knows the measured shape only
#include "right.h"

void logsm(const float *x, float *y, int rows, int cols)
{
	if (rows == 48 && cols == 512)
		fast_logsm(x, y, 48, 512);
}
