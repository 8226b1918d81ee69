/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lessons: lines of refs/notes/pike/lessons (README.md), each a note of the
 * candidate that it is about: that has one id wherever its generation is
 * closed, so that lines of two machines which have closed the same unite. They
 * are written by pike_search_advance. As in git.h a handle belongs to one
 * thread.
 */
#ifndef PIKE_GIT_LESSONS_H
#define PIKE_GIT_LESSONS_H

#include "git/git.h"
#include "model/lesson.h"

/* Lessons as far as they were read. Zeroed, it has read none. */
struct pike_lessons {
	struct pike_lesson *v;
	size_t n, cap;
	struct pike_lessons_seen *seen;
};
/* Adds what is new in the repository since the last call. A line that is none,
 * or of another commit than its note, is passed over; of more than 65536 those
 * read first are kept. */
int pike_lessons_read(struct pike_lessons *l, struct pike_repo *r,
		      struct pike_err *err);
void pike_lessons_release(struct pike_lessons *l);
/* Those of one commit; add to zeroed `out`. */
int pike_lessons_of(struct pike_lessons *out, struct pike_repo *r,
		    const struct pike_oid *commit, struct pike_err *err);

#endif
