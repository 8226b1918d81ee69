/* SPDX-License-Identifier: Apache-2.0 */
/*
 * code: how much code the candidates of a search have and change, what it is
 * made with, and what their results tell of time.
 */
#ifndef PIKE_CMD_CODE_H
#define PIKE_CMD_CODE_H

#include "git/git.h"
#include "report/figures.h"

/* Of every so many records of a history, in lines that are neither blank nor a
 * comment of their own; -1: it has no files, they are not in this clone, or
 * were not read. */
struct pike_code {
	int *lines;	 /* of the files in which it differs from the base */
	int *changed;	 /* added and removed against its first parent */
	unsigned *kinds; /* pike_kinds_of, of those files */
	struct pike_clocked clocked; /* of all results */
};
void pike_code_count(struct pike_code *out, struct pike_repo *r,
		     const struct pike_history *h, size_t every);
void pike_code_release(struct pike_code *c);

#endif
