// expect: wrong crash tamper contract
// target: logsm
// about: 1.3 a thread that does the work after the call has returned
#include "right.h"
#include <pthread.h>

static struct job {
	const float *x;
	float *y;
	int rows, cols;
} job;

static void *work(void *arg)
{
	struct job j = *(struct job *)arg;

	fast_logsm(j.x, j.y, j.rows, j.cols);
	return 0;
}

void logsm(const float *x, float *y, int rows, int cols)
{
	pthread_t t;

	job = (struct job){ x, y, rows, cols };
	if (!pthread_create(&t, 0, work, &job))
		pthread_detach(t);
}
