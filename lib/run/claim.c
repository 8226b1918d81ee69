/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claim: what may be said of a champion: its confirmations against the base of
 * the search, the newest of each runner, and what is missing to offer it.
 */
#include "run/publish_priv.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/baseline.h"
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

#define RUNNERS_PATH ".pike/runners"

static bool is_vote(const struct pike_result *r, const struct pike_history *h)
{
	return r->stage == PIKE_CONFIRM && pike_oid_eq(&r->base, &h->base) &&
	       r->target && !strcmp(r->target, h->target);
}

static const char *runner_of(const struct pike_result *r)
{
	return r->by && *r->by ? r->by : "local";
}

/* Lines are in the order of their time: the newest of a runner is the last. */
static void add_vote(struct pike_claim *c, const struct pike_result *r)
{
	for (size_t i = 0; i < c->nvotes; i++)
		if (!strcmp(runner_of(c->votes[i].res), runner_of(r))) {
			c->votes[i].res = r;
			return;
		}
	c->votes[c->nvotes++].res = r;
}

/* A note is anybody's to write: beyond this nothing was measured. */
#define SPEEDUP_MAX 1e6

static bool passes(const struct pike_result *r, double threshold)
{
	return r->verdict == PIKE_V_FASTER && r->vs_base.lo >= threshold &&
	       r->vs_base.hi <= SPEEDUP_MAX;
}

/* Signatures count where the base branch says whose. */
static int read_signers(struct pike_files *out, struct pike_claim *c,
			struct pike_repo *repo, const struct pike_oid *base,
			struct pike_err *err)
{
	struct pike_strs paths = PIKE_STRS_INIT;
	int ret;

	pike_strs_push(&paths, RUNNERS_PATH);
	ret = pike_repo_read(out, repo, base, &paths, true, err);
	c->known = !ret && out->n;
	pike_strs_release(&paths);
	return ret;
}

static int count_votes(struct pike_claim *c, struct pike_repo *repo,
		       const struct pike_settings *s,
		       const struct pike_files *signers, struct pike_err *err)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < c->nvotes; i++) {
		struct pike_vote *v = &c->votes[i];

		if (c->known)
			ret = pike_result_vouched(&v->vouched, repo, v->res,
						  signers->v[0].data,
						  signers->v[0].len, err);
		v->counts =
		    passes(v->res, s->threshold) && (!c->known || v->vouched);
		if (ret || !v->counts)
			continue;
		c->counted++;
		if (!c->res || v->res->vs_base.lo < c->res->vs_base.lo)
			c->res = v->res;
	}
	return ret;
}

/* The last one, of those that are vouched for where somebody must. */
static int find_model(struct pike_claim *c, struct pike_repo *repo,
		      const struct pike_history *h,
		      const struct pike_files *signers, struct pike_err *err)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < c->nlines; i++) {
		const struct pike_result *r = &c->lines[i];
		bool vouched = true;

		if (r->stage != PIKE_MODEL ||
		    !pike_oid_eq(&r->base, &h->base) || !r->target ||
		    strcmp(r->target, h->target) != 0)
			continue;
		if (c->known)
			ret = pike_result_vouched(&vouched, repo, r,
						  signers->v[0].data,
						  signers->v[0].len, err);
		if (!ret && vouched)
			c->model = r;
	}
	return ret;
}

int pike_claim_read(struct pike_claim *out, struct pike_repo *repo,
		    const struct pike_settings *s, const struct pike_history *h,
		    const struct pike_oid *base, struct pike_err *err)
{
	struct pike_files signers = { 0 };
	int ret;

	memset(out, 0, sizeof(*out));
	ret =
	    pike_results_of(&out->lines, &out->nlines, repo, &h->champion, err);
	if (!ret)
		ret = pike_results_of(&out->base_lines, &out->nbase_lines, repo,
				      &h->base, err);
	out->votes = pike_xcalloc(out->nlines + 1, sizeof(*out->votes));
	for (size_t i = 0; !ret && i < out->nlines; i++)
		if (is_vote(&out->lines[i], h))
			add_vote(out, &out->lines[i]);
	if (!ret)
		ret = read_signers(&signers, out, repo, base, err);
	if (!ret)
		ret = count_votes(out, repo, s, &signers, err);
	if (!ret)
		ret = find_model(out, repo, h, &signers, err);
	pike_files_release(&signers);
	return ret;
}

void pike_claim_release(struct pike_claim *c)
{
	for (size_t i = 0; i < c->nlines; i++)
		pike_result_release(&c->lines[i]);
	for (size_t i = 0; i < c->nbase_lines; i++)
		pike_result_release(&c->base_lines[i]);
	free(c->lines);
	free(c->base_lines);
	free(c->votes);
	memset(c, 0, sizeof(*c));
}

/* ---- what is missing ---- */

static void too_few(struct pike_buf *b, const struct pike_claim *c,
		    const struct pike_settings *s)
{
	long long lacks = s->confirmations - (long long)c->counted;
	size_t unsigned_votes = 0;

	for (size_t i = 0; i < c->nvotes; i++)
		unsigned_votes += c->known && !c->votes[i].vouched;
	pike_buf_addf(b,
		      "confirmed by %zu of %lld runners: %lld more must "
		      "confirm it; run `pike-git evaluate` on %s machine with "
		      "PIKE_RUNNER set to its name",
		      c->counted, (long long)s->confirmations, lacks,
		      lacks == 1 ? "another" : "other");
	if (unsigned_votes)
		pike_buf_addf(b,
			      "; %zu do not count, as no key of " RUNNERS_PATH
			      " has signed them",
			      unsigned_votes);
}

/* The best interval that there is says how far off it is. */
static void too_slow(struct pike_buf *b, const struct pike_claim *c,
		     const struct pike_settings *s)
{
	const struct pike_result *best = NULL;
	char ratio[64];

	for (size_t i = 0; i < c->nvotes; i++)
		if (!best || c->votes[i].res->vs_base.lo > best->vs_base.lo)
			best = c->votes[i].res;
	if (!best)
		pike_buf_adds(b, "no confirmation of the champion against this "
				 "base is in the notes; run `pike-git "
				 "evaluate`, or fetch refs/notes/pike/results");
	else if (best->verdict != PIKE_V_FASTER)
		pike_buf_addf(b,
			      "the newest confirmation of the champion says "
			      "'%s'",
			      pike_verdict_name(best->verdict));
	else
		pike_buf_addf(b,
			      "%s over the base: the lower bound is below the "
			      "threshold of %.2fx (pike.threshold)",
			      pike_ratio_text(ratio, &best->vs_base),
			      s->threshold);
}

/* Held back while what people could have without a search is faster. */
static bool is_gated(const struct pike_claim *c, const struct pike_target *t,
		     const char **name, struct pike_ratio *over)
{
	return t->baseline_gate && c->res &&
	       pike_result_best_baseline(name, over, c->res) && over->mid < 1;
}

/* What a clock does not bear out is `inconclusive`. */
static void no_model_gain(struct pike_buf *b, const struct pike_claim *c)
{
	char ratio[64];

	if (!c->model)
		pike_buf_adds(b, "what it is worth in the whole model is not "
				 "measured: run `pike-git evaluate`");
	else
		pike_buf_addf(b, "in the whole model it is '%s' (%s)",
			      pike_verdict_name(c->model->verdict),
			      pike_ratio_text(ratio, &c->model->vs_base));
	pike_buf_adds(b, "; in-model-gate of the target holds it back");
}

void pike_claim_missing(struct pike_buf *b, const struct pike_claim *c,
			const struct pike_settings *s,
			const struct pike_history *h,
			const struct pike_target *t)
{
	struct pike_ratio over;
	const char *name;
	bool any = false;

	for (size_t i = 0; i < c->nvotes; i++)
		any = any || passes(c->votes[i].res, s->threshold);
	if (pike_oid_eq(&h->champion, &h->base))
		pike_buf_adds(b, "the base is the best so far");
	else if (!any)
		too_slow(b, c, s);
	else if (c->counted < (size_t)s->confirmations)
		too_few(b, c, s);
	else if (is_gated(c, t, &name, &over)) {
		pike_buf_adds(b, "its baseline '");
		pike_sanitize(b, name, strnlen(name, 100));
		pike_buf_addf(b,
			      "' is faster (%.2fx of it), and baseline-gate of "
			      "the target holds it back",
			      over.mid);
	} else if (t->in_model_gate &&
		   (!c->model || c->model->verdict != PIKE_V_FASTER)) {
		no_model_gain(b, c);
	}
}
