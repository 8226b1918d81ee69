/* SPDX-License-Identifier: Apache-2.0 */
/* conn_priv: what the connections of all backends share. */
#ifndef PIKE_DEVICE_CONN_PRIV_H
#define PIKE_DEVICE_CONN_PRIV_H

#include "device/device_priv.h"
#include "device/frame_priv.h"

struct pike_conn {
	const struct pike_conn_ops *ops;
	int sock;
	const struct pike_target *target;
	struct pike_object object;
	struct pike_frame frame;
	uint64_t nonce; /* of the question that was asked last */
	uint32_t ncalls;
	struct pike_bind bound;
	bool inspect; /* see pike_conn_open */
	bool waking;  /* the answer to the first question is still to come */
	void (*asked)(void *ctx); /* pike_conn_asked */
	void *ctx;
	/* regions, as bound; calls share slots, so each is mapped once */
	struct pike_region *regions;
	uint32_t *region_arg; /* whose argument each is */
	int *fds;
	size_t nregions, cap, arg_cap, fd_cap;
	struct pike_frame_gpu_info info;
	struct pike_sm sm; /* of the GPU, which has `sms` of them */
	int sms;
};

struct pike_conn_ops {
	/* Sends the first question without waiting; NULL: there is none. */
	int (*wake)(struct pike_conn *a, const struct pike_device_info *dev,
		    int own, struct pike_err *err);
	int (*load)(struct pike_conn *a, int64_t until, enum pike_verdict *how,
		    struct pike_err *err);
	/* Of a->bound. */
	int (*bind)(struct pike_conn *a, const struct pike_call *calls,
		    int64_t until, enum pike_verdict *how,
		    struct pike_err *err);
	/* As pike_conn_draw; NULL: a reference does not. */
	int (*draw)(struct pike_conn *a, uint32_t call, uint64_t seed,
		    int64_t until, enum pike_verdict *how,
		    struct pike_err *err);
	/* What comes before a sample and is no part of its time; NULL:
	 * nothing. */
	int (*prepare)(struct pike_conn *a, uint32_t call, unsigned finds,
		       int64_t until, enum pike_verdict *how,
		       struct pike_err *err);
	/* Makes the frame that asks for a sample. */
	int (*ask)(struct pike_conn *a, uint32_t first, uint32_t n,
		   unsigned finds, struct pike_err *err);
	/* Makes the frame that asks for pike_conn_sustain; NULL where a backend
	 * does not. */
	void (*sustain)(struct pike_conn *a, uint32_t call, uint32_t repeat);
	/* As pike_conn_resources; NULL: none are known. */
	struct pike_json *(*resources)(const struct pike_conn *a,
				       const struct pike_case *c);
	/* What a fault is to this backend; NULL: nothing that it knows. */
	int (*fault)(const struct pike_conn *a,
		     const struct pike_frame_fault *f, enum pike_verdict *how,
		     struct pike_err *err);
	/* Reads PIKE_F_OUTSIDE from a->frame; NULL: a runner that inspects
	 * never sends it. */
	int (*outside)(const struct pike_conn *a, enum pike_verdict *how,
		       struct pike_err *err);
};
extern const struct pike_conn_ops pike_conn_cpu, pike_conn_cuda,
    pike_conn_torch, pike_conn_torch_cuda;
/* Sends PIKE_F_MAP: the regions, on the host; PIKE_F_GPU_MAP. */
int pike_conn_map(struct pike_conn *a, int64_t until, enum pike_verdict *how,
		  struct pike_err *err);
int pike_conn_map_gpu(struct pike_conn *a, int64_t until,
		      enum pike_verdict *how, struct pike_err *err);

/* A launch and what its kernel needs, as pike_conn_resources tells it, on a GPU
 * that has `sms` (0: unknown) of `sm`. */
struct pike_json *pike_launch_json(const struct pike_sm *sm, int sms,
				   const struct pike_launch_value *v,
				   const struct pike_frame_gpu_kernel *k);

int pike_conn_say(struct pike_err *err, enum pike_verdict *how,
		  enum pike_verdict v, const char *text);
/* The name of a region's argument, for messages. */
const char *pike_conn_region_name(const struct pike_conn *a, uint32_t region);
/* Sends a->frame, receives the answer, of type `want`, into it. */
int pike_conn_ask(struct pike_conn *a, const int *fds, size_t nfds,
		  int64_t until, enum pike_frame_type want,
		  enum pike_verdict *how, struct pike_err *err);
/* The first half of that, for an answer that somebody waits for later. */
int pike_conn_send(struct pike_conn *a, const int *fds, size_t nfds,
		   int64_t until, struct pike_err *err);
/* The number of a region, the same for the same slot. */
uint32_t pike_conn_region(struct pike_conn *a, const struct pike_region *r,
			  uint32_t arg);
/* Sends PIKE_F_CALLS: n calls of nargs words. */
int pike_conn_calls(struct pike_conn *a, const uint64_t *words, uint32_t n,
		    int64_t until, enum pike_verdict *how,
		    struct pike_err *err);

#endif
