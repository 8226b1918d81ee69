/* SPDX-License-Identifier: Apache-2.0 */
/*
 * population: the library of PIKE-O (arXiv:2511.16964): islands of at most so
 * many solutions in all, an archive of elites, cells of a MAP-Elites grid
 * (Mouret and Clune 2015, arXiv:1504.04909).
 */
#ifndef PIKE_SEARCH_POPULATION_PRIV_H
#define PIKE_SEARCH_POPULATION_PRIV_H

#include "search/search_priv.h"

#define PIKE_BINS 10	  /* of each of the two features */
#define PIKE_NO_CELL (-1) /* of the base, and of what has no traits */
#define PIKE_REFERENCES 20

/* Where sources lie in the grid, scaled by what was seen so far. */
struct pike_cells {
	const struct pike_traits *traits; /* of each record, or NULL */
	size_t ref[PIKE_REFERENCES];	  /* the first records seen */
	size_t nrefs;
	double min[2], max[2];
	bool any;
};
/* x * PIKE_BINS + y: x by complexity (the length of the code), y by diversity
 * (how unlike the references it is). Without traits: x by score. */
int pike_cells_place(struct pike_cells *c, size_t at, double score);

struct pike_member {
	size_t at; /* record, or PIKE_NO_RECORD */
	double score;
	size_t island;
	int cell;
	bool holds;   /* the best of its cell */
	bool elite;   /* in the archive */
	bool migrant; /* a copy; never migrates again */
};
struct pike_population {
	struct pike_member *v; /* in the order they came */
	size_t n, cap;
	size_t islands, limit, archive;
};
/* With the base on each island. */
void pike_population_init(struct pike_population *p,
			  const struct pike_preset *k, size_t islands);
void pike_population_release(struct pike_population *p);
void pike_population_add(struct pike_population *p, size_t at, double score,
			 size_t island, int cell);
/* `at` stands for member i from now on, on its island and in its cell. */
void pike_population_replace(struct pike_population *p, size_t i, size_t at,
			     double score);
/* Copies the best of each island to both neighbours in the ring. */
void pike_population_migrate(struct pike_population *p, double rate);

#define PIKE_ANY_ISLAND SIZE_MAX
/* By chance, of those on an island (and in the archive); NULL: there is none.
 */
const struct pike_member *pike_population_draw(const struct pike_population *p,
					       size_t island, bool elite,
					       struct pike_rng *rng);
/* Indexes into `v` of an island's, the fastest first; the caller frees. */
struct pike_scored *pike_population_rank(const struct pike_population *p,
					 size_t island, size_t *n);
/* The fastest; never NULL. */
const struct pike_member *pike_population_best(const struct pike_population *p);

#endif
