/* SPDX-License-Identifier: Apache-2.0 */
/* conn_cpu: questions to pike-run-cpu. */
#include "device/conn_priv.h"
#include "device/exact_priv.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static uint64_t word_of(int64_t v, const struct pike_arg *arg, unsigned kind)
{
	float f = (float)v;
	double d = (double)v;
	uint64_t w = 0;

	if (kind == PIKE_K_F32) {
		memcpy(&w, &f, sizeof(f));
		return w;
	}
	if (kind == PIKE_K_F64) {
		memcpy(&w, &d, sizeof(d));
		return w;
	}
	switch (arg->dtype) {
	case PIKE_I8:
		return (uint64_t)(int64_t)(int8_t)v;
	case PIKE_U8:
		return (uint8_t)v;
	case PIKE_I32:
		return (uint64_t)(int64_t)(int32_t)v;
	case PIKE_U32:
		return (uint32_t)v;
	case PIKE_BOOL:
		return v != 0;
	default:
		return (uint64_t)v;
	}
}

/* ---- load ---- */

static int load(struct pike_conn *a, int64_t until, enum pike_verdict *how,
		struct pike_err *err)
{
	const struct pike_target *t = a->target;
	struct pike_frame_load f = { .nargs = (uint32_t)t->nargs };
	int rc = pike_call_kinds(f.kind, t, a->object.real, err);

	if (rc)
		return rc;
	if (strlen(t->entry) >= sizeof(f.entry))
		return pike_fail(err, PIKE_USAGE, "entry '%s' is too long",
				 t->entry);
	memcpy(f.entry, t->entry, strlen(t->entry));
	pike_frame_make(&a->frame, PIKE_F_LOAD, 0, &f, sizeof(f));
	return pike_conn_ask(a, &a->object.fd, 1, until, PIKE_F_OK, how, err);
}

/* ---- bind ---- */

static int bind_calls(struct pike_conn *a, const struct pike_call *calls,
		      int64_t until, enum pike_verdict *how,
		      struct pike_err *err)
{
	const struct pike_target *t = a->target;
	uint8_t kinds[PIKE_CALL_ARGS];
	uint64_t *words;
	int rc = pike_call_kinds(kinds, t, a->object.real, err);

	if (rc)
		return rc;
	words = pike_xcalloc(a->ncalls * t->nargs + 1, sizeof(*words));
	for (size_t k = 0; k < a->ncalls; k++) {
		for (size_t i = 0; i < t->nargs; i++) {
			const struct pike_region *r = &calls[k].args[i];

			words[k * t->nargs + i] =
			    kinds[i] == PIKE_K_BUFFER
				? pike_conn_region(a, r, (uint32_t)i)
				: word_of((int64_t)r->offset, &t->args[i],
					  kinds[i]);
		}
	}
	if (a->nregions > PIKE_REGIONS_MAX)
		rc = pike_fail(err, PIKE_FATAL, "too many argument buffers");
	if (!rc)
		rc = pike_conn_map(a, until, how, err);
	if (!rc)
		rc = pike_conn_calls(a, words, a->ncalls, until, how, err);
	free(words);
	return rc;
}

/* ---- run ---- */

static int ask(struct pike_conn *a, uint32_t first, uint32_t n, unsigned finds,
	       struct pike_err *err)
{
	struct pike_frame_run run = { .first = first, .n = n };

	(void)finds;
	(void)err;
	pike_frame_make(&a->frame, PIKE_F_RUN, 0, &run, sizeof(run));
	return 0;
}

static int outside(const struct pike_conn *a, enum pike_verdict *how,
		   struct pike_err *err)
{
	struct pike_frame_outside o;
	const struct pike_region *r = NULL;
	char text[320];

	if (!pike_frame_is_outside(&o, &a->frame))
		return pike_conn_say(err, how, PIKE_V_TAMPER,
				     "its process sent a malformed answer");
	if (o.region < a->nregions)
		r = &a->regions[o.region];
	*how = pike_outside_say(text, &o,
				r ? pike_conn_region_name(a, o.region) : NULL,
				r ? r->bytes : 0)
		   ? PIKE_V_CONTRACT
		   : PIKE_V_SUSPECT;
	return pike_fail(err, PIKE_FAILED, "%s", text);
}

const struct pike_conn_ops pike_conn_cpu = {
	.load = load,
	.bind = bind_calls,
	.ask = ask,
	.outside = outside,
};
