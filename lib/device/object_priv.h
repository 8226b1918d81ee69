/* SPDX-License-Identifier: Apache-2.0 */
/*
 * object: what pike-nvrtc leaves: machine code for a GPU, the names that
 * kernels have in it, and what its PTX asks for. It comes from a process that
 * has read hostile source, so it is parsed strictly.
 *
 * "PKC1", then sections of a uint32_t type, a uint64_t length and the bytes:
 * CUBIN once, NAMES once ("expression\0lowered\0" each), FLAGS once (a
 * uint32_t of enum pike_ptx_flag).
 */
#ifndef PIKE_DEVICE_OBJECT_PRIV_H
#define PIKE_DEVICE_OBJECT_PRIV_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PIKE_OBJECT_MAGIC "PKC1"
#define PIKE_OBJECT_NAME_MAX 4096

enum pike_object_section {
	PIKE_O_CUBIN = 1,
	PIKE_O_NAMES,
	PIKE_O_FLAGS,
	PIKE_O_END
};
enum pike_ptx_flag {
	PIKE_PTX_KEEPS_L2 = 1, /* evict_last, applypriority, fractional */
	PIKE_PTX_PDL = 2,      /* griddepcontrol */
	PIKE_PTX_CLOCK = 4,    /* reads a clock */
	PIKE_PTX_GLOBALS = 8,  /* has variables that outlive a launch */
	PIKE_PTX_ALL = 15,
};

/* Points into the bytes that it was read from. */
struct pike_gpu_object {
	const uint8_t *cubin, *names;
	size_t cubin_len, names_len;
	uint32_t flags;
};
/* false: not such an object. */
bool pike_gpu_object_read(struct pike_gpu_object *out, const void *bytes,
			  size_t len);
/* The same of a built file; `*bytes` is the caller's to free either way. */
bool pike_gpu_object_load(struct pike_gpu_object *out, void **bytes, int fd);
/* Bytes of the first section of that name in the machine code; 0: none, or no
 * sane one. */
uint64_t pike_gpu_object_section(const struct pike_gpu_object *o,
				 const char *name);
/* The next section of instructions from *at on, which it moves; false: none,
 * or none that lies within the machine code. */
bool pike_gpu_object_code(const uint8_t **code, uint64_t *len,
			  const struct pike_gpu_object *o, uint64_t *at);
/* The name in the machine code; NULL when there is none. */
const char *pike_gpu_object_lowered(const struct pike_gpu_object *o,
				    const char *expression);
void pike_gpu_object_begin(struct pike_buf *b);
void pike_gpu_object_add(struct pike_buf *b, enum pike_object_section type,
			 const void *bytes, size_t len);
/* What the PTX asks for, as bits of enum pike_ptx_flag. */
uint32_t pike_ptx_flags(const char *ptx);

#endif
