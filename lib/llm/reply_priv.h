/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply: a model's reply as lines and blocks. Fences are those of CommonMark
 * 0.31, 4.5 ("Fenced code blocks"); edit markers those of git's conflicts, as
 * models know them.
 */
#ifndef PIKE_LLM_REPLY_PRIV_H
#define PIKE_LLM_REPLY_PRIV_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

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
void pike_lines_release(struct pike_lines *l);

struct pike_range { /* lines from `first` up to but not including `end` */
	size_t first, end;
};

#define PIKE_BLOCK_UNNAMED (-1)
#define PIKE_BLOCK_FOREIGN (-2)

struct pike_block {
	int file;    /* index in the paths, or one of the above */
	char *path;  /* as written, for messages; NULL: unnamed */
	bool edit;   /* `code` is to be found and replaced by `with` */
	bool cut;    /* the reply ends within it */
	bool fenced; /* else the whole reply */
	struct pike_range code, with;
};
struct pike_reply {
	struct pike_lines lines;
	struct pike_block *v;
	size_t n, cap;
	bool *talk; /* for each line: it is in no block */
};
/* `text` must outlive it. PIKE_FAILED: markers that do not pair up. */
int pike_reply_parse(struct pike_reply *out, const struct pike_strs *paths,
		     const char *text, size_t len, struct pike_err *err);
void pike_reply_release(struct pike_reply *r);

#endif
