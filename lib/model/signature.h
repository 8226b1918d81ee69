/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signature: the first draft of a target out of a C or CUDA file that somebody
 * wrote for other ends: which function is the kernel, its arguments, what of it
 * a person has to look at. All of it is a guess, and nothing is left out
 * without a word.
 */
#ifndef PIKE_MODEL_SIGNATURE_H
#define PIKE_MODEL_SIGNATURE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>

enum pike_parallel {
	PIKE_PARALLEL_NONE,
	PIKE_PARALLEL_SIMD,    /* OpenMP's, of one thread */
	PIKE_PARALLEL_THREADS, /* OpenMP's */
};
struct pike_signature {
	char *entry;
	struct pike_strs args;	  /* as `arg =` has them */
	struct pike_strs sizes;	  /* names that a case must give */
	struct pike_strs numbers; /* the same, of what is no size */
	struct pike_strs notes;	  /* for a person, a sentence each */
	const char *precision;
	enum pike_parallel parallel;
	bool far_types; /* a header or template says what a floating type is */
};
void pike_signature_release(struct pike_signature *s);
/* The kernel of a file, or the one called `wanted` (may be NULL). `headers`:
 * the text of what it includes, for names of types (may be NULL). `mark`: what
 * its declaration says beside `void` ("__global__"), or "". PIKE_FAILED where
 * there is none, with why. */
int pike_signature_read(struct pike_signature *out, const char *text,
			const char *headers, const char *mark,
			const char *wanted, struct pike_err *err);

/* A reference out of the same file, for a person to read: the floating type of
 * its arguments becomes `real`, in which the truth is computed. PIKE_FAILED
 * with the reason where that takes a person. */
int pike_reference_draft(struct pike_buf *out, const char *text,
			 const struct pike_signature *s, struct pike_err *err);

#endif
