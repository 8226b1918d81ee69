/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open: finds the repository where git would, asks whose it is, and refuses the
 * kinds that cannot work with the remedy in the message.
 *
 * libgit2 looks for safe.directory in the files that it knows of; which ones
 * count is said by the environment. So it is shown none, and what it refuses is
 * looked up in the layers.
 */
#include "git/place_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <git2/sys/repository.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *env_text(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

/* ---- kinds of repositories ---- */

/* What libgit2 shall open; whether it can be worked with is asked after. */
static const char *const admitted_extensions[] = {
	"worktreeconfig", "preciousobjects", "relativeworktrees",
	"refstorage",	  "objectformat",    "compatobjectformat",
	"partialclone",
};

static const struct kind {
	const char *key, *fine; /* fine: the value that works */
	const char *what, *remedy;
} kinds[] = {
	{ .key = "extensions.objectformat",
	  .fine = "sha1",
	  .what = "uses sha256 object ids, which libgit2 cannot read",
	  .remedy = "move its history into a repository made by 'git init "
		    "--object-format=sha1': 'git fast-export --all | git -C "
		    "NEW fast-import'" },
	{ .key = "extensions.compatobjectformat",
	  .what = "has object ids of two formats, which libgit2 cannot read",
	  .remedy = "use a clone of it" },
	{ .key = "extensions.refstorage",
	  .fine = "files",
	  .what = "keeps its refs as reftable, which libgit2 cannot read",
	  .remedy = "run 'git refs migrate --ref-format=files' (git 2.46 or "
		    "later), or use a clone made with --ref-format=files" },
};

static int refuse(struct pike_err *err, const char *dir, const char *what,
		  const char *remedy)
{
	return pike_fail(err, PIKE_FATAL, "the repository at '%s' %s; %s", dir,
			 what, remedy);
}

/* extensions.partialclone, or remote.NAME.promisor */
static bool tells_partial(const char *name)
{
	static const char end[] = ".promisor";
	size_t n = strlen(name), e = sizeof(end) - 1;

	return !strcmp(name, "extensions.partialclone") ||
	       (!strncmp(name, "remote.", 7) && n > e &&
		!strcmp(name + n - e, end));
}

/* Not by libgit2's patterns: 1.5 leaks 20 KB for each entry that does not
 * match one. */
bool pike_is_partial(git_repository *g)
{
	git_config *snap = NULL;
	git_config_iterator *it = NULL;
	git_config_entry *e;
	bool yes = false;

	if (!git_repository_config_snapshot(&snap, g) &&
	    !git_config_iterator_new(&it, snap))
		while (!yes && !git_config_next(&e, it))
			yes = tells_partial(e->name);
	git_config_iterator_free(it);
	git_config_free(snap);
	return yes;
}

static int check_kind(git_config *cfg, const char *dir, struct pike_err *err)
{
	git_config *snap = NULL;
	const char *value;
	int ret = 0;

	if (git_config_snapshot(&snap, cfg))
		return 0;
	for (size_t i = 0; !ret && i < PIKE_ARRAY_LEN(kinds); i++)
		if (!git_config_get_string(&value, snap, kinds[i].key) &&
		    !(kinds[i].fine && !strcmp(value, kinds[i].fine)))
			ret = refuse(err, dir, kinds[i].what, kinds[i].remedy);
	git_config_free(snap);
	return ret;
}

int pike_refuse_kind(git_repository *g, const char *dir, struct pike_err *err)
{
	git_config *cfg = NULL;
	int ret = 0;

	if (git_repository_is_shallow(g))
		return refuse(err, dir, "is a shallow clone",
			      "run 'git fetch --unshallow', or set the CI's "
			      "fetch depth to 0");
	if (!git_repository_config(&cfg, g))
		ret = check_kind(cfg, dir, err);
	git_config_free(cfg);
	return ret;
}

/* ---- why libgit2 did not open it ---- */

/* The config of what it found; 0: nothing to be said of that. */
static int check_unopened(const char *dir, struct pike_err *err)
{
	static const char *const places[] = { "config", "../../config" };
	git_buf at = { NULL, 0, 0 };
	int ret = 0;

	if (!git_repository_discover(&at, dir, 0, NULL))
		for (size_t i = 0; !ret && i < PIKE_ARRAY_LEN(places); i++) {
			char *path = pike_xasprintf("%s%s", at.ptr, places[i]);
			git_config *cfg = NULL;

			if (!access(path, R_OK) &&
			    !git_config_open_ondisk(&cfg, path))
				ret = check_kind(cfg, dir, err);
			git_config_free(cfg);
			free(path);
		}
	git_buf_dispose(&at);
	return ret;
}

static int refuse_open(int rc, const char *dir, struct pike_err *err)
{
	static const char unknown[] = "unsupported extension name extensions.";
	const git_error *e = git_error_last();
	char *text = pike_xstrdup(e && e->message ? e->message : "");
	int ret;

	if (rc == GIT_ENOTFOUND && !strstr(text, "safe.directory"))
		ret = pike_fail(err, PIKE_FATAL,
				"no git repository at or above '%s'; run "
				"'git init' there, or give another with -C",
				dir);
	else if (pike_starts_with(text, unknown))
		ret = pike_fail(
		    err, PIKE_FATAL,
		    "the repository at '%s' has the extension '%s', "
		    "which libgit2 %s does not know; use a clone "
		    "of it, where 'git clone' sets none",
		    dir, text + sizeof(unknown) - 1, pike_git_version());
	else
		ret = check_unopened(dir, err);
	if (!ret)
		ret = pike_fail(err, PIKE_FATAL,
				"cannot open the repository at '%s': %s", dir,
				*text ? text : "unknown error");
	free(text);
	return ret;
}

/* ---- whose it is ---- */

static bool owner_refused(int rc)
{
	const git_error *e = git_error_last();

	return rc == GIT_EOWNER ||
	       (rc && e && e->message && strstr(e->message, "safe.directory"));
}

/* With or without a slash at the end; "DIR/" and a star: all below. */
static bool admits(const char *entry, const char *dir)
{
	size_t a = strlen(entry), b = strlen(dir);

	if (a > 1 && !strcmp(entry + a - 2, "/*"))
		return !strncmp(entry, dir, a - 1);
	while (a > 1 && entry[a - 1] == '/')
		a--;
	while (b > 1 && dir[b - 1] == '/')
		b--;
	return !strcmp(entry, "*") || (a == b && !memcmp(entry, dir, a));
}

static void ask_entry(bool *yes, const git_config_entry *e, const char *dir)
{
	git_buf path = { NULL, 0, 0 };

	if (strcmp(e->name, "safe.directory") != 0 ||
	    !pike_layer_protected((int)e->level))
		return;
	if (!e->value || !*e->value) /* an empty entry resets the list */
		*yes = false;
	else if (!git_config_parse_path(&path, e->value) &&
		 admits(path.ptr, dir))
		*yes = true;
	git_buf_dispose(&path);
}

static int admitted(bool *yes, const char *dir, struct pike_err *err)
{
	char *real = realpath(dir, NULL);
	git_config_iterator *it = NULL;
	git_config_entry *e;
	struct pike_layers l;
	int ret = pike_layers_open(&l, NULL, err);

	*yes = false;
	if (!ret && !git_config_iterator_new(&it, l.cfg))
		while (!git_config_next(&e, it))
			ask_entry(yes, e, real ? real : dir);
	git_config_iterator_free(it);
	pike_layers_release(&l);
	free(real);
	return ret;
}

/* The folder that git would ask about: the one that holds .git, or a bare
 * repository itself. */
static char *discover(const char *dir)
{
	char *d = realpath(dir, NULL);

	while (d && d[0] && d[1]) {
		char *git = pike_xasprintf("%s/.git", d);
		char *head = pike_xasprintf("%s/HEAD", d);
		char *objects = pike_xasprintf("%s/objects", d);
		bool here = !access(git, F_OK) ||
			    (!access(head, F_OK) && !access(objects, F_OK));

		free(git);
		free(head);
		free(objects);
		if (here)
			return d;
		*strrchr(d, '/') = '\0';
	}
	free(d);
	return pike_xstrdup(dir);
}

static int refuse_owner(const char *top, struct pike_err *err)
{
	return pike_fail(err, PIKE_FATAL,
			 "the repository at '%s' belongs to another user; if "
			 "you trust it, run 'git config --global --add "
			 "safe.directory %s'",
			 top, top);
}

/* ---- where it is ---- */

struct place {
	const char *dir, *ceilings;
	unsigned flags;
	bool named; /* by GIT_DIR: as git, owner and folders are not asked */
};

const char *pike_quarantine(void)
{
	const char *dir = env_text("GIT_QUARANTINE_PATH");
	const char *objects = env_text("GIT_OBJECT_DIRECTORY");

	return dir && objects && !strcmp(dir, objects) ? dir : NULL;
}

/* git would look elsewhere for objects and refs; libgit2 does not. In a hook
 * that judges a push the two of objects are looked at by store.c. */
static int refuse_environment(struct pike_err *err)
{
	static const char *const elsewhere[] = {
		"GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY",
		"GIT_ALTERNATE_OBJECT_DIRECTORIES"
	};
	size_t n = PIKE_ARRAY_LEN(elsewhere) - (pike_quarantine() ? 2 : 0);

	for (size_t i = 0; i < n; i++)
		if (env_text(elsewhere[i]))
			return pike_fail(err, PIKE_FATAL,
					 "%s is set, and pike-git cannot work "
					 "with it; unset it",
					 elsewhere[i]);
	return 0;
}

static void place_of(struct place *p, const char *dir)
{
	const char *named = env_text("GIT_DIR");

	*p = (struct place){ .dir = named ? named : dir,
			     .named = named != NULL,
			     .ceilings = env_text("GIT_CEILING_DIRECTORIES") };
	if (named)
		p->flags = GIT_REPOSITORY_OPEN_NO_SEARCH |
			   GIT_REPOSITORY_OPEN_NO_DOTGIT;
	if (pike_env_bool("GIT_DISCOVERY_ACROSS_FILESYSTEM"))
		p->flags |= GIT_REPOSITORY_OPEN_CROSS_FS;
}

/* Of files elsewhere libgit2 reads none meanwhile: one that it may not read
 * would stop it. */
static int open_place(git_repository **out, const struct place *p, bool any)
{
	static const int levels[] = { GIT_CONFIG_LEVEL_SYSTEM,
				      GIT_CONFIG_LEVEL_XDG,
				      GIT_CONFIG_LEVEL_GLOBAL };
	int rc;

	for (size_t i = 0; i < PIKE_ARRAY_LEN(levels); i++)
		git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "");
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, any ? 0 : 1);
	rc = git_repository_open_ext(out, p->dir, p->flags, p->ceilings);
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 1);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(levels); i++)
		git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], NULL);
	return rc;
}

static int open_admitted(git_repository **out, const struct place *p,
			 struct pike_err *err)
{
	char *top = discover(p->dir);
	bool yes;
	int ret = admitted(&yes, top, err), rc;

	if (!ret && !yes)
		ret = refuse_owner(top, err);
	free(top);
	if (ret)
		return ret;
	rc = open_place(out, p, true);
	return rc ? refuse_open(rc, p->dir, err) : 0;
}

int pike_open_checked(git_repository **out, const char *dir,
		      struct pike_err *err)
{
	struct place p;
	int rc, ret = refuse_environment(err);

	if (ret)
		return ret;
	git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, admitted_extensions,
			 PIKE_ARRAY_LEN(admitted_extensions));
	place_of(&p, dir);
	rc = open_place(out, &p, p.named);
	if (owner_refused(rc))
		ret = open_admitted(out, &p, err);
	else if (rc)
		ret = refuse_open(rc, p.dir, err);
	return ret;
}

/* ---- its working tree ---- */

/* What the folder that linked worktrees share says of these two holds for the
 * main one alone. */
static char *main_setting(git_repository *g, const char *key)
{
	git_config_entry *e = NULL;
	git_config *cfg = NULL;
	char *value = NULL;

	if (!git_repository_config(&cfg, g) &&
	    !git_config_get_entry(&e, cfg, key) && e->value &&
	    (!git_repository_is_worktree(g) ||
	     e->level != GIT_CONFIG_LEVEL_LOCAL))
		value = pike_xstrdup(e->value);
	git_config_entry_free(e);
	git_config_free(cfg);
	return value;
}

static char *workdir_of(git_repository *g)
{
	const char *named = env_text("GIT_WORK_TREE");
	char *said, *dir = NULL;

	if (named)
		return pike_xstrdup(named);
	said = main_setting(g, "core.worktree");
	if (said)
		dir = pike_xasprintf(
		    "%s%s", *said == '/' ? "" : git_repository_path(g), said);
	else if (env_text("GIT_DIR") && !git_repository_is_bare(g))
		dir = pike_xstrdup(".");
	free(said);
	return dir;
}

/* libgit2 1.5 leaks where it is told what it knows. */
static bool works_in(git_repository *g, const char *dir)
{
	const char *now = git_repository_workdir(g);
	char *real = realpath(dir, NULL);
	size_t n = real ? strlen(real) : 0;
	bool same = now && real && !strncmp(now, real, n) &&
		    (!now[n] || !strcmp(now + n, "/"));

	free(real);
	return same;
}

int pike_open_workdir(git_repository *g, struct pike_err *err)
{
	char *bare = main_setting(g, "core.bare"), *dir;
	int rc = 0, yes = 0;

	if (bare && !git_config_parse_bool(&yes, bare) && yes)
		rc = git_repository_set_bare(g);
	free(bare);
	dir = workdir_of(g);
	if (!rc && dir && !works_in(g, dir))
		rc = git_repository_set_workdir(g, dir, 0);
	if (rc)
		pike_git_fail(err, PIKE_FATAL, rc,
			      "cannot work in the working tree '%s'",
			      dir ? dir : git_repository_path(g));
	free(dir);
	return rc ? PIKE_FATAL : 0;
}
