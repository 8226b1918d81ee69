/* SPDX-License-Identifier: Apache-2.0 */
/* memory: files and memory of the judge's own that hold slots of one size. */
#include "eval/pool_priv.h"

#include "base/fs.h"
#include "base/par.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

size_t pike_mem_stride(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return round_up(bytes ? bytes : 1, page);
}

static void shape(struct pike_mem *m, size_t bytes, size_t nslots)
{
	size_t used = round_up(bytes ? bytes : 1, 64);

	memset(m, 0, sizeof(*m));
	m->fd = -1;
	m->bytes = bytes;
	m->stride = pike_mem_stride(used);
	m->offset = m->stride - used;
	m->nslots = nslots ? nslots : 1;
	m->len = m->stride * m->nslots;
}

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif
#define POPULATE ((size_t)8 << 20)

static void populate_piece(void *ctx, size_t k)
{
	const struct pike_mem *m = ctx;
	size_t at = k * POPULATE;

	madvise(m->map + at, m->len - at < POPULATE ? m->len - at : POPULATE,
		MADV_POPULATE_WRITE);
}

/* All of it will be written; a fault a page costs more than that. Without it
 * (Linux before 5.14) the faults come later. */
static void populate(struct pike_mem *m)
{
	pike_parallel((m->len + POPULATE - 1) / POPULATE, populate_piece, m);
}

static int make_file(struct pike_mem *m, const char *name, size_t bytes,
		     size_t nslots, bool huge, struct pike_err *err)
{
	int ret;

	shape(m, bytes, nslots);
	ret = pike_memfd(&m->fd, name, m->len, err);
	if (ret)
		return ret;
	m->map =
	    mmap(NULL, m->len, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);
	if (m->map == MAP_FAILED) {
		m->map = NULL;
		return pike_fail_errno(err, PIKE_FATAL,
				       "cannot map %zu bytes for '%s'", m->len,
				       name);
	}
	if (huge)
		madvise(m->map, m->len, MADV_HUGEPAGE);
	populate(m);
	return 0;
}

int pike_mem_make(struct pike_mem *m, const char *name, size_t bytes,
		  size_t nslots, struct pike_err *err)
{
	return make_file(m, name, bytes, nslots, false, err);
}

int pike_mem_huge(struct pike_mem *m, const char *name, size_t bytes,
		  struct pike_err *err)
{
	return make_file(m, name, bytes, 1, true, err);
}

int pike_mem_own(struct pike_mem *m, size_t bytes, size_t nslots,
		 struct pike_err *err)
{
	shape(m, bytes, nslots);
	m->map = mmap(NULL, m->len, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (m->map == MAP_FAILED) {
		m->map = NULL;
		return pike_fail_errno(
		    err, PIKE_FATAL, "cannot map %zu bytes of inputs", m->len);
	}
	madvise(m->map, m->len, MADV_HUGEPAGE);
	return 0;
}

int pike_mem_seal(struct pike_mem *m, struct pike_err *err)
{
	if (mprotect(m->map, m->len, PROT_READ))
		return pike_fail_errno(err, PIKE_FATAL,
				       "cannot write-protect inputs");
	return 0;
}

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010 /* Linux 5.1 */
#endif

int pike_mem_one_way(struct pike_mem *m, struct pike_err *err)
{
	int seals =
	    F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

	if (fcntl(m->fd, F_ADD_SEALS, seals))
		return pike_fail_errno(err, PIKE_FATAL,
				       "cannot keep others from writing to a "
				       "memory file (Linux 5.1 can)");
	return 0;
}

void pike_mem_release(struct pike_mem *m)
{
	if (m->map)
		munmap(m->map, m->len);
	if (m->len && m->fd >= 0)
		close(m->fd);
	memset(m, 0, sizeof(*m));
	m->fd = -1;
}

void *pike_mem_at(const struct pike_mem *m, size_t slot)
{
	return m->map + slot * m->stride + m->offset;
}

struct pike_region pike_mem_region(const struct pike_mem *m, size_t slot)
{
	return (struct pike_region){ .fd = m->fd,
				     .offset = slot * m->stride + m->offset,
				     .bytes = m->bytes };
}

struct repetition {
	char *dst;
	size_t len, size;
	uint64_t unit;
};

static void repeat_share(void *ctx, size_t k)
{
	const struct repetition *r = ctx;
	char *p = r->dst + k * PIKE_SHARE;
	size_t left = r->len - k * PIKE_SHARE,
	       len = left < PIKE_SHARE ? left : PIKE_SHARE;
	size_t done = r->size < len ? r->size : len;

	memcpy(p, &r->unit, done);
	while (done < len) {
		size_t n = done < len - done ? done : len - done;

		if (n > 4096)
			n = 4096;
		memcpy(p + done, p, n);
		done += n;
	}
}

void pike_repeat(void *dst, size_t len, uint64_t unit, size_t size)
{
	struct repetition r = { dst, len, size, unit };

	pike_parallel(PIKE_SHARES(len), repeat_share, &r);
}
