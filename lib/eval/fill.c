/* SPDX-License-Identifier: Apache-2.0 */
/* fill: what screening and confirmation write into a result alike. */
#include "base/mem.h"
#include "eval/fill_priv.h"
#include "eval/protocol_priv.h"
#include "eval/verdict_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set_text(char **s, const char *text)
{
	free(*s);
	*s = pike_xstrdup(text);
}

void pike_judge_identify(struct pike_result *out, const struct pike_judge *j)
{
	char level[4];

	snprintf(level, sizeof(level), "I%d", (int)j->iso.level);
	set_text(&out->env, j->env);
	set_text(&out->task, j->task);
	set_text(&out->isolation, level);
	pike_json_free(out->env_info);
	out->env_info = pike_json_copy(j->env_info);
	if (!out->extra)
		out->extra = pike_json_object();
	if (!out->resources)
		out->resources = pike_json_object();
	/* Of processes that are no forks: times of such are never compared with
	 * these. */
	if (j->traits->slow_load)
		pike_json_set_str(out->extra, "start", "cold");
}

int pike_fill_fit(struct pike_result *out, struct pike_judge *j,
		  struct pike_build *b, struct pike_err *err)
{
	const char *log;
	char text[512];
	bool built = pike_build_wait(b, &log);

	if (built && !b->breaks)
		return 0;
	if (b->broken)
		return pike_fail(err, PIKE_FATAL,
				 "cannot build in a sandbox: %.500s", log);
	pike_judge_identify(out, j);
	snprintf(text, sizeof(text), "it %s",
		 built ? b->breaks : "does not compile: see the log");
	pike_fill_verdict(out, built ? PIKE_V_CONTRACT : PIKE_V_BUILD, text);
	set_text(&out->log, log);
	return 1;
}

void pike_fill_noise(struct pike_result *out, double noise, double delta)
{
	pike_json_set_f64(out->extra, "noise", noise);
	pike_json_set_f64(out->extra, "delta", delta);
}

void pike_fill_verdict(struct pike_result *out, enum pike_verdict v,
		       const char *reason)
{
	out->verdict = v;
	set_text(&out->reason, reason);
}

void pike_fill_fault(struct pike_result *out, const struct pike_fault *f,
		     const struct pike_case *c)
{
	char text[1024];

	/* Hidden cases have no name outside the judge */
	if (c)
		snprintf(text, sizeof(text), "case '%s': %s", c->text,
			 f->reason);
	else
		snprintf(text, sizeof(text), "a hidden case: %s", f->reason);
	pike_fill_verdict(out, f->v, text);
	set_text(&out->log, f->log.s);
}

static bool lookup(void *ctx, const char *name, int64_t *out)
{
	return pike_case_size(ctx, name, out);
}

static double amount(const struct pike_expr *e, const struct pike_case *c)
{
	struct pike_case view = *c;
	int64_t v;

	if (!e || pike_expr_eval(&v, e, lookup, &view, NULL) || v < 0)
		return 0;
	return (double)v;
}

void pike_case_work(double *bytes, double *flops, const struct pike_target *t,
		    const struct pike_case *c)
{
	*bytes = amount(t->bytes, c);
	*flops = amount(t->flops, c);
}

static void add_case(struct pike_result *out, struct pike_judge *j, size_t i,
		     const struct pike_timing *t, bool base)
{
	struct pike_case_state *cs = &j->cases[i];
	struct pike_case_result *c = &out->cases[out->ncases++];
	struct pike_pairs pairs = { 0 };

	c->name = pike_xstrdup(cs->c->text);
	c->base_ns = cs->base_ns;
	if (base)
		c->base_ns = (int64_t)llround(pike_timing_median(t, 0));
	c->cand_ns = (int64_t)llround(pike_timing_median(t, t->narms - 1));
	pike_timing_pairs(&pairs, t, 0, false);
	c->pairs = (int)pairs.n;
	c->ratio = pike_ratio_of(&pairs, 1, PROTO_SAME_ALPHA, &j->rng);
	c->max_abs = t->max_abs;
	c->rel_l2 = t->rel_l2;
	pike_pairs_release(&pairs);
}

static void add_roofline(struct pike_result *out, const struct pike_judge *j)
{
	double bytes, flops, ns;

	if (!out->ncases || out->cases[0].cand_ns <= 0)
		return;
	ns = (double)out->cases[0].cand_ns;
	pike_case_work(&bytes, &flops, j->t, j->cases[0].c);
	if (j->ceilings.copy_bps > 0)
		pike_json_set_f64(out->extra, "copy_bps", j->ceilings.copy_bps);
	if (j->ceilings.fma_flops > 0)
		pike_json_set_f64(out->extra, "fma_flops",
				  j->ceilings.fma_flops);
	if (bytes > 0)
		pike_json_set_f64(out->extra, "gbps", bytes / ns);
	if (flops > 0)
		pike_json_set_f64(out->extra, "gflops", flops / ns);
}

/* What a device tells: the launches of the first case, and its clock. */
static void add_device(struct pike_result *out, const struct pike_timing *t)
{
	double base = t->n ? pike_timing_mhz(t, 0) : 0;

	if (t->launches)
		pike_json_set(out->resources, "launches",
			      pike_json_copy(t->launches));
	if (!(base > 0))
		return;
	pike_json_set_f64(out->resources, "sm_mhz",
			  pike_timing_mhz(t, t->narms - 1));
	pike_json_set_f64(out->resources, "sm_mhz_base", base);
}

/* How the machine behaved while the cases were measured. */
static void add_noise(struct pike_result *out, const struct pike_timing *t,
		      size_t ncases)
{
	double disturbed = 0;
	int64_t dropped = 0;

	for (size_t i = 0; i < ncases; i++) {
		dropped += (int64_t)(t[i].n - pike_timing_kept(&t[i]));
		disturbed = fmax(disturbed, pike_timing_disturbed(&t[i]));
	}
	pike_json_set_i64(out->extra, "dropped", dropped);
	pike_json_set_f64(out->extra, "disturbed", disturbed);
}

/* For prompts, which are made on machines that may have no such device. */
static void add_card(struct pike_result *out, const struct pike_judge *j)
{
	struct pike_buf card;

	pike_buf_init(&card, 1 << 14);
	pike_device_card(&card, &j->dev);
	if (card.len)
		pike_json_set_str(out->resources, "card", card.s);
	pike_buf_release(&card);
}

static void tell_pairs(const struct pike_judge *j, const struct pike_timing *t)
{
	double *base = pike_xcalloc(2 * t->n + 1, sizeof(*base));
	double *cand = base + t->n;

	for (size_t i = 0; i < t->n; i++) {
		base[i] = t->v[i].ns[0];
		cand[i] = t->v[i].ns[t->narms - 1];
	}
	j->o.pairs(j->o.ctx, base, cand, t->n);
	free(base);
}

void pike_fill_cases(struct pike_result *out, struct pike_judge *j,
		     const struct pike_timing *timings, bool base)
{
	uint32_t threads = 0;

	out->cases = pike_xcalloc(j->t->ncases + 1, sizeof(*out->cases));
	for (size_t i = 0; i < j->t->ncases; i++) {
		if (!timings[i].n)
			continue;
		add_case(out, j, i, &timings[i], base);
		if (j->o.pairs)
			tell_pairs(j, &timings[i]);
		if (timings[i].threads > threads)
			threads = timings[i].threads;
	}
	pike_json_set_i64(out->resources, "threads", threads);
	add_noise(out, timings, j->t->ncases);
	add_device(out, &timings[0]);
	add_card(out, j);
	add_roofline(out, j);
}

void pike_fill_base(struct pike_result *out, const struct pike_judge *j)
{
	pike_judge_identify(out, j);
	out->verdict = PIKE_V_SAME;
	out->cases = pike_xcalloc(j->t->ncases + 1, sizeof(*out->cases));
	for (size_t i = 0; i < j->t->ncases; i++) {
		struct pike_case_result *c = &out->cases[out->ncases++];

		c->name = pike_xstrdup(j->cases[i].c->text);
		c->base_ns = c->cand_ns = j->cases[i].base_ns;
	}
	add_card(out, j);
	add_roofline(out, j);
}

void pike_fill_no_cases(struct pike_result *out)
{
	for (size_t i = 0; i < out->ncases; i++)
		free(out->cases[i].name);
	free(out->cases);
	out->cases = NULL;
	out->ncases = 0;
}

static double floor_of(const struct pike_judge *j, size_t i)
{
	struct pike_floor f = { .copy_bps = j->ceilings.copy_bps,
				.fma_flops = j->ceilings.fma_flops,
				.llc = (double)j->dev.llc_bytes,
				.threads = (int)j->t->threads,
				.cold = j->t->cold,
				.gpu = j->traits->memory == PIKE_ON_GPU };
	const struct pike_layout *l = &j->cases[i].layout;

	for (size_t a = 0; a < l->n; a++)
		if (pike_tensor_is_output(&l->v[a]))
			f.out_bytes += (double)l->v[a].bytes;
	pike_case_work(&f.bytes, &f.flops, j->t, j->cases[i].c);
	/* The peak is of f32; other types have others */
	if (pike_native_real(j->t) != PIKE_F32 &&
	    pike_native_real(j->t) != PIKE_F64)
		f.flops = 0;
	return pike_floor_ns(&f);
}

/* Ceilings that were measured while something else ran are too low, and the
 * floor too high: nobody is suspected before they are measured again. */
static bool above_floor(struct pike_result *out, struct pike_judge *j, size_t i,
			const struct pike_timing *t)
{
	double ns = pike_timing_median(t, t->narms - 1), least;
	char text[512];

	if (!(ns < floor_of(j, i)))
		return true;
	pike_device_ceilings(&j->ceilings, &j->dev, (int)j->t->threads, true,
			     NULL);
	least = floor_of(j, i);
	if (!(ns < least))
		return true;
	snprintf(text, sizeof(text),
		 "case '%s': %.1f us a call, but the bytes and operations that "
		 "the target declares need %.1f us on this machine; either the "
		 "declaration is too high, or the work is not done",
		 j->cases[i].c->text, ns / 1e3, least / 1e3);
	pike_fill_verdict(out, PIKE_V_SUSPECT, text);
	return false;
}

bool pike_fill_plausible(struct pike_result *out, struct pike_judge *j,
			 const struct pike_timing *timings)
{
	char text[512], reason[768];

	for (size_t i = 0; i < j->t->ncases; i++) {
		const struct pike_timing *t = &timings[i];

		if (!t->n)
			continue;
		/* Threads that end, and a judge that has no core of its
		 * own beside them, take time outside in all honesty: that
		 * is charged, not called tampering. */
		if (j->t->threads <= 1 &&
		    !pike_clocks_agree(t, t->narms - 2, text, sizeof(text))) {
			snprintf(reason, sizeof(reason), "case '%s': %s",
				 j->cases[i].c->text, text);
			pike_fill_verdict(out, PIKE_V_TAMPER, reason);
			return false;
		}
		if (!above_floor(out, j, i, t))
			return false;
	}
	pike_json_set_str(out->extra, "trust", "reconciled");
	return true;
}

void pike_fill_second(struct pike_result *out,
		      const struct pike_backend_traits *traits)
{
	/* No code of such a candidate is in the process that claims, and a
	 * confirmation also runs it by the judge's clock alone. */
	if (traits->device_code_only && out->verdict == PIKE_V_TAMPER)
		out->verdict = PIKE_V_INCONCLUSIVE;
	else if (!traits->device_code_only && out->verdict == PIKE_V_FASTER)
		pike_fill_verdict(
		    out, PIKE_V_INCONCLUSIVE,
		    "measured twice: once its process's clock and the judge's "
		    "disagreed, once they agreed; measure it again where "
		    "nothing else runs");
}
