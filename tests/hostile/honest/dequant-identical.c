// expect: same inconclusive
// target: dequant
// about: the same work in other words
#include <math.h>
#include <stdint.h>

void dequant(const uint8_t *q, float *y, int n)
{
	const uint8_t *end = q + n;

	while (q < end)
		*y++ = expf(((float)*q++ - 128) / 32);
}
