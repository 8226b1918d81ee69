/* SPDX-License-Identifier: Apache-2.0 */
/*
 * again: what an epoch takes over from the one before: the champion, the best
 * of the others, and what was not measured yet. Each is brought to the new base
 * as a candidate of its own, so that nothing can undo what the base has
 * mended; where it does not merge, the base wins. No model is asked.
 */
#include "run/run_priv.h"

#include "base/log.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of the archive, beside the champion. */
#define BEST 10

struct takeover {
	struct pike_run *run;
	const struct pike_generation *from; /* the epoch before */
	struct pike_oid champion;	    /* its last */
	size_t *which, n, cap;		    /* records, the first first */
	size_t nbest;
	struct pike_proposal *p;
	struct pike_oid (*parents)[2];
	struct pike_buf *subject;
	size_t made, conflicts;
};

static void take(struct takeover *t, size_t i)
{
	for (size_t k = 0; k < t->n; k++)
		if (t->which[k] == i)
			return;
	PIKE_GROW(t->which, t->n, t->cap);
	t->which[t->n++] = i;
}

static bool is_of(const struct takeover *t, const struct pike_record *r)
{
	return r->past && pike_oid_set(&r->source) &&
	       pike_history_epoch(t->run->history, r) == t->from;
}

static int by_was(const void *a, const void *b, void *arg)
{
	const struct pike_record *recs = arg;
	double x = recs[*(const size_t *)a].was;
	double y = recs[*(const size_t *)b].was;

	return (x < y) - (x > y);
}

/* The best ten by what they were worth, the champion before them. */
static void take_best(struct takeover *t)
{
	const struct pike_history *h = t->run->history;
	size_t *v = pike_xcalloc(h->nrecs + 1, sizeof(*v)), n = 0;

	for (size_t i = 0; i < h->nrecs; i++) {
		if (!is_of(t, &h->recs[i]))
			continue;
		if (pike_oid_eq(&h->recs[i].id, &t->champion))
			take(t, i);
		else if (isfinite(h->recs[i].was))
			v[n++] = i;
	}
	qsort_r(v, n, sizeof(*v), by_was, h->recs);
	for (size_t i = 0; i < n && i < BEST; i++)
		take(t, v[i]);
	free(v);
}

/* What was paid for, and is not known to be worth nothing. */
static void take_pending(struct takeover *t)
{
	const struct pike_history *h = t->run->history;

	for (size_t i = 0; i < h->nrecs; i++)
		if (is_of(t, &h->recs[i]) &&
		    h->recs[i].screen.verdict == PIKE_V_PENDING)
			take(t, i);
}

/* A fix has none of its own: it is that of what it mends. */
const char *pike_run_idea(struct pike_history *h, const struct pike_record *r)
{
	for (int i = 0; r && r->agent->mends && !r->again && i < 100; i++)
		r = r->nparents ? pike_history_find(h, &r->parents[0]) : NULL;
	return r && r->idea ? r->idea : "";
}

static void propose(struct takeover *t, const struct pike_record *r,
		    struct pike_files *files)
{
	struct pike_history *h = t->run->history;
	struct pike_proposal *p = &t->p[t->made];
	struct pike_buf *subject = &t->subject[t->made];
	struct pike_oid *parents = t->parents[t->made++];
	const char *idea = pike_run_idea(h, r);

	parents[0] = h->base;
	parents[1] = r->id;
	pike_buf_init(subject, 200);
	pike_buf_addf(subject, "again: %s", *idea ? idea : r->id.hex);
	*p = (struct pike_proposal){
		.parents = parents,
		.nparents = 2,
		.files = *files,
		.agent = r->agent,
		.subject = subject->s,
		.body = "What an earlier candidate changed, on the base of "
			"now.",
		.slot = r->slot,
		.idea = idea,
		.model = r->model,
		.run = t->run->o.run,
		.again = &parents[1],
		.generation = (int64_t)h->ngens,
	};
	memset(files, 0, sizeof(*files));
}

static void say_conflict(const struct takeover *t, const struct pike_record *r,
			 const struct pike_strs *conflicts)
{
	if (pike_oid_eq(&r->id, &t->champion))
		pike_say("%s: the champion %.12s does not merge with the base "
			 "in %s, where the base wins",
			 t->run->target->name, r->id.hex, conflicts->v[0]);
}

/* Nothing is left of what the base has already, or does not go with it. */
static int carry_one(struct takeover *t, size_t i, struct pike_err *err)
{
	struct pike_run *run = t->run;
	const struct pike_record *r = &run->history->recs[i];
	struct pike_strs conflicts = PIKE_STRS_INIT;
	struct pike_files files = { 0 };
	struct pike_oid source;
	int ret = pike_repo_carry(&files, &conflicts, run->repo,
				  &run->target->sources, &t->from->base, &r->id,
				  &run->history->base, err);

	if (!ret)
		ret = pike_repo_source(&source, run->repo, &files, err);
	if (!ret && conflicts.n) {
		t->conflicts++;
		say_conflict(t, r, &conflicts);
	}
	if (!ret && files.n && !pike_oid_eq(&source, &run->base_source) &&
	    !pike_history_by_source(run->history, &source))
		propose(t, r, &files);
	pike_files_release(&files);
	pike_strs_release(&conflicts);
	return ret;
}

static int store(struct takeover *t, struct pike_err *err)
{
	struct pike_oid *ids = pike_xcalloc(t->made + 1, sizeof(*ids));
	bool *known = pike_xcalloc(t->made + 1, sizeof(*known));
	struct pike_run *run = t->run;
	int ret = pike_search_store(ids, known, run->search, run->history, t->p,
				    t->made, err);

	if (!ret)
		pike_say("%s: %zu candidate%s to measure again on %.12s%s",
			 run->target->name, t->made, t->made == 1 ? "" : "s",
			 run->history->base.hex,
			 t->conflicts ? "; of some the base's files are kept, "
					"as they do not merge"
				      : "");
	free(ids);
	free(known);
	return ret;
}

static int carry_all(struct takeover *t, struct pike_err *err)
{
	int ret = 0;

	t->p = pike_xcalloc(t->n + 1, sizeof(*t->p));
	t->parents = pike_xcalloc(t->n + 1, sizeof(*t->parents));
	t->subject = pike_xcalloc(t->n + 1, sizeof(*t->subject));
	for (size_t i = 0; !ret && i < t->n; i++)
		ret = carry_one(t, t->which[i], err);
	if (!ret && t->made)
		ret = store(t, err);
	for (size_t i = 0; i < t->made; i++) {
		pike_files_release(&t->p[i].files);
		pike_buf_release(&t->subject[i]);
	}
	free(t->p);
	free(t->parents);
	free(t->subject);
	return ret;
}

/* Done already by another, or by a process that was killed: each that is there
 * is known by its files. */
int pike_run_carry(struct pike_run *run, struct pike_err *err)
{
	const struct pike_history *h = run->history;
	const struct pike_generation *now = pike_history_epoch(h, NULL);
	struct takeover t = { .run = run };
	int ret;

	if (now == h->gens)
		return 0;
	t.from = &h->gens[now[-1].first];
	t.champion = now[-1].champion;
	take_best(&t);
	take_pending(&t);
	ret = carry_all(&t, err);
	free(t.which);
	return ret;
}

size_t pike_run_again(const struct pike_history *h)
{
	size_t n = 0;

	for (size_t i = pike_history_open(h); i < h->nrecs; i++)
		n += h->recs[i].again && h->recs[i].settled < 0;
	return n;
}
