/* SPDX-License-Identifier: Apache-2.0 */
/* sets: what a pool holds. */
#include "eval/pool_priv.h"

static size_t cell(const struct pike_pool *p, size_t set, size_t arg)
{
	return set * p->layout.n + arg;
}

const struct pike_truth *pike_pool_truth(const struct pike_pool *p, size_t set,
					 size_t arg)
{
	return &p->tr[cell(p, set, arg)];
}

const void *pike_pool_input(const struct pike_pool *p, size_t set, size_t arg)
{
	const void *copy = p->copy[cell(p, set, arg)];

	return copy ? copy : pike_mem_at(&p->mem[arg], set);
}

struct pike_source pike_pool_source(const struct pike_pool *p, size_t set,
				    size_t arg)
{
	const struct pike_mem *m = &p->mem[arg];

	if (m->at)
		return (struct pike_source){ .gpu = m->at + set * m->stride };
	return (struct pike_source){ .host = pike_mem_at(m, set) };
}

const struct pike_natural *pike_pool_nat(const struct pike_pool *p, size_t set,
					 size_t arg)
{
	return &p->nat[cell(p, set, arg)];
}

int pike_pool_fetch(struct pike_pool *p, size_t set, struct pike_err *err)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < p->layout.n; i++)
		ret = p->layout.buffers->fetch(p, set, i, err);
	return ret;
}

int pike_pool_passes(bool *out, struct pike_pool *p, const struct pike_trial *t,
		     struct pike_err *err)
{
	return p->layout.buffers->passes(out, p, t, err);
}
