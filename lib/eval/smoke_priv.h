/* SPDX-License-Identifier: Apache-2.0 */
/* smoke: the parts of pike_gpu_smoke that work without a GPU. */
#ifndef PIKE_EVAL_SMOKE_PRIV_H
#define PIKE_EVAL_SMOKE_PRIV_H

#include "eval/eval.h"

/* Does this way lead there from here? The ways: "tcp" to a port of this
 * machine, "socket" to an abstract address, "file" to read, "node" that is
 * there, "write" to a new file in a folder, "env" to a variable, "process" to
 * signal. */
bool pike_reach(const char *way, const char *where);

/* Tries the ways in the box of runners of `dev` (without a uuid: the box of
 * GPUs, empty of them); fills in `ways` and `open`. */
int pike_smoke_ways(struct pike_smoke *out, const struct pike_device_info *dev,
		    const char *repository, struct pike_err *err);

/* Runs the copy kernel, as `b` is built of it, under each tool. */
void pike_smoke_tools(struct pike_smoke *out, struct pike_judge *j,
		      struct pike_build *b);

/* The sources of the copy kernel, and the target that they are for. */
struct pike_smoke_kernel {
	struct pike_target target;
	struct pike_arg args[2];
	struct pike_case c;
	struct pike_files files;
};
void pike_smoke_kernel_init(struct pike_smoke_kernel *k);
void pike_smoke_kernel_release(struct pike_smoke_kernel *k);

#endif
