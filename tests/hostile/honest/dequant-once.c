// expect: faster
// target: dequant
// about: precomputed weights: a table that depends on no input, made at load
#include <math.h>
#include <stdint.h>

static float table[256];

__attribute__((constructor)) static void fill(void)
{
	for (int i = 0; i < 256; i++)
		table[i] = expf(((float)i - 128) / 32);
}

void dequant(const uint8_t *q, float *y, int n)
{
	for (int i = 0; i < n; i++)
		y[i] = table[q[i]];
}
