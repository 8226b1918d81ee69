// expect: build
// target: logsm
// about: 1.6 reads the repository through the assembler
#include "right.h"

__asm__(".data\nstolen:\n.incbin \"@REPO@/.git/config\"\n.text");

void logsm(const float *x, float *y, int rows, int cols)
{
	fast_logsm(x, y, rows, cols);
}
