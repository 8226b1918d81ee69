/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork: what makes pike-fork.so of this folder's inside: an interpreter that is
 * kept warm (warm.h) calls it in a process that it has forked.
 */
#include "sandbox/inside_priv.h"

#include "base/mem.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* Above all places. */
#define ABOVE 64

void pike_box_fork(const int *places, void (*program)(void))
{
	static const int handled[] = { SIGINT, SIGPIPE, SIGXFSZ };
	int at[PIKE_FD_END];
	sigset_t none;

	/* Some may lie where others belong. */
	for (int i = PIKE_FD_SETUP; i < PIKE_FD_END; i++)
		at[i] = places[i] < 0
			    ? -1
			    : fcntl(places[i], F_DUPFD_CLOEXEC, ABOVE);
	for (int i = PIKE_FD_SETUP; i < PIKE_FD_END; i++)
		if (at[i] < 0)
			close(i);
		else if (dup2(at[i], i) < 0)
			_exit(1);
	/* An interpreter handles some. */
	for (size_t i = 0; i < PIKE_ARRAY_LEN(handled); i++)
		signal(handled[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* As posix_spawn has it: a Ctrl-C of the terminal is not for it. */
	setpgid(0, 0);
	pike_box_enter(program);
}
