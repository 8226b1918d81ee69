/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forge: merge requests, comments and statuses on GitHub, GitLab, Gitea.
 *
 * There is no database: a request is known by its source and target branch, a
 * comment by the marker that it begins with. What a forge says is a stranger's
 * text: bounded, and cleaned before it is shown. A token goes in a header, to
 * the host that it is for, and nowhere else; it is sent over https, or to this
 * machine itself.
 *
 * A lost answer to what must not be done twice is PIKE_RETRY inside, and looked
 * up; what comes out as PIKE_RETRY may be tried again later.
 */
#ifndef PIKE_FORGE_FORGE_H
#define PIKE_FORGE_FORGE_H

#include "base/buf.h"
#include "base/err.h"
#include "model/steer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What begins the branches of all requests of ours. */
#define PIKE_REQUEST_BRANCHES "pike/mr/"
/* What begins our request's body, and our comments: "<!-- pike-git:ID -->". */
#define PIKE_MARKER "<!-- pike-git:"

struct pike_forge; /* one repository on one server */

struct pike_forge_opts {
	const char *kind, *url, *token; /* of [forge]; NULL: guessed */
	const char *remote;		/* URL of git's remote; NULL: none */
	const char *secret; /* a token of git's helpers; NULL: none */
	/* File that keeps what was said, so that it is said again only where
	 * it has changed; NULL: none. Bounded; may be removed at any time. */
	const char *keep;
	int wait_ms;	 /* the first pause; 0: a second */
	int patience_ms; /* longest pause that is waited for; 0: 2 minutes */
	int timeout_ms;	 /* of one request; 0: 30 s */
	volatile const int *stop; /* ends a pause; NULL: nothing does */
};
/* Sends nothing. PIKE_USAGE, naming the remedy: it cannot be told which forge
 * or repository it is, there is no token, or the URL is no safe one. */
int pike_forge_open(struct pike_forge **out, const struct pike_forge_opts *o,
		    struct pike_err *err);
void pike_forge_free(struct pike_forge *f);
/* Is there a token that was set for this program: in the variable that `token`
 * names, else in the PIKE_..._TOKEN of the forge that it is? Others' tokens are
 * there for other reasons, and do not ask for requests. */
bool pike_forge_is_meant(const struct pike_forge_opts *o);
/* For what server git's credential helpers may know a token, where no variable
 * has one: that of git's remote, if it is the forge's, else the API's. NULL:
 * a variable has it, or must by the settings, or it cannot be told which forge
 * it is. Caller frees. */
char *pike_forge_credential_url(const struct pike_forge_opts *o);
/* Has the forge answered as it does to those whom it knows? */
bool pike_forge_taken(const struct pike_forge *f);
const char *pike_forge_title(const struct pike_forge *f); /* "GitHub" */
const char *pike_forge_place(const struct pike_forge *f); /* "owner/repo" */

/* Does this CI job run for a change from somebody else's fork? `why` says by
 * what that is told. What cannot be told is a fork. */
bool pike_forge_is_fork_job(char why[200]);

/* ---- merge requests ---- */

enum pike_request_state {
	PIKE_REQUEST_OPEN,
	PIKE_REQUEST_CLOSED, /* and not merged */
	PIKE_REQUEST_MERGED,
};
struct pike_request {
	int64_t number; /* as people say it */
	char *url, *title, *body, *source, *target, *sha;
	char *node; /* GitHub's name of it elsewhere; NULL */
	struct pike_strs labels;
	enum pike_request_state state;
};
void pike_request_release(struct pike_request *q);

struct pike_wanted {
	const char *source, *target; /* branches */
	const char *title, *body;    /* the body begins with a marker */
	const struct pike_strs *labels;
	int64_t max_open; /* of ours, in the repository; 0: no limit */
};
enum pike_ensured {
	PIKE_ENSURED_SAME,
	PIKE_ENSURED_CREATED,
	PIKE_ENSURED_UPDATED,
	PIKE_ENSURED_REFUSED, /* a person has closed this one: nothing is done
			       */
	PIKE_ENSURED_FULL,    /* `max_open` are open */
};
/* One open request of these branches that says this: found, created or
 * updated. Others of the same source that go elsewhere are closed. `out` is
 * the request (REFUSED: the closed one); release it in any case. */
int pike_forge_ensure(struct pike_request *out, enum pike_ensured *what,
		      struct pike_forge *f, const struct pike_wanted *w,
		      struct pike_err *err);
/* What ensure would do, and nothing is done: SAME, there is one, which `out`
 * is; CREATED, there would be; REFUSED and FULL as there. */
int pike_forge_look(struct pike_request *out, enum pike_ensured *what,
		    struct pike_forge *f, const struct pike_wanted *w,
		    struct pike_err *err);
/* The open request of these branches; `target` NULL: to whatever branch. 1:
 * there is none. */
int pike_forge_find(struct pike_request *out, struct pike_forge *f,
		    const char *source, const char *target,
		    struct pike_err *err);
/* Closes what is open from this branch, saying why, and deletes the branch
 * where something was. `closed`: how many. */
int pike_forge_retire(size_t *closed, struct pike_forge *f, const char *source,
		      const char *why, struct pike_err *err);

/* One comment that begins with `marker`: written, or mended where its text
 * differs. `*written`: it was not there, or not so. */
int pike_forge_comment_once(bool *written, struct pike_forge *f, int64_t number,
			    const char *marker, const char *text,
			    struct pike_err *err);

/* A green status of that name on a commit. */
int pike_forge_succeed(struct pike_forge *f, const char *sha, const char *name,
		       const char *text, struct pike_err *err);

enum pike_merge {
	PIKE_MERGE_DONE,
	PIKE_MERGE_LATER, /* the forge does it once its checks pass */
	PIKE_MERGE_NOT,	  /* `why` says what is in the way */
};
/* Merges this commit and no other, once the forge's checks allow it. */
int pike_forge_merge(enum pike_merge *out, char why[300], struct pike_forge *f,
		     const struct pike_request *q, const char *sha,
		     struct pike_err *err);

/* ---- steering by comments ---- */

/* Adds what lines `/pike hint TEXT`, `/pike pause`, ... of a comment say, at
 * most 20; quoted lines and code say nothing. */
void pike_steers_parse(struct pike_steers *out, const char *text);
/* Those of the comments on a request, after the comment `after`, by people who
 * may write to the repository, oldest first. */
int pike_forge_steers(struct pike_steers *out, struct pike_forge *f,
		      int64_t number, int64_t after, struct pike_err *err);

#endif
