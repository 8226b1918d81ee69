/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn: the judge's side of a runner, a process in which one kernel or model
 * is loaded. What it says are claims; its outputs the judge reads itself.
 */
#ifndef PIKE_DEVICE_CONN_H
#define PIKE_DEVICE_CONN_H

#include "device/device.h"

/* One argument buffer: a memory file that judge and runner map. The data
 * ends shortly before the end of a page that unmapped memory follows;
 * inputs are sealed, so no process can change them. */
struct pike_region {
	int fd;
	size_t offset; /* of the data in the file, 64-byte aligned */
	size_t bytes;
	size_t mapped; /* GPU: bytes of the allocation that fd stands for */
};

/* A set of regions for all buffer arguments of one call, in order; scalars
 * have fd -1 and their value in `offset`. */
struct pike_call {
	struct pike_region *args;
};

struct pike_conn; /* a runner process, seen through its socket */

/* What an arm runs. */
struct pike_object {
	int fd;		     /* the built file, sealed */
	enum pike_real real; /* NONE: a kernel, else the reference */
	const struct pike_launch_plan *launch; /* cuda */
	int reference; /* torch: its sources, which each model needs */
};

/* Over a socket, its own from then on, to a runner in a sandbox on `dev`, with
 * `own`, the object of its own kernels (cuda; -1: none); does not wait for it.
 * `inspect`: a tool (tools.h; regions are files) or a sanitizer looks on,
 * untimed. */
int pike_conn_open(struct pike_conn **out, int sock,
		   const struct pike_target *t,
		   const struct pike_device_info *dev, int own, bool inspect,
		   struct pike_err *err);
void pike_conn_close(struct pike_conn *a); /* closes the socket */
/* Loads an object and resolves what will be called. PIKE_FAILED: the object
 * is at fault; `*how` says how. */
int pike_conn_load(struct pike_conn *a, const struct pike_object *o,
		   int deadline_ms, enum pike_verdict *how,
		   struct pike_err *err);
/* Of which case calls are. `c` decides the launches of a plan. */
struct pike_bind {
	const struct pike_case *c;
	/* The arguments of a call; must live as long as the calls are bound. */
	const struct pike_tensor *v;
	size_t n;
	uint64_t weights; /* torch: the seed of a model's parameters */
};
/* Gives the runner the sets it will be called with; all at once, untimed. */
int pike_conn_bind(struct pike_conn *a, const struct pike_bind *b,
		   const struct pike_call *calls, size_t n, int deadline_ms,
		   enum pike_verdict *how, struct pike_err *err);
/* A reference that draws: fills a call's inputs, as the seed says. */
int pike_conn_draw(struct pike_conn *a, uint32_t call, uint64_t seed,
		   int deadline_ms, enum pike_verdict *how,
		   struct pike_err *err);

struct pike_timed {
	int64_t claim_ns; /* what the runner says it took */
	int64_t cpu_ns;	  /* CPU: its thread's processor time, its claim */
	int64_t wall_ns;  /* from our write to our read, our clock */
	uint32_t threads; /* threads alive in it afterwards, its claim */
	int64_t late_ns;  /* its caller's: see struct pike_pair of lib/eval */
};
/* What a sample finds; or'ed. */
enum pike_finds {
	PIKE_FINDS_COLD = 1, /* GPU: caches are flushed */
	/* GPU: variables and scratch are as the call before left them; else as
	 * the module's image has them, or filled with chance. */
	PIKE_FINDS_KEPT = 2,
};
/* Calls the kernel once on each of calls[first .. first+n), timed as one
 * sample; a GPU takes one call at a time. On PIKE_FAILED `how` says what came
 * instead: crash, contract (wrote to an input), timeout, tamper (a malformed
 * frame), build (a launch that the device refuses). */
int pike_conn_run(struct pike_timed *out, struct pike_conn *a, uint32_t first,
		  uint32_t n, unsigned finds, int deadline_ms,
		  enum pike_verdict *how, struct pike_err *err);
/* From now on pike_conn_run calls asked(ctx) when the question for a sample is
 * with the runner, and before it waits for the answer. */
void pike_conn_asked(struct pike_conn *a, void (*asked)(void *ctx), void *ctx);
/* Where the backend sustains: the call `repeat` times back to back, without
 * flushing; claim_ns is the runner's own wall clock over all of them. */
int pike_conn_sustain(struct pike_timed *out, struct pike_conn *a,
		      uint32_t call, uint32_t repeat, int deadline_ms,
		      enum pike_verdict *how, struct pike_err *err);
/* GPU: one object for each launch of the bound plan, whose case is `c`:
 * kernel, grid, block, registers and spill_bytes (local memory) per thread,
 * shared and dynamic_shared in bytes per block, constant bytes, blocks_per_sm
 * (that can be resident), as the driver tells them; from these occupancy (the
 * share of an SM's threads), its limiter (threads, blocks, registers, shared)
 * where that is clear, and waves. NULL for other devices. */
struct pike_json *pike_conn_resources(const struct pike_conn *a,
				      const struct pike_case *c);

#endif
