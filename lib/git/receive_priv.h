/* SPDX-License-Identifier: Apache-2.0 */
/* receive_priv: what the checks of a push share. */
#ifndef PIKE_GIT_RECEIVE_PRIV_H
#define PIKE_GIT_RECEIVE_PRIV_H

#include "git/repo_priv.h"

struct pike_receive {
	struct pike_repo *r;
	const struct pike_ref_update *all; /* of the push, as far as known */
	size_t nall;
	bool whole;		    /* `all` is all of it */
	git_oid head;		    /* zero: HEAD's branch is not there yet */
	struct pike_entries config; /* .pike/config there */
	char *signers; /* file of the keys that .pike/runners names, or NULL */
};

/* One update, with its ids: zero for none. */
struct pike_received {
	const char *ref;
	git_oid was, now;
};

/* `name`: TARGET/LANE. The ladder's rungs stand between its generations. */
int pike_receive_search(struct pike_receive *x, const struct pike_received *u,
			const char *name, bool ladder, struct pike_err *err);
/* `name`: what follows refs/notes/pike/. */
int pike_receive_notes(struct pike_receive *x, const struct pike_received *u,
		       const char *name, struct pike_err *err);

/* ---- receive_walk.c ---- */

/* Commits of `now` that neither HEAD has nor a ref below one of `known`,
 * parents first. Caller frees. */
int pike_receive_new(git_oid **out, size_t *n, const struct pike_receive *x,
		     const git_oid *now, const char *const *known,
		     struct pike_err *err);
/* Is `old` the same as `id` or an ancestor of it? */
bool pike_receive_descends(const struct pike_receive *x, const git_oid *id,
			   const git_oid *old);
/* What the push makes of a ref, or else what it is; 1: none. */
int pike_receive_after(git_oid *out, const struct pike_receive *x,
		       const char *ref, struct pike_err *err);

/* ---- receive_paths.c ---- */

/* Does the commit have the tree of one of the bases (newest first, at least
 * one) but for the files at `paths`, regular ones? */
int pike_receive_paths(const struct pike_receive *x, const git_oid *commit,
		       const git_oid *bases, size_t n,
		       const struct pike_strs *paths, struct pike_err *err);

#endif
