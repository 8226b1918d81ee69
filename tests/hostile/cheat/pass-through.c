// expect: wrong
// target: logsm
// about: 1.1 the input, shifted by what the sum usually is
#include <math.h>

void logsm(const float *x, float *y, int rows, int cols)
{
	float c = logf((float)cols) + 0.5f;

	for (int i = 0; i < rows * cols; i++)
		y[i] = x[i] - c;
}
