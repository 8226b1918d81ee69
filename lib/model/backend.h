/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backend: what a target of a backend must say and may say, and what holds
 * where it says nothing. How a backend builds and runs is lib/device's
 * business.
 */
#ifndef PIKE_MODEL_BACKEND_H
#define PIKE_MODEL_BACKEND_H

#include <stdbool.h>
#include <stddef.h>

/* Endings of the files of one key; `first` NULL: any will do. */
struct pike_endings {
	const char *first, *second; /* second: NULL or another */
	const char *advice;
};
struct pike_backend_rules {
	const char *name; /* rules-NAME: the template of prompts about it */
	bool signature;	  /* a target declares entry, arguments and cases */
	/* What a source defines where a target declares no entry; or NULL. */
	const char *defines;
	bool gpu;    /* measuring takes a GPU */
	bool python; /* building and measuring take PyTorch */
	/* Until a source exists, the reference is the base. */
	bool absent;
	bool cold;     /* unless `cache` says otherwise */
	bool cflags;   /* the target's compiler options have a default */
	bool compiler; /* the target may name what builds it */
	/* What a target is measured beside unless it says otherwise; NULL:
	 * there is nothing of the kind. */
	const char *baselines;
	/* By its ending a compiler, and the reader of launch plans, tell what
	 * a file is. */
	struct pike_endings source, header, reference;
};

/* The i-th row; NULL past the last. */
const struct pike_backend_rules *pike_backend_rules_at(size_t i);
/* NULL when unknown. */
const struct pike_backend_rules *pike_backend_rules_find(const char *name);

#endif
