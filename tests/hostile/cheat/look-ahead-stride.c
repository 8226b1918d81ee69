// expect: wrong same slower inconclusive crash tamper contract timeout suspect
// target: logsm
// about: 1.2 super-batch without /proc: asks the kernel which neighbouring
// pages are mapped
#include "right.h"
#include <stdlib.h>
#include <sys/mman.h>

#define MANY 4096

static struct memo {
	const float *x;
	float first, *y;
} memo[MANY];
static int n_memo, done;

static int mapped(size_t from, size_t bytes)
{
	static unsigned char vec[4096];
	size_t page = from & ~4095UL;

	bytes += from - page;
	return bytes / 4096 < sizeof(vec) && !mincore((void *)page, bytes, vec);
}

static void answer(const float *x, int rows, int cols)
{
	size_t bytes = (size_t)rows * (size_t)cols * sizeof(*x);
	struct memo *m = &memo[n_memo];

	if (n_memo == MANY || !(m->y = malloc(bytes)))
		return;
	m->x = x;
	m->first = x[0];
	fast_logsm(x, m->y, rows, cols);
	n_memo++;
}

void logsm(const float *x, float *y, int rows, int cols)
{
	size_t bytes = (size_t)rows * (size_t)cols * sizeof(*x);

	if (!done++)
		for (long p = -20000; p < 20000; p++) {
			size_t at = (size_t)x + (size_t)(p * 4096);

			/* Where a buffer ends, nothing follows. */
			if (mapped(at, bytes) &&
			    !mapped(((at + bytes) | 4095) + 1, 1))
				answer((const float *)at, rows, cols);
		}
	for (int i = 0; i < n_memo; i++)
		if (memo[i].x == x && memo[i].first == x[0]) {
			memcpy(y, memo[i].y, bytes);
			return;
		}
	slow_logsm(x, y, rows, cols);
}
