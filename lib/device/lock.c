/* SPDX-License-Identifier: Apache-2.0 */
/* lock: how all processes and users of a machine take turns on a device. */
#include "device/device.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* For every user: a folder that all may write to. Sticky folders refuse
 * O_CREAT on a file of somebody else (fs.protected_regular), so a file that
 * exists is opened without it. */
static int open_shared(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 && errno == EACCES)
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		  0666);
	if (fd < 0 && errno == EEXIST)
		return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	/* Against the umask; a failure only makes it read-only to others. */
	if (fd >= 0 && fchmod(fd, 0666))
		errno = 0;
	return fd;
}

#define PREFIX "pike-git-"
#define SUFFIX ".lock"
#define FOLDERS 4

/* The i-th folder for locks; NULL: not on this machine. */
static const char *folder(size_t i)
{
	const char *const folders[FOLDERS] = { "/run/lock", "/dev/shm",
					       getenv("TMPDIR"), "/tmp" };

	return folders[i];
}

static int open_lock(const char *name)
{
	char path[4096];

	for (size_t i = 0; i < FOLDERS; i++) {
		int fd;

		if (!folder(i))
			continue;
		snprintf(path, sizeof(path), "%s/" PREFIX "%s" SUFFIX,
			 folder(i), name);
		fd = open_shared(path);
		if (fd >= 0)
			return fd;
	}
	return -1;
}

int pike_device_lock(int *out_fd, const char *name, int wait_ms,
		     struct pike_err *err)
{
	int64_t end = pike_now_ns() + (int64_t)wait_ms * 1000000;
	int fd = open_lock(name);

	if (fd < 0)
		return pike_fail_errno(err, PIKE_FATAL,
				       "cannot open the lock of device '%s'",
				       name);
	while (flock(fd, LOCK_EX | LOCK_NB)) {
		int64_t left = (end - pike_now_ns()) / 1000000;

		if (errno != EWOULDBLOCK && errno != EINTR) {
			close(fd);
			return pike_fail_errno(err, PIKE_FATAL,
					       "cannot lock device '%s'", name);
		}
		if (wait_ms >= 0 && left <= 0) {
			close(fd);
			return pike_fail(err, PIKE_RETRY,
					 "device '%s' is in use by another "
					 "process",
					 name);
		}
		poll(NULL, 0, wait_ms >= 0 && left < 5 ? (int)left : 5);
	}
	/* For pike_device_busy; who may not write to it leaves it as it is. */
	if (futimens(fd, NULL))
		errno = 0;
	*out_fd = fd;
	return 0;
}

/* ---- who holds one ---- */

/* flock tells nothing of a holder, but a lock's time is that of its taking. */
static bool held(int64_t *out_s, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool busy = false;
	struct stat st;

	if (fd < 0)
		return false;
	if (flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK) {
		busy = true;
		*out_s = fstat(fd, &st) ? -1 : time(NULL) - st.st_mtime;
		if (*out_s < 0)
			*out_s = -1;
	}
	close(fd);
	return busy;
}

bool pike_device_busy(int64_t *out_s, const char *name)
{
	char path[4096];

	*out_s = -1;
	for (size_t i = 0; i < FOLDERS; i++) {
		if (!folder(i))
			continue;
		snprintf(path, sizeof(path), "%s/" PREFIX "%s" SUFFIX,
			 folder(i), name);
		if (held(out_s, path))
			return true;
	}
	return false;
}

static void list_folder(struct pike_strs *out, const char *path)
{
	const struct dirent *e;
	DIR *dir = opendir(path);

	while (dir && (e = readdir(dir))) {
		char *text;

		if (!pike_starts_with(e->d_name, PREFIX "cuda-") ||
		    !pike_ends_with(e->d_name, SUFFIX))
			continue;
		text = pike_xstrndup(e->d_name + strlen(PREFIX),
				     strlen(e->d_name) - strlen(PREFIX SUFFIX));
		if (pike_strs_has(out, text))
			free(text);
		else
			pike_strs_take(out, text);
	}
	if (dir)
		closedir(dir);
}

void pike_device_locks(struct pike_strs *out)
{
	for (size_t i = 0; i < FOLDERS; i++)
		if (folder(i))
			list_folder(out, folder(i));
}
