/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger: what models were asked and what it cost, summed up from a history.
 */
#ifndef PIKE_MODEL_LEDGER_H
#define PIKE_MODEL_LEDGER_H

#include "model/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Was a model asked for it? */
bool pike_record_asked(const struct pike_record *r);
/* Does it count against a budget of queries? */
bool pike_record_is_query(const struct pike_record *r);
/* Is there something to measure? Not of a brainstorm or an unusable reply. */
bool pike_record_is_candidate(const struct pike_record *r);

struct pike_ledger_row {
	const struct pike_agent *agent; /* of a sum: unknown */
	const char *model;		/* of the history; "" in a sum */
	int64_t generation;		/* -1: of all */
	int64_t exchanges, queries, usable, tokens_in, tokens_out;
	int64_t again;	 /* tries beside the first of each */
	int64_t guessed; /* exchanges whose tokens nobody has counted */
	double usd;
};
/* The sum of all records. */
void pike_ledger_sum(struct pike_ledger_row *out, const struct pike_history *h);
/* A row for each agent and model (and generation, if `each`), in the order in
 * which they first occur. The caller frees. */
size_t pike_ledger(struct pike_ledger_row **out, const struct pike_history *h,
		   bool each);

#endif
