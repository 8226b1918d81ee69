/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config: the entries of .pike/config and of git's own config. libgit2 reads
 * both; the tracked file is scanned first, for the line of every entry and
 * because it must not make libgit2 open other files.
 */
#include "git/config_priv.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "git/place_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of the repository's own config: blob id of the trusted .pike/config. */
#define TRUST_KEY "pike.trusted-config"

/* ---- parsing a text ---- */

/* libgit2 names the temporary file and its line: keep the reason alone. */
static int syntax_error(struct pike_err *err, const char *name)
{
	const git_error *e = git_error_last();
	const char *text = e && e->message ? e->message : "syntax error";
	const char *in = strstr(text, " (in ");
	const char *at = in ? strchr(in, ':') : NULL;
	static const char prefix[] = "failed to parse config file: ";
	const char *end = in ? in : text + strlen(text);

	/* Not of a constant: gcc 14 warns of what strlen() tells of it. */
	if (e && pike_starts_with(text, prefix))
		text += sizeof(prefix) - 1;
	return pike_fail(err, PIKE_USAGE, "%s:%d: %.*s", name,
			 at ? (int)strtol(at + 1, NULL, 10) : 1,
			 (int)(end > text ? end - text : 0), text);
}

/* Splits "section.sub.key"; sub may contain dots. */
static void add_entry(struct pike_entries *out, const char *name,
		      const char *value, const char *origin, bool trusted)
{
	const char *last = strrchr(name, '.');
	char *section;

	if (!last)
		return;
	section = pike_xstrndup(name, (size_t)(last - name));
	pike_entries_add(out, section, last + 1, value, origin, trusted);
	free(section);
}

static int add_marked(struct pike_entries *out, git_config *cfg,
		      const struct pike_marks *marks, const char *name,
		      bool trusted, struct pike_err *err)
{
	git_config_iterator *it = NULL;
	git_config_entry *e;
	int ret = 0, line = 1;
	char origin[512];
	size_t i = 0;

	if (git_config_iterator_new(&it, cfg))
		return syntax_error(err, name);
	while (!ret && !git_config_next(&e, it)) {
		if (i < marks->n)
			line = marks->v[i].line;
		/* Both readings must agree, else no line can be believed. */
		if (i >= marks->n || strcmp(marks->v[i].name, e->name) != 0 ||
		    e->include_depth)
			ret = pike_fail(err, PIKE_USAGE,
					"%s:%d: cannot be read; write one "
					"`key = value` on a line",
					name, line);
		snprintf(origin, sizeof(origin), "%s:%d", name, line);
		if (!ret)
			add_entry(out, e->name, e->value, origin, trusted);
		i++;
	}
	git_config_iterator_free(it);
	if (!ret && i != marks->n)
		ret = pike_fail(err, PIKE_USAGE,
				"%s:%d: cannot be read; write one `key = "
				"value` on a line",
				name, marks->v[i].line);
	return ret;
}

/* libgit2 parses files only: an anonymous one, seen through /proc. */
static int open_text(git_config **out, int *fd, const char *text, size_t len,
		     const char *name, struct pike_err *err)
{
	char path[64];
	int ret;

	*fd = -1;
	ret = pike_memfd(fd, "pike-config", 0, err);
	if (!ret)
		ret = pike_write_all(*fd, text, len, err);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", *fd);
	if (access(path, R_OK))
		return pike_fail_errno(err, PIKE_FATAL,
				       "cannot read '%s'; mount /proc", path);
	return git_config_open_ondisk(out, path) ? syntax_error(err, name) : 0;
}

int pike_config_parse(struct pike_entries *out, const char *text, size_t len,
		      const char *name, bool trusted, struct pike_err *err)
{
	struct pike_marks marks;
	git_config *cfg = NULL;
	int fd = -1, ret;

	ret = pike_config_scan(&marks, text, len, name, err);
	if (ret)
		return ret;
	git_libgit2_init(); /* counted: costs nothing in an open repository */
	if (!marks.n)
		goto out;
	ret = open_text(&cfg, &fd, text, len, name, err);
	if (!ret)
		ret = add_marked(out, cfg, &marks, name, trusted, err);
out:
	git_config_free(cfg);
	git_libgit2_shutdown();
	if (fd >= 0)
		close(fd);
	pike_marks_release(&marks);
	return ret;
}

/* ---- where the text comes from ---- */

struct source {
	struct pike_buf text;
	char name[64]; /* as errors name it */
	bool found;
};

static int check_file(int fd, struct pike_err *err)
{
	struct stat st;

	if (fstat(fd, &st))
		return pike_fail_errno(err, PIKE_FATAL,
				       "cannot read '" PIKE_CONFIG_PATH "'");
	if (!S_ISREG(st.st_mode))
		return pike_fail(err, PIKE_USAGE,
				 PIKE_CONFIG_PATH ":1: is not a regular file; "
						  "replace it by one");
	if (st.st_size > PIKE_CONFIG_MAX)
		return pike_fail(err, PIKE_USAGE,
				 PIKE_CONFIG_PATH ":1: larger than 256 KiB; "
						  "this cannot be a config");
	return 0;
}

/* Follows no symbolic link: the file's content must be what is tracked. */
static int open_work_file(int *fd, const char *workdir, struct pike_err *err)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	int top = open(workdir, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
	int dir = top < 0 ? -1 : openat(top, ".pike", flags | O_DIRECTORY);
	int saved;

	*fd = dir < 0 ? -1 : openat(dir, "config", flags);
	saved = errno;
	if (dir >= 0)
		close(dir);
	if (top >= 0)
		close(top);
	errno = saved;
	if (*fd >= 0 || errno == ENOENT)
		return 0;
	if (errno == ELOOP || errno == ENOTDIR)
		return pike_fail(err, PIKE_USAGE,
				 PIKE_CONFIG_PATH ":1: is reached through a "
						  "symbolic link or is not a "
						  "file; replace it by a "
						  "regular file");
	return pike_fail_errno(err, PIKE_FATAL,
			       "cannot read '" PIKE_CONFIG_PATH "'");
}

static int read_work_file(struct source *src, struct pike_repo *r,
			  struct pike_err *err)
{
	int fd, ret;

	if (!r->workdir)
		return 0;
	ret = open_work_file(&fd, r->workdir, err);
	if (ret || fd < 0)
		return ret;
	ret = check_file(fd, err);
	if (!ret)
		ret = pike_read_fd(&src->text, fd, err);
	close(fd);
	src->found = !ret;
	snprintf(src->name, sizeof(src->name), "%s", PIKE_CONFIG_PATH);
	return ret;
}

static int read_commit_file(struct source *src, struct pike_repo *r,
			    const struct pike_oid *at, struct pike_err *err)
{
	struct pike_strs paths = PIKE_STRS_INIT;
	struct pike_files files = { 0 };
	int ret;

	pike_strs_push(&paths, PIKE_CONFIG_PATH);
	ret = pike_repo_read(&files, r, at, &paths, true, err);
	if (!ret && files.n) {
		snprintf(src->name, sizeof(src->name), "%.12s:%s", at->hex,
			 PIKE_CONFIG_PATH);
		src->found = true;
		if (pike_buf_add(&src->text, files.v[0].data, files.v[0].len))
			ret = pike_fail(err, PIKE_USAGE,
					"%s:1: larger than 256 KiB; this "
					"cannot be a config",
					src->name);
	}
	pike_files_release(&files);
	pike_strs_release(&paths);
	return ret;
}

static int read_tree_file(struct source *src, struct pike_repo *r,
			  const char *base, struct pike_err *err)
{
	struct pike_oid at;
	int ret = pike_repo_base(&at, r, base, err);

	/* A repository without a commit has no base, and so no config. */
	if (ret)
		return git_repository_head_unborn(r->g) == 1 ? 0 : ret;
	return read_commit_file(src, r, &at, err);
}

static int read_source(struct source *src, struct pike_repo *r,
		       const char *base, struct pike_err *err)
{
	int ret;

	memset(src, 0, sizeof(*src));
	pike_buf_init(&src->text, PIKE_CONFIG_MAX + 1);
	ret = read_work_file(src, r, err);
	if (!ret && !src->found)
		ret = read_tree_file(src, r, base, err);
	return ret;
}

/* ---- git's own config ---- */

static int open_config(git_config **out, struct pike_repo *r,
		       struct pike_err *err)
{
	int rc = git_repository_config_snapshot(out, r->g);

	return rc ? pike_git_fail(err, PIKE_FATAL, rc,
				  "cannot read git's config")
		  : 0;
}

/* `pike.base` of git's config, or NULL. */
static char *base_override(struct pike_repo *r)
{
	git_config *cfg = NULL;
	const char *value;
	char *copy = NULL;

	if (!git_repository_config_snapshot(&cfg, r->g) &&
	    !git_config_get_string(&value, cfg, "pike.base"))
		copy = pike_xstrdup(value);
	git_config_free(cfg);
	return copy;
}

/* pike.k is [pike] k; pike.S.k is [S] k; pike.S.N.k is [S "N"] k. */
static void add_override(struct pike_entries *out, const git_config_entry *e)
{
	const char *rest = e->name + strlen("pike.");
	const char *origin = pike_layer_name((int)e->level);

	if (!pike_starts_with(e->name, "pike.") || !strcmp(e->name, TRUST_KEY))
		return;
	if (strchr(rest, '.'))
		add_entry(out, rest, e->value, origin, true);
	else
		pike_entries_add(out, "pike", rest, e->value, origin, true);
}

static int add_overrides(struct pike_entries *out, struct pike_repo *r,
			 struct pike_err *err)
{
	git_config_iterator *it = NULL;
	git_config *cfg = NULL;
	git_config_entry *e;
	int ret = open_config(&cfg, r, err), rc;

	if (ret)
		return ret;
	/* libgit2 1.5 leaks in its iterator with a pattern: not used. */
	rc = git_config_iterator_new(&it, cfg);
	if (rc)
		ret = pike_git_fail(err, PIKE_FATAL, rc,
				    "cannot read git's config");
	while (!ret && !git_config_next(&e, it))
		add_override(out, e);
	git_config_iterator_free(it);
	git_config_free(cfg);
	return ret;
}

/* ---- trust ---- */

/* The repository's own config alone: no tracked file can write it. */
static int open_local(git_config **out, struct pike_repo *r,
		      struct pike_err *err)
{
	git_config *all = NULL;
	int rc = git_repository_config(&all, r->g);

	if (!rc)
		rc = git_config_open_level(out, all, GIT_CONFIG_LEVEL_LOCAL);
	git_config_free(all);
	return rc ? pike_git_fail(err, PIKE_FATAL, rc,
				  "cannot open the repository's config")
		  : 0;
}

static int is_trusted(bool *out, struct pike_repo *r, const struct source *src,
		      struct pike_err *err)
{
	git_config *cfg = NULL, *snap = NULL;
	struct pike_oid id;
	const char *value;
	int ret;

	*out = false;
	if (!src->found)
		return 0;
	ret = pike_blob_id(&id, src->text.s, src->text.len, err);
	if (!ret)
		ret = open_local(&cfg, r, err);
	if (!ret && !git_config_snapshot(&snap, cfg) &&
	    !git_config_get_string(&value, snap, TRUST_KEY))
		*out = !strcmp(value, id.hex);
	git_config_free(snap);
	git_config_free(cfg);
	return ret;
}

static int record_trust(struct pike_repo *r, const struct source *src,
			struct pike_err *err)
{
	git_config *cfg = NULL;
	struct pike_oid id;
	int ret, rc;

	if (!src->found)
		return pike_fail(err, PIKE_USAGE,
				 "there is no " PIKE_CONFIG_PATH
				 " to trust; `pike-git init` writes one");
	ret = pike_blob_id(&id, src->text.s, src->text.len, err);
	if (!ret)
		ret = open_local(&cfg, r, err);
	if (!ret && (rc = git_config_set_string(cfg, TRUST_KEY, id.hex)))
		ret = pike_git_fail(err, PIKE_FATAL, rc,
				    "cannot record the trust in the "
				    "repository's config");
	git_config_free(cfg);
	pike_share(r, "config");
	return ret;
}

/* ---- public ---- */

int pike_repo_config(struct pike_entries *out, struct pike_repo *r,
		     struct pike_err *err)
{
	char *base = base_override(r);
	struct source src;
	bool trusted = false;
	int ret;

	memset(out, 0, sizeof(*out));
	ret = read_source(&src, r, base, err);
	if (!ret)
		ret = is_trusted(&trusted, r, &src, err);
	if (!ret && src.found)
		ret = pike_config_parse(out, src.text.s, src.text.len, src.name,
					trusted, err);
	if (!ret)
		ret = add_overrides(out, r, err);
	if (ret)
		pike_entries_release(out);
	pike_buf_release(&src.text);
	free(base);
	return ret;
}

int pike_repo_config_at(struct pike_entries *out, struct pike_repo *r,
			const struct pike_oid *commit, struct pike_err *err)
{
	struct source src = { .found = false };
	int ret;

	memset(out, 0, sizeof(*out));
	pike_buf_init(&src.text, PIKE_CONFIG_MAX + 1);
	ret = read_commit_file(&src, r, commit, err);
	if (!ret && src.found)
		ret = pike_config_parse(out, src.text.s, src.text.len, src.name,
					false, err);
	if (ret)
		pike_entries_release(out);
	pike_buf_release(&src.text);
	return ret;
}

int pike_repo_trust(struct pike_repo *r, struct pike_err *err)
{
	char *base = base_override(r);
	struct source src;
	int ret = read_source(&src, r, base, err);

	if (!ret)
		ret = record_trust(r, &src, err);
	pike_buf_release(&src.text);
	free(base);
	return ret;
}

int pike_repo_trust_base(struct pike_repo *r, const char *base,
			 struct pike_err *err)
{
	struct source src = { .found = false };
	int ret;

	pike_buf_init(&src.text, PIKE_CONFIG_MAX + 1);
	ret = read_tree_file(&src, r, base, err);
	if (!ret)
		ret = record_trust(r, &src, err);
	pike_buf_release(&src.text);
	return ret;
}

int pike_repo_trusted(bool *out, struct pike_repo *r, struct pike_err *err)
{
	char *base = base_override(r);
	struct source src;
	int ret = read_source(&src, r, base, err);

	if (!ret)
		ret = is_trusted(out, r, &src, err);
	pike_buf_release(&src.text);
	free(base);
	return ret;
}
