/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sync: the refs of searches, their notes and inboxes, shared with a remote
 * (README.md, Refs). As in git.h a handle belongs to one thread.
 */
#ifndef PIKE_GIT_SYNC_H
#define PIKE_GIT_SYNC_H

#include "git/git.h"

/* Refs of a search, its notes and inboxes, with a remote (README.md, Refs). */
struct pike_sync {
	const char *remote;	  /* its name */
	bool fetch, push, chat;	  /* chat: exchanges with models are pushed */
	volatile const int *stop; /* ends it; NULL: nothing does */
};
struct pike_synced {
	struct pike_strs fetched, pushed; /* refs here, and there, that moved */
};
/* Fetches, joins what came with what is here, pushes, and tries again while
 * others are quicker. Nothing is forced, here or there; what cannot be joined
 * is told and stays. PIKE_RETRY: the network or the remote would not, and all
 * that is here stays here. The lock on the repository is not held meanwhile.
 * Add to `out`, and release it. */
int pike_sync(struct pike_synced *out, struct pike_repo *r,
	      const struct pike_sync *o, struct pike_err *err);
void pike_synced_release(struct pike_synced *s);
/* Refs that the remote has not, or not as they are here, as far as is known
 * without asking it. */
int pike_sync_unsent(struct pike_strs *out, struct pike_repo *r,
		     const struct pike_sync *o, struct pike_err *err);
/* Remotes that had this branch (pike_search_branch) when last heard of. */
int pike_sync_holders(struct pike_strs *out, struct pike_repo *r,
		      const char *branch, struct pike_err *err);
/* Asks the remote, and moves nothing: how many refs of searches it has, and
 * whether a branch of it is in the way of more. */
int pike_sync_look(size_t *out, bool *blocked, struct pike_repo *r,
		   const struct pike_sync *o, struct pike_err *err);
/* Is there a remote of that name? */
bool pike_sync_remote(const struct pike_repo *r, const char *name);

#endif
