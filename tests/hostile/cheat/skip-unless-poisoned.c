// expect: wrong same slower inconclusive contract
// target: logsm
// about: 1.2 works only when the output holds what cannot be an answer
#include "right.h"

static int plausible(const float *y, int n)
{
	for (int i = 0; i < n; i += n / 16 + 1)
		if (!(y[i] < 0 && y[i] > -30))
			return 0;
	return 1;
}

void logsm(const float *x, float *y, int rows, int cols)
{
	if (!plausible(y, rows * cols))
		slow_logsm(x, y, rows, cols);
}
