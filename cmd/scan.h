/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan: finds kernels in a working tree and guesses their arguments. Only
 * for init: what it guesses is written for a person to correct.
 */
#ifndef PIKE_CMD_SCAN_H
#define PIKE_CMD_SCAN_H

#include "base/buf.h"
#include "base/err.h"
#include "model/signature.h"

#include <stdbool.h>
#include <stddef.h>

struct pike_kernel {
	char *name;	 /* of the target */
	char *path;	 /* from the top of the working tree */
	char *reference; /* PATH_ref.c or PATH_ref.cu, there or not */
	char *draft;	 /* its text where it is not; NULL: none */
	struct pike_signature kernel;
	struct pike_strs headers;    /* that it includes, and these include */
	struct pike_buf header_text; /* of all of them */
	const char *backend;
	bool has_reference;
};
struct pike_kernels {
	struct pike_kernel *v;
	size_t n, cap;
};
void pike_kernels_release(struct pike_kernels *k);

/* Every *.c and *.cu below the current folder with a `//pike:` line. */
int pike_scan_tree(struct pike_kernels *out, struct pike_err *err);
/* One file, named as the user did, or one function of it: FILE:FUNCTION; `top`
 * is the working tree. */
int pike_scan_named(struct pike_kernels *out, const char *top, const char *name,
		    struct pike_err *err);

/* What the user named: the path from the top and the text of a source, and the
 * function behind a colon (NULL: none). Both are yours, on failure too. */
int pike_scan_locate(char **path, char **function, struct pike_buf *text,
		     const char *top, const char *name, struct pike_err *err);
/* Where `name` is that the file at `path` includes: beside it, else as from one
 * of the folders around it or their include/, as an -I would have it. NULL: no
 * file of the repository. */
char *pike_scan_header(const char *top, const char *path, const char *name);
/* "a/./b/../c" as "a/c"; NULL where it leads out of the repository. */
char *pike_scan_normal(const char *path);

#endif
