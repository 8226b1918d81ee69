/* SPDX-License-Identifier: Apache-2.0 */
/* repo: the handle on an open repository. */
#include "git/place_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <git2/sys/repository.h>
#include <stdlib.h>

enum {
	PACKS_OPEN = 16
};

/* Who writes and who commits, as git looks for it (git-commit-tree(1)). */
static const struct {
	const char *variable, *key, *common, *else_is;
	size_t offset;
} identities[] = {
	{ "GIT_AUTHOR_NAME", "author.name", "user.name", "pike-git",
	  offsetof(struct pike_repo, author.name) },
	{ "GIT_AUTHOR_EMAIL", "author.email", "user.email",
	  "pike-git@localhost", offsetof(struct pike_repo, author.email) },
	{ "GIT_COMMITTER_NAME", "committer.name", "user.name", "pike-git",
	  offsetof(struct pike_repo, committer.name) },
	{ "GIT_COMMITTER_EMAIL", "committer.email", "user.email",
	  "pike-git@localhost", offsetof(struct pike_repo, committer.email) },
};

static void set_identity(struct pike_repo *r)
{
	git_config *snap = NULL;

	git_repository_config_snapshot(&snap, r->g);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(identities); i++) {
		const char *value = getenv(identities[i].variable);
		char **at = (char **)((char *)r + identities[i].offset);

		if ((!value || !*value) &&
		    (!snap ||
		     (git_config_get_string(&value, snap, identities[i].key) &&
		      git_config_get_string(&value, snap,
					    identities[i].common))))
			value = identities[i].else_is;
		*at = pike_xstrdup(value);
	}
	git_config_free(snap);
}

static void set_precious(struct pike_repo *r)
{
	git_config *snap = NULL;
	int yes = 0;

	if (!git_repository_config_snapshot(&snap, r->g))
		git_config_get_bool(&yes, snap, "extensions.preciousobjects");
	git_config_free(snap);
	r->partial = pike_is_partial(r->g);
	r->precious = yes || r->partial;
}

static void set_options(void)
{
	/* Every id that we write was just read or written; git itself does
	 * not hash what it reads either. */
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 0);
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
	/* Most objects are read once, and its cache gets slow when it is full:
	 * each look-up meets what is gone. */
	git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0);
	/* Packs that it has open; without a limit all that were ever read. */
	git_libgit2_opts(GIT_OPT_SET_MWINDOW_FILE_LIMIT, (size_t)PACKS_OPEN);
	/* The zone that holds anyway: unnamed, libc looks whether its file has
	 * changed for each signature, two and more of them for a commit. */
	setenv("TZ", ":/etc/localtime", 0);
}

/* From here on libgit2 reads the config that holds for this call. */
static int use_layers(struct pike_repo *r, struct pike_err *err)
{
	int rc, ret = pike_layers_open(&r->layers, r->g, err);

	if (ret)
		return ret;
	rc = git_repository_set_config(r->g, r->layers.cfg);
	return rc ? pike_git_fail(err, PIKE_FATAL, rc,
				  "cannot use git's config")
		  : 0;
}

int pike_repo_view_any(struct pike_repo **out, const char *dir,
		       struct pike_err *err)
{
	struct pike_repo *r = pike_xcalloc(1, sizeof(*r));
	int ret;

	git_libgit2_init();
	set_options();
	ret = pike_open_checked(&r->g, dir, err);
	if (!ret)
		ret = use_layers(r, err);
	if (!ret)
		ret = pike_open_workdir(r->g, err);
	if (ret)
		goto out;
	r->workdir = pike_xstrdup(git_repository_workdir(r->g));
	r->commondir = pike_xstrdup(git_repository_commondir(r->g));
	set_identity(r);
	set_precious(r);
	pike_share_init(r);
	/* Asked for each entry of a reflog otherwise, which reads all config.
	 */
	git_repository_set_ident(r->g, r->committer.name, r->committer.email);
	ret = pike_store_open(r, err);
out:
	if (ret)
		pike_repo_free(r);
	else
		*out = r;
	return ret;
}

int pike_repo_view(struct pike_repo **out, const char *dir,
		   struct pike_err *err)
{
	struct pike_repo *r;
	int ret = pike_repo_view_any(&r, dir, err);

	if (ret)
		return ret;
	ret = pike_refuse_kind(r->g, dir, err);
	if (ret)
		pike_repo_free(r);
	else
		*out = r;
	return ret;
}

int pike_repo_open(struct pike_repo **out, const char *dir,
		   struct pike_err *err)
{
	struct pike_repo *r;
	int ret;

	if (pike_quarantine())
		return pike_fail(err, PIKE_FATAL,
				 "a push is being judged (GIT_QUARANTINE_PATH "
				 "is set), and nothing is written meanwhile; "
				 "do it in a post-receive hook");
	ret = pike_repo_view(&r, dir, err);
	if (ret)
		return ret;
	ret = pike_sweep(r, err);
	if (ret)
		pike_repo_free(r);
	else
		*out = r;
	return ret;
}

void pike_repo_set_fsync(struct pike_repo *r, bool on)
{
	r->fsync = on;
	/* libgit2 has one switch for the process. */
	git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, (int)on);
}

void pike_repo_free(struct pike_repo *r)
{
	if (!r)
		return;
	pike_naming_close(&r->naming);
	git_odb_free(r->odb);
	git_repository_free(r->g);
	pike_store_close(r);
	pike_layers_release(&r->layers);
	pike_strs_release(&r->told);
	pike_strs_release(&r->absent);
	free(r->inbox.ref);
	free(r->workdir);
	free(r->commondir);
	free(r->author.name);
	free(r->author.email);
	free(r->committer.name);
	free(r->committer.email);
	free(r);
	git_libgit2_shutdown();
}

const char *pike_repo_workdir(const struct pike_repo *r)
{
	return r->workdir;
}

const char *pike_repo_commondir(const struct pike_repo *r)
{
	return r->commondir;
}

char *pike_repo_hooks(struct pike_repo *r)
{
	const char *top = r->workdir ? r->workdir : r->commondir;
	git_buf said = { NULL, 0, 0 };
	git_config *snap = NULL;
	char *dir;

	if (git_repository_config_snapshot(&snap, r->g) ||
	    git_config_get_path(&said, snap, "core.hookspath") || !said.size)
		dir = pike_repo_path(r, "hooks");
	else
		dir = pike_xasprintf("%s%s", *said.ptr == '/' ? "" : top,
				     said.ptr);
	git_buf_dispose(&said);
	git_config_free(snap);
	return dir;
}
