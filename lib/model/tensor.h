/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tensor: one argument of a call in one case, with its shape. What is judged
 * is a list of them, in the order of the call. A target with a C signature
 * makes the list of its `arg` lines; a backend without one (a PyTorch module)
 * tells it by other means. Plain data, no I/O.
 */
#ifndef PIKE_MODEL_TENSOR_H
#define PIKE_MODEL_TENSOR_H

#include "model/target.h"

#define PIKE_DIMS_MAX 8

/* How a buffer is laid out: row-major and contiguous; `row` is its last
 * extent, 1 for one without. */
struct pike_shape {
	size_t elems, row;
};

struct pike_tensor {
	char *name;
	enum pike_dir dir;
	enum pike_dtype dtype;
	size_t ndims;
	int64_t dims[PIKE_DIMS_MAX];
	struct pike_shape shape;
	size_t bytes;  /* 0 for a scalar */
	int64_t value; /* of a scalar */
	/* How the values of an input are drawn. */
	enum pike_init_kind init;
	double a, b; /* uniform [a, b), randint [a, b] */
	/* The bounds are what was seen, and no author's declaration. */
	bool observed;
};
struct pike_tensors {
	struct pike_tensor *v;
	size_t n;
};
/* Of the target's `arg` lines. PIKE_USAGE or PIKE_FAILED for sizes that the
 * case does not give, or that are no sizes. */
int pike_tensors_of(struct pike_tensors *out, const struct pike_target *t,
		    const struct pike_case *c, struct pike_err *err);
void pike_tensors_release(struct pike_tensors *t);

bool pike_tensor_is_input(const struct pike_tensor *t);	 /* in, inout */
bool pike_tensor_is_output(const struct pike_tensor *t); /* out, inout */

#endif
