/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join_priv: refs that others share with us, and how ours are brought up with
 * them. Call these under pike_repo_lock, with all objects here.
 */
#ifndef PIKE_GIT_JOIN_PRIV_H
#define PIKE_GIT_JOIN_PRIV_H

#include "git/notes_priv.h"

#define PIKE_BRANCHES "refs/heads/pike/evo/"
#define PIKE_LADDERS "refs/pike/open/"

/* What a name may be. OTHER: none of README.md, Refs, or not well-formed;
 * nothing of it is taken. The order is that in which they are pushed. */
enum pike_kind {
	PIKE_REF_NOTES,
	PIKE_REF_INBOX,
	PIKE_REF_LADDER,
	PIKE_REF_BRANCH,
	PIKE_REF_OTHER
};
enum pike_kind pike_kind_of(const char *name);
/* Of model exchanges, which are not pushed by everybody? */
bool pike_is_chat(const char *name);

/* Is `id` the commit `from`, or below it? */
bool pike_descends(struct pike_repo *r, const git_oid *id, const git_oid *from);

/* A ref as others have it. */
struct pike_theirs {
	const char *name; /* here */
	const char *at;	  /* a ref of ours that holds it */
	git_oid id;
};
/* Notes or an inbox. */
int pike_join_notes(struct pike_repo *r, const struct pike_theirs *t,
		    struct pike_err *err);

/* A search as others have it; zero: no such ref. */
struct pike_theirs_search {
	const char *name; /* TARGET/LANE[.RUN] */
	git_oid tip, top; /* branch; ladder */
	git_oid known;	  /* its branch when it was last seen */
};
int pike_join_search(struct pike_repo *r, const struct pike_theirs_search *t,
		     struct pike_err *err);
/* Their ladder alone: their rungs go on top of ours. */
int pike_join_ladder(struct pike_repo *r, const char *name, const git_oid *top,
		     struct pike_err *err);

/* Was it folded into our notes, up to this tip? */
int pike_inbox_folded(bool *out, struct pike_repo *r, const char *name,
		      const git_oid *tip, struct pike_err *err);
/* Others have deleted an inbox, which was at `last`: ours goes too, once it was
 * folded, or gets another name for what it has beside. 1: it is neither, and
 * stays. */
int pike_inbox_gone(struct pike_repo *r, const char *name, const git_oid *last,
		    struct pike_err *err);

#endif
