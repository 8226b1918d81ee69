// expect: contract
// target: logsm
// about: reads four numbers where one is left: 12 bytes that nobody would see
#include "right.h"

static volatile float sink;

void logsm(const float *x, float *y, int rows, int cols)
{
	int n = rows * cols;

	fast_logsm(x, y, rows, cols);
	if (n % 16) {
		v4 v = *(const v4 *)(x + n - 1);

		sink = v[0];
	}
}
