// expect: faster
// target: decay
// about: two threads where the target allows two: a worker that stays, each
// thread on a core of its own, as the kernel places short-lived ones badly
#define _GNU_SOURCE
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>

static struct work {
	const float *x;
	float *y;
	int rows, cols;
} half;
static sem_t begin, done;
static int workers;

/* On core `core` only, or on any but that. */
static void settle(int core, int only)
{
	cpu_set_t all, one;

	CPU_ZERO(&one);
	CPU_SET(core, &one);
	if (sched_getaffinity(0, sizeof(all), &all) || CPU_COUNT(&all) < 2)
		return;
	CPU_CLR(core, &all);
	sched_setaffinity(0, sizeof(all), only ? &one : &all);
}

static void rows(const struct work *w)
{
	for (int i = 0; i < w->rows; i++) {
		float s = 0;

		for (int t = 0; t < w->cols; t++) {
			s = sqrtf(fabsf(w->x[i * w->cols + t]) + 0.5f * s);
			w->y[i * w->cols + t] = s;
		}
	}
}

static void *work(void *core)
{
	settle((int)(long)core, 0);
	for (;;) {
		sem_wait(&begin);
		rows(&half);
		sem_post(&done);
	}
	return core;
}

static int hire(void)
{
	long core = sched_getcpu();
	pthread_t t;

	sem_init(&begin, 0, 0);
	sem_init(&done, 0, 0);
	if (pthread_create(&t, 0, work, (void *)core))
		return -1;
	settle((int)core, 1);
	return 1;
}

void decay(const float *x, float *y, int rows_, int cols)
{
	int first = rows_ / 2;
	struct work own = { x + first * cols, y + first * cols, rows_ - first,
			    cols };

	if (!workers)
		workers = hire();
	half = (struct work){ x, y, first, cols };
	if (workers < 0) {
		rows(&half);
		rows(&own);
		return;
	}
	sem_post(&begin);
	rows(&own);
	sem_wait(&done);
}
