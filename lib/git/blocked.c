/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blocked: what keeps a ref of ours from being made or moved: another ref where
 * its folder has to be, or below it, and a worktree that has it checked out.
 */
#include "git/place_priv.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	HEAD_MAX = 4096
};

#define BRANCHES "refs/heads/"

/* ---- names in the way ---- */

static bool is_ref(struct pike_repo *r, const char *name)
{
	git_reference *ref = NULL;
	bool yes = !git_reference_lookup(&ref, r->g, name);

	git_reference_free(ref);
	return yes;
}

/* The first ref whose name is a folder of `name`, or that is below it. */
static char *blocker_of(struct pike_repo *r, const char *name)
{
	struct pike_strs below = PIKE_STRS_INIT;
	char *found = NULL, *prefix;

	for (const char *p = strchr(name, '/'); p; p = strchr(p + 1, '/')) {
		char *part = pike_xstrndup(name, (size_t)(p - name));

		if (is_ref(r, part))
			return part;
		free(part);
	}
	prefix = pike_xasprintf("%s/", name);
	if (!pike_ref_list(&below, r, prefix, NULL) && below.n)
		found = pike_xstrdup(below.v[0]);
	pike_strs_release(&below);
	free(prefix);
	return found;
}

/* `shown`: what the ref is in the way of. */
static int refuse_name(struct pike_repo *r, const char *name, const char *shown,
		       struct pike_err *err)
{
	char *b = blocker_of(r, name);
	const char *branch;
	int ret;

	if (!b)
		return 0;
	branch = pike_starts_with(b, BRANCHES) ? b + strlen(BRANCHES) : NULL;
	ret = branch ? pike_fail(err, PIKE_FATAL,
				 "a branch named '%s' is in the way of '%s'; "
				 "run 'git branch -m %s another-name'",
				 branch, shown, branch)
		     : pike_fail(err, PIKE_FATAL,
				 "the ref '%s' is in the way of '%s'; move it: "
				 "'git update-ref refs/another/name %s && git "
				 "update-ref -d %s'",
				 b, shown, b, b);
	free(b);
	return ret;
}

int pike_ref_blocked(struct pike_repo *r, const char *name,
		     struct pike_err *err)
{
	return refuse_name(r, name, name, err);
}

int pike_names_blocked(struct pike_repo *r, struct pike_err *err)
{
	static const char *const spaces[] = { "refs/heads/pike/evo/...",
					      "refs/heads/pike/mr/...",
					      "refs/pike/open/...",
					      "refs/notes/pike/inbox/..." };
	int ret = 0;

	for (size_t i = 0; !ret && i < PIKE_ARRAY_LEN(spaces); i++) {
		/* A name that no ref of ours has. */
		char *name = pike_xasprintf(
		    "%.*snone", (int)strlen(spaces[i]) - 3, spaces[i]);

		ret = refuse_name(r, name, spaces[i], err);
		free(name);
	}
	return ret;
}

/* ---- worktrees ---- */

static bool says(const char *dir, const char *file, const char *text)
{
	char *path = pike_xasprintf("%s%s", dir, file);
	struct pike_buf b;
	bool yes;

	pike_buf_init(&b, HEAD_MAX);
	yes = !pike_read_file(&b, path, NULL) && !strcmp(b.s, text);
	pike_buf_release(&b);
	free(path);
	return yes;
}

/* A linked worktree whose folder was removed holds nothing. Its path may be
 * one from the folder that names it. */
static bool is_there(const char *dir)
{
	char *path = pike_xasprintf("%sgitdir", dir), *to;
	struct pike_buf b;
	bool yes = false;

	pike_buf_init(&b, HEAD_MAX);
	if (!pike_read_file(&b, path, NULL)) {
		b.s[strcspn(b.s, "\n")] = '\0';
		to = pike_xasprintf("%s%s", b.s[0] == '/' ? "" : dir, b.s);
		yes = !access(to, F_OK);
		free(to);
	}
	pike_buf_release(&b);
	free(path);
	return yes;
}

/* Read from its files: libgit2 opens each worktree as a repository of its own
 * for that, without the config of the call, and takes one that it cannot open
 * for one that holds nothing. */
bool pike_ref_checked_out(const struct pike_repo *r, const char *name)
{
	char *head = pike_xasprintf("ref: %s\n", name);
	char *all = pike_repo_path(r, "worktrees");
	bool yes = r->workdir && says(r->commondir, "HEAD", head);
	DIR *d = yes ? NULL : opendir(all);
	const struct dirent *e;

	while (!yes && d && (e = readdir(d))) {
		char *dir = pike_xasprintf("%s/%s/", all, e->d_name);

		yes = e->d_name[0] != '.' && says(dir, "HEAD", head) &&
		      is_there(dir);
		free(dir);
	}
	if (d)
		closedir(d);
	free(all);
	free(head);
	return yes;
}
