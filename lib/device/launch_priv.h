/* SPDX-License-Identifier: Apache-2.0 */
/* launch_priv: a launch plan as launch.c reads it and launch_eval.c uses it. */
#ifndef PIKE_DEVICE_LAUNCH_PRIV_H
#define PIKE_DEVICE_LAUNCH_PRIV_H

#include "device/launch.h"

#define PIKE_SCRATCH_DIMS 8

/* An integer `#define`. Two that differ (behind an #if) cannot be used. */
struct pike_define {
	char *name;
	struct pike_expr *e;
	bool twice;
};

struct pike_scratch {
	enum pike_dtype dtype;
	char *name;
	struct pike_expr *dims[PIKE_SCRATCH_DIMS];
	size_t ndims;
	int line;
	const char *path;
};

struct pike_pass_arg {
	enum pike_pass how;
	uint32_t index;
	struct pike_expr *e;		      /* INT and the like */
	struct pike_expr *box[PIKE_TMA_DIMS]; /* TMA */
	struct pike_expr *dims[PIKE_TMA_DIMS];
	size_t nbox, ndims;
	uint32_t swizzle, l2;
	bool nan;
};

struct pike_launch {
	char *kernel;
	struct pike_expr *grid[3], *block[3], *cluster[3], *shared;
	struct pike_pass_arg *args;
	size_t nargs, cap;
	int line;
	const char *path;
};

struct pike_launch_plan {
	const struct pike_target *t;
	struct pike_strs paths; /* owns what the others point to */
	struct pike_define *defines;
	size_t ndefines, defines_cap;
	struct pike_scratch scratch[PIKE_SCRATCH_MAX];
	size_t nscratch;
	struct pike_launch launches[PIKE_LAUNCHES_MAX];
	size_t nlaunches;
};

/* A pike_expr_lookup for a plan and a case (NULL: defines only). */
struct pike_launch_plan_scope {
	const struct pike_launch_plan *p;
	const struct pike_case *c;
	int depth;
	bool twice; /* a name that is defined twice was asked for */
};
bool pike_launch_plan_lookup(void *ctx, const char *name, int64_t *out);

#endif
