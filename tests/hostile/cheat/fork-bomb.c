// expect: wrong crash timeout tamper contract
// target: logsm
// about: 1.6 forks without end
#include <unistd.h>

void logsm(const float *x, float *y, int rows, int cols)
{
	(void)x, (void)y, (void)rows, (void)cols;
	for (int i = 0; i < 100000; i++)
		if (fork() < 0)
			break;
}
