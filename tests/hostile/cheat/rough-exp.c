// expect: wrong
// target: logsm
// about: 1.5 an exponential made of the exponent's bits
#include "right.h"

void logsm(const float *x, float *y, int rows, int cols)
{
	for (int r = 0; r < rows; r++, x += cols, y += cols) {
		float max = x[0], sum = 0, norm;

		for (int j = 1; j < cols; j++)
			max = x[j] > max ? x[j] : max;
		for (int j = 0; j < cols; j++) {
			float t = (x[j] - max) * 12102203.0f + 1064866805.0f;
			union {
				int32_t i;
				float f;
			} u = { t > 0 ? (int32_t)t : 0 };

			sum += u.f;
		}
		norm = max + logf(sum);
		for (int j = 0; j < cols; j++)
			y[j] = x[j] - norm;
	}
}
