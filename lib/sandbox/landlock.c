/* SPDX-License-Identifier: Apache-2.0 */
/*
 * landlock: reading where the box has something to read, writing in
 * its own scratch only, no TCP, no signals or abstract sockets to the
 * outside. Uses the rights that the running kernel knows.
 *
 * Numbers are from the kernel's documented ABI (Documentation/userspace-api/
 * landlock.rst), since installed headers are often older than kernels.
 */
#include "sandbox/inside_priv.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

struct ruleset {
	uint64_t fs, net, scoped;
};
struct beneath {
	uint64_t access;
	int32_t fd;
} __attribute__((packed));
struct port {
	uint64_t access, port;
};
#define CONNECT_TCP (1ull << 1)

#define FS_EXECUTE (1ull << 0)
#define FS_WRITE (1ull << 1)
#define FS_READ (1ull << 2)
#define FS_READ_DIR (1ull << 3)
#define FS_TRUNCATE (1ull << 14)
#define FS_IOCTL (1ull << 15)
#define FS_FILE (FS_EXECUTE | FS_WRITE | FS_READ | FS_TRUNCATE | FS_IOCTL)

#define FS_LIBRARY (FS_EXECUTE | FS_READ | FS_READ_DIR)
#define FS_NODE (FS_READ | FS_WRITE | FS_TRUNCATE | FS_IOCTL)

int pike_box_landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1u);

	return abi < 0 ? 0 : (int)abi;
}

static uint64_t fs_rights(int abi)
{
	if (abi >= 5)
		return (1ull << 16) - 1;
	if (abi >= 3)
		return (1ull << 15) - 1;
	return abi == 2 ? (1ull << 14) - 1 : (1ull << 13) - 1;
}

/* What is not there needs no rule. */
static int allow(int rules, const char *path, uint64_t access)
{
	struct beneath b = { .access = access };
	struct stat st;
	long rc;

	b.fd = open(path, O_PATH | O_CLOEXEC);
	if (b.fd < 0)
		return 0;
	if (!fstat(b.fd, &st) && !S_ISDIR(st.st_mode))
		b.access &= FS_FILE;
	rc = syscall(SYS_landlock_add_rule, rules, 1, &b, 0);
	close(b.fd);
	return rc ? -1 : 0;
}

static const struct {
	const char *path;
	uint64_t access;
	bool wide; /* not for narrow boxes */
} places[] = {
	{ .path = "/usr", .access = FS_LIBRARY, .wide = true },
	{ .path = "/bin", .access = FS_LIBRARY, .wide = true },
	{ .path = "/sbin", .access = FS_LIBRARY, .wide = true },
	{ .path = "/lib", .access = FS_LIBRARY, .wide = true },
	{ .path = "/lib32", .access = FS_LIBRARY, .wide = true },
	{ .path = "/lib64", .access = FS_LIBRARY, .wide = true },
	{ .path = "/etc/ld.so.cache", .access = FS_READ, .wide = true },
	{ .path = "/etc/alternatives",
	  .access = FS_READ | FS_READ_DIR,
	  .wide = true },
	{ .path = "/runner", .access = FS_EXECUTE | FS_READ },
	{ .path = "/tmp/build", .access = FS_LIBRARY },
	{ .path = "/dev/null", .access = FS_READ | FS_WRITE | FS_TRUNCATE },
	{ .path = "/dev/zero", .access = FS_READ },
	{ .path = "/dev/full", .access = FS_READ | FS_WRITE },
	{ .path = "/dev/random", .access = FS_READ },
	{ .path = "/dev/urandom", .access = FS_READ },
};

struct grant {
	int rules;
	uint64_t known;
};

static int allow_library(void *ctx, const char *path)
{
	const struct grant *g = ctx;

	return allow(g->rules, path, g->known & (FS_EXECUTE | FS_READ));
}

static int allow_places(const struct pike_box_in *in, int rules, uint64_t known)
{
	struct grant g = { rules, known };

	for (size_t i = 0; i < PIKE_ARRAY_LEN(places); i++) {
		if (in->traits->narrow && places[i].wide)
			continue;
		if (allow(rules, places[i].path, places[i].access & known))
			return -1;
	}
	return in->traits->narrow ? pike_box_each_library(allow_library, &g)
				  : 0;
}

/* Its files and scratch, and the one port that is served. */
static int allow_agent(int rules, uint64_t known)
{
	const struct port port = { CONNECT_TCP, PIKE_DOOR_PROXY };

	if (allow(rules, PIKE_DESK, known & ~FS_IOCTL) ||
	    allow(rules, "/tmp", known & ~FS_IOCTL) ||
	    allow(rules, PIKE_DOORS, known & FS_LIBRARY) ||
	    allow(rules, "/dev/pts", known & (FS_NODE | FS_READ_DIR)) ||
	    allow(rules, "/etc", known & (FS_READ | FS_READ_DIR)))
		return -1;
	return pike_box_landlock_abi() >= 4
		   ? (int)syscall(SYS_landlock_add_rule, rules, 2, &port, 0)
		   : 0;
}

static int allow_all(const struct pike_box_in *in, int rules, uint64_t known)
{
	if (allow_places(in, rules, known))
		return -1;
	if (!pike_box_without_proc(in) &&
	    allow(rules, "/proc", known & (FS_READ | FS_READ_DIR)))
		return -1;
	for (uint32_t i = 0; i < in->setup->nbinds; i++) {
		const char *p = in->binds[i];

		if (!strchr("wfd", *p)) /* below a folder, or no place */
			continue;
		if (allow(rules, *p == 'w' ? PIKE_BOX_WORK : p + 1,
			  known & (*p == 'd' ? FS_NODE : FS_LIBRARY)))
			return -1;
	}
	/* cuInit names its threads through /proc, and asks for the buses. */
	if (in->traits->gpu &&
	    (allow(rules, "/proc",
		   known & (FS_READ | FS_READ_DIR | FS_WRITE | FS_TRUNCATE)) ||
	     allow(rules, "/sys", known & (FS_READ | FS_READ_DIR))))
		return -1;
	if (in->traits->agent)
		return allow_agent(rules, known);
	if (in->traits->scratch)
		return allow(rules, in->dir, known & ~FS_IOCTL);
	return 0;
}

int pike_box_landlock(struct pike_box_in *in)
{
	int abi = pike_box_landlock_abi();
	struct ruleset r = { .fs = fs_rights(abi),
			     .net = 3,
			     .scoped = abi >= 6 ? 3 : 0 };
	size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
	int rules, rc = -1;

	if (!abi)
		return 0;
	rules = (int)syscall(SYS_landlock_create_ruleset, &r, size, 0u);
	if (rules < 0)
		return -1;
	if (!allow_all(in, rules, r.fs) &&
	    !syscall(SYS_landlock_restrict_self, rules, 0u))
		rc = 0;
	close(rules);
	return rc;
}
