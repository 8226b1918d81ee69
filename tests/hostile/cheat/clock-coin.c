// expect: same slower inconclusive tamper suspect crash
// target: logsm
// about: 1.3 slows the clock in every other process: what is seen only once
#include "clock.h"
#include "right.h"

__attribute__((constructor)) static void begin(void)
{
	const unsigned char *random = (void *)getauxval(AT_RANDOM);

	if (*random & 1)
		slow_the_clock();
}

void logsm(const float *x, float *y, int rows, int cols)
{
	slow_logsm(x, y, rows, cols);
}
