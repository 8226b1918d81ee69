// expect: crash
// target: logsm
// about: 1.4 kills itself in the middle
#include <signal.h>

void logsm(const float *x, float *y, int rows, int cols)
{
	(void)x, (void)y, (void)rows, (void)cols;
	raise(SIGKILL);
}
