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
	struct pike_strs headers;
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

#endif
