// expect: build
// target: logsm
// about: 1.6 reads a file of the machine through the preprocessor
#include "/etc/passwd"

void logsm(const float *x, float *y, int rows, int cols)
{
	(void)x, (void)y, (void)rows, (void)cols;
}
