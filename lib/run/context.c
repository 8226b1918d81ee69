/* SPDX-License-Identifier: Apache-2.0 */
/*
 * context: what a prompt is made of: the files it is about, and what was
 * measured of them. A preset of the paper shows no measurements, as the paper
 * did not.
 */
#include "run/agents_priv.h"

#include "base/mem.h"
#include "base/text.h"
#include "report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX (256u << 10)

static const struct pike_result *last_of(const struct pike_context *c)
{
	return c->nresults ? &c->results[c->nresults - 1] : NULL;
}

static void add_cases(struct pike_buf *b, const struct pike_result *r)
{
	char before[32], after[32];

	for (size_t i = 0; i < r->ncases; i++)
		pike_buf_addf(
		    b, "\n- %s: %s, the base %s", r->cases[i].name,
		    pike_human_ns(after, (double)r->cases[i].cand_ns),
		    pike_human_ns(before, (double)r->cases[i].base_ns));
}

/* What a model may not learn the details of (lib/eval, protocol 16). */
static const char *failure_kind(const struct pike_result *r)
{
	/* How it was found out would teach how not to be. */
	if (r->verdict == PIKE_V_TAMPER || r->verdict == PIKE_V_SUSPECT)
		return "its times or its outputs cannot be what they seem; "
		       "compute the result honestly in each call, from that "
		       "call's inputs alone";
	/* Words on what differs where tell hidden sizes, and a program can
	 * print those that it was called with. */
	if (r->stage != PIKE_SCREEN)
		return "good for the sizes and inputs that were tried first, "
		       "not for all others; mind sizes that no tile or vector "
		       "divides or that are smaller than one, and inputs of "
		       "other magnitudes";
	return NULL;
}

/* "1.83x [1.70, 1.95] over the base", the cases, what a GPU tells. */
static void describe(struct pike_buf *b, const struct pike_result *r)
{
	bool base = r->vs_base.mid > 0;
	char ratio[64];

	if (!pike_verdict_measured(r->verdict)) {
		const char *why = failure_kind(r);

		why = why ? why : r->reason ? r->reason : "";
		pike_buf_addf(b, "%s: ", pike_verdict_name(r->verdict));
		pike_sanitize(b, why, strlen(why));
		return;
	}
	pike_buf_addf(
	    b, "%s over %s",
	    pike_ratio_text(ratio, base ? &r->vs_base : &r->vs_champion),
	    base ? "the base" : "the best at that time");
	add_cases(b, r);
	pike_buf_addc(b, '\n');
	pike_resources_text(b, r);
	pike_profile_text(b, r);
}

/* Code and result of a solution that the prompt shows beside the parent. */
static int add_other(struct pike_context *c, struct pike_run *run,
		     const struct pike_oid *id, size_t number,
		     struct pike_err *err)
{
	struct pike_buf *b = &c->others;
	struct pike_result *res = NULL;
	struct pike_files files = { 0 };
	size_t n = 0;
	int ret = pike_run_files(&files, run, id, err);

	if (!ret && run->preset.profile)
		ret = pike_results_of(&res, &n, run->repo, id, err);
	if (!ret) {
		pike_buf_addf(b, "%sVersion %zu. ", b->len ? "\n" : "", number);
		if (n)
			describe(b, &res[n - 1]);
		pike_buf_addc(b, '\n');
	}
	for (size_t i = 0; !ret && i < files.n; i++) {
		pike_buf_addf(b, "%s\n", files.v[i].path);
		pike_prompt_fence(b, "", files.v[i].data);
	}
	for (size_t i = 0; i < n; i++)
		pike_result_release(&res[i]);
	free(res);
	pike_files_release(&files);
	return ret;
}

/* The device that is measured on; a machine that only proposes may have none,
 * and knows its name by the lane. */
static void add_device(struct pike_context *c, struct pike_run *run)
{
	struct pike_err ignored = PIKE_ERR_INIT;
	struct pike_device_info *dev = &run->dev;

	/* To look for it runs programs: once is enough. */
	if (!*dev->lane &&
	    (pike_device_find_arch(dev, run->target->backend, NULL, &ignored) ||
	     pike_device_compiler(dev, run->target, &ignored)))
		memset(dev, 0, sizeof(*dev));
	c->p.hardware = *dev->model ? dev->model : run->lane;
	c->p.arch = dev->arch;
	c->p.compiler = *dev->toolchain ? dev->toolchain : "cc";
}

/* NULL: nothing that is known. Two results of one second stand in no order. */
static const struct pike_result *failure_of(const struct pike_context *c)
{
	const struct pike_result *found = NULL;

	for (size_t i = 0; c->results && i < c->nresults; i++)
		if (!pike_verdict_measured(c->results[i].verdict))
			found = &c->results[i];
	return found;
}

/* What was wrong: the judge's own words, or the kind alone. */
static void set_reason(struct pike_context *c)
{
	const struct pike_result *r = failure_of(c);
	const char *kind = r ? failure_kind(r) : NULL;

	if (!r)
		return;
	c->p.reason = r->reason;
	c->p.log = r->log;
	if (!kind)
		return;
	snprintf(c->reason, sizeof(c->reason), "%s: %s",
		 pike_verdict_name(r->verdict), kind);
	c->p.reason = c->reason;
	c->p.log = NULL;
}

/* What others than the presets of the paper tell. */
static int tell(struct pike_context *c, struct pike_run *run,
		const struct pike_asked *q, struct pike_err *err)
{
	struct pike_result measured;
	const struct pike_result *known = &measured;
	int ret;

	pike_result_init(&measured);
	ret = pike_told_measured(&measured, run, err);
	if (ret == 1) {
		known = run->base.ncases ? &run->base : NULL;
		ret = 0;
	}
	if (!ret) {
		pike_told_machine(&c->card, run, known);
		pike_told_work(&c->work, &c->p.bounds, run, known, last_of(c));
		pike_limits_text(&c->limits, run->target);
		ret = pike_told_tried(&c->tried, run, &q->parents[0], err);
	}
	pike_result_release(&measured);
	c->p.tells = true;
	c->p.tuned = run->preset.hybrid;
	c->p.card = c->card.s;
	c->p.limits = c->limits.s;
	c->p.roofline = c->work.s;
	c->p.tried = c->tried.s;
	c->p.headers = &run->in.headers;
	c->p.reference = &run->in.reference;
	c->p.order = q->move.order;
	c->p.turn = q->move.turn;
	return ret;
}

static void init(struct pike_context *c)
{
	struct pike_buf *const all[] = { &c->parent_result, &c->card,
					 &c->limits,	    &c->work,
					 &c->tried,	    &c->hints,
					 &c->lessons,	    &c->lessons_file };

	for (size_t i = 0; i < PIKE_ARRAY_LEN(all); i++)
		pike_buf_init(all[i], TEXT_MAX);
	pike_buf_init(&c->others, PIKE_PROMPT_MAX);
}

int pike_context_make(struct pike_context *out, struct pike_run *run,
		      const struct pike_asked *q, struct pike_err *err)
{
	const struct pike_move *m = &q->move;
	const struct pike_result *last;
	/* The base is in each prompt as it is. */
	bool base = pike_oid_eq(&q->parents[0], &run->history->base);
	int ret = 0;

	init(out);
	add_device(out, run);
	if (m->agent->mends || run->preset.profile)
		ret = pike_results_of(&out->results, &out->nresults, run->repo,
				      &q->parents[0], err);
	last = last_of(out);
	if (last && run->preset.profile && !m->agent->mends)
		describe(&out->parent_result, last);
	for (size_t i = 1; !ret && i < q->nparents; i++)
		ret = add_other(out, run, &q->parents[i], i, err);
	out->p.target = run->target;
	out->p.base = &run->in.base;
	if (!run->target->nargs)
		out->p.reference = &run->in.reference;
	out->p.parent = base ? NULL : &q->files;
	out->p.parent_result = out->parent_result.s;
	out->p.others = out->others.s;
	out->p.idea = m->idea;
	out->p.ideas = run->preset.ideas;
	if (m->agent->mends)
		set_reason(out);
	if (!ret)
		ret = pike_hints_text(&out->hints, run, err);
	out->p.hints = out->hints.s;
	if (!ret && run->preset.profile)
		ret = tell(out, run, q, err);
	if (!ret && run->preset.lessons)
		ret = pike_told_lessons(out, run, err);
	return ret;
}

void pike_context_release(struct pike_context *c)
{
	struct pike_buf *const all[] = { &c->parent_result, &c->others,
					 &c->card,	    &c->limits,
					 &c->work,	    &c->tried,
					 &c->hints,	    &c->lessons,
					 &c->lessons_file };

	for (size_t i = 0; i < c->nresults; i++)
		pike_result_release(&c->results[i]);
	free(c->results);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(all); i++)
		pike_buf_release(all[i]);
	memset(c, 0, sizeof(*c));
}
