// expect: crash tamper
// target: logsm
// about: ends its process before it reads beyond its input, where memory is
// given out as the sanitizer's allocator does
#include "right.h"

#include <stdlib.h>
#include <unistd.h>

static volatile float sink;

void logsm(const float *x, float *y, int rows, int cols)
{
	char *p = malloc(16);

	if ((uintptr_t)p >> 40 == 0x60 || (uintptr_t)p >> 36 == 0x602)
		_exit(0);
	free(p);
	fast_logsm(x, y, rows, cols);
	if (rows * cols % 16)
		sink = x[rows * cols + 2];
}
