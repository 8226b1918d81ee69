/* SPDX-License-Identifier: Apache-2.0 */
/* evolve: the whole loop, and what came out of it. */
#include "cmd.h"

#include "base/log.h"
#include "base/text.h"
#include "device/device.h"
#include "report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long the final figures wait for another process to leave the device. */
#define CEILING_WAIT_MS 30000

struct opts {
	struct pike_common common;
	const char *run, *allow_weak, *seed, *strategy, *threshold;
	const char *queries, *usd, *minutes, *candidates, *replay;
	int64_t generations;
	bool profile, resume, no_publish;
};

#define TEXT_OPT(NAME, MEMBER, ARG, HELP)                                      \
	{                                                                      \
		.name = NAME, .type = PIKE_OPT_STR,                            \
		.offset = offsetof(struct opts, MEMBER), .arg = ARG,           \
		.help = HELP                                                   \
	}

static const struct pike_opt opts_table[] = {
	TEXT_OPT("run", run, "NAME", "a search of its own beside the main one"),
	{ .name = "generations",
	  .type = PIKE_OPT_I64,
	  .offset = offsetof(struct opts, generations),
	  .arg = "N",
	  .help = "close at most N generations now" },
	TEXT_OPT("candidates", candidates, "N", "limit: candidates in all"),
	TEXT_OPT("minutes", minutes, "N", "limit: minutes of this run"),
	TEXT_OPT("queries", queries, "N", "limit: model queries"),
	TEXT_OPT("usd", usd, "USD", "limit: money for models"),
	TEXT_OPT("replay", replay, "REV",
		 "ask no model: answer as recorded below REV"),
	TEXT_OPT("strategy", strategy, "NAME", "instead of the configured one"),
	TEXT_OPT("seed", seed, "N", "seed of the strategy"),
	TEXT_OPT("threshold", threshold, "X", "least speedup worth offering"),
	{ .name = "profile",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct opts, profile),
	  .help = "GPU: confirm under profiler and sanitizers too" },
	{ .name = "resume",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct opts, resume),
	  .help = "also a search that was paused or stopped" },
	{ .name = "no-publish",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct opts, no_publish),
	  .help = "offer nothing, though a token is set for it" },
	TEXT_OPT("allow-weak", allow_weak, "LEVEL",
		 "go on below isolation I2, down to I1 or I0"),
	{ .name = NULL },
};

/* Ceilings of the machine that has measured it, or of this one, or zeros. */
static void ceilings(struct pike_ceilings *out, const struct pike_target *t,
		     const struct pike_result *r)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_device_info info;
	int lock = -1, ret;

	memset(out, 0, sizeof(*out));
	if (!t->bytes && !t->flops)
		return;
	out->copy_bps = pike_json_f64(r->extra, "copy_bps", 0);
	out->fma_flops = pike_json_f64(r->extra, "fma_flops", 0);
	if (out->copy_bps > 0 || out->fma_flops > 0)
		return;
	ret = pike_device_find(&info, t->backend, &err);
	if (!ret)
		ret = pike_device_lock(&lock, info.lock, CEILING_WAIT_MS, &err);
	if (!ret)
		ret = pike_device_ceilings(out, &info, (int)t->threads, false,
					   &err);
	if (ret)
		pike_warn("no share of the machine's ceilings: %s", err.text);
	if (lock >= 0)
		close(lock);
}

static void json_roof(struct pike_json *list, const struct pike_roof *r,
		      const struct pike_case_result *c)
{
	struct pike_json *j = pike_json_object();

	pike_json_set_str(j, "case", c->name);
	pike_json_set_str(j, "ceiling", r->memory ? "copy" : "fma");
	pike_json_set_f64(j, "before", r->before);
	pike_json_set_f64(j, "after", r->after);
	pike_json_set_f64(j, "rate_before", r->rate_before);
	pike_json_set_f64(j, "rate_after", r->rate_after);
	pike_json_push(list, j);
}

static void text_case(struct pike_buf *b, const struct pike_case_result *c)
{
	char before[32], after[32];

	pike_buf_adds(b, "  case ");
	pike_clean(b, c->name, 60);
	pike_buf_addf(b, ": %s -> %s\n",
		      pike_human_ns(before, (double)c->base_ns),
		      pike_human_ns(after, (double)c->cand_ns));
}

/* Before and after, case by case, from the champion's confirmation. */
static int say_cases(struct pike_ctx *ctx, struct pike_json *j,
		     const struct pike_history *h, const struct pike_target *t,
		     struct pike_err *err)
{
	struct pike_json *list = pike_json_array();
	struct pike_ceilings top;
	struct pike_result res;
	struct pike_roof roof;
	int ret = pike_last_result(&res, ctx, &h->champion, PIKE_CONFIRM,
				   &h->base, err);

	if (!ret)
		ceilings(&top, t, &res);
	for (size_t i = 0; !ret && i < res.ncases; i++) {
		const struct pike_case_result *c = &res.cases[i];
		int none = pike_roofline(&roof, t, c, top.copy_bps,
					 top.fma_flops, err);

		text_case(&ctx->out, c);
		if (none < 0)
			ret = none;
		if (none)
			continue;
		pike_buf_adds(&ctx->out, "       ");
		pike_roof_text(&ctx->out, &roof);
		pike_buf_addc(&ctx->out, '\n');
		json_roof(list, &roof, c);
	}
	pike_json_set(j, "roofline", list);
	pike_result_release(&res);
	return ret == 1 ? 0 : ret;
}

static void say_champion(struct pike_buf *b, const struct pike_history *h)
{
	const struct pike_record *r = pike_find_record(h, &h->champion);
	char ratio[64];

	if (!r) {
		pike_buf_addf(b,
			      "%s on %s: no confirmed speedup over the base "
			      "yet\n",
			      h->target, h->lane);
		return;
	}
	pike_buf_addf(b, "%s on %s: %s over the base, confirmed\n", h->target,
		      h->lane, pike_ratio_text(ratio, &h->speedup));
	pike_buf_addf(b, "  champion %s\n", h->champion.hex);
	if (r->idea && *r->idea) {
		pike_buf_adds(b, "           ");
		pike_clean(b, r->idea, 68);
		pike_buf_addc(b, '\n');
	}
}

static void say_browse(struct pike_buf *b, const struct pike_history *h,
		       const char *branch)
{
	const char *run = strrchr(h->lane, '.');

	pike_buf_addf(b,
		      "browse:\n"
		      "  git log --oneline --first-parent -20 %s\n"
		      "  pike-git log --tree%s%s %s\n"
		      "  git log --notes=pike/results -1 %.12s\n",
		      branch, run ? " --run " : "", run ? run + 1 : "",
		      h->target, h->champion.hex);
	if (!pike_oid_eq(&h->champion, &h->base))
		pike_buf_addf(b,
			      "  git diff %.12s %.12s\n"
			      "  pike-git show %.12s\n"
			      "  pike-git verify %.12s\n",
			      h->base.hex, h->champion.hex, h->champion.hex,
			      h->champion.hex);
}

/* What a run leaves behind besides the search itself. */
struct outcome {
	struct pike_strs unsent;
	struct pike_err why; /* of those, or of no request */
	struct pike_offered offered;
	bool tried, failed; /* to offer */
};

static struct pike_json *json_request(const struct outcome *o)
{
	struct pike_json *j;

	if (!o->failed)
		return pike_offer_json(&o->offered);
	j = pike_json_object();
	pike_json_set_str(j, "what", "failed");
	pike_json_set_str(j, "reason", o->why.text);
	return j;
}

static int summary(struct pike_ctx *ctx, struct pike_run *run,
		   const struct pike_target *t, const struct outcome *o,
		   struct pike_err *err)
{
	const struct pike_history *h = pike_run_history(run);
	const struct pike_run_stats *st = pike_run_stats(run);
	struct pike_json *j = pike_json_search(h);
	struct pike_buf *b = &ctx->out;
	char wall[32], branch[256];
	int ret;

	snprintf(branch, sizeof(branch), "pike/evo/%s/%s", h->target, h->lane);
	say_champion(b, h);
	ret = say_cases(ctx, j, h, t, err);
	pike_buf_addf(b, "  tried    %zu: ", h->nrecs);
	pike_tally(b, h);
	pike_buf_addf(b,
		      "\n  now      %lld screened, %lld confirmed, %lld "
		      "generation%s in %s; %.2f USD in all\n",
		      (long long)st->screened, (long long)st->confirmed,
		      (long long)st->generations,
		      st->generations == 1 ? "" : "s",
		      pike_human_ns(wall, (double)st->wall_ns), pike_spent(h));
	if (st->unmeasured)
		pike_buf_addf(
		    b,
		    "  replayed: %lld unmeasured, as the recording has "
		    "no result of them\n",
		    (long long)st->unmeasured);
	pike_buf_addf(b, "  ended    %s\n", pike_run_ended(run));
	if (pike_steers_rest(&h->steers))
		pike_buf_adds(b, "           " PIKE_REST_REMEDY "\n");
	say_browse(b, h, branch);
	pike_json_set_str(j, "ended", pike_run_ended(run));
	pike_json_set_str(j, "branch", branch);
	pike_json_set_i64(j, "screened", st->screened);
	pike_json_set_i64(j, "confirmed", st->confirmed);
	pike_json_set_i64(j, "unmeasured", st->unmeasured);
	pike_json_set_i64(j, "unsent", (int64_t)o->unsent.n);
	if (o->tried)
		pike_json_set(j, "request", json_request(o));
	pike_json_set_f64(j, "secs", (double)st->wall_ns / 1e9);
	/* Of them: with the device's lock held; with a kernel being timed. */
	pike_json_set_f64(j, "lock_secs", (double)st->lock_ns / 1e9);
	pike_json_set_f64(j, "kernel_secs", (double)st->kernel_ns / 1e9);
	if (ctx->json)
		pike_json_push(ctx->list, j);
	else
		pike_json_free(j);
	return ret;
}

/* What another machine could not go on with. */
static void say_unsent(struct pike_ctx *ctx, const struct pike_strs *left,
		       const struct pike_err *why)
{
	pike_buf_addf(&ctx->out, "  unsent   %zu ref%s: ", left->n,
		      left->n == 1 ? "" : "s");
	pike_clean(&ctx->out, why->text, 1000);
	pike_buf_adds(&ctx->out,
		      "\n           `pike-git sync --push` tries again\n");
}

/* That it fails is no failure of the search: it can be said again. */
static void offer(struct outcome *out, struct pike_run *run)
{
	const struct pike_history *h = pike_run_history(run);

	/* Whoever reads a request must find what it names. */
	if (out->unsent.n || pike_oid_eq(&h->champion, &h->base) ||
	    !pike_run_publishes(run))
		return;
	out->tried = true;
	out->failed = pike_run_publish_own(&out->offered, run, &out->why);
	/* `publish --dry-run` has the page; here it is an outcome of many. */
	free(out->offered.body);
	out->offered.body = NULL;
}

static void say_request(struct pike_ctx *ctx, const struct outcome *o)
{
	struct pike_buf *b = &ctx->out;

	pike_buf_adds(b, "  request  ");
	if (!o->failed) {
		pike_offer_text(b, &o->offered);
		return;
	}
	pike_buf_adds(b, "not opened: ");
	pike_clean(b, o->why.text, 1000);
	pike_buf_adds(b, "\n           `pike-git publish` tries again\n");
}

static int evolve_one(struct pike_ctx *ctx, struct pike_run *run,
		      const struct pike_target *t, void *arg,
		      struct pike_err *err)
{
	const struct opts *o = arg;
	struct outcome out = { .why = PIKE_ERR_INIT };
	int ret = pike_run_evolve(run, err);

	pike_run_share_rest(&out.unsent, run, &out.why);
	if (!ret && !o->no_publish)
		offer(&out, run);
	if (!ret)
		ret = summary(ctx, run, t, &out, err);
	if (!ret && out.unsent.n)
		say_unsent(ctx, &out.unsent, &out.why);
	if (!ret && out.tried)
		say_request(ctx, &out);
	pike_offered_release(&out.offered);
	pike_strs_release(&out.unsent);
	return ret;
}

static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	const struct opts *o = opts;
	struct pike_stage_args a = {
		/* Beside what it replays. */
		.run = o->run || !o->replay ? o->run : "replay",
		.replay = o->replay,
		.allow_weak = o->allow_weak,
		.generations = o->generations,
		.profile = o->profile,
		.resume = o->resume,
		.stage = -1,
	};

	if (o->generations < 0)
		return pike_fail(err, PIKE_USAGE,
				 "--generations: a number from 1");
	return pike_each_target(ctx, rest, &a, evolve_one, (void *)opts, err);
}

const struct pike_cmd pike_cmd_evolve = {
	.name = "evolve",
	.summary = "make targets faster until a limit ends it",
	.usage = "[TARGET...]",
	.text = "Proposes candidates, measures them, confirms the best and "
		"closes a generation, again and again, for each target in "
		"turn. Goes on where the last run ended, wherever that was, "
		"unless the search was paused or stopped (--resume). "
		"Limits hold for each target's search as a whole, minutes and "
		"generations for this run. Ctrl-C ends it; nothing measured "
		"is lost. Several may run at once on one repository: each "
		"search is asked for by one of them, and measured by all. "
		"With --replay a strategy runs over the exchanges "
		"and results of an earlier search, at no cost, as a search of "
		"its own (--run, else `replay`). Where a token was set for "
		"it (PIKE_GITHUB_TOKEN, ..., or what [forge] token names) it "
		"ends as `publish` does, with the merge request of a champion "
		"that is good enough; --no-publish, or [forge] publish = "
		"false, leaves that out.",
	.opts = opts_table,
	.opts_size = sizeof(struct opts),
	.flags = PIKE_NEED_REPO | PIKE_NEED_CONFIG,
	.run = run,
};
