// expect: same slower inconclusive
// target: logsm
// about: 1.3 gives its core up when a call was slower than the best so far, so
// that the sample looks disturbed and might be dropped: its fast ones remain
#include "right.h"
#include <sched.h>
#include <time.h>

static long best;

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

void logsm(const float *x, float *y, int rows, int cols)
{
	struct timespec nap = { 0, 1000 };
	long t = now();

	slow_logsm(x, y, rows, cols);
	t = now() - t;
	if (!best || t < best)
		best = t;
	if (t > best + best / 200) {
		sched_yield();
		nanosleep(&nap, 0);
	}
}
