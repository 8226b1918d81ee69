// expect: same slower inconclusive crash tamper contract
// target: logsm
// about: 1.3 a thread that burns the rival's core between its own calls
#define _GNU_SOURCE
#include "right.h"
#include <pthread.h>
#include <time.h>

static volatile int mine;
static int begun;

static void *burn(void *arg)
{
	struct timespec t = { 0, 20000 };

	for (;;)
		if (mine)
			nanosleep(&t, 0);
	return arg;
}

void logsm(const float *x, float *y, int rows, int cols)
{
	pthread_t t;

	mine = 1;
	if (!begun++)
		pthread_create(&t, 0, burn, 0);
	slow_logsm(x, y, rows, cols);
	mine = 0;
}
