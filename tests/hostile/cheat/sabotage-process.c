// expect: wrong same slower inconclusive crash tamper contract timeout
// target: logsm
// about: 1.3 a child process that burns the rival's core
#include "right.h"
#include <unistd.h>

__attribute__((constructor)) static void begin(void)
{
	if (fork() == 0)
		for (;;)
			;
}

void logsm(const float *x, float *y, int rows, int cols)
{
	slow_logsm(x, y, rows, cols);
}
