/* SPDX-License-Identifier: Apache-2.0 */
/* bench: judges revisions against the base, now. */
#include "cmd.h"

#include "base/mem.h"
#include "model/baseline.h"
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

struct opts {
	struct pike_common common;
	const char *allow_weak, *arch, *baseline;
	struct pike_strs targets;
	bool quick, compile_only, gate, profile;
};

static const struct pike_opt opts_table[] = {
	{ .name = "target",
	  .type = PIKE_OPT_STRS,
	  .offset = offsetof(struct opts, targets),
	  .arg = "TARGET",
	  .help = "this target; may be repeated" },
	{ .name = "quick",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct opts, quick),
	  .help = "a screening only: no hidden cases, no claim" },
	{ .name = "compile-only",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct opts, compile_only),
	  .help = "build it and stop; needs no GPU" },
	{ .name = "arch",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, arch),
	  .arg = "sm_NN",
	  .help = "with --compile-only: for this GPU architecture" },
	{ .name = "gate",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct opts, gate),
	  .help = "exit with 1 unless every verdict is faster or same" },
	{ .name = "baseline",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, baseline),
	  .arg = "NAMES",
	  .help = "PyTorch: beside these, not the config's" },
	{ .name = "profile",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct opts, profile),
	  .help = "GPU: confirm under profiler and sanitizers too" },
	{ .name = "allow-weak",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, allow_weak),
	  .arg = "LEVEL",
	  .help = "go on below isolation I2, down to I1 or I0",
	  .person = true },
	{ .name = NULL },
};

/* Which revisions to judge for which target: all for those that were named,
 * else of each revision the targets whose files differ from the base, or all
 * where none do. */
struct plan {
	struct pike_strs targets;
	struct pike_strs *of; /* for each revision: its targets */
	size_t nrevs;
};

static void plan_release(struct plan *p)
{
	for (size_t i = 0; i < p->nrevs; i++)
		pike_strs_release(&p->of[i]);
	free(p->of);
	pike_strs_release(&p->targets);
}

static int plan_make(struct plan *p, struct pike_ctx *ctx,
		     const struct pike_strs *revs,
		     const struct pike_strs *named, struct pike_err *err)
{
	int ret = 0;

	p->nrevs = revs->n;
	p->of = pike_xcalloc(revs->n + 1, sizeof(*p->of));
	for (size_t i = 0; !ret && i < revs->n; i++) {
		if (!named->n)
			ret = pike_changed_targets(&p->of[i], ctx, revs->v[i],
						   err);
		if (!ret && !p->of[i].n)
			ret = pike_pick_targets(&p->of[i], ctx, named, err);
		for (size_t k = 0; !ret && k < p->of[i].n; k++)
			if (!pike_strs_has(&p->targets, p->of[i].v[k]))
				pike_strs_push(&p->targets, p->of[i].v[k]);
	}
	return ret;
}

static bool passes(const struct pike_result *r, bool compile_only)
{
	return r->verdict == PIKE_V_FASTER || r->verdict == PIKE_V_SAME ||
	       (compile_only && r->verdict == PIKE_V_NONE);
}

static void say(struct pike_ctx *ctx, const struct pike_result *r,
		const struct pike_target *t, bool compile_only)
{
	struct pike_json *j;

	pike_buf_addf(&ctx->out, "%s%s", ctx->out.len ? "\n" : "", t->name);
	if (t->title) {
		pike_buf_adds(&ctx->out, " (");
		pike_clean(&ctx->out, t->title, 128);
		pike_buf_addc(&ctx->out, ')');
	}
	pike_buf_addf(&ctx->out, "  %.12s against base %.12s\n", r->commit.hex,
		      r->base.hex);
	if (compile_only && r->verdict == PIKE_V_NONE) {
		pike_compiled_text(&ctx->out, r);
	} else {
		pike_text_result(&ctx->out, r, t);
		pike_profile_text(&ctx->out, r);
	}
	if (r->log && *r->log) {
		pike_buf_adds(&ctx->out, "log:\n");
		pike_clean_lines(&ctx->out, r->log);
	}
	if (!ctx->json)
		return;
	j = pike_json_result(r);
	if (j)
		pike_json_push(ctx->list, j);
}

/* Only whole confirmations are remembered: a quick look against the base
 * must not stand as a candidate's screening against its champion. What has no
 * source has no content that a result could be found by. */
static int bench_one(struct pike_ctx *ctx, struct pike_bench *bench,
		     const struct pike_bench_opts *o, bool *pass,
		     struct pike_err *err)
{
	const struct pike_target *t =
	    pike_settings_target(ctx->settings, o->target);
	struct pike_result r;
	int ret;

	pike_result_init(&r);
	ret = pike_bench_next(&r, bench, err);
	if (!ret && !o->quick && !o->compile_only && r.source)
		ret = pike_results_add(ctx->repo, &r, 1, err);
	if (!ret) {
		say(ctx, &r, t, o->compile_only);
		*pass = *pass && passes(&r, o->compile_only);
	}
	pike_result_release(&r);
	return ret;
}

static int bench_target(struct pike_ctx *ctx, const struct pike_strs *revs,
			const struct plan *p, struct pike_bench_opts *o,
			bool *pass, struct pike_err *err)
{
	struct pike_strs mine = PIKE_STRS_INIT;
	struct pike_bench *bench = NULL;
	int ret;

	for (size_t i = 0; i < revs->n; i++)
		if (pike_strs_has(&p->of[i], o->target))
			pike_strs_push(&mine, revs->v[i]);
	o->revs = (const char *const *)mine.v;
	o->nrevs = mine.n;
	pike_warn_uncommitted(ctx,
			      pike_settings_target(ctx->settings, o->target));
	ret = pike_bench_open(&bench, ctx->repo, ctx->settings, o, err);
	while (!ret)
		ret = bench_one(ctx, bench, o, pass, err);
	pike_bench_free(bench);
	pike_strs_release(&mine);
	return ret == 1 ? 0 : ret;
}

/* What goes together. */
static int check_opts(const struct opts *o, struct pike_err *err)
{
	bool confirms = !o->quick && !o->compile_only;

	if (o->arch && !o->compile_only)
		return pike_fail(err, PIKE_USAGE,
				 "--arch: only with --compile-only; what is "
				 "measured is built for the GPU that is here");
	if (o->profile && !confirms)
		return pike_fail(err, PIKE_USAGE,
				 "--profile: only what is confirmed is "
				 "profiled; leave --quick or --compile-only "
				 "out");
	if (o->baseline && !confirms)
		return pike_fail(err, PIKE_USAGE,
				 "--baseline: only what is confirmed is "
				 "measured beside baselines; leave --quick or "
				 "--compile-only out");
	return 0;
}

static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	const struct opts *o = opts;
	struct pike_bench_opts b = {
		.quick = o->quick,
		.compile_only = o->compile_only,
		.profile = o->profile,
		.arch = o->arch,
		.stage = PIKE_CONFIRM,
		.stop = ctx->stop,
	};
	struct pike_strs revs = PIKE_STRS_INIT, baselines = PIKE_STRS_INIT;
	struct plan plan = { 0 };
	bool pass = true;
	int ret = pike_pick_isolation(&b.require, o->allow_weak, err);

	if (!ret)
		ret = check_opts(o, err);
	if (!ret && o->baseline)
		ret = pike_baselines_add(&baselines, o->baseline, err);
	if (!ret && o->baseline)
		b.baselines = &baselines;
	for (size_t i = 0; i < rest->n; i++)
		pike_strs_push(&revs, rest->v[i]);
	if (!revs.n)
		pike_strs_push(&revs, "HEAD");
	if (!ret)
		ret = plan_make(&plan, ctx, &revs, &o->targets, err);
	ctx->doc = pike_json_object();
	ctx->list = pike_json_array();
	pike_json_set(ctx->doc, "results", ctx->list);
	for (size_t i = 0; !ret && i < plan.targets.n; i++) {
		b.target = plan.targets.v[i];
		ret = bench_target(ctx, &revs, &plan, &b, &pass, err);
	}
	plan_release(&plan);
	pike_strs_release(&revs);
	pike_strs_release(&baselines);
	if (!ret && o->gate && !pass)
		ret = PIKE_EXIT_NO;
	return ret;
}

const struct pike_cmd pike_cmd_bench = {
	.name = "bench",
	.summary = "judge revisions against the base now",
	.usage = "[REV...]",
	.text = "Takes HEAD where no revision is named. Runs the whole "
		"confirmation: fresh processes and data, hidden cases, stress "
		"inputs. Judges the targets whose files differ from the base, "
		"or all. Always measures, whatever the notes say. "
		"--compile-only needs no GPU: for one it builds for --arch, "
		"else for the one that is here, else for sm_90a. A PyTorch "
		"model is measured beside its baselines, too: eager, compile, "
		"max-autotune, each also with +graphs, or a module's path. "
		"Of several "
		"revisions the later ones are built while one is measured.",
	.opts = opts_table,
	.opts_size = sizeof(struct opts),
	.flags = PIKE_NEED_REPO | PIKE_NEED_CONFIG | PIKE_TOOL,
	.run = run,
};
