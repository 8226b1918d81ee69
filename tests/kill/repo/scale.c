/* Half of the settings are several times as fast as the base, all others equal.
 * So a search confirms something early on, and then never runs dry. */
#include <stdint.h>
#define PASSES 6 //pike: tune 1 6
#define WAY 0 //pike: tune 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
#define TURN 0 //pike: tune 0 1 2 3 4 5 6 7

void scale(const float *x, float *y, int32_t n)
{
	for (int p = 0; p < PASSES; p++) {
		const volatile float *in = x;

		for (int32_t i = 0; i < n; i++)
			y[i] = in[i] * 1.5f + (float)(WAY - WAY + TURN - TURN);
	}
}
