/* SPDX-License-Identifier: Apache-2.0 */
/* state: what a search is at, as git and its history have it. */
#include "run/run_priv.h"

#include "model/baseline.h"

#include <string.h>

bool pike_run_stopped(const struct pike_run *run)
{
	return run->o.stop && *run->o.stop;
}

int pike_inputs_read(struct pike_inputs *out, struct pike_repo *repo,
		     const struct pike_target *t, const struct pike_oid *at,
		     struct pike_err *err)
{
	struct pike_strs modules = PIKE_STRS_INIT;
	int ret;

	memset(out, 0, sizeof(*out));
	ret = pike_repo_read(&out->base, repo, at, &t->sources,
			     pike_target_absent(t), err);
	if (!ret)
		ret = pike_repo_read(&out->headers, repo, at, &t->headers,
				     false, err);
	if (!ret)
		ret = pike_repo_read(&out->reference, repo, at, &t->references,
				     false, err);
	pike_baseline_modules(&modules, &t->baselines);
	if (!ret)
		ret = pike_repo_read(&out->modules, repo, at, &modules, true,
				     err);
	pike_strs_release(&modules);
	if (ret)
		pike_err_prefix(err, "%s: target '%s'", t->origin, t->name);
	return ret;
}

void pike_inputs_release(struct pike_inputs *in)
{
	pike_files_release(&in->base);
	pike_files_release(&in->headers);
	pike_files_release(&in->reference);
	pike_files_release(&in->modules);
}

int pike_run_files(struct pike_files *out, struct pike_run *run,
		   const struct pike_oid *commit, struct pike_err *err)
{
	return pike_repo_read(out, run->repo, commit, &run->target->sources,
			      pike_target_absent(run->target), err);
}

int pike_run_refresh(struct pike_run *run, struct pike_err *err)
{
	return pike_search_fold(run->history, run->search, err);
}

size_t pike_run_open_count(const struct pike_run *run, size_t *judged)
{
	const struct pike_history *h = run->history;
	size_t n = 0, done = 0;

	for (size_t i = pike_history_open(h); i < h->nrecs; i++) {
		if (h->recs[i].settled >= 0)
			continue;
		n++;
		done += h->recs[i].screen.verdict != PIKE_V_PENDING;
	}
	if (judged)
		*judged = done;
	return n;
}
