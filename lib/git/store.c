/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store: the object store that libgit2 sees: its own, behind a door.
 *
 * What one operation writes waits in memory, and is put on disk before a ref
 * names it: loose when it is little, as one pack when it is much, which is
 * several times as fast then.
 *
 * libgit2 never forgets a pack that was removed, keeps its file open, and
 * believes a multi-pack-index for as long as it has it. Whoever packs beside
 * us, a `git gc` or ourselves, would end our reading. So the store is opened
 * anew when the folder of packs has changed, and when a read fails for another
 * reason than that there is no such object.
 */
#include "git/place_priv.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <git2/sys/mempack.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	LOOSE_MAX = 32, /* objects; more become a pack */
	RACES_MAX = 100
};

struct door {
	git_odb_backend be; /* must be first */
	struct pike_repo *r;
};

static struct pike_repo *repo_of(git_odb_backend *be)
{
	return ((struct door *)be)->r;
}

/* When packs were last added or removed; zero: there is no such folder. */
static void packs_time(struct timespec *out, const struct pike_repo *r)
{
	char *path = pike_repo_path(r, "objects/pack");
	struct stat st;

	memset(out, 0, sizeof(*out));
	if (!stat(path, &st))
		*out = st.st_mtim;
	free(path);
}

static int open_disk(struct pike_repo *r)
{
	char *objects = pike_repo_path(r, "objects");
	const char *pushed = pike_quarantine();
	git_odb *disk = NULL;
	int rc;

	packs_time(&r->packs, r); /* before, as they may change meanwhile */
	rc = git_odb_open(&disk, objects);
	if (!rc && pushed)
		rc = git_odb_add_disk_alternate(disk, pushed);
	if (!rc) {
		git_odb_free(r->disk);
		r->disk = disk;
	} else {
		git_odb_free(disk);
	}
	free(objects);
	return rc;
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

/* Of a partial clone: git fetches what it is asked for, as promised. Asked once
 * for what is not there. */
static bool fetched(struct pike_repo *r, const git_oid *id)
{
	struct pike_strs args = PIKE_STRS_INIT;
	char hex[GIT_OID_HEXSZ + 1];
	bool yes = false;

	git_oid_tostr(hex, sizeof(hex), id);
	if (!r->partial || pike_strs_has(&r->absent, hex))
		return false;
	pike_strs_push(&args, "cat-file");
	pike_strs_push(&args, "-e");
	pike_strs_push(&args, hex);
	yes = !pike_git_run(NULL, r, &args, NULL, NULL) && !open_disk(r);
	if (!yes)
		pike_strs_push(&r->absent, hex);
	pike_strs_release(&args);
	return yes;
}

static int door_read(void **out, size_t *len, git_object_t *type,
		     git_odb_backend *be, const git_oid *id)
{
	struct pike_repo *r = repo_of(be);
	int rc = r->memory->read(out, len, type, r->memory, id);

	if (rc == GIT_ENOTFOUND)
		rc = read_parts(out, len, type, r->disk, id);
	if (rc == GIT_ENOTFOUND && !(rc = git_odb_refresh(r->disk)))
		rc = read_parts(out, len, type, r->disk, id);
	if ((rc == GIT_ENOTFOUND && fetched(r, id)) ||
	    (rc && rc != GIT_ENOTFOUND && !(rc = open_disk(r))))
		rc = read_parts(out, len, type, r->disk, id);
	return rc;
}

static int door_read_prefix(git_oid *full, void **out, size_t *len,
			    git_object_t *type, git_odb_backend *be,
			    const git_oid *id, size_t digits)
{
	int rc = git_odb_exists_prefix(full, repo_of(be)->disk, id, digits);

	return rc ? rc : door_read(out, len, type, be, full);
}

static int door_header(size_t *len, git_object_t *type, git_odb_backend *be,
		       const git_oid *id)
{
	struct pike_repo *r = repo_of(be);
	int rc = r->memory->read_header(len, type, r->memory, id);

	if (rc == GIT_ENOTFOUND)
		rc = git_odb_read_header(len, type, r->disk, id);
	if ((rc == GIT_ENOTFOUND && fetched(r, id)) ||
	    (rc && rc != GIT_ENOTFOUND && !(rc = open_disk(r))))
		rc = git_odb_read_header(len, type, r->disk, id);
	return rc;
}

static int door_exists(git_odb_backend *be, const git_oid *id)
{
	const struct pike_repo *r = repo_of(be);

	return r->memory->exists(r->memory, id) || git_odb_exists(r->disk, id);
}

static int door_exists_prefix(git_oid *full, git_odb_backend *be,
			      const git_oid *id, size_t digits)
{
	return git_odb_exists_prefix(full, repo_of(be)->disk, id, digits);
}

static int door_foreach(git_odb_backend *be, git_odb_foreach_cb cb, void *ctx)
{
	return git_odb_foreach(repo_of(be)->disk, cb, ctx);
}

/* Asked before each write: what is there gets a new time, so that a `git gc`
 * does not take it for old. Its parts are asked one by one, since libgit2 lists
 * the folder of packs again for every object that is new. */
static int door_freshen(git_odb_backend *be, const git_oid *id)
{
	const struct pike_repo *r = repo_of(be);
	int rc = r->memory->exists(r->memory, id) ? 0 : GIT_ENOTFOUND;

	for (size_t i = 0; rc && i < git_odb_num_backends(r->disk); i++) {
		git_odb_backend *part;

		rc = git_odb_get_backend(&part, r->disk, i);
		if (!rc)
			rc = part->freshen ? part->freshen(part, id)
					   : GIT_ENOTFOUND;
	}
	return rc;
}

static int door_write(git_odb_backend *be, const git_oid *id, const void *data,
		      size_t len, git_object_t type)
{
	struct pike_repo *r = repo_of(be);

	PIKE_GROW(r->waiting, r->nwaiting, r->waiting_cap);
	r->waiting[r->nwaiting++] = *id;
	return r->memory->write(r->memory, id, data, len, type);
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
	d->be.write = door_write;
	d->be.exists = door_exists;
	d->be.exists_prefix = door_exists_prefix;
	d->be.foreach = door_foreach;
	d->be.freshen = door_freshen;
	d->be.free = door_free;
	return &d->be;
}

static int cannot_open(const struct pike_repo *r, int rc, struct pike_err *err)
{
	return pike_git_fail(err, PIKE_FATAL, rc,
			     "cannot open the object store of '%s'",
			     r->commondir);
}

int pike_store_check(struct pike_repo *r, struct pike_err *err)
{
	struct timespec now;
	int rc = 0;

	packs_time(&now, r);
	if (now.tv_sec != r->packs.tv_sec || now.tv_nsec != r->packs.tv_nsec)
		rc = open_disk(r);
	return rc ? cannot_open(r, rc, err) : 0;
}

int pike_store_open(struct pike_repo *r, struct pike_err *err)
{
	int rc = open_disk(r);

	if (!rc)
		rc = git_mempack_new(&r->memory);
	if (!rc)
		rc = git_odb_new(&r->odb);
	if (!rc)
		rc = git_odb_add_backend(r->odb, door_new(r), 1);
	if (!rc)
		rc = git_repository_set_odb(r->g, r->odb);
	return rc ? cannot_open(r, rc, err) : 0;
}

void pike_store_close(struct pike_repo *r)
{
	pike_store_named(r);
	git_odb_free(r->disk);
	if (r->memory)
		r->memory->free(r->memory);
	free(r->waiting);
}

/* ---- to disk ---- */

static void share_loose(const struct pike_repo *r, const git_oid *id)
{
	char hex[GIT_OID_HEXSZ + 1], *path;

	git_oid_tostr(hex, sizeof(hex), id);
	path = pike_xasprintf("objects/%.2s/%s", hex, hex + 2);
	pike_share(r, path);
	free(path);
}

static int write_loose(struct pike_repo *r, git_odb_backend *loose,
		       const git_oid *id)
{
	git_object_t type;
	size_t len;
	void *data;
	int rc = r->memory->read(&data, &len, &type, r->memory, id);

	if (rc)
		return rc;
	rc = loose->write(loose, id, data, len, type);
	/* Whoever packs removes the folders that are empty then, perhaps the
	 * one that was just made. */
	for (int i = 0; rc && pike_git_gone() && i < RACES_MAX; i++)
		rc = loose->write(loose, id, data, len, type);
	if (!rc && r->shared)
		share_loose(r, id);
	git_odb_backend_data_free(r->memory, data);
	return rc;
}

static int flush_loose(struct pike_repo *r)
{
	git_odb_backend *loose;
	int rc = git_odb_get_backend(&loose, r->disk, 0);

	/* The first that can: of loose objects, and not of an alternate. */
	for (size_t i = 1; !rc && !loose->write; i++)
		rc = git_odb_get_backend(&loose, r->disk, i);
	for (size_t i = 0; !rc && i < r->nwaiting; i++)
		rc = write_loose(r, loose, &r->waiting[i]);
	return rc;
}

/* As libgit2 tells of what the system refuses. */
static int refused(const char *path)
{
	char *text = pike_xasprintf("'%s': %s", path, strerror(errno));

	git_error_set_str(GIT_ERROR_OS, text);
	free(text);
	return GIT_ERROR;
}

/* In the order in which git may see them: what keeps it, the pack, and last
 * the index, without which a pack is none. */
static int move_pack(struct pike_repo *r, const char *from, const char *name)
{
	static const char *const ext[] = { "keep", "pack", "idx" };
	int rc = 0;

	for (size_t i = 0; !rc && i < PIKE_ARRAY_LEN(ext); i++) {
		char *old = pike_xasprintf("%s/pack-%s.%s", from, name, ext[i]);
		char *rel =
		    pike_xasprintf("objects/pack/pack-%s.%s", name, ext[i]);
		char *to = pike_repo_path(r, rel);

		rc = rename(old, to) ? refused(to) : 0;
		pike_share(r, rel);
		if (!rc && !i)
			pike_strs_push(&r->kept, to);
		free(to);
		free(rel);
		free(old);
	}
	return rc;
}

static int sync_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 || fsync(fd) ? refused(path) : 0;

	if (fd >= 0)
		close(fd);
	return rc;
}

/* git-index-pack(1), --keep: until a ref names what is in it, a `git repack
 * -ad` beside us would remove it. */
static int write_keep(const char *dir, const char *name)
{
	char *path = pike_xasprintf("%s/pack-%s.keep", dir, name);
	char *text = pike_xasprintf(PIKE_KEEP "%ld\n", (long)getpid());
	int rc =
	    pike_write_file(path, text, strlen(text), NULL) ? refused(path) : 0;

	free(text);
	free(path);
	return rc;
}

static int build_pack(git_packbuilder *pb, struct pike_repo *r, const char *dir)
{
	int rc = 0;

	git_packbuilder_set_threads(pb, 1);
	for (size_t i = 0; !rc && i < r->nwaiting; i++)
		rc = git_packbuilder_insert(pb, &r->waiting[i], NULL);
	if (!rc)
		rc = git_packbuilder_write(pb, dir, 0, NULL, NULL);
	if (!rc)
		rc = write_keep(dir, git_packbuilder_name(pb));
	if (!rc)
		rc = move_pack(r, dir, git_packbuilder_name(pb));
	return rc;
}

static int flush_pack(struct pike_repo *r)
{
	char *dir = pike_repo_path(r, "objects/" PIKE_TEMP_DIR "XXXXXX");
	char *packs = pike_repo_path(r, "objects/pack");
	git_packbuilder *pb = NULL;
	int rc = mkdtemp(dir) ? git_packbuilder_new(&pb, r->g) : refused(dir);

	if (!rc)
		rc = build_pack(pb, r, dir);
	if (!rc && r->fsync)
		rc = sync_dir(packs);
	if (!rc)
		rc = git_odb_refresh(r->disk);
	packs_time(&r->packs, r);
	git_packbuilder_free(pb);
	pike_rm_rf(dir, NULL);
	free(packs);
	free(dir);
	return rc;
}

void pike_store_named(struct pike_repo *r)
{
	for (size_t i = 0; i < r->kept.n; i++)
		unlink(r->kept.v[i]);
	pike_strs_release(&r->kept);
}

int pike_store_flush(struct pike_repo *r, struct pike_err *err)
{
	bool pack = r->nwaiting > LOOSE_MAX && !r->precious;
	int rc = pack ? flush_pack(r) : flush_loose(r);

	if (rc)
		return pike_git_fail(err, PIKE_FATAL, rc,
				     "cannot write objects to '%sobjects'",
				     r->commondir);
	r->written += r->nwaiting;
	r->nwaiting = 0;
	git_mempack_reset(r->memory);
	return 0;
}

/* ---- objects that are only named ---- */

int pike_naming_open(struct pike_naming *n, struct pike_err *err)
{
	int rc = git_odb_new(&n->odb);

	if (!rc)
		rc = git_mempack_new(&n->memory);
	if (!rc)
		rc = git_odb_add_backend(n->odb, n->memory, 1);
	if (!rc)
		rc = git_repository_wrap_odb(&n->g, n->odb);
	return rc ? pike_git_fail(err, PIKE_FATAL, rc,
				  "cannot make a store in memory")
		  : 0;
}

void pike_naming_forget(struct pike_naming *n)
{
	git_mempack_reset(n->memory);
}

void pike_naming_close(struct pike_naming *n)
{
	git_repository_free(n->g);
	git_odb_free(n->odb);
}
