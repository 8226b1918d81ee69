/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roofline: how near a kernel comes to the machine's ceilings, by the bytes
 * and flops that the target declares for a case (Williams, Waterman and
 * Patterson, 2009: the nearer of the two ceilings is the one that binds).
 */
#include "report/report.h"

#include <math.h>
#include <string.h>

static bool lookup(void *ctx, const char *name, int64_t *out)
{
	return pike_case_size(ctx, name, out);
}

static int amount(double *out, const struct pike_expr *e, struct pike_case *c,
		  struct pike_err *err)
{
	int64_t v;
	int ret;

	*out = 0;
	if (!e)
		return 0;
	ret = pike_expr_eval(&v, e, lookup, c, err);
	if (!ret && v > 0)
		*out = (double)v;
	return ret;
}

int pike_roofline(struct pike_roof *out, const struct pike_target *t,
		  const struct pike_case_result *c, double copy_bps,
		  double fma_flops, struct pike_err *err)
{
	double bytes, flops, base_s, cand_s, work, peak;
	struct pike_case sizes;
	int ret;

	memset(out, 0, sizeof(*out));
	if ((!t->bytes && !t->flops) || c->base_ns <= 0 || c->cand_ns <= 0)
		return 1;
	ret = pike_case_parse(&sizes, c->name, err);
	if (ret)
		return ret;
	ret = amount(&bytes, t->bytes, &sizes, err);
	if (!ret)
		ret = amount(&flops, t->flops, &sizes, err);
	pike_case_release(&sizes);
	if (ret)
		return ret;
	bytes = copy_bps > 0 ? bytes : 0;
	flops = fma_flops > 0 ? flops : 0;
	if (bytes <= 0 && flops <= 0)
		return 1;
	out->memory =
	    flops <= 0 || (bytes > 0 && bytes / copy_bps >= flops / fma_flops);
	work = out->memory ? bytes : flops;
	peak = out->memory ? copy_bps : fma_flops;
	base_s = (double)c->base_ns / 1e9;
	cand_s = (double)c->cand_ns / 1e9;
	out->rate_before = work / base_s;
	out->rate_after = work / cand_s;
	out->before = out->rate_before / peak;
	out->after = out->rate_after / peak;
	return 0;
}

/* By the rates of the first case, which a result keeps. */
static double rate_share(const struct pike_result *r)
{
	double copy = pike_json_f64(r->extra, "copy_bps", 0);
	double fma = pike_json_f64(r->extra, "fma_flops", 0);
	double memory =
	    copy > 0 ? pike_json_f64(r->extra, "gbps", 0) * 1e9 / copy : 0;
	double compute =
	    fma > 0 ? pike_json_f64(r->extra, "gflops", 0) * 1e9 / fma : 0;

	return memory > compute ? memory : compute;
}

static double closed(const struct pike_result *r, const struct pike_target *t,
		     size_t i)
{
	const struct pike_case_result *c = &r->cases[i];
	double before, after = t ? 0 : rate_share(r);
	struct pike_roof roof;

	if (c->base_ns <= 0 || c->cand_ns <= 0)
		return NAN;
	if (t &&
	    !pike_roofline(&roof, t, c, pike_json_f64(r->extra, "copy_bps", 0),
			   pike_json_f64(r->extra, "fma_flops", 0), NULL))
		after = roof.after;
	before = after * (double)c->cand_ns / (double)c->base_ns;
	if (!(after > 0) || after > 1 || before >= 1)
		return NAN;
	return (1 / before - 1 / after) / (1 / before - 1);
}

void pike_roof_closed(struct pike_ratio *out, const struct pike_result *r,
		      const struct pike_target *t)
{
	size_t n = t ? r->ncases : r->ncases > 0;
	double sum = 0;

	*out = (struct pike_ratio){ NAN, NAN, NAN };
	for (size_t i = 0; i < n; i++) {
		double share = closed(r, t, i);

		/* One that tells nothing leaves all unknown. */
		if (isnan(share)) {
			*out = (struct pike_ratio){ NAN, NAN, NAN };
			return;
		}
		sum += share;
		out->lo = i ? fmin(out->lo, share) : share;
		out->hi = i ? fmax(out->hi, share) : share;
		out->mid = sum / (double)(i + 1);
	}
}

void pike_roof_text(struct pike_buf *b, const struct pike_roof *r)
{
	pike_buf_addf(b, "%s %.0f %% -> %.0f %%  (%.1f -> %.1f %s)",
		      r->memory ? "copy bandwidth" : "FMA peak",
		      100 * r->before, 100 * r->after, r->rate_before / 1e9,
		      r->rate_after / 1e9, r->memory ? "GB/s" : "GFLOP/s");
}
