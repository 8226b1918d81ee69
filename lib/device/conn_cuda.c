/* SPDX-License-Identifier: Apache-2.0 */
/* conn_cuda: questions to pike-run-cuda, and what its faults mean. */
#include "device/conn_priv.h"
#include "device/cuda_priv.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define WAKE_MS 5000
/* At least twice the L2 must be written to empty it (protocol 1 of lib/eval);
 * four times, and not more than this. */
#define FLUSH_MAX (512ll << 20)

static int wake(struct pike_conn *a, const struct pike_device_info *dev,
		int own, struct pike_err *err)
{
	struct pike_frame_gpu_open o = { .flush_bytes = FLUSH_MAX };
	const char *path = pike_cu_path();

	a->sm = dev->sm;
	a->sms = dev->sms;
	if (4 * dev->llc_bytes < FLUSH_MAX)
		o.flush_bytes = (uint64_t)(4 * dev->llc_bytes);
	if (a->inspect)
		o.flush_bytes = 0;
	o.inspect = a->inspect;
	if (path && strlen(path) < sizeof(o.driver))
		memcpy(o.driver, path, strlen(path));
	memcpy(o.uuid, dev->uuid, sizeof(o.uuid));
	pike_frame_make(&a->frame, PIKE_F_GPU_OPEN, 0, &o, sizeof(o));
	return pike_conn_send(a, &own, 1,
			      pike_now_ns() + (int64_t)WAKE_MS * 1000000, err);
}

static int load(struct pike_conn *a, int64_t until, enum pike_verdict *how,
		struct pike_err *err)
{
	pike_frame_make(&a->frame, PIKE_F_GPU_LOAD, 0, NULL, 0);
	return pike_conn_ask(a, &a->object.fd, 1, until, PIKE_F_OK, how, err);
}

/* ---- bind ---- */

int pike_conn_map_gpu(struct pike_conn *a, int64_t until,
		      enum pike_verdict *how, struct pike_err *err)
{
	bool draws = a->ops->draw && a->object.real != PIKE_REAL_NONE;
	struct pike_frame_gpu_map m;
	int rc = 0;

	for (size_t at = 0; !rc && at < a->nregions; at += PIKE_FRAME_FDS) {
		size_t n = a->nregions - at;

		if (n > PIKE_FRAME_FDS)
			n = PIKE_FRAME_FDS;
		m = (struct pike_frame_gpu_map){ .first = (uint32_t)at,
						 .n = (uint32_t)n };
		for (size_t i = 0; i < n; i++) {
			const struct pike_region *r = &a->regions[at + i];
			uint32_t arg = a->region_arg[at + i];

			m.v[i] = (struct pike_frame_gpu_region){
				.mapped = r->mapped,
				.offset = r->offset,
				.bytes = r->bytes,
				.writable =
				    draws || a->bound.v[arg].dir != PIKE_IN,
				.filled = a->bound.v[arg].dir != PIKE_OUT,
			};
		}
		pike_frame_make(&a->frame, PIKE_F_GPU_MAP, 0, &m,
				offsetof(struct pike_frame_gpu_map, v) +
				    n * sizeof(m.v[0]));
		rc = pike_conn_ask(a, a->fds + at, n, until, PIKE_F_OK, how,
				   err);
	}
	return rc;
}

static int send_scratch(struct pike_conn *a, const struct pike_launch_values *v,
			int64_t until, enum pike_verdict *how,
			struct pike_err *err)
{
	struct pike_frame_gpu_scratch s = { .n = (uint32_t)v->nscratch };

	if (!s.n)
		return 0;
	for (size_t i = 0; i < v->nscratch; i++)
		s.bytes[i] = v->scratch[i];
	pike_frame_make(&a->frame, PIKE_F_GPU_SCRATCH, 0, &s, sizeof(s));
	return pike_conn_ask(a, NULL, 0, until, PIKE_F_OK, how, err);
}

static void put_arg(struct pike_frame_gpu_arg *out,
		    const struct pike_pass_value *v)
{
	*out = (struct pike_frame_gpu_arg){ .how = v->how,
					    .index = v->index,
					    .dtype = v->dtype,
					    .value = v->value };
	if (v->how != PIKE_PASS_TMA)
		return;
	out->rank = v->map.rank;
	out->map_dtype = v->map.dtype;
	out->swizzle = v->map.swizzle;
	out->l2 = v->map.l2;
	out->nan = v->map.nan;
	memcpy(out->box, v->map.box, sizeof(out->box));
	memcpy(out->dims, v->map.dims, sizeof(out->dims));
	memcpy(out->strides, v->map.strides, sizeof(out->strides));
}

static int send_launch(struct pike_conn *a, const struct pike_launch_value *v,
		       int64_t until, enum pike_verdict *how,
		       struct pike_err *err)
{
	static struct pike_frame_gpu_launch l;

	memset(&l, 0, sizeof(l));
	if (strlen(v->kernel) >= sizeof(l.kernel))
		return pike_conn_say(err, how, PIKE_V_BUILD,
				     "the name of a kernel is too long");
	memcpy(l.kernel, v->kernel, strlen(v->kernel));
	memcpy(l.grid, v->grid, sizeof(l.grid));
	memcpy(l.block, v->block, sizeof(l.block));
	memcpy(l.cluster, v->cluster, sizeof(l.cluster));
	l.shared = v->shared;
	l.nargs = (uint32_t)v->nargs;
	for (size_t i = 0; i < v->nargs; i++)
		put_arg(&l.args[i], &v->args[i]);
	pike_frame_make(&a->frame, PIKE_F_GPU_LAUNCH, 0, &l,
			offsetof(struct pike_frame_gpu_launch, args) +
			    l.nargs * sizeof(l.args[0]));
	return pike_conn_ask(a, NULL, 0, until, PIKE_F_OK, how, err);
}

static int send_calls(struct pike_conn *a, const struct pike_call *calls,
		      int64_t until, enum pike_verdict *how,
		      struct pike_err *err)
{
	size_t nargs = a->bound.n;
	uint64_t *words = pike_xcalloc(a->ncalls * nargs + 1, sizeof(*words));
	int rc;

	for (size_t k = 0; k < a->ncalls; k++)
		for (size_t i = 0; i < nargs; i++)
			words[k * nargs + i] =
			    calls[k].args[i].fd < 0
				? UINT64_MAX
				: pike_conn_region(a, &calls[k].args[i],
						   (uint32_t)i);
	rc = pike_conn_map_gpu(a, until, how, err);
	if (!rc)
		rc = pike_conn_calls(a, words, a->ncalls, until, how, err);
	free(words);
	return rc;
}

static int bind_plan(struct pike_conn *a, const struct pike_call *calls,
		     int64_t until, enum pike_verdict *how,
		     struct pike_err *err)
{
	struct pike_launch_values v;
	int rc = pike_launch_plan_eval(&v, a->object.launch, a->bound.c,
				       &pike_launch_limits_90, err);

	if (rc) {
		*how = PIKE_V_BUILD;
		return rc;
	}
	rc = send_calls(a, calls, until, how, err);
	if (!rc)
		rc = send_scratch(a, &v, until, how, err);
	for (size_t i = 0; !rc && i < v.n; i++)
		rc = send_launch(a, &v.v[i], until, how, err);
	if (!rc) {
		pike_frame_make(&a->frame, PIKE_F_GPU_READY, 0, NULL, 0);
		rc =
		    pike_conn_ask(a, NULL, 0, until, PIKE_F_GPU_INFO, how, err);
	}
	if (!rc && !pike_frame_is_gpu_info(&a->info, &a->frame))
		rc = pike_conn_say(err, how, PIKE_V_TAMPER,
				   "its process sent a malformed answer");
	pike_launch_values_release(&v);
	return rc;
}

/* ---- run ---- */

/* Flushing and clearing take longer than the kernel does: the judge's clock
 * would see little else. */
static int prepare(struct pike_conn *a, uint32_t call, unsigned finds,
		   int64_t until, enum pike_verdict *how, struct pike_err *err)
{
	struct pike_frame_gpu_run r = { .call = call,
					.finds = finds,
					.repeat = 1 };

	pike_frame_make(&a->frame, PIKE_F_GPU_PREPARE, 0, &r, sizeof(r));
	return pike_conn_ask(a, NULL, 0, until, PIKE_F_OK, how, err);
}

static int ask(struct pike_conn *a, uint32_t first, uint32_t n, unsigned finds,
	       struct pike_err *err)
{
	struct pike_frame_gpu_run r = { .call = first,
					.finds = finds,
					.repeat = 1 };

	if (n != 1)
		return pike_fail(err, PIKE_FATAL,
				 "a GPU is timed one call at a time");
	pike_frame_make(&a->frame, PIKE_F_GPU_RUN, 0, &r, sizeof(r));
	return 0;
}

/* ---- faults ---- */

static const struct {
	int result;
	enum pike_verdict v;
	const char *text;
} results[] = {
	{ CU_E_ADDRESS, PIKE_V_CRASH,
	  "reached memory that it may not: beyond a buffer, or an input that "
	  "it "
	  "wrote to (inputs are read-only)" },
	{ CU_E_MISALIGNED, PIKE_V_CRASH,
	  "read or wrote at a misaligned address" },
	{ CU_E_INSTRUCTION, PIKE_V_CRASH,
	  "executed an illegal instruction, or trapped" },
	{ CU_E_SPACE, PIKE_V_CRASH,
	  "used an address of the wrong memory space" },
	{ CU_E_PC, PIKE_V_CRASH, "jumped out of its code" },
	{ CU_E_STACK, PIKE_V_CRASH, "ran out of its stack" },
	{ CU_E_ASSERT, PIKE_V_CRASH, "failed an assertion of its own" },
	{ CU_E_LAUNCH, PIKE_V_CRASH,
	  "failed while it ran (a trap, or a fault that the GPU does not "
	  "name)" },
	{ CU_E_TIMEOUT, PIKE_V_TIMEOUT, "ran longer than the driver lets it" },
	{ CU_E_MEMORY, PIKE_V_CRASH,
	  "asks for more memory than the GPU has (scratch, or local memory)" },
	{ CU_E_NO_BINARY, PIKE_V_BUILD, "holds no code for this GPU" },
	{ CU_E_NOT_FOUND, PIKE_V_BUILD, "needs a function that is not there" },
};

static int cuda_fault(int result, enum pike_verdict *how, struct pike_err *err)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(results); i++)
		if (results[i].result == result)
			return pike_conn_say(err, how, results[i].v,
					     results[i].text);
	*how = PIKE_V_CRASH;
	return pike_fail(err, PIKE_FAILED, "failed with CUDA error %d", result);
}

static int fault(const struct pike_conn *a, const struct pike_frame_fault *f,
		 enum pike_verdict *how, struct pike_err *err)
{
	(void)a;
	*how = PIKE_V_BUILD;
	switch (f->code) {
	case PIKE_FAULT_CUDA:
		return cuda_fault((int)f->detail, how, err);
	case PIKE_FAULT_KERNEL:
		return pike_fail(err, PIKE_FAILED,
				 "launch %u names a kernel that is not there",
				 f->detail + 1);
	case PIKE_FAULT_ARITY:
		return pike_fail(err, PIKE_FAILED,
				 "the kernel of launch %u has another number "
				 "of parameters than the plan gives arguments",
				 f->detail + 1);
	case PIKE_FAULT_PARAM:
		return pike_fail(err, PIKE_FAILED,
				 "argument %u of launch %u has another size "
				 "than the kernel's parameter",
				 (f->detail & 255) + 1, (f->detail >> 8) + 1);
	case PIKE_FAULT_LIMITS:
		return pike_fail(err, PIKE_FAILED,
				 "launch %u asks for more than this GPU has: "
				 "registers times threads, shared memory, or "
				 "the cluster",
				 f->detail + 1);
	default:
		return pike_conn_say(err, how, PIKE_V_TAMPER,
				     "the runner told an unknown fault");
	}
}

static void sustain(struct pike_conn *a, uint32_t call, uint32_t repeat)
{
	struct pike_frame_gpu_run r = { .call = call, .repeat = repeat };

	pike_frame_make(&a->frame, PIKE_F_GPU_RUN, 0, &r, sizeof(r));
}

static struct pike_json *resources(const struct pike_conn *a,
				   const struct pike_case *c)
{
	struct pike_launch_values v;
	struct pike_json *list;

	if (pike_launch_plan_eval(&v, a->object.launch, c,
				  &pike_launch_limits_90, NULL))
		return NULL;
	list = pike_json_array();
	for (uint32_t i = 0; i < a->info.n && i < v.n; i++)
		pike_json_push(list, pike_launch_json(&a->sm, a->sms, &v.v[i],
						      &a->info.v[i]));
	pike_launch_values_release(&v);
	return list;
}

const struct pike_conn_ops pike_conn_cuda = {
	.wake = wake,
	.load = load,
	.bind = bind_plan,
	.prepare = prepare,
	.ask = ask,
	.sustain = sustain,
	.resources = resources,
	.fault = fault,
};
