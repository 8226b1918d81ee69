/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claim: which candidate this process measures, so that another one, on
 * another device of this machine, takes the next. A claim is a lock on bytes
 * of one file (open file description locks, fcntl(2)): nothing is written, and
 * the kernel takes it back when the process dies.
 */
#include "git/search_priv.h"

#include "base/mem.h"
#include "base/rand.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A search has 2^32 bytes of the file, a candidate one of them. */
enum {
	SEARCH_SHIFT = 32,
	SEARCH_BITS = 30
};

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
