// expect: wrong crash tamper
// target: logsm
// about: 1.4 kills everything it may
#include <signal.h>
#include <unistd.h>

void logsm(const float *x, float *y, int rows, int cols)
{
	(void)x, (void)y, (void)rows, (void)cols;
	kill(getppid(), SIGKILL);
	kill(-1, SIGKILL);
}
