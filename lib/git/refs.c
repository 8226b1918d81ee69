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
	LIST_TRIES = 10
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
	const git_oid *to;  /* NULL: it is deleted */
	const char *why;
	struct blocker b;
	int64_t start;
	bool raced;
};

static bool out_of_time(const struct attempt *a)
{
	return pike_now_ns() - a->start > (int64_t)GIVE_UP_MS * 1000000;
}

static bool is_as_it_was(const struct attempt *a)
{
	git_oid now;
	int ret = pike_ref_read(&now, a->r, a->name, NULL);

	/* To read it may have met the same folder. */
	if (ret < 0)
		return true;
	return a->was ? !ret && git_oid_equal(&now, a->was) : ret == 1;
}

/* Whoever packs refs removes the folders that are empty then, perhaps that in
 * which the lock was just to be made. git makes the folder again, and so does
 * another attempt. */
static bool lost_folder(struct attempt *a, int rc)
{
	bool lost = (pike_git_gone() || rc == GIT_ENOTFOUND) &&
		    !out_of_time(a) && is_as_it_was(a);

	a->raced = a->raced || lost;
	return lost;
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

static int try_move(const struct attempt *a)
{
	git_reference *ref = NULL;
	int rc = git_reference_create_matching(&ref, a->r->g, a->name, a->to,
					       a->was != NULL, a->was, a->why);

	git_reference_free(ref);
	return rc;
}

/* GIT_ENOTFOUND; GIT_EMODIFIED: it is another than it was. */
static int look_up(git_reference **out, const struct attempt *a)
{
	int rc = git_reference_lookup(out, a->r->g, a->name);

	if (!rc && (git_reference_type(*out) != GIT_REFERENCE_DIRECT ||
		    !git_oid_equal(git_reference_target(*out), a->was)))
		rc = GIT_EMODIFIED;
	return rc;
}

/* What git's refusal comes to: as libgit2 says it. */
static int refused(const struct attempt *a, const struct pike_err *why)
{
	const char *const names[] = { a->name, "packed-refs" };
	git_reference *ref = NULL;
	int rc = look_up(&ref, a);

	git_reference_free(ref);
	for (size_t i = 0; !rc && i < PIKE_ARRAY_LEN(names); i++) {
		char *rel = pike_xasprintf("%s.lock", names[i]);
		char *path = pike_repo_path(a->r, rel);

		if (!access(path, F_OK))
			rc = GIT_ELOCKED;
		free(path);
		free(rel);
	}
	if (rc)
		return rc;
	git_error_set_str(GIT_ERROR_REFERENCE, why->text);
	return GIT_ERROR;
}

/* By git, which locks the file of packed refs before it reads it. libgit2 1.5
 * reads, then locks and writes what it has read: refs that somebody
 * packed in between, whoever's they are, would be gone. */
static int delete_now(const struct attempt *a, git_reference *ref)
{
	struct pike_strs args = PIKE_STRS_INIT;
	struct pike_err why = PIKE_ERR_INIT;
	char hex[GIT_OID_HEXSZ + 1];
	int ret;

	git_oid_tostr(hex, sizeof(hex), a->was);
	pike_strs_push(&args, "update-ref");
	pike_strs_push(&args, "--no-deref");
	pike_strs_push(&args, "-d");
	pike_strs_push(&args, a->name);
	pike_strs_push(&args, hex);
	ret = pike_git_run(NULL, a->r, &args, NULL, &why);
	pike_strs_release(&args);
	if (ret == 1) /* there is no git */
		return git_reference_delete(ref);
	return ret ? refused(a, &why) : 0;
}

static int try_delete(const struct attempt *a)
{
	git_reference *ref = NULL;
	int rc = look_up(&ref, a);

	if (!rc)
		rc = delete_now(a, ref);
	git_reference_free(ref);
	return rc == GIT_ENOTFOUND ? 0 : rc;
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

static int change(struct attempt *a, struct pike_err *err)
{
	int ret = 1;

	a->start = pike_now_ns();
	for (int i = 0; ret > 0; i++) {
		ret = judge(a, a->to ? try_move(a) : try_delete(a), err);
		if (ret > 0)
			pike_jitter(a->raced ? 0 : i);
	}
	if (!ret)
		share_ref(a->r, a->name);
	free(a->b.path);
	return ret;
}

int pike_ref_move(struct pike_repo *r, const char *name, const git_oid *to,
		  const git_oid *from, const char *why, struct pike_err *err)
{
	struct attempt a = {
		.r = r, .name = name, .was = from, .to = to, .why = why
	};

	int ret = pike_store_flush(r, err);

	return ret ? ret : change(&a, err);
}

int pike_ref_delete(struct pike_repo *r, const char *name, const git_oid *was,
		    struct pike_err *err)
{
	struct attempt a = { .r = r, .name = name, .was = was };

	return change(&a, err);
}

int pike_ref_read(git_oid *out, struct pike_repo *r, const char *name,
		  struct pike_err *err)
{
	int rc = git_reference_name_to_id(out, r->g, name);

	if (rc == GIT_ENOTFOUND)
		return 1;
	return rc ? pike_git_fail(err, PIKE_FATAL, rc, "cannot read '%s'", name)
		  : 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
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

/* Which file of packed refs there is; zeros: none. */
static void packed_now(struct stat *out, const struct pike_repo *r)
{
	char *path = pike_repo_path(r, "packed-refs");

	if (stat(path, out))
		memset(out, 0, sizeof(*out));
	free(path);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

int pike_ref_list(struct pike_strs *out, struct pike_repo *r,
		  const char *prefix, struct pike_err *err)
{
	char *glob = pike_xasprintf("%s*", prefix);
	size_t start = out->n;
	int rc = 0;

	/* Refs that are packed meanwhile are neither seen loose nor packed, or
	 * a folder that was listed is gone. */
	for (int i = 0; i < LIST_TRIES; i++) {
		struct stat before, after;

		while (out->n > start)
			free(out->v[--out->n]);
		if (i)
			pike_jitter(i);
		packed_now(&before, r);
		rc = try_list(out, r, glob);
		packed_now(&after, r);
		if (rc == GIT_ITEROVER && same_file(&before, &after))
			break;
	}
	free(glob);
	if (rc != GIT_ITEROVER)
		return pike_git_fail(err, PIKE_FATAL, rc,
				     "cannot list the refs '%s*'", prefix);
	if (out->n > start)
		qsort(out->v + start, out->n - start, sizeof(*out->v), by_name);
	return 0;
}
