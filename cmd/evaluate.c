/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate: the second stage alone, whole or a shard of it. */
#include "cmd.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct opts {
	struct pike_common common;
	const char *run, *shard, *stage, *out, *allow_weak;
	bool profile;
};

static const struct pike_opt opts_table[] = {
	{ .name = "run",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, run),
	  .arg = "NAME",
	  .help = "a search of its own beside the main one" },
	{ .name = "shard",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, shard),
	  .arg = "I/N",
	  .help = "only the I-th of N parts, 1 to N" },
	{ .name = "stage",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, stage),
	  .arg = "STAGE",
	  .help = "screen, confirm or model; default all" },
	{ .name = "out",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, out),
	  .arg = "FILE",
	  .help = "write the results as a git bundle, push nothing" },
	{ .name = "profile",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct opts, profile),
	  .help = "GPU: confirm under profiler and sanitizers too" },
	{ .name = "allow-weak",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, allow_weak),
	  .arg = "LEVEL",
	  .help = "go on below isolation I2, down to I1 or I0" },
	{ .name = NULL },
};

static int parse_shard(struct pike_stage_args *a, const char *text,
		       struct pike_err *err)
{
	const char *slash = text ? strchr(text, '/') : NULL;
	int64_t i = -1, n = -1;
	char *left;
	bool ok;

	if (!text)
		return 0;
	left = pike_xstrndup(text, slash ? (size_t)(slash - text) : 0);
	ok = slash && pike_parse_i64(left, &i) && pike_parse_i64(slash + 1, &n);
	free(left);
	if (!ok || n < 1 || n > 10000 || i < 0 || i > n)
		return pike_fail(err, PIKE_USAGE,
				 "--shard: '%s' is not I/N with I from 1 to N",
				 text);
	a->shard = (int)i;
	a->shards = (int)n;
	return 0;
}

static int parse_stage(struct pike_stage_args *a, const char *text,
		       struct pike_err *err)
{
	a->stage = text ? pike_stage_parse(text) : -1;
	if (text && a->stage != PIKE_SCREEN && a->stage != PIKE_CONFIRM &&
	    a->stage != PIKE_MODEL)
		return pike_fail(err, PIKE_USAGE,
				 "--stage: '%s' is neither screen nor confirm "
				 "nor model",
				 text);
	return 0;
}

/* The bundle holds what the search's refs hold, so a second handle on them
 * does as well as the one that measured. */
static int write_bundle(struct pike_ctx *ctx, const struct pike_history *h,
			const char *run, const char *path, struct pike_err *err)
{
	struct pike_search_ref *s = NULL;
	const char *dot = strchr(h->lane, '.');
	char *lane = pike_xstrndup(h->lane, dot ? (size_t)(dot - h->lane)
						: strlen(h->lane));
	int ret = pike_search_open(&s, ctx->repo, h->target, lane, run, err);

	if (!ret)
		ret = pike_bundle_write(s, path, err);
	pike_search_close(s);
	free(lane);
	return ret;
}

static int evaluate_one(struct pike_ctx *ctx, struct pike_run *run,
			const struct pike_target *t, void *arg,
			struct pike_err *err)
{
	const struct opts *o = arg;
	const struct pike_history *h = pike_run_history(run);
	const struct pike_run_stats *st = pike_run_stats(run);
	bool rests = pike_stage_rests(ctx, run);
	int ret = rests ? 0 : pike_run_evaluate(run, err);
	struct pike_json *j;

	if (!ret && !rests &&
	    (!o->stage || pike_stage_parse(o->stage) == PIKE_MODEL))
		ret = pike_run_in_model(run, err);

	if (ret == PIKE_RETRY && *ctx->stop)
		ret = 0;
	if (!ret && o->out)
		ret = write_bundle(ctx, h, o->run, o->out, err);
	if (!ret)
		ret = pike_stage_share(run, err);
	if (ret)
		return ret;
	if (!rests)
		pike_buf_addf(
		    &ctx->out,
		    "%s: %lld screened, %lld confirmed, %zu to measure\n",
		    t->name, (long long)st->screened, (long long)st->confirmed,
		    pike_history_pending(h));
	if (!ctx->json)
		return 0;
	j = pike_json_search(h);
	pike_json_set_i64(j, "screened", st->screened);
	pike_json_set_i64(j, "confirmed", st->confirmed);
	pike_json_push(ctx->list, j);
	return 0;
}

static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	struct opts o = *(const struct opts *)opts;
	struct pike_stage_args a = { .run = o.run,
				     .allow_weak = o.allow_weak,
				     .profile = o.profile,
				     .staged = true,
				     .keeps = o.out != NULL };
	int ret = parse_shard(&a, o.shard, err);

	if (!ret)
		ret = parse_stage(&a, o.stage, err);
	if (!ret && o.out && rest->n != 1 && ctx->settings->ntargets != 1)
		ret = pike_fail(err, PIKE_USAGE,
				"--out takes one target at a time; name it");
	if (ret)
		return ret;
	a.part = a.shards > 1 || o.out;
	return pike_each_target(ctx, rest, &a, evaluate_one, &o, err);
}

const struct pike_cmd pike_cmd_evaluate = {
	.name = "evaluate",
	.summary = "measure the candidates that have no result",
	.usage = "[TARGET...]",
	.text = "The second of the stages that `evolve` loops over: screens "
		"every candidate without a result against the champion, "
		"confirms the best, and asks the target's in-model what the "
		"champion is worth in the whole model. Several machines share "
		"the work by --shard: each has its part of both, and what one "
		"of them finds is confirmed by the pass after the next "
		"`advance`. --out hands the results on without a push, to "
		"`pike-git advance FILE`.",
	.opts = opts_table,
	.opts_size = sizeof(struct opts),
	.flags = PIKE_NEED_REPO | PIKE_NEED_CONFIG,
	.run = run,
};
