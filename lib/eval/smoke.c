/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smoke: does a GPU's sandbox let a runner do all it must, at full speed? The
 * way of a candidate in little: NVRTC in its box, a runner in its own, memory
 * that the judge shares with it. The same kernel on the same memory is then
 * timed in turn by that runner and in the judge's own context.
 */
#include "eval/smoke_priv.h"

#include "base/clock.h"
#include "base/mem.h"
#include "eval/process_priv.h"
#include "eval/protocol_priv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FLOATS (64ll << 20)
#define BYTES ((size_t)FLOATS * 4)
#define BLOCK 256
#define BLOCKS ((uint64_t)FLOATS / 4 / BLOCK)
/* What is checked at both ends of the copy. */
#define WINDOW ((size_t)1 << 20)
#define PAIRS 9
/* One sample: long enough for a question over a socket not to count. */
#define SAMPLE_NS 50e6
#define REPEAT_MOST 1000

static const char source[] =
    "//pike: launch pike_smoke_copy grid=(n / 1024) block=(256) args=(x, y)\n"
    "extern \"C\" __global__ void pike_smoke_copy(const float4 *x, float4 *y)\n"
    "{\n"
    "\tunsigned long long i = blockIdx.x * 256ull + threadIdx.x;\n"
    "\n"
    "\ty[i] = x[i];\n"
    "}\n";

void pike_smoke_kernel_init(struct pike_smoke_kernel *k)
{
	char text[32];

	memset(k, 0, sizeof(*k));
	snprintf(text, sizeof(text), "n=%lld", FLOATS);
	/* Constant texts, so they are sound */
	pike_arg_parse(&k->args[0], "in f32 x[n]", NULL);
	pike_arg_parse(&k->args[1], "out f32 y[n]", NULL);
	pike_case_parse(&k->c, text, NULL);
	pike_files_add(&k->files, "smoke.cu", source, strlen(source));
	k->target = (struct pike_target){ .name = pike_xstrdup("smoke"),
					  .backend = pike_xstrdup("cuda"),
					  .entry = pike_xstrdup("copy"),
					  .args = k->args,
					  .nargs = 2,
					  .cases = &k->c,
					  .ncases = 1,
					  .threads = 1 };
}

void pike_smoke_kernel_release(struct pike_smoke_kernel *k)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(k->args); i++)
		pike_arg_release(&k->args[i]);
	pike_case_release(&k->c);
	pike_files_release(&k->files);
	free(k->target.name);
	free(k->target.backend);
	free(k->target.entry);
	memset(k, 0, sizeof(*k));
}

/* A judge as far as builds and runners need one; no pools, no reference. */
struct smoke {
	struct pike_smoke_kernel k;
	struct pike_judge j;
	struct pike_build *build;
	struct pike_gpu_code *code;
	struct pike_gpu_shared mem[2];
	struct pike_process process;
	struct pike_fault fault;
	int lock;
};

static void smoke_init(struct smoke *s)
{
	memset(s, 0, sizeof(*s));
	pike_smoke_kernel_init(&s->k);
	pike_fault_init(&s->fault);
	pike_buf_init(&s->j.runner, 4096);
	s->j.t = &s->k.target;
	s->j.o.target = &s->k.target;
	s->j.o.require = PIKE_I2;
	s->j.traits = pike_device_traits(&s->j.dev);
	s->j.runner_kernels = -1;
	s->mem[0].fd = s->mem[1].fd = -1;
	s->lock = -1;
}

static void smoke_release(struct smoke *s)
{
	pike_process_close(&s->process);
	pike_processes_drop(&s->j);
	pike_gpu_unload(s->code);
	for (size_t i = 0; s->j.gpu && i < PIKE_ARRAY_LEN(s->mem); i++)
		pike_gpu_unshare(s->j.gpu, &s->mem[i]);
	pike_gpu_close(s->j.gpu);
	pike_build_free(s->build);
	pike_build_free(s->j.own_runner);
	pike_buf_release(&s->j.runner);
	pike_fault_release(&s->fault);
	pike_smoke_kernel_release(&s->k);
	if (s->lock >= 0)
		close(s->lock);
}

static int find_gpu(struct smoke *s, struct pike_err *err)
{
	int ret = pike_device_find(&s->j.dev, s->k.target.backend, err);

	s->j.traits = pike_device_traits(&s->j.dev);
	if (!ret)
		ret = pike_device_lock(&s->lock, s->j.dev.lock, 0, err);
	if (!ret)
		ret = pike_box_helper(
		    &s->j.runner, pike_runner_name(s->k.target.backend), err);
	return ret;
}

static int built(struct pike_build *b, struct pike_err *err)
{
	const char *log;

	if (pike_build_wait(b, &log))
		return 0;
	return pike_fail(err, PIKE_FAILED,
			 "NVRTC in its sandbox does not build a kernel for %s: "
			 "%.300s",
			 b->j->dev.arch, *log ? log : "it says nothing");
}

static int build(struct smoke *s, struct pike_err *err)
{
	int ret = pike_build_own(&s->j.own_runner, &s->j, "runner.cu",
				 pike_runner_source, err);

	if (!ret)
		ret = pike_build_start(&s->build, &s->j, &s->k.files, err);
	/* While they compile */
	if (!ret)
		ret = pike_gpu_open(&s->j.gpu, &s->j.dev, err);
	if (!ret)
		ret = built(s->j.own_runner, err);
	if (!ret)
		ret = built(s->build, err);
	if (!ret)
		s->j.runner_kernels = s->j.own_runner->fd;
	return ret;
}

/* ---- inside ---- */

/* A kernel at fault is here a sandbox at fault. */
static int inside(struct smoke *s, int ret, const char *what,
		  struct pike_err *err)
{
	if (ret == 1)
		return pike_fail(err, PIKE_FAILED,
				 "%s does not work in the sandbox: %s", what,
				 s->fault.reason);
	return ret;
}

static int share(struct smoke *s, struct pike_err *err)
{
	int ret = pike_gpu_share(&s->mem[0], s->j.gpu, BYTES, err);

	return ret ? ret : pike_gpu_share(&s->mem[1], s->j.gpu, BYTES, err);
}

static int start_inside(struct smoke *s, struct pike_err *err)
{
	struct pike_process_opts o = { .build = s->build,
				       .real = PIKE_REAL_NONE };
	struct pike_region regions[2];
	struct pike_call call = { .args = regions };
	struct pike_tensors list = { 0 };
	struct pike_bind b = { .c = &s->k.c };
	int ret = pike_process_open(&s->process, &s->j, &o, &s->fault, err);

	/* Those that it keeps ready for later have no later here */
	pike_processes_drop(&s->j);
	ret = inside(s, ret, "starting CUDA", err);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(regions); i++)
		regions[i] = (struct pike_region){ .fd = s->mem[i].fd,
						   .offset = s->mem[i].offset,
						   .bytes = BYTES,
						   .mapped = s->mem[i].mapped };
	if (!ret)
		ret = pike_tensors_of(&list, &s->k.target, &s->k.c, err);
	b.v = list.v;
	b.n = list.n;
	if (!ret)
		ret = inside(s,
			     pike_process_bind(&s->process, &b, &call, 1,
					       &s->fault, err),
			     "mapping the judge's memory", err);
	pike_tensors_release(&list);
	return ret;
}

/* ---- one copy, checked ---- */

static pike_gpu_ptr at(const struct smoke *s, int i, int window)
{
	return s->mem[i].map + s->mem[i].offset + (window ? BYTES - WINDOW : 0);
}

static int check_copy(struct smoke *s, uint8_t *want, uint8_t *got,
		      struct pike_err *err)
{
	struct pike_timed sample;
	int ret = 0;

	for (int w = 0; !ret && w < 2; w++) {
		pike_random_bytes(want, WINDOW);
		ret = pike_gpu_put(s->j.gpu, at(s, 0, w), want, WINDOW, err);
		for (size_t i = 0; i < WINDOW; i++)
			got[i] = (uint8_t)~want[i];
		if (!ret)
			ret = pike_gpu_put(s->j.gpu, at(s, 1, w), got, WINDOW,
					   err);
		want += WINDOW;
	}
	want -= 2 * WINDOW;
	if (!ret)
		ret =
		    inside(s,
			   pike_process_run(&sample, &s->process, &s->j, 0, 1,
					    PROTO_WALL_MIN_MS, &s->fault, err),
			   "a launch", err);
	for (int w = 0; !ret && w < 2; w++) {
		ret = pike_gpu_get(s->j.gpu, got, at(s, 1, w), WINDOW, err);
		if (!ret && memcmp(got, want + (size_t)w * WINDOW, WINDOW) != 0)
			ret = pike_fail(err, PIKE_FAILED,
					"a copy in the sandbox leaves other "
					"data than it was given");
	}
	return ret;
}

static int copy_once(struct smoke *s, struct pike_err *err)
{
	uint8_t *want = pike_xmalloc(2 * WINDOW), *got = pike_xmalloc(WINDOW);
	int ret = check_copy(s, want, got, err);

	free(want);
	free(got);
	return ret;
}

/* ---- both in turn ---- */

/* Per launch, by the judge's clock, back to back, as pike_process_sustain. */
static int time_outside(double *ns, struct smoke *s, uint32_t repeat,
			struct pike_err *err)
{
	pike_gpu_ptr from = at(s, 0, 0), to = at(s, 1, 0);
	void *args[] = { &from, &to };
	int64_t start = pike_now_ns();
	int ret = 0;

	for (uint32_t i = 0; !ret && i < repeat; i++)
		ret = pike_gpu_call(s->code, "pike_smoke_copy", BLOCKS, BLOCK,
				    args, err);
	if (!ret)
		ret = pike_gpu_sync(s->j.gpu, err);
	*ns = (double)(pike_now_ns() - start) / repeat;
	return ret;
}

static int time_inside(double *ns, struct smoke *s, uint32_t repeat,
		       struct pike_err *err)
{
	int ret = pike_process_sustain(ns, &s->process, 0, repeat,
				       PROTO_WALL_MIN_MS, &s->fault, err);

	return inside(s, ret, "a row of launches", err);
}

static int time_pair(double *in, double *out, struct smoke *s, uint32_t repeat,
		     bool first, struct pike_err *err)
{
	int ret = first ? time_inside(in, s, repeat, err)
			: time_outside(out, s, repeat, err);

	if (ret)
		return ret;
	return first ? time_outside(out, s, repeat, err)
		     : time_inside(in, s, repeat, err);
}

static int compare(struct pike_smoke *out, struct smoke *s,
		   struct pike_err *err)
{
	double in[PAIRS], outside[PAIRS], ratio[PAIRS], ns;
	uint32_t repeat;
	/* Warms the clocks up: the first launch loads the code */
	int ret = time_outside(&ns, s, 16, err);

	/* How many fill a sample */
	if (!ret)
		ret = time_outside(&ns, s, 16, err);
	repeat = (uint32_t)fmin(REPEAT_MOST, 2 + SAMPLE_NS / fmax(ns, 1));
	if (!ret)
		ret = time_pair(&in[0], &outside[0], s, repeat, true, err);
	for (int i = 0; !ret && i < PAIRS; i++) {
		ret =
		    time_pair(&in[i], &outside[i], s, repeat, i % 2 == 0, err);
		ratio[i] = ret ? 0 : in[i] / outside[i];
	}
	if (ret)
		return ret;
	out->pairs = PAIRS;
	out->inside_ns = pike_median(in, PAIRS);
	out->outside_ns = pike_median(outside, PAIRS);
	out->ratio = pike_median(ratio, PAIRS);
	return 0;
}

static int run(struct pike_smoke *out, struct smoke *s, const char *repository,
	       struct pike_err *err)
{
	int ret = find_gpu(s, err);

	if (!ret)
		ret = pike_smoke_ways(out, &s->j.dev, repository, err);
	if (!ret)
		ret = build(s, err);
	if (!ret)
		ret = pike_gpu_load(&s->code, s->j.gpu, s->build->fd, err);
	if (!ret)
		ret = share(s, err);
	if (!ret)
		ret = start_inside(s, err);
	if (!ret)
		ret = copy_once(s, err);
	if (!ret)
		ret = compare(out, s, err);
	if (!ret)
		pike_smoke_tools(out, &s->j, s->build);
	return ret;
}

int pike_gpu_smoke(struct pike_smoke *out, const char *repository,
		   struct pike_err *err)
{
	struct smoke *s = pike_xcalloc(1, sizeof(*s));
	int64_t start = pike_now_ns();
	int ret;

	memset(out, 0, sizeof(*out));
	smoke_init(s);
	ret = run(out, s, repository, err);
	smoke_release(s);
	free(s);
	out->secs = (double)(pike_now_ns() - start) / 1e9;
	return ret;
}

int pike_gpu_smoke_build(const char *arch, struct pike_err *err)
{
	struct smoke *s = pike_xcalloc(1, sizeof(*s));
	int ret;

	smoke_init(s);
	ret = pike_device_find_arch(&s->j.dev, s->k.target.backend, arch, err);
	if (ret == PIKE_FAILED)
		ret = 1;
	if (!ret)
		ret = pike_build_start(&s->build, &s->j, &s->k.files, err);
	if (!ret)
		ret = built(s->build, err);
	smoke_release(s);
	free(s);
	return ret;
}
