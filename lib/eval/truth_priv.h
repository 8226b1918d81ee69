/* SPDX-License-Identifier: Apache-2.0 */
/* truth: the ways a reference runs, each a row: truth_process.c, truth_gpu.c.
 */
#ifndef PIKE_EVAL_TRUTH_PRIV_H
#define PIKE_EVAL_TRUTH_PRIV_H

#include "eval/process_priv.h"

struct pike_ref_ops {
	/* Its `real` is no narrower than f32, whatever the target's is. */
	bool f32_least;
	/* Is a process of its own: one that has run is kept for the next pool.
	 * Takes values on the host: several run at once. */
	bool process, host;
	/* Gets an argument's memory; by several threads. NULL: `open` does. */
	int (*memory)(struct pike_ref *r, size_t arg, struct pike_err *err);
	/* A process: where it finds an argument. */
	struct pike_region (*region)(const struct pike_ref *r, size_t arg);
	int (*open)(struct pike_ref *r, const struct pike_build *b,
		    struct pike_err *err);
	/* A process: gives an open one its case again, with the parameters of
	 * own.weights; fills its inputs, where a reference draws. */
	int (*bind)(struct pike_ref *r, struct pike_err *err);
	int (*draw)(struct pike_ref *r, uint64_t seed, struct pike_err *err);
	/* Puts an argument's value, as the reference's type; NaN where `from`
	 * has none. */
	int (*put)(struct pike_ref *r, size_t arg,
		   const struct pike_source *from, struct pike_err *err);
	/* Moves what was put. */
	int (*move)(struct pike_ref *r, size_t arg, const struct pike_move *m,
		    struct pike_err *err);
	int (*run)(struct pike_ref *r, struct pike_err *err);
	/* As pike_ref_result and pike_ref_result_gpu. */
	int (*result)(const void **out, struct pike_ref *r, size_t arg,
		      struct pike_err *err);
	int (*result_gpu)(pike_gpu_ptr *out, struct pike_ref *r, size_t arg,
			  struct pike_err *err);
	void (*close)(struct pike_ref *r);
};
extern const struct pike_ref_ops pike_ref_on_host, pike_ref_shared,
    pike_ref_on_gpu;

struct pike_ref {
	const struct pike_ref_ops *ops;
	struct pike_judge *j;
	struct pike_layout own;
	const struct pike_layout *l; /* `own` */
	int64_t opened;		     /* pike_now_ns */
	enum pike_real kind;
	enum pike_dtype real;
	/* By argument, one slot each; on the GPU too where something there
	 * asks for it. */
	struct pike_mem *mem;
	pike_gpu_ptr *buf;
	/* process; its arguments on the GPU, which are `buf` here */
	struct pike_process process;
	struct pike_gpu_shared *shared;
	bool open, ran, failed;
	struct pike_ref *next; /* kept by the judge */
	/* GPU */
	struct pike_gpu_code *code;
	const struct pike_launch_plan *plan;
};
/* Bytes of an argument as the reference has it. */
size_t pike_ref_bytes(const struct pike_ref *r, size_t arg);
int pike_ref_buffer(struct pike_ref *r, size_t arg, struct pike_err *err);

/* Of those whose arguments are `buf`: rows of the table above. */
int pike_ref_put_gpu(struct pike_ref *r, size_t arg,
		     const struct pike_source *from, struct pike_err *err);
int pike_ref_move_gpu(struct pike_ref *r, size_t arg, const struct pike_move *m,
		      struct pike_err *err);
int pike_ref_get_gpu(const void **out, struct pike_ref *r, size_t arg,
		     struct pike_err *err);
int pike_ref_at_gpu(pike_gpu_ptr *out, struct pike_ref *r, size_t arg,
		    struct pike_err *err);

/* How long a process may wait for its next case: it ends by itself in the end
 * (PROC_WALL_MS of process.c). */
#define PIKE_REF_KEPT_NS 300000000000LL
/* Processes without a case. */
void pike_ref_leave_idle(struct pike_ref *r);
void pike_refs_end_idle(struct pike_judge *j);

#endif
