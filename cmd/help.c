/* SPDX-License-Identifier: Apache-2.0 */
/* help: commands, topics, the manual page and the shell completion. */
#include "cmd.h"

#include "base/fs.h"
#include "base/mem.h"

#include <string.h>

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

/* Pages that come with the program; NULL: the whole file, else from a heading
 * of it on. */
static const struct {
	const char *name, *summary, *path, *heading;
} topics[] = {
	{ "cuda", "kernels for a GPU", "cmd/manual/cuda.md", NULL },
	{ "torch", "PyTorch models", "cmd/manual/torch.md", NULL },
	{ "models", "language models, strategies, prompts, lessons",
	  "cmd/manual/models.md", NULL },
	{ "search", "several machines, a base that moves on, reports",
	  "cmd/manual/search.md", NULL },
	{ "ci", "jobs and their rights, merge requests, hooks",
	  "cmd/manual/ci.md", NULL },
	{ "verdicts", "how to read a result", "cmd/manual/verdicts.md", NULL },
	{ "judge", "how a verdict is found, rule by rule", "lib/eval/README.md",
	  "\n## The protocol\n" },
	{ "formats", "refs, trailers, notes and result lines",
	  "lib/git/README.md", "\n# Formats\n" },
	{ "security", "what the sandbox holds back, and what not",
	  "lib/sandbox/README.md", "\n## Security\n" },
};

void pike_help_topics(struct pike_buf *b)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(topics); i++)
		pike_buf_addf(b, "  %-11s %s\n", topics[i].name,
			      topics[i].summary);
}

static int print_topic(struct pike_ctx *ctx, const char *name,
		       struct pike_err *err)
{
	struct pike_buf page;
	const char *at;
	size_t i = 0;
	int ret;

	while (i < PIKE_ARRAY_LEN(topics) && strcmp(topics[i].name, name))
		i++;
	if (i == PIKE_ARRAY_LEN(topics))
		return pike_fail(err, PIKE_USAGE,
				 "there is no command and no topic '%s'; "
				 "`pike-git -h` names both",
				 name);
	pike_buf_init(&page, 1 << 20);
	ret = pike_read_shipped(&page, topics[i].path, err);
	if (!ret) {
		at = topics[i].heading ? strstr(page.s, topics[i].heading)
				       : NULL;
		pike_buf_adds(&ctx->out, at ? at + 1 : page.s);
	}
	pike_buf_release(&page);
	return ret;
}

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
			return print_topic(ctx, rest->v[0], err);
		pike_help_command(&ctx->out, cmd);
	} else {
		pike_help_program(&ctx->out);
	}
	return 0;
}

const struct pike_cmd pike_cmd_help = {
	.name = "help",
	.summary = "print help, the manual page or the shell completion",
	.usage = "[COMMAND|TOPIC]",
	.opts = opts_table,
	.opts_size = sizeof(struct opts),
	.flags = PIKE_HIDDEN,
	.run = run,
};
