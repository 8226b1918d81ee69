/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confirm: the protocol whose numbers may be reported. Base, champion and
 * challenger interleaved, on inputs from a secret that is used once, in fresh
 * processes each round; hidden cases and stress distributions first, because
 * most of what fails there need not be timed.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "eval/baselines_priv.h"
#include "eval/correct_priv.h"
#include "eval/exact_priv.h"
#include "eval/fill_priv.h"
#include "eval/profile_priv.h"
#include "eval/protocol_priv.h"
#include "eval/verdict_priv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ns of timing, and until what is timed was ready. */
struct spent {
	int64_t timed, waited;
};

struct confirm {
	struct pike_judge *j;
	struct pike_build *cand, *champ; /* champ NULL: the base is it */
	const struct pike_confirm_opts *o;
	uint8_t secret[PIKE_SECRET_LEN];
	char commitment[65];
	struct pike_json *unchecked;
	struct pike_classes classes;
	struct pike_timing *t; /* by case */
	struct spent *spent;   /* by case */
	double noise, delta;
};

static size_t narms(const struct confirm *k)
{
	return k->champ ? 3 : 2;
}

static void draw_secret(struct confirm *k)
{
	struct pike_judge *j = k->j;

	pike_judge_commitment(j);
	memcpy(k->secret, j->secret, sizeof(k->secret));
	memcpy(k->commitment, j->commitment, sizeof(k->commitment));
	/* Used once: the next confirmation draws another */
	j->have_secret = false;
	memset(j->secret, 0, sizeof(j->secret));
}

/* ---- correctness ---- */

static int check_all(struct pike_result *out, struct confirm *k,
		     struct pike_err *err)
{
	struct pike_judge *j = k->j;
	struct pike_correct c = { .j = j,
				  .cand = k->cand,
				  .secret = k->secret,
				  .unchecked = k->unchecked,
				  .classes = &k->classes };
	struct pike_fault f;
	int ret = 0;

	pike_fault_init(&f);
	for (size_t i = 0; !ret && i < j->t->ncases; i++) {
		ret = pike_correct_case(&c, j->cases[i].c, false, &f, err);
		if (ret == 1)
			pike_fill_fault(out, &f, j->cases[i].c);
	}
	for (size_t i = 0; !ret && i < j->t->nhidden; i++) {
		ret = pike_correct_case(&c, &j->t->hidden[i], true, &f, err);
		if (ret == 1)
			pike_fill_fault(out, &f, NULL);
	}
	pike_fault_release(&f);
	return ret;
}

/* ---- timing ---- */

/* Pairs a round, so that all rounds fit under the cap of a case. */
static size_t pairs_for(const struct confirm *k, size_t i, uint32_t inner)
{
	double call = (double)k->j->cases[i].base_ns * inner;
	double room =
	    (double)PROTO_CONFIRM_NS / PROTO_ROUNDS - (double)PROTO_WARM_NS;
	/* Poisoning and checking cost about what the call does */
	double n = room / (call * (double)narms(k) * 2);

	if (n >= PROTO_PAIRS)
		return PROTO_PAIRS;
	return n < 3 ? 3 : (size_t)n;
}

/* Why it takes longer than usual. */
static const char *words_for(const struct pike_timing *t)
{
	if (pike_timing_dropped(t) > PROTO_DROP_MAX)
		return "confirming, waits for a steady clock";
	if (t->ncrowded && pike_timing_disturbed(t) > PROTO_DROP_MAX)
		return "confirming, waits for a quieter core";
	if (pike_timing_disturbed(t) > PROTO_DROP_MAX)
		return "confirming, shares its core with other processes";
	return "confirming";
}

/* What starts slowly has to be started as often as others: layouts differ from
 * one process to the next. */
static bool time_is_up(const struct confirm *k, size_t i)
{
	const struct spent *s = &k->spent[i];

	return s->timed >= PROTO_CONFIRM_NS ||
	       s->timed + s->waited >= PROTO_CONFIRM_WALL_NS;
}

static int time_rounds(struct confirm *k, size_t i, struct pike_session *s,
		       size_t pairs, size_t want, struct pike_fault *f,
		       struct pike_err *err)
{
	struct pike_timing *t = &k->t[i];
	enum pike_phase before = pike_phase(k->j, PIKE_PHASE_TIME);
	int ret = 0;

	while (!ret && pike_timing_kept(t) < want) {
		int64_t t0 = pike_now_ns();
		size_t had = t->n;

		if (time_is_up(k, i) && had >= PROTO_CONFIRM_MIN)
			break;
		ret = pike_session_round(s, t, pairs, f, err);
		k->spent[i].timed += pike_now_ns() - t0 - s->start_ns;
		k->spent[i].waited += s->start_ns;
		pike_judge_say(k->j, words_for(t),
			       (double)pike_timing_kept(t) / (double)want);
		/* A pool that has room for no pair at all ends here */
		if (t->n == had)
			break;
	}
	pike_phase(k->j, before);
	return ret;
}

static void set_arms(struct pike_session *s, const struct confirm *k)
{
	size_t n = 0;

	s->label[n] = "base";
	s->build[n++] = k->j->base;
	if (k->champ) {
		s->label[n] = "champion";
		s->build[n++] = k->champ;
	}
	s->label[n] = "candidate";
	s->build[n++] = k->cand;
	s->narms = n;
}

/* Until the case has `times` the usual number of pairs. */
static int time_case(struct confirm *k, size_t i, size_t times,
		     struct pike_fault *f, struct pike_err *err)
{
	struct pike_judge *j = k->j;
	struct pike_case_state *cs = &j->cases[i];
	struct pike_pool_opts o = { .c = cs->c,
				    .secret = k->secret,
				    .source_hash = k->cand->source_hash,
				    .nat = cs->nat,
				    .what = "fresh inputs" };
	struct pike_session s = { .j = j, .hide = true };
	struct pike_pool *pool = NULL;
	size_t pairs;
	int ret;

	s.inner = pike_inner(j, k->champ && cs->champ_ns ? cs->champ_ns
							 : cs->base_ns);
	pairs = pairs_for(k, i, s.inner);
	set_arms(&s, k);
	ret = pike_judge_room(&o.nsets, j, cs->c, pairs, s.inner, s.narms, err);
	if (!ret)
		ret = pike_pool_make(&pool, j, &o, err);
	if (ret)
		return ret;
	s.pool = pool;
	s.round = k->t[i].rounds;
	s.deadline_ms = pike_deadline_ms(j, cs->base_ns, s.inner);
	ret =
	    time_rounds(k, i, &s, pairs, times * PROTO_ROUNDS * pairs, f, err);
	pike_pool_free(pool);
	return ret;
}

static int time_all(struct pike_result *out, struct confirm *k, size_t times,
		    struct pike_err *err)
{
	struct pike_fault f;
	int ret = 0;

	pike_fault_init(&f);
	for (size_t i = 0; !ret && i < k->j->t->ncases; i++) {
		ret = time_case(k, i, times, &f, err);
		if (ret == 1)
			pike_fill_fault(out, &f, k->j->cases[i].c);
	}
	pike_fault_release(&f);
	return ret;
}

/* ---- verdict ---- */

static void decide_against(struct pike_decision *d, struct confirm *k,
			   size_t ref, const char *than)
{
	size_t n = k->j->t->ncases;
	struct pike_pairs *pairs = pike_xcalloc(n + 1, sizeof(*pairs));
	struct pike_pairs *all = pike_xcalloc(n + 1, sizeof(*all));
	const char **names = pike_xcalloc(n + 1, sizeof(*names));
	struct pike_rule rule = { .delta = k->delta,
				  .same = pike_delta_least(k->noise,
							   k->j->dev.ncores,
							   k->j->traits->noise),
				  .strict = true,
				  .than = than };
	int siblings = k->o->siblings > 1 ? k->o->siblings : 1;

	rule.alpha = PROTO_ALPHA / siblings;
	for (size_t i = 0; i < n; i++) {
		const struct pike_timing *t = &k->t[i];

		names[i] = k->j->cases[i].c->text;
		rule.crowded = rule.crowded || pike_timing_crowded(t);
		rule.dropped = fmax(rule.dropped, pike_timing_dropped(t));
		rule.disturbed = fmax(rule.disturbed, pike_timing_disturbed(t));
		if (!k->j->traits->device_code_only)
			rule.hidden = fmax(rule.hidden, pike_clocks_hidden(t));
		pike_timing_pairs(&pairs[i], t, ref, true);
		pike_timing_pairs(&all[i], t, ref, false);
	}
	rule.all = all;
	pike_decide(d, &rule, pairs, names, n, &k->j->rng);
	for (size_t i = 0; i < n; i++) {
		pike_pairs_release(&pairs[i]);
		pike_pairs_release(&all[i]);
	}
	free(pairs);
	free(all);
	free(names);
}

static bool time_left(const struct confirm *k)
{
	for (size_t i = 0; i < k->j->t->ncases; i++)
		if (time_is_up(k, i))
			return false;
	return true;
}

static void conclude(struct pike_result *out, struct confirm *k,
		     struct pike_decision *d)
{
	struct pike_decision champ;

	pike_fill_no_cases(out);
	pike_fill_noise(out, k->noise, k->delta);
	decide_against(d, k, 0, "the base");
	out->vs_base = out->vs_champion = d->ratio;
	if (k->champ) {
		decide_against(&champ, k, 1, "the champion");
		out->vs_champion = champ.ratio;
	}
	pike_fill_cases(out, k->j, k->t, true);
	if (pike_fill_plausible(out, k->j, k->t))
		pike_fill_verdict(out, d->v, d->reason);
}

static void reveal(struct pike_result *out, const struct confirm *k)
{
	char hex[2 * PIKE_SECRET_LEN + 1];

	pike_hex(hex, k->secret, sizeof(k->secret));
	pike_json_set_str(out->extra, "seed", hex);
	pike_json_set_str(out->extra, "seed_sha256", k->commitment);
}

/* A busy machine looks like tampering too: nobody is accused on the strength of
 * one measurement. */
static int time_again(struct pike_result *out, struct confirm *k,
		      struct pike_decision *d, struct pike_err *err)
{
	int ret;

	for (size_t i = 0; i < k->j->t->ncases; i++) {
		pike_timing_release(&k->t[i]);
		k->spent[i] = (struct spent){ 0 };
	}
	ret = time_all(out, k, 1, err);
	if (ret)
		return ret;
	conclude(out, k, d);
	pike_fill_second(out, k->j->traits);
	return 0;
}

/* ---- several threads ---- */

/* Is more gained in a call than the main thread of the base takes to wake up?
 * While that of a candidate does, another of its threads may do all the work:
 * in use somebody would have to wake that one up. */
static bool beyond_waking(const struct pike_timing *t)
{
	double gain =
	    pike_timing_median(t, 0) - pike_timing_median(t, t->narms - 1);

	return gain > PROTO_WAKING * pike_timing_late(t);
}

static void check_threads(struct pike_result *out, const struct confirm *k)
{
	bool ok = true;

	if (out->verdict != PIKE_V_FASTER || k->j->t->threads <= 1)
		return;
	for (size_t i = 0; i < k->j->t->ncases; i++)
		ok = ok && beyond_waking(&k->t[i]);
	if (!ok)
		pike_fill_verdict(
		    out, PIKE_V_INCONCLUSIVE,
		    "a call gains no more than its threads take to wake up: "
		    "such gains of several threads cannot be told from work "
		    "while they do; measure larger cases");
}

static int check_exact(struct pike_result *out, struct confirm *k,
		       struct pike_exact *x, struct pike_err *err)
{
	enum pike_phase before = pike_phase(k->j, PIKE_PHASE_SANITIZE);
	int ret = pike_exact_check(out, x, k->secret, err);

	pike_phase(k->j, before);
	return ret;
}

/* With tools. */
static void look_on(struct pike_result *out, struct confirm *k)
{
	bool all = k->o->profile;
	enum pike_phase before =
	    pike_phase(k->j, all ? PIKE_PHASE_PROFILE : PIKE_PHASE_SANITIZE);

	(all ? pike_profile : pike_memcheck)(out, k->j, k->cand, k->secret);
	pike_phase(k->j, before);
}

static bool wants_baselines(const struct pike_result *out,
			    const struct confirm *k)
{
	return out->verdict == PIKE_V_FASTER ||
	       (k->o->baselines && pike_verdict_measured(out->verdict));
}

static int confirm_all(struct pike_result *out, struct confirm *k,
		       struct pike_err *err)
{
	struct pike_decision d;
	struct pike_exact *exact;
	int ret;

	pike_judge_identify(out, k->j);
	reveal(out, k);
	exact = pike_exact_start(k->j, &k->cand->files);
	ret = check_all(out, k, err);
	if (!ret)
		ret = check_exact(out, k, exact, err);
	pike_exact_free(exact);
	if (!ret)
		ret = pike_judge_delta(&k->noise, &k->delta, k->j, false, err);
	if (!ret)
		ret = time_all(out, k, 1, err);
	if (ret)
		return ret;
	conclude(out, k, &d);
	/* One retry, with four times the pairs and fresh inputs (2.4) */
	if (out->verdict == PIKE_V_INCONCLUSIVE && time_left(k)) {
		ret = time_all(out, k, PROTO_RETRY, err);
		if (!ret)
			conclude(out, k, &d);
	}
	if (!ret && out->verdict == PIKE_V_TAMPER)
		ret = time_again(out, k, &d, err);
	if (!ret)
		check_threads(out, k);
	if (!ret)
		ret = pike_sustain(out, k->j, k->cand, k->t, err);
	if (!ret && wants_baselines(out, k))
		ret =
		    pike_baselines_measure(out, k->j, k->cand, k->secret, err);
	/* Nothing that is timed comes after it. */
	if (!ret && pike_verdict_measured(out->verdict))
		look_on(out, k);
	return ret;
}

static struct pike_build *real_champion(struct pike_judge *j,
					struct pike_build *champ)
{
	if (!champ || !strcmp(champ->source_hash, j->base->source_hash))
		return NULL;
	return champ;
}

int pike_judge_confirm(struct pike_result *out, struct pike_judge *j,
		       struct pike_build *cand, struct pike_build *champ,
		       const struct pike_confirm_opts *o, struct pike_err *err)
{
	struct confirm k = { .j = j, .cand = cand, .o = o };
	struct pike_watch w;
	const char *log;
	int ret;

	pike_phases_begin(j);
	pike_phase(j, PIKE_PHASE_BUILD);
	k.champ = real_champion(j, champ);
	if (k.champ && !pike_build_wait(k.champ, &log))
		return pike_fail(err, PIKE_FAILED,
				 "the champion does not compile: %.500s", log);
	ret = pike_fill_fit(out, j, cand, err);
	if (ret) {
		pike_phases_end(out, j);
		return ret < 0 ? ret : 0;
	}
	pike_phase(j, PIKE_PHASE_OTHER);
	draw_secret(&k);
	k.unchecked = pike_json_array();
	k.t = pike_xcalloc(j->t->ncases + 1, sizeof(*k.t));
	k.spent = pike_xcalloc(j->t->ncases + 1, sizeof(*k.spent));
	pike_judge_enter(&w, j);
	ret = confirm_all(out, &k, err);
	pike_judge_leave(&w, j);
	for (size_t i = 0; i < j->t->ncases; i++)
		pike_timing_release(&k.t[i]);
	free(k.t);
	free(k.spent);
	if (ret < 0) {
		pike_json_free(k.unchecked);
		return ret;
	}
	pike_profile_unchecked(k.unchecked, out->resources);
	pike_exact_unchecked(k.unchecked, out->resources);
	pike_json_set(out->extra, "unchecked", k.unchecked);
	pike_classes_tell(out->extra, &k.classes);
	pike_build_tell(out->resources, cand);
	pike_phases_end(out, j);
	return 0;
}
