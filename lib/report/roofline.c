/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roofline: how near a kernel comes to the machine's ceilings, by the bytes
 * and flops that the target declares for a case (Williams, Waterman and
 * Patterson, 2009: the nearer of the two ceilings is the one that binds).
 */
#include "report/report.h"

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

void pike_roof_text(struct pike_buf *b, const struct pike_roof *r)
{
	pike_buf_addf(b, "%s %.0f %% -> %.0f %%  (%.1f -> %.1f %s)",
		      r->memory ? "copy bandwidth" : "FMA peak",
		      100 * r->before, 100 * r->after, r->rate_before / 1e9,
		      r->rate_after / 1e9, r->memory ? "GB/s" : "GFLOP/s");
}
