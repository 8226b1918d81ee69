/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply: a model's reply as lines and blocks. Fences are those of CommonMark
 * 0.31, 4.5 ("Fenced code blocks"), indented as far as a list does it; edit
 * markers those of git's conflicts, as models know them; diffs those of `diff
 * -u`; elements whatever has a path: <file path="a.c">.
 */
#ifndef PIKE_LLM_REPLY_PRIV_H
#define PIKE_LLM_REPLY_PRIV_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Appends the text without what the model thought aloud. False: it ends within
 * that. */
bool pike_thoughts_drop(struct pike_buf *out, const char *text, size_t len);

/* ---- lines ---- */

/* A line without its end; a carriage return belongs to the end. */
struct pike_line {
	const char *s;
	size_t n;
};
struct pike_lines {
	struct pike_line *v;
	size_t n, cap;
};
/* Lines of a text that outlives them. Text after the last newline is a line,
 * nothing after it is none. */
void pike_lines_split(struct pike_lines *out, const char *text, size_t len);
void pike_lines_push(struct pike_lines *l, const char *s, size_t n);
void pike_lines_release(struct pike_lines *l);

struct pike_range { /* lines from `first` up to but not including `end` */
	size_t first, end;
};

enum pike_mark_kind {
	PIKE_MARK_TEXT,
	PIKE_MARK_FENCE,
	PIKE_MARK_SEARCH,
	PIKE_MARK_DIVIDER,
	PIKE_MARK_REPLACE,
};
struct pike_mark {
	enum pike_mark_kind kind;
	char c;		  /* of a fence */
	size_t run;	  /* how many of them */
	size_t lead;	  /* blanks before them */
	const char *rest; /* what follows them, blanks skipped */
	size_t nrest;
};
struct pike_mark pike_mark_of(struct pike_line l);
/* The same where a block has been opened by `open`: what is indented further
 * than that is text of the block. */
struct pike_mark pike_mark_within(struct pike_line l,
				  const struct pike_mark *open);
bool pike_mark_closes(const struct pike_mark *open, const struct pike_mark *m);
bool pike_line_blank(struct pike_line l);
bool pike_line_begins(struct pike_line l, const char *word);

/* ---- blocks ---- */

#define PIKE_BLOCK_UNNAMED (-1)
#define PIKE_BLOCK_FOREIGN (-2)

struct pike_block {
	int file;    /* index in the paths, or one of the above */
	char *path;  /* as written, for messages; NULL: unnamed */
	bool edit;   /* `code` is to be found and replaced by `with` */
	bool data;   /* in a language in which nobody writes kernels */
	bool sketch; /* of a diff that says neither file nor place */
	bool made;   /* its lines are those of a diff without its signs */
	struct pike_range code, with;
};
struct pike_reply {
	struct pike_lines lines, made;
	struct pike_block *v;
	size_t n, cap;
	bool *talk; /* for each of `lines`: it says something to people */
	bool cut;   /* it ends within a fence or an element */
};
/* `text` must outlive it. PIKE_FAILED: markers that do not pair up. */
int pike_reply_parse(struct pike_reply *out, const struct pike_strs *paths,
		     const char *text, size_t len, struct pike_err *err);
void pike_reply_release(struct pike_reply *r);
const struct pike_lines *pike_block_lines(const struct pike_reply *r,
					  const struct pike_block *b);
struct pike_block *pike_reply_add(struct pike_reply *r);

/* ---- paths ---- */

/* Names a block by a word that is a path. */
void pike_path_take(struct pike_block *b, const struct pike_strs *paths,
		    const char *word);
/* By what a fence's line says: "c kernels/a.c", "c:kernels/a.c", "c
 * title=kernels/a.c", "{.c kernels/a.c}". */
void pike_path_of_info(struct pike_block *b, const struct pike_strs *paths,
		       const char *info, size_t n);
/* By a line that says a path and nothing else, however it is dressed: a path
 * in the middle of a sentence names no block. */
void pike_path_of_line(struct pike_block *b, const struct pike_strs *paths,
		       struct pike_line l);
/* By the line before line `at`, empty ones skipped; it is no talk then. */
void pike_path_before(struct pike_block *b, struct pike_reply *r,
		      const struct pike_strs *paths, size_t at);

/* ---- elements ---- */

/* A line that begins with "<tag ...>" or "</tag>" */
struct pike_element {
	struct pike_line tag, rest; /* rest: of the line, behind it */
	char *path;		    /* of an attribute; NULL: none */
	bool end;
};
bool pike_element_read(struct pike_element *out, struct pike_line l);
void pike_element_release(struct pike_element *e);
/* Does the line end with "</tag>"? `before` is what stands before it. */
bool pike_element_ends(struct pike_line *before, struct pike_line l,
		       struct pike_line tag);
/* May code stand in it, by its name? */
bool pike_element_holds(const struct pike_element *e);

/* ---- the form of a file ---- */

struct pike_form {
	bool bom;      /* it begins with a byte-order mark */
	bool crlf;     /* most of its lines end with a carriage return */
	bool open_end; /* no newline stands behind the last one */
};
struct pike_form pike_form_of(const char *text);
size_t pike_form_bom(const char *text); /* its bytes; 0: none */
/* The same lines in another form; the caller frees. */
char *pike_form_apply(const struct pike_form *f, const char *text);
void pike_form_add_line(struct pike_buf *out, struct pike_line l, bool crlf);
void pike_form_drop_end(struct pike_buf *b);
/* Do they differ in their form alone, or not at all? */
bool pike_form_alone(const char *a, const char *b);

/* ---- diffs ---- */

/* Is one in these lines? */
bool pike_diff_is(const struct pike_lines *l, struct pike_range at);
/* Up to where one reaches that begins at this line, without a fence around
 * it; `first`: none does. */
size_t pike_diff_end(const struct pike_lines *l, size_t first);
/* Adds a block for each hunk. `around` names those that say no path. */
int pike_diff_read(struct pike_reply *r, const struct pike_strs *paths,
		   struct pike_range at, const struct pike_block *around,
		   struct pike_err *err);

#endif
