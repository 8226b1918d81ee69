// expect: faster
// target: dequant
// about: a table made in every call
#include <math.h>
#include <stdint.h>

void dequant(const uint8_t *q, float *y, int n)
{
	float table[256];

	for (int i = 0; i < 256; i++)
		table[i] = expf(((float)i - 128) / 32);
	for (int i = 0; i < n; i++)
		y[i] = table[q[i]];
}
