/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sweep: removes what killed processes left, when a repository is opened.
 *
 * Ref locks of our namespaces are ours alone to take while we hold pike.lock.
 * Temporary files of objects and packs have no owner that could be asked: one
 * that was not written to for an hour belongs to nobody, unless its name has
 * the id of a process that lives.
 */
#include "git/repo_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	LEFTOVER_S = 3600,
	ASKED_S = 60, /* where a person asks for it */
	DEPTH_MAX = 8
};

/* Where nobody but us takes locks, except git for a moment in a fetch. */
static const char *const spaces[] = {
	"refs/pike",	  "refs/heads/pike",	  "refs/notes/pike",
	"logs/refs/pike", "logs/refs/heads/pike", "logs/refs/notes/pike",
};

/* A second old, or gone after that second. */
static void sweep_lock(const char *path)
{
	const struct timespec tick = { .tv_nsec = 50 * 1000000 };
	struct stat first, st;

	if (lstat(path, &first) || !S_ISREG(first.st_mode))
		return;
	for (;;) {
		struct timespec now;

		clock_gettime(CLOCK_REALTIME, &now);
		if (lstat(path, &st) || st.st_ino != first.st_ino)
			return;
		/* A clock that was set back must not make us wait. */
		if (now.tv_sec < st.st_mtim.tv_sec ||
		    now.tv_sec > st.st_mtim.tv_sec + 1)
			break;
		nanosleep(&tick, NULL);
	}
	unlink(path);
}

static void sweep_locks(const struct pike_repo *r, const char *dir, int depth)
{
	char *path = pike_repo_path(r, dir);
	DIR *d = depth < DEPTH_MAX ? opendir(path) : NULL;
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		char *below;

		if (e->d_name[0] == '.')
			continue;
		below = pike_xasprintf("%s/%s", dir, e->d_name);
		if (e->d_type == DT_DIR) {
			sweep_locks(r, below, depth + 1);
		} else if (pike_ends_with(e->d_name, ".lock")) {
			char *full = pike_repo_path(r, below);

			sweep_lock(full);
			free(full);
		}
		free(below);
	}
	if (d)
		closedir(d);
	free(path);
}

static bool nobodys(const char *path, int age_s)
{
	struct stat st;

	return !lstat(path, &st) && S_ISREG(st.st_mode) &&
	       time(NULL) - st.st_mtime >= age_s;
}

/* ".tmp-PID-pack-..." of `git repack` */
static bool writer_lives(const char *name)
{
	long pid = 0;

	if (sscanf(name, ".tmp-%ld-", &pid) != 1 || pid <= 0)
		return false;
	return !kill((pid_t)pid, 0) || errno == EPERM;
}

/* Of libgit2 but for the last. */
static const struct {
	const char *dir, *prefix;
} temporary[] = {
	{ .dir = "objects", .prefix = "tmp_object_git2_" },
	{ .dir = "objects/pack", .prefix = "pack_git2_" },
	{ .dir = "objects/pack", .prefix = ".tmp-" },
};

static void sweep_temp(const struct pike_repo *r, size_t i, int age_s)
{
	char *path = pike_repo_path(r, temporary[i].dir);
	DIR *d = opendir(path);
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		char *file;

		if (!pike_starts_with(e->d_name, temporary[i].prefix) ||
		    writer_lives(e->d_name))
			continue;
		file = pike_xasprintf("%s/%s", path, e->d_name);
		if (nobodys(file, age_s))
			unlink(file);
		free(file);
	}
	if (d)
		closedir(d);
	free(path);
}

static int sweep(struct pike_repo *r, int age_s, struct pike_err *err)
{
	int fd, ret = pike_repo_lock(&fd, r, err);

	if (ret)
		return ret;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(spaces); i++)
		sweep_locks(r, spaces[i], 0);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(temporary); i++)
		sweep_temp(r, i, age_s);
	close(fd);
	return 0;
}

int pike_sweep(struct pike_repo *r, struct pike_err *err)
{
	return sweep(r, LEFTOVER_S, err);
}

int pike_repo_tidy(struct pike_repo *r, struct pike_err *err)
{
	return sweep(r, ASKED_S, err);
}
