// expect: faster same slower inconclusive
// target: logsm
// about: another algorithm (maximum and sum in one pass) that is right
#include "right.h"

void logsm(const float *x, float *y, int rows, int cols)
{
	for (int r = 0; r < rows; r++, x += cols, y += cols) {
		float max = x[0], sum = 1, norm;

		for (int j = 1; j < cols; j++) {
			if (x[j] > max) {
				sum = sum * expf(max - x[j]) + 1;
				max = x[j];
			} else {
				sum += expf(x[j] - max);
			}
		}
		norm = max + logf(sum);
		for (int j = 0; j < cols; j++)
			y[j] = x[j] - norm;
	}
}
