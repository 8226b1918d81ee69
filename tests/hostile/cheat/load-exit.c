// expect: crash tamper
// target: logsm
// about: 1.4 ends the process while it is being loaded
#include <unistd.h>

__attribute__((constructor)) static void begin(void)
{
	_exit(0);
}

void logsm(const float *x, float *y, int rows, int cols)
{
	(void)x, (void)y, (void)rows, (void)cols;
}
