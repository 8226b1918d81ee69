/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gpu: the judge's own context on a GPU: memory, trusted kernels, references.
 * A candidate's context is another process's; what both see is memory that
 * was shared on purpose.
 */
#include "device/gpu.h"
#include "device/cuda_priv.h"
#include "device/device_priv.h"
#include "device/object_priv.h"

#include "base/mem.h"
#include "base/par.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ALIGN 256u

/* Copies of more than a piece go by way of memory that is pinned. The driver
 * copies others by a thread of its own: 64 MB of new memory took it 20 ms
 * beside an H200, and 5 ms this way. */
#define STAGE ((size_t)32 << 20)
#define STAGE_PIECE ((size_t)1 << 20)

struct pike_gpu {
	const struct pike_cu *cu;
	cu_ctx ctx;
	cu_stream stream;
	int device;
	size_t grain;
	void *stage; /* STAGE bytes; NULL: not needed yet, or not to be had */
};

struct pike_gpu_code {
	struct pike_gpu *g;
	cu_module module;
	void *bytes;
	struct pike_gpu_object object;
};

/* Errors that leave nothing of a context. */
static int lost(struct pike_err *err, int rc, const char *what)
{
	if (!rc)
		return 0;
	pike_cu_fail(err, rc, what);
	if (rc < CU_E_ADDRESS)
		return PIKE_FAILED;
	if (err)
		err->level = PIKE_FATAL;
	return PIKE_FATAL;
}

static int memory_kind(struct cu_mem_prop *p, const struct pike_gpu *g)
{
	memset(p, 0, sizeof(*p));
	p->type = CU_PINNED;
	p->handle_types = CU_POSIX_FD;
	p->location.type = CU_ON_DEVICE;
	p->location.id = g->device;
	return 0;
}

int pike_gpu_open(struct pike_gpu **out, const struct pike_device_info *dev,
		  struct pike_err *err)
{
	struct pike_gpu *g = pike_xcalloc(1, sizeof(*g));
	struct cu_mem_prop p;
	int rc = 0, ret = pike_cu_open(&g->cu, NULL, err);

	*out = NULL;
	if (!ret)
		rc = g->cu->device_get(&g->device, dev->index);
	if (!ret && !rc)
		rc = g->cu->ctx_create(&g->ctx, CU_CTX_SPIN, g->device);
	if (!ret && !rc)
		rc = g->cu->stream_new(&g->stream, CU_STREAM_ASIDE);
	if (!ret && !rc) {
		memory_kind(&p, g);
		rc = g->cu->vmm_grain(&g->grain, &p, 0);
	}
	if (rc)
		ret = lost(err, rc, "cannot make a context on the GPU");
	if (ret)
		pike_gpu_close(g);
	else
		*out = g;
	return ret;
}

void pike_gpu_close(struct pike_gpu *g)
{
	if (!g)
		return;
	if (g->stage)
		g->cu->host_free(g->stage);
	if (g->ctx)
		g->cu->ctx_destroy(g->ctx);
	free(g);
}

int pike_gpu_sync(struct pike_gpu *g, struct pike_err *err)
{
	return lost(err, g->cu->stream_sync(g->stream),
		    "the judge's work on the GPU failed");
}

int64_t pike_gpu_available(struct pike_gpu *g)
{
	size_t available = 0, total;

	if (g->cu->mem_info(&available, &total))
		return 0;
	return (int64_t)available;
}

/* ---- memory ---- */

int pike_gpu_alloc(pike_gpu_ptr *out, struct pike_gpu *g, size_t bytes,
		   struct pike_err *err)
{
	cu_ptr p = 0;
	int rc = g->cu->mem_alloc(&p, bytes ? bytes : 1);

	*out = p;
	return lost(err, rc, "cannot get memory on the GPU");
}

/* What is queued may still use it. */
void pike_gpu_free(struct pike_gpu *g, pike_gpu_ptr p)
{
	if (!p)
		return;
	g->cu->stream_sync(g->stream);
	g->cu->mem_free(p);
}

int pike_gpu_copy(struct pike_gpu *g, pike_gpu_ptr to, pike_gpu_ptr from,
		  size_t bytes, struct pike_err *err)
{
	if (!bytes)
		return 0;
	return lost(err, g->cu->copy(to, from, bytes, g->stream),
		    "cannot copy on the GPU");
}

struct moving {
	char *to;
	const char *from;
	size_t bytes;
};

static void move_piece(void *ctx, size_t k)
{
	const struct moving *m = ctx;
	size_t at = k * STAGE_PIECE, left = m->bytes - at;

	memcpy(m->to + at, m->from + at,
	       left < STAGE_PIECE ? left : STAGE_PIECE);
}

static void move(void *to, const void *from, size_t bytes)
{
	struct moving m = { .to = to, .from = from, .bytes = bytes };

	pike_parallel((bytes + STAGE_PIECE - 1) / STAGE_PIECE, move_piece, &m);
}

static bool has_stage(struct pike_gpu *g, size_t bytes)
{
	if (bytes < STAGE_PIECE)
		return false;
	if (!g->stage && g->cu->host_alloc(&g->stage, STAGE, 0))
		g->stage = NULL;
	return g->stage != NULL;
}

/* What is queued has gone when the stage is used again. */
static int put_staged(struct pike_gpu *g, pike_gpu_ptr to, const void *from,
		      size_t bytes)
{
	int rc = 0;

	for (size_t at = 0; !rc && at < bytes; at += STAGE) {
		size_t n = bytes - at < STAGE ? bytes - at : STAGE;

		move(g->stage, (const char *)from + at, n);
		rc = g->cu->to_device(to + at, g->stage, n, g->stream);
		if (!rc)
			rc = g->cu->stream_sync(g->stream);
	}
	return rc;
}

static int get_staged(struct pike_gpu *g, void *to, pike_gpu_ptr from,
		      size_t bytes)
{
	int rc = 0;

	for (size_t at = 0; !rc && at < bytes; at += STAGE) {
		size_t n = bytes - at < STAGE ? bytes - at : STAGE;

		rc = g->cu->to_host(g->stage, from + at, n, g->stream);
		if (!rc)
			rc = g->cu->stream_sync(g->stream);
		if (!rc)
			move((char *)to + at, g->stage, n);
	}
	return rc;
}

int pike_gpu_put(struct pike_gpu *g, pike_gpu_ptr to, const void *from,
		 size_t bytes, struct pike_err *err)
{
	int rc = 0, ret;

	if (has_stage(g, bytes))
		rc = put_staged(g, to, from, bytes);
	else if (bytes)
		rc = g->cu->to_device(to, from, bytes, g->stream);
	ret = lost(err, rc, "cannot copy to the GPU");
	return ret ? ret : pike_gpu_sync(g, err);
}

int pike_gpu_get(struct pike_gpu *g, void *to, pike_gpu_ptr from, size_t bytes,
		 struct pike_err *err)
{
	int rc = 0, ret;

	if (has_stage(g, bytes))
		rc = get_staged(g, to, from, bytes);
	else if (bytes)
		rc = g->cu->to_host(to, from, bytes, g->stream);
	ret = lost(err, rc, "cannot copy from the GPU");
	return ret ? ret : pike_gpu_sync(g, err);
}

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

int pike_gpu_share(struct pike_gpu_shared *out, struct pike_gpu *g,
		   size_t bytes, struct pike_err *err)
{
	const struct pike_cu *cu = g->cu;
	struct cu_access a = { { CU_ON_DEVICE, g->device }, CU_READ_WRITE };
	size_t used = round_up(bytes ? bytes : 1, ALIGN);
	struct cu_mem_prop p;
	cu_handle h = 0;
	cu_ptr at = 0;
	int rc;

	memset(out, 0, sizeof(*out));
	out->fd = -1;
	memory_kind(&p, g);
	out->mapped = round_up(used, g->grain);
	out->offset = out->mapped - used;
	rc = cu->vmm_create(&h, out->mapped, &p, 0);
	if (rc)
		return lost(err, rc, "cannot get memory on the GPU");
	out->handle = h;
	rc = cu->vmm_reserve(&at, out->mapped, 0, 0, 0);
	out->map = rc ? 0 : at;
	if (!rc)
		rc = cu->vmm_map(at, out->mapped, 0, h, 0);
	if (!rc)
		rc = cu->vmm_access(at, out->mapped, &a, 1);
	if (!rc)
		rc = cu->vmm_export(&out->fd, h, CU_POSIX_FD, 0);
	if (rc)
		pike_gpu_unshare(g, out);
	return lost(err, rc, "cannot share memory on the GPU");
}

void pike_gpu_unshare(struct pike_gpu *g, struct pike_gpu_shared *s)
{
	if (s->map) {
		g->cu->stream_sync(g->stream); /* what is queued uses it */
		g->cu->vmm_unmap(s->map, s->mapped);
		g->cu->vmm_unreserve(s->map, s->mapped);
	}
	if (s->handle)
		g->cu->vmm_release(s->handle);
	if (s->mapped && s->fd >= 0)
		close(s->fd);
	memset(s, 0, sizeof(*s));
	s->fd = -1;
}

/* ---- code ---- */

int pike_gpu_load(struct pike_gpu_code **out, struct pike_gpu *g, int object_fd,
		  struct pike_err *err)
{
	struct pike_gpu_code *c = pike_xcalloc(1, sizeof(*c));
	int ret = 0;

	c->g = g;
	if (!pike_gpu_object_load(&c->object, &c->bytes, object_fd))
		ret = pike_fail(err, PIKE_FAILED,
				"the built machine code is not there, or "
				"malformed");
	if (!ret)
		ret =
		    lost(err, pike_cu_load(&c->module, g->cu, c->object.cubin),
			 "cannot load machine code of ours");
	if (ret) {
		pike_gpu_unload(c);
		c = NULL;
	}
	*out = c;
	return ret;
}

const char *pike_object_breaks(int object_fd)
{
	struct pike_gpu_object o;
	void *bytes;
	bool keeps = pike_gpu_object_load(&o, &bytes, object_fd) &&
		     o.flags & PIKE_PTX_KEEPS_L2;

	free(bytes);
	return keeps ? "asks the L2 cache to keep its data over what comes "
		       "after it (evict_last, evict_unchanged or "
		       "applypriority), which would outlast the flush between "
		       "two samples; use evict_first, or no policy"
		     : NULL;
}

void pike_gpu_unload(struct pike_gpu_code *c)
{
	if (!c)
		return;
	if (c->module) {
		c->g->cu->stream_sync(c->g->stream);
		c->g->cu->module_unload(c->module);
	}
	free(c->bytes);
	free(c);
}

int pike_gpu_call(struct pike_gpu_code *c, const char *kernel, uint64_t blocks,
		  uint32_t threads, void **args, struct pike_err *err)
{
	struct cu_launch l = { .grid = { 1, 1, 1 },
			       .block = { threads, 1, 1 },
			       .stream = c->g->stream };
	cu_func f;
	int rc = c->g->cu->module_func(&f, c->module, kernel);

	if (!blocks)
		return 0;
	l.grid[0] = blocks > INT_MAX ? INT_MAX : (unsigned)blocks;
	if (!rc)
		rc = c->g->cu->launch(&l, f, args, NULL);
	return lost(err, rc, kernel);
}

/* ---- references ---- */

static uint64_t word_of(const struct pike_pass_value *v,
			const pike_gpu_ptr *args, const pike_gpu_ptr *scratch)
{
	float f = (float)v->value;
	double d = (double)v->value;
	uint64_t w = 0;

	switch (v->how) {
	case PIKE_PASS_BUFFER:
		return args[v->index];
	case PIKE_PASS_SCRATCH:
		return scratch[v->index];
	case PIKE_PASS_F32:
		memcpy(&w, &f, sizeof(f));
		return w;
	case PIKE_PASS_F64:
		memcpy(&w, &d, sizeof(d));
		return w;
	default:
		return (uint64_t)v->value;
	}
}

static int launch_one(struct pike_gpu_code *c,
		      const struct pike_launch_value *v,
		      const pike_gpu_ptr *args, const pike_gpu_ptr *scratch,
		      struct pike_err *err)
{
	uint64_t words[PIKE_LAUNCH_ARGS_MAX];
	void *at[PIKE_LAUNCH_ARGS_MAX + 1];
	const char *name = pike_gpu_object_lowered(&c->object, v->kernel);
	struct cu_attr cluster = { .id = CU_ATTR_CLUSTER };
	struct cu_launch l = { .shared = v->shared,
			       .stream = c->g->stream,
			       .attrs = &cluster };
	cu_func f;
	int rc;

	for (size_t i = 0; i < v->nargs; i++) {
		if (v->args[i].how == PIKE_PASS_TMA)
			return pike_fail(err, PIKE_FAILED,
					 "%s:%d: a reference takes no tensor "
					 "maps",
					 v->path, v->line);
		words[i] = word_of(&v->args[i], args, scratch);
		at[i] = &words[i];
	}
	memcpy(l.grid, v->grid, sizeof(l.grid));
	memcpy(l.block, v->block, sizeof(l.block));
	memcpy(cluster.value.cluster, v->cluster, sizeof(v->cluster));
	l.nattrs = v->cluster[0] * v->cluster[1] * v->cluster[2] > 1;
	rc = name ? c->g->cu->module_func(&f, c->module, name) : CU_E_NOT_FOUND;
	if (!rc && v->shared > 48 * 1024)
		rc = c->g->cu->func_set(f, CU_F_DYNAMIC_SHARED, (int)v->shared);
	if (!rc)
		rc = c->g->cu->launch(&l, f, at, NULL);
	if (rc) {
		lost(err, rc, v->kernel);
		return pike_err_prefix(err, "%s:%d", v->path, v->line);
	}
	return 0;
}

int pike_gpu_launch(struct pike_gpu_code *c, const struct pike_launch_plan *p,
		    const struct pike_case *k, const pike_gpu_ptr *args,
		    struct pike_err *err)
{
	pike_gpu_ptr scratch[PIKE_SCRATCH_MAX] = { 0 };
	struct pike_launch_values v;
	int ret = pike_launch_plan_eval(&v, p, k, &pike_launch_limits_90, err);

	if (ret)
		return ret;
	for (size_t i = 0; !ret && i < v.nscratch; i++)
		ret = pike_gpu_alloc(&scratch[i], c->g, v.scratch[i], err);
	for (size_t i = 0; !ret && i < v.n; i++)
		ret = launch_one(c, &v.v[i], args, scratch, err);
	if (!ret)
		ret = pike_gpu_sync(c->g, err);
	for (size_t i = 0; i < v.nscratch; i++)
		pike_gpu_free(c->g, scratch[i]);
	pike_launch_values_release(&v);
	return ret;
}

/* ---- odds ---- */

bool pike_gpu_clock(const struct pike_device_info *dev, unsigned *mhz,
		    bool *throttled)
{
	return pike_nvml_clock(dev->bus, mhz, throttled);
}

/* The kernels' text is part of the program. */
__asm__(".pushsection .rodata\n"
	".global pike_runner_source\n"
	"pike_runner_source:\n"
	".incbin \"lib/device/runner.cu\"\n"
	".byte 0\n"
	".popsection\n");
