/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refs: compare and swap of one ref, and the lock files that are in its way.
 *
 * Every process of ours moves refs under one flock. A lock file of our own
 * namespaces that stays there although we hold that flock was left by a dead
 * process, and is removed.
 */
#include "git/notes_priv.h"
#include "git/place_priv.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <git2/sys/refs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	LOCK_WAIT_MS = 60000,
	STALE_MS = 1000,
	GIVE_UP_MS = 10000,
	RACES_MAX = 100,
	LIST_TRIES = 10,
	PACKED_MAX = 64 << 20 /* bytes of packed refs */
};

static void sleep_ms(unsigned ms)
{
	const struct timespec ts = { .tv_sec = ms / 1000,
				     .tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&ts, NULL);
}

void pike_jitter(int attempt)
{
	uint64_t r;
	unsigned most = 4u << (attempt < 6 ? attempt : 6);

	pike_random_bytes(&r, sizeof(r));
	sleep_ms(1 + (unsigned)(r % most));
}

/* Of somebody else, or mounted so. */
static int refuse_read_only(const struct pike_repo *r, struct pike_err *err)
{
	return pike_fail(err, PIKE_FATAL,
			 "cannot write to the repository '%s': %s; work in a "
			 "clone of your own",
			 r->commondir, strerror(errno));
}

int pike_repo_lock(int *out_fd, struct pike_repo *r, struct pike_err *err)
{
	char *path = pike_repo_path(r, "pike.lock");
	int ret = pike_flock(out_fd, path, LOCK_WAIT_MS, err);

	free(path);
	if (ret && (errno == EACCES || errno == EROFS || errno == EPERM))
		return refuse_read_only(r, err);
	pike_share(r, "pike.lock");
	if (!ret && (ret = pike_store_check(r, err)))
		close(*out_fd);
	return ret;
}

static bool is_ours(const char *name)
{
	return pike_starts_with(name, "refs/pike/") ||
	       pike_starts_with(name, "refs/heads/pike/") ||
	       pike_starts_with(name, "refs/notes/pike/");
}

/* A lock file that we wait for: the same one all the time? */
struct blocker {
	char *path;
	struct stat first;
	int64_t since;
};

static void blocker_watch(struct blocker *b, const struct pike_repo *r,
			  const char *name)
{
	struct stat st;

	if (!b->path) {
		char *rel = pike_xasprintf("%s.lock", name);

		b->path = pike_repo_path(r, rel);
		free(rel);
	}
	if (stat(b->path, &st)) {
		b->since = 0;
		return;
	}
	if (!b->since || st.st_ino != b->first.st_ino ||
	    st.st_mtim.tv_sec != b->first.st_mtim.tv_sec ||
	    st.st_mtim.tv_nsec != b->first.st_mtim.tv_nsec) {
		b->first = st;
		b->since = pike_now_ns();
	}
	if (is_ours(name) &&
	    pike_now_ns() - b->since > (int64_t)STALE_MS * 1000000) {
		pike_warn("removing '%s', left by a process that was killed",
			  b->path);
		unlink(b->path);
		b->since = 0;
	}
}

static int try_move(struct pike_repo *r, const char *name, const git_oid *to,
		    const git_oid *from, const char *why)
{
	git_reference *ref = NULL;
	int rc = git_reference_create_matching(&ref, r->g, name, to,
					       from != NULL, from, why);

	git_reference_free(ref);
	return rc;
}

static int moved(struct pike_err *err, const char *name)
{
	return pike_fail(err, PIKE_RETRY, "'%s' was moved by another process",
			 name);
}

/* A change of a ref, tried again while something passing is in its way. */
struct attempt {
	struct pike_repo *r;
	const char *name;
	const git_oid *was; /* NULL: must not exist */
	struct blocker b;
	int64_t start;
	int races;
};

static bool out_of_time(const struct attempt *a)
{
	return pike_now_ns() - a->start > (int64_t)GIVE_UP_MS * 1000000;
}

static bool is_as_it_was(const struct attempt *a)
{
	git_oid now;
	int ret = pike_ref_read(&now, a->r, a->name, NULL);

	return a->was ? !ret && git_oid_equal(&now, a->was) : ret == 1;
}

/* Whoever packs refs removes the folders that are empty then, perhaps that in
 * which the lock was just to be made. git makes the folder again, and so does
 * another attempt. */
static bool lost_folder(struct attempt *a, int rc)
{
	const git_error *e = git_error_last();
	bool gone = e && e->klass == GIT_ERROR_OS && e->message &&
		    strstr(e->message, strerror(ENOENT));

	return (gone || rc == GIT_ENOTFOUND) && a->races++ < RACES_MAX &&
	       is_as_it_was(a);
}

static bool is_moved(int rc)
{
	return rc == GIT_EMODIFIED || rc == GIT_EEXISTS || rc == GIT_ENOTFOUND;
}

static int judge_locked(struct attempt *a, struct pike_err *err)
{
	blocker_watch(&a->b, a->r, a->name);
	if (!out_of_time(a))
		return 1;
	return pike_git_fail(err, PIKE_RETRY, GIT_ELOCKED,
			     "'%s' stays locked; if no git process runs, "
			     "remove '%s'",
			     a->name, a->b.path);
}

/* What an attempt came to: 0, an error, or 1 to go on. */
static int judge(struct attempt *a, int rc, struct pike_err *err)
{
	struct pike_err why = PIKE_ERR_INIT;
	int ret;

	if (!rc || rc == GIT_ELOCKED)
		return rc ? judge_locked(a, err) : 0;
	/* Before others of libgit2's are asked, which say something else. */
	pike_git_fail(&why, PIKE_FATAL, rc, "cannot move '%s'", a->name);
	if (lost_folder(a, rc))
		return 1;
	ret = rc == GIT_EMODIFIED ? 0 : pike_ref_blocked(a->r, a->name, err);
	if (ret)
		return ret;
	return is_moved(rc) ? moved(err, a->name)
			    : pike_fail(err, PIKE_FATAL, "%s", why.text);
}

static void attempt_init(struct attempt *a, struct pike_repo *r,
			 const char *name, const git_oid *was)
{
	*a = (struct attempt){
		.r = r, .name = name, .was = was, .start = pike_now_ns()
	};
}

/* The ref, its log, and what a deletion has written again. */
static void share_ref(const struct pike_repo *r, const char *name)
{
	char *log = pike_xasprintf("logs/%s", name);

	pike_share(r, name);
	pike_share(r, log);
	pike_share(r, "packed-refs");
	free(log);
}

int pike_ref_move(struct pike_repo *r, const char *name, const git_oid *to,
		  const git_oid *from, const char *why, struct pike_err *err)
{
	struct attempt a;
	int ret = pike_staging_flush(r, err);

	attempt_init(&a, r, name, from);
	for (int i = 0; !ret; i++) {
		ret = judge(&a, try_move(r, name, to, from, why), err);
		if (ret <= 0)
			break;
		pike_jitter(a.races ? 0 : i);
		ret = 0;
	}
	if (!ret)
		share_ref(r, name);
	free(a.b.path);
	return ret;
}

static int try_delete(struct pike_repo *r, const char *name, const git_oid *was)
{
	git_reference *ref = NULL;
	int rc = git_reference_lookup(&ref, r->g, name);

	if (rc == GIT_ENOTFOUND)
		return 0;
	if (!rc && (git_reference_type(ref) != GIT_REFERENCE_DIRECT ||
		    !git_oid_equal(git_reference_target(ref), was)))
		rc = GIT_EMODIFIED;
	/* Compares again with what was just read, under the ref's lock. */
	if (!rc)
		rc = git_reference_delete(ref);
	git_reference_free(ref);
	return rc;
}

int pike_ref_delete(struct pike_repo *r, const char *name, const git_oid *was,
		    struct pike_err *err)
{
	struct attempt a;
	int ret = 0;

	attempt_init(&a, r, name, was);
	for (int i = 0;; i++) {
		ret = judge(&a, try_delete(r, name, was), err);
		if (ret <= 0)
			break;
		pike_jitter(a.races ? 0 : i);
	}
	if (!ret)
		share_ref(r, name);
	free(a.b.path);
	return ret;
}

/* The file of a ref of ours that is loose, which hides a packed one. Anything
 * but an id, and no file, is left to libgit2: it takes several times as long,
 * and refs are read for each candidate many times. */
static bool read_loose(git_oid *out, const struct pike_repo *r,
		       const char *name)
{
	char *path = pike_repo_path(r, name), s[GIT_OID_HEXSZ + 2];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, s, sizeof(s));

	if (fd >= 0)
		close(fd);
	free(path);
	return n == GIT_OID_HEXSZ + 1 && s[GIT_OID_HEXSZ] == '\n' &&
	       !git_oid_fromstrn(out, s, GIT_OID_HEXSZ);
}

int pike_ref_read(git_oid *out, struct pike_repo *r, const char *name,
		  struct pike_err *err)
{
	int rc;

	if (is_ours(name) && read_loose(out, r, name))
		return 0;
	rc = git_reference_name_to_id(out, r->g, name);
	if (rc == GIT_ENOTFOUND)
		return 1;
	return rc ? pike_git_fail(err, PIKE_FATAL, rc, "cannot read '%s'", name)
		  : 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* ---- the inboxes ---- */

/* Does the file of packed refs name no inbox? It is read again when it is
 * another file. */
static bool none_packed(struct pike_repo *r)
{
	char *path = pike_repo_path(r, "packed-refs");
	struct pike_buf b;
	struct stat st;
	bool none = false;

	pike_buf_init(&b, PACKED_MAX);
	if (stat(path, &st)) {
		none = errno == ENOENT;
	} else if (st.st_ino == r->packed.st_ino &&
		   st.st_size == r->packed.st_size &&
		   st.st_mtim.tv_sec == r->packed.st_mtim.tv_sec &&
		   st.st_mtim.tv_nsec == r->packed.st_mtim.tv_nsec) {
		none = true;
	} else if (!pike_read_file(&b, path, NULL) &&
		   !memmem(b.s, b.len, PIKE_NOTES_INBOX,
			   strlen(PIKE_NOTES_INBOX))) {
		r->packed = st;
		none = true;
	}
	pike_buf_release(&b);
	free(path);
	return none;
}

/* False: there is something among them that only libgit2 understands. */
static bool list_loose(struct pike_strs *out, const struct pike_repo *r)
{
	char *path = pike_repo_path(r, PIKE_NOTES_INBOX);
	DIR *d = opendir(path);
	const struct dirent *e;
	bool plain = d || errno == ENOENT;

	while (plain && d && (e = readdir(d))) {
		char *name;
		git_oid id;

		if (e->d_name[0] == '.' || pike_ends_with(e->d_name, ".lock"))
			continue;
		name = pike_xasprintf(PIKE_NOTES_INBOX "%s", e->d_name);
		plain = read_loose(&id, r, name);
		if (plain)
			pike_strs_push(out, name);
		free(name);
	}
	if (d)
		closedir(d);
	free(path);
	return plain;
}

/* Loose ones first: a ref that is packed meanwhile is seen packed. */
static bool list_inboxes(struct pike_strs *out, struct pike_repo *r)
{
	struct pike_strs l = PIKE_STRS_INIT;
	bool all = list_loose(&l, r) && none_packed(r);

	for (size_t i = 0; all && i < l.n; i++)
		pike_strs_push(out, l.v[i]);
	pike_strs_release(&l);
	return all;
}

static int try_list(struct pike_strs *out, struct pike_repo *r,
		    const char *glob)
{
	git_reference_iterator *it = NULL;
	const char *name;
	int rc = git_reference_iterator_glob_new(&it, r->g, glob);

	while (!rc && !(rc = git_reference_next_name(&name, it)))
		pike_strs_push(out, name);
	git_reference_iterator_free(it);
	return rc;
}

static int list_any(struct pike_strs *out, struct pike_repo *r,
		    const char *prefix, struct pike_err *err)
{
	char *glob = pike_xasprintf("%s*", prefix);
	size_t start = out->n;
	int rc = try_list(out, r, glob);

	/* A folder that was listed may be gone, as refs are packed. */
	for (int i = 0; rc != GIT_ITEROVER && i < LIST_TRIES; i++) {
		while (out->n > start)
			free(out->v[--out->n]);
		pike_jitter(i);
		rc = try_list(out, r, glob);
	}
	free(glob);
	return rc == GIT_ITEROVER
		   ? 0
		   : pike_git_fail(err, PIKE_FATAL, rc,
				   "cannot list the refs '%s*'", prefix);
}

int pike_ref_list(struct pike_strs *out, struct pike_repo *r,
		  const char *prefix, struct pike_err *err)
{
	size_t start = out->n;
	int ret = 0;

	if (strcmp(prefix, PIKE_NOTES_INBOX) != 0 || !list_inboxes(out, r))
		ret = list_any(out, r, prefix, err);
	if (!ret && out->n > start)
		qsort(out->v + start, out->n - start, sizeof(*out->v), by_name);
	return ret;
}
