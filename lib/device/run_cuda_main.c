/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pike-run-cuda: the process and CUDA context in which a candidate's kernels
 * run. No host code of a candidate is in here: it loads machine code, launches
 * by the plan that it is told, and tells how long that took.
 *
 * Still nothing here is trusted by the judge, and nothing here is worth
 * having: no truth, no seed, no path. Inputs are mapped read-only, so a write
 * to one is a fault of the GPU's own.
 */
#include "device/conn.h"
#include "device/cuda_priv.h"
#include "device/frame_priv.h"
#include "device/object_priv.h"

#include "base/boxed.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/rand.h"
#include "device/launch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define OBJECT_MAX (64u << 20)
#define GUARD (2ull << 20) /* unmapped addresses on both sides of a buffer */

struct region {
	cu_ptr base, data;
	uint64_t mapped, reserved;
	bool writable;
};

/* One launch of the plan, and its parameters for each call. */
struct launch {
	struct pike_frame_gpu_launch want;
	cu_func func;
	size_t sizes[PIKE_LAUNCH_ARGS_MAX]; /* of the kernel's parameters */
};
union parameter {
	uint64_t word;
	struct cu_tensor_map map;
};

static struct {
	const struct pike_cu *cu;
	uint64_t nonce;
	bool inspect; /* a tool looks on: see struct pike_frame_gpu_open */
	cu_ctx ctx;
	cu_stream stream;
	cu_event begin, end;
	int device, sms, shared;
	/* our own kernels */
	cu_func hold, flush, drain, scrub;
	volatile int *go; /* in host memory that the GPU sees */
	cu_ptr go_ptr, flush_mem;
	uint64_t flush_bytes;
	/* the candidate's */
	uint8_t *bytes;
	struct pike_gpu_object object;
	cu_module module;
	struct region *regions;
	uint32_t nregions;
	uint64_t *calls; /* ncalls * nargs region numbers */
	uint32_t ncalls, nargs;
	cu_ptr scratch[PIKE_SCRATCH_MAX];
	struct pike_frame_gpu_scratch scratch_want;
	struct launch *launches;
	uint32_t nlaunches;
	struct pike_rng rng;
} run;
static struct pike_frame frame;

_Noreturn static void fault(uint32_t code, uint32_t detail)
{
	struct pike_frame_fault f = { code, detail };

	pike_frame_make(&frame, PIKE_F_FAULT, run.nonce, &f, sizeof(f));
	pike_frame_send(PIKE_RUN_SOCK, &frame, NULL, -1);
	/* A tool writes down what it has seen when its process ends. */
	if (run.inspect)
		exit(0);
	_exit(70);
}

static void check(int rc)
{
	if (rc)
		fault(PIKE_FAULT_CUDA, (uint32_t)rc);
}

/* ---- open ---- */

static uint8_t *read_object(size_t *len, int fd)
{
	struct stat st;
	uint8_t *p;

	if (fstat(fd, &st) || st.st_size <= 0 || st.st_size > OBJECT_MAX)
		fault(PIKE_FAULT_LOAD, 0);
	*len = (size_t)st.st_size;
	p = pike_xmalloc(*len);
	if (pread(fd, p, *len, 0) != (ssize_t)*len)
		fault(PIKE_FAULT_LOAD, 0);
	return p;
}

static void find_device(const struct pike_frame_gpu_open *o)
{
	int n = 0;

	run.cu->device_count(&n);
	for (int i = 0; i < n; i++) {
		struct cu_uuid u;
		char hex[33], text[48];

		if (run.cu->device_get(&run.device, i) ||
		    run.cu->device_uuid(&u, run.device))
			continue;
		pike_hex(hex, u.bytes, sizeof(u.bytes));
		snprintf(text, sizeof(text), "GPU-%.8s-%.4s-%.4s-%.4s-%s", hex,
			 hex + 8, hex + 12, hex + 16, hex + 20);
		if (!strcmp(text, o->uuid))
			return;
	}
	fault(PIKE_FAULT_CUDA, CU_E_NO_DEVICE);
}

static void load_own(int fd)
{
	struct pike_gpu_object o;
	size_t len;
	uint8_t *p = read_object(&len, fd);
	cu_module m;

	if (!pike_gpu_object_read(&o, p, len))
		fault(PIKE_FAULT_REQUEST, 0);
	check(pike_cu_load(&m, run.cu, o.cubin));
	check(run.cu->module_func(&run.hold, m, "pike_hold"));
	check(run.cu->module_func(&run.flush, m, "pike_flush"));
	check(run.cu->module_func(&run.drain, m, "pike_drain"));
	check(run.cu->module_func(&run.scrub, m, "pike_scrub"));
	check(run.cu->func_set(run.scrub, CU_F_DYNAMIC_SHARED, run.shared));
	free(p);
}

static void make_context(const struct pike_frame_gpu_open *o)
{
	const struct pike_cu *cu = run.cu;

	check(cu->ctx_create(&run.ctx, CU_CTX_SPIN, run.device));
	cu->device_attr(&run.sms, CU_A_SM_COUNT, run.device);
	cu->device_attr(&run.shared, CU_A_SHARED_OPTIN, run.device);
	/* No lines of the L2 set aside, no heap to keep things in; as little
	 * to print into as there can be. What a driver refuses it has not. */
	cu->ctx_limit(CU_L_PERSISTING, 0);
	cu->ctx_limit(CU_L_HEAP, 0);
	cu->ctx_limit(CU_L_PRINTF, 1024);
	check(cu->stream_new(&run.stream, CU_STREAM_ASIDE));
	check(cu->event_new(&run.begin, 0));
	check(cu->event_new(&run.end, 0));
	check(
	    cu->host_alloc((void **)(uintptr_t)&run.go, 4096, CU_HOST_MAPPED));
	check(cu->host_ptr(&run.go_ptr, (void *)(uintptr_t)run.go, 0));
	run.flush_bytes = o->flush_bytes & ~(uint64_t)15;
	if (run.flush_bytes)
		check(cu->mem_alloc(&run.flush_mem, run.flush_bytes));
}

static void do_open(void)
{
	static struct pike_frame_gpu_open o;
	struct pike_err err = PIKE_ERR_INIT;
	uint64_t seed;

	if (run.cu || !pike_frame_is_gpu_open(&o, &frame))
		fault(PIKE_FAULT_REQUEST, 0);
	if (pike_cu_open(&run.cu, o.driver[0] ? o.driver : NULL, &err)) {
		fprintf(stderr, "%s\n", err.text);
		fault(PIKE_FAULT_CUDA, CU_E_NO_DEVICE);
	}
	pike_random_bytes(&seed, sizeof(seed));
	pike_rng_seed(&run.rng, seed);
	run.inspect = o.inspect;
	find_device(&o);
	make_context(&o);
	if (!run.inspect)
		load_own(frame.fds[0]);
}

/* ---- load ---- */

static void load_module(void)
{
	check(pike_cu_load(&run.module, run.cu, run.object.cubin));
}

static void do_load(void)
{
	size_t len;

	if (!run.cu || run.module || frame.head.type != PIKE_F_GPU_LOAD ||
	    frame.nfds != 1)
		fault(PIKE_FAULT_REQUEST, 0);
	run.bytes = read_object(&len, frame.fds[0]);
	if (!pike_gpu_object_read(&run.object, run.bytes, len))
		fault(PIKE_FAULT_LOAD, 0);
	load_module();
}

/* ---- memory ---- */

static void forget(void)
{
	for (uint32_t i = 0; i < run.nregions; i++) {
		const struct region *r = &run.regions[i];

		if (run.inspect) {
			run.cu->mem_free(r->data);
			continue;
		}
		run.cu->vmm_unmap(r->base + GUARD, r->mapped);
		run.cu->vmm_unreserve(r->base, r->reserved);
	}
	for (uint32_t i = 0; i < run.scratch_want.n; i++)
		run.cu->mem_free(run.scratch[i]);
	free(run.regions);
	free(run.calls);
	free(run.launches);
	run.regions = NULL;
	run.calls = NULL;
	run.launches = NULL;
	run.nregions = run.ncalls = run.nargs = run.nlaunches = 0;
	run.scratch_want.n = 0;
}

static void map_region(struct region *r, int fd,
		       const struct pike_frame_gpu_region *want)
{
	struct cu_access a = { { CU_ON_DEVICE, run.device },
			       want->writable ? CU_READ_WRITE : CU_READ };
	cu_handle h;

	r->mapped = want->mapped;
	r->reserved = want->mapped + 2 * GUARD;
	r->writable = want->writable;
	check(run.cu->vmm_import(&h, (void *)(intptr_t)fd, CU_POSIX_FD));
	check(run.cu->vmm_reserve(&r->base, r->reserved, 0, 0, 0));
	check(run.cu->vmm_map(r->base + GUARD, r->mapped, 0, h, 0));
	check(run.cu->vmm_access(r->base + GUARD, r->mapped, &a, 1));
	/* The mapping keeps it. */
	check(run.cu->vmm_release(h));
	r->data = r->base + GUARD + want->offset;
}

/* A tool knows an allocation by its bounds, and what in it was ever written:
 * shared memory has others, and another process wrote it. The descriptor is
 * of a file. */
static void copy_region(struct region *r, int fd,
			const struct pike_frame_gpu_region *want)
{
	void *from;
	int rc;

	check(run.cu->mem_alloc(&r->data, want->bytes));
	r->writable = want->writable;
	if (!want->filled)
		return;
	from = mmap(NULL, want->bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (from == MAP_FAILED)
		fault(PIKE_FAULT_MAP, (uint32_t)errno);
	rc = run.cu->to_device(r->data, from, want->bytes, run.stream);
	if (!rc)
		rc = run.cu->stream_sync(run.stream);
	munmap(from, want->bytes);
	check(rc);
}

static void do_map(void)
{
	static struct pike_frame_gpu_map m;
	struct region *v;

	if (!run.module || !pike_frame_is_gpu_map(&m, &frame))
		fault(PIKE_FAULT_REQUEST, 0);
	if (!m.first)
		forget();
	if (m.first != run.nregions || run.ncalls)
		fault(PIKE_FAULT_REQUEST, 0);
	v = pike_xrealloc(run.regions, m.first + m.n, sizeof(*v));
	run.regions = v;
	for (uint32_t i = 0; i < m.n; i++) {
		(run.inspect ? copy_region : map_region)(&v[m.first + i],
							 frame.fds[i], &m.v[i]);
		run.nregions++;
	}
}

static void do_calls(void)
{
	uint32_t head[3] = { 0 };
	struct pike_frame_calls c;

	if (frame.head.len >= sizeof(head))
		memcpy(head, frame.data, sizeof(head));
	if (!run.module || head[2] > PIKE_LAUNCH_ARGS_MAX ||
	    !pike_frame_is_calls(&c, &frame, head[2]) ||
	    c.first != run.ncalls || (run.ncalls && c.nargs != run.nargs))
		fault(PIKE_FAULT_REQUEST, 0);
	run.nargs = c.nargs;
	run.calls =
	    realloc(run.calls, ((size_t)c.first + c.n) * c.nargs * 8 + 8);
	if (!run.calls)
		fault(PIKE_FAULT_MAP, ENOMEM);
	memcpy(run.calls + (size_t)c.first * c.nargs, c.words,
	       (size_t)c.n * c.nargs * 8);
	for (size_t i = (size_t)c.first * c.nargs;
	     i < ((size_t)c.first + c.n) * c.nargs; i++)
		if (run.calls[i] != UINT64_MAX && run.calls[i] >= run.nregions)
			fault(PIKE_FAULT_REQUEST, 0);
	run.ncalls += c.n;
}

static void do_scratch(void)
{
	struct pike_frame_gpu_scratch s;

	if (!run.module || run.scratch_want.n ||
	    !pike_frame_is_gpu_scratch(&s, &frame))
		fault(PIKE_FAULT_REQUEST, 0);
	for (uint32_t i = 0; i < s.n; i++) {
		check(run.cu->mem_alloc(&run.scratch[i], s.bytes[i]));
		run.scratch_want.n++;
		run.scratch_want.bytes[i] = s.bytes[i];
	}
}

/* ---- the plan ---- */

static void do_launch(void)
{
	struct launch *v;

	if (!run.ncalls || run.nlaunches >= PIKE_LAUNCHES_MAX)
		fault(PIKE_FAULT_REQUEST, 0);
	v = pike_xrealloc(run.launches, run.nlaunches + 1, sizeof(*v));
	run.launches = v;
	memset(&v[run.nlaunches], 0, sizeof(*v));
	if (!pike_frame_is_gpu_launch(&v[run.nlaunches].want, &frame))
		fault(PIKE_FAULT_REQUEST, 0);
	run.nlaunches++;
}

/* How wide the kernel's parameter may be that gets this argument. */
static bool fits(const struct pike_frame_gpu_arg *a, size_t size)
{
	switch (a->how) {
	case PIKE_PASS_TMA:
		return size == sizeof(struct cu_tensor_map);
	case PIKE_PASS_SCALAR:
		return size == pike_dtype_size((enum pike_dtype)a->dtype);
	case PIKE_PASS_INT:
		return size == 4 || size == 8;
	case PIKE_PASS_I32:
	case PIKE_PASS_F32:
		return size == 4;
	default:
		return size == 8;
	}
}

static void check_parameters(struct launch *l, uint32_t number)
{
	size_t offset, size;
	uint32_t n = 0;

	for (uint32_t i = 0; i < l->want.nargs; i++)
		l->sizes[i] = l->want.args[i].how == PIKE_PASS_INT ? 4 : 8;
	if (!run.cu->func_param)
		return;
	for (; !run.cu->func_param(l->func, n, &offset, &size); n++) {
		if (n >= l->want.nargs)
			fault(PIKE_FAULT_ARITY, number);
		if (!fits(&l->want.args[n], size))
			fault(PIKE_FAULT_PARAM, number << 8 | n);
		l->sizes[n] = size;
	}
	if (n != l->want.nargs)
		fault(PIKE_FAULT_ARITY, number);
}

static void find_kernel(struct launch *l, uint32_t number)
{
	const char *name = pike_gpu_object_lowered(&run.object, l->want.kernel);

	if (!name || run.cu->module_func(&l->func, run.module, name))
		fault(PIKE_FAULT_KERNEL, number);
	if (l->want.shared > 48 * 1024 &&
	    run.cu->func_set(l->func, CU_F_DYNAMIC_SHARED, (int)l->want.shared))
		fault(PIKE_FAULT_LIMITS, number);
}

static int attribute(cu_func f, int what)
{
	int v = 0;

	return run.cu->func_attr(&v, what, f) ? 0 : v;
}

static void describe(struct pike_frame_gpu_kernel *k, const struct launch *l)
{
	const uint32_t *b = l->want.block;

	k->regs = attribute(l->func, CU_F_REGS);
	k->local = attribute(l->func, CU_F_LOCAL);
	k->shared = attribute(l->func, CU_F_SHARED);
	k->constant = attribute(l->func, CU_F_CONST);
	k->threads = attribute(l->func, CU_F_THREADS);
	run.cu->occupancy(&k->blocks, l->func, (int)(b[0] * b[1] * b[2]),
			  l->want.shared);
}

static void do_ready(void)
{
	static struct pike_frame_gpu_info info;

	info.n = run.nlaunches;
	for (uint32_t i = 0; i < run.nlaunches; i++) {
		struct launch *l = &run.launches[i];

		find_kernel(l, i);
		check_parameters(l, i);
		describe(&info.v[i], l);
		if (info.v[i].blocks < 1)
			fault(PIKE_FAULT_LIMITS, i);
	}
	pike_frame_make(&frame, PIKE_F_GPU_INFO, run.nonce, &info,
			sizeof(info));
}

/* ---- run ---- */

static int map_type(uint32_t dtype)
{
	static const int types[PIKE_DTYPE_COUNT] = {
		[PIKE_F64] = 8,	 [PIKE_F32] = 7, [PIKE_F16] = 6,
		[PIKE_BF16] = 9, [PIKE_I8] = 0,	 [PIKE_U8] = 0,
		[PIKE_I32] = 3,	 [PIKE_U32] = 2, [PIKE_I64] = 5,
		[PIKE_BOOL] = 0,
	};

	return types[dtype];
}

/* CUtensorMapSwizzle and CUtensorMapL2promotion: 0 1 2 3 for none, 32, 64,
 * 128 bytes; none, 64, 128, 256. */
static int step_of(uint32_t bytes, uint32_t least)
{
	int n = 0;

	for (; bytes >= least; bytes /= 2)
		n++;
	return n;
}

static void encode(struct cu_tensor_map *out,
		   const struct pike_frame_gpu_arg *a, cu_ptr at)
{
	static const uint32_t ones[PIKE_TMA_DIMS] = { 1, 1, 1, 1, 1 };

	if (!run.cu->tensor_map)
		fault(PIKE_FAULT_CUDA, CU_E_NOT_FOUND);
	check(run.cu->tensor_map(out, map_type(a->map_dtype), a->rank,
				 (void *)(uintptr_t)at, a->dims, a->strides,
				 a->box, ones, 0, step_of(a->swizzle, 32),
				 step_of(a->l2, 64), (int)a->nan));
}

static uint64_t bits(double v, bool narrow)
{
	float f = (float)v;
	uint64_t w = 0;

	memcpy(&w, narrow ? (void *)&f : (void *)&v, narrow ? 4 : 8);
	return w;
}

static uint64_t scalar(const struct pike_frame_gpu_arg *a)
{
	if (a->dtype == PIKE_F32 || a->dtype == PIKE_F64)
		return bits((double)a->value, a->dtype == PIKE_F32);
	return (uint64_t)a->value;
}

static void fill(union parameter *p, const struct pike_frame_gpu_arg *a,
		 const uint64_t *call)
{
	uint64_t region = a->index < run.nargs ? call[a->index] : UINT64_MAX;

	switch (a->how) {
	case PIKE_PASS_BUFFER:
	case PIKE_PASS_TMA:
		if (region == UINT64_MAX)
			fault(PIKE_FAULT_REQUEST, 0);
		if (a->how == PIKE_PASS_TMA)
			encode(&p->map, a, run.regions[region].data);
		else
			p->word = run.regions[region].data;
		break;
	case PIKE_PASS_SCRATCH:
		if (a->index >= run.scratch_want.n)
			fault(PIKE_FAULT_REQUEST, 0);
		p->word = run.scratch[a->index];
		break;
	case PIKE_PASS_SCALAR:
		p->word = scalar(a);
		break;
	case PIKE_PASS_F32:
	case PIKE_PASS_F64:
		p->word = bits((double)a->value, a->how == PIKE_PASS_F32);
		break;
	default:
		p->word = (uint64_t)a->value;
	}
}

static int launch(struct launch *l, union parameter *p)
{
	void *args[PIKE_LAUNCH_ARGS_MAX + 1];
	struct cu_attr cluster = { .id = CU_ATTR_CLUSTER };
	struct cu_launch c = { .shared = l->want.shared,
			       .stream = run.stream,
			       .attrs = &cluster };

	memcpy(c.grid, l->want.grid, sizeof(c.grid));
	memcpy(c.block, l->want.block, sizeof(c.block));
	memcpy(cluster.value.cluster, l->want.cluster, sizeof(l->want.cluster));
	c.nattrs =
	    l->want.cluster[0] * l->want.cluster[1] * l->want.cluster[2] > 1;
	for (uint32_t i = 0; i < l->want.nargs; i++)
		args[i] = &p[i];
	return run.cu->launch(&c, l->func, args, NULL);
}

static void own(cu_func f, unsigned grid, unsigned block, unsigned shared,
		void **args)
{
	struct cu_launch c = { .grid = { grid, 1, 1 },
			       .block = { block, 1, 1 },
			       .shared = shared,
			       .stream = run.stream };

	check(run.cu->launch(&c, f, args, NULL));
}

/* What an invocation must not find: results of an earlier one in variables or
 * scratch. */
static void clear(unsigned seed)
{
	if (run.object.flags & PIKE_PTX_GLOBALS) {
		check(run.cu->module_unload(run.module));
		load_module();
		for (uint32_t i = 0; i < run.nlaunches; i++)
			find_kernel(&run.launches[i], i);
	}
	for (uint32_t i = 0; i < run.scratch_want.n; i++)
		check(run.cu->set8(run.scratch[i], (unsigned char)(seed >> 8),
				   run.scratch_want.bytes[i], run.stream));
}

/* Nor results in shared memory, nor in the L2. What is kept is kept, and all
 * else the same: an invocation's time depends on what ran before. */
static void prepare(unsigned finds)
{
	unsigned seed = (unsigned)pike_rng_u64(&run.rng);
	unsigned words = (unsigned)run.shared / 4;
	unsigned long long n = run.flush_bytes / 16, half = n / 2;
	void *scrub[] = { &words, &seed };
	void *flush[] = { &run.flush_mem, &n, &seed };
	void *drain[] = { &run.flush_mem, &half };

	if (!(finds & PIKE_FINDS_KEPT))
		clear(seed);
	own(run.scrub, (unsigned)run.sms, 1024, (unsigned)run.shared, scrub);
	if ((finds & PIKE_FINDS_COLD) && n) {
		run.cu->ctx_reset_l2();
		own(run.flush, (unsigned)run.sms * 8, 512, 0, flush);
		own(run.drain, (unsigned)run.sms * 8, 512, 0, drain);
	}
}

/* Queues the plan once. */
static void queue(union parameter *p)
{
	for (uint32_t i = 0; i < run.nlaunches; i++) {
		int rc = launch(&run.launches[i], p);

		if (rc == CU_E_INVALID || rc == CU_E_RESOURCES)
			fault(PIKE_FAULT_LIMITS, i);
		check(rc);
		p += run.launches[i].want.nargs;
	}
}

static union parameter *parameters(const uint64_t *call)
{
	static union parameter *p;
	size_t n = 0, at = 0;

	for (uint32_t i = 0; i < run.nlaunches; i++)
		n += run.launches[i].want.nargs;
	free(p);
	p = aligned_alloc(_Alignof(union parameter), (n + 1) * sizeof(*p));
	if (!p)
		fault(PIKE_FAULT_MAP, ENOMEM);
	memset(p, 0, (n + 1) * sizeof(*p));
	for (uint32_t i = 0; i < run.nlaunches; i++)
		for (uint32_t k = 0; k < run.launches[i].want.nargs; k++)
			fill(&p[at++], &run.launches[i].want.args[k], call);
	return p;
}

/* All is queued behind a kernel that waits, so the GPU never does. */
static int64_t timed(union parameter *p)
{
	void *hold[] = { &run.go_ptr };
	float ms = 0;

	*run.go = 0;
	own(run.hold, 1, 1, 0, hold);
	check(run.cu->event_record(run.begin, run.stream));
	queue(p);
	check(run.cu->event_record(run.end, run.stream));
	__sync_synchronize();
	*run.go = 1;
	check(run.cu->stream_sync(run.stream));
	check(run.cu->event_elapsed(&ms, run.begin, run.end));
	return (int64_t)((double)ms * 1e6);
}

/* Back to back, for the judge's own clock. */
static int64_t sustained(union parameter *p, uint32_t repeat)
{
	int64_t start = pike_now_ns();

	for (uint32_t i = 0; i < repeat; i++)
		queue(p);
	check(run.cu->stream_sync(run.stream));
	return pike_now_ns() - start;
}

static union parameter *asked(struct pike_frame_gpu_run *r)
{
	if (!run.nlaunches || !pike_frame_is_gpu_run(r, &frame) ||
	    r->call >= run.ncalls)
		fault(PIKE_FAULT_REQUEST, 0);
	return parameters(run.calls + (size_t)r->call * run.nargs);
}

static void do_prepare(void)
{
	struct pike_frame_gpu_run r;

	asked(&r);
	if (!run.inspect)
		prepare(r.finds);
	check(run.cu->stream_sync(run.stream));
}

static void do_run(void)
{
	struct pike_frame_done done = { .threads = 1 };
	struct pike_frame_gpu_run r;
	union parameter *p = asked(&r);

	done.claim_ns =
	    r.repeat > 1 || run.inspect ? sustained(p, r.repeat) : timed(p);
	pike_frame_make(&frame, PIKE_F_DONE, run.nonce, &done, sizeof(done));
}

/* ---- serve ---- */

static const struct {
	enum pike_frame_type type;
	void (*serve)(void);
	bool answers; /* else OK is the answer */
} requests[] = {
	{ PIKE_F_GPU_OPEN, do_open, false },
	{ PIKE_F_GPU_LOAD, do_load, false },
	{ PIKE_F_GPU_MAP, do_map, false },
	{ PIKE_F_CALLS, do_calls, false },
	{ PIKE_F_GPU_SCRATCH, do_scratch, false },
	{ PIKE_F_GPU_LAUNCH, do_launch, false },
	{ PIKE_F_GPU_READY, do_ready, true },
	{ PIKE_F_GPU_PREPARE, do_prepare, false },
	{ PIKE_F_GPU_RUN, do_run, true },
};

static void serve(void (*one)(void), bool answers)
{
	int fds[PIKE_FRAME_FDS];
	size_t n = frame.nfds;

	memcpy(fds, frame.fds, sizeof(fds));
	one();
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
	if (!answers)
		pike_frame_make(&frame, PIKE_F_OK, run.nonce, NULL, 0);
	if (pike_frame_send(PIKE_RUN_SOCK, &frame, NULL, -1))
		_exit(74);
}

static void serve_one(void)
{
	run.nonce = frame.head.nonce;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(requests); i++)
		if (requests[i].type == frame.head.type) {
			serve(requests[i].serve, requests[i].answers);
			return;
		}
	fault(PIKE_FAULT_REQUEST, 0);
}

/* A tool has the last word of its process. */
_Noreturn static void end(void)
{
	if (run.inspect && run.ctx)
		run.cu->ctx_destroy(run.ctx);
	if (run.inspect)
		exit(0);
	_exit(0);
}

int main(void)
{
	for (;;) {
		enum pike_frame_status s =
		    pike_frame_recv(&frame, PIKE_RUN_SOCK, true, -1);

		if (s == PIKE_FRAME_EOF)
			end();
		if (s)
			fault(PIKE_FAULT_REQUEST, 0);
		serve_one();
	}
}
