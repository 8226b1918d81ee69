/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claim: what this process does, so that another one of this machine does
 * something else; the kernel takes a claim back when the process dies.
 *
 * Which candidate it measures, so that another one, on another device, takes
 * the next: a lock on bytes of one file (open file description locks,
 * fcntl(2)), and nothing is written. That it asks models for a search, which
 * may go on for hours: a question on its way is nowhere in git yet, and two
 * that asked side by side would ask, and pay, for the same. Such a lock says
 * whose it is, and since when.
 */
#include "git/search_priv.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A search has 2^32 bytes of the file, a candidate one of them. */
enum {
	SEARCH_SHIFT = 32,
	SEARCH_BITS = 30,
	SIGN_MS = 20 /* whoever has just begun to ask has signed by then */
};

/* ---- measuring ---- */

static off_t search_at(const struct pike_search_ref *s)
{
	uint64_t h = 0;
	uint8_t sum[32];
	struct pike_sha256 c;

	pike_sha256_init(&c);
	pike_sha256_add(&c, s->branch, strlen(s->branch));
	pike_sha256_end(&c, sum);
	memcpy(&h, sum, sizeof(h));
	return (off_t)(h % (1ull << SEARCH_BITS)) << SEARCH_SHIFT;
}

static int open_claims(const struct pike_search_ref *s, struct pike_err *err)
{
	char *path = pike_repo_path(s->r, "pike.claims");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		pike_fail_errno(err, PIKE_FAILED, "cannot open '%s'", path);
	pike_share_full(s->r, path);
	free(path);
	return fd;
}

int pike_search_claim_record(int *out_fd, struct pike_search_ref *s,
			     const struct pike_oid *id, struct pike_err *err)
{
	char head[9];
	struct flock l = { .l_type = F_WRLCK,
			   .l_whence = SEEK_SET,
			   .l_start = search_at(s),
			   .l_len = 1 };
	int fd = open_claims(s, err), ret;

	*out_fd = -1;
	if (fd < 0)
		return PIKE_FAILED;
	memcpy(head, id->hex, 8);
	head[8] = '\0';
	l.l_start += (off_t)strtoul(head, NULL, 16);
	if (!fcntl(fd, F_OFD_SETLK, &l)) {
		*out_fd = fd;
		return 0;
	}
	ret =
	    errno == EAGAIN || errno == EACCES
		? pike_fail(err, PIKE_RETRY,
			    "%.12s is measured by another process", id->hex)
		: pike_fail_errno(err, PIKE_FAILED, "cannot lock pike.claims");
	close(fd);
	return ret;
}

int pike_search_claimed(bool *out, struct pike_search_ref *s,
			struct pike_err *err)
{
	struct flock l = { .l_type = F_WRLCK,
			   .l_whence = SEEK_SET,
			   .l_start = search_at(s),
			   .l_len = (off_t)1 << SEARCH_SHIFT };
	int fd = open_claims(s, err), ret = 0;

	if (fd < 0)
		return PIKE_FAILED;
	if (fcntl(fd, F_OFD_GETLK, &l))
		ret =
		    pike_fail_errno(err, PIKE_FAILED,
				    "cannot ask for the locks of pike.claims");
	*out = !ret && l.l_type != F_UNLCK;
	close(fd);
	return ret;
}

/* ---- asking ---- */

/* For those that find it held; the file's time is that of the claim. */
static void sign(int fd)
{
	if (ftruncate(fd, 0) || dprintf(fd, "%ld\n", (long)getpid()) < 0)
		errno = 0;
}

static int held(struct pike_err *err, const struct pike_search_ref *s,
		const char *path)
{
	struct pike_buf pid;
	struct timespec now;
	struct stat st;
	char ago[32] = "a while";

	pike_buf_init(&pid, 32);
	pike_read_file(&pid, path, NULL);
	clock_gettime(CLOCK_REALTIME, &now);
	if (!stat(path, &st))
		pike_human_ns(ago,
			      1e9 * (double)(now.tv_sec - st.st_mtime) +
				  (double)(now.tv_nsec - st.st_mtim.tv_nsec));
	pike_fail(err, PIKE_RETRY,
		  "another process (%.*s) has been asking models for '%s/%s' "
		  "for %s",
		  (int)strcspn(pid.s, "\n"), pid.s, s->target, s->lane, ago);
	pike_buf_release(&pid);
	return PIKE_RETRY;
}

int pike_search_claim_asking(int *out_fd, struct pike_search_ref *s,
			     struct pike_err *err)
{
	char *dir = pike_repo_path(s->r, "pike-asking");
	char *path = pike_xasprintf("%s/%s.%s", dir, s->target, s->lane);
	int ret;

	*out_fd = -1;
	/* What cannot be stored shall not be paid for. */
	ret = pike_sign_check(s->r, err);
	if (!ret)
		ret = pike_mkdir_p(dir, 0700, err);
	if (!ret)
		ret = pike_flock(out_fd, path, SIGN_MS, err);
	pike_share_full(s->r, path);
	if (!ret)
		sign(*out_fd);
	else if (ret == PIKE_RETRY)
		ret = held(err, s, path);
	free(path);
	free(dir);
	return ret;
}
