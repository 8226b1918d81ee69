/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compiled_cuda: what a kernel needs of a GPU, by what the driver tells of a
 * loaded one, or without any GPU by what ptxas says (`-v`) and the machine
 * code holds.
 *
 *   ptxas info    : Compiling entry function 'NAME' for 'sm_90a'
 *   ptxas info    : Function properties for NAME
 *   ptxas         .     0 bytes stack frame, 0 bytes spill stores, 0 bytes ...
 *   ptxas info    : Used 31 registers, used 1 barriers, 512 bytes smem
 *
 * The words are a candidate's as far as its own messages come before them, so
 * the last ones about a kernel count; nothing but people reads the figures.
 */
#include "device/conn_priv.h"
#include "device/object_priv.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct pike_json *three(const uint32_t v[3])
{
	struct pike_json *list = pike_json_array();

	for (int i = 0; i < 3; i++)
		pike_json_push_f64(list, v[i]);
	return list;
}

/* What follows from the numbers of a launch. */
static void add_occupancy(struct pike_json *j, const struct pike_sm *sm,
			  int sms, const struct pike_launch_value *v,
			  const struct pike_frame_gpu_kernel *k)
{
	struct pike_occupancy o = {
		.threads = v->block[0] * v->block[1] * v->block[2],
		.registers = (uint32_t)k->regs,
		.shared = (uint32_t)k->shared + v->shared,
		.blocks = k->blocks,
	};
	double share = pike_occupancy_share(sm, &o);
	const char *limiter = pike_occupancy_limiter(sm, &o);

	if (share > 0)
		pike_json_set_f64(j, "occupancy", share);
	if (limiter)
		pike_json_set_str(j, "limiter", limiter);
	if (k->blocks > 0 && sms > 0)
		pike_json_set_f64(j, "waves",
				  (double)v->grid[0] * v->grid[1] * v->grid[2] /
				      ((double)k->blocks * sms));
}

struct pike_json *pike_launch_json(const struct pike_sm *sm, int sms,
				   const struct pike_launch_value *v,
				   const struct pike_frame_gpu_kernel *k)
{
	struct pike_json *j = pike_json_object();

	pike_json_set_str(j, "kernel", v->kernel);
	pike_json_set(j, "grid", three(v->grid));
	pike_json_set(j, "block", three(v->block));
	pike_json_set_i64(j, "registers", k->regs);
	pike_json_set_i64(j, "spill_bytes", k->local);
	pike_json_set_i64(j, "shared", k->shared);
	pike_json_set_i64(j, "dynamic_shared", v->shared);
	pike_json_set_i64(j, "constant", k->constant);
	if (k->blocks >= 0)
		pike_json_set_i64(j, "blocks_per_sm", k->blocks);
	add_occupancy(j, sm, sms, v, k);
	return j;
}

/* ---- without a device ---- */

#define FIGURE_MAX (1 << 24)

/* What ptxas says of one kernel. */
struct usage {
	const char *kernel; /* as the plan calls it */
	int64_t registers, stack, stores, loads, shared, constant;
};

/* The end of what is said of one kernel: where the next begins. */
static const char *about(char **copy, const char *log, const char *lowered)
{
	struct pike_buf head;
	const char *at = NULL, *end;

	pike_buf_init(&head, PIKE_OBJECT_NAME_MAX + 64);
	pike_buf_addf(&head, "Compiling entry function '%s' for", lowered);
	for (const char *p = log; (p = strstr(p, head.s)); p += head.len)
		at = p + head.len;
	pike_buf_release(&head);
	if (!at)
		return NULL;
	end = strstr(at, "Compiling entry function '");
	*copy = end ? pike_xstrndup(at, (size_t)(end - at)) : pike_xstrdup(at);
	return *copy;
}

/* The number before a phrase, on whatever line it is first; 0: none, or none
 * that a kernel can have. */
static int64_t before(const char *text, const char *phrase)
{
	const char *p = strstr(text, phrase);
	int64_t n;

	if (!p)
		return 0;
	while (p > text && p[-1] >= '0' && p[-1] <= '9')
		p--;
	n = strtoll(p, NULL, 10);
	return n <= FIGURE_MAX ? n : 0;
}

static void read_usage(struct usage *u, const char *log,
		       const struct pike_gpu_object *o)
{
	const char *lowered = pike_gpu_object_lowered(o, u->kernel);
	char *said = NULL;

	u->constant = (int64_t)pike_gpu_object_section(o, ".nv.constant3");
	if (!lowered || !about(&said, log, lowered))
		return;
	u->stack = before(said, " bytes stack frame");
	u->stores = before(said, " bytes spill stores");
	u->loads = before(said, " bytes spill loads");
	u->registers = before(said, " registers");
	u->shared = before(said, " bytes smem");
	free(said);
}

static struct pike_json *usage_json(const struct usage *u)
{
	struct pike_json *j = pike_json_object();

	pike_json_set_str(j, "kernel", u->kernel);
	if (!u->registers)
		return j;
	pike_json_set_i64(j, "registers", u->registers);
	pike_json_set_i64(j, "stack", u->stack);
	pike_json_set_i64(j, "spill_stores", u->stores);
	pike_json_set_i64(j, "spill_loads", u->loads);
	pike_json_set_i64(j, "shared", u->shared);
	pike_json_set_i64(j, "constant", u->constant);
	return j;
}

/* All kernels of a plan, and the GPU that they are for. */
struct compiled {
	const struct pike_device_info *dev;
	struct pike_strs names;
	struct usage *v;
};

static struct pike_json *case_launch(const struct compiled *c,
				     const struct pike_launch_value *v)
{
	struct pike_frame_gpu_kernel k = { .blocks = -1 };
	struct pike_occupancy o = {
		.threads = v->block[0] * v->block[1] * v->block[2],
	};

	for (size_t i = 0; i < c->names.n; i++) {
		const struct usage *u = &c->v[i];

		if (strcmp(u->kernel, v->kernel) != 0)
			continue;
		k.regs = (int32_t)u->registers;
		k.local = (int32_t)u->stack;
		k.shared = (int32_t)u->shared;
		k.constant = (int32_t)u->constant;
	}
	o.registers = (uint32_t)k.regs;
	o.shared = (uint32_t)k.shared + v->shared;
	if (k.regs)
		k.blocks = pike_occupancy_blocks(&c->dev->sm, &o);
	return pike_launch_json(&c->dev->sm, c->dev->sms, v, &k);
}

static struct pike_json *case_json(const struct compiled *c,
				   const struct pike_launch_plan *p,
				   const struct pike_case *k)
{
	struct pike_json *j = pike_json_object(), *list = pike_json_array();
	struct pike_launch_values v;

	pike_json_set_str(j, "case", k->text);
	pike_json_set(j, "launches", list);
	/* The build has refused what does not work out. */
	if (pike_launch_plan_eval(&v, p, k, &c->dev->limits, NULL))
		return j;
	for (size_t i = 0; i < v.n; i++)
		pike_json_push(list, case_launch(c, &v.v[i]));
	pike_launch_values_release(&v);
	return j;
}

static void compiled_read(struct compiled *c, const struct pike_object *o,
			  const char *log)
{
	struct pike_gpu_object object = { 0 };
	void *bytes = NULL;
	bool good = pike_gpu_object_load(&object, &bytes, o->fd);

	pike_launch_plan_kernels(&c->names, o->launch);
	c->v = pike_xcalloc(c->names.n + 1, sizeof(*c->v));
	for (size_t i = 0; i < c->names.n; i++) {
		c->v[i].kernel = c->names.v[i];
		if (good)
			read_usage(&c->v[i], log, &object);
	}
	free(bytes);
}

struct pike_json *pike_cuda_compiled(const struct pike_device_info *dev,
				     const struct pike_target *t,
				     const struct pike_object *o,
				     const char *log)
{
	struct compiled c = { .dev = dev };
	struct pike_json *j = pike_json_object();
	struct pike_json *kernels = pike_json_array();
	struct pike_json *cases = pike_json_array();

	compiled_read(&c, o, log);
	for (size_t i = 0; i < c.names.n; i++)
		pike_json_push(kernels, usage_json(&c.v[i]));
	for (size_t i = 0; i < t->ncases; i++)
		pike_json_push(cases, case_json(&c, o->launch, &t->cases[i]));
	pike_json_set_str(j, "arch", dev->arch);
	pike_json_set(j, "kernels", kernels);
	pike_json_set(j, "cases", cases);
	free(c.v);
	pike_strs_release(&c.names);
	return j;
}
