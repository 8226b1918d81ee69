/* SPDX-License-Identifier: Apache-2.0 */
/* propose: stage 1. Asks the strategy for moves and stores them as candidates
 * on the ladder, as many as the open generation and the budget have room for.
 */
#include "run/run_priv.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long a wait for replies lasts before looking at `stop`. */
#define LISTEN_MS 200

static int scan_space(struct pike_space *out, const struct pike_target *t,
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

static uint64_t move_seed(const struct pike_run *run)
{
	struct pike_rng rng;

	pike_rng_seed(&rng,
		      run->seed * 0x9e3779b97f4a7c15ULL + run->history->nrecs);
	return pike_rng_u64(&rng);
}

struct batch {
	struct pike_proposal *p;
	struct pike_oid parent;
	size_t n;
};

static void batch_release(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		pike_files_release(&b->p[i].files);
	free(b->p);
}

/* Moves become proposals; one that equals the base is no candidate. */
static int fill_batch(struct batch *b, struct pike_run *run,
		      const struct pike_moves *moves,
		      const struct pike_files *files,
		      const struct pike_space *space, struct pike_err *err)
{
	struct pike_oid source;
	int ret = 0;

	b->p = pike_xcalloc(moves->n + 1, sizeof(*b->p));
	b->parent = run->history->champion;
	for (size_t i = 0; !ret && i < moves->n; i++) {
		const struct pike_move *m = &moves->v[i];
		struct pike_proposal *p = &b->p[b->n];

		ret = apply_idea(&p->files, run->target, files, space, m->idea,
				 err);
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
		b->n++;
	}
	return ret;
}

static int store_batch(struct pike_run *run, struct batch *b,
		       struct pike_err *err)
{
	struct pike_oid *ids = pike_xcalloc(b->n + 1, sizeof(*ids));
	bool *known = pike_xcalloc(b->n + 1, sizeof(*known));
	int ret = pike_search_store(ids, known, run->search, run->history, b->p,
				    b->n, err);

	for (size_t i = 0; !ret && i < b->n; i++)
		run->stats.proposed += !known[i];
	free(ids);
	free(known);
	return ret;
}

static int64_t room(const struct pike_run *run)
{
	int64_t size = run->settings->generation_size;
	int64_t open = (int64_t)pike_run_open_count(run, NULL);
	int64_t left = size > open ? size - open : 0;
	int64_t may = pike_run_allowance(run);

	return left < may ? left : may;
}

static int propose_numbers(struct pike_run *run, struct pike_err *err)
{
	struct pike_files files = { 0 };
	struct pike_space space = { 0 }, base = { 0 };
	struct pike_moves moves = { 0 };
	struct batch batch = { 0 };
	struct pike_search_input in = {
		.history = run->history,
		.space = &space,
		.base_space = &base,
		.settings = run->settings,
		.target = run->target,
	};
	int ret = 0;

	in.seed = move_seed(run);
	in.want = (size_t)room(run);
	if (!in.want)
		goto out;
	ret = pike_run_files(&files, run, &run->history->champion, err);
	if (!ret)
		ret = scan_space(&space, run->target, &files, err);
	if (!ret)
		ret = scan_space(&base, run->target, &run->in.base, err);
	if (!ret)
		ret = run->strategy->next(&moves, &in, err);
	if (!ret)
		ret = fill_batch(&batch, run, &moves, &files, &space, err);
	if (!ret && batch.n)
		ret = store_batch(run, &batch, err);
out:
	batch_release(&batch);
	pike_moves_release(&moves);
	pike_space_release(&space);
	pike_space_release(&base);
	pike_files_release(&files);
	return ret;
}

/* All that the strategy wants until something is measured. */
static int propose_models(struct pike_run *run, struct pike_err *err)
{
	size_t nrecs;
	int ret = 0;

	do {
		nrecs = run->history->nrecs;
		if (!pike_run_spent(run))
			ret = pike_agents_ask(run, err);
		while (!ret && pike_agents_flying(run) &&
		       !pike_run_stopped(run)) {
			pike_run_show(run);
			ret = pike_agents_listen(run, LISTEN_MS, err);
		}
	} while (!ret && !pike_run_stopped(run) &&
		 (run->history->nrecs > nrecs || pike_agents_busy(run)));
	if (pike_run_stopped(run))
		pike_agents_cancel(run, NULL);
	return ret;
}

int pike_run_propose(struct pike_run *run, struct pike_err *err)
{
	int ret = pike_run_refresh(run, err);

	if (ret)
		return ret;
	return run->knobs.name ? propose_models(run, err)
			       : propose_numbers(run, err);
}

/* ---- a person's candidate ---- */

/* What is trusted must be as it was when the search began. */
static int check_trusted(struct pike_run *run, const struct pike_oid *id,
			 const char *rev, struct pike_err *err)
{
	const struct pike_target *t = run->target;
	struct pike_strs paths = PIKE_STRS_INIT;
	int ret =
	    pike_repo_changed(&paths, run->repo, &run->history->base, id, err);

	for (size_t i = 0; !ret && i < paths.n; i++)
		if (pike_strs_has(&t->headers, paths.v[i]) ||
		    pike_strs_has(&t->references, paths.v[i]))
			ret = pike_fail(err, PIKE_FAILED,
					"'%s' changes '%s', by which target "
					"'%s' is judged; a candidate may "
					"change its sources only",
					rev, paths.v[i], t->name);
	pike_strs_release(&paths);
	return ret;
}

/* Subject and text of a commit, in place; no second "TARGET: " in front. */
static void split_message(char *msg, const char *target, const char **subject,
			  const char **body)
{
	size_t n = strlen(target), end = strcspn(msg, "\n");
	bool more = msg[end] == '\n';

	msg[end] = '\0';
	*subject = msg;
	if (!strncmp(msg, target, n) && !strncmp(msg + n, ": ", 2))
		*subject = msg + n + 2;
	*body = more ? msg + end + 1 : "";
	*body += strspn(*body, "\n");
}

static int fill_person(struct pike_proposal *p, struct pike_run *run,
		       const struct pike_oid *id, const char *rev,
		       struct pike_err *err)
{
	struct pike_oid source;
	int ret = check_trusted(run, id, rev, err);

	if (!ret)
		ret = pike_run_files(&p->files, run, id, err);
	if (!ret)
		ret = pike_repo_source(&source, run->repo, &p->files, err);
	if (!ret && pike_oid_eq(&source, &run->base_source))
		ret = pike_fail(err, PIKE_FAILED,
				"the sources of target '%s' are the base's at "
				"'%s'; nothing to try",
				run->target->name, rev);
	return ret;
}

int pike_run_propose_from(struct pike_oid *out, bool *known,
			  struct pike_run *run, const char *rev,
			  struct pike_err *err)
{
	struct pike_proposal p = { .nparents = 1, .agent = "human" };
	struct pike_oid id;
	char *msg = NULL;
	int ret = pike_run_refresh(run, err);

	if (!ret)
		ret = pike_repo_resolve(&id, run->repo, rev, err);
	if (!ret)
		ret = fill_person(&p, run, &id, rev, err);
	if (!ret)
		ret = pike_repo_message(&msg, run->repo, &id, err);
	if (ret)
		goto out;
	split_message(msg, run->target->name, &p.subject, &p.body);
	p.parents = &run->history->champion;
	p.idea = p.subject;
	p.run = run->o.run;
	p.generation = (int64_t)run->history->ngens;
	ret = pike_search_store(out, known, run->search, run->history, &p, 1,
				err);
	run->stats.proposed += !ret && !*known;
out:
	free(msg);
	pike_files_release(&p.files);
	return ret;
}
