/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setup: what `init` puts into a repository beside its configuration: hooks and
 * recipes for CI. What is there is never written over.
 */
#include "setup.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FILE_MAX = 256 << 10
};

enum state {
	WRITTEN,
	SAME, /* was there, as it is */
	OTHER /* was there: somebody's own */
};

static const char *const states[] = {
	[WRITTEN] = "wrote",
	[SAME] = "is there already:",
	[OTHER] = "left as it is:",
};

static int put(enum state *out, const char *path, const char *text, mode_t mode,
	       struct pike_err *err)
{
	struct pike_buf was;
	struct stat st;
	char *dir = pike_xstrdup(path), *slash = strrchr(dir, '/');
	int ret = 0;

	*out = WRITTEN;
	pike_buf_init(&was, FILE_MAX);
	if (!lstat(path, &st)) {
		*out = !pike_read_file(&was, path, NULL) && !strcmp(was.s, text)
			   ? SAME
			   : OTHER;
	} else {
		if (slash)
			*slash = '\0';
		ret = slash ? pike_mkdir_p(dir, 0777, err) : 0;
		if (!ret)
			ret = pike_write_file(path, text, strlen(text), err);
		if (!ret && chmod(path, mode))
			ret = pike_fail_errno(err, PIKE_FATAL,
					      "cannot change the mode of '%s'",
					      path);
	}
	pike_buf_release(&was);
	free(dir);
	return ret;
}

static void tell(struct pike_ctx *ctx, struct pike_json *list, const char *path,
		 enum state s)
{
	struct pike_json *j = pike_json_object();

	pike_buf_addf(&ctx->out, "%s ", states[s]);
	pike_clean(&ctx->out, path, 400);
	pike_buf_addc(&ctx->out, '\n');
	pike_json_set_str(j, "path", path);
	pike_json_set_bool(j, "written", s == WRITTEN);
	pike_json_set_bool(j, "kept", s == OTHER);
	pike_json_push(list, j);
}

/* ---- hooks ---- */

static const struct hook_file {
	const char *name;
	bool server;
	const char *chain; /* what another hook of that name can say */
} hook_files[] = {
	{ .name = "pre-push",
	  .chain = "pike-git hook pre-push \"$@\" </dev/null || :" },
	{ .name = "post-merge",
	  .chain = "pike-git hook post-merge \"$@\" </dev/null || :" },
	{ .name = "post-checkout",
	  .chain = "pike-git hook post-checkout \"$@\" </dev/null || :" },
	{ .name = "update",
	  .server = true,
	  .chain = "pike-git hook update \"$@\" || exit 1" },
	{ .name = "pre-receive",
	  .server = true,
	  .chain = "lines=$(cat); printf '%s\\n' \"$lines\" | pike-git hook "
		   "pre-receive || exit 1; and give \"$lines\" to what reads "
		   "stdin after it" },
};

static int put_hook(struct pike_ctx *ctx, struct pike_json *list,
		    const struct hook_file *h, const char *dir,
		    struct pike_err *err)
{
	char *from = pike_xasprintf("hooks/%s", h->name);
	char *to = pike_xasprintf("%s%s%s", dir,
				  pike_ends_with(dir, "/") ? "" : "/", h->name);
	struct pike_buf text;
	enum state s;
	int ret;

	pike_buf_init(&text, FILE_MAX);
	ret = pike_read_shipped(&text, from, err);
	if (!ret)
		ret = put(&s, to, text.s, 0755, err);
	if (!ret)
		tell(ctx, list, to, s);
	if (!ret && s == OTHER)
		pike_buf_addf(&ctx->out, "  to have both, add to it: %s\n",
			      h->chain);
	pike_buf_release(&text);
	free(from);
	free(to);
	return ret;
}

int pike_setup_hooks(struct pike_ctx *ctx, const char *kind,
		     struct pike_err *err)
{
	bool server = !strcmp(kind, "server");
	bool bare = !pike_repo_workdir(ctx->repo);
	struct pike_json *list;
	char *dir;
	int ret = 0;

	if (*kind && !server)
		return pike_fail(err, PIKE_USAGE,
				 "--hooks: '%s' is not a kind of hooks; give "
				 "--hooks, or --hooks=server",
				 kind);
	if (server != bare)
		return pike_fail(err, PIKE_USAGE,
				 server ? "a server's hooks are for a bare "
					  "repository; use --hooks here"
					: "in a bare repository nobody pushes "
					  "or merges; use --hooks=server here");
	list = pike_json_array();
	ctx->doc = pike_json_object();
	pike_json_set(ctx->doc, "hooks", list);
	dir = pike_repo_hooks(ctx->repo);
	for (size_t i = 0; !ret && i < PIKE_ARRAY_LEN(hook_files); i++)
		if (hook_files[i].server == server)
			ret = put_hook(ctx, list, &hook_files[i], dir, err);
	free(dir);
	return ret;
}

/* ---- recipes ---- */

#define FILES_MAX 3

static const struct recipe {
	const char *name;
	struct {
		const char *from, *to; /* below ci/NAME; in the repository */
		mode_t mode;
	} files[FILES_MAX];
	const char *next; /* what a person has to do */
} recipes[] = {
	{ .name = "github",
	  .files = { { "pike.yml", ".github/workflows/pike.yml", 0644 },
		     { "evolve.yml", ".github/workflows/evolve.yml", 0644 } },
	  .next =
	      "next: give evolve.yml the archive of `make bundle` by its URL "
	      "and SHA-256 and the labels of your GPU runner; set the secret "
	      "that it names for the model's key, and PIKE_GITHUB_TOKEN (an "
	      "app's or a fine-grained token: contents and pull requests to "
	      "write) if merge requests shall start checks; allow Actions to "
	      "create pull requests; commit. The variable PIKE_PAUSE=true "
	      "stops all of it at the next step.\n" },
	{ .name = "gitlab",
	  .files = { { "pike.yml", ".gitlab/pike.yml", 0644 },
		     { "gitlab-ci.yml", ".gitlab-ci.yml", 0644 } },
	  .next =
	      "next: the file of CI includes .gitlab/pike.yml (one that was "
	      "left as it is needs the `include` of ci/gitlab/gitlab-ci.yml "
	      "by hand); give it the archive of `make bundle` by its URL "
	      "and SHA-256 and the tags of your GPU runner; set the "
	      "protected, masked variables that it names: the model's key, "
	      "and PIKE_GITLAB_TOKEN (a project access token: api, "
	      "write_repository); commit; add a pipeline schedule with the "
	      "variable PIKE_EVOLVE=true. PIKE_PAUSE=true stops it.\n" },
	{ .name = "slurm",
	  .files = { { "driver", "slurm/driver", 0755 },
		     { "evaluate.sbatch", "slurm/evaluate.sbatch", 0755 } },
	  .next =
	      "next: read slurm/driver, set the model's key and the forge's "
	      "token in your own environment, and start it where it may "
	      "call sbatch: slurm/driver TARGET. A file slurm/pause stops "
	      "it at the next step.\n" },
};

static void add_words(struct pike_buf *targets, struct pike_buf *key,
		      struct pike_ctx *ctx)
{
	const struct pike_settings *s = ctx->settings;

	for (size_t i = 0; i < s->ntargets; i++)
		pike_buf_addf(targets, "%s\"%s\"", i ? ", " : "",
			      s->targets[i].name);
	for (size_t i = 0; i < s->nllms && !key->len; i++)
		if (s->llms[i].key)
			pike_buf_adds(key, s->llms[i].key);
	if (!key->len)
		pike_buf_adds(key, "OPENAI_API_KEY");
}

/* The recipes name the targets and the key of whoever reads them first. */
static void fill(struct pike_buf *out, const char *text, struct pike_ctx *ctx)
{
	struct pike_buf targets, key;

	pike_buf_init(&targets, FILE_MAX);
	pike_buf_init(&key, FILE_MAX);
	add_words(&targets, &key, ctx);
	while (*text) {
		bool t = pike_starts_with(text, "TARGETS");
		bool k = pike_starts_with(text, "MODEL_API_KEY");

		pike_buf_add(out,
			     t	 ? targets.s
			     : k ? key.s
				 : text,
			     t	 ? targets.len
			     : k ? key.len
				 : 1);
		text += t ? strlen("TARGETS") : k ? strlen("MODEL_API_KEY") : 1;
	}
	pike_buf_release(&targets);
	pike_buf_release(&key);
}

static int write_recipe(struct pike_ctx *ctx, const struct recipe *r,
			struct pike_err *err)
{
	struct pike_json *list = pike_json_array();
	int ret = 0;

	ctx->doc = pike_json_object();
	pike_json_set(ctx->doc, "files", list);
	for (size_t i = 0; !ret && i < FILES_MAX && r->files[i].from; i++) {
		char *from =
		    pike_xasprintf("ci/%s/%s", r->name, r->files[i].from);
		struct pike_buf raw, text;
		enum state s;

		pike_buf_init(&raw, FILE_MAX);
		pike_buf_init(&text, FILE_MAX);
		ret = pike_read_shipped(&raw, from, err);
		if (!ret)
			fill(&text, raw.s, ctx);
		if (!ret)
			ret = put(&s, r->files[i].to, text.s, r->files[i].mode,
				  err);
		if (!ret)
			tell(ctx, list, r->files[i].to, s);
		pike_buf_release(&raw);
		pike_buf_release(&text);
		free(from);
	}
	if (!ret)
		pike_buf_adds(&ctx->out, r->next);
	return ret;
}

int pike_setup_ci(struct pike_ctx *ctx, const char *kind, struct pike_err *err)
{
	int ret = pike_ctx_config(ctx, NULL, err);

	if (ret)
		return ret;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(recipes); i++)
		if (!strcmp(recipes[i].name, kind))
			return write_recipe(ctx, &recipes[i], err);
	return pike_fail(err, PIKE_USAGE,
			 "--ci: there is no recipe '%s'; there are github, "
			 "gitlab and slurm",
			 kind);
}
