/* SPDX-License-Identifier: Apache-2.0 */
/* propose: stage 1. Asks the strategy for moves and stores them as candidates
 * on the ladder, as many as the open generation and the budget have room for.
 */
#include "run/run_priv.h"

#include <stdlib.h>
#include <string.h>

/* All that the strategy wants until something is measured. */
static int propose_models(struct pike_run *run, struct pike_err *err)
{
	size_t nrecs;
	bool spent;
	int ret = 0;

	do {
		nrecs = run->history->nrecs;
		spent = pike_run_spent(run);
		if (!spent)
			ret = pike_agents_ask(run, err);
		while (!ret && pike_agents_flying(run) &&
		       !pike_run_stopped(run)) {
			pike_run_show(run);
			ret = pike_agents_wait(run, err);
			pike_run_serve(run);
			if (!ret)
				pike_run_share(run, false);
		}
	} while (!ret && !spent && !pike_run_stopped(run) &&
		 (run->history->nrecs > nrecs || pike_agents_busy(run)));
	if (pike_run_stopped(run))
		pike_agents_cancel(run, NULL);
	return ret;
}

int pike_run_propose(struct pike_run *run, struct pike_err *err)
{
	int ret = pike_run_follow(run, false, err);

	if (ret || pike_run_again(run->history))
		return ret;
	return run->preset.asks ? propose_models(run, err)
				: pike_tunables_propose(run, err);
}

/* ---- a person's candidate ---- */

/* What is trusted must be as it was where the revision left the base. */
static int check_trusted(struct pike_run *run, const struct pike_oid *from,
			 const struct pike_oid *id, const char *rev,
			 struct pike_err *err)
{
	const struct pike_target *t = run->target;
	struct pike_strs paths = PIKE_STRS_INIT;
	int ret = pike_repo_changed(&paths, run->repo, from, id, err);

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

/* What it changes, on the base of now: its files alone would undo what the
 * base has changed since. */
static int carry_person(struct pike_proposal *p, struct pike_run *run,
			const struct pike_oid *id, const char *rev,
			struct pike_err *err)
{
	const struct pike_oid *base = &run->history->base;
	struct pike_strs conflicts = PIKE_STRS_INIT;
	struct pike_oid from;
	int ret = pike_repo_merge_base(&from, run->repo, id, base, err);

	if (ret == 1) {
		from = *base;
		ret = 0;
	}
	if (!ret)
		ret = check_trusted(run, &from, id, rev, err);
	/* Says what is wrong with a file. */
	if (!ret)
		ret = pike_run_files(&p->files, run, id, err);
	pike_files_release(&p->files);
	if (!ret)
		ret = pike_repo_carry(&p->files, &conflicts, run->repo,
				      &run->target->sources, &from, id, base,
				      err);
	if (!ret && conflicts.n)
		ret = pike_fail(err, PIKE_FAILED,
				"'%s' does not merge with the base %.12s in "
				"'%s'; rebase it first",
				rev, base->hex, conflicts.v[0]);
	pike_strs_release(&conflicts);
	return ret;
}

static int fill_person(struct pike_proposal *p, struct pike_run *run,
		       const struct pike_oid *id, const char *rev,
		       struct pike_err *err)
{
	struct pike_oid source;
	int ret = carry_person(p, run, id, rev, err);

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
	struct pike_proposal p = { .nparents = 1, .agent = &pike_agent_human };
	struct pike_oid id;
	char *msg = NULL;
	int ret = pike_run_follow(run, false, err);

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
