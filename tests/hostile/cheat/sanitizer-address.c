// expect: contract
// target: logsm
// about: reads beyond its input only where that ends as in a runner that times:
// less than 64 bytes before the end of a page
#include "right.h"

static volatile float sink;

void logsm(const float *x, float *y, int rows, int cols)
{
	uintptr_t end = (uintptr_t)(x + rows * cols);

	fast_logsm(x, y, rows, cols);
	if (end % 64 && end % 4096 > 4096 - 64)
		sink = x[rows * cols];
}
