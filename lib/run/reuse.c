/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reuse: verdicts that are there already. Results are addressed by content
 * (lib/git/README.md), so what this search or another has measured is not
 * measured again: a model may say the same twice, and a replay says what was
 * said.
 */
#include "run/run_priv.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* The champion that somebody else's result was judged against, as this history
 * has it: the base, or the candidate with the same files. */
static bool own_champion(struct pike_oid *out, struct pike_run *run,
			 const struct pike_oid *theirs)
{
	const struct pike_record *r;
	struct pike_files files = { 0 };
	struct pike_oid source;
	bool known;

	*out = *theirs;
	if (pike_oid_eq(theirs, &run->history->champion))
		return true;
	known = !pike_run_files(&files, run, theirs, NULL) &&
		!pike_repo_source(&source, run->repo, &files, NULL);
	pike_files_release(&files);
	if (!known)
		return false;
	if (pike_oid_eq(&source, &run->base_source)) {
		*out = run->history->base;
		return true;
	}
	r = pike_history_by_source(run->history, &source);
	if (r)
		*out = r->id;
	return r != NULL;
}

/* Takes the contents of `found`. */
static void take(struct pike_result *res, struct pike_result *found,
		 const struct pike_oid *champion)
{
	pike_result_release(res);
	*res = *found;
	res->champion = *champion;
	pike_result_init(found);
}

/* Of this search: the first record with these files. */
static int from_own(struct pike_result *res, struct pike_run *run,
		    const struct pike_record *r, enum pike_stage stage,
		    struct pike_err *err)
{
	const struct pike_record *first =
	    pike_oid_set(&r->source)
		? pike_history_by_source(run->history, &r->source)
		: NULL;
	struct pike_result *v = NULL;
	size_t n = 0;
	int ret = 1;

	if (stage != PIKE_SCREEN || !first || pike_oid_eq(&first->id, &r->id) ||
	    first->screen.verdict == PIKE_V_PENDING)
		return 1;
	if (pike_results_of(&v, &n, run->repo, &first->id, err))
		return PIKE_FAILED;
	for (size_t i = 0; i < n; i++) {
		if (ret == 1 && v[i].stage == stage) {
			const struct pike_oid vs = v[i].champion;

			take(res, &v[i], &vs);
			ret = 0;
		}
		pike_result_release(&v[i]);
	}
	free(v);
	return ret;
}

/* Of any search: a failure always; a ratio against the same champion, of
 * which a replay knows the one that was then. */
static int from_others(struct pike_result *res, struct pike_run *run,
		       const struct pike_record *r, enum pike_stage stage,
		       struct pike_err *err)
{
	struct pike_result key, found;
	struct pike_oid vs;
	int ret;

	pike_result_init(&key);
	pike_result_init(&found);
	run->judging->identify(&key, run->judge);
	key.source = pike_xstrdup(r->source.hex);
	key.stage = stage;
	ret = pike_results_lookup(&found, run->search, &key, err);
	vs = run->history->champion;
	if (!ret && pike_verdict_measured(found.verdict) &&
	    (!own_champion(&vs, run, &found.champion) ||
	     (!run->o.replay && !pike_oid_eq(&vs, &run->history->champion))))
		ret = 1;
	if (!ret)
		take(res, &found, &vs);
	pike_result_release(&found);
	pike_result_release(&key);
	return ret;
}

int pike_run_reuse(struct pike_result *res, struct pike_run *run,
		   const struct pike_record *r, enum pike_stage stage,
		   struct pike_err *err)
{
	struct pike_stamp stamp = pike_run_stamp(run, r, stage);
	struct pike_oid vs;
	int ret;

	/* A confirmation is taken on trust by a replay only. */
	if (stage == PIKE_CONFIRM && !run->o.replay)
		return 1;
	ret = from_own(res, run, r, stage, err);
	if (ret == 1)
		ret = from_others(res, run, r, stage, err);
	if (ret)
		return ret;
	vs = res->champion;
	stamp.champion = &vs;
	pike_result_stamp(res, &stamp);
	return 0;
}
