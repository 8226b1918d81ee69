/* SPDX-License-Identifier: Apache-2.0 */
/*
 * referee: the judge's own kernels on a GPU: inputs from a seed, poison,
 * canaries, and the sums that the gates of check.h decide by. All runs in the
 * judge's context, which no candidate's process can reach.
 *
 * Work is queued in order; functions that give a number wait for it. Errors:
 * PIKE_FATAL when the context is lost, PIKE_FAILED for want of memory.
 */
#ifndef PIKE_EVAL_REFEREE_PRIV_H
#define PIKE_EVAL_REFEREE_PRIV_H

#include "device/gpu.h"
#include "eval/check_priv.h"
#include "eval/inputs_priv.h"

struct pike_referee;

/* The source of the kernels; `object_fd` is what was built of it. */
extern const char pike_referee_source[];
/* Neither `g` nor the file is owned. */
int pike_referee_open(struct pike_referee **out, struct pike_gpu *g,
		      int object_fd, struct pike_err *err);
void pike_referee_close(struct pike_referee *r);
struct pike_gpu *pike_referee_gpu(const struct pike_referee *r);

/* As pike_inputs_fill; the same seed gives the same values, on any GPU, but
 * not those that the host makes of it. */
int pike_referee_fill(struct pike_referee *r, pike_gpu_ptr to,
		      const struct pike_tensor *arg, struct pike_shape shape,
		      enum pike_dist dist, uint64_t seed, struct pike_err *err);
/* n floats of type `from` as `real`: f64 or f32. */
int pike_referee_widen(struct pike_referee *r, pike_gpu_ptr to,
		       enum pike_dtype real, pike_gpu_ptr data,
		       enum pike_dtype from, size_t n, struct pike_err *err);
/* As pike_move_all, on n doubles there; the same are moved the same way. */
struct pike_move;
int pike_referee_move(struct pike_referee *r, pike_gpu_ptr data, size_t n,
		      const struct pike_move *m, struct pike_err *err);

/* As pike_truth_make, of doubles (integers: of the same type) on the GPU: the
 * truth stays there, at t->at, and t->r is NULL. Free it with
 * pike_referee_forget. */
int pike_referee_truth(struct pike_referee *r, struct pike_truth *t,
		       pike_gpu_ptr data, enum pike_dtype dtype, size_t n,
		       size_t row, struct pike_err *err);
void pike_referee_forget(struct pike_referee *r, struct pike_truth *t);
/* As pike_natural_error; q has type `real` (f64 or f32). */
int pike_referee_natural(struct pike_referee *r, struct pike_natural *out,
			 pike_gpu_ptr q, enum pike_dtype real,
			 const struct pike_truth *t, struct pike_err *err);

/* `unit`: one element of 1, 2, 4 or 8 bytes, repeated. */
int pike_referee_poison(struct pike_referee *r, pike_gpu_ptr to, size_t bytes,
			uint64_t unit, struct pike_err *err);
/* Everything of an allocation that is not its data. */
#define PIKE_CANARY 64
int pike_referee_guard(struct pike_referee *r, const struct pike_gpu_shared *s,
		       size_t bytes, const uint8_t canary[PIKE_CANARY],
		       struct pike_err *err);
int pike_referee_guarded(bool *out, struct pike_referee *r,
			 const struct pike_gpu_shared *s, size_t bytes,
			 const uint8_t canary[PIKE_CANARY],
			 struct pike_err *err);

/* What an output is held to. */
struct pike_expected {
	const struct pike_truth *truth;
	const struct pike_tol *tol;
	const struct pike_natural *nat;
};
/* All gates at once: sets max_abs, rel_l2 and `gate` in `out`, which is
 * PIKE_G_PASS, or else the second whichever it was. */
int pike_referee_check(struct pike_check *out, struct pike_referee *r,
		       pike_gpu_ptr y, const struct pike_expected *e,
		       struct pike_err *err);
/* Adds the hash of a buffer to *h; not cryptographic. */
int pike_referee_hash(uint64_t *h, struct pike_referee *r, pike_gpu_ptr data,
		      size_t bytes, struct pike_err *err);

/* What pike_referee_digest reads. */
struct pike_gpu_buffer {
	pike_gpu_ptr at;
	uint64_t bytes;
};
int pike_referee_list(struct pike_referee *r, const struct pike_gpu_buffer *v,
		      size_t n, struct pike_err *err);
/* One hash of all of them, in one launch; it may be asked for again. */
int pike_referee_digest(uint64_t *out, struct pike_referee *r,
			struct pike_err *err);

#endif
