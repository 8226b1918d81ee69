// expect: wrong
// target: logsm
// about: 1.5 leaves out the maximum, which small inputs do not need
#include "right.h"

void logsm(const float *x, float *y, int rows, int cols)
{
	for (int r = 0; r < rows; r++, x += cols, y += cols) {
		v16 acc = { 0 };
		float sum = 0;
		int j;

		for (j = 0; j + 16 <= cols; j += 16)
			acc += right_exp(*(const v16 *)(x + j) - 8.0f);
		for (int u = 0; u < 16; u++)
			sum += acc[u];
		for (; j < cols; j++)
			sum += expf(x[j] - 8.0f);
		sum = 8.0f + logf(sum);
		for (j = 0; j < cols; j++)
			y[j] = x[j] - sum;
	}
}
