/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gpu: the judge's own context on a GPU, where inputs are drawn and outputs
 * compared. No code of a candidate ever runs in it.
 */
#ifndef PIKE_DEVICE_GPU_H
#define PIKE_DEVICE_GPU_H

#include "device/device.h"

/* One per process, for the thread that opened it. All work goes through one
 * stream in order; only pike_gpu_sync waits. PIKE_FATAL when the context is
 * lost: nothing of it can be used any more. */
struct pike_gpu;
int pike_gpu_open(struct pike_gpu **out, const struct pike_device_info *dev,
		  struct pike_err *err);
void pike_gpu_close(struct pike_gpu *g);
int pike_gpu_sync(struct pike_gpu *g, struct pike_err *err);
/* Bytes that could be allocated now. */
int64_t pike_gpu_available(struct pike_gpu *g);

typedef uint64_t pike_gpu_ptr; /* an address on the GPU; 0: none */
int pike_gpu_alloc(pike_gpu_ptr *out, struct pike_gpu *g, size_t bytes,
		   struct pike_err *err);
void pike_gpu_free(struct pike_gpu *g, pike_gpu_ptr p);
int pike_gpu_copy(struct pike_gpu *g, pike_gpu_ptr to, pike_gpu_ptr from,
		  size_t bytes, struct pike_err *err);
/* Both wait. */
int pike_gpu_put(struct pike_gpu *g, pike_gpu_ptr to, const void *from,
		 size_t bytes, struct pike_err *err);
int pike_gpu_get(struct pike_gpu *g, void *to, pike_gpu_ptr from, size_t bytes,
		 struct pike_err *err);

/* Memory that a runner can map too, by a file descriptor. The data end where
 * the allocation ends, but for less than 256 bytes; what lies before them is
 * the judge's to watch. */
struct pike_gpu_shared {
	pike_gpu_ptr map;      /* of the allocation, in the judge's context */
	size_t mapped, offset; /* bytes; of the data */
	uint64_t handle;
	int fd;
};
int pike_gpu_share(struct pike_gpu_shared *out, struct pike_gpu *g,
		   size_t bytes, struct pike_err *err);
void pike_gpu_unshare(struct pike_gpu *g, struct pike_gpu_shared *s);

/* Trusted machine code in the judge's context. */
struct pike_gpu_code;
int pike_gpu_load(struct pike_gpu_code **out, struct pike_gpu *g, int object_fd,
		  struct pike_err *err);
void pike_gpu_unload(struct pike_gpu_code *c);
/* Launches an extern "C" kernel of it; `args` as the driver takes them. */
int pike_gpu_call(struct pike_gpu_code *c, const char *kernel, uint64_t blocks,
		  uint32_t threads, void **args, struct pike_err *err);
/* Runs a launch plan (of a reference) on these argument addresses. */
int pike_gpu_launch(struct pike_gpu_code *c, const struct pike_launch_plan *p,
		    const struct pike_case *k, const pike_gpu_ptr *args,
		    struct pike_err *err);

/* ---- for doctor ---- */

enum pike_finding_state {
	PIKE_FOUND_OK,
	PIKE_FOUND_WARN,
	PIKE_FOUND_MISSING /* no GPU target can be measured like this */
};
struct pike_findings {
	struct pike_finding {
		enum pike_finding_state state;
		const char *check; /* "gpu driver" */
		char *found;
		char *remedy; /* one line; "" when there is nothing to do */
	} * v;
	size_t n, cap;
};
void pike_findings_release(struct pike_findings *f);
/* What CUDA needs and what is here of it, then each GPU, which `gpus` gets an
 * object of. Opens the driver. true: GPU targets can be built and measured. */
bool pike_gpu_findings(struct pike_findings *out, struct pike_json *gpus);

#endif
