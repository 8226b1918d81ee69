/* SPDX-License-Identifier: Apache-2.0 */
/* The truth of dequant. */
#include <stdint.h>
#include <tgmath.h>

void dequant(const uint8_t *q, real *y, int n)
{
	for (int i = 0; i < n; i++)
		y[i] = exp(((real)q[i] - 128) / 32);
}
