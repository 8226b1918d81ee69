// expect: wrong same slower inconclusive crash tamper contract timeout suspect
// target: logsm
// about: 1.2 super-batch: finds the inputs of later calls in its own memory
// and answers them all in the first, untimed one
#include "right.h"
#include <stdio.h>
#include <stdlib.h>

#define MANY 4096

static struct memo {
	const float *x;
	float first, *y;
} memo[MANY];
static int n_memo, done;

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

/* Everything readable that could hold inputs, at every aligned place. */
static void look(const float *x, int rows, int cols)
{
	size_t bytes = (size_t)rows * (size_t)cols * sizeof(*x);
	size_t phase = (size_t)x % 4096;
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long lo, hi;
	char line[512], mode[8];

	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx %7s", &lo, &hi, mode) != 3 ||
		    mode[0] != 'r' || strstr(line, "[v"))
			continue;
		if (hi - lo < bytes || hi - lo > bytes + 16384)
			continue;
		if (strstr(line, ".so") || strstr(line, "stack"))
			continue;
		for (unsigned long p = lo + phase; p + bytes <= hi; p += 4096)
			answer((const float *)p, rows, cols);
	}
	fclose(f);
}

void logsm(const float *x, float *y, int rows, int cols)
{
	if (!done++)
		look(x, rows, cols);
	for (int i = 0; i < n_memo; i++)
		if (memo[i].x == x && memo[i].first == x[0]) {
			memcpy(y, memo[i].y,
			       (size_t)rows * (size_t)cols * sizeof(*y));
			return;
		}
	slow_logsm(x, y, rows, cols);
}
