// expect: wrong same slower inconclusive
// target: logsm
// about: 1.2 takes calls that follow each other quickly for the timed ones
#include "right.h"
#include <time.h>

static long last;

void logsm(const float *x, float *y, int rows, int cols)
{
	struct timespec t;
	long now;

	clock_gettime(CLOCK_MONOTONIC, &t);
	now = t.tv_sec * 1000000000L + t.tv_nsec;
	if (now - last > 200000)
		slow_logsm(x, y, rows, cols);
	clock_gettime(CLOCK_MONOTONIC, &t);
	last = t.tv_sec * 1000000000L + t.tv_nsec;
}
