/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parted: files of the working tree that init --split takes apart: all of them
 * are written, or none is.
 */
#ifndef PIKE_CMD_PARTED_H
#define PIKE_CMD_PARTED_H

#include "base/buf.h"
#include "base/err.h"
#include "git/git.h"

#include <stdbool.h>
#include <stddef.h>

struct pike_edit {
	char *path; /* from the top of the working tree */
	char *text;
	char *old; /* as it was; NULL: it is new */
	bool written;
};
/* What became of one name. */
struct pike_part {
	char *spec; /* the new file and the kernel: PATH:FUNCTION */
	struct pike_strs notes;
};
struct pike_parted {
	struct pike_edit *edits;
	size_t n, cap;
	struct pike_part *parts;
	size_t nparts, parts_cap;
};
/* Takes apart what the user named, FILE or FILE:FUNCTION, on top of what was
 * before. Nothing is written yet. Refuses files that differ from HEAD. */
int pike_parted_add(struct pike_parted *p, struct pike_repo *repo,
		    const char *name, struct pike_err *err);
/* From the top of the working tree. What fails is undone. */
int pike_parted_write(struct pike_parted *p, struct pike_err *err);
void pike_parted_undo(struct pike_parted *p);
void pike_parted_release(struct pike_parted *p);

#endif
