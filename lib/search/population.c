/* SPDX-License-Identifier: Apache-2.0 */
/*
 * population: PIKE-O's library of solutions (arXiv:2511.16964).
 *
 * What the reference does and this does not: there a failed program enters
 * with a score of 0, fills the archive and may become a parent; here only what
 * was measured enters. There a cell that is won while the archive is full also
 * costs the archive its worst one. There the first island's migrant, arrived a
 * moment ago, may be all that the second one has to send on.
 */
#include "search/population_priv.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static size_t push(struct pike_population *p, const struct pike_member *m)
{
	PIKE_GROW(p->v, p->n, p->cap);
	p->v[p->n] = *m;
	return p->n++;
}

static size_t at_least(int64_t knob, size_t least)
{
	return knob > (int64_t)least ? (size_t)knob : least;
}

/* The reference copies the best one into an island that is explored while
 * empty; until something is finished that is the base. */
void pike_population_init(struct pike_population *p,
			  const struct pike_preset *k, size_t islands)
{
	*p = (struct pike_population){ .islands = islands,
				       .limit = at_least(k->population, 1),
				       .archive = at_least(k->archive, 0) };
	for (size_t i = 0; i < islands; i++)
		push(p, &(struct pike_member){ .at = PIKE_NO_RECORD,
					       .island = i,
					       .cell = PIKE_NO_CELL });
}

void pike_population_release(struct pike_population *p)
{
	free(p->v);
	*p = (struct pike_population){ 0 };
}

/* Of equal ones the first. */
const struct pike_member *pike_population_best(const struct pike_population *p)
{
	const struct pike_member *best = p->v;

	for (size_t i = 1; i < p->n; i++)
		if (p->v[i].score > best->score)
			best = &p->v[i];
	return best;
}

/* ---- cells and the archive ---- */

/* A better one takes the cell. The loser leaves the archive, and thus a place
 * in it. */
static void contest_cell(struct pike_population *p, struct pike_member *m)
{
	m->holds = m->cell != PIKE_NO_CELL;
	for (size_t i = 0; m->holds && i < p->n; i++) {
		struct pike_member *old = &p->v[i];

		if (old == m || !old->holds || old->cell != m->cell)
			continue;
		if (old->score >= m->score)
			m->holds = false;
		else
			old->holds = old->elite = false;
	}
}

static void enter_archive(struct pike_population *p, struct pike_member *m)
{
	struct pike_member *worst = NULL;
	size_t elites = 0;

	for (size_t i = 0; i < p->n; i++) {
		struct pike_member *e = &p->v[i];

		elites += e->elite;
		if (e->elite && (!worst || e->score < worst->score))
			worst = e;
	}
	m->elite = elites < p->archive || (worst && m->score > worst->score);
	if (m->elite && elites >= p->archive)
		worst->elite = false;
}

static void drop(struct pike_population *p, size_t i)
{
	p->n--;
	memmove(&p->v[i], &p->v[i + 1], (p->n - i) * sizeof(*p->v));
}

/* The slowest go, whatever island they are on; never the best one, nor the one
 * that has just come and is the last. */
static void enforce_limit(struct pike_population *p)
{
	while (p->n > p->limit) {
		size_t best = (size_t)(pike_population_best(p) - p->v);
		size_t worst = p->n;

		for (size_t i = 0; i + 1 < p->n; i++)
			if (i != best && (worst == p->n ||
					  p->v[i].score < p->v[worst].score))
				worst = i;
		if (worst == p->n)
			break;
		drop(p, worst);
	}
}

void pike_population_add(struct pike_population *p, size_t at, double score,
			 size_t island, int cell)
{
	size_t i = push(
	    p, &(struct pike_member){
		   .at = at, .score = score, .island = island, .cell = cell });

	contest_cell(p, &p->v[i]);
	enter_archive(p, &p->v[i]);
	enforce_limit(p);
}

void pike_population_replace(struct pike_population *p, size_t i, size_t at,
			     double score)
{
	struct pike_member old = p->v[i];

	drop(p, i);
	pike_population_add(p, at, score, old.island, old.cell);
}

/* ---- migration ---- */

struct pike_scored *pike_population_rank(const struct pike_population *p,
					 size_t island, size_t *n)
{
	struct pike_scored *v = pike_xcalloc(p->n + 1, sizeof(*v));

	*n = 0;
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].island == island)
			v[(*n)++] = (struct pike_scored){ p->v[i].score, i };
	qsort(v, *n, sizeof(*v), pike_by_score);
	return v;
}

static bool lives_on(const struct pike_population *p, size_t at, size_t island)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].at == at && p->v[i].island == island)
			return true;
	return false;
}

static void copy_to(struct pike_population *p, size_t from, size_t island)
{
	struct pike_member m = p->v[from];

	if (lives_on(p, m.at, island))
		return;
	m.island = island;
	m.holds = m.elite = false;
	m.migrant = true;
	push(p, &m);
}

/* Who goes is settled before anyone arrives. The base is everywhere already. */
void pike_population_migrate(struct pike_population *p, double rate)
{
	size_t n, before = p->n, islands = p->islands;
	bool *goes;

	if (!(rate > 0))
		return;
	goes = pike_xcalloc(before + 1, sizeof(*goes));
	for (size_t island = 0; island < islands; island++) {
		struct pike_scored *r = pike_population_rank(p, island, &n);
		double share = (double)n * rate;
		size_t most = share < 1		  ? 1
			      : share > (double)n ? n
						  : (size_t)share;

		for (size_t i = 0; i < most && i < n; i++)
			goes[r[i].at] = !p->v[r[i].at].migrant &&
					p->v[r[i].at].at != PIKE_NO_RECORD;
		free(r);
	}
	for (size_t i = 0; i < before; i++) {
		size_t home = p->v[i].island;

		if (!goes[i])
			continue;
		copy_to(p, i, home + 1 < islands ? home + 1 : 0);
		copy_to(p, i, home ? home - 1 : islands - 1);
	}
	free(goes);
}

/* ---- drawing ---- */

const struct pike_member *pike_population_draw(const struct pike_population *p,
					       size_t island, bool elite,
					       struct pike_rng *rng)
{
	const struct pike_member *one = NULL;
	uint64_t met = 0;

	/* The k-th that fits replaces those before it with chance 1/k. */
	for (size_t i = 0; i < p->n; i++) {
		const struct pike_member *m = &p->v[i];

		if ((island != PIKE_ANY_ISLAND && m->island != island) ||
		    (elite && !m->elite))
			continue;
		if (!pike_rng_below(rng, ++met))
			one = m;
	}
	return one;
}
