/* SPDX-License-Identifier: Apache-2.0 */
/* A server of tests/servers, as a child that ends with the test. */
#ifndef SERVER_FIXTURE_H
#define SERVER_FIXTURE_H

#include "base/mem.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct server {
	pid_t pid;
	int in; /* it serves until this ends */
	int port;
};

static int server_begin(struct server *s, const char *script)
{
	int in[2], out[2];
	FILE *said;

	if (pipe(in) || pipe(out))
		return -1;
	s->pid = fork();
	if (!s->pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		execlp("python3", "python3", script, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	s->in = in[1];
	said = fdopen(out[0], "r");
	if (!said || fscanf(said, "%d", &s->port) != 1)
		s->port = 0;
	if (said)
		fclose(said);
	return s->pid > 0 && s->port ? 0 : -1;
}

static void server_end(struct server *s)
{
	close(s->in);
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
}

static char *server_url(const struct server *s, const char *path)
{
	return pike_xasprintf("http://127.0.0.1:%d%s", s->port, path);
}

#endif
