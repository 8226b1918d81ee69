/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CUDA driver without a GPU, for test_gpu.c: memory is the host's, and work
 * that is queued on a stream is done only when somebody waits for the stream.
 * A copy without a stream is work of the default stream, and one out of the
 * host's memory returns before it is done, as "API synchronization behavior"
 * of the CUDA Driver API allows. Whoever counts on more than what is documented
 * reads old data here every time, not once in a thousand.
 *
 * What is not needed here is in cuda_rest.c.
 */
#include "device/cuda_priv.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct work {
	void *to;
	const void *from;
	void *staged; /* `from` is this, the queue's own */
	size_t n;
};
/* The default stream, and the one that is made. */
static struct cu_stream_st {
	struct work v[64];
	size_t n;
} streams[2];
static int failed;

static struct cu_stream_st *of(cu_stream s)
{
	return s ? s : &streams[0];
}

static int queue(cu_stream s, void *to, const void *from, size_t n, int stage)
{
	struct work *w = &of(s)->v[of(s)->n++];

	*w = (struct work){ .to = to, .from = from, .n = n };
	if (stage) {
		w->staged = malloc(n);
		memcpy(w->staged, from, n);
		w->from = w->staged;
	}
	return failed;
}

static int drain(cu_stream s)
{
	struct cu_stream_st *q = of(s);

	for (size_t i = 0; i < q->n; i++) {
		memcpy(q->v[i].to, q->v[i].from, q->v[i].n);
		free(q->v[i].staged);
	}
	q->n = 0;
	return failed;
}

static void *at(cu_ptr p)
{
	return (void *)(uintptr_t)p;
}

/* Work that is still queued has lost what it works on. */
static void gone(const char *p, size_t n)
{
	for (size_t s = 0; s < 2; s++)
		for (size_t i = 0; i < streams[s].n; i++) {
			const struct work *w = &streams[s].v[i];
			const char *to = w->to, *from = w->from;

			if ((to >= p && to < p + n) ||
			    (from >= p && from < p + n))
				failed = CU_E_ADDRESS;
		}
}

/* ---- start ---- */

int cuDriverGetVersion(int *out)
{
	*out = 13000;
	return 0;
}

int cuDeviceGetCount(int *out)
{
	*out = 1;
	return 0;
}

int cuCtxCreate_v2(cu_ctx *out, unsigned flags, int device)
{
	(void)flags, (void)device;
	*out = (cu_ctx)&streams;
	return 0;
}

int cuMemGetAllocationGranularity(size_t *out, const struct cu_mem_prop *p,
				  int how)
{
	(void)p, (void)how;
	*out = 4096;
	return 0;
}

/* ---- streams ---- */

int cuStreamCreate(cu_stream *out, unsigned flags)
{
	(void)flags;
	*out = &streams[1];
	return 0;
}

int cuStreamSynchronize(cu_stream s)
{
	return drain(s);
}

int cuCtxSynchronize(void)
{
	drain(&streams[1]);
	return drain(NULL);
}

/* ---- memory ---- */

int cuMemAlloc_v2(cu_ptr *out, size_t n)
{
	size_t *p = calloc(1, n + 16);

	*p = n;
	*out = (cu_ptr)(uintptr_t)p + 16;
	return 0;
}

int cuMemHostAlloc(void **out, size_t n, unsigned flags)
{
	(void)flags;
	*out = malloc(n);
	return 0;
}

int cuMemFreeHost(void *p)
{
	free(p);
	return 0;
}

int cuMemFree_v2(cu_ptr p)
{
	size_t *head = at(p - 16);

	gone(at(p), *head);
	free(head);
	return 0;
}

int cuMemAddressReserve(cu_ptr *out, size_t n, size_t align, cu_ptr want,
			unsigned long long flags)
{
	(void)align, (void)want, (void)flags;
	*out = (cu_ptr)(uintptr_t)calloc(1, n);
	return 0;
}

int cuMemUnmap(cu_ptr p, size_t n)
{
	gone(at(p), n);
	return 0;
}

int cuMemAddressFree(cu_ptr p, size_t n)
{
	(void)n;
	free(at(p));
	return 0;
}

int cuMemExportToShareableHandle(void *out, cu_handle h, int kind,
				 unsigned long long flags)
{
	(void)h, (void)kind, (void)flags;
	*(int *)out = memfd_create("gpu", MFD_CLOEXEC);
	return 0;
}

/* ---- copies ---- */

int cuMemcpyHtoD_v2(cu_ptr to, const void *from, size_t n)
{
	return queue(NULL, at(to), from, n, 1);
}

int cuMemcpyDtoH_v2(void *to, cu_ptr from, size_t n)
{
	queue(NULL, to, at(from), n, 0);
	return drain(NULL);
}

int cuMemcpyHtoDAsync_v2(cu_ptr to, const void *from, size_t n, cu_stream s)
{
	return queue(s, at(to), from, n, 1);
}

int cuMemcpyDtoHAsync_v2(void *to, cu_ptr from, size_t n, cu_stream s)
{
	return queue(s, to, at(from), n, 0);
}

int cuMemcpyDtoDAsync_v2(cu_ptr to, cu_ptr from, size_t n, cu_stream s)
{
	return queue(s, at(to), at(from), n, 0);
}

/* ---- modules: one variable, whose value is its image ---- */

static int variable;

int cuModuleLoadData(cu_module *out, const void *image)
{
	*out = (cu_module)&variable;
	return queue(NULL, &variable, image, sizeof(variable), 1);
}

int cuModuleGetGlobal_v2(cu_ptr *out, size_t *n, cu_module m, const char *name)
{
	(void)name;
	*out = (cu_ptr)(uintptr_t)m;
	*n = sizeof(variable);
	return 0;
}
