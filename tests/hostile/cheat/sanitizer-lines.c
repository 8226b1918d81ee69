// expect: contract
// target: logsm
// about: gives its lines to a header of the system, whose words do not count
#include "right.h"

static volatile float sink;

/* */ %:/**/ 1 "/usr/include/bits/beyond.h" 1 3
__attribute__((noinline, no_sanitize_address)) static void beyond(const float *x)
{
	sink = x[2];
}
# 20 "logsm.c" 2

void logsm(const float *x, float *y, int rows, int cols)
{
	fast_logsm(x, y, rows, cols);
	if (rows * cols % 16)
		beyond(x + rows * cols);
}
