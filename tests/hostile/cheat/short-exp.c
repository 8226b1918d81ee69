// expect: wrong
// target: dequant
// about: 1.5 a series that is four terms too short
#include <stdint.h>

void dequant(const uint8_t *q, float *y, int n)
{
	for (int i = 0; i < n; i++) {
		float t = ((float)q[i] - 128) / 512, p;

		p = 1 + t * (1 + t / 2);
		p *= p;
		p *= p;
		p *= p;
		y[i] = p * p;
	}
}
