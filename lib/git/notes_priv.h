/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notes_priv: trees of git notes. One note per commit, one line per record,
 * lines sorted and unique. Any fanout is read; what is written has ours.
 */
#ifndef PIKE_GIT_NOTES_PRIV_H
#define PIKE_GIT_NOTES_PRIV_H

#include "git/repo_priv.h"

#define PIKE_NOTES_RESULTS "refs/notes/pike/results"
#define PIKE_NOTES_CHAT "refs/notes/pike/chat"
#define PIKE_NOTES_LESSONS "refs/notes/pike/lessons"
#define PIKE_NOTES_INBOX "refs/notes/pike/inbox/"
/* Inboxes of chat lines: the others hold results. */
#define PIKE_CHAT_INBOX PIKE_NOTES_INBOX "chat-"

/* Lines to add to one commit's note; several rows may name one commit. */
struct pike_note {
	git_oid commit;
	char *lines; /* each ends in a newline */
};
struct pike_notes {
	struct pike_note *v;
	size_t n, cap;
};
void pike_notes_add(struct pike_notes *l, const git_oid *commit,
		    const char *lines, size_t len);
void pike_notes_release(struct pike_notes *l);

/* Tip and tree of a notes ref; 1 when there is none. */
int pike_notes_open(git_oid *tip, git_tree **tree, struct pike_repo *r,
		    const char *ref, struct pike_err *err);
/* Tree = base (may be NULL) with these lines joined in. `depth` is the number
 * of two-digit folders of the paths written; sorts `l`. */
int pike_notes_union(git_oid *out, struct pike_repo *r, git_tree *base,
		     struct pike_notes *l, unsigned depth,
		     struct pike_err *err);
/* Appends the text of a commit's notes, whatever the fanout. */
int pike_notes_get(struct pike_buf *out, struct pike_repo *r,
		   const git_tree *tree, const git_oid *commit,
		   struct pike_err *err);

/* Appends the text of one note's blob, to be joined; of one over 64 MiB
 * nothing. */
int pike_note_text(struct pike_buf *out, struct pike_repo *r,
		   const git_oid *blob, struct pike_err *err);

/* Calls for each note of a tree. Subtrees and blobs in `seen` are passed
 * over, others are added to it; `seen` may be NULL. */
typedef int (*pike_note_fn)(void *ctx, const git_oid *commit,
			    const git_oid *blob, struct pike_err *err);
int pike_notes_each(struct pike_repo *r, const git_tree *tree,
		    struct pike_oidset *seen, pike_note_fn fn, void *ctx,
		    struct pike_err *err);

/* Calls for each line of a note's blob; a blob over 4 MiB counts as one
 * line that cannot be read, and has none. */
typedef void (*pike_line_fn)(void *ctx, const char *line, size_t len);
int pike_note_lines(struct pike_repo *r, const git_oid *blob, pike_line_fn fn,
		    void *ctx, struct pike_err *err);

/* Lines on their way into a notes ref. */
struct pike_publication {
	const char *ref;
	struct pike_notes lines;
	git_oid *from; /* tips of the inboxes that they come from */
	size_t nfrom, from_cap;
	git_oid was, tip; /* zero: there was none; there is nothing new */
};
void pike_publication_release(struct pike_publication *p);
/* Writes the commit that has them joined in. As git-notes(1) merges: what was
 * joined are its parents, so that no object of an inbox is left that nothing
 * names, which a `git gc` would unpack. */
int pike_notes_prepare(struct pike_publication *p, struct pike_repo *r,
		       struct pike_err *err);
/* Moves the ref; where that was moved meanwhile, prepares once more. */
int pike_notes_publish(struct pike_publication *p, struct pike_repo *r,
		       struct pike_err *err);
/* Adds lines to an inbox, beginning one named after `prefix` if needed. */
int pike_inbox_append(struct pike_inbox *in, struct pike_repo *r,
		      const char *prefix, struct pike_notes *l,
		      struct pike_err *err);
/* Name of a new one. Caller frees. */
char *pike_inbox_name(const char *prefix);
/* Refs of inboxes, of results or of chat, sorted. */
int pike_inbox_list(struct pike_strs *out, struct pike_repo *r, bool chat,
		    struct pike_err *err);
/* First letters of the inboxes of a search. */
void pike_inbox_prefix(char out[10], const char *target, const char *lane);
/* Lines of result records. */
void pike_notes_of(struct pike_notes *out, const struct pike_result *res,
		   size_t n);

#endif
