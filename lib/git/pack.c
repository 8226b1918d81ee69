/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack: keeps the store small and look-ups flat, by the git program.
 *
 * `git repack --geometric` (git-repack(1)) rolls loose objects and small packs
 * up, so that each pack has at least twice as many objects as the next smaller
 * one: their number grows with the logarithm of the objects. git knows of
 * multi-pack-indexes, kept packs and alternates, and removes a pack when what
 * it held is in another.
 *
 * Two packers must not meet. The lock goes on to the git program: where this
 * process is killed, it holds until that one has ended.
 */
#include "git/search_priv.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	/* Objects. git also removes the folders of loose ones that are empty
	 * then, and to make them again is most of what the next ones cost. */
	WORTH_MIN = 1500,
	/* `git repack` walks all commits, however few objects it packs (0.7 s
	 * for 100,000): a large repository waits for more of them. */
	WORTH_SHARE = 128,
	WORTH_MAX = 12000,
	LOOSE_MAX = 6000, /* any git command packs from 6,700 on (gc.auto) */
	INDEX_ENTRY = 28, /* bytes for an object, gitformat-pack(5) */
	GC_STALE_S = 12 * 3600, /* as git gc has it for its own gc.pid */
};

#define PACK_KEPT (256ll << 20) /* bytes: larger ones are not written again */

/* "PID HOST", of a process of this machine that has ended? */
static bool is_dead(const char *path)
{
	char host[256] = "", its_host[256] = "";
	struct pike_buf b;
	long pid = 0;
	bool dead;

	pike_buf_init(&b, 4096);
	gethostname(host, sizeof(host) - 1);
	dead = !pike_read_file(&b, path, NULL) &&
	       sscanf(b.s, "%ld %255s", &pid, its_host) == 2 && pid > 0 &&
	       !strcmp(host, its_host) && kill((pid_t)pid, 0) && errno == ESRCH;
	pike_buf_release(&b);
	return dead;
}

/* Is a `git gc` or `git maintenance` of the user's at work? */
static bool others_pack(const struct pike_repo *r)
{
	static const char *const signs[] = { "gc.pid",
					     "objects/maintenance.lock" };
	bool yes = false;

	for (size_t i = 0; !yes && i < PIKE_ARRAY_LEN(signs); i++) {
		char *path = pike_repo_path(r, signs[i]);
		struct stat st;

		yes = !stat(path, &st) &&
		      time(NULL) - st.st_mtime < GC_STALE_S && !is_dead(path);
		free(path);
	}
	return yes;
}

static void keep_large(struct pike_strs *args, const struct pike_repo *r)
{
	char *dir = pike_repo_path(r, "objects/pack");
	DIR *d = opendir(dir);
	const struct dirent *e;
	struct stat st;

	while (d && (e = readdir(d)))
		if (pike_ends_with(e->d_name, ".pack") &&
		    !fstatat(dirfd(d), e->d_name, &st, 0) &&
		    st.st_size > PACK_KEPT)
			pike_strs_pushf(args, "--keep-pack=%s", e->d_name);
	if (d)
		closedir(d);
	free(dir);
}

static int repack(struct pike_repo *r, bool full, struct pike_err *err)
{
	static const char *const common[] = { "repack",
					      "--threads=1",
					      "-d",
					      "-l",
					      "-q",
					      "-n",
					      "--no-write-bitmap-index" };
	struct pike_strs args = PIKE_STRS_INIT;
	int ret;

	for (size_t i = 0; i < PIKE_ARRAY_LEN(common); i++)
		pike_strs_push(&args, common[i]);
	if (full) {
		/* What nothing names yet may be about to be named. */
		pike_strs_push(&args, "-a");
		pike_strs_push(&args, "--keep-unreachable");
	} else {
		pike_strs_push(&args, "--geometric=2");
		keep_large(&args, r);
	}
	ret = pike_git_run(NULL, r, &args, NULL, err);
	pike_strs_release(&args);
	return ret == 1 ? pike_fail(err, PIKE_FAILED,
				    "packing needs the git program; install it")
			: ret;
}

int pike_repo_pack(struct pike_repo *r, bool full, struct pike_err *err)
{
	char *path = pike_repo_path(r, "pike-pack.lock");
	int fd, ret = 1;

	if (!r->precious && !others_pack(r))
		ret = pike_flock(&fd, path, 0, err);
	if (!ret) {
		pike_share_full(r, path);
		fcntl(fd, F_SETFD, 0);
		ret = repack(r, full, err);
		close(fd);
	} else if (ret == PIKE_RETRY) {
		ret = 1; /* another of ours does it */
	}
	if (!ret)
		r->written = 0;
	free(path);
	return ret ? ret : pike_store_check(r, err);
}

/* By one folder of 256, as `git gc --auto` reckons: others of ours, each of
 * which wrote little, count as well. */
static size_t loose(const struct pike_repo *r)
{
	char *dir = pike_repo_path(r, "objects/17");
	DIR *d = opendir(dir);
	size_t n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	free(dir);
	return n > 2 ? (n - 2) * 256 : 0;
}

static size_t packed(const struct pike_repo *r)
{
	char *dir = pike_repo_path(r, "objects/pack");
	DIR *d = opendir(dir);
	const struct dirent *e;
	off_t bytes = 0;
	struct stat st;

	while (d && (e = readdir(d)))
		if (pike_ends_with(e->d_name, ".idx") &&
		    !fstatat(dirfd(d), e->d_name, &st, 0))
			bytes += st.st_size;
	if (d)
		closedir(d);
	free(dir);
	return (size_t)bytes / INDEX_ENTRY;
}

static bool is_worth(const struct pike_repo *r)
{
	size_t lying = loose(r);
	size_t n = lying > r->written ? lying : r->written;

	if (n < WORTH_MIN)
		return false;
	return lying >= LOOSE_MAX || n >= WORTH_MAX ||
	       n >= packed(r) / WORTH_SHARE;
}

void pike_pack_if_worth(struct pike_repo *r)
{
	struct pike_err err = PIKE_ERR_INIT;

	if (!is_worth(r))
		return;
	if (pike_repo_pack(r, false, &err) >= 0)
		return;
	if (!r->pack_failed)
		pike_warn("objects were not packed: %s", err.text);
	r->pack_failed = true;
}
