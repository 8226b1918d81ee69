// expect: timeout crash tamper
// target: logsm
// about: 1.4 stops itself and waits to be forgotten
#include <signal.h>

void logsm(const float *x, float *y, int rows, int cols)
{
	(void)x, (void)y, (void)rows, (void)cols;
	raise(SIGSTOP);
}
