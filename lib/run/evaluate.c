/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evaluate: stage 2. Screens candidates without a result, then confirms the
 * challengers. A measurement is taken under the device lock and under a claim
 * on the candidate, and recorded before both are given back, so that of several
 * processes on one repository, on one device or on several, none measures what
 * another measures or has measured.
 */
#include "run/agents_priv.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/ledger.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long a wait for the device lock lasts before looking at `stop`. */
#define LOCK_SLICE_MS 500
/* Of one measurement that could not be taken, though it could be later. */
#define TRIES 3

static int lock_device(int *out, struct pike_run *run, struct pike_err *err)
{
	int ret;

	do {
		if (pike_run_stopped(run))
			return pike_fail(err, PIKE_RETRY, "interrupted");
		ret = pike_device_lock(out,
				       run->judging->device(run->judge)->lock,
				       LOCK_SLICE_MS, err);
	} while (ret == PIKE_RETRY);
	return ret;
}

/* The device and a candidate, for this process alone. */
struct held {
	int device, claim; /* -1: not held */
	int64_t since;
};

/* What others have measured until then is in the history. No claim, and no
 * error: another process measures it, on another device. */
static int hold(struct held *h, struct pike_run *run, const struct pike_oid *id,
		struct pike_err *err)
{
	struct pike_err e = PIKE_ERR_INIT;
	int ret;

	h->device = h->claim = -1;
	ret = lock_device(&h->device, run, err);
	h->since = pike_now_ns();
	if (ret)
		return ret;
	ret = pike_search_claim_record(&h->claim, run->search, id, &e);
	if (ret == PIKE_RETRY)
		return 0;
	return ret ? pike_fail(err, ret, "%s", e.text)
		   : pike_run_refresh(run, err);
}

static void let_go(struct held *h, struct pike_run *run)
{
	if (h->claim >= 0)
		close(h->claim);
	if (h->device < 0)
		return;
	close(h->device);
	run->stats.lock_ns += pike_now_ns() - h->since;
}

/* A candidate's build, started before it is measured. */
struct slot {
	struct pike_oid id;
	struct pike_build *build;
};

static int start_build(struct slot *s, struct pike_run *run,
		       const struct pike_oid *id, struct pike_err *err)
{
	struct pike_files files = { 0 };
	struct pike_judge *judge;
	int ret = pike_run_judge(&judge, run, err);

	s->id = *id;
	if (!ret)
		ret = pike_run_files(&files, run, &s->id, err);
	if (!ret)
		ret = run->judging->build_start(&s->build, judge, &files, err);
	pike_files_release(&files);
	return ret;
}

static void drop_build(struct pike_run *run, struct slot *s)
{
	run->judging->build_free(s->build);
	memset(s, 0, sizeof(*s));
}

/* The champion's build, kept until the champion changes; NULL for the base. */
static int champion_build(struct pike_build **out, struct pike_run *run,
			  struct pike_err *err)
{
	const struct pike_history *h = run->history;
	struct slot s = { 0 };
	int ret = 0;

	*out = NULL;
	if (pike_oid_eq(&h->champion, &h->base))
		return 0;
	if (!run->champ || !pike_oid_eq(&run->champ_id, &h->champion)) {
		run->judging->build_free(run->champ);
		run->champ = NULL;
		ret = start_build(&s, run, &h->champion, err);
		if (ret)
			return ret;
		run->champ = s.build;
		run->champ_id = h->champion;
		if (!run->judging->build_wait(run->champ, NULL))
			return pike_fail(err, PIKE_FATAL,
					 "the champion %.12s no longer builds "
					 "here; compare the compilers",
					 h->champion.hex);
	}
	*out = run->champ;
	return 0;
}

int pike_run_look_at_base(struct pike_run *run, struct pike_err *err)
{
	struct pike_judge *judge;
	struct pike_result known;
	int device = -1, ret = 0;

	if (run->looked || !run->preset.profile || !run->judging->base)
		return 0;
	run->looked = true;
	pike_result_init(&known);
	ret = pike_told_measured(&known, run, err);
	pike_result_release(&known);
	if (ret != 1)
		return ret;
	ret = pike_run_judge(&judge, run, err);
	if (!ret)
		ret = lock_device(&device, run, err);
	if (!ret)
		ret = run->judging->base(&run->base, judge, err);
	if (device >= 0)
		close(device);
	return ret;
}

static bool in_shard(const struct pike_run *run, const struct pike_oid *id)
{
	if (run->o.shards <= 1)
		return true;
	return strtoul(id->hex + 33, NULL, 16) % (unsigned long)run->o.shards ==
	       (unsigned long)(run->o.shard % run->o.shards);
}

/* The next record without a screen after `*at`, of this shard. */
static struct pike_record *next_pending(struct pike_run *run, size_t *at)
{
	struct pike_history *h = run->history;

	if (*at < pike_history_open(h))
		*at = pike_history_open(h);
	for (; *at < h->nrecs; (*at)++) {
		struct pike_record *r = &h->recs[*at];

		if (r->screen.verdict == PIKE_V_PENDING && !r->past &&
		    pike_record_is_candidate(r) && in_shard(run, &r->id))
			return r;
	}
	return NULL;
}

/* A person's commit that touches more than the evolvable files. */
static int check_paths(bool *ok, struct pike_run *run,
		       const struct pike_record *r, struct pike_err *err)
{
	struct pike_strs paths = PIKE_STRS_INIT;
	int ret = 0;

	*ok = true;
	if (!r->nparents)
		return 0;
	ret = pike_repo_changed(&paths, run->repo, &r->parents[0], &r->id, err);
	for (size_t i = 0; !ret && i < paths.n; i++)
		*ok = *ok && pike_strs_has(&run->target->sources, paths.v[i]);
	pike_strs_release(&paths);
	return ret;
}

static int screen_build(struct pike_result *res, struct pike_run *run,
			struct slot *s, struct pike_err *err)
{
	struct pike_build *champ = NULL;
	int ret = s->build ? 0 : start_build(s, run, &s->id, err);

	/* What does not build needs no champion's build beside it. */
	if (!ret && run->judging->build_wait(s->build, NULL))
		ret = champion_build(&champ, run, err);
	return ret ? ret
		   : run->judging->screen(res, run->judge, s->build, champ,
					  err);
}

/* Files that no candidate has; nothing is recorded. */
static int screen_files(struct pike_result *out, struct pike_run *run,
			const struct pike_files *files, struct pike_err *err)
{
	const struct pike_record none = { .id = run->history->champion };
	const struct pike_stamp stamp = pike_run_stamp(run, &none, PIKE_SCREEN);
	struct slot s = { 0 };
	struct pike_judge *judge;
	int device = -1;
	int ret = pike_run_judge(&judge, run, err);

	if (!ret)
		ret = run->judging->build_start(&s.build, judge, files, err);
	if (!ret)
		ret = lock_device(&device, run, err);
	if (!ret)
		ret = screen_build(out, run, &s, err);
	if (!ret)
		pike_result_stamp(out, &stamp);
	if (device >= 0)
		close(device);
	drop_build(run, &s);
	return ret;
}

/* A judge that cannot be had here is for the agent to live without. */
static void try_files(struct pike_run *run, struct pike_asked *q, bool json,
		      const struct pike_files *files)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_result res;
	int ret;

	pike_result_init(&res);
	pike_agents_away(run);
	ret = screen_files(&res, run, files, &err);
	pike_agents_back(run);
	pike_work_told(run, q, json, ret ? NULL : &res, &err);
	pike_result_release(&res);
}

void pike_run_serve(struct pike_run *run)
{
	struct pike_agents *a = run->agents;

	for (size_t i = 0; a && i < a->n; i++) {
		struct pike_files files = { 0 };
		bool json;

		if (a->v[i].work && !pike_run_stopped(run) &&
		    pike_work_call(&files, &json, run, &a->v[i]))
			try_files(run, &a->v[i], json, &files);
		pike_files_release(&files);
	}
}

/* A commit that changes what it may not needs no measurement. */
static int refuse_paths(struct pike_result *res, struct pike_run *run,
			struct pike_err *err)
{
	struct pike_judge *judge;
	int ret = pike_run_judge(&judge, run, err);

	if (ret)
		return ret;
	run->judging->identify(res, judge);
	res->verdict = PIKE_V_CONTRACT;
	res->reason = pike_xstrdup("changes files that are not the target's "
				   "sources; only those may change");
	return 0;
}

/* From the measurement, or from a verdict that is there already, to the note.
 * `done` counts it. */
static int record(struct pike_run *run, struct pike_result *res, int64_t t0,
		  int64_t *done, struct pike_err *err)
{
	int ret;

	pike_result_took(res, (double)(pike_now_ns() - t0) / 1e9);
	ret = pike_search_record(run->search, run->history, res, 1, err);
	*done += !ret;
	/* Only a replay's judge says so, of what the recording lacks. */
	run->stats.unmeasured += !ret && res->verdict == PIKE_V_NONE;
	return ret;
}

static int screen_one(struct pike_run *run, struct slot *s,
		      const struct pike_record *r, struct pike_err *err)
{
	const struct pike_stamp stamp = pike_run_stamp(run, r, PIKE_SCREEN);
	int64_t t0 = pike_now_ns();
	struct pike_result res;
	bool ok;
	int ret;

	pike_result_init(&res);
	ret = check_paths(&ok, run, r, err);
	if (!ret && ok)
		ret = pike_run_reuse(&res, run, r, PIKE_SCREEN, err);
	else if (!ret)
		ret = 1;
	if (ret == 1) {
		ret = ok ? screen_build(&res, run, s, err)
			 : refuse_paths(&res, run, err);
		pike_result_stamp(&res, &stamp);
	}
	if (!ret)
		ret = record(run, &res, t0, &run->stats.screened, err);
	pike_result_release(&res);
	return ret;
}

/* Looks whether it is still to do, and does it. */
static int screen_held(struct pike_run *run, struct slot *s,
		       struct pike_err *err)
{
	const struct pike_record *r = pike_history_find(run->history, &s->id);

	return r && r->screen.verdict == PIKE_V_PENDING &&
		       !pike_run_outdated(run)
		   ? screen_one(run, s, r, err)
		   : 0;
}

static int screen_locked(struct pike_run *run, struct slot *s,
			 struct pike_err *err)
{
	struct held held;
	int ret = hold(&held, run, &s->id, err);

	if (!ret && held.claim >= 0)
		ret = screen_held(run, s, err);
	let_go(&held, run);
	return ret;
}

/* Candidates to screen, in order; the first is the one measured now. */
struct queue {
	struct slot v[1 + PIKE_AHEAD];
	size_t n, at; /* at: the record to look at next */
};

/* The first build opens the judge. */
static size_t room(const struct pike_run *run)
{
	return 1 + (run->judge
			? pike_run_ahead(run->judging->device(run->judge))
			: 0);
}

/* Judged under another id: to be borrowed, and not to be built. */
static bool is_known(const struct pike_run *run, const struct pike_record *r)
{
	const struct pike_record *first =
	    pike_history_by_source(run->history, &r->source);

	return run->judge && first && first->screen.verdict != PIKE_V_PENDING;
}

static int fill(struct queue *q, struct pike_run *run, struct pike_err *err)
{
	const struct pike_record *r;
	int ret = 0;

	while (!ret && q->n < room(run) && (r = next_pending(run, &q->at))) {
		struct slot *s = &q->v[q->n++];

		s->id = r->id;
		if (!is_known(run, r))
			ret = start_build(s, run, &r->id, err);
		q->at++;
	}
	return ret;
}

static void drop_first(struct pike_run *run, struct queue *q)
{
	drop_build(run, &q->v[0]);
	q->n--;
	memmove(&q->v[0], &q->v[1], q->n * sizeof(q->v[0]));
	memset(&q->v[q->n], 0, sizeof(q->v[0]));
}

/* May what went wrong go well the next time? Else the run ends: nothing is
 * stored, and another run judges the candidate. */
static bool again(const struct pike_run *run, int ret, int *tries)
{
	if (ret == PIKE_RETRY && !pike_run_stopped(run) && ++*tries < TRIES)
		return true;
	*tries = 0;
	return false;
}

int pike_run_screen_all(struct pike_run *run, struct pike_err *err)
{
	struct queue q = { 0 };
	int ret = 0, tries = 0;

	while (!ret && !pike_run_stopped(run) && !pike_run_timeout(run) &&
	       !pike_run_outdated(run) && (q.n || next_pending(run, &q.at))) {
		pike_agents_away(run);
		ret = fill(&q, run, err);
		if (!ret)
			ret = screen_locked(run, &q.v[0], err);
		pike_agents_back(run);
		if (again(run, ret, &tries))
			ret = 0;
		else
			drop_first(run, &q);
		if (!ret)
			ret = pike_agents_listen(run, 0, err);
		pike_run_serve(run);
		if (!ret)
			pike_run_share(run, false);
		pike_run_show(run);
	}
	while (q.n)
		drop_first(run, &q);
	return ret;
}

static int confirm_build(struct pike_result *res, struct pike_run *run,
			 struct slot *s, const struct pike_confirm_opts *o,
			 struct pike_err *err)
{
	struct pike_build *champ;
	int ret;

	if (!run->judging->build_wait(s->build, NULL))
		return pike_fail(err, PIKE_FAILED,
				 "candidate %.12s built for its screening but "
				 "not for its confirmation",
				 s->id.hex);
	ret = champion_build(&champ, run, err);
	return ret ? ret
		   : run->judging->confirm(res, run->judge, s->build, champ, o,
					   err);
}

static int confirm_one(struct pike_run *run, struct slot *s, int siblings,
		       struct pike_err *err)
{
	struct pike_confirm_opts o = { .stage = PIKE_CONFIRM,
				       .siblings = siblings,
				       .profile = run->o.profile };
	const struct pike_record *r = pike_history_find(run->history, &s->id);
	const struct pike_stamp stamp = pike_run_stamp(run, r, PIKE_CONFIRM);
	int64_t t0 = pike_now_ns();
	struct pike_result res;
	int ret;

	pike_result_init(&res);
	ret = pike_run_reuse(&res, run, r, PIKE_CONFIRM, err);
	if (ret == 1) {
		ret = confirm_build(&res, run, s, &o, err);
		pike_result_stamp(&res, &stamp);
	}
	if (!ret)
		ret = record(run, &res, t0, &run->stats.confirmed, err);
	pike_result_release(&res);
	return ret;
}

static bool still_wanted(struct pike_run *run, const struct pike_oid *id)
{
	size_t c[PIKE_CHALLENGERS];
	size_t n = pike_run_outdated(run)
		       ? 0
		       : pike_run_challengers(c, run->history, run->o.staged);

	for (size_t i = 0; i < n; i++)
		if (pike_oid_eq(&run->history->recs[c[i]].id, id))
			return true;
	return false;
}

static int confirm_locked(struct pike_run *run, const struct pike_oid *id,
			  int siblings, struct pike_err *err)
{
	struct slot s = { 0 };
	struct held held = { -1, -1, 0 };
	int ret = start_build(&s, run, id, err);

	if (!ret)
		ret = hold(&held, run, id, err);
	if (!ret && held.claim >= 0 && still_wanted(run, id))
		ret = confirm_one(run, &s, siblings, err);
	let_go(&held, run);
	drop_build(run, &s);
	return ret;
}

int pike_run_confirm_all(struct pike_run *run, struct pike_err *err)
{
	size_t c[PIKE_CHALLENGERS];
	struct pike_oid ids[PIKE_CHALLENGERS];
	size_t n;
	int ret = pike_run_refresh(run, err);

	if (ret)
		return ret;
	n = pike_run_challengers(c, run->history, run->o.staged);
	for (size_t i = 0; i < n; i++)
		ids[i] = run->history->recs[c[i]].id;
	for (size_t i = 0; !ret && i < n; i++) {
		int tries = 0;

		if (pike_run_stopped(run) || pike_run_timeout(run) ||
		    pike_run_outdated(run))
			break;
		if (!in_shard(run, &ids[i]))
			continue;
		pike_agents_away(run);
		do
			ret = confirm_locked(run, &ids[i], (int)n, err);
		while (again(run, ret, &tries));
		pike_agents_back(run);
		if (!ret)
			ret = pike_agents_listen(run, 0, err);
		pike_run_serve(run);
		if (!ret)
			pike_run_share(run, false);
	}
	return ret;
}

/* Of several shards none knows what the others will find: who has passed is
 * confirmed by the next pass, after the fold. */
int pike_run_evaluate(struct pike_run *run, struct pike_err *err)
{
	bool all = run->o.stage < 0;
	bool confirms = all || run->o.stage == PIKE_CONFIRM;
	int ret = pike_run_follow(run, true, err);

	if (ret || run->elsewhere)
		return ret;
	ret = pike_replies_conclude(run, err);
	if (!ret && confirms && run->o.staged)
		ret = pike_run_confirm_all(run, err);
	if (!ret && (all || run->o.stage == PIKE_SCREEN))
		ret = pike_run_screen_all(run, err);
	if (!ret && confirms && run->o.shards <= 1 &&
	    !pike_history_pending(run->history))
		ret = pike_run_confirm_all(run, err);
	if (run->judge)
		run->judging->times(run->judge, &run->stats.held_ns,
				    &run->stats.kernel_ns);
	pike_progress_end();
	return ret;
}
