/* SPDX-License-Identifier: Apache-2.0 */
/* gc: packs, removes leftovers, ends a search. */
#include "cmd.h"

#include "base/mem.h"
#include "git/sync.h"

#include <stdlib.h>
#include <string.h>

struct opts {
	struct pike_common common;
	const char *drop;
};

static const struct pike_opt opts_table[] = {
	{ .name = "drop",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, drop),
	  .arg = "TARGET[/LANE]",
	  .help = "end this search: delete its refs" },
	{ .name = NULL },
};

static bool matches(const struct pike_found *f, const char *name)
{
	const char *slash = strchr(name, '/');

	if (!slash)
		return !strcmp(name, f->target);
	return !strncmp(name, f->target, (size_t)(slash - name)) &&
	       strlen(f->target) == (size_t)(slash - name) &&
	       !strcmp(slash + 1, f->history->lane);
}

/* From where the next sync would bring it back. */
static int say_holders(struct pike_ctx *ctx, const struct pike_found *f,
		       struct pike_err *err)
{
	struct pike_strs remotes = PIKE_STRS_INIT;
	const struct pike_history *h = f->history;
	int ret = pike_sync_holders(&remotes, ctx->repo,
				    pike_search_branch(f->ref), err);

	for (size_t i = 0; i < remotes.n; i++)
		pike_buf_addf(&ctx->out,
			      "  the remote '%s' has it still; for all: git "
			      "push %s --delete refs/heads/pike/evo/%s/%s "
			      "refs/pike/open/%s/%s\n",
			      remotes.v[i], remotes.v[i], h->target, h->lane,
			      h->target, h->lane);
	pike_strs_release(&remotes);
	return ret;
}

/* Says how to bring it back: the objects stay until git's own gc. */
static int drop(struct pike_ctx *ctx, const char *name, struct pike_json *list,
		struct pike_err *err)
{
	static const struct pike_strs all = PIKE_STRS_INIT;
	struct pike_founds f = { 0 };
	size_t dropped = 0;
	int ret = pike_find_searches(&f, ctx, &all, NULL, err);

	for (size_t i = 0; !ret && i < f.n; i++) {
		const struct pike_history *h = f.v[i].history;

		if (!matches(&f.v[i], name))
			continue;
		ret = pike_search_drop(f.v[i].ref, err);
		if (ret)
			break;
		dropped++;
		pike_buf_addf(&ctx->out,
			      "ended %s on %s; it was %s\n"
			      "  back again, until git's gc: git branch "
			      "pike/evo/%s/%s %.12s\n",
			      h->target, h->lane, h->tip.hex, h->target,
			      h->lane, h->tip.hex);
		pike_json_push(list, pike_json_search(h));
		ret = say_holders(ctx, &f.v[i], err);
	}
	pike_founds_release(&f);
	if (!ret && !dropped)
		ret = pike_fail(err, PIKE_USAGE,
				"no search '%s'; `pike-git status` lists them",
				name);
	return ret;
}

/* Opening the repository has removed what killed processes left. */
static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	const struct opts *o = opts;
	struct pike_json *list = pike_json_array();
	int ret = pike_operands(rest, 0, 0, err);

	ctx->doc = pike_json_object();
	pike_json_set(ctx->doc, "dropped", list);
	if (!ret && o->drop)
		ret = drop(ctx, o->drop, list, err);
	if (!ret)
		ret = pike_repo_tidy(ctx->repo, err);
	if (!ret)
		ret = pike_repo_pack(ctx->repo, true, err);
	if (ret >= 0)
		pike_buf_addf(&ctx->out, "leftovers removed, objects %s\n",
			      ret ? "left as they are: they are precious, or "
				    "another process packs them "
				    "(pike-pack.lock, gc.pid, "
				    "objects/maintenance.lock)"
				  : "packed");
	return ret < 0 ? ret : 0;
}

const struct pike_cmd pike_cmd_gc = {
	.name = "gc",
	.summary = "remove leftovers of killed processes, pack; end a search",
	.usage = "",
	.text = "Without --drop nothing that was measured is lost. With it, "
		"the search of a target (on one lane, or on all) ends: its "
		"refs are deleted, its results stay in the notes.",
	.opts = opts_table,
	.opts_size = sizeof(struct opts),
	.flags = PIKE_NEED_REPO,
	.run = run,
};
