/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay: a recorded table answers for the machine, so that strategies can be
 * compared on real kernels in milliseconds, and repeatably.
 */
#ifndef PIKE_TESTS_REPLAY_H
#define PIKE_TESTS_REPLAY_H

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "search/search.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct table {
	struct pike_space space;
	size_t n;
	int *choice;
	double *ns; /* NaN: fails */
	double base, best;
};

static void table_release(struct table *t)
{
	pike_space_release(&t->space);
	free(t->choice);
	free(t->ns);
}

/* The space that the columns span, by way of the source that declares it. */
static int table_space(struct table *t, const struct pike_strs *head,
		       const struct pike_strs *rows, struct pike_err *err)
{
	struct pike_buf src;
	int ret;

	pike_buf_init(&src, 1 << 16);
	for (size_t c = 0; c + 1 < head->n; c++) {
		struct pike_strs values = PIKE_STRS_INIT;

		/* The first row is the base and out of order. */
		for (size_t i = 1; i <= rows->n; i++) {
			struct pike_strs f = PIKE_STRS_INIT;

			pike_strs_split(&f, rows->v[i % rows->n], "\t");
			if (c < f.n && !pike_strs_has(&values, f.v[c]))
				pike_strs_push(&values, f.v[c]);
			if (i == rows->n)
				pike_buf_addf(&src,
					      "#define %s %s //pike: tune",
					      head->v[c], f.v[c]);
			pike_strs_release(&f);
		}
		for (size_t i = 0; i < values.n; i++)
			pike_buf_addf(&src, " %s", values.v[i]);
		pike_buf_addc(&src, '\n');
		pike_strs_release(&values);
	}
	ret = pike_space_scan(&t->space, 0, "table", src.s, err);
	pike_buf_release(&src);
	return ret;
}

static int table_row(struct table *t, const char *row, struct pike_err *err)
{
	struct pike_strs f = PIKE_STRS_INIT;
	struct pike_buf idea;
	size_t dims = t->space.n;
	double ns = NAN;
	int ret = 0;

	pike_buf_init(&idea, 4096);
	pike_strs_split(&f, row, "\t");
	for (size_t c = 0; c < dims && c < f.n; c++)
		pike_buf_addf(&idea, "%s%s=%s", c ? " " : "",
			      t->space.t[c].name, f.v[c]);
	if (f.n != dims + 1 ||
	    pike_space_read(t->choice + t->n * dims, &t->space, idea.s) ||
	    (strcmp(f.v[dims], "fail") != 0 && !pike_parse_f64(f.v[dims], &ns)))
		ret = pike_fail(err, PIKE_FAILED, "bad row '%s'", row);
	else
		t->ns[t->n++] = ns;
	pike_buf_release(&idea);
	pike_strs_release(&f);
	return ret;
}

static int table_read(struct table *t, const char *path, struct pike_err *err)
{
	struct pike_strs lines = PIKE_STRS_INIT, head = PIKE_STRS_INIT;
	struct pike_strs rows = PIKE_STRS_INIT;
	struct pike_buf text;
	int ret;

	*t = (struct table){ 0 };
	pike_buf_init(&text, 1 << 20);
	ret = pike_read_file(&text, path, err);
	if (ret)
		goto out;
	pike_strs_split(&lines, text.s, "\n");
	for (size_t i = 0; i < lines.n; i++)
		if (lines.v[i][0] != '#' && !head.n)
			pike_strs_split(&head, lines.v[i], "\t");
		else if (lines.v[i][0] != '#')
			pike_strs_push(&rows, lines.v[i]);
	if (head.n < 2 || !rows.n)
		ret = pike_fail(err, PIKE_FAILED, "'%s' is no table", path);
	else
		ret = table_space(t, &head, &rows, err);
	t->choice = pike_xcalloc(rows.n * (t->space.n + 1), sizeof(int));
	t->ns = pike_xcalloc(rows.n + 1, sizeof(double));
	for (size_t i = 0; !ret && i < rows.n; i++)
		ret = table_row(t, rows.v[i], err);
	t->base = t->best = t->ns[0];
	for (size_t i = 0; i < t->n; i++)
		t->best = fmin(t->best, t->ns[i]);
out:
	pike_strs_release(&lines);
	pike_strs_release(&head);
	pike_strs_release(&rows);
	pike_buf_release(&text);
	return ret;
}

/* NaN for what fails; every configuration of the space has a row. */
static double table_ns(const struct table *t, const char *idea)
{
	size_t dims = t->space.n;
	int *choice = pike_xcalloc(dims + 1, sizeof(*choice));
	double ns = NAN;

	if (!pike_space_read(choice, &t->space, idea))
		for (size_t i = 0; i < t->n; i++)
			if (!memcmp(choice, t->choice + i * dims,
				    dims * sizeof(*choice)))
				ns = t->ns[i];
	free(choice);
	return ns;
}

/* Adds the record of one measured move to the history. */
static void replay_record(struct pike_history *h, const struct table *t,
			  const char *idea)
{
	double ns = table_ns(t, idea), x = t->base / ns;
	struct pike_record r = { .generation = 1, .settled = -1 };
	struct pike_score s = { .verdict = PIKE_V_BUILD, .vs = h->base };
	struct pike_oid id;

	snprintf(r.id.hex, sizeof(r.id.hex), "%040zx", h->nrecs + 2);
	r.source = r.id;
	r.agent = &pike_agent_tune;
	r.idea = pike_xstrdup(idea);
	r.score = NAN;
	id = r.id;
	if (!isnan(ns)) {
		s.verdict = x > 1 ? PIKE_V_FASTER : PIKE_V_SLOWER;
		s.ratio = (struct pike_ratio){ x, x, x };
	}
	pike_history_add(h, &r);
	pike_history_apply(h, &id, PIKE_SCREEN, &s);
}

static const struct pike_strategy_ops *strategy_named(const char *name)
{
	const struct pike_settings none = { 0 };
	struct pike_preset preset;

	return pike_strategy_choose(&preset, &none, name);
}

static struct pike_history *replay_history(void)
{
	struct pike_history *h = pike_history_new("table", "cpu");

	snprintf(h->base.hex, sizeof(h->base.hex), "%040x", 1);
	h->champion = h->base;
	h->speedup = (struct pike_ratio){ 1, 1, 1 };
	return h;
}

/* Lets a strategy search; out[i] is the best time found after budget[i]
 * measurements (rising), as a multiple of the table's best. Returns how many
 * were measured, fewer when the space is exhausted. */
static size_t replay(double *out, const struct table *t,
		     const struct pike_strategy_ops *ops, uint64_t seed,
		     const size_t *budget, size_t nbudgets)
{
	enum {
		GENERATION = 10
	};
	struct pike_history *h = replay_history();
	double best = t->base;
	size_t done = 0, b = 0;

	while (b < nbudgets) {
		struct pike_moves moves = { 0 };
		struct pike_search_input in = { .history = h,
						.space = &t->space,
						.seed = seed * 1000003 + done,
						.want = GENERATION };

		ops->next(&moves, &in, NULL);
		for (size_t i = 0; i < moves.n && b < nbudgets; i++) {
			replay_record(h, t, moves.v[i].idea);
			best = fmin(best, table_ns(t, moves.v[i].idea));
			if (++done == budget[b])
				out[b++] = best / t->best;
		}
		for (; !moves.n && b < nbudgets; b++)
			out[b] = best / t->best;
		pike_moves_release(&moves);
	}
	pike_history_free(h);
	return done;
}

#endif
