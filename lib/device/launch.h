/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launch: the launch plan that a CUDA source declares in its comments, and
 * its numbers for one case. Plain data, no I/O.
 *
 *   //pike: scratch f32 partial[rows * cdiv(cols, TILE)]
 *   //pike: launch row_max<BLOCK> grid=(rows) block=(BLOCK) shared=BLOCK*4
 *           cluster=(2) args=(tma(x, box=(64,64), swizzle=128), partial, rows)
 *
 * (each on one line). Launches run in the order of the sources, on one
 * stream. Names in expressions are the case's sizes and the sources' integer
 * `#define`s, whose bodies may be expressions too. In a kernel's template
 * arguments such defines stand for their values.
 *
 * Arguments: the name of a target argument or of a scratch buffer; an integer
 * expression, as wide as the kernel's parameter, or i32(E), i64(E), f32(E),
 * f64(E); tma(NAME, box=(...)): the tensor map of a buffer, dimensions in the
 * order of its declaration. Its options: swizzle=0|32|64|128,
 * dims=(...) to see the buffer in another shape, l2=0|64|128|256, fill=zero|nan
 * (CUDA driver API, cuTensorMapEncodeTiled). Without `args`: all arguments of
 * the target in order.
 */
#ifndef PIKE_DEVICE_LAUNCH_H
#define PIKE_DEVICE_LAUNCH_H

#include "model/result.h"
#include "model/target.h"

#define PIKE_LAUNCHES_MAX 64
#define PIKE_SCRATCH_MAX 16
#define PIKE_LAUNCH_ARGS_MAX 64
#define PIKE_TMA_DIMS 5

enum pike_pass {
	PIKE_PASS_BUFFER,  /* index: target argument */
	PIKE_PASS_SCRATCH, /* index: scratch buffer */
	PIKE_PASS_SCALAR,  /* index: target argument, value in its type */
	PIKE_PASS_INT,	   /* value, as wide as the parameter */
	PIKE_PASS_I32,
	PIKE_PASS_I64,
	PIKE_PASS_F32,
	PIKE_PASS_F64,
	PIKE_PASS_TMA, /* index: target argument; `map` */
};

/* ---- as declared ---- */

struct pike_launch_plan; /* parsed from the sources of one target */

/* Reads the plan of all CUDA sources of `files`, in order. PIKE_FAILED with
 * "FILE:LINE:COLUMN: why" for what is wrong in it, also when there is no
 * launch at all. `t` must outlive the plan. */
int pike_launch_plan_parse(struct pike_launch_plan **out,
			   const struct pike_target *t,
			   const struct pike_files *files,
			   struct pike_err *err);
void pike_launch_plan_free(struct pike_launch_plan *p);
/* Kernels as C++ name expressions, each once. */
void pike_launch_plan_kernels(struct pike_strs *out,
			      const struct pike_launch_plan *p);

/* ---- for one case ---- */

/* What a device allows; all inclusive. */
struct pike_launch_limits {
	int64_t grid[3], block[3], threads; /* threads: of a block */
	int64_t shared;			    /* dynamic, bytes */
	int64_t cluster;		    /* blocks; 1: no clusters */
	int64_t scratch;		    /* bytes in all */
};
/* Compute capability 9.0, the least that has all of it. */
extern const struct pike_launch_limits pike_launch_limits_90;

/* cuTensorMapEncodeTiled's view: innermost dimension first. */
struct pike_tma {
	enum pike_dtype dtype;
	uint32_t rank, swizzle, l2; /* bytes; 0: none */
	bool nan;		    /* out of bounds reads give NaN */
	uint64_t dims[PIKE_TMA_DIMS];
	uint64_t strides[PIKE_TMA_DIMS]; /* bytes; of dimension i + 1 */
	uint32_t box[PIKE_TMA_DIMS];
};

struct pike_pass_value {
	enum pike_pass how;
	uint32_t index;
	enum pike_dtype dtype; /* SCALAR */
	int64_t value;
	struct pike_tma map; /* TMA */
	int line;	     /* in the source, for messages */
};
struct pike_launch_value {
	const char *kernel; /* the plan's */
	uint32_t grid[3], block[3], cluster[3], shared;
	struct pike_pass_value *args;
	size_t nargs;
	const char *path; /* of the source, and the line there */
	int line;
};
struct pike_launch_values {
	struct pike_launch_value *v;
	size_t n;
	size_t scratch[PIKE_SCRATCH_MAX]; /* bytes */
	size_t nscratch;
};
/* PIKE_FAILED "FILE:LINE: ... in case 'rows=1'" for numbers that do not work
 * out or go beyond the limits. */
int pike_launch_plan_eval(struct pike_launch_values *out,
			  const struct pike_launch_plan *p,
			  const struct pike_case *c,
			  const struct pike_launch_limits *l,
			  struct pike_err *err);
void pike_launch_values_release(struct pike_launch_values *v);

#endif
