/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool: input sets of one case with their truths; the places where they can
 * lie, host memory or a GPU's; and the reference that gives the truths.
 */
#ifndef PIKE_EVAL_POOL_PRIV_H
#define PIKE_EVAL_POOL_PRIV_H

#include "device/conn.h"
#include "device/gpu.h"
#include "eval/check_priv.h"
#include "eval/inputs_priv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pike_judge;
struct pike_buffers;
struct pike_ref;
struct pike_runner;

/* ---- memory ---- */

/* `nslots` buffers of `bytes`. On the host they lie in one memory file, and
 * each ends, rounded up to 64 bytes, at the end of its last page, so that a
 * runner which maps it alone has unmapped memory right behind it. */
struct pike_mem {
	int fd;
	uint8_t *map;
	size_t len, stride, offset, bytes, nslots;
	/* On a GPU: the first of them, `stride` apart, or, when a runner sees
	 * them, each in an allocation of its own. */
	pike_gpu_ptr at;
	struct pike_gpu_shared *shared;
};
int pike_mem_make(struct pike_mem *m, const char *name, size_t bytes,
		  size_t nslots, struct pike_err *err);
/* The same for one buffer of a process that is never timed: on huge pages,
 * where the kernel has them. */
int pike_mem_huge(struct pike_mem *m, const char *name, size_t bytes,
		  struct pike_err *err);
/* The same for the judge alone: no file, nobody else can map it. */
int pike_mem_own(struct pike_mem *m, size_t bytes, size_t nslots,
		 struct pike_err *err);
/* Memory of the judge's own is read-only from now on. */
int pike_mem_seal(struct pike_mem *m, struct pike_err *err);
/* Nobody but the judge, through the view it has, can write it from now on. */
int pike_mem_one_way(struct pike_mem *m, struct pike_err *err);
void pike_mem_release(struct pike_mem *m);
void *pike_mem_at(const struct pike_mem *m, size_t slot);
/* What a slot takes up, in whole pages. */
size_t pike_mem_stride(size_t bytes);
/* Bytes that a core writes or reads at a time, where several share them; a
 * multiple of any unit. */
#define PIKE_SHARE ((size_t)256 << 10)
#define PIKE_SHARES(len) (((len) + PIKE_SHARE - 1) / PIKE_SHARE)
/* Writes `unit`, the first `size` bytes of it (1, 2, 4 or 8), over `len`
 * bytes, again and again. */
void pike_repeat(void *dst, size_t len, uint64_t unit, size_t size);
struct pike_region pike_mem_region(const struct pike_mem *m, size_t slot);

/* ---- shapes of a case ---- */

struct pike_layout {
	const struct pike_target *t;
	const struct pike_case *c;
	/* By argument of the call. */
	struct pike_tensor *v;
	size_t n;
	/* What one set takes up in a pool, and what one slot of a runner does
	 * beside it. */
	size_t in_bytes, truth_bytes, slot_bytes;
	const struct pike_buffers *buffers;
	uint64_t weights; /* as in struct pike_bind */
};
int pike_layout_make(struct pike_layout *l, const struct pike_judge *j,
		     const struct pike_case *c, struct pike_err *err);
void pike_layout_release(struct pike_layout *l);
struct pike_bind pike_layout_bind(const struct pike_layout *l);

/* ---- pools ---- */

struct pike_pool {
	struct pike_judge *j;
	struct pike_layout layout;
	size_t nsets;
	enum pike_dist *dist;  /* by set */
	struct pike_mem *mem;  /* by argument; inputs only */
	struct pike_truth *tr; /* [set * nargs + arg] */
	/* Natural error, [set * nargs + arg]; of the whole case where the
	 * distribution is its own. */
	struct pike_natural *nat;
	bool *skip;	      /* by set: the truth itself is no good */
	bool *asked;	      /* [set * nargs + arg]: for the condition */
	double *growth;	      /* by argument: condition.c; 0: not known */
	struct pike_tol *tol; /* by argument */
	void **copy; /* [set * nargs + arg]: inputs that were fetched */
};

struct pike_pool_opts {
	const struct pike_case *c;
	size_t nsets;
	const enum pike_dist *dist; /* NULL: own */
	const uint8_t *secret;
	const char *source_hash;
	/* By argument; NULL: measure it for each set. */
	const struct pike_natural *nat;
	const char *what; /* for progress: "inputs" */
};
/* PIKE_FAILED when the case needs more memory than there is, or when the
 * reference fails. */
int pike_pool_make(struct pike_pool **out, struct pike_judge *j,
		   const struct pike_pool_opts *o, struct pike_err *err);
void pike_pool_free(struct pike_pool *p);
/* The values of a truth and of an input are where the pool's buffers lie;
 * on the host after pike_pool_fetch of the set. */
int pike_pool_fetch(struct pike_pool *p, size_t set, struct pike_err *err);
const void *pike_pool_input(const struct pike_pool *p, size_t set, size_t arg);
const struct pike_truth *pike_pool_truth(const struct pike_pool *p, size_t set,
					 size_t arg);
const struct pike_natural *pike_pool_nat(const struct pike_pool *p, size_t set,
					 size_t arg);
/* Sets that fit in the bounds for `arms` arms with `slots` output slots each;
 * at most `want`, 0 when not even `least` fit. */
size_t pike_pool_fit(const struct pike_judge *j, const struct pike_layout *l,
		     size_t want, size_t least, size_t arms, size_t slots);

/* A trial: does this output, on the host, pass the gates of a set? */
struct pike_trial {
	size_t set, arg;
	const void *y;
	const struct pike_natural *nat;
};
int pike_pool_passes(bool *out, struct pike_pool *p, const struct pike_trial *t,
		     struct pike_err *err);

/* ---- move.c ---- */

/* What inputs of a reference are moved by: each element by a factor of 1 + by
 * or 1 - by, drawn for the element or, so that equal elements move together,
 * for its value; within [lo, hi]. */
struct pike_move {
	double by, lo, hi;
	uint64_t seed;
	bool by_value;
	uint32_t every; /* only one element of so many, drawn; 0: all */
	bool within;	/* no further than the least and the largest of them */
};
void pike_move_all(double *v, size_t n, const struct pike_move *m);
/* Is it rounded at all, or a whole number by its INIT? Sets the range. */
bool pike_move_range(struct pike_move *m, const struct pike_tensor *a);

/* ---- condition.c ---- */

/* Measures, `draws` times, what moved inputs move output `arg` of a set by. */
int pike_pool_move(struct pike_pool *p, size_t set, size_t arg, size_t draws,
		   struct pike_err *err);
/* After an output has failed: are its bounds wider now that the condition is
 * known? It is measured where nobody did and where it could explain `c`. */
int pike_pool_condition(bool *wider, struct pike_pool *p,
			const struct pike_check *c, size_t set, size_t arg,
			struct pike_err *err);
/* Is what passes on a set not known to be right, as far as was asked? */
bool pike_pool_vague(const struct pike_pool *p, size_t set);

/* ---- where buffers lie ---- */

/* Where a value is read from: either. */
struct pike_source {
	const void *host;
	pike_gpu_ptr gpu;
};
/* Where the arguments of a call lie: host memory or a GPU's. */
struct pike_buffers {
	const char *memory; /* for messages */
	int64_t pool_bytes; /* a pool takes no more, whatever there is */
	int64_t (*available)(const struct pike_judge *j); /* bytes */
	/* What a buffer takes up in a pool; in a slot that a runner sees. */
	size_t (*stride)(size_t bytes);
	size_t (*slot)(const struct pike_tensor *a, size_t bytes);

	/* pools */
	int (*make)(struct pike_pool *p, size_t arg, struct pike_err *err);
	int (*fill)(struct pike_pool *p, size_t set, size_t arg,
		    struct pike_rng *rng, struct pike_err *err);
	/* A value that somebody else has made; a pool on the host: there. */
	int (*take)(struct pike_pool *p, size_t set, size_t arg,
		    const struct pike_source *from, struct pike_err *err);
	int (*seal)(struct pike_pool *p, size_t arg, struct pike_err *err);
	int (*truth)(struct pike_pool *p, struct pike_ref *ref, size_t set,
		     size_t arg, struct pike_err *err);
	int (*natural)(struct pike_pool *p, struct pike_ref *ref, size_t set,
		       size_t arg, struct pike_err *err);
	int (*fetch)(struct pike_pool *p, size_t set, size_t arg,
		     struct pike_err *err);
	int (*passes)(bool *out, struct pike_pool *p,
		      const struct pike_trial *t, struct pike_err *err);
	void (*release)(struct pike_pool *p);

	/* the slots of a runner */
	int (*open)(struct pike_runner *r, struct pike_err *err);
	void (*close)(struct pike_runner *r);
	struct pike_region (*region)(const struct pike_runner *r, size_t slot,
				     size_t arg);
	/* Puts an input (or inout) of a set there; fills an output with
	 * `unit`, one element, repeated. */
	int (*put)(struct pike_runner *r, size_t slot, size_t set, size_t arg,
		   struct pike_err *err);
	int (*poison)(struct pike_runner *r, size_t slot, size_t arg,
		      uint64_t unit, struct pike_err *err);
	/* Out of the caches; NULL: a runner sees to that, where no host code of
	 * a candidate runs in it. */
	void (*flush)(struct pike_runner *r, size_t slot, size_t arg);
	/* Waits until all of it is there. */
	int (*ready)(struct pike_runner *r, struct pike_err *err);
	/* Adds to *h. */
	int (*hash)(uint64_t *h, struct pike_runner *r, size_t slot, size_t arg,
		    struct pike_err *err);
	/* One hash of all outputs of a sample, at once, as soon as its process
	 * has answered; `list` says before which they are. NULL: nothing works
	 * on after an answer there. */
	int (*list)(struct pike_runner *r, uint32_t first, uint32_t n,
		    struct pike_err *err);
	int (*digest)(uint64_t *out, struct pike_runner *r,
		      struct pike_err *err);
	/* Is nothing written beside the output? */
	int (*guarded)(bool *out, struct pike_runner *r, size_t slot,
		       size_t arg, struct pike_err *err);
	/* The gates; what is bad, and where, may be left out of `c`. */
	int (*check)(struct pike_check *c, struct pike_runner *r, size_t slot,
		     size_t set, size_t arg, struct pike_err *err);
	/* The output on the host, until the next call. */
	int (*output)(const void **out, struct pike_runner *r, size_t slot,
		      size_t arg, struct pike_err *err);
};
extern const struct pike_buffers pike_buffers_host, pike_buffers_gpu;

/* ---- the reference ---- */

struct pike_source pike_pool_source(const struct pike_pool *p, size_t set,
				    size_t arg);

/* The reference, for one case: in a runner, with its arguments on the host or
 * on the GPU; or, being device code, in the judge's context. */
int pike_ref_open(struct pike_ref **out, struct pike_judge *j,
		  const struct pike_layout *l, enum pike_real real,
		  struct pike_err *err);
/* For n / per_set sets at once: of those for a set the first is exact, the
 * next in the target's own precision. Those that are set are to be closed,
 * whatever it returns. */
int pike_refs_open(struct pike_ref **out, size_t n, size_t per_set,
		   struct pike_judge *j, const struct pike_layout *l,
		   struct pike_err *err);
/* n in the target's own precision, of a target whose reference draws; each
 * makes the inputs of its seed, all at once; pike_ref_result gives them. */
int pike_refs_open_native(struct pike_ref **out, size_t n, struct pike_judge *j,
			  const struct pike_layout *l, struct pike_err *err);
int pike_refs_draw(struct pike_ref *const *v, size_t n, const uint64_t *seeds,
		   struct pike_err *err);
void pike_ref_close(struct pike_ref *r);
/* Runs it on one set; `swap` >= 0: with `other` (of the argument's own type,
 * on the host) for that argument. Results stay until the next call. */
int pike_ref_run(struct pike_ref *r, const struct pike_pool *p, size_t set,
		 int swap, const void *other, struct pike_err *err);
/* The same on inputs that are moved; `real` was PIKE_REAL_DOUBLE. */
int pike_ref_run_moved(struct pike_ref *r, const struct pike_pool *p,
		       size_t set, const struct pike_move *m,
		       struct pike_err *err);
/* How many sets should be run at once, each by `per_set` of them. The same
 * number for both: what one of two asks for is there already. */
#define PIKE_SETS_AT_ONCE 4
#define PIKE_REFS_MAX (2 * PIKE_SETS_AT_ONCE)
size_t pike_refs_width(const struct pike_judge *j, const struct pike_layout *l,
		       size_t per_set);
/* n of them at once: the first `per_set` on `set`, the next on the one after
 * it, and so on. */
int pike_refs_run(struct pike_ref *const *v, size_t n, size_t per_set,
		  const struct pike_pool *p, size_t set, struct pike_err *err);
/* Those in processes stay open after pike_ref_close, for whoever needs them
 * next; this ends them. */
void pike_refs_drop(struct pike_judge *j);
/* Between two candidates: none stays where they hold much of this machine's
 * memory. */
void pike_refs_rest(struct pike_judge *j);
/* The type its floats have, and the result of an output argument. */
enum pike_dtype pike_ref_dtype(const struct pike_ref *r, size_t arg);
int pike_ref_result(const void **out, struct pike_ref *r, size_t arg,
		    struct pike_err *err);
int pike_ref_result_gpu(pike_gpu_ptr *out, struct pike_ref *r, size_t arg,
			struct pike_err *err);
/* Wherever it is. */
int pike_ref_source(struct pike_source *out, struct pike_ref *r, size_t arg,
		    struct pike_err *err);

#endif
