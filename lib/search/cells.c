/* SPDX-License-Identifier: Apache-2.0 */
/* cells: what tells sources apart, and their places in the grid (PIKE-O).
 * Traits are of all evolvable files together. */
#include "search/population_priv.h"

#include <math.h>
#include <string.h>

void pike_traits_of(struct pike_traits *out, const struct pike_files *f)
{
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < f->n; i++) {
		const char *s = f->v[i].data;

		out->bytes += f->v[i].len;
		for (size_t k = 0; k < f->v[i].len; k++) {
			unsigned char c = (unsigned char)s[k];

			out->lines += c == '\n';
			out->chars[c / 64] |= UINT64_C(1) << (c % 64);
		}
	}
}

static double gap(size_t a, size_t b)
{
	return (double)(a > b ? a - b : b - a);
}

/* A cheap stand-in for the edit distance, as the reference has it. */
static double unlike(const struct pike_traits *a, const struct pike_traits *b)
{
	int chars = 0;

	for (size_t i = 0; i < 4; i++)
		chars += __builtin_popcountll(a->chars[i] ^ b->chars[i]);
	return 0.1 * gap(a->bytes, b->bytes) + 10 * gap(a->lines, b->lines) +
	       0.5 * chars;
}

static double diversity(const struct pike_cells *c, size_t at)
{
	double sum = 0;

	for (size_t i = 0; i < c->nrefs; i++)
		sum += unlike(&c->traits[at], &c->traits[c->ref[i]]);
	return c->nrefs ? sum / (double)c->nrefs : 0;
}

/* Widens feature i's range by `value` and gives its bin there. */
static int bin(struct pike_cells *c, size_t i, double value)
{
	int at;

	c->min[i] = !c->any || value < c->min[i] ? value : c->min[i];
	c->max[i] = !c->any || value > c->max[i] ? value : c->max[i];
	if (c->max[i] <= c->min[i])
		return PIKE_BINS / 2;
	at = (int)((value - c->min[i]) / (c->max[i] - c->min[i]) * PIKE_BINS);
	return at < PIKE_BINS ? at : PIKE_BINS - 1;
}

int pike_cells_place(struct pike_cells *c, size_t at, double score)
{
	bool known = c->traits && c->traits[at].bytes;
	int x, y = 0;

	if (c->traits && !known)
		return PIKE_NO_CELL;
	if (known) {
		x = bin(c, 0, (double)c->traits[at].bytes);
		y = bin(c, 1, diversity(c, at));
		if (c->nrefs < PIKE_REFERENCES)
			c->ref[c->nrefs++] = at;
	} else {
		x = bin(c, 0, score);
	}
	c->any = true;
	return x * PIKE_BINS + y;
}
