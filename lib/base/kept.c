/* SPDX-License-Identifier: Apache-2.0 */
/* kept: see kept.h. */
#include "base/kept.h"

#include "base/fs.h"
#include "base/mem.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the folders ---- */

static const struct {
	const char *name;
	int64_t bytes;	/* of all files; those not used for longest go first */
	unsigned every; /* how many new ones between two looks at all */
} kinds[] = {
	[PIKE_KEPT_BUILDS] = { "builds", PIKE_KEPT_BUILDS_BYTES, 256 },
	[PIKE_KEPT_KNOWN] = { "known", (int64_t)4 << 20, 64 },
};

/* Whoever else may write here could put any machine code there. */
static bool is_ours(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISDIR(st.st_mode) &&
	       st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH));
}

/* NULL: there is none. Freed by the caller. */
static char *folder(enum pike_kept kind, bool make)
{
	const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	char *path;

	/* The specification: one that is not absolute does not count. */
	if (base && *base == '/')
		path = pike_xasprintf("%s/pike-git/%s", base, kinds[kind].name);
	else if (home && *home == '/')
		path = pike_xasprintf("%s/.cache/pike-git/%s", home,
				      kinds[kind].name);
	else
		return NULL;
	if (make)
		pike_mkdir_p(path, 0700, NULL);
	if (is_ours(path))
		return path;
	free(path);
	return NULL;
}

char *pike_kept_file(enum pike_kept kind, const char *key, bool make)
{
	char *dir = folder(kind, make), *path;

	path = dir ? pike_xasprintf("%s/%s", dir, key) : NULL;
	free(dir);
	return path;
}

/* ---- keeping within bounds ---- */

struct kept {
	char *path;
	int64_t bytes;
	struct timespec used;
};

static int by_use(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	if (x->used.tv_sec != y->used.tv_sec)
		return x->used.tv_sec < y->used.tv_sec ? -1 : 1;
	return (x->used.tv_nsec > y->used.tv_nsec) -
	       (x->used.tv_nsec < y->used.tv_nsec);
}

static struct kept *list(size_t *n, int64_t *bytes, const char *dir)
{
	DIR *d = opendir(dir);
	struct kept *v = NULL;
	const struct dirent *e;
	size_t cap = 0;
	struct stat st;

	*n = 0;
	*bytes = 0;
	while (d && (e = readdir(d))) {
		char *path;

		if (e->d_name[0] == '.')
			continue;
		path = pike_xasprintf("%s/%s", dir, e->d_name);
		if (lstat(path, &st) || !S_ISREG(st.st_mode)) {
			free(path);
			continue;
		}
		PIKE_GROW(v, *n, cap);
		v[(*n)++] = (struct kept){ path, st.st_size, st.st_mtim };
		*bytes += st.st_size;
	}
	if (d)
		closedir(d);
	return v;
}

/* Down to three quarters, so that not each new file drops an old one. */
static void prune(const char *dir, int64_t most)
{
	int64_t bytes;
	size_t n;
	struct kept *v = list(&n, &bytes, dir);
	bool full = bytes > most;

	if (full)
		qsort(v, n, sizeof(*v), by_use);
	for (size_t i = 0; i < n; i++) {
		if (full && bytes > most / 4 * 3 && !unlink(v[i].path))
			bytes -= v[i].bytes;
		free(v[i].path);
	}
	free(v);
}

/* Looks at the whole folder at a process's first file and then now and then.
 */
static void prune_sometimes(enum pike_kept kind)
{
	static unsigned count[PIKE_ARRAY_LEN(kinds)];
	char *dir =
	    count[kind]++ % kinds[kind].every ? NULL : folder(kind, false);

	if (dir)
		prune(dir, kinds[kind].bytes);
	free(dir);
}

void pike_kept_write(enum pike_kept kind, const char *key, const void *data,
		     size_t len)
{
	char *path = pike_kept_file(kind, key, true);

	if (path && !pike_write_file(path, data, len, NULL))
		prune_sometimes(kind);
	free(path);
}
