/* SPDX-License-Identifier: Apache-2.0 */
/* tunables: what a tuner proposes becomes candidates: the champion's files with
 * other values of their tunables. */
#include "run/run_priv.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"

#include <stdlib.h>
#include <string.h>

static int scan(struct pike_space *out, const struct pike_target *t,
		const struct pike_files *files, struct pike_err *err)
{
	int ret = 0;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; !ret && i < t->sources.n; i++) {
		const struct pike_file *f =
		    pike_files_find(files, t->sources.v[i]);
		if (f)
			ret = pike_space_scan(out, i, f->path, f->data, err);
	}
	return ret;
}

/* The champion's files with the numbers of `idea`. */
static int apply_idea(struct pike_files *out, const struct pike_target *t,
		      const struct pike_files *files,
		      const struct pike_space *space, const char *idea,
		      struct pike_err *err)
{
	int *choice = pike_xcalloc(space->n + 1, sizeof(*choice));
	struct pike_buf text;
	int ret = 0;

	if (pike_space_read(choice, space, idea)) {
		ret = pike_fail(err, PIKE_FAILED,
				"idea '%s' does not fit the tunables", idea);
		goto out;
	}
	for (size_t i = 0; i < t->sources.n; i++) {
		const struct pike_file *f =
		    pike_files_find(files, t->sources.v[i]);
		if (!f)
			continue;
		pike_buf_init(&text, 8 << 20);
		ret = pike_space_apply(&text, space, i, f->data, choice, err);
		if (!ret)
			pike_files_add(out, f->path, text.s, text.len);
		pike_buf_release(&text);
		if (ret)
			break;
	}
out:
	free(choice);
	return ret;
}

uint64_t pike_tunables_seed(const struct pike_run *run)
{
	struct pike_rng rng;

	pike_rng_seed(&rng,
		      run->seed * 0x9e3779b97f4a7c15ULL + run->history->nrecs);
	return pike_rng_u64(&rng);
}

/* ---- what the tuner looks at ---- */

void pike_tunables_release(struct pike_tunables *n)
{
	for (size_t i = 0; i < n->nknown; i++) {
		free(n->known[i].parents);
		free(n->known[i].idea);
	}
	free(n->known);
	pike_space_release(&n->space);
	pike_space_release(&n->base);
	pike_space_release(&n->root);
	pike_files_release(&n->files);
	memset(n, 0, sizeof(*n));
}

static int scan_root(struct pike_tunables *n, struct pike_run *run,
		     struct pike_err *err)
{
	size_t at = pike_hybrid_root(run->history);
	struct pike_files files = { 0 };
	int ret;

	if (at == PIKE_NO_RECORD)
		return scan(&n->root, run->target, &run->in.base, err);
	ret = pike_run_files(&files, run, &run->history->recs[at].id, err);
	if (!ret)
		ret = scan(&n->root, run->target, &files, err);
	pike_files_release(&files);
	return ret;
}

int pike_tunables_look(struct pike_tunables *n, struct pike_run *run,
		       struct pike_err *err)
{
	const struct pike_oid *champion = &run->history->champion;
	int ret;

	if (pike_oid_eq(&n->champion, champion))
		return 0;
	pike_tunables_release(n);
	ret = pike_run_files(&n->files, run, champion, err);
	if (!ret)
		ret = scan(&n->space, run->target, &n->files, err);
	if (!ret)
		ret = scan(&n->base, run->target, &run->in.base, err);
	if (!ret)
		ret = scan_root(n, run, err);
	if (!ret)
		n->champion = *champion;
	return ret;
}

/* ---- storing ---- */

struct batch {
	struct pike_proposal *p;
	const struct pike_move **from;
	struct pike_oid parent;
	size_t n;
};

static void batch_release(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		pike_files_release(&b->p[i].files);
	free(b->p);
	free(b->from);
}

/* Moves become proposals; one that equals the base is no candidate. */
static int fill_batch(struct batch *b, struct pike_run *run,
		      const struct pike_moves *moves,
		      const struct pike_tunables *n, struct pike_err *err)
{
	struct pike_oid source;
	int ret = 0;

	b->p = pike_xcalloc(moves->n + 1, sizeof(*b->p));
	b->from = pike_xcalloc(moves->n + 1, sizeof(*b->from));
	b->parent = n->champion;
	for (size_t i = 0; !ret && i < moves->n; i++) {
		const struct pike_move *m = &moves->v[i];
		struct pike_proposal *p = &b->p[b->n];

		if (!m->agent->sets_numbers)
			continue;
		ret = apply_idea(&p->files, run->target, &n->files, &n->space,
				 m->idea, err);
		if (!ret)
			ret = pike_repo_source(&source, run->repo, &p->files,
					       err);
		if (ret || pike_oid_eq(&source, &run->base_source)) {
			pike_files_release(&p->files);
			continue;
		}
		p->parents = &b->parent;
		p->nparents = 1;
		p->subject = m->idea;
		p->body = "Numbers chosen by the tuner from the tunables that "
			  "the source declares.";
		p->agent = m->agent;
		p->slot = m->slot;
		p->idea = m->idea;
		p->run = run->o.run;
		p->generation = (int64_t)run->history->ngens;
		b->from[b->n++] = m;
	}
	return ret;
}

/* A configuration whose files a record has already. */
static void add_known(struct pike_tunables *n, const struct pike_history *h,
		      const struct pike_move *m, const struct pike_oid *id)
{
	size_t at = 0;

	while (at < h->nrecs && !pike_oid_eq(&h->recs[at].id, id))
		at++;
	PIKE_GROW(n->known, n->nknown, n->known_cap);
	n->known[n->nknown++] = (struct pike_move){
		.agent = &pike_agent_tune,
		.parents = pike_xmemdup(&at, sizeof(at)),
		.nparents = 1,
		.idea = pike_xstrdup(m->idea),
	};
}

static int store_batch(struct pike_run *run, struct pike_tunables *n,
		       struct batch *b, struct pike_err *err)
{
	struct pike_oid *ids = pike_xcalloc(b->n + 1, sizeof(*ids));
	bool *known = pike_xcalloc(b->n + 1, sizeof(*known));
	int ret = pike_search_store(ids, known, run->search, run->history, b->p,
				    b->n, err);

	for (size_t i = 0; !ret && i < b->n; i++) {
		run->stats.proposed += !known[i];
		if (known[i])
			add_known(n, run->history, b->from[i], &ids[i]);
	}
	free(ids);
	free(known);
	return ret;
}

int pike_tunables_store(struct pike_tunables *n, struct pike_run *run,
			const struct pike_moves *moves, struct pike_err *err)
{
	struct batch batch = { 0 };
	int ret = fill_batch(&batch, run, moves, n, err);

	if (!ret && batch.n)
		ret = store_batch(run, n, &batch, err);
	batch_release(&batch);
	return ret;
}

/* ---- the tuner alone ---- */

static int64_t room(const struct pike_run *run)
{
	int64_t size = run->settings->generation_size;
	int64_t open = (int64_t)pike_run_open_count(run, NULL);
	int64_t left = size > open ? size - open : 0;
	int64_t may = pike_run_allowance(run);

	return left < may ? left : may;
}

static void say_none(struct pike_run *run)
{
	if (!run->nothing_to_tune)
		pike_warn("target '%s': strategy '%s' changes tunables, and no "
			  "source declares one; mark a number in %s, like "
			  "`#define UNROLL 1 //pike: tune 1 2 4 8`, and commit "
			  "it, or take a strategy that asks a model "
			  "(`pike-git strategies` lists them)",
			  run->target->name, run->preset.name,
			  run->target->sources.v[0]);
	run->nothing_to_tune = true;
}

int pike_tunables_propose(struct pike_run *run, struct pike_err *err)
{
	struct pike_tunables n = { 0 };
	struct pike_moves moves = { 0 };
	struct pike_search_input in = {
		.history = run->history,
		.space = &n.space,
		.base_space = &n.base,
		.root_space = &n.root,
		.settings = run->settings,
		.target = run->target,
		.seed = pike_tunables_seed(run),
		.want = (size_t)room(run),
	};
	int ret;

	if (!in.want)
		return 0;
	ret = pike_tunables_look(&n, run, err);
	if (!ret && !n.space.n)
		say_none(run);
	if (!ret)
		ret = run->strategy->next(&moves, &in, err);
	if (!ret)
		ret = pike_tunables_store(&n, run, &moves, err);
	pike_moves_release(&moves);
	pike_tunables_release(&n);
	return ret;
}
