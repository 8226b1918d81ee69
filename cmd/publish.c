/* SPDX-License-Identifier: Apache-2.0 */
/* publish: the last stage alone: open or refresh merge requests. */
#include "cmd.h"

#include "base/mem.h"

#include <string.h>

struct opts {
	struct pike_common common;
	const char *run, *threshold;
	bool dry_run, exit_code;
};

static const struct pike_opt opts_table[] = {
	{ .name = "run",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, run),
	  .arg = "NAME",
	  .help = "a search of its own beside the main one" },
	{ .name = "threshold",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, threshold),
	  .arg = "X",
	  .help = "least confirmed speedup that is worth a request" },
	{ .name = "dry-run",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct opts, dry_run),
	  .help = "print title and body; ask and change nothing" },
	{ .name = "exit-code",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct opts, exit_code),
	  .help = "exit with 1 when there was nothing to publish" },
	{ .name = NULL },
};

static const struct {
	const char *name, *text;
	bool offers;
} words[] = {
	[PIKE_PUBLISHED_NOTHING] = { "nothing", "nothing to publish", false },
	[PIKE_PUBLISHED_DRY] = { "dry-run", "would be published", true },
	[PIKE_PUBLISHED_CREATED] = { "created", "opened", true },
	[PIKE_PUBLISHED_UPDATED] = { "updated", "updated", true },
	[PIKE_PUBLISHED_SAME] = { "same", "open, and up to date", true },
	[PIKE_PUBLISHED_MERGED] = { "merged", "nothing to publish", false },
	[PIKE_PUBLISHED_REFUSED] = { "refused", "nothing to publish", false },
	[PIKE_PUBLISHED_FULL] = { "full", "not published", false },
	[PIKE_PUBLISHED_HANDS_OFF] = { "hands-off", "not published", false },
};

void pike_offer_text(struct pike_buf *b, const struct pike_offered *o)
{
	pike_buf_adds(b, words[o->what].text);
	if (o->reason)
		pike_buf_addf(b, ": %s", o->reason);
	pike_buf_addc(b, '\n');
	if (o->url && *o->url)
		pike_buf_addf(b, "  %s\n", o->url);
	if (o->merge)
		pike_buf_addf(b, "  auto-merge: %s\n", o->merge);
	if (o->what == PIKE_PUBLISHED_DRY)
		pike_buf_addf(b, "\n%s\n\n%s", o->title, o->body);
}

struct pike_json *pike_offer_json(const struct pike_offered *o)
{
	struct pike_json *j = pike_json_object();

	pike_json_set_str(j, "what", words[o->what].name);
	pike_json_set_bool(j, "pushed", o->pushed);
	if (o->reason)
		pike_json_set_str(j, "reason", o->reason);
	if (o->number)
		pike_json_set_i64(j, "number", o->number);
	if (o->url)
		pike_json_set_str(j, "url", o->url);
	if (o->merge)
		pike_json_set_str(j, "merge", o->merge);
	if (o->title)
		pike_json_set_str(j, "title", o->title);
	if (o->body)
		pike_json_set_str(j, "body", o->body);
	return j;
}

static void say(struct pike_ctx *ctx, const struct pike_history *h,
		const struct pike_offered *o)
{
	struct pike_json *j = pike_offer_json(o);

	pike_buf_addf(&ctx->out, "%s on %s: ", h->target, h->lane);
	pike_offer_text(&ctx->out, o);
	pike_json_set_str(j, "target", h->target);
	pike_json_set_str(j, "lane", h->lane);
	pike_json_set_str(j, "champion", h->champion.hex);
	pike_json_push(ctx->list, j);
}

/* Adds to `offered` where something is open, or would be. */
static int one(size_t *offered, struct pike_ctx *ctx, const struct opts *o,
	       const struct pike_history *h, struct pike_err *err)
{
	const struct pike_publish_opts how = { .dry_run = o->dry_run,
					       .stop = ctx->stop };
	struct pike_offered out;
	int ret =
	    pike_run_publish(&out, ctx->repo, ctx->settings, h, &how, err);

	if (!ret) {
		say(ctx, h, &out);
		*offered += words[out.what].offers;
	}
	pike_offered_release(&out);
	return ret;
}

/* Without --run searches of the main run alone: others compare strategies. */
static int each(size_t *offered, struct pike_ctx *ctx, const struct opts *o,
		const struct pike_strs *targets, struct pike_err *err)
{
	struct pike_founds f = { 0 };
	int ret = pike_find_searches(&f, ctx, targets, o->run, err);

	for (size_t i = 0; !ret && i < f.n && !*ctx->stop; i++)
		if (!f.v[i].run == !o->run)
			ret = one(offered, ctx, o, f.v[i].history, err);
	if (!ret && !f.n)
		pike_buf_adds(&ctx->out, "nothing to publish: no search has "
					 "begun; `pike-git evolve` begins "
					 "one\n");
	pike_founds_release(&f);
	return ret;
}

static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	const struct opts *o = opts;
	struct pike_strs targets = PIKE_STRS_INIT;
	size_t offered = 0;
	int ret = pike_check_run(o->run, err);

	ctx->doc = pike_json_object();
	ctx->list = pike_json_array();
	pike_json_set(ctx->doc, "targets", ctx->list);
	if (!ret)
		ret = pike_pick_targets(&targets, ctx, rest, err);
	if (!ret && !o->dry_run)
		pike_run_fetch(ctx->repo, ctx->settings, ctx->stop);
	if (!ret)
		ret = each(&offered, ctx, o, &targets, err);
	pike_strs_release(&targets);
	if (ret)
		return ret;
	return o->exit_code && !offered ? PIKE_EXIT_NO : PIKE_EXIT_OK;
}

const struct pike_cmd pike_cmd_publish = {
	.name = "publish",
	.summary = "open or refresh the merge request of a champion",
	.usage = "[TARGET...]",
	.text = "Offers the champion of each search on GitHub, GitLab, Gitea "
		"or Forgejo once its confirmed lower bound passes "
		"pike.threshold on pike.confirmations runners. There is one "
		"request for each target and lane: found by its branches, "
		"created or updated, never twice. What a person has closed is "
		"not offered again, and a branch that a person has committed "
		"on is left alone. The token is read from PIKE_GITHUB_TOKEN, "
		"PIKE_GITLAB_TOKEN or PIKE_GITEA_TOKEN, then the forge's own "
		"variables, else from git's credential helpers; the branch is "
		"pushed with git's own credentials. "
		"Runs no candidate.",
	.opts = opts_table,
	.opts_size = sizeof(struct opts),
	.flags = PIKE_NEED_REPO | PIKE_NEED_CONFIG,
	.run = run,
};
