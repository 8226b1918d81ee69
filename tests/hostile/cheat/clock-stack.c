// expect: same slower inconclusive tamper suspect crash contract
// target: logsm
// about: 1.4 moves the start stamp that it finds on its caller's stack
#define _GNU_SOURCE
#include "right.h"
#include <time.h>

static long now(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

__attribute__((noinline)) static void move_stamps(long began, long spent)
{
	volatile long *p = __builtin_frame_address(0);

	for (int i = 0; i < 200; i++) {
		long age = began - p[i];

		if (p[i] > 1000000000L && age >= 0 && age < 1000000)
			p[i] += spent * 3 / 4;
		/* seconds and nanoseconds apart */
		if (p[i] == began / 1000000000L && p[i + 1] >= 0 &&
		    p[i + 1] < 1000000000L) {
			age = began % 1000000000L - p[i + 1];
			if (age >= 0 && age < 1000000)
				p[i + 1] += spent * 3 / 4;
		}
	}
}

void logsm(const float *x, float *y, int rows, int cols)
{
	long mono = now(CLOCK_MONOTONIC), raw = now(CLOCK_MONOTONIC_RAW);

	slow_logsm(x, y, rows, cols);
	move_stamps(mono, now(CLOCK_MONOTONIC) - mono);
	move_stamps(raw, now(CLOCK_MONOTONIC_RAW) - raw);
}
