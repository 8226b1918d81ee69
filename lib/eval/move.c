/* SPDX-License-Identifier: Apache-2.0 */
/* move: inputs of a reference, moved by a rounding each; see condition.c. */
#include "eval/pool_priv.h"

#include "base/par.h"

#include <math.h>
#include <string.h>

/* splitmix64's finalizer, as in referee.cu. */
static uint64_t mix(uint64_t seed, uint64_t of)
{
	uint64_t x = seed + (of * 16 + 1) * 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

struct moving {
	double *v;
	size_t n;
	const struct pike_move *m;
};

static void move_piece(void *ctx, size_t k)
{
	const struct moving *w = ctx;
	const struct pike_move *m = w->m;
	size_t end = (k + 1) * PIKE_PIECE;
	double *v = w->v;

	if (end > w->n)
		end = w->n;
	for (size_t i = k * PIKE_PIECE; i < end; i++) {
		uint64_t of = i, drawn;
		double x;

		if (m->by_value)
			memcpy(&of, &v[i], sizeof(of));
		drawn = mix(m->seed, of);
		if (m->every && (drawn >> 8) % m->every)
			continue;
		x = v[i] * (drawn & 1 ? 1 + m->by : 1 - m->by);
		v[i] = x < m->lo ? m->lo : x > m->hi ? m->hi : x;
	}
}

static void own_range(struct pike_move *m, const double *v, size_t n)
{
	m->lo = INFINITY;
	m->hi = -INFINITY;
	for (size_t i = 0; i < n; i++) {
		m->lo = fmin(m->lo, v[i]);
		m->hi = fmax(m->hi, v[i]);
	}
}

void pike_move_all(double *v, size_t n, const struct pike_move *m)
{
	struct pike_move own = *m;
	struct moving w = { v, n, &own };

	if (m->within)
		own_range(&own, v, n);
	pike_parallel(PIKE_PIECES(n), move_piece, &w);
}

bool pike_move_range(struct pike_move *m, const struct pike_tensor *a)
{
	m->lo = -INFINITY;
	m->hi = INFINITY;
	/* An author who wrote uniform(a,b) has declared the domain. Bounds that
	 * were only seen of one draw are none: the next may lie outside, and
	 * stays within what it is itself. */
	m->within = a->observed && a->init == PIKE_INIT_UNIFORM;
	if (a->init == PIKE_INIT_UNIFORM && !a->observed && a->a < a->b) {
		m->lo = a->a;
		m->hi = a->b;
	}
	return pike_tensor_is_input(a) && pike_dtype_is_float(a->dtype) &&
	       (a->init == PIKE_INIT_NORMAL || a->init == PIKE_INIT_UNIFORM);
}
