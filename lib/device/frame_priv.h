/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame: what the judge and a runner say to each other.
 *
 * The judge asks, the runner answers; one frame each, in turn. Fixed binary
 * structures of one machine and one build, bounded, behind a head with a
 * nonce that the answer must repeat. Anything else that arrives is a sign of
 * tampering, so parsing is strict: exact lengths, zero padding.
 */
#ifndef PIKE_DEVICE_FRAME_PRIV_H
#define PIKE_DEVICE_FRAME_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PIKE_FRAME_MAGIC 0x524b4950u
#define PIKE_FRAME_MAX 65536 /* bytes after the head */
#define PIKE_FRAME_FDS 64
#define PIKE_CALL_INTS 16 /* pointers and integers of one call */
#define PIKE_CALL_FLOATS 8
#define PIKE_CALL_ARGS (PIKE_CALL_INTS + PIKE_CALL_FLOATS)
#define PIKE_REGIONS_MAX 65536
#define PIKE_CALLS_MAX 65536

/* Where a runner finds its socket and its seccomp filter; pike-sandbox puts
 * them there. */
#define PIKE_RUN_SOCK 3
#define PIKE_RUN_FILTER 4

enum pike_frame_type {
	PIKE_F_LOAD = 1, /* + 1 fd: the object */
	PIKE_F_MAP,	 /* + n fds */
	PIKE_F_CALLS,
	PIKE_F_RUN,
	PIKE_F_PLANT,	      /* an access that must be noticed; see below */
	PIKE_F_GPU_OPEN = 16, /* + 1 fd: our own kernels */
	PIKE_F_GPU_LOAD,      /* + 1 fd: the object */
	PIKE_F_GPU_MAP,	      /* + n fds: memory of the GPU */
	PIKE_F_GPU_SCRATCH,
	PIKE_F_GPU_LAUNCH,	/* one launch of the plan, in order */
	PIKE_F_GPU_READY,	/* the plan is whole: check it */
	PIKE_F_GPU_PREPARE,	/* for a sample: untimed, answered with OK */
	PIKE_F_GPU_RUN,		/* with the same content */
	PIKE_F_MODEL_LOAD = 32, /* + 2 fds: object, reference's sources */
	PIKE_F_MODEL_CASE,	/* constructs the model */
	PIKE_F_MODEL_DRAW,	/* fills the inputs of a call */
	PIKE_F_OK = 64,
	PIKE_F_DONE,
	PIKE_F_FAULT,
	PIKE_F_GPU_INFO,
	PIKE_F_OUTSIDE,
};

struct pike_frame_head {
	uint32_t magic;
	uint16_t type, nfds;
	uint32_t len, zero;
	uint64_t nonce;
};

enum pike_arg_kind {
	PIKE_K_BUFFER,
	PIKE_K_INT,
	PIKE_K_F32,
	PIKE_K_F64,
	PIKE_K_COUNT,
};
struct pike_frame_load {
	char entry[128]; /* NUL-terminated */
	uint32_t nargs, zero;
	uint8_t kind[PIKE_CALL_ARGS];
};

/* first 0 forgets all regions and calls. */
struct pike_frame_region {
	uint64_t offset, bytes;
	uint32_t writable, zero;
};
struct pike_frame_map {
	uint32_t first, n;
	struct pike_frame_region v[PIKE_FRAME_FDS];
};

/* Per call and argument: the region's number, or the scalar as int64_t, or
 * its bits as float or double. */
struct pike_frame_calls {
	uint32_t first, n, nargs;
	const uint8_t *words; /* n * nargs uint64_t, unaligned */
};

/* On the arguments as they are: the judge sees to the caches. */
struct pike_frame_run {
	uint32_t first, n;
};
struct pike_frame_done {
	int64_t claim_ns, cpu_ns;
	uint32_t threads, zero;
};

enum pike_fault_code {
	PIKE_FAULT_REQUEST = 1,
	PIKE_FAULT_LOAD,
	PIKE_FAULT_ENTRY,
	PIKE_FAULT_MAP,
	PIKE_FAULT_SIGNAL,  /* detail: its number */
	PIKE_FAULT_INPUT,   /* wrote to an input; detail: the region */
	PIKE_FAULT_BOUNDS,  /* touched what lies beside a region */
	PIKE_FAULT_CUDA,    /* detail: a CUresult */
	PIKE_FAULT_KERNEL,  /* no such kernel; detail: the launch */
	PIKE_FAULT_ARITY,   /* it has other parameters; detail: the launch */
	PIKE_FAULT_PARAM,   /* detail: launch << 8 | parameter */
	PIKE_FAULT_LIMITS,  /* it cannot be launched so; detail: the launch */
	PIKE_FAULT_RUNTIME, /* --exact: there is no sanitizer's library */
	PIKE_FAULT_MODEL,   /* detail: enum pike_model_fault | output << 8 */
	PIKE_FAULT_COUNT,
};
struct pike_frame_fault {
	uint32_t code, detail;
};

/* ---- exact buffers (exact_priv.h) ---- */

/* The runner reads the byte behind a region, which must be the end of it. */
struct pike_frame_plant {
	uint32_t region, zero;
};
/* What a sanitizer has stopped; comes instead of any other answer. */
#define PIKE_OUTSIDE_NONE UINT32_MAX
struct pike_frame_outside {
	uint32_t region; /* the one nearby, or PIKE_OUTSIDE_NONE */
	uint32_t write;
	int64_t at; /* where it begins, from the region's first byte */
	uint64_t size;
	char kind[48], place[96]; /* NUL-terminated; place: "kernel.c:12" */
};

/* ---- models: the worker, torch/run.py, reads these by their layout ---- */

struct pike_frame_model_load {
	uint32_t real;	/* enum pike_real */
	uint32_t train; /* mode */
	uint32_t tf32;	/* the class allows it */
	uint32_t zero;
};
/* Behind it the case as JSON: sizes, inputs, outputs. */
struct pike_frame_model_case {
	uint64_t weights; /* seed */
	uint32_t len, zero;
};
struct pike_frame_model_draw {
	uint64_t seed;
	uint32_t call, zero;
};
enum pike_model_fault {
	PIKE_MODEL_SOURCE = 1, /* the module raised when it was read */
	PIKE_MODEL_CLASS,      /* it has no class ModelNew or Model */
	PIKE_MODEL_MAKE,       /* the constructor raised */
	PIKE_MODEL_CALL,       /* forward raised */
	PIKE_MODEL_PROGRAM,    /* it tried to start a program */
	PIKE_MODEL_COUNT,      /* the number of outputs is another */
	PIKE_MODEL_TYPE,       /* an output is no tensor, or of another type */
	PIKE_MODEL_SHAPE,      /* of another shape */
	PIKE_MODEL_DEVICE,     /* on another device */
	PIKE_MODEL_INPUT,      /* an input was written */
	PIKE_MODEL_VIEW,       /* an output lies in an input's memory */
	PIKE_MODEL_KEPT,       /* in the memory of an earlier call's output */
	PIKE_MODEL_DRAW,       /* get_inputs gives other shapes each time */
	PIKE_MODEL_SETTING,    /* the default type of the process was changed */
	PIKE_MODEL_FAULTS,
};

/* ---- GPU ---- */

struct pike_frame_gpu_open {
	char driver[256], uuid[48]; /* library and device, NUL-terminated */
	uint64_t flush_bytes;
	/* Under a profiler or sanitizer: nothing of our own is launched, and
	 * arguments are copied into buffers of exactly their size. */
	uint32_t inspect, zero;
};
struct pike_frame_gpu_region {
	uint64_t mapped, offset, bytes; /* mapped: of the allocation */
	uint32_t writable, filled;	/* filled: it is read, too */
};
/* As pike_frame_map; first 0 forgets regions, calls and plan. */
struct pike_frame_gpu_map {
	uint32_t first, n;
	struct pike_frame_gpu_region v[PIKE_FRAME_FDS];
};
struct pike_frame_gpu_scratch {
	uint32_t n, zero;
	uint64_t bytes[16];
};
struct pike_frame_gpu_arg {
	uint32_t how, index, dtype, zero; /* how: enum pike_pass */
	int64_t value;
	uint32_t rank, map_dtype, swizzle, l2, nan, box[5]; /* tensor map */
	uint64_t dims[5], strides[5];
};
struct pike_frame_gpu_launch {
	char kernel[256]; /* name expression */
	uint32_t grid[3], block[3], cluster[3], shared, nargs, zero;
	struct pike_frame_gpu_arg args[64];
};
struct pike_frame_gpu_run {
	uint32_t call, finds; /* enum pike_finds */
	uint32_t repeat;      /* > 1: back to back, not timed by the GPU */
	uint32_t zero;
};
/* Of each launch: cuFuncGetAttribute, cuOccupancy... */
struct pike_frame_gpu_info {
	uint32_t n, zero;
	struct pike_frame_gpu_kernel {
		int32_t regs, local, shared, constant, threads, blocks;
	} v[64];
};

struct pike_frame {
	struct pike_frame_head head;
	uint8_t data[PIKE_FRAME_MAX];
	int fds[PIKE_FRAME_FDS]; /* received; the reader's to close */
	size_t nfds;
};

enum pike_frame_status {
	PIKE_FRAME_OK,
	PIKE_FRAME_EOF,
	PIKE_FRAME_TIMEOUT,
	PIKE_FRAME_BAD,
};

/* Gives a frame a head, `len` bytes of data and no descriptors. */
void pike_frame_make(struct pike_frame *f, enum pike_frame_type type,
		     uint64_t nonce, const void *data, size_t len);
void pike_frame_append(struct pike_frame *f, const void *data, size_t len);
/* deadline_ns: on pike_now_ns's clock; < 0 waits for ever. */
enum pike_frame_status pike_frame_send(int sock, const struct pike_frame *f,
				       const int *fds, int64_t deadline_ns);
/* Takes descriptors only with `take_fds`; else their arrival is BAD. */
enum pike_frame_status pike_frame_recv(struct pike_frame *f, int sock,
				       bool take_fds, int64_t deadline_ns);
void pike_frame_close_fds(struct pike_frame *f);

/* Bytes that the frame beginning with these `have` bytes has in all; 0 when
 * more are needed to tell; -1 when it is no frame. */
long pike_frame_size(const uint8_t *bytes, size_t have);

/* A frame of this type and exactly this length, copied out. */
bool pike_frame_is(const struct pike_frame *f, enum pike_frame_type type,
		   void *out, size_t len);
/* false: not a frame of this type, or not a sane one. */
bool pike_frame_is_load(struct pike_frame_load *out,
			const struct pike_frame *f);
bool pike_frame_is_map(struct pike_frame_map *out, const struct pike_frame *f);
bool pike_frame_is_calls(struct pike_frame_calls *out,
			 const struct pike_frame *f, uint32_t nargs);
bool pike_frame_is_run(struct pike_frame_run *out, const struct pike_frame *f);
bool pike_frame_is_plant(struct pike_frame_plant *out,
			 const struct pike_frame *f);
bool pike_frame_is_outside(struct pike_frame_outside *out,
			   const struct pike_frame *f);
bool pike_frame_is_gpu_open(struct pike_frame_gpu_open *out,
			    const struct pike_frame *f);
bool pike_frame_is_gpu_map(struct pike_frame_gpu_map *out,
			   const struct pike_frame *f);
bool pike_frame_is_gpu_scratch(struct pike_frame_gpu_scratch *out,
			       const struct pike_frame *f);
bool pike_frame_is_gpu_launch(struct pike_frame_gpu_launch *out,
			      const struct pike_frame *f);
/* PREPARE or RUN. */
bool pike_frame_is_gpu_run(struct pike_frame_gpu_run *out,
			   const struct pike_frame *f);
bool pike_frame_is_gpu_info(struct pike_frame_gpu_info *out,
			    const struct pike_frame *f);
bool pike_frame_is_done(struct pike_frame_done *out,
			const struct pike_frame *f);
bool pike_frame_is_fault(struct pike_frame_fault *out,
			 const struct pike_frame *f);

#endif
