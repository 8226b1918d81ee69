/* SPDX-License-Identifier: Apache-2.0 */
/* verdict: the decision rules (README.md, protocol 5, 6, 13). */
#include "eval/verdict_priv.h"

#include "base/mem.h"
#include "eval/protocol_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

double pike_delta_least(double noise, int ncores, enum pike_noise of)
{
	if (of == PIKE_NOISE_GPU)
		return PROTO_DELTA_GPU;
	return ncores >= PROTO_QUIET_CORES && noise < PROTO_QUIET_NOISE
		   ? PROTO_DELTA_QUIET
		   : PROTO_DELTA_SHARED;
}

double pike_delta_for(double noise, int ncores, enum pike_noise of)
{
	return fmax(pike_delta_least(noise, ncores, of),
		    PROTO_DELTA_NOISE * noise);
}

struct pike_ratio pike_ratio_of(const struct pike_pairs *pairs, size_t ncases,
				double alpha, struct pike_rng *rng)
{
	struct pike_ratio r = { 0, 0, 0 };
	struct pike_boot b;

	if (!pike_boot_run(&b, pairs, ncases, PROTO_RESAMPLES, rng))
		return r;
	r.lo = exp(pike_boot_lower(&b, alpha));
	r.mid = exp(b.mid);
	r.hi = exp(pike_boot_upper(&b, alpha));
	pike_boot_release(&b);
	return r;
}

/* A case that loses more than is allowed, for certain; -1: none. */
static int losing_case(const struct pike_pairs *pairs, size_t ncases,
		       double *loss, struct pike_rng *rng)
{
	for (size_t c = 0; ncases > 1 && c < ncases; c++) {
		struct pike_ratio r =
		    pike_ratio_of(&pairs[c], 1, PROTO_SAME_ALPHA, rng);

		if (r.mid > 0 && r.hi < 1 / (1 + PROTO_CASE_SLOWER)) {
			*loss = 1 / r.mid - 1;
			return (int)c;
		}
	}
	return -1;
}

/* What hides in the clocks counts where the threshold does not cover it. */
static double hidden_of(const struct pike_rule *rule)
{
	return rule->hidden > rule->delta / 2 ? rule->hidden : 0;
}

static double edge_of(const struct pike_rule *rule)
{
	return rule->delta + hidden_of(rule);
}

/* "1.23x" or "3.1 % slower" are what people read. */
static void say(struct pike_decision *d, const char *word,
		const struct pike_rule *rule, const char *more)
{
	snprintf(d->reason, sizeof(d->reason),
		 "%s %s: ratio %.3f, interval [%.3f, %.3f], threshold "
		 "%.1f %%%s",
		 word, rule->than, d->ratio.mid, d->ratio.lo, d->ratio.hi,
		 100 * edge_of(rule), more);
}

static void say_unclear(struct pike_decision *d, const struct pike_rule *rule)
{
	char more[200];

	if (edge_of(rule) > rule->same)
		snprintf(more, sizeof(more),
			 "; the noise of this machine has raised the "
			 "threshold%s: run it again when the machine is "
			 "quieter",
			 hidden_of(rule) > 0
			     ? ", as the judge's own clock is not steady"
			     : "");
	else if (rule->disturbed > PROTO_DROP_MAX)
		snprintf(more, sizeof(more),
			 "; other processes took the timed core in %.0f %% of "
			 "the pairs: run it again when the machine is quieter",
			 100 * rule->disturbed);
	else
		snprintf(more, sizeof(more),
			 "; the interval reaches across the threshold: a "
			 "larger gain would be clear");
	say(d, "cannot be told from", rule, more);
}

static void by_numbers(struct pike_decision *d, const struct pike_rule *rule,
		       const struct pike_boot *b)
{
	double edge = log1p(edge_of(rule)), same = log1p(rule->same);
	double lo = pike_boot_lower(b, PROTO_SAME_ALPHA);
	double hi = pike_boot_upper(b, PROTO_SAME_ALPHA);
	bool wins = rule->strict
			? pike_boot_lower(b, rule->alpha) > edge
			: pike_boot_lower(b, rule->alpha) > 0 && b->mid > edge;

	if (wins) {
		d->v = PIKE_V_FASTER;
		say(d, "faster than", rule, "");
	} else if (lo >= -same && hi <= same) {
		d->v = PIKE_V_SAME;
		say(d, "as fast as", rule, "");
	} else if (hi < -log1p(edge_of(rule) - fmin(rule->delta, rule->same))) {
		d->v = PIKE_V_SLOWER;
		say(d, "slower than", rule, "");
	} else {
		d->v = PIKE_V_INCONCLUSIVE;
		say_unclear(d, rule);
	}
}

static void decide_by(struct pike_decision *out, const struct pike_rule *rule,
		      const struct pike_pairs *pairs, const char *const *names,
		      size_t ncases, struct pike_rng *rng)
{
	struct pike_boot b;
	double loss = 0;
	int bad;

	memset(out, 0, sizeof(*out));
	out->v = PIKE_V_INCONCLUSIVE;
	if (!pike_boot_run(&b, pairs, ncases, PROTO_RESAMPLES, rng)) {
		snprintf(out->reason, sizeof(out->reason),
			 "no sample was left; run it again when the machine "
			 "is quieter");
		return;
	}
	out->ratio.lo = exp(pike_boot_lower(&b, rule->alpha));
	out->ratio.mid = exp(b.mid);
	out->ratio.hi = exp(pike_boot_upper(&b, rule->alpha));
	by_numbers(out, rule, &b);
	pike_boot_release(&b);
	if (out->v == PIKE_V_FASTER) {
		bad = losing_case(pairs, ncases, &loss, rng);
		if (bad >= 0) {
			out->v = PIKE_V_SLOWER;
			snprintf(out->reason, sizeof(out->reason),
				 "faster than %s on the whole (%.3f), but case "
				 "'%s' is %.1f %% slower, and no case may lose "
				 "more than %.0f %%",
				 rule->than, out->ratio.mid, names[bad],
				 100 * loss, 100 * PROTO_CASE_SLOWER);
		}
	}
}

void pike_decide(struct pike_decision *out, const struct pike_rule *rule,
		 const struct pike_pairs *pairs, const char *const *names,
		 size_t ncases, struct pike_rng *rng)
{
	struct pike_decision all;

	decide_by(out, rule, pairs, names, ncases, rng);
	if (rule->crowded && (rule->strict || out->v == PIKE_V_SLOWER)) {
		out->v = PIKE_V_INCONCLUSIVE;
		say(out, "cannot be told from", rule,
		    "; several threads can be timed only while there is a core "
		    "for each, and other processes wanted them all the time: "
		    "run it again when the machine is quieter");
		return;
	}
	if (!rule->strict || !rule->all || rule->dropped <= PROTO_DROP_MAX)
		return;
	decide_by(&all, rule, rule->all, names, ncases, rng);
	out->ratio.lo = fmin(out->ratio.lo, all.ratio.lo);
	out->ratio.hi = fmax(out->ratio.hi, all.ratio.hi);
	if (out->v == all.v)
		return;
	out->v = PIKE_V_INCONCLUSIVE;
	snprintf(out->reason, sizeof(out->reason),
		 "its clock was held back in %.0f %% of the pairs, and with "
		 "them the answer is another: %s with them, ratio %.3f [%.3f, "
		 "%.3f]; run it again when the device is cool and nobody else "
		 "uses it",
		 100 * rule->dropped, pike_verdict_name(all.v), all.ratio.mid,
		 all.ratio.lo, all.ratio.hi);
}

double pike_floor_ns(const struct pike_floor *f)
{
	double threads = f->threads > 1 ? f->threads : 1;
	double cached = fmin(f->out_bytes, f->llc), ns = 0, far;

	if (f->bytes > 0) {
		/* Caches may hold all of a warm working set, of a cold one
		 * only what was written last. */
		if (!f->cold)
			cached = fmax(cached, f->llc);
		if (!f->gpu)
			ns = fmin(f->bytes, cached) /
			     (PROTO_CACHE_BPS * threads);
		far = f->bytes - cached;
		if (far > 0 && f->copy_bps > 0)
			ns +=
			    far / (f->copy_bps * (f->gpu ? PROTO_FLOOR_GPU
							 : PROTO_FLOOR_STREAM));
		ns *= 1e9 * PROTO_FLOOR_SLACK;
	}
	if (f->flops > 0 && f->fma_flops > 0)
		ns = fmax(ns,
			  1e9 * f->flops / (f->fma_flops * PROTO_FLOPS_SLACK));
	return ns;
}
