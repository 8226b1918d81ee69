/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mount: the file tree of a box. A tmpfs root with read-only binds of
 * what the program needs, nothing else of the machine: no home, no
 * repository, no /etc but the linker's cache. Also puts the files and the
 * runner there.
 */
#include "sandbox/inside_priv.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
/* From the kernel's ABI: older libraries lack them, and linux/mount.h does
 * not go together with sys/mount.h everywhere. */
struct mount_attributes {
	uint64_t set, clear, propagation, userns;
};
#define ATTR_RDONLY 1u
#define ATTR_NOSUID 2u
#define ATTR_NODEV 4u
#define TREE 0x8000u /* AT_RECURSIVE */

/* The new root is built here; every Linux system has the folder. */
#define STAGE "/tmp"
/* Where a build is, so that paths in it hold wherever it is used. */
#define BUILD STAGE "/tmp/build"

/* Of a file's name in the working folder; as of a path in a target. */
#define PATH_MOST 1024

struct place {
	const char *path;
	bool compile, run, dev;
	bool libraries; /* a narrow box has links and single files instead */
};
static const struct place places[] = {
	{ .path = "/usr", .compile = true },
	{ .path = "/usr/lib", .run = true, .libraries = true },
	{ .path = "/usr/lib32", .run = true, .libraries = true },
	{ .path = "/usr/lib64", .run = true, .libraries = true },
	{ .path = "/bin", .compile = true },
	{ .path = "/sbin", .compile = true },
	{ .path = "/lib", .compile = true, .run = true, .libraries = true },
	{ .path = "/lib32", .compile = true, .run = true, .libraries = true },
	{ .path = "/lib64", .compile = true, .run = true, .libraries = true },
	{ .path = "/etc/ld.so.cache",
	  .compile = true,
	  .run = true,
	  .libraries = true },
	{ .path = "/etc/alternatives", .compile = true },
	{ .path = "/dev/null", .compile = true, .run = true, .dev = true },
	{ .path = "/dev/zero", .compile = true, .run = true, .dev = true },
	{ .path = "/dev/full", .compile = true, .run = true, .dev = true },
	{ .path = "/dev/random", .compile = true, .run = true, .dev = true },
	{ .path = "/dev/urandom", .compile = true, .run = true, .dev = true },
};

static int set_attributes(const char *path, unsigned flags, uint64_t set)
{
	struct mount_attributes a = { .set = set };
	unsigned long old = MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID;

	if (!syscall(SYS_mount_setattr, AT_FDCWD, path, flags, &a, sizeof(a)))
		return 0;
	if (errno != ENOSYS)
		return -1;
	/* Before 5.12: the top only; owners and Landlock guard the rest. */
	if (set & ATTR_NODEV)
		old |= MS_NODEV;
	return mount(NULL, path, NULL, old, NULL);
}

static int copy_link(const char *from, const char *to)
{
	char text[4096];
	ssize_t n = readlink(from, text, sizeof(text) - 1);

	if (n < 0)
		return -1;
	text[n] = '\0';
	return symlink(text, to);
}

static int make_point(const char *to, bool dir)
{
	int fd;

	if (dir)
		return mkdir(to, 0755);
	fd = open(to, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0444);
	return fd < 0 ? -1 : close(fd);
}

static int bind_place(const struct place *p)
{
	char to[512];
	struct stat st;
	uint64_t attributes = ATTR_RDONLY | ATTR_NOSUID;

	if (lstat(p->path, &st))
		return errno == ENOENT ? 0 : -1;
	snprintf(to, sizeof(to), STAGE "%s", p->path);
	if (S_ISLNK(st.st_mode))
		return copy_link(p->path, to);
	if (make_point(to, S_ISDIR(st.st_mode)) ||
	    mount(p->path, to, NULL, MS_BIND | MS_REC, NULL))
		return -1;
	if (!p->dev)
		attributes |= ATTR_NODEV;
	return set_attributes(to, TREE, attributes);
}

/* The folders above a path under the stage. */
static int make_parents(char *to)
{
	for (char *p = to + sizeof(STAGE); (p = strchr(p, '/')); p++) {
		*p = '\0';
		if (mkdir(to, 0755) && errno != EEXIST)
			return -1;
		*p = '/';
	}
	return 0;
}

/* A folder or device that only some boxes have; one that lies in a folder
 * which is there already needs nothing. */
static int bind_more(const char *bind)
{
	struct place p = { .path = bind + 1, .dev = *bind == 'd' };
	char to[512];

	if ((size_t)snprintf(to, sizeof(to), STAGE "%s", p.path) >=
	    sizeof(to)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (!access(to, F_OK) || access(p.path, F_OK))
		return 0;
	return make_parents(to) || bind_place(&p) ? -1 : 0;
}

/* Where it lies in the user's folder: "" for that itself. */
static int work_place(char *to, size_t size, const char *bind)
{
	const char *newline = *bind == 'r' ? strchr(bind, '\n') : NULL;
	int n = newline ? (int)(newline - bind - 1) : 0;

	errno = EINVAL;
	if ((*bind == 'r' && n < 1) || n > PATH_MOST)
		return -1;
	n = snprintf(to, size, STAGE PIKE_BOX_WORK "%s%.*s", n ? "/" : "", n,
		     bind + 1);
	return (size_t)n >= size || strstr(to, "..") ? -1 : 0;
}

/* By a descriptor, since the stage hides what lies below it. */
static int bind_work(const char *bind, int source)
{
	char from[64], to[PATH_MOST + 64];

	if (work_place(to, sizeof(to), bind))
		return -1;
	snprintf(from, sizeof(from), "/proc/self/fd/%d", source);
	if ((*bind == 'w' && mkdir(to, 0755)) ||
	    mount(from, to, NULL, MS_BIND | MS_REC, NULL))
		return -1;
	return set_attributes(to, TREE, ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV);
}

/* The user's folder, and what is to be read at a place in it; before the stage
 * is there. */
static int open_work(const struct pike_box_in *in, int sources[PIKE_BINDS_MAX])
{
	for (uint32_t i = 0; i < in->setup->nbinds; i++) {
		const char *bind = in->binds[i], *at = bind + 1;

		sources[i] = -1;
		if (*bind == 'r' && !(at = strchr(bind, '\n')))
			return -1;
		if (*bind != 'w' && *bind != 'r')
			continue;
		sources[i] = open(at + (*bind == 'r'), O_PATH | O_CLOEXEC);
		if (sources[i] < 0)
			return -1;
	}
	return 0;
}

static int bind_library(void *ctx, const char *path)
{
	char to[512];

	(void)ctx;
	snprintf(to, sizeof(to), STAGE "%s", path);
	/* By another name of its folder it is there already */
	if (!access(to, F_OK))
		return 0;
	if (make_parents(to) || make_point(to, false) ||
	    mount(path, to, NULL, MS_BIND, NULL))
		return -1;
	return set_attributes(to, 0, ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV);
}

/* The links among the system's folders, then the files. */
static int bind_libraries(void)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(places); i++) {
		const struct place *p = &places[i];
		struct stat st;

		if (p->libraries && !lstat(p->path, &st) &&
		    S_ISLNK(st.st_mode) && bind_place(p))
			return -1;
	}
	return pike_box_each_library(bind_library, NULL);
}

static int bind_one(const char *bind, int source)
{
	if (source >= 0)
		return bind_work(bind, source);
	return strchr("fd", *bind) ? bind_more(bind) : 0;
}

static int bind_all(const struct pike_box_in *in,
		    const int sources[PIKE_BINDS_MAX])
{
	static const struct place sys = { .path = "/sys" };
	bool compile = in->traits->toolchain;

	for (size_t i = 0; i < PIKE_ARRAY_LEN(places); i++) {
		const struct place *p = &places[i];

		if (in->traits->narrow && p->libraries)
			continue;
		if ((compile ? p->compile : p->run) && bind_place(p))
			return -1;
	}
	if (in->traits->narrow && bind_libraries())
		return -1;
	for (uint32_t i = 0; i < in->setup->nbinds; i++)
		if (bind_one(in->binds[i], sources[i]))
			return -1;
	return in->traits->gpu ? bind_place(&sys) : 0;
}

/* At most 64 MiB. */
int pike_box_copy_runner(int to)
{
	const uint64_t limit = 64u << 20;
	char part[65536];
	uint64_t done = 0;
	ssize_t n;

	while ((n = pread(PIKE_FD_RUNNER, part, sizeof(part), (off_t)done)) >
	       0) {
		for (ssize_t at = 0, w; at < n; at += w) {
			w = write(to, part + at, (size_t)(n - at));
			if (w < 0)
				return -1;
		}
		done += (uint64_t)n;
		if (done > limit) {
			errno = EFBIG;
			return -1;
		}
	}
	return n < 0 ? -1 : 0;
}

/* A copy, since its own folder may be closed to the box's user. */
static int place_runner(void)
{
	int fd = open(STAGE "/runner", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC,
		      0555);
	int rc;

	if (fd < 0)
		return -1;
	rc = pike_box_copy_runner(fd);
	if (close(fd))
		rc = -1;
	return rc;
}

static int place_scratch(const struct pike_box_traits *t)
{
	if (mkdir(STAGE "/tmp", 0755))
		return -1;
	if (!t->scratch)
		return 0;
	return mount("tmp", STAGE "/tmp", "tmpfs",
		     MS_NOSUID | MS_NODEV | (t->loads ? 0ul : MS_NOEXEC),
		     t->loads ? "mode=0755,size=2g,nr_inodes=65536"
			      : "mode=0755,size=512m,nr_inodes=16384");
}

int pike_box_bind_over(const char *from, const char *to, bool closed)
{
	if (mount(from, to, NULL, MS_BIND, NULL))
		return -1;
	return closed ? pike_box_close_mount(to) : 0;
}

int pike_box_close_mount(const char *path)
{
	return set_attributes(path, 0, ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV);
}

/* What another box has built, for this one to load, or to go on with; empty
 * where that comes later. */
static int place_folder(struct pike_box_in *in)
{
	bool has = in->setup->has_folder;

	in->waits = in->traits->script && !in->traits->scratch;
	if (!has && !in->waits)
		return 0;
	if (mkdir(BUILD, 0755))
		return -1;
	if (in->traits->loads)
		return pike_box_unpack(PIKE_FD_FOLDER, BUILD);
	if (mount("build", BUILD, "tmpfs", MS_NOSUID | MS_NODEV,
		  "mode=0755,size=512m,nr_inodes=16384") ||
	    (has && pike_box_unpack(PIKE_FD_FOLDER, BUILD)))
		return -1;
	return pike_box_close_mount(BUILD);
}

int pike_box_fill(struct pike_box_in *in, int folder)
{
	const char *path = BUILD + sizeof(STAGE) - 1;
	int rc;

	if (!in->waits)
		return -1;
	in->waits = false;
	if (mount(NULL, path, NULL, MS_BIND | MS_REMOUNT | MS_NOSUID | MS_NODEV,
		  NULL))
		return -1;
	rc = pike_box_unpack(folder, path);
	return pike_box_close_mount(path) ? -1 : rc;
}

bool pike_box_path_ok(const char *path)
{
	size_t len = strlen(path);

	if (!len || len > PATH_MOST)
		return false;
	for (const char *p = path;; p++) {
		size_t n = strcspn(p, "/");

		if (!n || (n <= 2 && !strncmp(p, "..", n)))
			return false;
		p += n;
		if (!*p)
			return true;
	}
}

/* Makes the folders in `dir` that the path of a file in there has. */
static int make_folders(char *path, size_t dir)
{
	for (char *p = path + dir; (p = strchr(p + 1, '/'));) {
		*p = '\0';
		if (mkdir(path, 0755) && errno != EEXIST)
			return -1;
		*p = '/';
	}
	return 0;
}

/* One file of the setup; `at` moves past it. */
static int read_file(struct pike_box_file *out, const struct pike_box_in *in,
		     const char **at)
{
	const char *nul = memchr(*at, 0, (size_t)(in->end - *at));

	errno = EINVAL;
	if (!nul || in->end - nul < 9 || !pike_box_path_ok(*at))
		return -1;
	out->name = *at;
	out->data = nul + 9;
	memcpy(&out->len, nul + 1, sizeof(out->len));
	if (out->len > (uint64_t)(in->end - out->data))
		return -1;
	*at = out->data + out->len;
	return 0;
}

int pike_box_each_file(const struct pike_box_in *in,
		       int (*f)(void *ctx, const struct pike_box_file *file),
		       void *ctx)
{
	const char *at = in->files;
	struct pike_box_file file;
	int rc = 0;

	for (uint32_t i = 0; !rc && i < in->setup->nfiles; i++) {
		rc = read_file(&file, in, &at);
		if (!rc)
			rc = f(ctx, &file);
	}
	return rc;
}

static int place_file(void *ctx, const struct pike_box_file *f)
{
	const struct pike_box_in *in = ctx;
	char path[sizeof(in->dir) + PATH_MOST + 1];
	int fd, rc = -1;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", in->dir, f->name) >=
	    sizeof(path))
		return -1;
	if (make_folders(path, strlen(in->dir)))
		return -1;
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC,
		  in->traits->agent ? 0644 : 0444);
	if (fd < 0)
		return -1;
	for (uint64_t done = 0; done < f->len;) {
		ssize_t n = write(fd, f->data + done, f->len - done);

		if (n < 0)
			goto out;
		done += (uint64_t)n;
	}
	rc = 0;
out:
	if (close(fd))
		rc = -1;
	return rc;
}

int pike_box_place_files(struct pike_box_in *in)
{
	return pike_box_each_file(in, place_file, in)
		   ? pike_box_step(in, "place files")
		   : 0;
}

/* What is put there, and not bound. */
static int place_all(struct pike_box_in *in)
{
	if (place_scratch(in->traits))
		return pike_box_step(in, "mount scratch");
	if (in->setup->has_runner && place_runner())
		return pike_box_step(in, "place the runner");
	if (place_folder(in))
		return pike_box_step(in, "unpack the build");
	if (in->traits->agent && pike_desk_make(in, STAGE))
		return pike_box_step(in, "make the folder of an agent");
	return 0;
}

static int enter(void)
{
	if (chdir(STAGE) || syscall(SYS_pivot_root, ".", ".") ||
	    umount2(".", MNT_DETACH) || chdir("/"))
		return -1;
	return set_attributes("/", 0, ATTR_RDONLY | ATTR_NOSUID | ATTR_NODEV);
}

int pike_box_root(struct pike_box_in *in)
{
	bool compile = in->traits->toolchain;
	int sources[PIKE_BINDS_MAX];

	if (open_work(in, sources))
		return pike_box_step(in, "open a folder of in-model");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("box", STAGE, "tmpfs", MS_NOSUID | MS_NODEV,
		  "mode=0755,size=64m,nr_inodes=1024"))
		return pike_box_step(in, "mount a root");
	if ((!compile && mkdir(STAGE "/usr", 0755)) ||
	    mkdir(STAGE "/etc", 0755) || mkdir(STAGE "/dev", 0755) ||
	    mkdir(STAGE "/proc", 0755))
		return pike_box_step(in, "make folders");
	if (bind_all(in, sources))
		return pike_box_step(in, "bind system folders");
	if (!pike_box_without_proc(in) &&
	    mount("proc", STAGE "/proc", "proc",
		  MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
		return pike_box_step(in, "mount /proc");
	if (place_all(in))
		return -1;
	if (enter())
		return pike_box_step(in, "pivot the root");
	snprintf(in->dir, sizeof(in->dir), "%s",
		 in->traits->agent     ? PIKE_DESK
		 : in->traits->scratch ? "/tmp"
				       : "/");
	return 0;
}
