// expect: crash contract wrong tamper
// target: logsm
// about: 1.5 makes its input writable, and changes it
#include "right.h"
#include <sys/mman.h>

void logsm(const float *x, float *y, int rows, int cols)
{
	unsigned long page = (unsigned long)x & ~4095UL;

	fast_logsm(x, y, rows, cols);
	mprotect((void *)page, 4096, PROT_READ | PROT_WRITE);
	((float *)x)[0] += 1;
}
