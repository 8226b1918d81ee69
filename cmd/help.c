/* SPDX-License-Identifier: Apache-2.0 */
/* help: internal; writes the manual page and the shell completion. */
#include "cmd.h"

struct opts {
	struct pike_common common;
	bool man, completion;
};

static const struct pike_opt opts_table[] = {
	{ .name = "man",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct opts, man),
	  .help = "the manual page, as roff" },
	{ .name = "completion",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct opts, completion),
	  .help = "the completion for bash" },
	{ .name = NULL },
};

static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	const struct opts *o = opts;
	const struct pike_cmd *cmd;
	int ret = pike_operands(rest, 0, 1, err);

	if (ret)
		return ret;
	ctx->json = false;
	if (o->man) {
		pike_help_man(&ctx->out);
	} else if (o->completion) {
		pike_help_completion(&ctx->out);
	} else if (rest->n) {
		cmd = pike_cmd_find(rest->v[0]);
		if (!cmd)
			return pike_fail(err, PIKE_USAGE,
					 "there is no command '%s'",
					 rest->v[0]);
		pike_help_command(&ctx->out, cmd);
	} else {
		pike_help_program(&ctx->out);
	}
	return 0;
}

const struct pike_cmd pike_cmd_help = {
	.name = "help",
	.summary = "print help, the manual page or the shell completion",
	.usage = "[COMMAND]",
	.opts = opts_table,
	.opts_size = sizeof(struct opts),
	.flags = PIKE_HIDDEN,
	.run = run,
};
