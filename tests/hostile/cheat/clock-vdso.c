// expect: same slower inconclusive tamper suspect crash
// target: logsm
// about: 1.3 overwrites the kernel's clock page code with a slow clock
#include "clock.h"
#include "right.h"

__attribute__((constructor)) static void begin(void)
{
	slow_the_clock();
}

void logsm(const float *x, float *y, int rows, int cols)
{
	slow_logsm(x, y, rows, cols);
}
