/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn_torch: questions to pike-run-torch.py. What a call is given and gives
 * lies in memory files, as of a kernel for the cpu, or in memory of the judge's
 * on a GPU.
 */
#include "device/conn_priv.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int load(struct pike_conn *a, int64_t until, enum pike_verdict *how,
		struct pike_err *err)
{
	const char *mode = a->target->mode;
	struct pike_frame_model_load f = {
		.real = a->object.real,
		.train = mode && !strcmp(mode, "train"),
		.tf32 = a->object.real == PIKE_REAL_NONE &&
			pike_precision_allows_tf32(a->target->precision),
	};
	const int fds[] = { a->object.fd, a->object.reference };

	pike_frame_make(&a->frame, PIKE_F_MODEL_LOAD, 0, &f, sizeof(f));
	return pike_conn_ask(a, fds, PIKE_ARRAY_LEN(fds), until, PIKE_F_OK, how,
			     err);
}

static struct pike_json *tensors_json(const struct pike_bind *b,
				      enum pike_dir dir)
{
	struct pike_json *list = pike_json_array();

	for (size_t i = 0; i < b->n; i++) {
		const struct pike_tensor *t = &b->v[i];
		struct pike_json *j, *dims;

		if (t->dir != dir)
			continue;
		j = pike_json_object();
		dims = pike_json_array();
		for (size_t k = 0; k < t->ndims; k++)
			pike_json_push_f64(dims, (double)t->dims[k]);
		pike_json_set_str(j, "name", t->name);
		pike_json_set_str(j, "dtype", pike_dtype_name(t->dtype));
		pike_json_set(j, "dims", dims);
		pike_json_push(list, j);
	}
	return list;
}

/* This case alone: of the others its process knows nothing. */
static void print_case(struct pike_buf *out, const struct pike_bind *b)
{
	struct pike_json *j = pike_json_object(), *sizes = pike_json_object();

	for (size_t i = 0; i < b->c->n; i++)
		pike_json_set_i64(sizes, b->c->names[i], b->c->values[i]);
	pike_json_set(j, "sizes", sizes);
	pike_json_set(j, "inputs", tensors_json(b, PIKE_IN));
	pike_json_set(j, "outputs", tensors_json(b, PIKE_OUT));
	pike_json_print(out, j);
	pike_json_free(j);
}

static int send_case(struct pike_conn *a, int64_t until, enum pike_verdict *how,
		     struct pike_err *err)
{
	struct pike_frame_model_case f = { .weights = a->bound.weights };
	struct pike_buf text;
	int rc;

	pike_buf_init(&text, PIKE_FRAME_MAX - sizeof(f));
	print_case(&text, &a->bound);
	f.len = (uint32_t)text.len;
	pike_frame_make(&a->frame, PIKE_F_MODEL_CASE, 0, &f, sizeof(f));
	pike_frame_append(&a->frame, text.s, text.len);
	rc = text.full
		 ? pike_fail(err, PIKE_USAGE, "case '%s' has too many tensors",
			     a->bound.c->text)
		 : pike_conn_ask(a, NULL, 0, until, PIKE_F_OK, how, err);
	pike_buf_release(&text);
	return rc;
}

typedef int map_fn(struct pike_conn *a, int64_t until, enum pike_verdict *how,
		   struct pike_err *err);

static int bind_by(struct pike_conn *a, const struct pike_call *calls,
		   int64_t until, map_fn *map, enum pike_verdict *how,
		   struct pike_err *err)
{
	size_t n = a->bound.n;
	uint64_t *words = pike_xcalloc(a->ncalls * n + 1, sizeof(*words));
	int rc = send_case(a, until, how, err);

	for (size_t k = 0; k < a->ncalls; k++)
		for (size_t i = 0; i < n; i++)
			words[k * n + i] =
			    pike_conn_region(a, &calls[k].args[i], (uint32_t)i);
	if (!rc && a->nregions > PIKE_REGIONS_MAX)
		rc = pike_fail(err, PIKE_FATAL, "too many argument buffers");
	if (!rc)
		rc = map(a, until, how, err);
	if (!rc)
		rc = pike_conn_calls(a, words, a->ncalls, until, how, err);
	free(words);
	return rc;
}

static int bind_host(struct pike_conn *a, const struct pike_call *calls,
		     int64_t until, enum pike_verdict *how,
		     struct pike_err *err)
{
	return bind_by(a, calls, until, pike_conn_map, how, err);
}

static int bind_gpu(struct pike_conn *a, const struct pike_call *calls,
		    int64_t until, enum pike_verdict *how, struct pike_err *err)
{
	return bind_by(a, calls, until, pike_conn_map_gpu, how, err);
}

static int draw(struct pike_conn *a, uint32_t call, uint64_t seed,
		int64_t until, enum pike_verdict *how, struct pike_err *err)
{
	struct pike_frame_model_draw f = { .seed = seed, .call = call };

	pike_frame_make(&a->frame, PIKE_F_MODEL_DRAW, 0, &f, sizeof(f));
	return pike_conn_ask(a, NULL, 0, until, PIKE_F_OK, how, err);
}

static int ask(struct pike_conn *a, uint32_t first, uint32_t n, unsigned finds,
	       struct pike_err *err)
{
	struct pike_frame_run run = { .first = first, .n = n };

	(void)finds;
	(void)err;
	pike_frame_make(&a->frame, PIKE_F_RUN, 0, &run, sizeof(run));
	return 0;
}

static const struct {
	enum pike_verdict v;
	const char *text;
	bool tensor; /* its name stands before the text */
} faults[PIKE_MODEL_FAULTS] = {
	[PIKE_MODEL_SOURCE] = { PIKE_V_BUILD,
				"its module cannot be read: see the log" },
	[PIKE_MODEL_CLASS] = { PIKE_V_BUILD,
			       "its module has no class ModelNew, nor Model" },
	[PIKE_MODEL_MAKE] = { PIKE_V_CRASH,
			      "its constructor failed: see the log" },
	[PIKE_MODEL_CALL] = { PIKE_V_CRASH, "forward failed: see the log" },
	[PIKE_MODEL_PROGRAM] = { PIKE_V_BUILD,
				 "it starts a program while it runs, where "
				 "none can be started: see the log" },
	[PIKE_MODEL_COUNT] = { PIKE_V_WRONG,
			       "it gives more or fewer outputs than the "
			       "reference: see the log" },
	[PIKE_MODEL_TYPE] = { PIKE_V_WRONG,
			      "is of another type than the reference's: see "
			      "the log",
			      true },
	[PIKE_MODEL_SHAPE] = { PIKE_V_WRONG,
			       "has another shape than the reference's: see "
			       "the log",
			       true },
	[PIKE_MODEL_DEVICE] = { PIKE_V_WRONG,
				"is on another device than the reference's",
				true },
	[PIKE_MODEL_INPUT] = { PIKE_V_CONTRACT,
			       "was written, or replaced; inputs are "
			       "read-only",
			       true },
	[PIKE_MODEL_VIEW] = { PIKE_V_CONTRACT,
			      "lies in the memory of an input; an output has "
			      "memory of its own",
			      true },
	[PIKE_MODEL_KEPT] = { PIKE_V_CONTRACT,
			      "lies in the memory of an earlier call's "
			      "output, which the caller may still hold",
			      true },
	[PIKE_MODEL_SETTING] = { PIKE_V_CONTRACT,
				 "it changes the default type of the whole "
				 "process (torch.set_default_dtype)" },
	[PIKE_MODEL_DRAW] = { PIKE_V_CRASH,
			      "get_inputs gives other shapes at each call" },
};

static int fault(const struct pike_conn *a, const struct pike_frame_fault *f,
		 enum pike_verdict *how, struct pike_err *err)
{
	uint32_t kind = f->detail & 0xff, tensor = f->detail >> 8;

	if (f->code != PIKE_FAULT_MODEL || kind >= PIKE_MODEL_FAULTS ||
	    !faults[kind].text)
		return pike_conn_say(err, how, PIKE_V_TAMPER,
				     "the runner told an unknown fault");
	*how = faults[kind].v;
	if (!faults[kind].tensor)
		return pike_fail(err, PIKE_FAILED, "%s", faults[kind].text);
	return pike_fail(err, PIKE_FAILED, "'%s' %s",
			 tensor < a->bound.n ? a->bound.v[tensor].name : "?",
			 faults[kind].text);
}

const struct pike_conn_ops pike_conn_torch = {
	.load = load,
	.bind = bind_host,
	.draw = draw,
	.ask = ask,
	.fault = fault,
};

const struct pike_conn_ops pike_conn_torch_cuda = {
	.load = load,
	.bind = bind_gpu,
	.draw = draw,
	.ask = ask,
	.fault = fault,
};
