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

#include "base/fs.h"
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

static bool old(const char *path, int age_s)
{
	struct stat st;

	return !lstat(path, &st) && time(NULL) - st.st_mtime >= age_s;
}

static bool alive(long pid)
{
	return pid > 0 && (!kill((pid_t)pid, 0) || errno == EPERM);
}

/* ".tmp-PID-pack-..." of `git repack` */
static bool no_writer(const char *path)
{
	long pid = 0;

	return sscanf(strrchr(path, '/') + 1, ".tmp-%ld-", &pid) != 1 ||
	       !alive(pid);
}

/* A file that keeps a pack, written by a process of ours that is gone. */
static bool keeps_for_nobody(const char *path)
{
	static const size_t n = sizeof(PIKE_KEEP) - 1;
	struct pike_buf b;
	bool yes;

	pike_buf_init(&b, 4096);
	yes = !pike_read_file(&b, path, NULL) && b.len > n &&
	      !memcmp(b.s, PIKE_KEEP, n) && !alive(strtol(b.s + n, NULL, 10));
	pike_buf_release(&b);
	return yes;
}

/* git's own, of a pack, may be written to for long: they wait longer. */
static const struct temporary {
	const char *dir, *begin, *end;
	bool of_git;
	bool (*nobodys)(const char *path);
} temporary[] = {
	{ .dir = "objects", .begin = "tmp_object_git2_" },
	{ .dir = "objects", .begin = PIKE_TEMP_DIR },
	{ .dir = "objects/pack", .begin = "pack_git2_" },
	{ .dir = "objects/pack", .begin = ".tmp-", .nobodys = no_writer },
	{ .dir = "objects/pack", .begin = "tmp_", .of_git = true },
	{ .dir = "objects/pack", .end = ".keep", .nobodys = keeps_for_nobody },
};

static bool is_one(const struct temporary *t, const char *name)
{
	return (!t->begin || pike_starts_with(name, t->begin)) &&
	       (!t->end || pike_ends_with(name, t->end));
}

static void sweep_temp(const struct pike_repo *r, const struct temporary *t,
		       int age_s)
{
	char *path = pike_repo_path(r, t->dir);
	DIR *d = opendir(path);
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		char *file;

		if (!is_one(t, e->d_name))
			continue;
		file = pike_xasprintf("%s/%s", path, e->d_name);
		if (old(file, t->of_git ? LEFTOVER_S : age_s) &&
		    (!t->nobodys || t->nobodys(file)))
			pike_rm_rf(file, NULL);
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
		sweep_temp(r, &temporary[i], age_s);
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
