/* SPDX-License-Identifier: Apache-2.0 */
/* frame_gpu: the frames that only runners of GPU kernels know. */
#include "device/frame_priv.h"

#include "device/launch.h"

#include <stddef.h>
#include <string.h>

#define BYTES_MAX (1ull << 44)

static bool ended(const char *s, size_t size)
{
	return memchr(s, 0, size) != NULL;
}

bool pike_frame_is_gpu_open(struct pike_frame_gpu_open *out,
			    const struct pike_frame *f)
{
	return pike_frame_is(f, PIKE_F_GPU_OPEN, out, sizeof(*out)) &&
	       f->nfds == 1 && ended(out->driver, sizeof(out->driver)) &&
	       ended(out->uuid, sizeof(out->uuid)) &&
	       out->flush_bytes <= BYTES_MAX && out->inspect <= 1 && !out->zero;
}

static bool region_good(const struct pike_frame_gpu_region *r)
{
	return r->filled <= 1 && r->writable <= 1 && r->bytes && r->mapped &&
	       r->mapped <= BYTES_MAX && r->bytes <= r->mapped &&
	       r->offset <= r->mapped - r->bytes;
}

bool pike_frame_is_gpu_map(struct pike_frame_gpu_map *out,
			   const struct pike_frame *f)
{
	size_t head = offsetof(struct pike_frame_gpu_map, v);
	size_t one = sizeof(out->v[0]);

	if (f->head.type != PIKE_F_GPU_MAP || f->head.len < head)
		return false;
	memcpy(out, f->data, head);
	if (!out->n || out->n > PIKE_FRAME_FDS || out->n != f->nfds ||
	    out->first > PIKE_REGIONS_MAX - out->n ||
	    f->head.len != head + out->n * one)
		return false;
	memcpy(out->v, f->data + head, out->n * one);
	for (uint32_t i = 0; i < out->n; i++)
		if (!region_good(&out->v[i]))
			return false;
	return true;
}

bool pike_frame_is_gpu_scratch(struct pike_frame_gpu_scratch *out,
			       const struct pike_frame *f)
{
	if (!pike_frame_is(f, PIKE_F_GPU_SCRATCH, out, sizeof(*out)) ||
	    f->nfds || out->zero || out->n > PIKE_SCRATCH_MAX)
		return false;
	for (uint32_t i = 0; i < out->n; i++)
		if (!out->bytes[i] || out->bytes[i] > BYTES_MAX)
			return false;
	return true;
}

static bool arg_good(const struct pike_frame_gpu_arg *a)
{
	if (a->how > PIKE_PASS_TMA || a->zero || a->dtype >= PIKE_DTYPE_COUNT)
		return false;
	return a->how != PIKE_PASS_TMA ||
	       (a->rank && a->rank <= PIKE_TMA_DIMS &&
		a->map_dtype < PIKE_DTYPE_COUNT && a->swizzle <= 128 &&
		a->l2 <= 256 && a->nan <= 1);
}

bool pike_frame_is_gpu_launch(struct pike_frame_gpu_launch *out,
			      const struct pike_frame *f)
{
	size_t head = offsetof(struct pike_frame_gpu_launch, args);
	size_t one = sizeof(out->args[0]);

	if (f->head.type != PIKE_F_GPU_LAUNCH || f->head.len < head || f->nfds)
		return false;
	memcpy(out, f->data, head);
	if (out->nargs > PIKE_LAUNCH_ARGS_MAX || out->zero ||
	    !ended(out->kernel, sizeof(out->kernel)) ||
	    f->head.len != head + out->nargs * one)
		return false;
	memcpy(out->args, f->data + head, out->nargs * one);
	for (uint32_t i = 0; i < out->nargs; i++)
		if (!arg_good(&out->args[i]))
			return false;
	return true;
}

bool pike_frame_is_gpu_run(struct pike_frame_gpu_run *out,
			   const struct pike_frame *f)
{
	enum pike_frame_type type = f->head.type == PIKE_F_GPU_PREPARE
					? PIKE_F_GPU_PREPARE
					: PIKE_F_GPU_RUN;

	return pike_frame_is(f, type, out, sizeof(*out)) && !f->nfds &&
	       !out->zero && out->finds <= 3 && out->repeat &&
	       out->repeat <= 1u << 24 && out->call < PIKE_CALLS_MAX;
}

bool pike_frame_is_gpu_info(struct pike_frame_gpu_info *out,
			    const struct pike_frame *f)
{
	return pike_frame_is(f, PIKE_F_GPU_INFO, out, sizeof(*out)) &&
	       !out->zero && out->n <= PIKE_LAUNCHES_MAX;
}
