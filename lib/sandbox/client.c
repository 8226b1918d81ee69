/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client: what `pike-git` is where an agent works: `try` sends the files that
 * may change through a door to the process that judges outside, and prints what
 * comes back. It has no rights that the agent has not.
 */
#include "sandbox/inside_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define USAGE 129
#define BROKEN 128
#define PATH_MOST 1200

static const char usage[] =
    "usage: pike-git try [--json]\n\n"
    "Builds, checks and times the files that may change as they are now,\n"
    "against the best so far, and says what came of it. Exit 0: it was "
    "judged;\n"
    "1: it was not, and why. How often is limited.\n";

static int complain(const char *what)
{
	fprintf(stderr, "pike-git: error: %s: %s\n", what, strerror(errno));
	return -1;
}

static int dial(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX,
				 .sun_path = PIKE_DOOR_JUDGE };
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (sock < 0 || connect(sock, (struct sockaddr *)&a, sizeof(a)))
		return complain("cannot reach the judge");
	return sock;
}

static int send_all(int sock, const char *data, size_t len)
{
	while (len) {
		ssize_t n = send(sock, data, len, MSG_NOSIGNAL);

		if (n <= 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int send_file(int sock, const char *name)
{
	char path[PATH_MOST + 16], head[PATH_MOST + 64];
	struct stat st;
	char *data = NULL;
	int fd, rc = -1;

	snprintf(path, sizeof(path), PIKE_DESK "/%s", name);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return complain(path);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) ||
	    st.st_size > (off_t)PIKE_LEFT_MAX) {
		fprintf(
		    stderr,
		    "pike-git: error: '%s' is not a regular file of at most "
		    "1 MiB\n",
		    path);
		goto out;
	}
	data = malloc((size_t)st.st_size + 1);
	snprintf(head, sizeof(head), "%s\n%lld\n", name, (long long)st.st_size);
	if (!data || read(fd, data, (size_t)st.st_size) != st.st_size ||
	    send_all(sock, head, strlen(head)) ||
	    send_all(sock, data, (size_t)st.st_size))
		complain(path);
	else
		rc = 0;
out:
	free(data);
	close(fd);
	return rc;
}

static int send_call(int sock, bool json)
{
	FILE *names = fopen(PIKE_DOORS "/files", "re");
	const char *how = json ? "json\n" : "text\n";
	char name[PATH_MOST];
	int rc;

	if (!names)
		return complain(PIKE_DOORS "/files");
	rc = send_all(sock, PIKE_CALL, sizeof(PIKE_CALL) - 1) ||
		     send_all(sock, how, strlen(how))
		 ? complain("cannot call the judge")
		 : 0;
	while (!rc && fgets(name, sizeof(name), names)) {
		name[strcspn(name, "\n")] = '\0';
		rc = send_file(sock, name);
	}
	fclose(names);
	if (!rc)
		shutdown(sock, SHUT_WR);
	return rc;
}

/* The exit status, and then what is printed. */
static int take_answer(int sock)
{
	char part[4096], status = 0;
	ssize_t n = read(sock, &status, 1);

	if (n != 1 || (status != '0' && status != '1')) {
		fputs("pike-git: error: the judge gave no answer\n", stderr);
		return BROKEN;
	}
	while ((n = read(sock, part, sizeof(part))) > 0)
		fwrite(part, 1, (size_t)n, stdout);
	return status - '0';
}

static int try_it(bool json)
{
	int sock = dial();
	int rc = BROKEN;

	if (sock >= 0 && !send_call(sock, json))
		rc = take_answer(sock);
	if (sock >= 0)
		close(sock);
	return rc;
}

int pike_desk_client(int argc, char **argv)
{
	static const char word[] = "try";
	bool json = false, try = false, help = argc < 2;

	for (int i = 1; i < argc; i++) {
		json = json || !strcmp(argv[i], "--json");
		try = try || !strcmp(argv[i], word);
		help = help || !strcmp(argv[i], "-h") ||
		       !strcmp(argv[i], "--help");
	}
	if (help || !try) {
		fputs(usage, help ? stdout : stderr);
		return help ? 0 : USAGE;
	}
	return try_it(json);
}
