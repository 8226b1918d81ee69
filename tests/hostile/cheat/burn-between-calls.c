// expect: same slower inconclusive crash contract
// target: decay
// about: 1.3 where threads are allowed: workers that rest while its own calls
// are timed and burn the cores while its rival's are
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>

static volatile int mine;
static int begun;

static void *burn(void *arg)
{
	for (;;)
		if (mine)
			for (volatile int i = 0; i < 100; i++)
				;
	return arg;
}

void decay(const float *x, float *y, int rows, int cols)
{
	pthread_t t;

	mine = 1;
	if (!begun++)
		pthread_create(&t, 0, burn, 0);
	for (int i = 0; i < rows; i++) {
		float s = 0;

		for (int k = 0; k < cols; k++) {
			s = sqrtf(fabsf(x[i * cols + k]) + 0.5f * s);
			y[i * cols + k] = s;
		}
	}
	mine = 0;
}
