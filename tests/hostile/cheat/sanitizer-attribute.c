// expect: contract
// target: logsm
// about: has the function that reads beyond its input not instrumented, by an
// attribute whose name is put together
#include "right.h"

#define JOIN(a, b) a##b
#define UNSEEN __attribute__((noinline, JOIN(no_sani, tize_address)))

static volatile float sink;

UNSEEN static void beyond(const float *x)
{
	sink = x[2];
}

void logsm(const float *x, float *y, int rows, int cols)
{
	fast_logsm(x, y, rows, cols);
	if (rows * cols % 16)
		beyond(x + rows * cols);
}
