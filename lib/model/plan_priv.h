/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan, inside: integer expressions of host code as those of a launch plan.
 */
#ifndef PIKE_MODEL_PLAN_PRIV_H
#define PIKE_MODEL_PLAN_PRIV_H

#include "model/split_priv.h"

#define PIKE_PLAN_PARAMS 64

/* Tokens [at, end). */
struct pike_range {
	size_t at, end;
};
/* What the host passes for a parameter of the kernel. */
struct pike_passed {
	struct pike_token name;
	struct pike_range arg;
	bool scalar;
};
struct pike_plan {
	const struct pike_units *u;
	const struct pike_unit *unit; /* of the launch */
	const struct pike_tokens *t;
	size_t from, launch; /* the host's body, and the launch in it */
	struct pike_passed passed[PIKE_PLAN_PARAMS];
	size_t npassed;
	size_t extents;		   /* of the block under the reader; 0: none */
	struct pike_token tunable; /* the host's name; n 0: none */
	char define[70];	   /* ours */
	char why[160];		   /* not empty: it is not to be told */
};

/* Appends the expression of a range of the launch's file. */
void pike_plan_expr(struct pike_buf *out, struct pike_plan *p,
		    struct pike_range r);
/* Without brackets around all of it. */
void pike_plan_strip(struct pike_buf *b);
/* Where a name of the host gets its value, above token `before`; n: nowhere.
 * `dim3`: as one of these, tokens between its brackets. */
bool pike_plan_value(struct pike_range *out, struct pike_plan *p,
		     const struct pike_token *name, size_t before, bool dim3);
/* A type of C's, or a name that a file declares? */
bool pike_plan_knows(const struct pike_units *u, const struct pike_token *name);
/* The end of what begins at i: a comma or bracket, or `end`. */
size_t pike_plan_item(const struct pike_tokens *t, size_t i, size_t end);

#endif
