/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store: the object store that libgit2 sees: the stage in front, the disk
 * behind it through one door.
 *
 * libgit2 lists the pack folder again for every object that is written and
 * not there yet, and never forgets a pack that was removed. Behind the door
 * both are our decision: the disk is looked at again after a miss, and opened
 * anew when packs of ours were merged, by whichever process.
 */
#include "git/repo_priv.h"

#include "base/mem.h"

#include <git2/odb_backend.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <utime.h>

enum {
	FRONT = 999,
	BEHIND = 1
};

struct door {
	git_odb_backend be; /* must be first */
	struct pike_repo *r;
};

static git_odb *disk_of(git_odb_backend *be)
{
	return ((struct door *)be)->r->disk;
}

/* From the parts of the disk's odb, which would copy each object once more. */
static int read_parts(void **out, size_t *len, git_object_t *type,
		      git_odb *disk, const git_oid *id)
{
	int rc = GIT_ENOTFOUND;

	for (size_t i = 0; i < git_odb_num_backends(disk); i++) {
		git_odb_backend *part;

		rc = git_odb_get_backend(&part, disk, i);
		if (!rc)
			rc = part->read(out, len, type, part, id);
		if (rc != GIT_ENOTFOUND)
			break;
	}
	return rc;
}

static int door_read(void **out, size_t *len, git_object_t *type,
		     git_odb_backend *be, const git_oid *id)
{
	struct pike_repo *r = ((struct door *)be)->r;
	int rc = read_parts(out, len, type, r->disk, id);

	if (rc == GIT_ENOTFOUND && !(rc = git_odb_refresh(r->disk)))
		rc = read_parts(out, len, type, r->disk, id);
	if (!rc && *type == GIT_OBJECT_TREE)
		pike_staging_keep_tree(r->stage, id, *out, *len);
	return rc;
}

static int door_read_prefix(git_oid *full, void **out, size_t *len,
			    git_object_t *type, git_odb_backend *be,
			    const git_oid *id, size_t digits)
{
	int rc = git_odb_exists_prefix(full, disk_of(be), id, digits);

	return rc ? rc : door_read(out, len, type, be, full);
}

static int door_header(size_t *len, git_object_t *type, git_odb_backend *be,
		       const git_oid *id)
{
	return git_odb_read_header(len, type, disk_of(be), id);
}

static int door_exists(git_odb_backend *be, const git_oid *id)
{
	return git_odb_exists(disk_of(be), id);
}

static int door_exists_prefix(git_oid *full, git_odb_backend *be,
			      const git_oid *id, size_t digits)
{
	return git_odb_exists_prefix(full, disk_of(be), id, digits);
}

static int door_foreach(git_odb_backend *be, git_odb_foreach_cb cb, void *ctx)
{
	return git_odb_foreach(disk_of(be), cb, ctx);
}

/* Asked before each write: is it there? A loose file gets a new time, so that
 * a `git gc` does not take it for old. */
static int door_freshen(git_odb_backend *be, const git_oid *id)
{
	struct pike_repo *r = ((struct door *)be)->r;
	char *path;

	if (r->unasked ||
	    !git_odb_exists_ext(r->disk, id, GIT_ODB_LOOKUP_NO_REFRESH))
		return GIT_ENOTFOUND;
	path = pike_loose_path(r, id);
	utime(path, NULL);
	free(path);
	return 0;
}

static void door_free(git_odb_backend *be)
{
	free(be);
}

static git_odb_backend *door_new(struct pike_repo *r)
{
	struct door *d = pike_xcalloc(1, sizeof(*d));

	git_odb_init_backend(&d->be, GIT_ODB_BACKEND_VERSION);
	d->r = r;
	d->be.read = door_read;
	d->be.read_prefix = door_read_prefix;
	d->be.read_header = door_header;
	d->be.exists = door_exists;
	d->be.exists_prefix = door_exists_prefix;
	d->be.foreach = door_foreach;
	d->be.freshen = door_freshen;
	d->be.free = door_free;
	return &d->be;
}

static int open_disk(struct pike_repo *r, struct pike_err *err)
{
	char *objects = pike_repo_path(r, "objects");
	git_odb *disk = NULL;
	int rc = git_odb_open(&disk, objects);

	free(objects);
	if (rc)
		return pike_git_fail(err, PIKE_FATAL, rc,
				     "cannot open the object store of '%s'",
				     r->commondir);
	git_odb_free(r->disk);
	r->disk = disk;
	return 0;
}

/* The list of packs is replaced, not written over, when some were merged. */
static ino_t list_inode(const struct pike_repo *r)
{
	char *path = pike_repo_path(r, PIKE_PACK_LIST);
	struct stat st;
	bool there = !stat(path, &st);

	free(path);
	return there ? st.st_ino : 0;
}

int pike_store_check(struct pike_repo *r, struct pike_err *err)
{
	ino_t now = list_inode(r);

	if (now == r->packs_inode)
		return 0;
	r->packs_inode = now;
	return open_disk(r, err);
}

int pike_store_open(struct pike_repo *r, struct pike_err *err)
{
	git_odb_backend *front = NULL;
	char *objects = pike_repo_path(r, "objects");
	int rc = 0, ret = open_disk(r, err);

	r->packs_inode = list_inode(r);
	if (ret)
		goto out;
	pike_staging_new(&r->stage, &front);
	rc = git_odb_new(&r->odb);
	if (!rc)
		rc = git_odb_add_backend(r->odb, front, FRONT);
	if (!rc)
		rc = git_odb_add_backend(r->odb, door_new(r), BEHIND);
	if (!rc)
		rc = git_repository_set_odb(r->g, r->odb);
	if (rc)
		ret =
		    pike_git_fail(err, PIKE_FATAL, rc,
				  "cannot open the object store '%s'", objects);
out:
	free(objects);
	return ret;
}
