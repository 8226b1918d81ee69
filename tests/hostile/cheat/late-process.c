// expect: wrong crash tamper contract
// target: logsm
// about: 1.3 a child process that does the work in the shared pages
#include "right.h"
#include <unistd.h>

void logsm(const float *x, float *y, int rows, int cols)
{
	if (fork() == 0) {
		fast_logsm(x, y, rows, cols);
		_exit(0);
	}
}
