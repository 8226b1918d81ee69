/* SPDX-License-Identifier: Apache-2.0 */
/* advance: the third stage alone: fold, choose the champion, close. */
#include "cmd.h"

#include "report/report.h"

#include <string.h>
#include <unistd.h>

struct opts {
	struct pike_common common;
	const char *run;
	struct pike_strs targets;
	bool now;
};

static const struct pike_opt opts_table[] = {
	{ .name = "run",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, run),
	  .arg = "NAME",
	  .help = "a search of its own beside the main one" },
	{ .name = "target",
	  .type = PIKE_OPT_STRS,
	  .offset = offsetof(struct opts, targets),
	  .arg = "TARGET",
	  .help = "only this target; may be repeated" },
	{ .name = "now",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct opts, now),
	  .help = "close a generation though its round is not over" },
	{ .name = NULL },
};

static void say_steer(struct pike_buf *b, const struct pike_target *t,
		      const struct pike_steer *s)
{
	pike_buf_addf(b, "%s: ", t->name);
	pike_steer_text(b, s);
	pike_buf_addc(b, '\n');
}

/* What became of the generation under construction. */
static void say_closed(struct pike_buf *b, const struct pike_run *run,
		       const struct pike_target *t, bool open)
{
	const struct pike_history *h = pike_run_history(run);
	char ratio[64];

	if (open)
		pike_buf_addf(b,
			      "%s: generation %zu stays open: `pike-git "
			      "propose` has samples of its round to mend or to "
			      "ask for; --now closes it as it is\n",
			      t->name, h->ngens);
	else if (pike_run_stats(run)->generations)
		pike_buf_addf(b, "%s: generation %lld closed, best %s\n",
			      t->name, (long long)h->gens[h->ngens - 1].number,
			      pike_ratio_text(ratio, &h->speedup));
	else
		pike_buf_addf(b,
			      "%s: nothing new was measured; no generation to "
			      "close\n",
			      t->name);
}

/* The base has moved, or the machines have changed: what is to be measured
 * again must be shared as the rest is. */
static int follow(struct pike_buf *b, struct pike_run *run,
		  const struct pike_target *t, struct pike_err *err)
{
	const struct pike_history *h = pike_run_history(run);
	const int64_t was = pike_history_epoch(h, NULL)->number;
	int ret = pike_run_follow(run, false, err);
	int64_t now = pike_history_epoch(h, NULL)->number;

	if (!ret && now != was)
		pike_buf_addf(b,
			      "%s: generation %lld begins anew, with %zu "
			      "candidates to measure again\n",
			      t->name, (long long)now, pike_history_pending(h));
	return ret;
}

static int advance_one(struct pike_ctx *ctx, struct pike_run *run,
		       const struct pike_target *t, void *arg,
		       struct pike_err *err)
{
	const struct opts *o = arg;
	const struct pike_history *h = pike_run_history(run);
	const struct pike_run_stats *st = pike_run_stats(run);
	struct pike_buf said;
	struct pike_err moved = PIKE_ERR_INIT;
	size_t heard = 0, from;
	bool open = false;
	int followed = 0, ret = pike_run_hear(&heard, run, err);
	struct pike_json *j;

	from = h->steers.n - heard;
	if (!ret && !o->now)
		ret = pike_run_round_open(&open, run, err);
	if (!ret && !open)
		ret = pike_run_advance(run, err);
	if (!ret)
		ret = pike_run_rest(run, err);
	pike_buf_init(&said, 2000);
	if (!ret) {
		say_closed(&said, run, t, open);
		followed = follow(&said, run, t, &moved);
		ret = pike_stage_share(run, err);
	}
	if (ret)
		goto out;
	for (size_t i = from; i < from + heard && i < h->steers.n; i++)
		say_steer(&ctx->out, t, &h->steers.v[i]);
	pike_buf_adds(&ctx->out, said.s);
	pike_stage_rests(ctx, run);
	if (followed)
		ret = pike_fail(err, followed, "%s", moved.text);
	if (ret || !ctx->json)
		goto out;
	j = pike_json_search(h);
	pike_json_set_i64(j, "closed", st->generations);
	pike_json_set_i64(j, "heard", (int64_t)heard);
	pike_json_push(ctx->list, j);
out:
	pike_buf_release(&said);
	return ret;
}

static int read_bundle(struct pike_ctx *ctx, const char *path,
		       struct pike_err *err)
{
	if (access(path, F_OK) && !strchr(path, '/') && !strchr(path, '.'))
		return pike_fail(err, PIKE_USAGE,
				 "'%s' is neither a target of .pike/config nor "
				 "a file, as a bundle would be; `pike-git "
				 "config` lists the targets",
				 path);
	return pike_bundle_read(ctx->repo, path, err);
}

static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	const struct opts *o = opts;
	struct pike_stage_args a = { .run = o->run, .stage = -1 };

	struct pike_strs targets = PIKE_STRS_INIT;
	int ret = 0;

	for (size_t i = 0; i < o->targets.n; i++)
		pike_strs_push(&targets, o->targets.v[i]);
	for (size_t i = 0; !ret && i < rest->n; i++) {
		if (pike_settings_target(ctx->settings, rest->v[i]))
			pike_strs_push(&targets, rest->v[i]);
		else
			ret = read_bundle(ctx, rest->v[i], err);
	}
	if (!ret)
		ret = pike_each_target(ctx, &targets, &a, advance_one,
				       (void *)opts, err);
	pike_strs_release(&targets);
	return ret;
}

const struct pike_cmd pike_cmd_advance = {
	.name = "advance",
	.summary = "fold what was measured and close the generation",
	.usage = "[TARGET|BUNDLE...]",
	.text = "The third of the stages that `evolve` loops over: reads the "
		"bundles of `evaluate --out`, folds all results into "
		"refs/notes/pike/results, chooses the champion and moves the "
		"evolution branch. Runs no candidate. Before that it reads the "
		"comments on the search's merge request, where there is a "
		"forge: lines `/pike hint TEXT`, `/pike pause`, `/pike resume` "
		"and `/pike stop` of people who may write to the repository "
		"steer the search. A generation whose round "
		"of samples is not over stays open: what failed is mended by "
		"the next pass of the stages.",
	.opts = opts_table,
	.opts_size = sizeof(struct opts),
	.flags = PIKE_NEED_REPO | PIKE_NEED_CONFIG,
	.run = run,
};
