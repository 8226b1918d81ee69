/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lesson: what a candidate teaches whoever comes after it, as the line of a
 * note, and which lessons are worth a place in a prompt.
 *
 * A line is computed from a candidate's commit and its results and nothing
 * else: whoever closes its generation writes the same bytes, and lines that
 * are united are not doubled. It says how a candidate failed by the class of
 * its verdict: the judge's own words may tell hidden sizes, and are not in it.
 * Plain data.
 */
#ifndef PIKE_MODEL_LESSON_H
#define PIKE_MODEL_LESSON_H

#include "model/result.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What keeps a kernel from being faster. */
enum pike_bound {
	PIKE_BOUND_MEMORY,
	PIKE_BOUND_COMPUTE,
	PIKE_BOUND_LATENCY, /* neither ceiling is near */
	PIKE_BOUNDS,
};

/* A file in which a candidate and its parent differ, in lines. */
struct pike_lesson_file {
	char *path;
	int64_t added, deleted;
};
struct pike_lesson {
	struct pike_oid commit, parent, base; /* base: of its epoch */
	char *target, *lane, *run; /* run: of the search; "": the main one */
	char *agent, *backend, *env;
	/* One line each: what was to be tried, "" where nobody said; what its
	 * commit says was done. */
	char *idea, *tried;
	struct pike_lesson_file *files;
	size_t nfiles;
	int64_t diff;		/* bytes of the difference as text */
	int64_t epoch;		/* the generation that began its epoch */
	int64_t generation;	/* the one it was proposed in */
	int64_t ts;		/* of the result, Unix time */
	struct pike_ratio gain; /* confirm: over the base; screen: over the
				 * champion of that time; 0: not measured */
	enum pike_stage stage;	/* SCREEN or CONFIRM */
	enum pike_verdict verdict;
	unsigned bounds; /* bits 1 << enum pike_bound; 0: nobody knows */
};
void pike_lesson_release(struct pike_lesson *l);
void pike_lesson_file_add(struct pike_lesson *l, const char *path,
			  int64_t added, int64_t deleted);
/* One line without newline, at most 64 KiB. Texts are cleaned and cut; of many
 * files only the first are in it. */
void pike_lesson_print(struct pike_buf *b, const struct pike_lesson *l);
/* PIKE_FAILED for what is no such line of version 1. Release `out` if not. */
int pike_lesson_parse(struct pike_lesson *out, const char *line, size_t len,
		      struct pike_err *err);
/* What came of it, in words that may be told: "1.83x [1.70, 1.95] over the
 * base, confirmed", "did not compile". */
void pike_lesson_outcome(struct pike_buf *b, const struct pike_lesson *l);
/* "; bound by memory, which is far"; nothing where nobody knows. */
void pike_lesson_bounds(struct pike_buf *b, unsigned bounds);

/* ---- which are told ---- */

/* Who is told: a search as it is now. */
struct pike_lesson_view {
	const char *target, *backend, *lane;
	const char *run, *env; /* run "": the main one; env "": not known */
	int64_t epoch;	       /* its last */
	unsigned bounds;
};
/*
 * Appends what fits into `room` bytes, "- " a lesson and line, the best first,
 * and returns how many: those of this target, then those of similar ones (the
 * same backend and lane, and the same nearer ceiling as far as it is known). Of
 * each of the two what is past (an earlier epoch, another environment) comes
 * last, and before that confirmed gains by size, then what fails without being
 * measured by how often it was tried. Of one idea one is told, and nothing of
 * other runs.
 */
size_t pike_lessons_tell(struct pike_buf *b, const struct pike_lesson *v,
			 size_t n, const struct pike_lesson_view *w,
			 size_t room);

#endif
