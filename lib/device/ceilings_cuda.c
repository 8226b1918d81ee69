/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ceilings_cuda: what a GPU can do at most, measured: a device-to-device copy
 * far larger than its L2, bytes read and written counted, and multiply-adds
 * of f32 that do not wait for each other. The kernel is PTX that the driver
 * compiles, so that this needs no toolkit.
 */
#include "device/cuda_priv.h"
#include "device/device_priv.h"

#include "base/buf.h"
#include "base/mem.h"

#include <math.h>
#include <string.h>

#define COPY_BYTES (1ull << 30)
#define REPEAT 5
#define CHAINS 8
#define UNROLL 16
#define STEPS 2048

struct bench {
	const struct pike_cu *cu;
	cu_ctx ctx;
	cu_stream stream;
	cu_event begin, end;
};

/* 8 chains a thread, 16 multiply-adds of each in the loop. */
static void fma_ptx(struct pike_buf *b)
{
	pike_buf_adds(b, ".version 7.0\n.target sm_70\n.address_size 64\n"
			 ".visible .entry fma(.param .u64 out)\n{\n"
			 ".reg .pred %p;\n.reg .b32 %i, %t;\n"
			 ".reg .f32 %a<8>, %x, %y;\n.reg .b64 %o;\n"
			 "ld.param.u64 %o, [out];\n"
			 "mov.f32 %x, 0f3F7FBE77;\nmov.f32 %y, 0f3A83126F;\n"
			 "mov.u32 %t, %tid.x;\n");
	for (int c = 0; c < CHAINS; c++)
		pike_buf_addf(b, "cvt.rn.f32.u32 %%a%d, %%t;\n", c);
	pike_buf_addf(b, "mov.u32 %%i, %d;\nagain:\n", STEPS);
	for (int u = 0; u < UNROLL; u++)
		for (int c = 0; c < CHAINS; c++)
			pike_buf_addf(b, "fma.rn.f32 %%a%d, %%a%d, %%x, %%y;\n",
				      c, c);
	pike_buf_adds(b, "sub.u32 %i, %i, 1;\nsetp.ne.u32 %p, %i, 0;\n"
			 "@%p bra again;\n");
	for (int c = 1; c < CHAINS; c++)
		pike_buf_addf(b, "add.f32 %%a0, %%a0, %%a%d;\n", c);
	/* Never, but nobody knows that */
	pike_buf_adds(b, "setp.eq.f32 %p, %a0, 0f42F6E979;\n"
			 "@%p st.global.f32 [%o], %a0;\nret;\n}\n");
}

static int elapsed(double *ns, struct bench *b)
{
	float ms = 0;
	int rc = b->cu->event_record(b->end, b->stream);

	if (!rc)
		rc = b->cu->stream_sync(b->stream);
	if (!rc)
		rc = b->cu->event_elapsed(&ms, b->begin, b->end);
	*ns = (double)ms * 1e6;
	return rc;
}

static int measure_copy(double *out, struct bench *b)
{
	cu_ptr from = 0, to = 0;
	double ns = 0, best = INFINITY;
	int rc = b->cu->mem_alloc(&from, COPY_BYTES);

	if (!rc)
		rc = b->cu->mem_alloc(&to, COPY_BYTES);
	if (!rc)
		rc = b->cu->set32(from, 0x3f9d70a4, COPY_BYTES / 4, b->stream);
	for (int i = 0; !rc && i < REPEAT; i++) {
		rc = b->cu->event_record(b->begin, b->stream);
		if (!rc)
			rc = b->cu->copy(to, from, COPY_BYTES, b->stream);
		if (!rc)
			rc = elapsed(&ns, b);
		best = fmin(best, ns);
	}
	*out = rc ? 0 : 2.0 * (double)COPY_BYTES / best * 1e9;
	if (from)
		b->cu->mem_free(from);
	if (to)
		b->cu->mem_free(to);
	return rc;
}

static int measure_fma(double *out, struct bench *b, int sms)
{
	struct cu_launch l = { .grid = { (unsigned)sms * 8, 1, 1 },
			       .block = { 256, 1, 1 },
			       .stream = b->stream };
	double ns = 0, best = INFINITY, flops;
	struct pike_buf text;
	cu_module m = NULL;
	cu_func f;
	cu_ptr nowhere = 0;
	void *args[] = { &nowhere };
	int rc;

	flops = 2.0 * CHAINS * UNROLL * STEPS * 256 * l.grid[0];
	pike_buf_init(&text, 1 << 20);
	fma_ptx(&text);
	rc = pike_cu_load(&m, b->cu, text.s);
	if (!rc)
		rc = b->cu->module_func(&f, m, "fma");
	for (int i = 0; !rc && i < REPEAT; i++) {
		rc = b->cu->event_record(b->begin, b->stream);
		if (!rc)
			rc = b->cu->launch(&l, f, args, NULL);
		if (!rc)
			rc = elapsed(&ns, b);
		best = fmin(best, ns);
	}
	*out = rc ? 0 : flops / best * 1e9;
	if (m)
		b->cu->module_unload(m);
	pike_buf_release(&text);
	return rc;
}

int pike_cuda_ceilings(struct pike_ceilings *out,
		       const struct pike_device_info *info, int threads,
		       struct pike_err *err)
{
	struct bench b = { 0 };
	int rc, device, ret = pike_cu_open(&b.cu, NULL, err);

	(void)threads;
	if (ret)
		return ret;
	rc = b.cu->device_get(&device, info->index);
	if (!rc)
		rc = b.cu->ctx_create(&b.ctx, CU_CTX_SPIN, device);
	if (rc)
		return pike_cu_fail(err, rc, "cannot measure the GPU");
	rc = b.cu->stream_new(&b.stream, CU_STREAM_ASIDE);
	if (!rc)
		rc = b.cu->event_new(&b.begin, 0);
	if (!rc)
		rc = b.cu->event_new(&b.end, 0);
	if (!rc)
		rc = measure_copy(&out->copy_bps, &b);
	if (!rc)
		rc = measure_fma(&out->fma_flops, &b, info->sms);
	b.cu->ctx_destroy(b.ctx);
	return pike_cu_fail(err, rc, "cannot measure the GPU");
}
