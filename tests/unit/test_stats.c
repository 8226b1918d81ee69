/* SPDX-License-Identifier: Apache-2.0 */
/* The decision rule on synthetic data: how often it promotes nothing, and how
 * often it finds something (lib/eval/README.md, protocol 3). Seeded, so always
 * the same. */
#include "base/mem.h"
#include "eval/fill_priv.h"
#include "eval/judge_priv.h"
#include "eval/protocol_priv.h"
#include "eval/verdict_priv.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_median(void **state)
{
	double odd[] = { 3, 1, 2 }, even[] = { 4, 1, 3, 2 };
	double same[] = { 5, 5, 5, 5, 5 };
	struct pike_rng rng;
	double v[101];

	(void)state;
	assert_true(pike_median(odd, 3) == 2);
	assert_true(pike_median(even, 4) == 2.5);
	assert_true(pike_median(same, 5) == 5);
	assert_true(isnan(pike_median(odd, 0)));
	pike_rng_seed(&rng, 7);
	for (size_t i = 0; i < 101; i++)
		v[i] = (double)((i * 37) % 101);
	assert_true(pike_median_of(v, 101) == 50);
	assert_true(v[1] == 37);
}

static void add_rounds(struct pike_pairs *p, size_t rounds, double gain,
		       double sd, double tau, struct pike_rng *rng)
{
	for (size_t r = 0; r < rounds; r++) {
		double shift = tau * pike_rng_normal(rng);

		for (size_t i = 0; i < PROTO_PAIRS; i++) {
			/* 5 % of the pairs are five times as noisy */
			double s = pike_rng_below(rng, 20) ? sd : 5 * sd;

			pike_pairs_add(p, log1p(gain) + shift +
					      s * pike_rng_normal(rng));
		}
		pike_pairs_end_round(p);
	}
}

static int promoted(int trials, double gain, double sd, double tau,
		    uint64_t seed)
{
	static const char *const names[] = { "n=1" };
	struct pike_rule rule = { .delta = 0.01,
				  .same = 0.01,
				  .alpha = PROTO_ALPHA,
				  .strict = true,
				  .than = "the base" };
	struct pike_rng rng;
	int faster = 0;

	pike_rng_seed(&rng, seed);
	for (int i = 0; i < trials; i++) {
		struct pike_pairs p = { 0 };
		struct pike_decision d;

		add_rounds(&p, PROTO_ROUNDS, gain, sd, tau, &rng);
		pike_decide(&d, &rule, &p, names, 1, &rng);
		faster += d.v == PIKE_V_FASTER;
		pike_pairs_release(&p);
	}
	return faster;
}

static void test_nothing_is_not_promoted(void **state)
{
	(void)state;
	assert_int_equal(promoted(40, 0, 0.01, 0.002, 1), 0);
	assert_int_equal(promoted(40, 0, 0.02, 0.005, 2), 0);
	assert_true(promoted(40, 0.01, 0.01, 0.005, 3) <= 3);
}

static void test_gains_are_found(void **state)
{
	(void)state;
	assert_true(promoted(20, 0.03, 0.01, 0.002, 4) >= 19);
	assert_true(promoted(20, 0.05, 0.01, 0.005, 5) >= 19);
}

static void test_two_levels_are_wider(void **state)
{
	struct pike_pairs rounds = { 0 }, flat = { 0 };
	struct pike_boot two, one;
	struct pike_rng rng;

	(void)state;
	pike_rng_seed(&rng, 11);
	add_rounds(&rounds, 10, 0, 0.001, 0.02, &rng);
	for (size_t i = 0; i < rounds.n; i++)
		pike_pairs_add(&flat, rounds.v[i]);
	pike_pairs_end_round(&flat);
	assert_true(pike_boot_run(&two, &rounds, 1, 2000, &rng));
	assert_true(pike_boot_run(&one, &flat, 1, 2000, &rng));
	/* Round effects are invisible to the one that ignores rounds */
	assert_true(two.sd > 1.2 * one.sd);
	assert_true(pike_boot_lower(&two, 0.005) < two.mid);
	assert_true(pike_boot_upper(&two, 0.005) > two.mid);
	assert_true(two.mid == one.mid);
	pike_boot_release(&two);
	pike_boot_release(&one);
	pike_pairs_release(&rounds);
	pike_pairs_release(&flat);
}

static void fill(struct pike_pairs *p, double gain, size_t n)
{
	for (size_t i = 0; i < n; i++)
		pike_pairs_add(p, log1p(gain) + 1e-4 * (double)(i % 3));
	pike_pairs_end_round(p);
}

static void test_words(void **state)
{
	static const char *const names[] = { "n=1", "n=2" };
	struct pike_rule rule = { .delta = 0.02,
				  .same = 0.02,
				  .alpha = PROTO_ALPHA,
				  .strict = true,
				  .than = "the base" };
	struct pike_pairs p[2];
	struct pike_decision d;
	struct pike_rng rng;

	(void)state;
	pike_rng_seed(&rng, 3);
	memset(p, 0, sizeof(p));
	pike_decide(&d, &rule, p, names, 2, &rng);
	assert_int_equal(d.v, PIKE_V_INCONCLUSIVE);
	fill(&p[0], 0.001, 30);
	pike_decide(&d, &rule, p, names, 1, &rng);
	assert_int_equal(d.v, PIKE_V_SAME);
	pike_pairs_release(&p[0]);
	fill(&p[0], -0.1, 30);
	pike_decide(&d, &rule, p, names, 1, &rng);
	assert_int_equal(d.v, PIKE_V_SLOWER);
	pike_pairs_release(&p[0]);
	fill(&p[0], 0.5, 30);
	pike_decide(&d, &rule, p, names, 1, &rng);
	assert_int_equal(d.v, PIKE_V_FASTER);
	/* Twice as fast in one case does not buy a loss in the other */
	fill(&p[1], -0.1, 30);
	pike_decide(&d, &rule, p, names, 2, &rng);
	assert_int_equal(d.v, PIKE_V_SLOWER);
	assert_non_null(strstr(d.reason, "n=2"));
	/* A threshold that noise has raised does not make things the same */
	pike_pairs_release(&p[1]);
	pike_pairs_release(&p[0]);
	fill(&p[0], 0.05, 30);
	rule.delta = 0.1;
	pike_decide(&d, &rule, p, names, 1, &rng);
	assert_int_equal(d.v, PIKE_V_INCONCLUSIVE);
	pike_pairs_release(&p[0]);
	pike_pairs_release(&p[1]);
}

static void test_delta(void **state)
{
	(void)state;
	assert_true(pike_delta_for(0.001, 2, PIKE_NOISE_CORE) ==
		    PROTO_DELTA_SHARED);
	assert_true(pike_delta_for(0.001, 8, PIKE_NOISE_CORE) ==
		    PROTO_DELTA_QUIET);
	assert_true(pike_delta_for(0.003, 8, PIKE_NOISE_CORE) ==
		    PROTO_DELTA_SHARED);
	assert_true(fabs(pike_delta_for(0.02, 8, PIKE_NOISE_CORE) - 0.06) <
		    1e-12);
	assert_true(pike_delta_for(0.003, 1, PIKE_NOISE_GPU) ==
		    PROTO_DELTA_GPU);
	assert_true(fabs(pike_delta_for(0.02, 1, PIKE_NOISE_GPU) - 0.06) <
		    1e-12);
}

static void test_clocks(void **state)
{
	struct pike_pair v[30];
	struct pike_timing t = { .narms = 2, .v = v, .n = 30 };
	char why[512];

	(void)state;
	for (size_t i = 0; i < t.n; i++) {
		v[i] = (struct pike_pair){ .claim = { 1e6, 1e6 } };
		v[i].over[0] = 20000 + 100.0 * (double)(i % 7);
		v[i].over[1] = 20000 + 100.0 * (double)(i % 5);
	}
	assert_true(pike_clocks_agree(&t, 0, why, sizeof(why)));
	/* A quarter of the work is done where the claim does not see it */
	for (size_t i = 0; i < t.n; i++)
		v[i].over[1] += 250000;
	assert_false(pike_clocks_agree(&t, 0, why, sizeof(why)));
	/* One slow wake-up is not tampering */
	for (size_t i = 1; i < t.n; i++)
		v[i].over[1] -= 250000;
	assert_true(pike_clocks_agree(&t, 0, why, sizeof(why)));
}

/* 100 pairs of 1 ms, 20 us outside; the candidate's claims say `lie` less in
 * the first `liars` of them. Gives the settled ratio of medians. */
static double settled(double lie, size_t liars, double truth)
{
	struct pike_pair v[100];
	struct pike_timing t = { .narms = 2, .v = v, .n = 100, .inner = 4 };
	struct pike_rng rng;

	pike_rng_seed(&rng, 5);
	for (size_t i = 0; i < t.n; i++) {
		double hidden = i < liars ? lie * truth : 0;

		v[i] = (struct pike_pair){ .claim = { 1e6, truth - hidden } };
		v[i].over[0] = 20000 + 900 * pike_rng_normal(&rng);
		v[i].over[1] = 20000 + 900 * pike_rng_normal(&rng) + hidden;
	}
	pike_clocks_settle(&t);
	return pike_timing_median(&t, 0) / pike_timing_median(&t, 1);
}

static void test_lies_are_charged(void **state)
{
	(void)state;
	/* A true gain is left as it is */
	assert_true(fabs(settled(0, 0, 0.95e6) - 1 / 0.95) < 2e-3);
	/* Small lies in each pair, big ones in a few or in half of them */
	assert_true(settled(0.03, 100, 1e6) < 1.003);
	assert_true(settled(0.004, 100, 1e6) < 1.003);
	assert_true(settled(0.5, 5, 1e6) < 1.003);
	assert_true(settled(0.5, 49, 1e6) < 1.003);
	assert_true(settled(0.5, 60, 1e6) < 1.003);
}

/* ---- a shared core ---- */

static void test_claims(void **state)
{
	struct pike_timed x = { .claim_ns = 9000, .cpu_ns = 2000 };
	struct pike_used u = { .cpu_ns = 2500, .wait_ns = 8000, .turns = 1 };

	(void)state;
	x.wall_ns = 20000;
	/* Without an account, or undisturbed: as the process says */
	assert_true(pike_clocks_claim(&x, NULL) == 9000);
	assert_true(pike_clocks_over(&x, NULL) == 11000);
	assert_true(pike_clocks_claim(&x, &u) == 9000);
	/* It lost its core: what it computed. */
	u.turns = 2;
	assert_true(pike_clocks_claim(&x, &u) == 2000);
	assert_true(pike_clocks_over(&x, &u) == 500);
	/* Half of the wait is the kernel's own sleep */
	u.wait_ns = 4000;
	assert_true(pike_clocks_claim(&x, &u) == 5000);
	/* Claims of processor time that cannot be */
	x.cpu_ns = 1000000;
	assert_true(pike_clocks_claim(&x, &u) == 9000);
	u.wait_ns = 8000;
	x.cpu_ns = -1000000;
	assert_true(pike_clocks_claim(&x, &u) == 1000);
	u.wait_ns = 20000;
	assert_true(pike_clocks_claim(&x, &u) == 1);
	/* ...are what the account has beyond them. */
	assert_true(pike_clocks_over(&x, &u) == 2499);
}

/* A sample of a kernel that takes `ns`, 1 % more or less, beside a busy loop;
 * 20 us beside the calls. `nap`: it gives its core up when it was slow. Every
 * millisecond of computing it loses its core once, for 3 ms or so. */
static void busy_sample(struct pike_pair *p, size_t k, double ns, bool nap,
			struct pike_rng *rng)
{
	double z = pike_rng_normal(rng), work = ns * exp(0.01 * z);
	double outside = 20000 + 500 * fabs(pike_rng_normal(rng)), in_line = 0;
	struct pike_timed x = { 0 };
	struct pike_used u = { .turns = 1 };
	double first = 3e6 * pike_rng_unit(rng); /* until it starts */

	for (double left = work; left > 0; left -= 1e6)
		if (pike_rng_unit(rng) < fmin(1, left / 1e6)) {
			in_line += 3e6 * pike_rng_unit(rng);
			u.turns++;
		}
	if (nap && z > 0) {
		in_line += 3e6 * pike_rng_unit(rng);
		u.turns++;
	}
	x.claim_ns = (int64_t)(work + in_line);
	x.cpu_ns = (int64_t)work;
	x.wall_ns = (int64_t)(x.claim_ns + outside + first);
	u.cpu_ns = (int64_t)(work + outside);
	u.wait_ns = (int64_t)(in_line + first);
	p->claim[k] = pike_clocks_claim(&x, &u);
	p->over[k] = pike_clocks_over(&x, &u);
	p->ns[k] = p->claim[k];
	p->idle[k] = pike_clocks_idle(&x, &u);
	if (u.turns > 1)
		p->broken |= 1u << k;
}

/* The median log ratio of 200 pairs; `kept`: of the undisturbed ones alone. */
static double busy_ratio(double base, double cand, bool nap, double *kept,
			 uint64_t seed)
{
	struct pike_pair v[200];
	struct pike_timing t = { .narms = 2, .v = v, .n = 200, .inner = 1 };
	struct pike_pairs all = { 0 }, some = { 0 };
	struct pike_rng rng;
	double m;

	pike_rng_seed(&rng, seed);
	memset(v, 0, sizeof(v));
	for (size_t i = 0; i < t.n; i++) {
		busy_sample(&v[i], 0, base, false, &rng);
		busy_sample(&v[i], 1, cand, nap, &rng);
	}
	pike_clocks_settle(&t);
	assert_true(pike_clocks_hidden(&t) < 0.01);
	pike_timing_pairs(&all, &t, 0, true);
	for (size_t i = 0; i < t.n; i++)
		if (!v[i].broken)
			pike_pairs_add(&some, log(v[i].ns[0] / v[i].ns[1]));
	m = pike_median(all.v, all.n);
	*kept = pike_median(some.v, some.n);
	pike_pairs_release(&all);
	pike_pairs_release(&some);
	return m;
}

static void test_a_shared_core_is_no_bias(void **state)
{
	static const double lengths[] = { 2e5, 1e6, 2e7 };
	double kept, sum;

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(lengths); i++) {
		double ns = lengths[i];

		sum = 0;
		for (uint64_t seed = 1; seed <= 20; seed++) {
			double m = busy_ratio(ns, 0.7 * ns, false, &kept, seed);

			assert_true(fabs(m + log(0.7)) < 0.006);
			sum += (m + log(0.7)) / 20;
		}
		assert_true(fabs(sum) < 0.001);
	}
}

/* Equal code, but the candidate sleeps `nap` ns in each call, says so or not,
 * where all stand in line for milliseconds: the ratio of medians. */
static double napping(double nap, bool says)
{
	struct pike_pair v[50];
	struct pike_timing t = { .narms = 2, .v = v, .n = 50, .inner = 1 };

	memset(v, 0, sizeof(v));
	for (size_t i = 0; i < t.n; i++)
		for (size_t k = 0; k < 2; k++) {
			double line = 3e6 + 1e4 * (double)(i % 7);
			double wake = 4e4 + 500 * (double)((i + k) % 5);
			double sleep = k ? nap : 0;
			struct pike_timed x = { .cpu_ns = 200000 };
			struct pike_used u = { .cpu_ns = 220000, .turns = 2 };

			u.wait_ns = u.judge_ns = (int64_t)line;
			x.claim_ns = 200000 + (int64_t)(says ? sleep : 0);
			x.wall_ns = 220000 + (int64_t)(2 * line + wake + sleep);
			v[i].claim[k] = pike_clocks_claim(&x, &u);
			v[i].over[k] = pike_clocks_over(&x, &u);
			v[i].idle[k] = pike_clocks_idle(&x, &u);
			v[i].broken |= 1u << k;
		}
	pike_clocks_settle(&t);
	return pike_timing_median(&t, 0) / pike_timing_median(&t, 1);
}

static void test_sleep_is_charged(void **state)
{
	(void)state;
	assert_true(fabs(napping(0, true) - 1) < 1e-3);
	assert_true(napping(1e5, true) < 0.7);
	assert_true(napping(1e5, false) < 0.7);
}

/* Why no pair is dropped for what its samples met: the kernel chooses. */
static void test_giving_way_gains_nothing(void **state)
{
	double kept, all = 0, chosen = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		all += busy_ratio(2e5, 2e5, true, &kept, seed) / 20;
		chosen += kept / 20;
	}
	assert_true(fabs(all) < 0.001);
	assert_true(chosen > 0.005);
}

static enum pike_verdict under(double gain, double hidden)
{
	static const char *const names[] = { "n=1" };
	struct pike_rule rule = { .delta = 0.02,
				  .same = 0.02,
				  .alpha = PROTO_ALPHA,
				  .strict = true,
				  .hidden = hidden,
				  .than = "the base" };
	struct pike_pairs p = { 0 };
	struct pike_decision d;
	struct pike_rng rng;

	pike_rng_seed(&rng, 9);
	fill(&p, gain, 30);
	pike_decide(&d, &rule, &p, names, 1, &rng);
	pike_pairs_release(&p);
	return d.v;
}

static void test_what_clocks_hide(void **state)
{
	(void)state;
	/* The threshold covers a little */
	assert_int_equal(under(0.025, 0.009), PIKE_V_FASTER);
	assert_int_equal(under(0.025, 0.015), PIKE_V_INCONCLUSIVE);
	assert_int_equal(under(0.3, 0.5), PIKE_V_INCONCLUSIVE);
	assert_int_equal(under(2, 0.5), PIKE_V_FASTER);
	assert_int_equal(under(-0.1, 0.009), PIKE_V_SLOWER);
	assert_int_equal(under(-0.1, 0.5), PIKE_V_INCONCLUSIVE);
}

/* What has raised the threshold keeps a loss from being told, too. */
static void test_noise_feigns_no_loss(void **state)
{
	static const char *const names[] = { "n=1" };
	struct pike_rule rule = { .delta = 0.75,
				  .same = 0.02,
				  .alpha = PROTO_ALPHA,
				  .strict = true,
				  .than = "the base" };
	struct pike_pairs p = { 0 };
	struct pike_decision d;
	struct pike_rng rng;

	(void)state;
	pike_rng_seed(&rng, 9);
	fill(&p, -0.3, 30);
	pike_decide(&d, &rule, &p, names, 1, &rng);
	assert_int_equal(d.v, PIKE_V_INCONCLUSIVE);
	rule.delta = rule.same;
	pike_decide(&d, &rule, &p, names, 1, &rng);
	assert_int_equal(d.v, PIKE_V_SLOWER);
	rule.delta = 0.3;
	pike_decide(&d, &rule, &p, names, 1, &rng);
	assert_int_equal(d.v, PIKE_V_SLOWER);
	pike_pairs_release(&p);
}

/* Several threads: others wanted a core in the first `crowded` of 50 pairs, in
 * which the candidate seems to take a third. */
static double calm_ratio(size_t crowded, size_t *kept)
{
	struct pike_pair v[50];
	struct pike_timing t = { .narms = 2, .v = v, .n = 50, .inner = 1 };
	struct pike_pairs p = { 0 };
	double m;

	for (size_t i = 0; i < t.n; i++) {
		v[i] = (struct pike_pair){ .crowded = i < crowded,
					   .claim = { 9e5, 9e5 },
					   .over = { 2e4, 2e4 } };
		if (i < crowded) {
			v[i].claim[1] = 3e5;
			v[i].over[0] = 2e4 + 1e4 * (double)(i % 9);
		}
		t.ncrowded += i < crowded;
	}
	pike_clocks_settle(&t);
	pike_timing_pairs(&p, &t, 0, false);
	*kept = pike_timing_kept(&t);
	assert_true(pike_timing_crowded(&t) || *kept == p.n);
	m = exp(pike_median(p.v, p.n));
	pike_pairs_release(&p);
	return m;
}

static void test_calm_pairs_count(void **state)
{
	size_t kept;

	(void)state;
	assert_true(fabs(calm_ratio(0, &kept) - 1) < 1e-9 && kept == 50);
	assert_true(fabs(calm_ratio(30, &kept) - 1) < 1e-9 && kept == 20);
	/* Too few of them: all count, to be shown; it decides nothing */
	assert_true(calm_ratio(31, &kept) > 2 && kept == 19);
}

static void test_a_crowd_tells_nothing(void **state)
{
	static const char *const names[] = { "n=1" };
	struct pike_rule rule = { .delta = 0.02,
				  .same = 0.02,
				  .alpha = PROTO_ALPHA,
				  .strict = true,
				  .crowded = true,
				  .than = "the base" };
	struct pike_pairs p = { 0 };
	struct pike_decision d;
	struct pike_rng rng;

	(void)state;
	pike_rng_seed(&rng, 9);
	fill(&p, 5, 30);
	pike_decide(&d, &rule, &p, names, 1, &rng);
	assert_int_equal(d.v, PIKE_V_INCONCLUSIVE);
	assert_non_null(strstr(d.reason, "quieter"));
	/* Who is worth a confirmation may be told from less */
	rule.strict = false;
	pike_decide(&d, &rule, &p, names, 1, &rng);
	assert_int_equal(d.v, PIKE_V_FASTER);
	pike_pairs_release(&p);
	fill(&p, -0.5, 30);
	pike_decide(&d, &rule, &p, names, 1, &rng);
	assert_int_equal(d.v, PIKE_V_INCONCLUSIVE);
	pike_pairs_release(&p);
}

/* 30 pairs, of which those that are kept say `kept`, the others `rest`. */
static struct pike_decision held_back(double kept, double rest, size_t dropped)
{
	static const char *const names[] = { "n=1" };
	struct pike_rule rule = { .delta = 0.02,
				  .same = 0.02,
				  .alpha = PROTO_ALPHA,
				  .strict = true,
				  .than = "the base" };
	struct pike_pairs some = { 0 }, all = { 0 };
	struct pike_decision d;
	struct pike_rng rng;

	pike_rng_seed(&rng, 9);
	for (size_t i = 0; i < 30; i++) {
		double gain = i < dropped ? rest : kept;

		pike_pairs_add(&all, log1p(gain) + 1e-4 * (double)(i % 3));
		if (i >= dropped)
			pike_pairs_add(&some,
				       log1p(gain) + 1e-4 * (double)(i % 3));
	}
	pike_pairs_end_round(&all);
	pike_pairs_end_round(&some);
	rule.all = &all;
	rule.dropped = (double)dropped / 30;
	pike_decide(&d, &rule, &some, names, 1, &rng);
	pike_pairs_release(&all);
	pike_pairs_release(&some);
	return d;
}

static void test_dropped_pairs_do_not_decide(void **state)
{
	struct pike_decision d;

	(void)state;
	/* Few are dropped: the others count alone */
	d = held_back(0.3, 0, 5);
	assert_int_equal(d.v, PIKE_V_FASTER);
	d = held_back(0.3, 0, 20);
	assert_int_equal(d.v, PIKE_V_INCONCLUSIVE);
	assert_non_null(strstr(d.reason, "67 %"));
	d = held_back(0.3, 0.2, 20);
	assert_int_equal(d.v, PIKE_V_FASTER);
	/* What is told is what holds both ways */
	assert_true(d.ratio.lo < 1.21);
}

static void test_floor(void **state)
{
	struct pike_floor f = { .bytes = 1e9,
				.copy_bps = 10e9,
				.llc = 1e6,
				.cold = true,
				.threads = 1 };

	(void)state;
	/* 1 GB at 15 GB/s is 67 ms, less 5 % */
	assert_true(pike_floor_ns(&f) > 60e6 && pike_floor_ns(&f) < 65e6);
	f.bytes = 1e5;
	f.cold = false;
	assert_true(pike_floor_ns(&f) < 1000);
	f.bytes = 0;
	assert_true(pike_floor_ns(&f) == 0);
	f.flops = 1e9;
	f.fma_flops = 1e9;
	assert_true(fabs(pike_floor_ns(&f) - 0.8e9) < 1e3);
}

static void test_rate(void **state)
{
	(void)state;
	/* The rule of three, and a table value */
	assert_true(fabs(pike_rate_upper(0, 300, 0.95) - 0.00994) < 1e-4);
	assert_true(fabs(pike_rate_upper(1, 20, 0.95) - 0.2161) < 1e-3);
	assert_true(pike_rate_upper(5, 5, 0.95) == 1);
}

static enum pike_verdict second(enum pike_verdict v, bool device_code_only)
{
	struct pike_backend_traits t = { .device_code_only = device_code_only };
	struct pike_result r;
	enum pike_verdict ret;

	pike_result_init(&r);
	pike_fill_verdict(&r, v, "as measured");
	pike_fill_second(&r, &t);
	ret = r.verdict;
	pike_result_release(&r);
	return ret;
}

/* The clocks disagreed, and all was measured again. */
static void test_second(void **state)
{
	(void)state;
	assert_int_equal(second(PIKE_V_TAMPER, false), PIKE_V_TAMPER);
	assert_int_equal(second(PIKE_V_FASTER, false), PIKE_V_INCONCLUSIVE);
	assert_int_equal(second(PIKE_V_SLOWER, false), PIKE_V_SLOWER);
	assert_int_equal(second(PIKE_V_TAMPER, true), PIKE_V_INCONCLUSIVE);
	assert_int_equal(second(PIKE_V_FASTER, true), PIKE_V_FASTER);
	assert_int_equal(second(PIKE_V_SUSPECT, true), PIKE_V_SUSPECT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_median),
		cmocka_unit_test(test_nothing_is_not_promoted),
		cmocka_unit_test(test_gains_are_found),
		cmocka_unit_test(test_two_levels_are_wider),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_delta),
		cmocka_unit_test(test_clocks),
		cmocka_unit_test(test_lies_are_charged),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_a_shared_core_is_no_bias),
		cmocka_unit_test(test_sleep_is_charged),
		cmocka_unit_test(test_giving_way_gains_nothing),
		cmocka_unit_test(test_what_clocks_hide),
		cmocka_unit_test(test_noise_feigns_no_loss),
		cmocka_unit_test(test_calm_pairs_count),
		cmocka_unit_test(test_a_crowd_tells_nothing),
		cmocka_unit_test(test_dropped_pairs_do_not_decide),
		cmocka_unit_test(test_floor),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
