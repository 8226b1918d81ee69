/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sustain: base and candidate back to back by the judge's own clock, which no
 * claim enters (evaluation.md 2.4, sustained check). A gain that is there
 * only between flushes, or only in what a process says, is none.
 */
#include "base/mem.h"
#include "eval/protocol_priv.h"
#include "eval/verdict_priv.h"

#include <math.h>
#include <stdio.h>

/* Wall time that is left for `PROTO_SUSTAIN_NS` of calls. */
#define SUSTAIN_MS 60000

static int sustain_one(double *ns, struct pike_judge *j,
		       struct pike_case_state *cs, struct pike_build *b,
		       double call_ns, struct pike_fault *f,
		       struct pike_err *err)
{
	struct pike_runner_opts o = { .build = b,
				      .pool = cs->pool,
				      .nslots = 1 };
	double n = PROTO_SUSTAIN_NS / fmax(1, call_ns);
	struct pike_runner *r = NULL;
	struct pike_sample s;
	int ret = pike_runner_open(&r, j, &o, f, err);

	n = fmax(2, fmin(n, PROTO_SUSTAIN_MAX));
	if (!ret)
		ret = pike_runner_sample(
		    &s, r, 0, 1, pike_deadline_ms(j, cs->base_ns, 1), f, err);
	if (!ret)
		ret = pike_guest_sustain(ns, &r->guest, 0, (uint32_t)n,
					 SUSTAIN_MS, f, err);
	pike_runner_close(r);
	return ret;
}

/* How many times as fast as the base, over all cases. */
static int sustain_all(double *ratio, struct pike_judge *j,
		       struct pike_build *cand, const struct pike_timing *t,
		       struct pike_fault *f, struct pike_err *err)
{
	double sum = 0;
	int ret = 0;

	for (size_t i = 0; !ret && i < j->t->ncases; i++) {
		struct pike_case_state *cs = &j->cases[i];
		double base, own;

		pike_judge_say(j, "sustained",
			       (double)i / (double)j->t->ncases);
		ret = sustain_one(&base, j, cs, j->base,
				  pike_timing_median(&t[i], 0), f, err);
		if (!ret)
			ret = sustain_one(
			    &own, j, cs, cand,
			    pike_timing_median(&t[i], t[i].narms - 1), f, err);
		if (!ret)
			sum += log(base / own);
	}
	*ratio = exp(sum / (double)j->t->ncases);
	return ret;
}

int pike_sustain(struct pike_result *out, struct pike_judge *j,
		 struct pike_build *cand, const struct pike_timing *t,
		 struct pike_err *err)
{
	struct pike_fault f;
	double ratio = 0;
	char text[256];
	int ret;

	if (!j->on_gpu || out->verdict != PIKE_V_FASTER)
		return 0;
	pike_fault_init(&f);
	ret = sustain_all(&ratio, j, cand, t, &f, err);
	if (ret == 1)
		pike_outcome_fault(out, &f, j->cases[0].c);
	pike_fault_release(&f);
	if (ret)
		return ret < 0 ? ret : 0;
	pike_json_set_f64(out->extra, "sustained", ratio);
	if (ratio > 1)
		return 0;
	snprintf(text, sizeof(text),
		 "back to back, by the judge's own clock, it is %.3g times as "
		 "fast as the base: what was gained with cold caches is not "
		 "there under load",
		 ratio);
	pike_outcome_verdict(out, PIKE_V_SUSPECT, text);
	return 0;
}
