/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 3x3 convolution, stride 1, of x[cin][h + 2][w + 2] (padded by the caller)
 * with f[cout][cin][3][3] to y[cout][h][w].
 *
 * The start computes one output at a time. The tunables compute TILE_OC
 * channels by TILE_Y rows by one vector of LANES columns at once, so that
 * each value loaded is used several times. UNROLL 0 leaves the loop over the
 * nine taps to the compiler.
 */
#define TILE_OC 1 //pike: tune 1 2 4 8 16
#define TILE_Y 1  //pike: tune 1 2 4 7
#define LANES 1	  //pike: tune 1 4 8 16
#define UNROLL 0  //pike: tune 0 3 9

#include "vec.h"

_Static_assert(TILE_OC *TILE_Y <= 32, "more sums than vector registers");

struct shape {
	int cin, cout, h, w;
};

/* One output. */
static float point(const float *x, const float *f, const struct shape *s)
{
	float sum = 0;

	for (int c = 0; c < s->cin; c++)
		for (int t = 0; t < 9; t++)
			sum += f[c * 9 + t] *
			       x[((long)c * (s->h + 2) + t / 3) * (s->w + 2) +
				 t % 3];
	return sum;
}

/* TILE_OC x TILE_Y x LANES outputs; x and y at the first one's corner. */
static void tile(const float *restrict x, const float *restrict f,
		 float *restrict y, const struct shape *s)
{
	const long row = s->w + 2, plane = (s->h + 2) * row;
	const long filter = (long)s->cin * 9, out = (long)s->h * s->w;
	vec sum[TILE_OC][TILE_Y] = { 0 };

	for (int c = 0; c < s->cin; c++)
#if UNROLL == 9
#pragma GCC unroll 9
#elif UNROLL == 3
#pragma GCC unroll 3
#endif
		for (int t = 0; t < 9; t++)
#pragma GCC unroll 16
			for (int q = 0; q < TILE_Y; q++) {
				vec v = vec_load(x + c * plane +
						 (q + t / 3) * row + t % 3);

#pragma GCC unroll 16
				for (int o = 0; o < TILE_OC; o++)
					sum[o][q] +=
					    f[o * filter + c * 9 + t] * v;
			}
#pragma GCC unroll 16
	for (int o = 0; o < TILE_OC; o++)
#pragma GCC unroll 16
		for (int q = 0; q < TILE_Y; q++)
			vec_store(y + o * out + (long)q * s->w, sum[o][q]);
}

/* The outputs of `no` channels and `ny` rows; x, f and y at the first. */
static void band(const float *x, const float *f, float *y,
		 const struct shape *s, int no, int ny)
{
	int i = 0;

	if (no == TILE_OC && ny == TILE_Y && s->w >= LANES) {
		for (; i + LANES <= s->w; i += LANES)
			tile(x + i, f, y + i, s);
		/* The last vector starts early, over some outputs again. */
		if (i < s->w)
			tile(x + s->w - LANES, f, y + s->w - LANES, s);
		return;
	}
	for (int o = 0; o < no; o++)
		for (int q = 0; q < ny; q++)
			for (i = 0; i < s->w; i++)
				y[((long)o * s->h + q) * s->w + i] =
				    point(x + (long)q * (s->w + 2) + i,
					  f + (long)o * s->cin * 9, s);
}

void conv3x3(const float *restrict x, const float *restrict f,
	     float *restrict y, int cin, int cout, int h, int w)
{
	const struct shape s = { cin, cout, h, w };

	for (int o = 0; o < cout; o += TILE_OC)
		for (int q = 0; q < h; q += TILE_Y)
			band(x + (long)q * (w + 2), f + (long)o * cin * 9,
			     y + ((long)o * h + q) * w, &s,
			     cout - o < TILE_OC ? cout - o : TILE_OC,
			     h - q < TILE_Y ? h - q : TILE_Y);
}
