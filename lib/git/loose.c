/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loose: objects by themselves, a file each.
 *
 * A file is written in the spool, a scratch folder with our flock on it, and
 * moved to its place when it is whole. Libgit2's temporary files lie among the
 * objects and belong to nobody that could be asked: what a killed process
 * leaves of them stays.
 */
#include "git/repo_priv.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	HEAD_MAX = 32,
	FILE_MODE = 0444,
	TRIES = 3
};

char *pike_loose_path(const struct pike_repo *r, const git_oid *id)
{
	char hex[GIT_OID_HEXSZ + 1];

	git_oid_tostr(hex, sizeof(hex), id);
	return pike_xasprintf("%sobjects/%.2s/%s", r->commondir, hex, hex + 2);
}

bool pike_is_loose(const struct pike_repo *r, const git_oid *id)
{
	enum pike_whereabouts where = pike_staging_where(r->stage, id);
	char *path;
	bool yes;

	if (where != PIKE_WHERE_UNKNOWN)
		return where == PIKE_LOOSE;
	path = pike_loose_path(r, id);
	yes = !access(path, F_OK);
	free(path);
	return yes;
}

void pike_drop_loose(const struct pike_repo *r, const git_oid *id)
{
	char *path = pike_loose_path(r, id);

	unlink(path);
	free(path);
	pike_staging_moved(r->stage, id, PIKE_WHERE_UNKNOWN);
}

/* ---- writing ---- */

int pike_sync_dir_of(const struct pike_repo *r, const char *path,
		     struct pike_err *err)
{
	char *dir;
	int fd, ret = 0;

	if (!r->fsync)
		return 0;
	dir = pike_xstrndup(path, (size_t)(strrchr(path, '/') - path));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd))
		ret =
		    pike_fail_errno(err, PIKE_FATAL, "cannot fsync '%s'", dir);
	if (fd >= 0)
		close(fd);
	free(dir);
	return ret;
}

static int write_spooled(const char *path, bool sync,
			 const struct pike_buf *data, struct pike_err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
	int ret = 0;

	if (fd < 0)
		return pike_fail_errno(err, PIKE_FATAL, "cannot create '%s'",
				       path);
	if (pike_write_all(fd, data->s, data->len, NULL) || (sync && fsync(fd)))
		ret = pike_fail_errno(err, PIKE_FATAL,
				      "cannot write an object to '%s'", path);
	if (close(fd) && !ret)
		ret = pike_fail_errno(err, PIKE_FATAL,
				      "cannot write an object to '%s'", path);
	if (ret)
		unlink(path);
	return ret;
}

/* Its folder may have to be made, and a `git gc` may just have removed it. */
static int move_in(const struct pike_repo *r, const char *from, const char *to,
		   struct pike_err *err)
{
	int ret = 0;

	for (int i = 0; !ret && rename(from, to); i++) {
		char *dir;

		if (errno != ENOENT || i == TRIES)
			return pike_fail_errno(err, PIKE_FATAL,
					       "cannot put an object in '%s'",
					       to);
		dir = pike_xstrndup(to, (size_t)(strrchr(to, '/') - to));
		if (!mkdir(dir, 0777))
			ret = pike_sync_dir_of(r, dir, err);
		else if (errno != EEXIST)
			ret =
			    pike_fail_errno(err, PIKE_FATAL,
					    "cannot make the folder '%s'", dir);
		free(dir);
	}
	return ret;
}

static int pack_bytes(struct pike_buf *out, struct pike_repo *r,
		      git_object_t type, const void *data, size_t len,
		      struct pike_err *err)
{
	struct pike_span body = { data, len };
	char text[HEAD_MAX];
	struct pike_span head = { text, 0 };

	/* With the zero that ends it. */
	head.n = (size_t)snprintf(text, sizeof(text), "%s %zu",
				  git_object_type2string(type), len) +
		 1;
	if (pike_deflate_ready(r) ||
	    pike_deflate_add(out, r->deflate, type, &head, &body))
		return pike_fail(err, PIKE_FATAL, "cannot compress an object");
	return 0;
}

int pike_loose_write(struct pike_repo *r, const git_oid *id, git_object_t type,
		     const void *data, size_t len, struct pike_err *err)
{
	char *to = pike_loose_path(r, id), *from = NULL;
	const char *spool = pike_repo_spool(r, err);
	struct pike_buf b;
	int ret = PIKE_FATAL;

	pike_buf_init(&b, SIZE_MAX);
	if (!spool)
		goto out;
	from = pike_xasprintf("%s/object", spool);
	ret = pack_bytes(&b, r, type, data, len, err);
	if (!ret)
		ret = write_spooled(from, r->fsync, &b, err);
	if (!ret) {
		ret = move_in(r, from, to, err);
		if (ret)
			unlink(from);
	}
	pike_share_full(r, to);
	if (!ret)
		ret = pike_sync_dir_of(r, to, err);
out:
	pike_buf_release(&b);
	free(from);
	free(to);
	return ret;
}
