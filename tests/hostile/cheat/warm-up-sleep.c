// expect: same slower inconclusive timeout
// target: logsm
// about: 1.3 sleeps through the warm-up so that few calls are counted
#include "right.h"
#include <time.h>

static int calls;

void logsm(const float *x, float *y, int rows, int cols)
{
	struct timespec t = { 0, 30000000 };

	if (calls++ < 12)
		nanosleep(&t, 0);
	slow_logsm(x, y, rows, cols);
}
