/* SPDX-License-Identifier: Apache-2.0 */
/* propose: the first stage alone. */
#include "cmd.h"

struct opts {
	struct pike_common common;
	const char *run, *seed, *strategy, *candidates, *from;
	const char *queries, *usd;
};

static const struct pike_opt opts_table[] = {
	{ .name = "run",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, run),
	  .arg = "NAME",
	  .help = "a search of its own beside the main one" },
	{ .name = "strategy",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, strategy),
	  .arg = "NAME",
	  .help = "instead of the configured one" },
	{ .name = "seed",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, seed),
	  .arg = "N",
	  .help = "seed of the strategy" },
	{ .name = "candidates",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, candidates),
	  .arg = "N",
	  .help = "limit: candidates in all",
	  .person = true },
	{ .name = "queries",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, queries),
	  .arg = "N",
	  .help = "limit: model queries",
	  .person = true },
	{ .name = "usd",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, usd),
	  .arg = "USD",
	  .help = "limit: money for models",
	  .person = true },
	{ .name = "from",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, from),
	  .arg = "REV",
	  .help = "no strategy: the target's files as REV has them" },
	{ .name = NULL },
};

/* By a person, who wants to know which candidate it is. */
static int from_one(struct pike_ctx *ctx, struct pike_run *run,
		    const struct pike_target *t, void *arg,
		    struct pike_err *err)
{
	struct pike_oid id;
	struct pike_json *j;
	bool known = false;
	int ret = pike_run_propose_from(&id, &known, run, arg, err);

	if (!ret)
		ret = pike_stage_share(run, err);
	if (ret)
		return ret;
	pike_buf_addf(&ctx->out, "%s: candidate %s%s\n", t->name, id.hex,
		      known ? ", tried before" : "");
	if (!ctx->json)
		return 0;
	j = pike_json_search(pike_run_history(run));
	pike_json_set_str(j, "candidate", id.hex);
	pike_json_set_bool(j, "known", known);
	pike_json_push(ctx->list, j);
	return 0;
}

static int propose_one(struct pike_ctx *ctx, struct pike_run *run,
		       const struct pike_target *t, void *arg,
		       struct pike_err *err)
{
	const struct pike_history *h = pike_run_history(run);
	const struct pike_run_stats *st = pike_run_stats(run);
	bool rests = pike_stage_rests(ctx, run);
	int ret = rests ? 0 : pike_run_propose(run, err);
	struct pike_json *j;

	(void)arg;
	if (!ret)
		ret = pike_stage_share(run, err);
	if (ret)
		return ret;
	if (!rests)
		pike_buf_addf(
		    &ctx->out, "%s: %lld candidates made, %zu to measure\n",
		    t->name, (long long)st->proposed, pike_history_pending(h));
	if (!ctx->json)
		return 0;
	j = pike_json_search(h);
	pike_json_set_i64(j, "proposed", st->proposed);
	pike_json_push(ctx->list, j);
	return 0;
}

/* Without a name: what REV changes. */
static int run_from(struct pike_ctx *ctx, const struct pike_stage_args *a,
		    const char *rev, const struct pike_strs *rest,
		    struct pike_err *err)
{
	struct pike_strs targets = PIKE_STRS_INIT;
	int ret = rest->n ? pike_pick_targets(&targets, ctx, rest, err)
			  : pike_changed_targets(&targets, ctx, rev, err);

	if (!ret && !targets.n)
		ret = pike_fail(err, PIKE_FAILED,
				"'%s' changes no source of a target against "
				"the base; name the revision that does",
				rev);
	if (!ret)
		ret = pike_each_target(ctx, &targets, a, from_one,
				       (void *)(uintptr_t)rev, err);
	pike_strs_release(&targets);
	return ret;
}

static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	const struct opts *o = opts;
	struct pike_stage_args a = { .run = o->run, .stage = -1 };

	if (o->from)
		return run_from(ctx, &a, o->from, rest, err);
	return pike_each_target(ctx, rest, &a, propose_one, NULL, err);
}

const struct pike_cmd pike_cmd_propose = {
	.name = "propose",
	.summary = "make the candidates of a generation, measure nothing",
	.usage = "[TARGET...]",
	.text = "The first of the stages that `evolve` loops over: asks the "
		"strategy and stores its candidates as commits. With --from, "
		"what a person has written becomes one candidate instead: it "
		"competes like any other, as `Pike-Agent: human`.",
	.opts = opts_table,
	.opts_size = sizeof(struct opts),
	.flags = PIKE_NEED_REPO | PIKE_NEED_CONFIG | PIKE_TOOL,
	.run = run,
};
