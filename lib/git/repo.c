/* SPDX-License-Identifier: Apache-2.0 */
/*
 * repo: opens the repository, and refuses the kinds that cannot work with the
 * remedy in the message.
 */
#include "git/repo_priv.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SCRATCH_TRIES = 10
};

int pike_git_fail(struct pike_err *err, int level, int rc, const char *fmt, ...)
{
	const git_error *e = git_error_last();
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (rc == GIT_ELOCKED || rc == GIT_EMODIFIED)
		level = PIKE_RETRY;
	return pike_fail(err, level, "%s: %s", what,
			 e && e->message ? e->message : "unknown error");
}

void pike_oid_from(struct pike_oid *out, const git_oid *id)
{
	git_oid_tostr(out->hex, sizeof(out->hex), id);
}

int pike_oid_to(git_oid *out, const struct pike_oid *o, struct pike_err *err)
{
	if (strlen(o->hex) == GIT_OID_HEXSZ && !git_oid_fromstr(out, o->hex))
		return 0;
	return pike_fail(err, PIKE_FAILED, "'%s' is no commit id", o->hex);
}

char *pike_repo_path(const struct pike_repo *r, const char *rest)
{
	return pike_xasprintf("%s%s", r->commondir, rest);
}

/* ---- scratch ---- */

/* Whose flock is ours before a sweeper's, which would remove it. */
static int new_scratch(char **out, const char *base)
{
	uint8_t id[8];
	char hex[17];
	int fd = -1;

	pike_random_bytes(id, sizeof(id));
	pike_hex(hex, id, sizeof(id));
	*out = pike_xasprintf("%s/%s", base, hex);
	if (!mkdir(*out, 0700))
		fd = pike_lock_dir(*out);
	if (fd >= 0 && access(*out, F_OK)) {
		close(fd);
		fd = -1;
	}
	if (fd < 0) {
		free(*out);
		*out = NULL;
	}
	return fd;
}

int pike_repo_scratch(char **out, struct pike_repo *r, struct pike_err *err)
{
	char *base = pike_repo_path(r, "pike-scratch");
	int fd = -1, ret = pike_mkdir_p(base, 0700, err);

	for (int i = 0; !ret && fd < 0 && i < SCRATCH_TRIES; i++)
		fd = new_scratch(out, base);
	if (!ret && fd < 0)
		ret = pike_fail_errno(err, PIKE_FATAL,
				      "cannot make a folder in '%s'", base);
	if (!ret) {
		PIKE_GROW(r->scratch_fds, r->nscratch, r->scratch_cap);
		r->scratch_fds[r->nscratch++] = fd;
		pike_strs_push(&r->scratch, *out);
	}
	free(base);
	return ret;
}

const char *pike_repo_spool(struct pike_repo *r, struct pike_err *err)
{
	if (!r->spool)
		pike_repo_scratch(&r->spool, r, err);
	return r->spool;
}

/* ---- opening ---- */

static bool owner_refused(int rc)
{
	const git_error *e = git_error_last();

	return rc == GIT_EOWNER ||
	       (rc && e && e->message && strstr(e->message, "safe.directory"));
}

/* libgit2 1.5 wants a trailing slash where git wants none. */
static bool same_dir(const char *entry, const char *dir)
{
	size_t a = strlen(entry), b = strlen(dir);

	while (a > 1 && entry[a - 1] == '/')
		a--;
	while (b > 1 && dir[b - 1] == '/')
		b--;
	return !strcmp(entry, "*") || (a == b && !memcmp(entry, dir, a));
}

struct admit {
	const char *dir;
	bool yes;
};

static int admit_entry(const git_config_entry *e, void *payload)
{
	struct admit *a = payload;

	if (!*e->value) /* an empty entry resets the list */
		a->yes = false;
	else if (e->level <= GIT_CONFIG_LEVEL_GLOBAL &&
		 same_dir(e->value, a->dir))
		a->yes = true;
	return 0;
}

static bool admitted(const char *dir)
{
	char *real = realpath(dir, NULL);
	struct admit a = { .dir = real ? real : dir };
	git_config *cfg = NULL;

	if (!git_config_open_default(&cfg))
		git_config_get_multivar_foreach(cfg, "safe.directory", NULL,
						admit_entry, &a);
	git_config_free(cfg);
	free(real);
	return a.yes;
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

static int open_any_owner(git_repository **out, const char *dir)
{
	int rc;

	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	rc = git_repository_open_ext(out, dir, 0, NULL);
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 1);
	return rc;
}

static int refuse_open(int rc, const char *dir, struct pike_err *err)
{
	const git_error *e = git_error_last();
	const char *text = e && e->message ? e->message : "";

	if (rc == GIT_ENOTFOUND && !strstr(text, "safe.directory"))
		return pike_fail(err, PIKE_FATAL,
				 "no git repository at or above '%s'; run "
				 "'git init' there, or give another with -C",
				 dir);
	if (strstr(text, "objectformat"))
		return pike_fail(err, PIKE_FATAL,
				 "the repository at '%s' uses sha256 object "
				 "ids, which libgit2 cannot read; use a clone "
				 "made with --object-format=sha1",
				 dir);
	if (strstr(text, "partialclone"))
		return pike_fail(err, PIKE_FATAL,
				 "the repository at '%s' is a partial clone; "
				 "clone it again without --filter",
				 dir);
	return pike_git_fail(err, PIKE_FATAL, rc,
			     "cannot open the repository at '%s'", dir);
}

static int open_checked(git_repository **out, const char *dir,
			struct pike_err *err)
{
	int rc = git_repository_open_ext(out, dir, 0, NULL);

	if (owner_refused(rc)) {
		char *top = discover(dir);
		int ret = 0;

		if (admitted(top))
			rc = open_any_owner(out, dir);
		else
			ret = pike_fail(err, PIKE_FATAL,
					"the repository at '%s' belongs to "
					"another user; if you trust it, run "
					"'git config --global --add "
					"safe.directory %s'",
					top, top);
		free(top);
		if (ret)
			return ret;
	}
	return rc ? refuse_open(rc, dir, err) : 0;
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
static bool is_partial(git_repository *g)
{
	git_config_iterator *it = NULL;
	git_config *cfg = NULL;
	git_config_entry *e;
	bool yes = false;

	if (!git_repository_config_snapshot(&cfg, g) &&
	    !git_config_iterator_new(&it, cfg))
		while (!yes && !git_config_next(&e, it))
			yes = tells_partial(e->name);
	git_config_iterator_free(it);
	git_config_free(cfg);
	return yes;
}

static int refuse_kind(git_repository *g, const char *dir, struct pike_err *err)
{
	if (git_repository_is_shallow(g))
		return pike_fail(err, PIKE_FATAL,
				 "the repository at '%s' is a shallow clone; "
				 "run 'git fetch --unshallow', or set the CI's "
				 "fetch depth to 0",
				 dir);
	if (is_partial(g))
		return pike_fail(err, PIKE_FATAL,
				 "the repository at '%s' is a partial clone; "
				 "clone it again without --filter",
				 dir);
	return 0;
}

static void set_identity(struct pike_repo *r)
{
	git_signature *sig = NULL;
	const char *name = "pike-git", *email = "pike-git@localhost";

	if (!git_signature_default(&sig, r->g)) {
		name = sig->name;
		email = sig->email;
	}
	r->name = pike_xstrdup(name);
	r->email = pike_xstrdup(email);
	git_signature_free(sig);
}

static void set_options(void)
{
	const char *ext[] = { "worktreeconfig" };

	git_libgit2_opts(GIT_OPT_SET_EXTENSIONS, ext, PIKE_ARRAY_LEN(ext));
	/* Every id that we write was just read or written; git itself does
	 * not hash what it reads either. */
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 0);
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
	/* Most objects are read once, and its cache gets slow when it is full:
	 * each look-up meets what is gone. */
	git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0);
	/* The zone that holds anyway: unnamed, libc looks whether its file has
	 * changed for each signature, two and more of them for a commit. */
	setenv("TZ", ":/etc/localtime", 0);
}

int pike_repo_open(struct pike_repo **out, const char *dir,
		   struct pike_err *err)
{
	struct pike_repo *r = pike_xcalloc(1, sizeof(*r));
	int ret;

	git_libgit2_init();
	set_options();
	ret = open_checked(&r->g, dir, err);
	if (!ret)
		ret = refuse_kind(r->g, dir, err);
	if (ret)
		goto out;
	r->workdir = pike_xstrdup(git_repository_workdir(r->g));
	r->commondir = pike_xstrdup(git_repository_commondir(r->g));
	set_identity(r);
	/* Asked for each entry of a reflog otherwise, which reads all config.
	 */
	git_repository_set_ident(r->g, r->name, r->email);
	ret = pike_store_open(r, err);
	if (!ret)
		ret = pike_sweep(r, err);
out:
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
	for (size_t i = 0; i < r->nscratch; i++) {
		pike_rm_rf(r->scratch.v[i], NULL);
		close(r->scratch_fds[i]);
	}
	free(r->scratch_fds);
	pike_deflate_free(r->deflate);
	pike_strs_release(&r->scratch);
	git_odb_free(r->odb);
	git_repository_free(r->g);
	git_odb_free(r->disk);
	free(r->spool);
	free(r->inbox.ref);
	free(r->workdir);
	free(r->commondir);
	free(r->name);
	free(r->email);
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
