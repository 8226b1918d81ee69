/* SPDX-License-Identifier: Apache-2.0 */
/* house: ends searches, and tells what is in the way of a repository. */
#include "git/place_priv.h"
#include "git/search_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int drop_ref(struct pike_repo *r, const char *name, struct pike_err *err)
{
	git_oid id;
	int ret = pike_ref_read(&id, r, name, err);

	if (ret)
		return ret == 1 ? 0 : ret;
	return pike_ref_delete(r, name, &id, err);
}

int pike_search_drop(struct pike_search_ref *s, struct pike_err *err)
{
	struct pike_strs refs = PIKE_STRS_INIT;
	char *prefix = pike_xasprintf(PIKE_NOTES_INBOX "%s", s->prefix);
	char *chat = pike_xasprintf(PIKE_CHAT_INBOX "%s", s->prefix);
	int fd, ret = pike_repo_lock(&fd, s->r, err);

	if (ret)
		goto out;
	ret = pike_ref_list(&refs, s->r, prefix, err);
	if (!ret)
		ret = pike_ref_list(&refs, s->r, chat, err);
	pike_strs_push(&refs, s->ladder);
	pike_strs_push(&refs, s->branch);
	for (size_t i = 0; !ret && i < refs.n; i++)
		ret = drop_ref(s->r, refs.v[i], err);
	close(fd);
out:
	pike_strs_release(&refs);
	free(prefix);
	free(chat);
	return ret;
}

/* ---- problems ---- */

static void check_lock(struct pike_strs *out, const char *dir, const char *name)
{
	char *path = pike_xasprintf("%s%s", dir, name), age[32];
	struct stat st;

	if (!stat(path, &st)) {
		pike_human_ns(age, 1e9 * (double)(time(NULL) - st.st_mtime));
		pike_strs_pushf(out,
				"'%s' has been there for %s; if no git process "
				"runs, remove it",
				path, age);
	}
	free(path);
}

static void check_locks(struct pike_strs *out, struct pike_repo *r)
{
	static const char *const common[] = { "packed-refs.lock", "config.lock",
					      "shallow.lock" };
	const char *own = git_repository_path(r->g);

	for (size_t i = 0; i < PIKE_ARRAY_LEN(common); i++)
		check_lock(out, r->commondir, common[i]);
	check_lock(out, own, "HEAD.lock");
	check_lock(out, own, "index.lock");
}

static void check_names(struct pike_strs *out, struct pike_repo *r)
{
	struct pike_err err = PIKE_ERR_INIT;

	if (pike_names_blocked(r, &err))
		pike_strs_push(out, err.text);
}

static int check_branches(struct pike_strs *out, struct pike_repo *r,
			  struct pike_err *err)
{
	struct pike_strs refs = PIKE_STRS_INIT;
	int ret = pike_ref_list(&refs, r, "refs/heads/pike/evo/", err);

	for (size_t i = 0; !ret && i < refs.n; i++)
		if (pike_ref_checked_out(r, refs.v[i]))
			pike_strs_pushf(out,
					"branch '%s' is checked out in a "
					"worktree, so its search cannot go "
					"on; switch that worktree to another "
					"branch",
					refs.v[i] + strlen("refs/heads/"));
	pike_strs_release(&refs);
	return ret;
}

static void check_writable(struct pike_strs *out, const struct pike_repo *r)
{
	if (access(r->commondir, W_OK))
		pike_strs_push(out, "the repository can only be read here: "
				    "status, log and show work; for all else "
				    "work in a clone of your own");
}

static void check_precious(struct pike_strs *out, const struct pike_repo *r)
{
	if (r->partial)
		pike_strs_push(out,
			       "a partial clone: objects stay loose, and those "
			       "that are missing are fetched one by one; for a "
			       "long search clone it again without --filter");
	else if (r->precious)
		pike_strs_push(out,
			       "extensions.preciousObjects is set: objects "
			       "stay loose, and none is removed");
}

static void check_program(struct pike_strs *out, struct pike_repo *r)
{
	struct pike_strs args = PIKE_STRS_INIT;

	pike_strs_push(&args, "--version");
	if (pike_git_run(NULL, r, &args, NULL, NULL))
		pike_strs_push(out, "the git program does not run: no sync, "
				    "no bundles, objects are not packed; "
				    "install git");
	pike_strs_release(&args);
}

/* "+SRC:DST" whose DST may be a ref of ours. */
static bool overwrites(const char *spec)
{
	static const char *const spaces[] = { "refs/heads/pike/", "refs/pike/",
					      "refs/notes/pike/" };
	const char *to = strchr(spec, ':');
	size_t n = to ? strcspn(++to, "*") : 0;

	for (size_t i = 0; *spec == '+' && n && i < PIKE_ARRAY_LEN(spaces); i++)
		if (!strncmp(to, spaces[i],
			     n < strlen(spaces[i]) ? n : strlen(spaces[i])) &&
		    (to[n] == '*' || n > strlen(spaces[i])))
			return true;
	return false;
}

/* Not by libgit2's patterns: see open.c. */
static void check_refspecs(struct pike_strs *out, const struct pike_repo *r)
{
	git_config_iterator *it = NULL;
	git_config_entry *e;

	if (!git_config_iterator_new(&it, r->layers.cfg))
		while (!git_config_next(&e, it))
			if (pike_starts_with(e->name, "remote.") &&
			    pike_ends_with(e->name, ".fetch") && e->value &&
			    overwrites(e->value))
				pike_strs_pushf(
				    out,
				    "%s = %s overwrites what a search has here "
				    "at each `git fetch`, and sync needs it "
				    "not; run \"git config --unset-all "
				    "--fixed-value %s '%s'\"",
				    e->name, e->value, e->name, e->value);
	git_config_iterator_free(it);
}

int pike_repo_problems(struct pike_strs *out, struct pike_repo *r,
		       struct pike_err *err)
{
	check_locks(out, r);
	check_names(out, r);
	check_program(out, r);
	check_precious(out, r);
	check_writable(out, r);
	check_refspecs(out, r);
	return check_branches(out, r, err);
}
