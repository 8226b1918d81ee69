/* SPDX-License-Identifier: Apache-2.0 */
/*
 * split: the device code of a CUDA file with host code, in a file of its own
 * that NVRTC compiles and that the old file includes in its place. What moves
 * is a kernel and what its text needs, by its words: functions, types,
 * constants, macros; rather too much than too little. Headers of the
 * repository that mix both are split in the same way. Plain text in and out.
 */
#ifndef PIKE_MODEL_SPLIT_H
#define PIKE_MODEL_SPLIT_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>

/* A file, and what becomes of it. The first is the kernel's, the others are
 * headers that it includes, each behind those that it includes itself. */
struct pike_split_file {
	const char *path;	 /* for messages */
	const char *text;	 /* outlives the split */
	const char *name;	 /* as the kernel's folder includes it */
	const char *device_name; /* the same of what moves out of it */
	char *device, *rest;	 /* both texts; NULL: it stays as it is */
};
void pike_split_file_release(struct pike_split_file *f);
/* Moves `kernel` of files[0]; `notes` gets a sentence for a person on what
 * could not be moved or told. PIKE_FAILED "FILE: line 7: why" where there is
 * no such kernel or no clean cut; then nothing is to be written. */
int pike_split(struct pike_split_file *files, size_t n, const char *kernel,
	       struct pike_strs *notes, struct pike_err *err);

#endif
