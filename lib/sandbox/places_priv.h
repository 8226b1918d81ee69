/* SPDX-License-Identifier: Apache-2.0 */
/* places: the descriptors that a box is made with, and who is given them. */
#ifndef PIKE_SANDBOX_PLACES_PRIV_H
#define PIKE_SANDBOX_PLACES_PRIV_H

#include "sandbox/inside_priv.h"
#include "sandbox/warm.h"

/* Above the places that a box's descriptors go to. */
#define PIKE_FD_FLOOR 64

/* The descriptors at their places in the child; -1: none there. */
struct pike_places {
	int at[PIKE_FD_END];
};

/* Starts pike-sandbox with nothing but this environment and the first `n` of
 * these descriptors at their own places, -1 for none; posix_spawn, so that no
 * copy of this process and its secrets is ever made. */
int pike_box_spawn(pid_t *out, char *const *argv, char *const *env,
		   const int *fds, int n, struct pike_err *err);
/* Of a process that is ready. `words`: for its worker, which goes on in the
 * box. PIKE_FAILED: it is of no use any more. */
int pike_warm_fork(pid_t *pid, int *pidfd, struct pike_warm *w,
		   const struct pike_places *p, const char *words,
		   struct pike_err *err);
pid_t pike_warm_pid(const struct pike_warm *w);

#endif
