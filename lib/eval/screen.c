/* SPDX-License-Identifier: Apache-2.0 */
/*
 * screen: a quick look at one candidate against the champion. Its numbers
 * choose who is confirmed; they are never reported as a speedup.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "eval/fill_priv.h"
#include "eval/protocol_priv.h"
#include "eval/verdict_priv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct screen {
	struct pike_judge *j;
	struct pike_build *cand, *champ; /* champ: the base's at least */
	struct pike_timing *t;		 /* by case */
	double noise, delta;
	/* For certain, at the first look: in any case that was timed, and in
	 * the one that is. */
	bool slower, clear;
};

/* Inner calls that leave enough sets of the pool for the first look. */
static uint32_t inner_for(const struct pike_judge *j,
			  const struct pike_case_state *cs)
{
	uint32_t n = pike_inner(j, cs->champ_ns ? cs->champ_ns : cs->base_ns);
	uint32_t base = pike_inner(j, cs->base_ns);
	size_t timed = cs->pool->nsets - pike_warm_sets(&cs->pool->layout);

	/* The output slots were counted for the base's */
	if (n > 4 * base)
		n = 4 * base;
	if (n > timed / PROTO_LOOK1)
		n = (uint32_t)(timed / PROTO_LOOK1);
	return n ? n : 1;
}

/* 10 pairs, and certainly slower, or faster by more than what counts: nothing
 * can be gained by looking on. */
static bool look(struct screen *s, const struct pike_timing *t)
{
	struct pike_pairs pairs = { 0 };
	struct pike_boot b;
	double most = s->j->t->ncases > 1 ? -log1p(PROTO_CASE_SLOWER) : 0;
	double least = log1p(s->delta);

	/* Clocks that can hide a loss can feign one */
	if (pike_timing_crowded(t))
		return false;
	if (!s->j->traits->device_code_only) {
		most -= log1p(pike_clocks_hidden(t));
		least += log1p(pike_clocks_hidden(t));
	}
	pike_timing_pairs(&pairs, t, 0, false);
	if (pike_boot_run(&b, &pairs, 1, PROTO_RESAMPLES, &s->j->rng)) {
		s->slower = pike_boot_upper(&b, PROTO_STOP_SURE) < most;
		s->clear = pike_boot_lower(&b, PROTO_STOP_SURE) > least;
		pike_boot_release(&b);
	}
	pike_pairs_release(&pairs);
	return s->slower || s->clear;
}

static int screen_round(struct screen *s, struct pike_session *ss,
			struct pike_timing *t, int64_t until,
			struct pike_fault *f, struct pike_err *err)
{
	enum pike_phase before = pike_phase(s->j, PIKE_PHASE_TIME);
	int ret = pike_session_begin(ss, f, err);

	while (!ret && pike_session_more(ss) && t->n < PROTO_LOOK2) {
		ret = pike_session_pair(ss, t, f, err);
		if (ret)
			break;
		pike_judge_say(s->j, "screening", (double)t->n / PROTO_LOOK2);
		if (t->n == PROTO_LOOK1 && look(s, t))
			break;
		if (t->n >= PROTO_SCREEN_MIN && pike_now_ns() > until)
			break;
	}
	if (!ret)
		ret = pike_session_end(ss, t, f, err);
	else
		pike_session_drop(ss);
	pike_phase(s->j, before);
	return ret;
}

static int screen_case(struct screen *s, size_t i, struct pike_fault *f,
		       struct pike_err *err)
{
	struct pike_case_state *cs = &s->j->cases[i];
	struct pike_session ss = {
		.j = s->j,
		.pool = cs->pool,
		.build = { s->champ, s->cand },
		.label = { s->champ == s->j->base ? "base" : "champion",
			   "candidate" },
		.narms = 2,
		.inner = inner_for(s->j, cs),
		.warm = true,
	};
	struct pike_timing *t = &s->t[i];
	int64_t until = pike_now_ns() + PROTO_SCREEN_NS;
	int ret = 0;

	ss.deadline_ms = pike_deadline_ms(s->j, cs->base_ns, ss.inner);
	s->clear = false;
	while (!ret && t->n < PROTO_LOOK2 && !s->slower && !s->clear) {
		ret = screen_round(s, &ss, t, until, f, err);
		if (t->n >= PROTO_SCREEN_MIN && pike_now_ns() > until)
			break;
	}
	if (!ret && s->champ != s->j->base)
		cs->champ_ns = (int64_t)fmax(1, pike_timing_median(t, 0));
	return ret;
}

static void screen_decide(struct pike_result *out, struct screen *s)
{
	struct pike_judge *j = s->j;
	struct pike_pairs *pairs =
	    pike_xcalloc(j->t->ncases + 1, sizeof(*pairs));
	const char **names = pike_xcalloc(j->t->ncases + 1, sizeof(*names));
	struct pike_rule rule = {
		.delta = s->delta,
		.same =
		    pike_delta_least(s->noise, j->dev.ncores, j->traits->noise),
		.alpha = PROTO_SCREEN_ALPHA,
		.than = s->champ == j->base ? "the base" : "the champion"
	};
	struct pike_decision d;

	for (size_t i = 0; i < j->t->ncases; i++) {
		names[i] = j->cases[i].c->text;
		if (!j->traits->device_code_only)
			rule.hidden =
			    fmax(rule.hidden, pike_clocks_hidden(&s->t[i]));
		rule.crowded = rule.crowded || pike_timing_crowded(&s->t[i]);
		rule.disturbed =
		    fmax(rule.disturbed, pike_timing_disturbed(&s->t[i]));
		/* They go out only where they are few */
		pike_timing_pairs(&pairs[i], &s->t[i], 0,
				  pike_timing_dropped(&s->t[i]) <=
				      PROTO_DROP_MAX);
	}
	pike_decide(&d, &rule, pairs, names, j->t->ncases, &j->rng);
	if (s->slower && d.v != PIKE_V_FASTER)
		d.v = PIKE_V_SLOWER;
	out->vs_champion = d.ratio;
	if (s->champ == j->base)
		out->vs_base = d.ratio;
	if (pike_fill_plausible(out, j, s->t))
		pike_fill_verdict(out, d.v, d.reason);
	for (size_t i = 0; i < j->t->ncases; i++)
		pike_pairs_release(&pairs[i]);
	free(pairs);
	free(names);
}

/* 1 where it failed, with its verdict. */
static int screen_cases(struct pike_result *out, struct screen *s,
			struct pike_err *err)
{
	struct pike_judge *j = s->j;
	struct pike_fault f;
	int ret = 0;

	pike_fault_init(&f);
	for (size_t i = 0; !ret && i < j->t->ncases && !s->slower; i++) {
		ret = screen_case(s, i, &f, err);
		if (ret == 1)
			pike_fill_fault(out, &f, j->cases[i].c);
	}
	if (!ret) {
		pike_fill_cases(out, j, s->t, s->champ == j->base);
		screen_decide(out, s);
	}
	pike_fault_release(&f);
	return ret;
}

static void forget(struct pike_result *out, struct screen *s)
{
	pike_fill_no_cases(out);
	s->slower = false;
	for (size_t i = 0; i < s->j->t->ncases; i++)
		pike_timing_release(&s->t[i]);
}

/* `faster`, where one process may differ from the next by more than gains that
 * count: two in a row hardly do. */
static bool by_chance(const struct pike_result *out, const struct screen *s)
{
	size_t once = 0;

	for (size_t i = 0; i < s->j->t->ncases; i++)
		once += s->t[i].rounds < 2;
	return out->verdict == PIKE_V_FASTER && !s->j->traits->steady &&
	       s->delta > PROTO_DELTA_GPU && once;
}

/* One set of each case. 1 where it failed, with its verdict. */
static int check_once(struct pike_result *out, struct screen *s,
		      struct pike_err *err)
{
	struct pike_judge *j = s->j;
	struct pike_fault f;
	int ret = 0;

	pike_fault_init(&f);
	for (size_t i = 0; !ret && i < j->t->ncases; i++) {
		struct pike_runner_opts o = { .build = s->cand,
					      .pool = j->cases[i].pool,
					      .nslots = 1,
					      .warm = true };
		struct pike_runner *r = NULL;
		struct pike_timed x;

		ret = pike_runner_open(&r, j, &o, &f, err);
		if (!ret)
			ret = pike_runner_sample(
			    &x, r, 0, 1, pike_deadline_ms(j, 0, 1), &f, err);
		if (!ret)
			ret = pike_runner_settled(r, &f, err);
		pike_runner_close(r);
		if (ret == 1)
			pike_fill_fault(out, &f, j->cases[i].c);
	}
	pike_fault_release(&f);
	return ret;
}

/* The noise takes longer to measure than most wrong candidates to be found
 * out, and those need not be timed. */
static int check_before_noise(struct pike_result *out, struct screen *s,
			      struct pike_err *err)
{
	enum pike_phase before;
	int ret;

	if (!pike_judge_needs_noise(s->j, true))
		return 0;
	before = pike_phase(s->j, PIKE_PHASE_CHECK);
	pike_judge_spread(s->j);
	ret = check_once(out, s, err);
	pike_judge_gather(s->j);
	pike_phase(s->j, before);
	return ret;
}

static int screen_all(struct pike_result *out, struct screen *s,
		      struct pike_err *err)
{
	struct pike_judge *j = s->j;
	double delta;
	bool tamper;
	int ret = 0;

	/* Before the noise, which would draw smaller ones. */
	for (size_t i = 0; !ret && i < j->t->ncases; i++)
		ret = pike_judge_pool(j, &j->cases[i], PROTO_LOOK2, err);
	pike_judge_identify(out, j);
	if (!ret)
		ret = check_before_noise(out, s, err);
	if (!ret)
		ret = pike_judge_delta(&s->noise, &delta, j, true, err);
	if (ret)
		return ret == 1 ? 0 : ret;
	/* The noise is that of so many rounds, and this is one: where a process
	 * lies in a GPU's memory decides about a kernel of 5 us by some 2 %. */
	if (j->traits->noise == PIKE_NOISE_GPU)
		delta = fmax(delta, PROTO_DELTA_NOISE * s->noise *
					sqrt(PROTO_AA_ROUNDS));
	pike_fill_noise(out, s->noise, delta);
	s->delta = delta;
	ret = screen_cases(out, s, err);
	if (pike_judge_warm(j))
		pike_json_set_str(out->extra, "start", "warm");
	/* A busy machine looks like that too: nobody is accused on the strength
	 * of one measurement. */
	tamper = !ret && out->verdict == PIKE_V_TAMPER;
	if (tamper || (!ret && by_chance(out, s))) {
		forget(out, s);
		ret = screen_cases(out, s, err);
	}
	if (!ret && (tamper || j->traits->device_code_only))
		pike_fill_second(out, j->traits);
	return ret == 1 ? 0 : ret;
}

int pike_judge_screen(struct pike_result *out, struct pike_judge *j,
		      struct pike_build *cand, struct pike_build *champ,
		      struct pike_err *err)
{
	struct screen s = { .j = j,
			    .cand = cand,
			    .champ = champ ? champ : j->base };
	struct pike_watch w;
	const char *log;
	bool warm;
	int ret;

	pike_phases_begin(j);
	pike_phase(j, PIKE_PHASE_BUILD);
	ret = pike_fill_fit(out, j, cand, err);
	if (ret) {
		pike_phases_end(out, j);
		return ret < 0 ? ret : 0;
	}
	if (!pike_build_wait(s.champ, &log))
		return pike_fail(err, PIKE_FAILED,
				 "the champion does not compile: %.500s", log);
	pike_phase(j, PIKE_PHASE_OTHER);
	s.t = pike_xcalloc(j->t->ncases + 1, sizeof(*s.t));
	pike_judge_enter(&w, j);
	warm = pike_judge_warm(j);
	ret = screen_all(out, &s, err);
	pike_judge_leave(&w, j);
	/* What its processes were forks of has ended: again, afresh. */
	if (ret && warm && !pike_judge_warm(j)) {
		forget(out, &s);
		pike_judge_enter(&w, j);
		ret = screen_all(out, &s, err);
		pike_judge_leave(&w, j);
	}
	for (size_t i = 0; i < j->t->ncases; i++)
		pike_timing_release(&s.t[i]);
	free(s.t);
	if (!ret) {
		pike_build_tell(out->resources, cand);
		pike_phases_end(out, j);
	}
	return ret;
}
