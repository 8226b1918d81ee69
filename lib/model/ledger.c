/* SPDX-License-Identifier: Apache-2.0 */
/* ledger: sums over a history. */
#include "model/ledger.h"

#include "base/mem.h"

#include <string.h>

bool pike_record_is_query(const struct pike_record *r)
{
	return r->agent->query && !r->again;
}

bool pike_record_asked(const struct pike_record *r)
{
	return r->agent->asks && !r->again;
}

bool pike_record_is_candidate(const struct pike_record *r)
{
	return !pike_record_asked(r) || pike_oid_set(&r->source);
}

static void add(struct pike_ledger_row *row, const struct pike_record *r)
{
	row->exchanges++;
	row->queries += pike_record_is_query(r);
	row->usable +=
	    pike_oid_set(&r->source) ||
	    (!pike_record_is_query(r) && r->screen.verdict == PIKE_V_NONE);
	row->again += r->tries > 1 ? r->tries - 1 : 0;
	row->guessed += r->guessed;
	row->tokens_in += r->tokens_in;
	row->tokens_out += r->tokens_out;
	row->usd += r->cost;
}

void pike_ledger_sum(struct pike_ledger_row *out, const struct pike_history *h)
{
	*out = (struct pike_ledger_row){ .agent = &pike_agent_unknown,
					 .model = "",
					 .generation = -1 };
	for (size_t i = 0; i < h->nrecs; i++)
		if (pike_record_asked(&h->recs[i]))
			add(out, &h->recs[i]);
}

static bool fits(const struct pike_ledger_row *row, const struct pike_record *r,
		 bool each)
{
	return (!each || row->generation == r->generation) &&
	       row->agent == r->agent &&
	       !strcmp(row->model, r->model ? r->model : "");
}

size_t pike_ledger(struct pike_ledger_row **out, const struct pike_history *h,
		   bool each)
{
	struct pike_ledger_row *v = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < h->nrecs; i++) {
		const struct pike_record *r = &h->recs[i];
		size_t at = n;

		if (!pike_record_asked(r))
			continue;
		/* The youngest rows are the likeliest. */
		while (at && !fits(&v[at - 1], r, each))
			at--;
		if (!at) {
			PIKE_GROW(v, n, cap);
			v[n] = (struct pike_ledger_row){
				.agent = r->agent,
				.model = r->model ? r->model : "",
				.generation = each ? r->generation : -1,
			};
			at = ++n;
		}
		add(&v[at - 1], r);
	}
	*out = v;
	return n;
}
