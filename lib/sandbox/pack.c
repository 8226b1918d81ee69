/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack: a folder as one stream of bytes. A build may leave a folder instead of
 * a file (compiled extensions, caches); it travels as a sealed memory file,
 * like any object, and is unpacked, read-only, in the box that runs it.
 *
 * One record a file: its path in the folder, a NUL, a uint64_t length, the
 * bytes. Regular files only: links, pipes and devices of an untrusted program
 * are left out. What is unpacked comes from an untrusted program too, so paths
 * are checked there again.
 */
#include "sandbox/inside_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 8
#define FILES_MAX 4096
/* A box that has it unpacked has room for some more. */
#define ENTRIES_MAX 12000
#define PATH_LONGEST 512

/* ---- pack ---- */

struct pack {
	int to;
	uint64_t at, max;
	unsigned files, entries; /* files; folders too */
	char path[PATH_LONGEST];
};

static int put(struct pack *p, const void *data, size_t len)
{
	const char *d = data;

	if (len > p->max - p->at)
		return -1;
	while (len) {
		ssize_t n = pwrite(p->to, d, len, (off_t)p->at);

		if (n <= 0)
			return -1;
		d += n;
		len -= (size_t)n;
		p->at += (uint64_t)n;
	}
	return 0;
}

static int pack_file(struct pack *p, int fd, uint64_t len)
{
	char part[65536];
	uint64_t done = 0;
	ssize_t n;

	if (++p->files > FILES_MAX || put(p, p->path, strlen(p->path) + 1) ||
	    put(p, &len, sizeof(len)))
		return -1;
	while (done < len && (n = read(fd, part, sizeof(part))) > 0) {
		if ((uint64_t)n > len - done)
			n = (ssize_t)(len - done);
		if (put(p, part, (size_t)n))
			return -1;
		done += (uint64_t)n;
	}
	return done == len ? 0 : -1;
}

static int pack_folder(struct pack *p, int dir, unsigned depth);
static bool sound(const char *path);

/* `name` in `dir`, whose own path ends at `end` of p->path. */
static int pack_entry(struct pack *p, int dir, const char *name, size_t end,
		      unsigned depth)
{
	size_t room = sizeof(p->path) - end;
	int fd, rc = 0;
	struct stat st;

	if ((size_t)snprintf(p->path + end, room, "%s%s", end ? "/" : "",
			     name) >= room ||
	    !sound(p->path) || ++p->entries > ENTRIES_MAX)
		return -1;
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ELOOP || errno == ENXIO ? 0 : -1;
	if (fstat(fd, &st))
		rc = -1;
	else if (S_ISDIR(st.st_mode))
		return pack_folder(p, fd, depth + 1);
	else if (S_ISREG(st.st_mode))
		rc = pack_file(p, fd, (uint64_t)st.st_size);
	close(fd);
	return rc;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int no_dots(const struct dirent *e)
{
	return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

/* Takes `dir`. Sorted, so that the same folder gives the same bytes. */
static int pack_folder(struct pack *p, int dir, unsigned depth)
{
	size_t end = strlen(p->path);
	struct dirent **list = NULL;
	int n, rc = 0;

	n = depth > DEPTH_MAX ? -1
			      : scandirat(dir, ".", &list, no_dots, by_name);
	for (int i = 0; i < n; i++) {
		if (!rc)
			rc = pack_entry(p, dir, list[i]->d_name, end, depth);
		p->path[end] = '\0';
		free(list[i]);
	}
	free(list);
	close(dir);
	return n < 0 ? -1 : rc;
}

int pike_box_pack(int to, const char *folder, uint64_t max)
{
	struct pack p = { .to = to, .max = max };
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0 || ftruncate(to, 0) || pack_folder(&p, dir, 0))
		return -1;
	return p.files ? 0 : -1;
}

/* ---- unpack ---- */

/* No way out of the folder, and no name that a terminal obeys. */
static bool sound(const char *path)
{
	size_t part = 0;

	for (const char *c = path;; c++) {
		if ((unsigned char)*c < 0x20 && *c)
			return false;
		if (*c && *c != '/') {
			part++;
			continue;
		}
		if (!part || (part == 1 && c[-1] == '.') ||
		    (part == 2 && c[-1] == '.' && c[-2] == '.'))
			return false;
		if (!*c)
			return c - path < PATH_LONGEST;
		part = 0;
	}
}

static int make_folders(int dir, const char *path)
{
	char part[PATH_LONGEST];

	for (const char *c = path; (c = strchr(c, '/')); c++) {
		snprintf(part, sizeof(part), "%.*s", (int)(c - path), path);
		if (mkdirat(dir, part, 0555 | S_IWUSR) && errno != EEXIST)
			return -1;
	}
	return 0;
}

static int unpack_file(int dir, const char *path, const char *data,
		       uint64_t len)
{
	int fd, rc = 0;

	if (make_folders(dir, path))
		return -1;
	fd = openat(dir, path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0555);
	if (fd < 0)
		return -1;
	while (!rc && len) {
		ssize_t n = write(fd, data, len);

		if (n <= 0)
			rc = -1;
		else
			data += n, len -= (uint64_t)n;
	}
	return close(fd) ? -1 : rc;
}

int pike_box_unpack(int from, const char *folder)
{
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const char *at = NULL, *begin = NULL, *end = NULL;
	unsigned files = 0;
	struct stat st;
	int rc = -1;

	if (dir < 0 || fstat(from, &st) || st.st_size <= 0)
		goto out;
	begin = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, from, 0);
	if (begin == MAP_FAILED) {
		begin = NULL;
		goto out;
	}
	end = begin + st.st_size;
	errno = EINVAL;
	for (at = begin; at < end;) {
		const char *nul = memchr(at, 0, (size_t)(end - at));
		uint64_t len;

		if (!nul || (size_t)(end - nul) < 1 + sizeof(len) ||
		    ++files > FILES_MAX || !sound(at))
			goto out;
		memcpy(&len, nul + 1, sizeof(len));
		nul += 1 + sizeof(len);
		if (len > (uint64_t)(end - nul) ||
		    unpack_file(dir, at, nul, len))
			goto out;
		at = nul + len;
	}
	rc = 0;
out:
	if (begin)
		munmap((void *)(uintptr_t)begin, (size_t)st.st_size);
	if (dir >= 0)
		close(dir);
	return rc;
}
