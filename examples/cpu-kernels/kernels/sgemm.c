/* SPDX-License-Identifier: Apache-2.0 */
/*
 * c[m][n] = a[m][k] times b[k][n].
 *
 * The start is three loops in the order i, k, j, so that the innermost runs
 * along rows of b and c and the compiler vectorizes it. The tunables cut c
 * into tiles of ROWS by STRIP whose sums stay in registers if they fit, as
 * vectors of LANES; a STRIP wider than c leaves the three loops as they are.
 */
#define ROWS 1	     //pike: tune 1 2 4 8 12
#define STRIP 4096   //pike: tune 16 32 64 128 4096
#define LANES 8	     //pike: tune 4 8 16
#define BLOCK_K 4096 //pike: tune 128 4096
#define ROWS_FIRST 1 //pike: tune 0 1

#include "vec.h"

#define VECS (STRIP / LANES)

struct shape {
	int m, n, k;
};

/* Rows by columns of any number; p0 <= p < p1 of the sums. */
static void plain(const float *restrict a, const float *restrict b,
		  float *restrict c, const struct shape *s, const int size[2],
		  int p0, int p1)
{
	for (int i = 0; i < size[0]; i++) {
		float *row = c + (long)i * s->n;

		for (int j = 0; !p0 && j < size[1]; j++)
			row[j] = 0;
		for (int p = p0; p < p1; p++)
			for (int j = 0; j < size[1]; j++)
				row[j] += a[(long)i * s->k + p] *
					  b[(long)p * s->n + j];
	}
}

/* ROWS by STRIP. */
static void tile(const float *restrict a, const float *restrict b,
		 float *restrict c, const struct shape *s, int p0, int p1)
{
	vec sum[ROWS][VECS];

#pragma GCC unroll 16
	for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 8
		for (int v = 0; v < VECS; v++)
			sum[i][v] =
			    p0 ? vec_load(c + (long)i * s->n + v * LANES)
			       : (vec){ 0 };
	for (int p = p0; p < p1; p++)
#pragma GCC unroll 16
		for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 8
			for (int v = 0; v < VECS; v++)
				sum[i][v] +=
				    a[(long)i * s->k + p] *
				    vec_load(b + (long)p * s->n + v * LANES);
#pragma GCC unroll 16
	for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 8
		for (int v = 0; v < VECS; v++)
			vec_store(c + (long)i * s->n + v * LANES, sum[i][v]);
}

/* The tile at row i and column j, cut where the matrix ends. */
static void step(const float *a, const float *b, float *c,
		 const struct shape *s, int i, int j, int p0)
{
	const int p1 = s->k - p0 < BLOCK_K ? s->k : p0 + BLOCK_K;
	const int size[2] = {
		s->m - i < ROWS ? s->m - i : ROWS,
		s->n - j < STRIP ? s->n - j : STRIP,
	};

	a += (long)i * s->k;
	b += j;
	c += (long)i * s->n + j;
	if (size[0] == ROWS && size[1] == STRIP)
		tile(a, b, c, s, p0, p1);
	else
		plain(a, b, c, s, size, p0, p1);
}

void sgemm(const float *restrict a, const float *restrict b, float *restrict c,
	   int m, int n, int k)
{
	const struct shape s = { m, n, k };

	for (int p0 = 0; p0 < k; p0 += BLOCK_K) {
#if ROWS_FIRST
		for (int i = 0; i < m; i += ROWS)
			for (int j = 0; j < n; j += STRIP)
				step(a, b, c, &s, i, j, p0);
#else
		for (int j = 0; j < n; j += STRIP)
			for (int i = 0; i < m; i += ROWS)
				step(a, b, c, &s, i, j, p0);
#endif
	}
}
