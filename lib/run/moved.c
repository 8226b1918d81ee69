/* SPDX-License-Identifier: Apache-2.0 */
/*
 * moved: the base moves on, and machines change. Where what a target is
 * measured against, or in, is not what it was, an epoch begins: a generation on
 * the base of now. Nothing is asked of a model for it; again.c says what is
 * measured once more.
 */
#include "run/run_priv.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lost races with others who see the same. */
#define TRIES 5

/* What an epoch would begin with; not `due`: with nothing. */
struct change {
	bool due;
	struct pike_oid base;
	struct pike_buf why;
	char env[65], task[65];
};

static bool same(const struct pike_file *a, const struct pike_file *b)
{
	return a && b && a->len == b->len && !memcmp(a->data, b->data, a->len);
}

static void add_path(struct pike_buf *why, const char *path)
{
	pike_buf_addf(why, "%s%s", why->len ? ", " : "", path);
}

static void compare(struct pike_buf *why, const struct pike_files *was,
		    const struct pike_files *now)
{
	for (size_t i = 0; i < now->n; i++)
		if (!same(pike_files_find(was, now->v[i].path), &now->v[i]))
			add_path(why, now->v[i].path);
	for (size_t i = 0; i < was->n; i++)
		if (!pike_files_find(now, was->v[i].path))
			add_path(why, was->v[i].path);
}

/* What was measured in that environment tells what it was. */
static int env_info(struct pike_json **out, struct pike_run *run,
		    const char *env, struct pike_err *err)
{
	const struct pike_history *h = run->history;
	int ret = 0;

	*out = NULL;
	for (size_t i = h->nrecs; !ret && !*out && i-- > 0;) {
		struct pike_result *v = NULL;
		size_t n = 0;

		if (h->recs[i].past ||
		    h->recs[i].screen.verdict == PIKE_V_PENDING)
			continue;
		ret = pike_results_of(&v, &n, run->repo, &h->recs[i].id, err);
		for (size_t k = 0; k < n; k++) {
			if (!*out && v[k].env && !strcmp(v[k].env, env) &&
			    v[k].env_info)
				*out = pike_json_copy(v[k].env_info);
			pike_result_release(&v[k]);
		}
		free(v);
	}
	return ret;
}

/* Has another judge measured so far? The environment tells, where it is looked
 * at; the task of that judge tells nothing of the section. */
static int is_other_judge(bool *out, struct pike_run *run, struct pike_err *err)
{
	struct pike_json *was = NULL;
	int ret = env_info(&was, run,
			   pike_history_epoch(run->history, NULL)->env, err);
	const char *judge = pike_json_str(was, "judge", PIKE_JUDGE_VERSION);

	*out = strcmp(judge, PIKE_JUDGE_VERSION) != 0;
	pike_json_free(was);
	return ret;
}

/* What its section, the reference and headers, and the judge make of a task. */
static int compare_task(struct change *c, struct pike_run *run,
			const struct pike_inputs *now, struct pike_err *err)
{
	const char *was = pike_history_epoch(run->history, NULL)->task;
	bool other = false;
	int ret;

	if (!run->judging->task_hash)
		return 0;
	run->judging->task_hash(c->task, run->target, &now->headers,
				&now->reference);
	if (c->why.len || !*was || !strcmp(was, c->task))
		return 0;
	ret = is_other_judge(&other, run, err);
	if (!other)
		pike_buf_addf(&c->why, "the section of '%s' in .pike/config",
			      run->target->name);
	return ret;
}

static const char *base_name(const struct pike_run *run)
{
	const char *name = run->settings->base;

	return name && *name ? name : "the base branch";
}

/* The files that concern the target. */
static int look_at_base(struct change *c, struct pike_run *run,
			struct pike_err *err)
{
	struct pike_inputs now;
	int ret = pike_inputs_read(&now, run->repo, run->target, &c->base, err);

	if (!ret) {
		compare(&c->why, &run->in.base, &now.base);
		compare(&c->why, &run->in.headers, &now.headers);
		compare(&c->why, &run->in.reference, &now.reference);
		ret = compare_task(c, run, &now, err);
		c->due = c->why.len > 0;
	} else {
		pike_err_prefix(err, "%s has moved to %.12s", base_name(run),
				c->base.hex);
	}
	pike_inputs_release(&now);
	return ret;
}

/* Why this process may not begin an epoch in its own environment: two machines
 * would do so in turn, for ever. */
static int refuse(const struct change *c, const struct pike_run *run,
		  struct pike_err *err)
{
	if (!run->placed)
		return 0;
	return pike_fail(err, PIKE_FAILED,
			 "target '%s': %s; another machine goes on with "
			 "this search. Give this one a lane of its own "
			 "(pike.lane)",
			 run->target->name, c->why.s);
}

/* One of several jobs leaves it to the fold, which sees whether all of them are
 * there: a line of the champion's that no measurement could have written. */
static int tell_of_env(struct change *c, struct pike_run *run,
		       struct pike_result *here, struct pike_err *err)
{
	const struct pike_history *h = run->history;
	const struct pike_stamp stamp = { .target = run->target,
					  .lane = run->lane,
					  .base = &h->base,
					  .champion = &h->champion,
					  .commit = &h->champion,
					  .stage = PIKE_VERIFY };

	pike_say("target '%s': %s; nothing is measured here in this pass. The "
		 "next `pike-git advance` has the best measured again",
		 run->target->name, c->why.s);
	c->due = false;
	run->elsewhere = true;
	here->verdict = PIKE_V_NONE;
	here->reason = pike_xstrdup("not measured: another environment than "
				    "the search's");
	pike_result_stamp(here, &stamp);
	return pike_search_record(run->search, run->history, here, 1, err);
}

static bool is_told(const struct pike_result *r, const struct pike_run *run)
{
	return r->stage == PIKE_VERIFY && r->verdict == PIKE_V_NONE && r->env &&
	       *r->env && r->task && *r->task && r->target &&
	       !strcmp(r->target, run->target->name) && r->lane &&
	       !strcmp(r->lane, run->lane);
}

/* When something was last measured in the search's environment. */
static int last_measured(int64_t *out, struct pike_run *run, const char *env,
			 struct pike_err *err)
{
	const struct pike_history *h = run->history;
	int ret = 0;

	*out = 0;
	for (size_t i = 0; !ret && i < h->nrecs; i++) {
		struct pike_result *v = NULL;
		size_t n = 0;

		if (h->recs[i].past)
			continue;
		ret = pike_results_of(&v, &n, run->repo, &h->recs[i].id, err);
		for (size_t k = 0; k < n; k++) {
			if (v[k].env && !strcmp(v[k].env, env) &&
			    v[k].ts > *out)
				*out = v[k].ts;
			pike_result_release(&v[k]);
		}
		free(v);
	}
	return ret;
}

/* Machines of two environments would take the search from each other for ever:
 * it goes back to none that it has left, once something was measured in that of
 * now. */
static bool was_left(const struct pike_history *h, const char *env)
{
	size_t now = h->gens[h->ngens - 1].first;

	if (now == h->ngens - 1)
		return false;
	for (size_t i = 0; i < now; i++)
		if (!strcmp(h->gens[i].env, env))
			return true;
	return false;
}

/* Has a job of several told of an environment, and nobody measured in that of
 * the search since? */
static int weigh(struct change *c, struct pike_run *run,
		 const struct pike_result *told, struct pike_err *err)
{
	const struct pike_history *h = run->history;
	const struct pike_generation *epoch = pike_history_epoch(h, NULL);
	struct pike_json *was = NULL;
	int64_t last = 0;
	int ret = last_measured(&last, run, epoch->env, err);

	if (!ret)
		ret = env_info(&was, run, epoch->env, err);
	if (ret)
		return ret;
	pike_buf_adds(&c->why, "another environment");
	pike_env_difference(&c->why, was, told->env_info);
	pike_json_free(was);
	c->due = told->ts >= last && !was_left(h, told->env);
	pike_slug(c->env, told->env);
	pike_slug(c->task, told->task);
	if (!c->due && told->ts >= h->gens[h->ngens - 1].ts)
		pike_warn("target '%s': a job has met %s, and others measure "
			  "in the search's own; give that machine a lane of "
			  "its own (pike.lane), or run `pike-git evaluate` "
			  "there without --shard and --out",
			  run->target->name, c->why.s);
	return 0;
}

static int look_at_told(struct change *c, struct pike_run *run,
			struct pike_err *err)
{
	const struct pike_history *h = run->history;
	const struct pike_generation *epoch = pike_history_epoch(h, NULL);
	struct pike_result *v = NULL;
	size_t n = 0, last = 0;
	int ret;

	if (!*epoch->env)
		return 0;
	ret = pike_results_of(&v, &n, run->repo, &h->champion, err);
	for (size_t i = 0; i < n; i++)
		if (is_told(&v[i], run) && v[i].ts >= epoch->ts)
			last = i + 1;
	if (!ret && last && strcmp(v[last - 1].env, epoch->env) != 0)
		ret = weigh(c, run, &v[last - 1], err);
	for (size_t i = 0; i < n; i++)
		pike_result_release(&v[i]);
	free(v);
	return ret;
}

static int look_at_env(struct change *c, struct pike_run *run,
		       struct pike_err *err)
{
	const char *env = pike_history_epoch(run->history, NULL)->env;
	struct pike_json *was = NULL;
	struct pike_judge *judge;
	struct pike_result now;
	int ret = *env ? pike_run_judge(&judge, run, err) : 0;

	if (ret || !*env || !strcmp(run->judging->env(judge), env)) {
		run->placed = run->placed || (!ret && *env);
		return ret;
	}
	pike_result_init(&now);
	run->judging->identify(&now, judge);
	ret = env_info(&was, run, env, err);
	pike_buf_adds(&c->why, "another environment");
	pike_env_difference(&c->why, was, now.env_info);
	snprintf(c->env, sizeof(c->env), "%s", run->judging->env(judge));
	snprintf(c->task, sizeof(c->task), "%s", run->judging->task(judge));
	c->due = true;
	pike_json_free(was);
	if (!ret)
		ret = refuse(c, run, err);
	if (!ret && run->o.part)
		ret = tell_of_env(c, run, &now, err);
	pike_result_release(&now);
	run->placed = true;
	return ret;
}

/* ---- beginning ---- */

/* What was read from the last base is read anew. */
static int reload(struct pike_run *run, struct pike_err *err)
{
	int ret;

	pike_agents_close(run);
	run->judging->build_free(run->champ);
	run->judging->close(run->judge);
	run->champ = NULL;
	run->judge = NULL;
	run->looked = run->nothing_to_tune = false;
	pike_result_release(&run->base);
	pike_result_init(&run->base);
	pike_inputs_release(&run->in);
	run->epoch = pike_history_epoch(run->history, NULL)->id;
	ret = pike_inputs_read(&run->in, run->repo, run->target,
			       &run->history->base, err);
	return ret ? ret
		   : pike_repo_source(&run->base_source, run->repo,
				      &run->in.base, err);
}

static int begin(const struct change *c, struct pike_run *run,
		 struct pike_err *err)
{
	struct pike_close k = { .champion = c->base,
				.base = &c->base,
				.speedup = { 1, 1, 1 },
				.strategy = run->settings->strategy,
				.seed = run->seed,
				.env = c->env,
				.task = c->task };
	struct pike_buf text;
	int ret;

	pike_buf_init(&text, 1 << 16);
	pike_buf_addf(&text,
		      "All that is worth it is measured again, on %s at "
		      "%.12s:\nanother one in %s.\n",
		      base_name(run), c->base.hex, c->why.s);
	k.table = text.s;
	pike_run_teach(&k, run);
	for (size_t i = 0; i < run->history->nrecs; i++)
		k.spent += run->history->recs[i].cost;
	ret = pike_search_advance(run->search, run->history, &k, err);
	pike_buf_release(&text);
	return ret;
}

static void say(const struct change *c, const struct pike_run *run)
{
	pike_say("%s generation %lld: on %s at %.12s, for what is new in it: "
		 "%s. What was measured before is measured again",
		 run->history->target,
		 (long long)run->history->gens[run->history->ngens - 1].number,
		 base_name(run), c->base.hex, c->why.s);
}

static int follow_once(bool *begun, struct pike_run *run, bool device,
		       struct pike_err *err)
{
	struct change c = { 0 };
	int ret = pike_run_refresh(run, err);

	pike_buf_init(&c.why, 2000);
	if (!ret && pike_run_outdated(run))
		ret = reload(run, err);
	if (!ret)
		ret = pike_repo_base(&c.base, run->repo, run->settings->base,
				     err);
	if (!ret && !run->o.part && !pike_oid_eq(&c.base, &run->seen))
		ret = look_at_base(&c, run, err);
	if (!ret && !c.due)
		ret = device ? look_at_env(&c, run, err)
			     : look_at_told(&c, run, err);
	if (!ret && c.due) {
		ret = begin(&c, run, err);
		*begun = !ret;
	}
	if (!ret && *begun)
		ret = reload(run, err);
	if (!ret && *begun)
		say(&c, run);
	if (!ret)
		run->seen = c.base;
	pike_buf_release(&c.why);
	return ret;
}

bool pike_run_outdated(const struct pike_run *run)
{
	return !pike_oid_eq(&pike_history_epoch(run->history, NULL)->id,
			    &run->epoch);
}

int pike_run_moved(bool *out, struct pike_run *run, struct pike_err *err)
{
	struct pike_oid base;
	int ret;

	*out = false;
	if (run->o.replay)
		return 0;
	ret = pike_repo_base(&base, run->repo, run->settings->base, err);
	*out =
	    !ret && (pike_run_outdated(run) || !pike_oid_eq(&base, &run->seen));
	return ret;
}

int pike_run_follow(struct pike_run *run, bool device, struct pike_err *err)
{
	struct pike_err e = PIKE_ERR_INIT;
	bool begun = false;
	int ret = PIKE_RETRY;

	if (run->o.replay)
		return 0;
	for (int i = 0; ret == PIKE_RETRY && i < TRIES; i++)
		ret = follow_once(&begun, run, device, &e);
	if (ret)
		return pike_fail(err, ret, "%s", e.text);
	return pike_run_carry(run, err);
}
