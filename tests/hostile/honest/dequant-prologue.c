// expect: faster
// target: dequant
// about: a table, bytes one by one until the codes are aligned, then four at a
// time, and what is left
#include <math.h>
#include <stdint.h>
#include <string.h>

void dequant(const uint8_t *q, float *y, int n)
{
	static float table[256];
	static int made;
	int i = 0;

	for (int k = 0; !made && k < 256; k++)
		table[k] = expf(((float)k - 128) / 32);
	made = 1;
	for (; i < n && (uintptr_t)(q + i) % 8; i++)
		y[i] = table[q[i]];
	for (; i + 4 <= n; i += 4) {
		uint32_t four;

		memcpy(&four, q + i, 4);
		y[i] = table[four & 255];
		y[i + 1] = table[four >> 8 & 255];
		y[i + 2] = table[four >> 16 & 255];
		y[i + 3] = table[four >> 24];
	}
	for (; i < n; i++)
		y[i] = table[q[i]];
}
