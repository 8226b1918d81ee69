/* SPDX-License-Identifier: Apache-2.0 */
/*
 * knobs: the strategies of runs side by side, one row a knob, under the names
 * that settings give them.
 */
#include "report/figures.h"

#include "base/mem.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static void whole(struct pike_buf *b, const void *v)
{
	pike_buf_addf(b, "%lld", (long long)*(const int64_t *)v);
}

static void real(struct pike_buf *b, const void *v)
{
	pike_buf_addf(b, "%g", *(const double *)v);
}

static void yes_or_no(struct pike_buf *b, const void *v)
{
	pike_buf_adds(b, *(const bool *)v ? "yes" : "no");
}

static void selected(struct pike_buf *b, const void *v)
{
	pike_buf_adds(b, pike_selector_name(*(const enum pike_selector *)v));
}

static void prompt(struct pike_buf *b, const void *v)
{
	pike_buf_adds(b, *(const bool *)v ? "crossover" : "mutation");
}

#define KNOB(key, field, print)                                                \
	{                                                                      \
		key, offsetof(struct pike_preset, field), print                \
	}
static const struct {
	const char *name;
	size_t offset;
	void (*print)(struct pike_buf *b, const void *v);
} rows[] = {
	KNOB("samples", samples, whole),
	KNOB("parents", parents, whole),
	KNOB("selector", selector, selected),
	KNOB("islands", islands, whole),
	KNOB("population", population, whole),
	KNOB("archive", archive, whole),
	KNOB("explore", explore, real),
	KNOB("exploit", exploit, real),
	KNOB("migration-interval", migration_interval, whole),
	KNOB("migration-rate", migration_rate, real),
	KNOB("prompt", crossover, prompt),
	KNOB("parallel", parallel, whole),
	KNOB("fix-attempts", fixes, whole),
	KNOB("ideas", ideas, whole),
	KNOB("history", history, whole),
	KNOB("elitism", elitism, yes_or_no),
	KNOB("profile", profile, yes_or_no),
	KNOB("lessons", lessons, yes_or_no),
};

const char *pike_knob_name(size_t i)
{
	return i < PIKE_ARRAY_LEN(rows) ? rows[i].name : NULL;
}

void pike_knob_text(struct pike_buf *b, const struct pike_preset *p, size_t i)
{
	/* What asks nobody has no use for any of them. */
	if (p && p->asks)
		rows[i].print(b, (const char *)p + rows[i].offset);
}

static bool is_same(const struct pike_report_search *a,
		    const struct pike_report_search *b)
{
	return !strcmp(a->run, b->run) && !strcmp(a->strategy, b->strategy);
}

size_t pike_report_strategies(const struct pike_report_search ***out,
			      const struct pike_report *r)
{
	const struct pike_report_search **v =
	    pike_xcalloc(r->n + 1, sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		size_t k = 0;

		while (k < n && !(r->v[i].strategy && is_same(v[k], &r->v[i])))
			k++;
		if (r->v[i].strategy && k == n)
			v[n++] = &r->v[i];
	}
	*out = v;
	return n;
}
