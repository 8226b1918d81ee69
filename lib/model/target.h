/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target: what a repository wants faster, as its config section says it
 * (arguments, cases, expressions), and the tunables that its sources declare.
 * Plain data, no I/O.
 */
#ifndef PIKE_MODEL_TARGET_H
#define PIKE_MODEL_TARGET_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- integer expressions: + - * / % ( ) cdiv min max, names ---- */

struct pike_expr;
/* Looks a name up; false when unknown. */
typedef bool (*pike_expr_lookup)(void *ctx, const char *name, int64_t *out);

/* Error text carries the column: "column 7: expected ')'" */
int pike_expr_parse(struct pike_expr **out, const char *text,
		    struct pike_err *err);
/* Overflow, division by zero and unknown names are PIKE_FAILED. */
int pike_expr_eval(int64_t *out, const struct pike_expr *e,
		   pike_expr_lookup lookup, void *ctx, struct pike_err *err);
const char *pike_expr_text(const struct pike_expr *e);
void pike_expr_free(struct pike_expr *e);

/* ---- arguments and cases ---- */

enum pike_dtype {
	PIKE_F64,
	PIKE_F32,
	PIKE_F16,
	PIKE_BF16,
	PIKE_I8,
	PIKE_U8,
	PIKE_I32,
	PIKE_U32,
	PIKE_I64,
	PIKE_BOOL,
	PIKE_DTYPE_COUNT,
};
size_t pike_dtype_size(enum pike_dtype t);
const char *pike_dtype_name(enum pike_dtype t);
bool pike_dtype_is_float(enum pike_dtype t);
int pike_dtype_parse(const char *s); /* -1 when unknown */

enum pike_dir {
	PIKE_SCALAR,
	PIKE_IN,
	PIKE_OUT,
	PIKE_INOUT
};
enum pike_init_kind {
	PIKE_INIT_NORMAL,
	PIKE_INIT_UNIFORM,
	PIKE_INIT_RANDINT,
	PIKE_INIT_ZEROS,
	PIKE_INIT_ONES,
	PIKE_INIT_ARANGE,
};

struct pike_arg {
	enum pike_dir dir;
	enum pike_dtype dtype;
	char *name; /* of a scalar: the case's size that gives its value */
	struct pike_expr **dims;
	size_t ndims;
	enum pike_init_kind init;
	double a, b; /* uniform [a, b), randint [a, b] */
};
int pike_arg_parse(struct pike_arg *out, const char *text,
		   struct pike_err *err);
void pike_arg_release(struct pike_arg *arg);

/* "rows=4096 cols=1024", in the config's order. */
struct pike_case {
	char *text; /* canonical: single spaces */
	char **names;
	int64_t *values;
	size_t n;
};
int pike_case_parse(struct pike_case *out, const char *text,
		    struct pike_err *err);
/* Of a model that is measured as it stands: "default", without sizes. */
void pike_case_default(struct pike_case *out);
void pike_case_release(struct pike_case *c);
bool pike_case_size(const struct pike_case *c, const char *name, int64_t *out);

/* Number of elements of a buffer argument in a case; 1 for a scalar. Refuses
 * negative sizes and more than 2^40 elements. `dims` (may be NULL) receives
 * up to 8 extents. */
int pike_arg_elems(int64_t *out, int64_t dims[8], const struct pike_arg *arg,
		   const struct pike_case *c, struct pike_err *err);

/* ---- the target ---- */

enum pike_precision {
	PIKE_P_AS_REFERENCE,
	PIKE_P_FP64,
	PIKE_P_FP32,
	PIKE_P_TF32,
	PIKE_P_FP16,
	PIKE_P_BF16,
	PIKE_P_FP8_E4M3,
	PIKE_P_FP8_E5M2,
	PIKE_P_EXACT, /* integers and bools */
	PIKE_P_COUNT,
};
const char *pike_precision_name(enum pike_precision p);
/* Are operands rounded to tf32, or to less, within this class? */
bool pike_precision_allows_tf32(enum pike_precision p);
int pike_precision_parse(const char *s);

/* Input distributions (lib/eval, protocol 11), as bits of `stress`. */
enum pike_dist {
	PIKE_DIST_OWN,
	PIKE_DIST_NORMAL,
	PIKE_DIST_UNIT,
	PIKE_DIST_SYMMETRIC,
	PIKE_DIST_OFFSET,
	PIKE_DIST_SMALL,
	PIKE_DIST_LARGE,
	PIKE_DIST_HEAVY,
	PIKE_DIST_SPARSE,
	PIKE_DIST_IMPULSE,
	PIKE_DIST_EQUAL,
	PIKE_DIST_INTEGER,
	/* Around 0, as wide as the observed values of one sign. */
	PIKE_DIST_CENTERED,
	PIKE_DIST_COUNT,
};
const char *pike_dist_name(enum pike_dist d);
int pike_dist_parse(const char *s);

struct pike_target {
	char *name;
	char *title;   /* what it is called elsewhere; may be NULL */
	char *backend; /* "cpu", "cuda", "torch" */
	struct pike_strs sources, headers, references; /* paths in the repo */
	char *entry;
	struct pike_arg *args;
	size_t nargs;
	struct pike_case *cases, *hidden;
	size_t ncases, nhidden;
	enum pike_precision precision;
	int64_t timeout; /* seconds */
	char *compiler;	 /* cpu: the program, as pike_set_program takes it */
	char *cflags;
	int64_t threads;
	bool cold;			 /* cache = cold */
	unsigned stress;		 /* bits 1 << enum pike_dist */
	double tolerance;		 /* 0: by precision class */
	struct pike_expr *bytes, *flops; /* NULL: not declared */
	char *mode;			 /* torch: eval, train */
	struct pike_strs baselines;	 /* torch: see baseline.h */
	bool baseline_gate; /* no request while the best one is faster */
	/* What the whole model takes: a shell command, NULL: none; is a gain
	 * there required; what it may read beside the repository. */
	char *in_model;
	bool in_model_gate;
	struct pike_strs in_model_read;
	/* "file:line" of the section and of keys, for messages */
	char *origin, *cflags_at, *compiler_at;
};
void pike_target_free(struct pike_target *t);
/* May a revision have no source, so that the reference is the base? */
bool pike_target_absent(const struct pike_target *t);
/* Canonical text of all that decides a verdict, for the task hash. */
void pike_target_canonical(struct pike_buf *b, const struct pike_target *t);
/* Checks what one key alone cannot: entry set, args named once, sizes given
 * by every case, paths sane ('..', absolute, .git, .pike refused). */
int pike_target_check(const struct pike_target *t, struct pike_err *err);

/* A path in the repository that a target may name: relative, plain, and not
 * inside .git or .pike. */
int pike_path_check(const char *path, struct pike_err *err);

/* ---- tunables: `#define NAME VALUE //pike: tune a b c` ---- */

struct pike_tunable {
	char *name;
	size_t file; /* index of the source file it stands in */
	int line;
	struct pike_strs values; /* as written */
	size_t current;		 /* index of the value in the source now */
};
struct pike_space {
	struct pike_tunable *t;
	size_t n;
};
void pike_space_release(struct pike_space *s);
/* Where what `//pike:` says ends in its line, [p, end): a comment behind it is
 * none of it, nor are blanks. */
const char *pike_mark_end(const char *p, const char *end);
/* Adds the tunables of one source text. A malformed line, a value that is
 * not in its own list or a name declared twice is PIKE_USAGE with the line. */
int pike_space_scan(struct pike_space *s, size_t file, const char *path,
		    const char *text, struct pike_err *err);
/* Rewrites the values of `file` in `text`; choice[i] indexes t[i].values. */
int pike_space_apply(struct pike_buf *out, const struct pike_space *s,
		     size_t file, const char *text, const int *choice,
		     struct pike_err *err);
/* "TILE=32 UNROLL=4": canonical, in declaration order. */
void pike_space_print(struct pike_buf *b, const struct pike_space *s,
		      const int *choice);
/* Reads such a text back; -1 where it does not fit this space. */
int pike_space_read(int *choice, const struct pike_space *s, const char *text);
bool pike_is_ident(const char *s); /* of C, at most 64 letters */
/* A pike_expr_lookup over a struct pike_case. */
bool pike_case_lookup(void *ctx, const char *name, int64_t *out);

#endif
