/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steer: what people say to a search, and a search to itself: a hint for the
 * next prompts, a pause, that it goes on, that it ends. Plain data; where it
 * stands is lib/git's business.
 */
#ifndef PIKE_MODEL_STEER_H
#define PIKE_MODEL_STEER_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pike_steer_word {
	PIKE_STEER_HINT,
	PIKE_STEER_PAUSE,
	PIKE_STEER_RESUME,
	PIKE_STEER_STOP,
	PIKE_STEER_COUNT,
};
/* Bytes of a hint at most, and of who said it. */
#define PIKE_STEER_TEXT_MAX 1000
#define PIKE_STEER_BY_MAX 100
/* Who pauses where nobody did. */
#define PIKE_STEER_ITSELF "pike-git"

const char *pike_steer_name(enum pike_steer_word w); /* "pause" */
/* The word that `[p, p + n)` begins with, a blank or nothing behind it; -1:
 * none. */
int pike_steer_parse(const char *p, size_t n);

struct pike_steer {
	enum pike_steer_word word;
	char *text; /* of a hint, or why; one line, cleaned; never NULL */
	char *by;   /* who; "" in what a text alone says */
	/* Of what a comment says: its id on the forge, which only grows, and
	 * which of its words this is, from 1 on; 0: no comment says it. */
	int64_t comment, nth;
	/* Once it is stored: its commit, when, and the number of the generation
	 * that was under construction. */
	char id[41];
	int64_t ts, generation;
};
void pike_steer_release(struct pike_steer *s);

struct pike_steers {
	struct pike_steer *v; /* oldest first */
	size_t n, cap;
};
void pike_steers_release(struct pike_steers *s);
/* Takes the contents of *s. */
void pike_steers_push(struct pike_steers *l, struct pike_steer *s);
/* Is there one of that comment and place in it? */
bool pike_steers_has(const struct pike_steers *l, const struct pike_steer *s);
/* The comment with the highest id; 0: none. */
int64_t pike_steers_last_comment(const struct pike_steers *l);
/* What holds: the last word that is no hint; NULL: nobody has said one. */
const struct pike_steer *pike_steers_state(const struct pike_steers *l);
/* The pause or stop that holds; NULL: the search goes on. */
const struct pike_steer *pike_steers_rest(const struct pike_steers *l);
/* The newest word of this kind; NULL: none. */
const struct pike_steer *pike_steers_newest(const struct pike_steers *l,
					    enum pike_steer_word w);
/* "paused by anna, 2026-12-01 02:03 UTC: why", one line, cleaned and cut. */
void pike_steer_text(struct pike_buf *b, const struct pike_steer *s);

#endif
