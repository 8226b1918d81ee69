/* SPDX-License-Identifier: Apache-2.0 */
/*
 * desk: where an agent works (agent.h), from inside. All of it is in memory:
 * the files, an empty home, the client and the doors. What may not change is
 * bound over itself read-only; when all processes are gone, what may change is
 * read, by names that no link leads elsewhere, and the rest is compared.
 */
#include "sandbox/inside_priv.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define PATH_MOST 1200
#define DEPTH_MOST 24
/* Entries of folders that are looked at, at most. */
#define LOOKS_MOST 100000
#define WAITING 32

/* ---- names ---- */

/* Is `name` one that may change, or a folder above one? */
static bool leads_to_edit(const struct pike_box_in *in, const char *name,
			  bool *is_one)
{
	size_t n = strlen(name);
	bool above = false;

	*is_one = false;
	for (uint32_t i = 0; i < in->setup->nbinds; i++) {
		const char *edit = in->binds[i] + 1;

		if (in->binds[i][0] != 'm' || strncmp(edit, name, n) != 0)
			continue;
		*is_one = *is_one || !edit[n];
		above = above || edit[n] == '/';
	}
	return above;
}

/* ---- making it ---- */

static int put_file(const char *stage, const char *name, const char *text,
		    size_t len)
{
	char path[256];
	int fd, rc;

	snprintf(path, sizeof(path), "%s%s", stage, name);
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0444);
	if (fd < 0)
		return -1;
	rc = write(fd, text, len) == (ssize_t)len ? 0 : -1;
	return close(fd) ? -1 : rc;
}

static int make_folder(const char *stage, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s%s", stage, name);
	return mkdir(path, 0755) && errno != EEXIST ? -1 : 0;
}

/* This program under another name: its own folder may be closed to the user
 * that the box has become, but what runs can be read. */
static int put_client(const char *stage)
{
	char path[256], part[65536];
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), to;
	ssize_t n = -1;

	snprintf(path, sizeof(path), "%s" PIKE_DOORS "/pike-git", stage);
	to = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0555);
	while (from >= 0 && to >= 0 && (n = read(from, part, sizeof(part))) > 0)
		if (write(to, part, (size_t)n) != n) {
			n = -1;
			break;
		}
	if (from >= 0)
		close(from);
	return (to < 0 || close(to)) || n ? -1 : 0;
}

/* The prompt, and the names of what may change. */
static int put_words(const struct pike_box_in *in, const char *stage)
{
	char path[256];
	FILE *names;
	int rc = 0;

	snprintf(path, sizeof(path), "%s" PIKE_DOORS "/files", stage);
	names = fopen(path, "we");
	if (!names)
		return -1;
	for (uint32_t i = 0; !rc && i < in->setup->nbinds; i++) {
		const char *bind = in->binds[i];

		if (*bind == 'i')
			rc = put_file(stage, PIKE_DOORS "/prompt.md", bind + 1,
				      strlen(bind + 1));
		else if (*bind == 'm')
			fprintf(names, "%s\n", bind + 1);
	}
	return fclose(names) ? -1 : rc;
}

static int send_doors(int proxy, int judge)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} c = { .head = { .cmsg_level = SOL_SOCKET,
			  .cmsg_type = SCM_RIGHTS,
			  .cmsg_len = CMSG_LEN(2 * sizeof(int)) } };
	const int fds[] = { proxy, judge };
	char word = 'D';
	struct iovec part = { &word, 1 };
	struct msghdr m = { .msg_iov = &part,
			    .msg_iovlen = 1,
			    .msg_control = c.room,
			    .msg_controllen = sizeof(c.room) };

	memcpy(CMSG_DATA(&c.head), fds, sizeof(fds));
	return sendmsg(PIKE_FD_CONTROL, &m, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

/* A network of its own begins with its loopback down. */
static int raise_loopback(int sock)
{
	struct ifreq r = { .ifr_name = "lo" };

	if (ioctl(sock, SIOCGIFFLAGS, &r))
		return -1;
	r.ifr_flags |= IFF_UP;
	return ioctl(sock, SIOCSIFFLAGS, &r);
}

static int listen_at(int sock, const void *address, size_t len)
{
	return bind(sock, (const struct sockaddr *)address, (socklen_t)len) ||
		       listen(sock, WAITING)
		   ? -1
		   : 0;
}

static int make_doors(const char *stage)
{
	const int how = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_port = htons(PIKE_DOOR_PROXY) };
	int proxy = socket(AF_INET, how, 0), judge = socket(AF_UNIX, how, 0);
	int rc = -1;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	snprintf(un.sun_path, sizeof(un.sun_path), "%s" PIKE_DOOR_JUDGE, stage);
	if (proxy >= 0 && judge >= 0 && !raise_loopback(proxy) &&
	    !listen_at(proxy, &in, sizeof(in)) &&
	    !listen_at(judge, &un, sizeof(un)))
		rc = send_doors(proxy, judge);
	if (proxy >= 0)
		close(proxy);
	if (judge >= 0)
		close(judge);
	return rc;
}

/* What programs ask of a system, and no more. */
static int put_system(const char *stage)
{
	static const char user[] =
	    "agent:x:65534:65534:agent:/tmp/home:/bin/sh\n";
	static const char hosts[] = "127.0.0.1 localhost box\n";

	return put_file(stage, "/etc/passwd", user, sizeof(user) - 1) ||
		       put_file(stage, "/etc/hosts", hosts, sizeof(hosts) - 1)
		   ? -1
		   : 0;
}

/* Terminals of its own: many run their commands in one. */
static int put_terminals(const char *stage)
{
	static const char *const links[][2] = {
		{ "pts/ptmx", "/dev/ptmx" }, { "/proc/self/fd", "/dev/fd" }
	};
	char path[256];

	snprintf(path, sizeof(path), "%s/dev/pts", stage);
	if (make_folder(stage, "/dev/pts") ||
	    mount("devpts", path, "devpts", MS_NOSUID | MS_NOEXEC,
		  "newinstance,ptmxmode=0666,mode=0600"))
		return -1;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(links); i++) {
		snprintf(path, sizeof(path), "%s%s", stage, links[i][1]);
		if (symlink(links[i][0], path))
			return -1;
	}
	return 0;
}

int pike_desk_make(const struct pike_box_in *in, const char *stage)
{
	char path[256];

	snprintf(path, sizeof(path), "%s" PIKE_DESK, stage);
	if (make_folder(stage, PIKE_DOORS) || make_folder(stage, PIKE_DESK) ||
	    mount("work", path, "tmpfs", MS_NOSUID | MS_NODEV,
		  "mode=0755,size=512m,nr_inodes=65536") ||
	    make_folder(stage, "/tmp/home"))
		return -1;
	return put_system(stage) || put_terminals(stage) || put_client(stage) ||
		       put_words(in, stage) || make_doors(stage)
		   ? -1
		   : 0;
}

/* ---- closing it ---- */

static int close_folder(const struct pike_box_in *in, char *path, int depth);

/* `name`: of the entry, as a file of the setup. */
static int close_entry(const struct pike_box_in *in, char *path, int depth)
{
	const char *name = path + sizeof(PIKE_DESK);
	bool is_one, above = leads_to_edit(in, name, &is_one);

	if (is_one)
		return 0;
	if (!above)
		return pike_box_bind_over(path, path, true);
	/* Not to be moved away, with all that is closed in it. */
	return pike_box_bind_over(path, path, false) ||
		       close_folder(in, path, depth + 1)
		   ? -1
		   : 0;
}

static int close_folder(const struct pike_box_in *in, char *path, int depth)
{
	size_t end = strlen(path);
	DIR *d = depth < DEPTH_MOST ? opendir(path) : NULL;
	const struct dirent *e;
	int rc = d ? 0 : -1;

	while (!rc && d && (e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if ((size_t)snprintf(path + end, PATH_MOST - end, "/%s",
				     e->d_name) >= PATH_MOST - end)
			rc = -1;
		else
			rc = close_entry(in, path, depth);
	}
	path[end] = '\0';
	if (d)
		closedir(d);
	return rc;
}

/* The folder of a file that is yet to be written. */
static int make_parents(const char *edit)
{
	char path[PATH_MOST];

	snprintf(path, sizeof(path), PIKE_DESK "/%s", edit);
	for (char *p = path + sizeof(PIKE_DESK); (p = strchr(p, '/')); p++) {
		*p = '\0';
		if (mkdir(path, 0755) && errno != EEXIST)
			return -1;
		*p = '/';
	}
	return 0;
}

int pike_desk_close(const struct pike_box_in *in)
{
	char path[PATH_MOST] = PIKE_DESK;

	for (uint32_t i = 0; i < in->setup->nbinds; i++)
		if (in->binds[i][0] == 'm' && make_parents(in->binds[i] + 1))
			return -1;
	return close_folder(in, path, 0);
}

/* ---- what it leaves ---- */

struct taking {
	const struct pike_box_in *in;
	const struct pike_box_file **known; /* sorted by name */
	struct pike_box_file *files;
	size_t n;
	off_t at; /* of what is written */
	uint64_t touched;
	unsigned looks;
	bool failed;
};

static void put(struct taking *t, const void *data, size_t len)
{
	t->failed =
	    t->failed || pwrite(PIKE_FD_OUT, data, len, t->at) != (ssize_t)len;
	t->at += (off_t)len;
}

/* A record: its kind, a name, and bytes. */
static void put_record(struct taking *t, char kind, const char *name,
		       const void *data, uint64_t len)
{
	put(t, &kind, 1);
	put(t, name, strlen(name) + 1);
	put(t, &len, sizeof(len));
	if (len)
		put(t, data, (size_t)len);
}

static void touched(struct taking *t, const char *name)
{
	if (t->touched++ < PIKE_TOUCHED_MAX)
		put_record(t, 't', name, NULL, 0);
}

/* No part of its name may be a link. */
static int open_beneath(const char *name)
{
	int dir = open(PIKE_DESK, O_PATH | O_DIRECTORY | O_CLOEXEC), fd;
	char part[PATH_MOST];

	while (dir >= 0) {
		size_t n = strcspn(name, "/");
		bool last = !name[n];

		snprintf(part, sizeof(part), "%.*s", (int)n, name);
		fd = openat(
		    dir, part,
		    O_NOFOLLOW | O_CLOEXEC |
			(last ? O_RDONLY | O_NONBLOCK : O_PATH | O_DIRECTORY));
		close(dir);
		if (last)
			return fd;
		dir = fd;
		name += n + 1;
	}
	return -1;
}

/* What is wrong with what is there; NULL: nothing. */
static const char *wrong_with(int fd, struct stat *st)
{
	if (fd < 0)
		return errno == ENOENT ? "was removed"
		       : errno == ELOOP || errno == ENOTDIR
			   ? "is a link, or lies behind one"
			   : "cannot be read";
	if (fstat(fd, st))
		return "cannot be read";
	if (!S_ISREG(st->st_mode))
		return "is not a regular file any more";
	return st->st_size > (off_t)PIKE_LEFT_MAX ? "is larger than 1 MiB"
						  : NULL;
}

static void take_edit(struct taking *t, const char *name)
{
	int fd = open_beneath(name);
	struct stat st = { 0 };
	const char *wrong = wrong_with(fd, &st);
	char *data = NULL;

	if (!wrong) {
		data = pike_xmalloc((size_t)st.st_size + 1);
		if (pread(fd, data, (size_t)st.st_size, 0) != st.st_size)
			wrong = "cannot be read";
	}
	if (wrong)
		put_record(t, 'x', name, wrong, strlen(wrong));
	else
		put_record(t, 'f', name, data, (uint64_t)st.st_size);
	free(data);
	if (fd >= 0)
		close(fd);
}

static int count_file(void *ctx, const struct pike_box_file *f)
{
	struct taking *t = ctx;

	t->files[t->n++] = *f;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct pike_box_file *x = *(const struct pike_box_file *const *)a,
				   *y = *(const struct pike_box_file *const *)b;

	return strcmp(x->name, y->name);
}

static bool is_known(const struct taking *t, const char *name)
{
	const struct pike_box_file f = { .name = name }, *at = &f;

	return bsearch(&at, t->known, t->n, sizeof(*t->known), by_name) != NULL;
}

static bool same(const struct pike_box_file *f)
{
	int fd = open_beneath(f->name);
	char part[65536];
	struct stat st;
	uint64_t at = 0;
	bool is = fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) &&
		  (uint64_t)st.st_size == f->len;

	while (is && at < f->len) {
		ssize_t n = pread(fd, part, sizeof(part), (off_t)at);

		is = n > 0 && (uint64_t)n <= f->len - at &&
		     !memcmp(part, f->data + at, (size_t)n);
		at += n > 0 ? (uint64_t)n : 0;
	}
	if (fd >= 0)
		close(fd);
	return is;
}

/* Files that were not there. */
static void look_at_folder(struct taking *t, int dir, char *path, int depth)
{
	size_t end = strlen(path);
	DIR *d = fdopendir(dir);
	const struct dirent *e;

	while (d && (e = readdir(d)) && t->looks++ < LOOKS_MOST) {
		const char *name = path + 1;
		bool is_one;
		int fd;

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") ||
		    end + strlen(e->d_name) + 2 > PATH_MOST)
			continue;
		snprintf(path + end, PATH_MOST - end, "/%s", e->d_name);
		leads_to_edit(t->in, name, &is_one);
		fd = openat(dirfd(d), e->d_name,
			    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0) {
			close(fd);
			fd = depth < DEPTH_MOST
				 ? openat(dirfd(d), e->d_name,
					  O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
					      O_CLOEXEC)
				 : -1;
			if (fd >= 0)
				look_at_folder(t, fd, path, depth + 1);
		} else if (!is_one && !is_known(t, name)) {
			touched(t, name);
		}
		path[end] = '\0';
	}
	path[end] = '\0';
	if (d)
		closedir(d);
	else
		close(dir);
}

static void look_at_rest(struct taking *t)
{
	char path[PATH_MOST] = "";
	bool is_one;
	int dir;

	for (size_t i = 0; i < t->n; i++) {
		leads_to_edit(t->in, t->files[i].name, &is_one);
		if (!is_one && !same(&t->files[i]))
			touched(t, t->files[i].name);
	}
	dir = open(PIKE_DESK, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0)
		look_at_folder(t, dir, path, 0);
}

int pike_desk_take(const struct pike_box_in *in)
{
	struct taking t = { .in = in };

	if (ftruncate(PIKE_FD_OUT, 0))
		return -1;
	t.files = pike_xcalloc(in->setup->nfiles + 1, sizeof(*t.files));
	t.known = pike_xcalloc(in->setup->nfiles + 1, sizeof(*t.known));
	pike_box_each_file(in, count_file, &t);
	for (size_t i = 0; i < t.n; i++)
		t.known[i] = &t.files[i];
	qsort(t.known, t.n, sizeof(*t.known), by_name);
	for (uint32_t i = 0; i < in->setup->nbinds; i++)
		if (in->binds[i][0] == 'm')
			take_edit(&t, in->binds[i] + 1);
	look_at_rest(&t);
	put_record(&t, 'n', "", &t.touched, sizeof(t.touched));
	free(t.known);
	free(t.files);
	return t.failed ? -1 : 0;
}
