// expect: same slower inconclusive
// target: logsm
// about: 1.3 a fast kernel that sleeps away what it has gained: time in which
// it sleeps is no time in which it waits for a core
#include "right.h"
#include <time.h>

void logsm(const float *x, float *y, int rows, int cols)
{
	struct timespec nap = { 0, 400000 };

	fast_logsm(x, y, rows, cols);
	nanosleep(&nap, 0);
}
