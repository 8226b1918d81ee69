/* SPDX-License-Identifier: Apache-2.0 */
/*
 * advance: stage 3. Chooses the champion among what was confirmed and closes
 * the generation.
 */
#include "run/run_priv.h"

#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Its speedup over the base, as far as it is known: what was screened against
 * an earlier champion, too, can be compared. */
static struct pike_ratio estimate(const struct pike_record *r)
{
	const struct pike_ratio *s = &r->screen.ratio;
	double by = exp(r->score) / s->mid;

	if (pike_verdict_measured(r->confirm.verdict))
		return r->confirm.ratio;
	if (isnan(by))
		by = 1;
	return (struct pike_ratio){ s->lo * by, s->mid * by, s->hi * by };
}

/* Passed the screening against the champion of now, and not yet confirmed. What
 * came late was judged against an earlier one: it challenges if it seems better
 * than that of now, though it was confirmed then. */
static bool challenges(const struct pike_history *h,
		       const struct pike_record *r)
{
	const struct pike_score *c = &r->confirm;

	if (r->past || r->screen.verdict != PIKE_V_FASTER ||
	    r->confirms >= PIKE_CONFIRMS || pike_oid_eq(&r->id, &h->champion))
		return false;
	if (pike_oid_eq(&r->screen.vs, &h->champion))
		return c->verdict == PIKE_V_PENDING;
	return (c->verdict == PIKE_V_PENDING || c->verdict == PIKE_V_FASTER) &&
	       estimate(r).lo > h->speedup.hi;
}

static void insert(size_t out[PIKE_CHALLENGERS], size_t *n, size_t i,
		   const struct pike_history *h)
{
	double lo = estimate(&h->recs[i]).lo;
	size_t at = *n;

	while (at && estimate(&h->recs[out[at - 1]]).lo < lo)
		at--;
	if (at >= PIKE_CHALLENGERS)
		return;
	if (*n < PIKE_CHALLENGERS)
		(*n)++;
	memmove(&out[at + 1], &out[at], (*n - at - 1) * sizeof(*out));
	out[at] = i;
}

/* The best by lower bound, and those whose interval reaches into its own: a
 * challenger that the screening already separated from the best is not worth
 * a confirmation. One that failed its own leaves its place to another. */
size_t pike_run_challengers(size_t out[PIKE_CHALLENGERS],
			    const struct pike_history *h, bool settled)
{
	size_t n = 0, keep = 0, room = PIKE_CHALLENGERS;

	for (size_t i = settled ? 0 : pike_history_open(h); i < h->nrecs; i++) {
		const struct pike_record *r = &h->recs[i];

		if ((settled || r->settled < 0) && challenges(h, r))
			insert(out, &n, i, h);
		if (room && !settled && r->settled < 0 &&
		    pike_verdict_measured(r->confirm.verdict))
			room--;
	}
	while (keep < n && keep < room &&
	       estimate(&h->recs[out[keep]]).hi >=
		   estimate(&h->recs[out[0]]).lo)
		keep++;
	return keep;
}

/* Did this record's confirmation beat the champion of now? Its ratio over the
 * champion stands in its note. */
static int beats(bool *out, struct pike_ratio *speedup, struct pike_run *run,
		 const struct pike_record *r, struct pike_err *err)
{
	struct pike_result *res = NULL;
	size_t n = 0;
	int ret = pike_results_of(&res, &n, run->repo, &r->id, err);

	*out = false;
	for (size_t i = 0; i < n; i++) {
		if (res[i].stage == PIKE_CONFIRM &&
		    res[i].verdict == PIKE_V_FASTER &&
		    pike_oid_eq(&res[i].base, &run->history->base) &&
		    pike_oid_eq(&res[i].champion, &run->history->champion) &&
		    res[i].vs_champion.lo > 1) {
			*out = true;
			*speedup = res[i].vs_base;
		}
		pike_result_release(&res[i]);
	}
	free(res);
	return ret;
}

/* Does no generation list it yet, or not all that is known of it? */
static bool is_news(const struct pike_run *run, const struct pike_record *r)
{
	return r->settled < 0 || pike_search_late(run->search, &r->id);
}

static int choose_champion(struct pike_close *c, struct pike_run *run,
			   struct pike_err *err)
{
	const struct pike_history *h = run->history;
	struct pike_ratio speedup;
	bool better;
	int ret = 0;

	c->champion = h->champion;
	c->speedup = h->speedup;
	for (size_t i = 0; !ret && i < h->nrecs; i++) {
		const struct pike_record *r = &h->recs[i];

		if (r->confirm.verdict != PIKE_V_FASTER || !is_news(run, r))
			continue;
		ret = beats(&better, &speedup, run, r, err);
		if (!ret && better &&
		    (pike_oid_eq(&c->champion, &h->champion) ||
		     speedup.lo > c->speedup.lo)) {
			c->champion = r->id;
			c->speedup = speedup;
		}
	}
	return ret;
}

static void table_row(struct pike_buf *b, const struct pike_record *r)
{
	const struct pike_score *s =
	    r->confirm.verdict != PIKE_V_PENDING ? &r->confirm : &r->screen;
	bool confirmed = s == &r->confirm;

	pike_buf_addf(b, "%.12s  %-12s", r->id.hex,
		      pike_verdict_name(s->verdict));
	if (s->ratio.mid > 0)
		pike_buf_addf(b, "  %.3fx [%.3f, %.3f] %s", s->ratio.mid,
			      s->ratio.lo, s->ratio.hi,
			      confirmed ? "confirmed over the base"
					: "screened against the champion");
	if (r->idea && *r->idea)
		pike_buf_addf(b, "\n              %.66s", r->idea);
	pike_buf_addc(b, '\n');
}

static void make_table(struct pike_buf *b, const struct pike_run *run)
{
	const struct pike_history *h = run->history;
	bool late = pike_search_late(run->search, NULL);

	for (size_t i = late ? 0 : pike_history_open(h); i < h->nrecs; i++) {
		const struct pike_record *r = &h->recs[i];

		if (r->screen.verdict != PIKE_V_PENDING && is_news(run, r))
			table_row(b, r);
	}
}

/* env and task of the generation: the judge's where it was open, else those
 * of the youngest result (`advance` in CI has no device). */
static int name_world(struct pike_close *c, struct pike_run *run, char env[65],
		      char task[65], struct pike_err *err)
{
	const struct pike_history *h = run->history;
	struct pike_result *res = NULL;
	size_t n = 0;
	int ret = 0;

	env[0] = task[0] = '\0';
	if (run->judge) {
		c->env = run->judging->env(run->judge);
		c->task = run->judging->task(run->judge);
		return 0;
	}
	for (size_t i = h->nrecs; !ret && i > 0 && !env[0]; i--) {
		if (h->recs[i - 1].screen.verdict == PIKE_V_PENDING ||
		    h->recs[i - 1].past)
			continue;
		ret = pike_results_of(&res, &n, run->repo, &h->recs[i - 1].id,
				      err);
		/* No judge has seen what is no candidate. */
		if (!ret && n && res[n - 1].env && *res[n - 1].env &&
		    res[n - 1].task && *res[n - 1].task) {
			pike_slug(env, res[n - 1].env);
			pike_slug(task, res[n - 1].task);
		}
		for (size_t k = 0; k < n; k++)
			pike_result_release(&res[k]);
		free(res);
		res = NULL;
	}
	c->env = env;
	c->task = task;
	return ret;
}

int pike_run_round_open(bool *out, struct pike_run *run, struct pike_err *err)
{
	struct pike_search_input in = { .settings = run->settings,
					.target = run->target,
					.preset = &run->preset,
					.run_seed = run->seed };
	size_t judged;
	int ret = pike_run_refresh(run, err);

	in.history = run->history;
	*out = false;
	if (ret || !run->preset.asks || !run->strategy->closed)
		return ret;
	pike_run_open_count(run, &judged);
	*out = judged && !pike_run_spent(run) && !run->strategy->closed(&in);
	return 0;
}

/* What another process is measuring belongs to this generation: closed
 * without it, a confirmation would come too late to count. */
static int check_unclaimed(struct pike_run *run, struct pike_err *err)
{
	bool claimed;
	int ret = pike_search_claimed(&claimed, run->search, err);

	if (!ret && claimed)
		ret = pike_fail(err, PIKE_RETRY,
				"a candidate of '%s' is being measured; its "
				"generation can be closed when that is done",
				run->target->name);
	return ret;
}

int pike_run_advance(struct pike_run *run, struct pike_err *err)
{
	struct pike_close c = {
		.strategy = run->settings->strategy,
		.seed = run->seed,
	};
	struct pike_buf table;
	char env[65], task[65];
	size_t judged;
	int ret;

	pike_buf_init(&table, 1 << 20);
	ret = check_unclaimed(run, err);
	if (!ret)
		ret = pike_run_refresh(run, err);
	if (ret)
		goto out;
	pike_run_open_count(run, &judged);
	if (!judged && !pike_search_late(run->search, NULL))
		goto out;
	ret = choose_champion(&c, run, err);
	if (!ret)
		ret = name_world(&c, run, env, task, err);
	if (ret)
		goto out;
	for (size_t i = 0; i < run->history->nrecs; i++)
		c.spent += run->history->recs[i].cost;
	make_table(&table, run);
	c.table = table.s;
	pike_run_teach(&c, run);
	ret = pike_search_advance(run->search, run->history, &c, err);
	if (!ret)
		run->stats.generations++;
	if (!ret)
		ret = pike_run_refresh(run, err);
out:
	pike_buf_release(&table);
	return ret;
}
