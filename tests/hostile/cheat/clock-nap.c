// expect: same slower inconclusive tamper suspect crash
// target: logsm
// about: 1.3 a slow clock, for processor time too, and a nap in each call, so
// that the sample is one whose processor time is asked
#include "clock.h"
#include "right.h"

__attribute__((constructor)) static void begin(void)
{
	slow_the_clock();
}

void logsm(const float *x, float *y, int rows, int cols)
{
	struct timespec nap = { 0, 1000 };

	slow_logsm(x, y, rows, cols);
	nanosleep(&nap, 0);
}
