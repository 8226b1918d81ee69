/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layers: git's config as it holds for this call. libgit2 reads the files that
 * it finds by itself; which ones count, and what the call adds, is said by the
 * environment, so the layers are put together here, in git's order. A file of
 * the user's that may not be read is passed over, as by git.
 */
#include "git/config_priv.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "git/place_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* libgit2 1.5 names neither; 1.8 numbers them so. */
#define LEVEL_WORKTREE ((git_config_level_t)6)
#define LEVEL_CALL ((git_config_level_t)7)

static const char *const level_names[] = {
	[GIT_CONFIG_LEVEL_SYSTEM] = "git config --system",
	[GIT_CONFIG_LEVEL_XDG] = "git config --global",
	[GIT_CONFIG_LEVEL_GLOBAL] = "git config --global",
	[GIT_CONFIG_LEVEL_LOCAL] = "git config --local",
	[LEVEL_WORKTREE] = "git config --worktree",
	[LEVEL_CALL] = "git -c or GIT_CONFIG_COUNT",
};

const char *pike_layer_name(int level)
{
	const char *name =
	    level >= 0 && level < (int)PIKE_ARRAY_LEN(level_names)
		? level_names[level]
		: NULL;

	return name ? name : "git config";
}

bool pike_layer_protected(int level)
{
	return level != GIT_CONFIG_LEVEL_LOCAL && level != LEVEL_WORKTREE;
}

bool pike_env_bool(const char *name)
{
	const char *v = getenv(name);

	return v && *v && strcasecmp(v, "false") != 0 &&
	       strcasecmp(v, "no") != 0 && strcasecmp(v, "off") != 0 &&
	       strcmp(v, "0") != 0;
}

/* ---- one layer ---- */

static int add_disk(git_config *cfg, const char *path, git_config_level_t level,
		    git_repository *g, struct pike_err *err)
{
	int rc = git_config_add_file_ondisk(cfg, path, level, g, 0);

	return rc ? pike_git_fail(err, PIKE_FATAL, rc, "cannot read '%s'", path)
		  : 0;
}

/* Read once: a pipe, of `GIT_CONFIG_GLOBAL=<(...)`, cannot be read again. */
static int add_stream(struct pike_layers *l, const char *path,
		      git_config_level_t level, struct pike_err *err)
{
	struct pike_buf b;
	int ret;

	pike_buf_init(&b, PIKE_CONFIG_MAX);
	ret = pike_read_file(&b, path, err);
	if (!ret && b.len)
		ret = pike_layers_add_text(l, b.s, b.len, level, err);
	pike_buf_release(&b);
	return ret;
}

static int add_file(struct pike_layers *l, const char *path,
		    git_config_level_t level, git_repository *g,
		    struct pike_err *err)
{
	struct stat st;

	if (access(path, R_OK) || stat(path, &st)) {
		if (errno == EACCES)
			pike_warn("cannot read '%s': its settings do not count",
				  path);
		return 0;
	}
	return S_ISREG(st.st_mode) ? add_disk(l->cfg, path, level, g, err)
	       : S_ISDIR(st.st_mode)
		   ? pike_fail(err, PIKE_FATAL, "'%s' is a folder, no config",
			       path)
		   : add_stream(l, path, level, err);
}

static int add_joined(struct pike_layers *l, const char *dir, const char *name,
		      git_config_level_t level, git_repository *g,
		      struct pike_err *err)
{
	char *path = pike_xasprintf("%s%s", dir, name);
	int ret = add_file(l, path, level, g, err);

	free(path);
	return ret;
}

int pike_layers_add_text(struct pike_layers *l, const char *text, size_t len,
			 int level, struct pike_err *err)
{
	char path[64];
	int fd = -1, ret = pike_memfd(&fd, "pike-config", 0, err);

	if (!ret)
		ret = pike_write_all(fd, text, len, err);
	if (fd >= 0) {
		PIKE_GROW(l->fds, l->nfds, l->fds_cap);
		l->fds[l->nfds++] = fd;
	}
	if (ret)
		return ret;
	/* libgit2 parses files only: this one is seen through /proc. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (access(path, R_OK))
		return pike_fail_errno(err, PIKE_FATAL,
				       "cannot read '%s'; mount /proc", path);
	return add_disk(l->cfg, path, (git_config_level_t)level, NULL, err);
}

/* ---- the layers, from the weakest ---- */

static int add_system(struct pike_layers *l, git_repository *g,
		      struct pike_err *err)
{
	const char *named = getenv("GIT_CONFIG_SYSTEM");
	git_buf path = { NULL, 0, 0 };
	int ret = 0;

	if (pike_env_bool("GIT_CONFIG_NOSYSTEM"))
		return 0;
	if (named)
		return add_file(l, named, GIT_CONFIG_LEVEL_SYSTEM, g, err);
	if (!git_config_find_system(&path))
		ret = add_file(l, path.ptr, GIT_CONFIG_LEVEL_SYSTEM, g, err);
	git_buf_dispose(&path);
	return ret;
}

/* Of a container whose user is another than its HOME's: as git, go on. */
static bool shut(const char *home)
{
	if (!home || !access(home, X_OK) || errno != EACCES)
		return false;
	pike_warn("HOME is '%s', which cannot be read: the git config there "
		  "does not count",
		  home);
	return true;
}

static int add_user(struct pike_layers *l, git_repository *g,
		    struct pike_err *err)
{
	const char *named = getenv("GIT_CONFIG_GLOBAL");
	const char *home = getenv("HOME");
	const char *xdg = getenv("XDG_CONFIG_HOME");
	int ret = 0;

	if (named)
		return add_file(l, named, GIT_CONFIG_LEVEL_GLOBAL, g, err);
	if (shut(home))
		home = NULL;
	if (xdg && *xdg)
		ret = add_joined(l, xdg, "/git/config", GIT_CONFIG_LEVEL_XDG, g,
				 err);
	else if (home)
		ret = add_joined(l, home, "/.config/git/config",
				 GIT_CONFIG_LEVEL_XDG, g, err);
	if (!ret && home)
		ret = add_joined(l, home, "/.gitconfig",
				 GIT_CONFIG_LEVEL_GLOBAL, g, err);
	return ret;
}

static int add_repository(struct pike_layers *l, git_repository *g,
			  struct pike_err *err)
{
	char *path = pike_xasprintf("%sconfig", git_repository_commondir(g));
	git_config *snap = NULL;
	int on = 0, ret;

	/* Missing or not, so that it can be written to. */
	ret = add_disk(l->cfg, path, GIT_CONFIG_LEVEL_LOCAL, g, err);
	free(path);
	if (ret)
		return ret;
	if (!git_config_snapshot(&snap, l->cfg))
		git_config_get_bool(&on, snap, "extensions.worktreeconfig");
	git_config_free(snap);
	return on ? add_joined(l, git_repository_path(g), "config.worktree",
			       LEVEL_WORKTREE, g, err)
		  : 0;
}

static int add_call(struct pike_layers *l, struct pike_err *err)
{
	struct pike_buf text;
	int ret;

	pike_buf_init(&text, PIKE_CONFIG_MAX);
	ret = pike_config_call(&text, err);
	if (!ret && text.len)
		ret =
		    pike_layers_add_text(l, text.s, text.len, LEVEL_CALL, err);
	pike_buf_release(&text);
	return ret;
}

int pike_layers_open(struct pike_layers *l, git_repository *g,
		     struct pike_err *err)
{
	int ret = 0, rc;

	memset(l, 0, sizeof(*l));
	rc = git_config_new(&l->cfg);
	if (rc)
		return pike_git_fail(err, PIKE_FATAL, rc,
				     "cannot read git's config");
	ret = add_system(l, g, err);
	if (!ret)
		ret = add_user(l, g, err);
	if (!ret && g)
		ret = add_repository(l, g, err);
	return ret ? ret : add_call(l, err);
}

void pike_layers_release(struct pike_layers *l)
{
	git_config_free(l->cfg);
	for (size_t i = 0; i < l->nfds; i++)
		close(l->fds[i]);
	free(l->fds);
	memset(l, 0, sizeof(*l));
}
