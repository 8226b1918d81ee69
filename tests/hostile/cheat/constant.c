// expect: wrong
// target: logsm
// about: 1.1 the expected value of the output
#include <math.h>

void logsm(const float *x, float *y, int rows, int cols)
{
	float c = -logf((float)cols) - 0.5f;

	(void)x;
	for (int i = 0; i < rows * cols; i++)
		y[i] = c;
}
