/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replies: what becomes of a reply. It is a commit with its chat note before
 * anything is done with it, whether it is of use or not: it was paid for.
 */
#include "run/agents_priv.h"

#include "base/clock.h"
#include "base/mem.h"
#include "model/backend.h"
#include "model/ledger.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define INTERRUPTED "the run was interrupted before the reply was there"

/* A reply on its way into git. */
struct reply {
	struct pike_extracted code; /* where it is of use */
	enum pike_verdict verdict;  /* PENDING: there is code to measure */
	char *subject, *body, *chat, *model;
	struct pike_err why; /* it is of no use */
};

void pike_asked_release(struct pike_asked *a)
{
	pike_work_free(a->work);
	pike_question_free(a->question);
	pike_files_release(&a->files);
	free(a->move.parents);
	free(a->move.slot);
	free(a->move.idea);
	free(a->parents);
	free(a->prompt);
	memset(a, 0, sizeof(*a));
}

static void reply_release(struct reply *r)
{
	pike_extracted_release(&r->code);
	free(r->subject);
	free(r->body);
	free(r->chat);
	free(r->model);
}

/* ---- what it is worth ---- */

static void useless(struct reply *r, enum pike_verdict v)
{
	r->verdict = v;
	r->subject = pike_xasprintf("no candidate: %s", r->why.text);
	r->body = pike_xstrdup("");
}

/* The whole list is the commit's body, which a later run reads. */
static void read_brainstorm(struct reply *r, const struct pike_run *run,
			    const struct pike_answer *a)
{
	struct pike_strs ideas = PIKE_STRS_INIT;

	if (pike_extract_ideas(&ideas, a->text, strlen(a->text),
			       (size_t)run->preset.ideas, &r->why)) {
		useless(r, PIKE_V_UNUSABLE);
	} else {
		struct pike_buf b;

		pike_buf_init(&b, PIKE_REPLY_MAX);
		for (size_t i = 0; i < ideas.n; i++)
			pike_buf_addf(&b, "- %s\n", ideas.v[i]);
		r->verdict = PIKE_V_NONE;
		r->subject = pike_xasprintf("%zu ideas", ideas.n);
		r->body = pike_buf_detach(&b);
	}
	pike_strs_release(&ideas);
}

static const char *entry_of(const struct pike_target *t)
{
	const struct pike_backend_rules *b =
	    pike_backend_rules_find(t->backend);

	return t->entry || !b ? t->entry : b->defines;
}

static void read_code(struct reply *r, const struct pike_run *run,
		      const struct pike_asked *q, const struct pike_answer *a)
{
	const struct pike_extract_opts o = { &run->target->sources, &q->files,
					     entry_of(run->target) };

	if (pike_extract(&r->code, &o, a->text, strlen(a->text), &r->why)) {
		useless(r, PIKE_V_UNUSABLE);
		return;
	}
	r->verdict = PIKE_V_PENDING;
	if (*r->code.summary)
		r->subject = pike_xstrdup(r->code.summary);
	else
		r->subject = pike_xstrdup(q->move.idea ? q->move.idea
						       : q->move.agent->name);
	r->body = pike_xstrdup(r->code.explanation);
}

/* Why a reply is no whole one, in `why`; 0: it is. */
static int look_at_ending(const struct pike_asked *q, struct pike_err *why)
{
	const struct pike_answer *a = pike_question_answer(q->question);

	switch (a->ending) {
	case PIKE_END_CUT:
		return pike_fail(why, PIKE_FAILED,
				 "the reply was cut off at the limit of %lld "
				 "tokens; raise max-tokens of llm '%s'",
				 (long long)q->llm->max_tokens, q->llm->name);
	case PIKE_END_REFUSED:
		return pike_fail(why, PIKE_FAILED,
				 "the model, or a filter of its provider, "
				 "refused to answer");
	case PIKE_END_BROKEN:
		if (q->work)
			return pike_fail(why, PIKE_FAILED, "%s", a->broken);
		return pike_fail(
		    why, PIKE_FAILED, "the reply was broken off%s%s",
		    a->broken ? ": " : "", a->broken ? a->broken : "");
	case PIKE_END_WHOLE:
		break;
	}
	return 0;
}

static void read_reply(struct reply *r, const struct pike_run *run,
		       const struct pike_asked *q)
{
	const struct pike_answer *a = pike_question_answer(q->question);

	if (q->dropped) {
		pike_fail(&r->why, PIKE_RETRY, INTERRUPTED);
		/* To be asked again: of an idea's list there is none. */
		useless(r,
			q->move.agent->ideas ? PIKE_V_UNUSABLE : PIKE_V_NONE);
	} else if (q->unusable) {
		pike_question_result(q->question, &r->why);
		useless(r, PIKE_V_UNUSABLE);
	} else if (look_at_ending(q, &r->why)) {
		useless(r, PIKE_V_UNUSABLE);
	} else if (q->move.agent->ideas) {
		read_brainstorm(r, run, a);
	} else {
		read_code(r, run, q, a);
	}
}

/* ---- the commit ---- */

static const char *ending_word(const struct pike_asked *q)
{
	static const char *const words[] = { [PIKE_END_WHOLE] = "whole",
					     [PIKE_END_CUT] = "cut",
					     [PIKE_END_REFUSED] = "refused",
					     [PIKE_END_BROKEN] = "broken" };

	return q->dropped ? "none"
			  : words[pike_question_answer(q->question)->ending];
}

static double cost_of(const struct pike_asked *q)
{
	/* What a provider makes of a question that was dropped is not known. */
	return q->dropped
		   ? 0
		   : pike_answer_usd(pike_question_answer(q->question), q->llm);
}

static void print_chat(struct reply *r, const struct pike_run *run,
		       const struct pike_asked *q)
{
	const struct pike_answer *a = pike_question_answer(q->question);
	struct pike_exchange x = {
		.agent = (char *)q->move.agent->name,
		.llm = q->llm->name,
		.provider = (char *)q->llm->provider->name,
		.model = r->model,
		.system = (char *)run->agents->system,
		.prompt = q->prompt,
		.reply = a->text,
		.ending = (char *)ending_word(q),
		.key = (char *)q->key,
		.tokens_in = a->tokens_in,
		.tokens_out = a->tokens_out,
		.counted = a->counted,
		.tries = pike_question_tries(q->question),
		.cost = cost_of(q),
		.secs = pike_question_secs(q->question),
		.ts = pike_unix_time(),
	};
	struct pike_buf line;

	if (!strcmp(run->settings->chat, "off"))
		return;
	pike_buf_init(&line, (size_t)-1);
	pike_exchange_print(&line, &x);
	r->chat = pike_buf_detach(&line);
}

static void name_model(struct reply *r, const struct pike_asked *q)
{
	const struct pike_answer *a = pike_question_answer(q->question);
	const char *name = a->model ? a->model : q->llm->model;

	r->model = pike_xstrdup(name ? name : q->llm->name);
}

/* A family tree that shows all that a prompt showed cannot be read: the
 * solution it was made from, and the best of those it was crossed with. */
static size_t choose_from(struct pike_asked *q, const struct pike_run *run)
{
	double best = -INFINITY;
	size_t n = 1;

	q->from[0] = q->parents[0];
	for (size_t i = 1; i < q->nparents; i++) {
		const struct pike_record *r =
		    pike_history_find(run->history, &q->parents[i]);
		double score = r && !isnan(r->score) ? r->score : -DBL_MAX;

		if (pike_oid_eq(&q->parents[i], &q->from[0]) || score <= best)
			continue;
		best = score;
		q->from[1] = q->parents[i];
		n = 2;
	}
	return n;
}

static void propose(struct pike_proposal *p, const struct reply *r,
		    const struct pike_run *run, struct pike_asked *q)
{
	const struct pike_answer *a = pike_question_answer(q->question);
	size_t nfrom = choose_from(q, run);

	*p = (struct pike_proposal){
		.parents = q->from,
		.nparents = nfrom,
		.shown = q->parents,
		.nshown = q->nparents,
		.files = r->code.files,
		.subject = r->subject,
		.body = r->body,
		.agent = q->move.agent,
		.slot = q->move.slot,
		.idea = q->move.idea,
		.model = r->model,
		.run = run->o.run,
		.chat = r->chat,
		.paid = true,
		.generation = q->generation,
		.tokens_in = a->tokens_in,
		.tokens_out = a->tokens_out,
		.guessed = !q->dropped && !a->counted,
		.asked = pike_question_tries(q->question),
		.worked = q->work,
		.tries = q->work ? pike_work_tries(q->work) : 0,
		.cost = cost_of(q),
	};
}

/* ---- verdicts without a measurement ---- */

static void silent_result(struct pike_result *res, const struct pike_run *run,
			  const struct pike_oid *id, enum pike_verdict v,
			  const char *reason)
{
	const struct pike_record none = { .id = *id };
	const struct pike_stamp stamp = pike_run_stamp(run, &none, PIKE_SCREEN);

	pike_result_init(res);
	pike_result_stamp(res, &stamp);
	res->verdict = v;
	res->reason = pike_xstrdup(reason);
}

static int record_silent(struct pike_run *run, const struct pike_oid *ids,
			 const struct reply *r, size_t n, struct pike_err *err)
{
	struct pike_result *res = pike_xcalloc(n + 1, sizeof(*res));
	size_t k = 0;
	int ret = 0;

	for (size_t i = 0; i < n; i++)
		if (r[i].verdict != PIKE_V_PENDING)
			silent_result(&res[k++], run, &ids[i], r[i].verdict,
				      r[i].verdict == PIKE_V_NONE &&
					      !*r[i].why.text
					  ? "ideas, nothing to measure"
					  : r[i].why.text);
	if (k)
		ret =
		    pike_search_record(run->search, run->history, res, k, err);
	for (size_t i = 0; i < k; i++)
		pike_result_release(&res[i]);
	free(res);
	return ret;
}

/* Those of a process that was killed before it had said so. */
int pike_replies_conclude(struct pike_run *run, struct pike_err *err)
{
	int ret = 0;

	for (size_t i = pike_history_open(run->history);
	     !ret && i < run->history->nrecs; i++) {
		const struct pike_record *rec = &run->history->recs[i];
		bool ideas = rec->agent->ideas;
		struct pike_result res;

		if (rec->screen.verdict != PIKE_V_PENDING ||
		    pike_record_is_candidate(rec))
			continue;
		silent_result(&res, run, &rec->id,
			      ideas ? PIKE_V_NONE : PIKE_V_UNUSABLE,
			      ideas ? "ideas, nothing to measure"
				    : "a reply without a candidate; its commit "
				      "says why");
		ret =
		    pike_search_record(run->search, run->history, &res, 1, err);
		pike_result_release(&res);
	}
	return ret;
}

/* ---- storing ---- */

static bool is_over(const struct pike_asked *q)
{
	return q->dropped || pike_question_ended(q->question);
}

/* Of candidates just stored, which need not be read back for it. */
static void take_traits(struct pike_run *run, const struct pike_proposal *p,
			size_t n)
{
	struct pike_agents *a = run->agents;

	if (!run->strategy->traits || a->ntraits + n != run->history->nrecs)
		return;
	for (size_t i = 0; i < n; i++) {
		PIKE_GROW(a->traits, a->ntraits, a->traits_cap);
		pike_traits_of(&a->traits[a->ntraits++], &p[i].files);
	}
}

static int store(struct pike_run *run, const struct pike_proposal *p,
		 const struct reply *r, size_t n, struct pike_err *err)
{
	struct pike_oid *ids = pike_xcalloc(n + 1, sizeof(*ids));
	bool *known = pike_xcalloc(n + 1, sizeof(*known));
	int ret =
	    pike_search_store(ids, known, run->search, run->history, p, n, err);

	if (!ret)
		take_traits(run, p, n);
	if (!ret)
		ret = record_silent(run, ids, r, n, err);
	if (!ret)
		run->stats.proposed += (int64_t)n;
	free(known);
	free(ids);
	return ret;
}

static void forget_over(struct pike_agents *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		if (is_over(&a->v[i]))
			pike_asked_release(&a->v[i]);
		else
			a->v[n++] = a->v[i];
	a->n = n;
}

int pike_replies_store(struct pike_run *run, struct pike_err *err)
{
	struct pike_agents *a = run->agents;
	struct pike_proposal *p = pike_xcalloc(a->n + 1, sizeof(*p));
	struct reply *r = pike_xcalloc(a->n + 1, sizeof(*r));
	size_t n = 0;
	int ret = 0;

	for (size_t i = 0; i < a->n; i++) {
		struct pike_asked *q = &a->v[i];

		if (!is_over(q))
			continue;
		read_reply(&r[n], run, q);
		name_model(&r[n], q);
		print_chat(&r[n], run, q);
		propose(&p[n], &r[n], run, q);
		n++;
	}
	if (n)
		ret = store(run, p, r, n, err);
	for (size_t i = 0; i < n; i++)
		reply_release(&r[i]);
	/* What could not be stored is asked again by the next run. */
	forget_over(a);
	free(p);
	free(r);
	return ret;
}
