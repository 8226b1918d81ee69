/* SPDX-License-Identifier: Apache-2.0 */
/* sync: fetches what others have of the searches, and pushes what is here. */
#include "cmd.h"

#include "git/sync.h"

#include <string.h>

struct opts {
	struct pike_common common;
	bool fetch, push;
};

static const struct pike_opt opts_table[] = {
	{ .name = "fetch",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct opts, fetch),
	  .help = "only fetch" },
	{ .name = "push",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct opts, push),
	  .help = "only push" },
	{ .name = NULL },
};

static void tell(struct pike_ctx *ctx, const char *key, const char *what,
		 const struct pike_strs *refs)
{
	struct pike_json *list = pike_json_array();

	pike_buf_addf(&ctx->out, "%zu ref%s %s\n", refs->n,
		      refs->n == 1 ? "" : "s", what);
	for (size_t i = 0; i < refs->n; i++) {
		pike_buf_addf(&ctx->out, "  %s\n", refs->v[i]);
		pike_json_push_str(list, refs->v[i]);
	}
	pike_json_set(ctx->doc, key, list);
}

static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	const struct opts *o = opts;
	const struct pike_settings *set = ctx->settings;
	const struct pike_sync s = { .remote = set->remote,
				     .fetch = !o->push || o->fetch,
				     .push = !o->fetch || o->push,
				     .chat = !strcmp(set->chat, "push"),
				     .stop = ctx->stop };
	struct pike_synced done = { 0 };
	int ret = pike_operands(rest, 0, 0, err);

	ctx->doc = pike_json_object();
	pike_json_set_str(ctx->doc, "remote", set->remote);
	if (!ret && !pike_sync_remote(ctx->repo, set->remote))
		ret = pike_fail(err, PIKE_FATAL,
				"there is no remote '%s'; run `git remote add "
				"%s URL`, or name another: `git config "
				"pike.remote NAME`",
				set->remote, set->remote);
	if (!ret)
		ret = pike_sync(&done, ctx->repo, &s, err);
	if (s.fetch)
		tell(ctx, "fetched", "changed here", &done.fetched);
	if (s.push)
		tell(ctx, "pushed", "pushed", &done.pushed);
	pike_synced_release(&done);
	return ret;
}

const struct pike_cmd pike_cmd_sync = {
	.name = "sync",
	.summary = "fetch the searches of others, push what is here",
	.usage = "",
	.text = "Evolution branches, ladders, results and exchanges, with the "
		"remote that `remote` names. `evolve` and its stages do this "
		"by themselves unless `sync` is false. Nothing is forced: "
		"where both sides moved on, lines of notes are united and "
		"candidates put on one ladder, and a generation that was "
		"closed first stands.",
	.opts = opts_table,
	.opts_size = sizeof(struct opts),
	.flags = PIKE_NEED_REPO | PIKE_NEED_CONFIG,
	.run = run,
};
