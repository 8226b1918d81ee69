/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sweep: removes what killed processes left, when a repository is opened.
 *
 * Scratch folders carry an flock of their owner. Ref locks of our namespaces
 * are ours alone to take while we hold pike.lock, and so is the list of packs.
 * Temporary files of libgit2, whose writers we are not, have no owner that
 * could be asked: one that was not written to for an hour belongs to nobody.
 */
#include "git/repo_priv.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	LEFTOVER_S = 3600,
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

static void sweep_temp(const struct pike_repo *r, const char *dir,
		       const char *prefix, int age_s)
{
	char *path = pike_repo_path(r, dir);
	DIR *d = opendir(path);
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		char *file;

		if (!pike_starts_with(e->d_name, prefix))
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

int pike_lock_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* A scratch folder whose flock can be had has no living owner. */
static void sweep_scratch(const struct pike_repo *r)
{
	char *path = pike_repo_path(r, "pike-scratch");
	DIR *d = opendir(path);
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		char *dir;
		int fd;

		if (e->d_name[0] == '.')
			continue;
		dir = pike_xasprintf("%s/%s", path, e->d_name);
		fd = pike_lock_dir(dir);
		if (fd >= 0) {
			pike_rm_rf(dir, NULL);
			close(fd);
		}
		free(dir);
	}
	if (d)
		closedir(d);
	free(path);
}

int pike_sweep(struct pike_repo *r, struct pike_err *err)
{
	int fd, ret = pike_repo_lock(&fd, r, err);

	if (ret)
		return ret;
	sweep_scratch(r);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(spaces); i++)
		sweep_locks(r, spaces[i], 0);
	sweep_temp(r, "", PIKE_PACK_LIST ".tmp-", 0);
	sweep_temp(r, "objects", "tmp_object_git2_", LEFTOVER_S);
	sweep_temp(r, "objects/pack", "pack_git2_", LEFTOVER_S);
	close(fd);
	return 0;
}
