// expect: same slower inconclusive
// target: logsm
// about: 1.3 when a call was slow, holds its core until it is taken away, so
// that the sample looks disturbed through no fault of its own
#include "right.h"
#include <time.h>

static long best;

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void lose_the_core(void)
{
	long end = now() + 6000000, last = now(), t;

	for (t = last; t < end && t - last < 100000; t = now())
		last = t;
}

void logsm(const float *x, float *y, int rows, int cols)
{
	long t = now();

	slow_logsm(x, y, rows, cols);
	t = now() - t;
	if (!best || t < best)
		best = t;
	if (t > best + best / 50)
		lose_the_core();
}
