// expect: same slower inconclusive tamper suspect
// target: logsm
// about: 1.3 a clock_gettime of its own that runs slowly
#define _GNU_SOURCE
#include "right.h"
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t id, struct timespec *t)
{
	long r = syscall(SYS_clock_gettime, id, t);
	long ns = (t->tv_sec * 1000000000L + t->tv_nsec) / 4;

	t->tv_sec = ns / 1000000000L;
	t->tv_nsec = ns % 1000000000L;
	return (int)r;
}

void logsm(const float *x, float *y, int rows, int cols)
{
	slow_logsm(x, y, rows, cols);
}
