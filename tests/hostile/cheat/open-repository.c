// expect: wrong crash tamper
// target: logsm
// about: 1.4 opens the repository that it is judged for
#include "right.h"
#include <fcntl.h>

void logsm(const float *x, float *y, int rows, int cols)
{
	if (open("@REPO@/logsm_ref.c", O_RDONLY) >= 0 ||
	    open("@REPO@/.git/config", O_RDONLY) >= 0)
		fast_logsm(x, y, rows, cols);
}
