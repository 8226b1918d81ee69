/* SPDX-License-Identifier: Apache-2.0 */
/*
 * opts: command-line options as a table. Parsing, -h, the manual and the shell
 * completion all read the same rows. GNU style: --name=V, --name V, -nV,
 * --no-name for booleans, unique prefixes are not accepted, -- ends options.
 */
#ifndef PIKE_BASE_OPTS_H
#define PIKE_BASE_OPTS_H

#include "buf.h"
#include "err.h"

#include <stdbool.h>
#include <stddef.h>

enum pike_opt_type {
	PIKE_OPT_BOOL, /* bool */
	PIKE_OPT_I64,  /* int64_t */
	PIKE_OPT_F64,  /* double */
	PIKE_OPT_STR,  /* const char *, points into argv */
	PIKE_OPT_STRS, /* struct pike_strs, may be repeated */
	PIKE_OPT_WORD, /* const char *: --name, "", or --name=V */
};

/* A row; a table ends with a row whose name is NULL. */
struct pike_opt {
	const char *name; /* without dashes */
	char letter;	  /* 0: none */
	enum pike_opt_type type;
	size_t offset;	  /* of the member in the struct parsed into */
	const char *arg;  /* "N", "FILE"...; NULL for booleans */
	const char *help; /* one line */
	bool person;	  /* a person's to decide: no agent is offered it */
};

/* Parses argv[1..] into `out` (set to defaults by the caller); operands are
 * collected in `rest`. Error is PIKE_USAGE; -h or --help gives 1. With
 * `stop_early` the first operand ends parsing (for `pike-git -C d CMD ...`). */
int pike_opts_parse(const struct pike_opt *table, void *out, int argc,
		    char **argv, bool stop_early, struct pike_strs *rest,
		    struct pike_err *err);
/* Appends the option list as -h shows it. */
void pike_opts_help(struct pike_buf *b, const struct pike_opt *table);

#endif
