// expect: contract
// target: logsm
// about: sums a whole vector at the end, what is too much of it times zero
#include "right.h"

static volatile float sink;

void logsm(const float *x, float *y, int rows, int cols)
{
	int n = rows * cols, left = n % 4;
	v4 mask = { left > 0, left > 1, left > 2, 0 };

	fast_logsm(x, y, rows, cols);
	if (n % 16) {
		v4 v = *(const v4 *)(x + n - left) * mask;

		sink = v[0] + v[1] + v[2] + v[3];
	}
}
