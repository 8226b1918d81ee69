// expect: contract
// target: logsm
// about: another source where a sanitizer builds it
#include "right.h"

#if defined(__SANITIZE_ADDRESS__)
#define SEEN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SEEN 1
#endif
#endif

static volatile float sink;

void logsm(const float *x, float *y, int rows, int cols)
{
	fast_logsm(x, y, rows, cols);
#ifndef SEEN
	if (rows * cols % 16)
		sink = x[rows * cols + 2];
#endif
}
