/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steer: what people say to a search in comments becomes commits of its ladder,
 * and what a search says to itself: that it rests where more is not wanted, or
 * nothing comes of it.
 */
#include "run/publish_priv.h"
#include "run/run_priv.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "forge/forge.h"
#include "report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Before a question is sent again: the next advance asks, too. */
#define WAIT_MS 200

/* ---- comments ---- */

/* Those that no commit has yet. A comment that was read is not read again,
 * whatever it says by then. */
static int read_comments(struct pike_steers *out, struct pike_run *run,
			 struct pike_forge *f, struct pike_err *err)
{
	const struct pike_history *h = run->history;
	char *source =
	    pike_xasprintf(PIKE_REQUEST_BRANCHES "%s/%s", h->target, h->lane);
	struct pike_request open;
	int ret = pike_forge_find(&open, f, source, NULL, err);

	if (!ret)
		ret = pike_forge_steers(out, f, open.number,
					pike_steers_last_comment(&h->steers),
					err);
	pike_request_release(&open);
	free(source);
	return ret;
}

/* 1: there is no request that could have comments. */
static int listen_to(struct pike_steers *out, struct pike_run *run,
		     struct pike_err *err)
{
	struct pike_place place = { 0 };
	char why[200];
	int ret = 0;

	/* Its token would serve whoever wrote the change. */
	if (pike_forge_is_fork_job(why))
		return pike_fail(err, PIKE_FAILED, "%s", why);
	ret = pike_run_forge(&place, run->repo, run->settings, WAIT_MS,
			     run->o.stop, err);
	if (!ret)
		ret = read_comments(out, run, place.forge, err);
	pike_run_forge_close(&place, run->repo);
	return ret;
}

int pike_run_hear(size_t *n, struct pike_run *run, struct pike_err *err)
{
	struct pike_steers said = { 0 };
	struct pike_err why = PIKE_ERR_INIT;
	int ret = pike_run_refresh(run, err);

	*n = 0;
	if (ret)
		return ret;
	ret = listen_to(&said, run, &why);
	if (ret < 0 && !pike_run_stopped(run))
		pike_say("%s: comments are not read: %s", run->target->name,
			 why.text);
	if (!ret && said.n)
		ret =
		    pike_search_steer(n, run->search, run->history, &said, err);
	else
		ret = 0;
	pike_steers_release(&said);
	return ret;
}

/* ---- what holds ---- */

bool pike_run_rests(struct pike_run *run)
{
	const struct pike_steer *s = pike_steers_rest(&run->history->steers);
	struct pike_buf b;

	if (!s)
		return false;
	pike_buf_init(&b, sizeof(run->ended) - 1);
	pike_steer_text(&b, s);
	snprintf(run->ended, sizeof(run->ended), "%s", b.s);
	pike_buf_release(&b);
	return true;
}

static int say_word(struct pike_run *run, enum pike_steer_word w,
		    const char *by, const char *text, struct pike_err *err)
{
	struct pike_steer s = { .word = w,
				.by = pike_xstrdup(by),
				.text = pike_xstrdup(text) };
	struct pike_steers l = { 0 };
	size_t n;
	int ret;

	pike_steers_push(&l, &s);
	ret = pike_search_steer(&n, run->search, run->history, &l, err);
	pike_steers_release(&l);
	return ret;
}

int pike_run_resume(struct pike_run *run, struct pike_err *err)
{
	int ret = pike_run_refresh(run, err);

	if (ret || !pike_steers_rest(&run->history->steers))
		return ret;
	return say_word(run, PIKE_STEER_RESUME, "", "", err);
}

/* ---- when it rests by itself ---- */

/* Number of the generation that brought the champion of now; 0: the base, or
 * the epoch's first. */
static int64_t champion_since(const struct pike_history *h)
{
	size_t i = h->ngens;

	while (i-- > 1)
		if (h->gens[i].first == i ||
		    !pike_oid_eq(&h->gens[i].champion,
				 &h->gens[i - 1].champion))
			return h->gens[i].number;
	return 0;
}

/* The generation in which somebody last said that it goes on; 0: never. */
static int64_t resumed(const struct pike_history *h)
{
	const struct pike_steer *s =
	    pike_steers_newest(&h->steers, PIKE_STEER_RESUME);

	return s ? s->generation : 0;
}

/* Counted anew from where it was resumed. */
static int see_plateau(struct pike_buf *why, struct pike_run *run,
		       struct pike_err *err)
{
	const struct pike_history *h = run->history;
	int64_t limit = run->settings->plateau, from = champion_since(h);
	int64_t n = h->gens[h->ngens - 1].number;

	(void)err;
	if (resumed(h) - 1 > from)
		from = resumed(h) - 1;
	if (limit && n - from >= limit)
		pike_buf_addf(why,
			      "no new champion in %lld generations (plateau = "
			      "%lld)",
			      (long long)(n - from), (long long)limit);
	return 0;
}

/* One that is there already was when somebody resumed it nevertheless. */
static bool is_new_champion(const struct pike_history *h)
{
	return !pike_oid_eq(&h->champion, &h->base) &&
	       (!resumed(h) || champion_since(h) >= resumed(h));
}

static int see_goal(struct pike_buf *why, struct pike_run *run,
		    struct pike_err *err)
{
	const struct pike_history *h = run->history;
	double goal = run->target->goal;

	(void)err;
	if (goal > 0 && is_new_champion(h) && h->speedup.lo >= goal)
		pike_buf_addf(
		    why, "%.3fx [%.3f, %.3f] is confirmed (goal = %g)",
		    h->speedup.mid, h->speedup.lo, h->speedup.hi, goal);
	return 0;
}

/* The least share of the nearer ceiling that a case has come to; 0: nothing
 * tells. */
static int least_share(double *out, const struct pike_target *t,
		       const struct pike_result *r, struct pike_err *err)
{
	double copy = pike_json_f64(r->extra, "copy_bps", 0);
	double fma = pike_json_f64(r->extra, "fma_flops", 0), least = 0;
	int ret = 0;

	for (size_t i = 0; ret >= 0 && i < r->ncases; i++) {
		struct pike_roof roof;

		ret = pike_roofline(&roof, t, &r->cases[i], copy, fma, err);
		if (!ret && (least <= 0 || roof.after < least))
			least = roof.after;
	}
	*out = least;
	return ret < 0 ? ret : 0;
}

/* By the champion's newest confirmation. */
static int see_roof(struct pike_buf *why, struct pike_run *run,
		    struct pike_err *err)
{
	const struct pike_history *h = run->history;
	double want = run->target->stop_at, share = 0;
	struct pike_result *v = NULL;
	size_t n = 0;
	int ret = 0;

	if (want > 0 && is_new_champion(h))
		ret = pike_results_of(&v, &n, run->repo, &h->champion, err);
	for (size_t i = 0; i < n; i++) {
		if (!ret && v[i].stage == PIKE_CONFIRM &&
		    pike_oid_eq(&v[i].base, &h->base))
			ret = least_share(&share, run->target, &v[i], err);
		pike_result_release(&v[i]);
	}
	free(v);
	if (!ret && want > 0 && share >= want)
		pike_buf_addf(why,
			      "%.0f %% of the roofline in each case (stop-at = "
			      "%g)",
			      100 * share, want);
	return ret;
}

int pike_run_rest(struct pike_run *run, struct pike_err *err)
{
	static int (*const see[])(struct pike_buf *, struct pike_run *,
				  struct pike_err *) = { see_goal, see_roof,
							 see_plateau };
	const struct pike_history *h = run->history;
	struct pike_buf why;
	int ret = 0;

	/* A replay is to come to what the recording has. */
	if (run->o.replay || !h->ngens || pike_steers_rest(&h->steers))
		return 0;
	pike_buf_init(&why, 300);
	for (size_t i = 0; !ret && !why.len && i < PIKE_ARRAY_LEN(see); i++)
		ret = see[i](&why, run, err);
	if (!ret && why.len) {
		pike_say("%s rests: %s", run->target->name, why.s);
		ret = say_word(run, PIKE_STEER_PAUSE, PIKE_STEER_ITSELF, why.s,
			       err);
	}
	pike_buf_release(&why);
	return ret;
}
