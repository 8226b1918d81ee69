// expect: wrong crash tamper contract
// target: logsm
// about: 1.4 leaves a daemon behind
#include <unistd.h>

void logsm(const float *x, float *y, int rows, int cols)
{
	(void)x, (void)y, (void)rows, (void)cols;
	if (fork() == 0) {
		setsid();
		if (fork() == 0)
			for (;;)
				pause();
		_exit(0);
	}
}
