// expect: wrong
// target: decay
// about: 1.5 two threads that do not wait for each other
#include <math.h>
#include <pthread.h>

struct half {
	const float *x;
	float *y;
	int rows, cols;
};

static struct half h;

static void *work(void *arg)
{
	for (int i = 0; i < h.rows; i++) {
		float s = 0;

		for (int t = 0; t < h.cols; t++) {
			s = sqrtf(fabsf(h.x[i * h.cols + t]) + 0.5f * s);
			h.y[i * h.cols + t] = s;
		}
	}
	return arg;
}

void decay(const float *x, float *y, int rows, int cols)
{
	int first = rows / 2;
	pthread_t t;

	h = (struct half){ x, y, first, cols };
	if (!pthread_create(&t, 0, work, 0))
		pthread_detach(t);
	h = (struct half){ x + first * cols, y + first * cols, rows - first,
			   cols };
	work(0);
}
