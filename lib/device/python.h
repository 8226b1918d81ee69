/* SPDX-License-Identifier: Apache-2.0 */
/*
 * python: the interpreter that PyTorch models run in, and what its box must
 * hold. A model's candidate is host code, so an interpreter is started in the
 * sandbox only, with folders to read and nothing to write.
 */
#ifndef PIKE_DEVICE_PYTHON_H
#define PIKE_DEVICE_PYTHON_H

#include "base/err.h"
#include "base/text.h"
#include "sandbox/sandbox.h"

#include <stdbool.h>
#include <stdint.h>

struct pike_python {
	char exe[512];	  /* the program itself, without links */
	char version[32]; /* "3.11.2" */
	char torch[512];  /* folder of the package `torch`; "": there is none */
	char programs[512]; /* folder of what was installed with it: ninja */
	/* Where it looks for modules, in order, and all that a box must hold
	 * to have it start and import: folders and files by real paths. */
	struct pike_strs path, needs;
};
/* Asks the program `name` (a path, or looked up in PATH; NULL or "python3":
 * $VIRTUAL_ENV/bin/python3 first), which imports nothing of PyTorch for that.
 * PIKE_FAILED with the remedy where there is none, or one before 3.8. */
int pike_python_find(struct pike_python *out, const char *name,
		     struct pike_err *err);
void pike_python_release(struct pike_python *p);
/* Which program is meant by the targets of this process, as in
 * pike_python_find; before the first of them is opened. */
void pike_python_use(const char *name);
/* Found once, and kept. */
int pike_python_here(const struct pike_python **out, struct pike_err *err);
/* The command that starts the worker in its box: what it is to do, with more
 * words for it, and where modules are. `_warm`: as it waits outside, to be
 * forked from; its script comes from standard input. */
void pike_python_command(struct pike_strs *argv, const struct pike_python *p,
			 const char *what, const char *more);
void pike_python_warm(struct pike_strs *argv, const struct pike_python *p);

/* What PyTorch says of itself, in its sandbox. */
struct pike_torch_info {
	char version[64], blas[64], cuda[32]; /* cuda "": for CPUs only */
	int threads;	 /* of the process after the import and an operator */
	int64_t took_ns; /* from the start of the box */
};
/* Imports it there and multiplies two matrices. PIKE_FAILED with what was said
 * where that fails. */
int pike_torch_probe(struct pike_torch_info *out, const struct pike_python *p,
		     enum pike_isolation require, struct pike_err *err);
/* The same without asking, where it was asked less than a day ago and nothing
 * that decides about the answer has changed since; took_ns is 0 then. */
int pike_torch_known(struct pike_torch_info *out, const struct pike_python *p,
		     enum pike_isolation require, struct pike_err *err);

#endif
