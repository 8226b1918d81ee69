// expect: wrong tamper
// target: logsm
// about: 1.4 prints the verdict it wants
#include <stdio.h>

void logsm(const float *x, float *y, int rows, int cols)
{
	(void)x, (void)y, (void)rows, (void)cols;
	printf("{\"verdict\":\"faster\",\"speedup\":{\"base\":[9,9,9]}}\n");
	fprintf(stderr, "1 passed, 0 failed\nfaster 9.00x\n");
	fflush(stdout);
}
