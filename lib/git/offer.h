/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offer: what a merge request needs of git: its commit, its branch on a remote,
 * and whose signature a result has.
 *
 * No ref here is changed; of the remote's the one that is named, from what was
 * seen there. As in git.h a handle belongs to one thread.
 */
#ifndef PIKE_GIT_OFFER_H
#define PIKE_GIT_OFFER_H

#include "git/git.h"

/* ---- offer.c: the commit of a merge request ---- */

struct pike_offer {
	const char *target, *message;	/* ends with its trailers */
	struct pike_oid base;		/* what it stands on */
	const struct pike_files *files; /* evolvable ones, put into the base */
	const struct pike_strs *paths;	/* all that may differ from it */
};
/* Writes the commit, sealed, and moves no ref. PIKE_FAILED: it would change
 * other paths or modes, or nothing. */
int pike_offer_write(struct pike_oid *out, struct pike_repo *r,
		     const struct pike_offer *o, struct pike_err *err);
enum pike_offer_state {
	PIKE_OFFER_SAME,    /* ours, and says and holds this */
	PIKE_OFFER_OLD,	    /* ours, of something else */
	PIKE_OFFER_FOREIGN, /* somebody's, or ours and changed by somebody */
};
int pike_offer_compare(enum pike_offer_state *out, struct pike_repo *r,
		       const struct pike_oid *commit,
		       const struct pike_offer *o, struct pike_err *err);
/* How much these files change of a commit. */
struct pike_diffstat {
	size_t files, added, removed; /* the latter are lines */
};
int pike_offer_stat(struct pike_diffstat *out, struct pike_repo *r,
		    const struct pike_oid *base, const struct pike_files *files,
		    struct pike_err *err);
/* Was this line first written by a notes commit that a key of `signers` has
 * signed (text in the format of ssh's allowed signers)? */
int pike_result_vouched(bool *out, struct pike_repo *r,
			const struct pike_result *res, const char *signers,
			size_t len, struct pike_err *err);

/* ---- credential.c: what git's credential helpers know ---- */

struct pike_credential {
	char *url, *user, *secret; /* NULL: nothing is known */
};
/* A user and a password, or token, for "https://[USER@]HOST[/PATH]". Nobody is
 * asked: where no helper knows, and what is git's askpass does not either,
 * that is success and `out` has no secret. Release it. */
int pike_credential_fill(struct pike_credential *out, struct pike_repo *r,
			 const char *url, struct pike_err *err);
/* Tells the helpers that it was taken, as git does: those that keep what others
 * know do so then. That one was refused is not told to anybody: a forge also
 * refuses what git may push with, as it lacks a right, and `git credential
 * reject` would have the helpers erase what the user has stored. */
void pike_credential_approve(struct pike_repo *r,
			     const struct pike_credential *c);
void pike_credential_release(struct pike_credential *c); /* wipes the secret */

/* ---- remote.c: one ref of a remote ---- */

/* Where git pushes to, with url.*.insteadOf; NULL: there is no such remote.
 * Caller frees. */
char *pike_remote_url(struct pike_repo *r, const char *remote);
/* What it is there, with its objects here; "" where there is none. */
int pike_remote_ref(struct pike_oid *out, struct pike_repo *r,
		    const char *remote, const char *ref, struct pike_err *err);
/* Moves it from `was` ("": it must not exist) to `to`, forward or not.
 * PIKE_RETRY: somebody else has moved it. */
int pike_push_ref(struct pike_repo *r, const char *remote, const char *ref,
		  const struct pike_oid *to, const struct pike_oid *was,
		  struct pike_err *err);

#endif
