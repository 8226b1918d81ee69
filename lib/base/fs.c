/* SPDX-License-Identifier: Apache-2.0 */
/* fs: files read bounded, written whole, and removed without following. */
#include "base/fs.h"

#include "base/clock.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int pike_read_fd(struct pike_buf *out, int fd, struct pike_err *err)
{
	char chunk[16384];
	ssize_t n;

	for (;;) {
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return pike_fail_errno(err, PIKE_FAILED, "cannot read");
		if (!n)
			return 0;
		if (pike_buf_add(out, chunk, (size_t)n))
			return pike_fail(err, PIKE_FAILED,
					 "larger than %zu bytes", out->max);
	}
}

int pike_read_file(struct pike_buf *out, const char *path, struct pike_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return pike_fail_errno(err, PIKE_FAILED, "cannot open '%s'",
				       path);
	ret = pike_read_fd(out, fd, err);
	close(fd);
	return ret ? pike_err_prefix(err, "'%s'", path) : 0;
}

int pike_write_all(int fd, const void *data, size_t len, struct pike_err *err)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return pike_fail_errno(err, PIKE_FAILED,
					       "cannot write");
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int pike_write_file(const char *path, const void *data, size_t len,
		    struct pike_err *err)
{
	char *tmp = pike_xasprintf("%s.tmp-XXXXXX", path);
	int fd = mkostemp(tmp, O_CLOEXEC), ret;

	if (fd < 0) {
		ret = pike_fail_errno(err, PIKE_FAILED, "cannot create '%s'",
				      tmp);
		goto out;
	}
	ret = pike_write_all(fd, data, len, err);
	if (!ret && fchmod(fd, 0644))
		ret = pike_fail_errno(err, PIKE_FAILED, "cannot chmod");
	if (close(fd) && !ret)
		ret = pike_fail_errno(err, PIKE_FAILED, "cannot write");
	if (!ret && rename(tmp, path))
		ret = pike_fail_errno(err, PIKE_FAILED, "cannot rename");
	if (ret) {
		unlink(tmp);
		pike_err_prefix(err, "'%s'", path);
	}
out:
	free(tmp);
	return ret;
}

int pike_mkdir_p(const char *path, mode_t mode, struct pike_err *err)
{
	char *p = pike_xstrdup(path);
	int ret = 0;

	for (char *s = p + 1; !ret; s++) {
		char c = *s;

		if (c && c != '/')
			continue;
		*s = '\0';
		if (mkdir(p, mode) && errno != EEXIST)
			ret = pike_fail_errno(err, PIKE_FAILED,
					      "cannot create '%s'", p);
		*s = c;
		if (!c)
			break;
	}
	free(p);
	return ret;
}

/* Removes what is below an open folder; closes it. */
static int empty_dir(int fd)
{
	DIR *d = fdopendir(fd);
	struct dirent *e;
	int ret = 0;

	if (!d) {
		close(fd);
		return -1;
	}
	while ((e = readdir(d))) {
		int sub;

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (!unlinkat(dirfd(d), e->d_name, 0))
			continue;
		sub = openat(dirfd(d), e->d_name,
			     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub < 0 || empty_dir(sub) ||
		    unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR))
			ret = -1;
	}
	closedir(d);
	return ret;
}

int pike_rm_rf(const char *path, struct pike_err *err)
{
	int fd;

	if (!unlink(path) || errno == ENOENT)
		return 0;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || empty_dir(fd) || rmdir(path)) {
		if (errno == ENOENT)
			return 0;
		return pike_fail_errno(err, PIKE_FAILED, "cannot remove '%s'",
				       path);
	}
	return 0;
}

static void pause_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

int pike_flock(int *out_fd, const char *path, int wait_ms, struct pike_err *err)
{
	int64_t end = pike_now_ns() + (int64_t)wait_ms * 1000000;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	*out_fd = -1;
	if (fd < 0)
		return pike_fail_errno(err, PIKE_FAILED,
				       "cannot open the lock '%s'", path);
	while (flock(fd, LOCK_EX | (wait_ms < 0 ? 0 : LOCK_NB))) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK) {
			close(fd);
			return pike_fail_errno(err, PIKE_FAILED,
					       "cannot lock '%s'", path);
		}
		if (pike_now_ns() >= end) {
			close(fd);
			return pike_fail(err, PIKE_RETRY,
					 "'%s' is held by another process",
					 path);
		}
		pause_ms(2);
	}
	*out_fd = fd;
	return 0;
}

int pike_memfd(int *out_fd, const char *name, size_t size, struct pike_err *err)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	*out_fd = -1;
	if (fd < 0)
		return pike_fail_errno(err, PIKE_FAILED,
				       "cannot create a memory file");
	if (ftruncate(fd, (off_t)size)) {
		close(fd);
		return pike_fail_errno(
		    err, PIKE_FAILED,
		    errno == EFBIG ? "a memory file of %zu bytes is over the "
				     "limit of this process (ulimit -f)"
				   : "cannot size a memory file to %zu",
		    size);
	}
	*out_fd = fd;
	return 0;
}

int pike_memfd_seal(int fd, struct pike_err *err)
{
	if (fcntl(fd, F_ADD_SEALS,
		  F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return pike_fail_errno(err, PIKE_FAILED,
				       "cannot seal a memory file");
	return 0;
}

const char *pike_exe_dir(void)
{
	static char dir[PATH_MAX];
	ssize_t n;
	char *slash;

	if (*dir)
		return dir;
	n = readlink("/proc/self/exe", dir, sizeof(dir) - 1);
	dir[n > 0 ? n : 0] = '\0';
	slash = strrchr(dir, '/');
	if (slash)
		*slash = '\0';
	else
		memcpy(dir, ".", 2);
	return dir;
}

/* The first of two or three paths that can be read; frees them. */
static int read_first(struct pike_buf *out, char *tries[3], const char *name,
		      struct pike_err *err)
{
	int ret = -1;

	for (size_t i = 0; ret && i < 3; i++)
		if (tries[i] && !access(tries[i], R_OK))
			ret = pike_read_file(out, tries[i], err);
	if (ret)
		ret = pike_fail(err, PIKE_FATAL,
				"no '%s' beside the program; install pike-git "
				"again, or name the folder of its templates in "
				"PIKE_TEMPLATES",
				name);
	for (size_t i = 0; i < 3; i++)
		free(tries[i]);
	return ret;
}

int pike_read_template(struct pike_buf *out, const char *name,
		       struct pike_err *err)
{
	const char *env = getenv("PIKE_TEMPLATES");
	char *tries[3] = {
		env ? pike_xasprintf("%s/%s", env, name) : NULL,
		pike_xasprintf("%s/templates/%s", pike_exe_dir(), name),
		pike_xasprintf("%s/../templates/%s", pike_exe_dir(), name)
	};

	return read_first(out, tries, name, err);
}

int pike_read_shipped(struct pike_buf *out, const char *path,
		      struct pike_err *err)
{
	const char *env = getenv("PIKE_TEMPLATES");
	char *tries[3] = { env ? pike_xasprintf("%s/../%s", env, path) : NULL,
			   pike_xasprintf("%s/%s", pike_exe_dir(), path),
			   pike_xasprintf("%s/../%s", pike_exe_dir(), path) };

	return read_first(out, tries, path, err);
}
