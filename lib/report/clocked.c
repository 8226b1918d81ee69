/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clocked: what results tell of the time that went into them. A device is held
 * for all of a result but the wait for it; kernels run in the pairs that were
 * timed, once for the base or champion and once for the candidate.
 */
#include "report/figures.h"

#include "base/mem.h"

#include <string.h>

#define SECS_MAX 1e9 /* notes may say anything */
#define WAIT "wait"  /* the phase before a device is held */

static double *phase(struct pike_clocked *c, const char *name)
{
	for (size_t i = 0; i < c->nphases; i++)
		if (!strcmp(c->phases[i].name, name))
			return &c->phases[i].secs;
	if (c->nphases == PIKE_ARRAY_LEN(c->phases) ||
	    strlen(name) >= sizeof(c->phases[0].name))
		return NULL;
	memcpy(c->phases[c->nphases].name, name, strlen(name) + 1);
	return &c->phases[c->nphases++].secs;
}

void pike_clocked_add(struct pike_clocked *c, const struct pike_result *r)
{
	const char *name;
	int64_t from;

	if (!(r->secs >= 0 && r->secs < SECS_MAX) || r->ts < 0)
		return;
	from = r->ts - (int64_t)r->secs;
	c->from = !c->n || from < c->from ? from : c->from;
	c->to = !c->n || r->ts > c->to ? r->ts : c->to;
	c->n++;
	c->held += r->secs;
	for (size_t i = 0; (name = pike_json_key(r->phases, i)); i++) {
		double secs = pike_json_f64(r->phases, name, 0);
		double *sum = NULL;

		if (secs > 0 && secs < SECS_MAX)
			sum = phase(c, name);
		if (sum)
			*sum += secs;
		if (sum && !strcmp(name, WAIT))
			c->held -= secs;
	}
	for (size_t i = 0; i < r->ncases; i++)
		c->kernels +=
		    r->cases[i].pairs *
		    (double)(r->cases[i].base_ns + r->cases[i].cand_ns) / 1e9;
}

void pike_clocked_join(struct pike_clocked *c, const struct pike_clocked *more)
{
	if (!more->n)
		return;
	c->from = !c->n || more->from < c->from ? more->from : c->from;
	c->to = !c->n || more->to > c->to ? more->to : c->to;
	c->n += more->n;
	c->held += more->held;
	c->kernels += more->kernels;
	for (size_t i = 0; i < more->nphases; i++) {
		double *sum = phase(c, more->phases[i].name);

		if (sum)
			*sum += more->phases[i].secs;
	}
}
