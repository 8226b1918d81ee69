/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search_priv: what a handle on one search remembers between calls.
 *
 * A result line is known by its key: commit, time and a hash of its id. Its
 * scores are applied to the history once, and listed in one generation once,
 * whatever a crash left behind in notes and inboxes.
 */
#ifndef PIKE_GIT_SEARCH_PRIV_H
#define PIKE_GIT_SEARCH_PRIV_H

#include "git/notes_priv.h"

/* One measured line, reduced to what a trailer holds. */
struct pike_entry_line {
	git_oid commit;
	enum pike_stage stage;
	struct pike_score score;
	int64_t ts, settled; /* settled: generation that lists it, or -1 */
	char id[17];	     /* of the line: hash of its id, in hex */
};
struct pike_entry_lines {
	struct pike_entry_line *v;
	size_t n, cap;
};

/* Which line is a record's latest confirmation. */
struct pike_stamp {
	int64_t ts;
	char id[17];
};

/* Content to line, for lookups across searches; see lookup.c. */
struct pike_content;

struct pike_search_ref {
	struct pike_repo *r;
	char *target, *lane;	 /* lane with ".run" */
	char *branch, *ladder;	 /* ref names */
	char prefix[10];	 /* of this search's inboxes */
	struct pike_inbox inbox; /* this handle's own */
	struct pike_inbox chat_inbox;
	git_oid tip, rung;	    /* folded up to here; zero: nothing yet */
	git_oid results;	    /* tip of the results last looked into */
	struct pike_oidset chain;   /* rungs and generations read */
	struct pike_oidset own;	    /* commits that are records */
	struct pike_oidset blobs;   /* note blobs and trees of inboxes read */
	struct pike_oidset applied; /* keys of lines in the history */
	struct pike_oidset listed;  /* keys of lines in generations */
	struct pike_entry_lines unlisted;
	size_t *pending; /* records not settled, by index */
	size_t npending, pending_cap;
	struct pike_stamp *last; /* by record */
	size_t nlast, last_cap;
	struct pike_content *content;
};

void pike_line_key(git_oid *out, const git_oid *commit, int64_t ts,
		   const char *id);
/* Reduces a result; false for stages and commits that move no search. */
bool pike_entry_of(struct pike_entry_line *out, const struct pike_result *res);
/* Is it of a record, measured against the base and in the environment of that
 * record's epoch? What a generation lists was taken for that then. */
bool pike_entry_fits(const struct pike_search_ref *s, struct pike_history *h,
		     const struct pike_entry_line *e,
		     const struct pike_result *res);
void pike_entry_listed(struct pike_search_ref *s,
		       const struct pike_entry_line *e);
/* Applies a line to the history unless it was; `list`: a generation has yet
 * to list it. */
void pike_entry_apply(struct pike_search_ref *s, struct pike_history *h,
		      const struct pike_entry_line *e);
/* By (time, id). */
int pike_entry_cmp(const void *a, const void *b);
void pike_entries_push(struct pike_entry_lines *l,
		       const struct pike_entry_line *e);

/* Writes `Pike-Result` lines; reads the value of one back. */
void pike_entry_print(struct pike_buf *b, const struct pike_entry_line *e);
bool pike_entry_parse(struct pike_entry_line *out, const struct pike_span *v);

/* A record from a candidate's commit. */
void pike_record_of(struct pike_record *out, const git_oid *id,
		    const struct pike_commit *c);
/* Adds a record to the history and to what the handle knows. */
void pike_record_add(struct pike_search_ref *s, struct pike_history *h,
		     const git_oid *id, struct pike_record *rec);

/* Subject, body and trailers of a generation commit. */
struct pike_generation_text {
	const struct pike_close *close;
	int64_t number;
	const struct pike_oid *base; /* NULL: no Pike-Base trailer */
	const struct pike_entry_line *lines;
	size_t nlines;
};
void pike_generation_print(struct pike_buf *b, const struct pike_search_ref *s,
			   const struct pike_generation_text *g);
/* ---- steer.c ---- */

/* Takes what a commit of the ladder says to the search while this generation is
 * under construction; false: it says nothing, and may be a candidate. */
bool pike_steer_fold(struct pike_history *h, const git_oid *id,
		     const struct pike_commit *c, int64_t generation);
/* Writes such a commit on `on`, whose tree it has, and moves nothing. */
int pike_steer_write(git_oid *out, struct pike_search_ref *s,
		     const char *message, const git_oid *on,
		     struct pike_err *err);
/* Has it the shape of what pike_search_steer writes? */
int pike_steer_check(struct pike_repo *r, const struct pike_commit *c,
		     struct pike_err *err);

/* What the next rung stands on: the ladder, else the branch. */
int pike_ladder_top(git_oid *out, bool *is_ladder, struct pike_search_ref *s,
		    struct pike_err *err);
/* Writes a rung with these commits on `prev`, and moves nothing. */
int pike_rung_write(git_oid *out, struct pike_search_ref *s,
		    const git_oid *prev, const git_oid *ids, size_t n,
		    struct pike_err *err);
/* A rung with these commits on the ladder; retries lost races. */
int pike_ladder_climb(struct pike_oid *out, struct pike_search_ref *s,
		      const git_oid *ids, size_t n, struct pike_err *err);
/* Notes the exchanges that these commits came from, where there are any. */
int pike_chat_append(struct pike_search_ref *s, const git_oid *ids,
		     const struct pike_proposal *const *p, size_t n,
		     struct pike_err *err);
void pike_content_free(struct pike_content *c);

#endif
