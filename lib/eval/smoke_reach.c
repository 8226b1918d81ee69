/* SPDX-License-Identifier: Apache-2.0 */
/* smoke_reach: ways out of a box, the same code inside and outside. */
#include "eval/smoke_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static bool connects(int family, const void *address, size_t len)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 && !connect(fd, address, (socklen_t)len);

	if (fd >= 0)
		close(fd);
	return ok;
}

static bool by_tcp(const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int64_t n;

	if (!pike_parse_i64(port, &n) || n < 1 || n > 65535)
		return false;
	a.sin_port = htons((uint16_t)n);
	return connects(AF_INET, &a, sizeof(a));
}

static bool by_socket(const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t n = strlen(name);

	if (n + 1 >= sizeof(a.sun_path))
		return false;
	memcpy(a.sun_path + 1, name, n);
	return connects(AF_UNIX, &a,
			offsetof(struct sockaddr_un, sun_path) + 1 + n);
}

static bool by_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* Opening it would start that GPU. */
static bool by_node(const char *path)
{
	return !access(path, F_OK);
}

static bool by_write(const char *folder)
{
	char *path = pike_xasprintf("%s/pike-smoke-%d", folder, (int)getpid());
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0) {
		close(fd);
		unlink(path);
	}
	free(path);
	return fd >= 0;
}

static bool by_env(const char *name)
{
	return getenv(name) != NULL;
}

static bool by_process(const char *pid)
{
	int64_t n;

	return pike_parse_i64(pid, &n) && n > 0 && n <= INT32_MAX &&
	       !kill((pid_t)n, 0);
}

static const struct {
	const char *way;
	bool (*reach)(const char *where);
} ways[] = {
	{ "tcp", by_tcp },	   { "socket", by_socket }, { "file", by_file },
	{ "node", by_node },	   { "write", by_write },   { "env", by_env },
	{ "process", by_process },
};

bool pike_reach(const char *way, const char *where)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(ways); i++)
		if (!strcmp(ways[i].way, way))
			return ways[i].reach(where);
	return false;
}
