/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sustain: what a gain on a GPU must hold against before it is called one.
 *
 * Base and candidate back to back by the judge's own clock, which no claim
 * enters (README.md, protocol 12): a gain that is there only
 * between flushes, or only in what a process says, is none.
 *
 * And samples that find variables and scratch as the call before left them,
 * beside samples that find them cleared. All that is timed
 * finds them cleared, so that nothing can be remembered; a kernel that would
 * have to clear them itself must not be called faster for that.
 */
#include "base/mem.h"
#include "eval/fill_priv.h"
#include "eval/protocol_priv.h"
#include "eval/stats_priv.h"
#include "eval/verdict_priv.h"

#include <math.h>
#include <stdio.h>

/* Wall time that is left for `PROTO_SUSTAIN_NS` of calls. */
#define SUSTAIN_MS 60000

/* What is found out of one kernel in one case. */
struct sustained {
	double ns;   /* a call, back to back */
	double more; /* time of kept over time of cleared samples */
};

static int sample(double *ns, struct pike_runner *r, bool kept, int deadline_ms,
		  struct pike_fault *f, struct pike_err *err)
{
	struct pike_timed s;
	int ret;

	r->process.kept = kept;
	ret = pike_runner_sample(&s, r, 0, 1, deadline_ms, f, err);
	*ns = (double)s.claim_ns;
	return ret;
}

/* One set will do: a kernel that remembers it is only faster for that. */
static int kept_cost(double *more, struct pike_runner *r, int deadline_ms,
		     struct pike_fault *f, struct pike_err *err)
{
	double ns[2][PROTO_KEPT_PAIRS], after, first;
	int ret = 0;

	/* Which of a pair comes first alternates. */
	for (size_t i = 0; !ret && i < 2 * PROTO_KEPT_PAIRS; i++) {
		bool kept = (i + i / 2) % 2;

		ret = sample(&ns[kept][i / 2], r, kept, deadline_ms, f, err);
	}
	if (ret)
		return ret;
	after = pike_median(ns[1], PROTO_KEPT_PAIRS);
	first = fmax(1, pike_median(ns[0], PROTO_KEPT_PAIRS));
	*more = after > first + PROTO_KEPT_NS ? after / first : 1;
	return 0;
}

static int sustain_one(struct sustained *out, struct pike_judge *j,
		       struct pike_case_state *cs, struct pike_build *b,
		       double call_ns, struct pike_fault *f,
		       struct pike_err *err)
{
	struct pike_runner_opts o = { .build = b,
				      .pool = cs->pool,
				      .nslots = 1 };
	double n = PROTO_SUSTAIN_NS / fmax(1, call_ns), first;
	int deadline_ms = pike_deadline_ms(j, cs->base_ns, 1);
	struct pike_runner *r = NULL;
	int ret = pike_runner_open(&r, j, &o, f, err);

	n = fmax(2, fmin(n, PROTO_SUSTAIN_MAX));
	if (!ret)
		ret = sample(&first, r, false, deadline_ms, f, err);
	if (!ret)
		ret = pike_runner_sustain(&out->ns, r, 0, (uint32_t)n,
					  SUSTAIN_MS, f, err);
	if (!ret && b != j->base)
		ret = kept_cost(&out->more, r, deadline_ms, f, err);
	pike_runner_close(r);
	return ret;
}

/* Where a process lies in a GPU's memory decides about a short kernel, so
 * nobody is accused on the strength of one: the lesser of two counts. */
static int kept_again(struct sustained *out, struct pike_judge *j,
		      struct pike_case_state *cs, struct pike_build *b,
		      struct pike_fault *f, struct pike_err *err)
{
	struct pike_runner_opts o = { .build = b,
				      .pool = cs->pool,
				      .nslots = 1 };
	int deadline_ms = pike_deadline_ms(j, cs->base_ns, 1);
	struct pike_runner *r = NULL;
	double more = out->more;
	int ret;

	if (out->more <= 1 + PROTO_KEPT_MORE)
		return 0;
	ret = pike_runner_open(&r, j, &o, f, err);
	if (!ret)
		ret = kept_cost(&more, r, deadline_ms, f, err);
	pike_runner_close(r);
	out->more = fmin(out->more, more);
	return ret;
}

/* Over all cases: how many times as fast as the base, and the most that kept
 * samples take. */
static int sustain_all(double *ratio, double *more, struct pike_judge *j,
		       struct pike_build *cand, const struct pike_timing *t,
		       struct pike_fault *f, struct pike_err *err)
{
	double sum = 0;
	int ret = 0;

	*more = 0;
	pike_runners_gone(j);
	for (size_t i = 0; !ret && i < j->t->ncases; i++) {
		struct pike_case_state *cs = &j->cases[i];
		struct sustained base, own;

		pike_judge_say(j, "sustained",
			       (double)i / (double)j->t->ncases);
		ret = sustain_one(&base, j, cs, j->base,
				  pike_timing_median(&t[i], 0), f, err);
		if (!ret)
			ret = sustain_one(
			    &own, j, cs, cand,
			    pike_timing_median(&t[i], t[i].narms - 1), f, err);
		if (!ret)
			ret = kept_again(&own, j, cs, cand, f, err);
		if (ret)
			return ret;
		sum += log(base.ns / own.ns);
		*more = fmax(*more, own.more);
	}
	*ratio = exp(sum / (double)j->t->ncases);
	return 0;
}

static void decide(struct pike_result *out, double ratio, double more)
{
	char text[256] = "";

	pike_json_set_f64(out->extra, "sustained", ratio);
	pike_json_set_f64(out->extra, "kept", more);
	if (ratio <= 1)
		snprintf(text, sizeof(text),
			 "back to back, by the judge's own clock, it is %.3g "
			 "times as fast as the base: what was gained with cold "
			 "caches is not there under load",
			 ratio);
	else if (more > 1 + PROTO_KEPT_MORE || out->vs_base.lo <= more)
		snprintf(text, sizeof(text),
			 "after another call it takes %.3g times as long as in "
			 "a process that has just begun: it leaves to others "
			 "what it must clear for the next call",
			 more);
	if (*text)
		pike_fill_verdict(out, PIKE_V_SUSPECT, text);
}

int pike_sustain(struct pike_result *out, struct pike_judge *j,
		 struct pike_build *cand, const struct pike_timing *t,
		 struct pike_err *err)
{
	enum pike_phase before;
	struct pike_fault f;
	double ratio, more;
	int ret;

	if (!j->traits->sustains || out->verdict != PIKE_V_FASTER)
		return 0;
	before = pike_phase(j, PIKE_PHASE_SUSTAIN);
	pike_fault_init(&f);
	ret = sustain_all(&ratio, &more, j, cand, t, &f, err);
	if (ret == 1)
		pike_fill_fault(out, &f, j->cases[0].c);
	pike_fault_release(&f);
	pike_phase(j, before);
	if (!ret)
		decide(out, ratio, more);
	return ret < 0 ? ret : 0;
}
