// expect: crash timeout wrong
// target: logsm
// about: 1.6 takes a terabyte
#include <stdlib.h>
#include <string.h>

void logsm(const float *x, float *y, int rows, int cols)
{
	(void)x, (void)y, (void)rows, (void)cols;
	for (long i = 0; i < 1024; i++) {
		char *p = malloc(1UL << 30);

		if (p)
			memset(p, 1, 1UL << 30);
	}
}
