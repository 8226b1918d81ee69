/* SPDX-License-Identifier: Apache-2.0 */
/* forge_priv: a kind of forge is one row; what the rows share. */
#ifndef PIKE_FORGE_FORGE_PRIV_H
#define PIKE_FORGE_FORGE_PRIV_H

#include "base/http.h"
#include "base/json.h"
#include "forge/forge.h"

/* What a request to the forge is for: each needs a right of its own. */
enum pike_need {
	PIKE_NEED_READ,
	PIKE_NEED_REQUESTS,
	PIKE_NEED_LABELS,
	PIKE_NEED_COMMENTS,
	PIKE_NEED_STATUSES,
	PIKE_NEED_MERGE,
	PIKE_NEED_BRANCHES,
	PIKE_NEED_MEMBERS,
	PIKE_NEED_COUNT,
};

struct pike_requests {
	struct pike_request *v;
	size_t n, cap;
};

/* Which requests: NULL is any. */
struct pike_query {
	const char *source, *target;
	bool closed; /* those that are not open */
};

struct pike_comment {
	int64_t id, author_id;
	char *author, *body;
};
struct pike_comments {
	struct pike_comment *v;
	size_t n, cap;
};

struct pike_forge;

/* A kind of forge. Paths begin below the API's URL. */
struct pike_forge_kind {
	const char *name, *title;
	const char *aka;	   /* another name for it; NULL: none */
	const char *const *hosts;  /* words in names of its hosts */
	const char *const *tokens; /* variables, the best first */
	const char *const *weak;   /* those that may only read */
	const char *in_ci;	   /* variable that is set in its CI */
	const char *const *not_in; /* and those that are not, then */
	const char *ci_api;	   /* variable: the API's URL; or NULL */
	const char *ci_server;	   /* variable: the server's URL */
	const char *ci_repo;	   /* variable: "owner/repo" */
	bool nested;		   /* owners may have slashes */
	const char *needs[PIKE_NEED_COUNT]; /* names of rights, for messages */
	/* Where the API of a server is: `server` is "https://host:port". */
	void (*api)(struct pike_buf *out, const char *server);
	void (*headers)(struct pike_strs *out, const struct pike_forge *f);
	/* optional: why a right is refused, where the forge's words tell */
	const char *(*why)(const char *message);
	bool (*is_fork)(char why[200]);
	int (*list)(struct pike_requests *out, struct pike_forge *f,
		    const struct pike_query *q, struct pike_err *err);
	/* A request from what the forge says of it; anything may be missing. */
	void (*parse)(struct pike_request *out, const struct pike_json *j);
	/* 1: there is one of these branches. PIKE_RETRY: the answer is lost. */
	int (*create)(struct pike_request *out, struct pike_forge *f,
		      const struct pike_wanted *w, struct pike_err *err);
	/* NULL: this one stays as it is. */
	int (*update)(struct pike_forge *f, int64_t number, const char *title,
		      const char *body, bool close, struct pike_err *err);
	int (*label)(struct pike_forge *f, int64_t number,
		     const struct pike_strs *labels, struct pike_err *err);
	int (*comments)(struct pike_comments *out, struct pike_forge *f,
			int64_t number, struct pike_err *err);
	/* `id` 0: a new one. 1: this token may not change it. */
	int (*comment)(struct pike_forge *f, int64_t number, int64_t id,
		       const char *text, struct pike_err *err);
	int (*succeed)(struct pike_forge *f, const char *sha, const char *name,
		       const char *text, struct pike_err *err);
	int (*merge)(enum pike_merge *out, char why[300], struct pike_forge *f,
		     const struct pike_request *q, const char *sha,
		     struct pike_err *err);
	int (*drop_branch)(struct pike_forge *f, const char *branch,
			   struct pike_err *err);
	int (*may_write)(bool *out, struct pike_forge *f,
			 const struct pike_comment *by, struct pike_err *err);
};
extern const struct pike_forge_kind pike_forge_github, pike_forge_gitlab,
    pike_forge_gitea;
/* NULL past the last. */
const struct pike_forge_kind *pike_forge_kind_at(size_t i);

/* What was said before, the newest first; see kept.c. */
struct pike_kept {
	char *url, *etag, *body;
	int64_t next; /* page */
};
struct pike_kept_list {
	char *path; /* NULL: nothing is kept */
	struct pike_kept *v;
	size_t n;
	bool loaded, changed;
};

struct pike_forge {
	const struct pike_forge_kind *kind;
	struct pike_http *http;
	char *url;	  /* of the API, without a slash at its end */
	char *place;	  /* "owner/repo" */
	char *owner;	  /* what stands before the last slash of it */
	char *token;	  /* the secret itself */
	char *token_name; /* of its variable, or where else it is from */
	int wait_ms, patience_ms, timeout_ms;
	volatile const int *stop;
	bool fresh; /* something was just created, and not all servers know */
	bool taken; /* the token, at least once */
	bool lent;  /* the token is of git's helpers */
	struct pike_kept_list kept;
};

/* ---- guess.c ---- */

/* Fills in kind, url, place and token. */
int pike_forge_guess(struct pike_forge *f, const struct pike_forge_opts *o,
		     struct pike_err *err);
/* Whether the event of a job of GitHub's kind is of a fork. */
bool pike_event_is_fork(char why[200]);

/* ---- ask.c ---- */

struct pike_forge_question {
	enum pike_need need;
	const char *method, *path;
	const struct pike_json *body; /* NULL: none */
	bool once;    /* doing it twice is wrong: a lost answer is PIKE_RETRY */
	bool polls;   /* asked again and again, and mostly the same is said */
	int takes[6]; /* statuses besides 2xx that the caller reads */
};
struct pike_forge_reply {
	int status;
	struct pike_json *json; /* NULL: there is none */
	int64_t next;		/* number of the next page; 0: none */
	char message[400];	/* what the forge says went wrong, cleaned */
};
int pike_forge_ask(struct pike_forge_reply *out, struct pike_forge *f,
		   const struct pike_forge_question *q, struct pike_err *err);
void pike_forge_reply_release(struct pike_forge_reply *a);
/* The same where the answer is not looked at; takes path and body. 1: it was
 * one of `takes`. */
int pike_forge_tell(struct pike_forge *f, struct pike_forge_question q,
		    char *path, struct pike_json *body, struct pike_err *err);
/* One request; takes the path. */
int pike_forge_read(struct pike_request *out, struct pike_forge *f, char *path,
		    struct pike_err *err);
/* Each object of a list, page by page; `path` has a query already. */
typedef int (*pike_each_fn)(void *ctx, const struct pike_json *item,
			    struct pike_err *err);
int pike_forge_each(struct pike_forge *f, enum pike_need need, const char *path,
		    pike_each_fn fn, void *ctx, struct pike_err *err);
/* For an answer that the caller has read and does not want. */
int pike_forge_refused(struct pike_forge *f, enum pike_need need,
		       const struct pike_forge_reply *a, struct pike_err *err);
/* Pauses before the try-th attempt; PIKE_FAILED when it is told to stop. */
int pike_forge_pause(struct pike_forge *f, int attempt, struct pike_err *err);
/* Number of the page that a Link header calls the next one; 0: none. */
int64_t pike_link_next(const char *link);
/* What a body of an error says, in one line. */
void pike_forge_reply_message(char *out, size_t max, const struct pike_json *j);
void pike_url_encode(struct pike_buf *b, const char *s);

/* ---- kept.c ---- */

/* NULL: nothing that can be asked on condition. Lives until the next call. */
const struct pike_kept *pike_kept_find(struct pike_kept_list *l,
				       const char *url);
/* In place of what was said before; `etag` NULL: that is all. */
void pike_kept_put(struct pike_kept_list *l, const char *url, const char *etag,
		   int64_t next, const char *body);
void pike_kept_drop(struct pike_kept_list *l, const char *url);
/* Writes the file where something has changed. */
void pike_kept_save(struct pike_kept_list *l);
void pike_kept_release(struct pike_kept_list *l);

/* ---- request.c: plain data ---- */

struct pike_request *pike_requests_add(struct pike_requests *l);
void pike_requests_release(struct pike_requests *l);
void pike_comments_add(struct pike_comments *l, int64_t id, int64_t author_id,
		       const char *author, const char *body);
void pike_comments_release(struct pike_comments *l);
bool pike_query_takes(const struct pike_query *q, const struct pike_request *r);

#endif
