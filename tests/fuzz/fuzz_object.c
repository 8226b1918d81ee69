/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes the files that a build of CUDA sources leaves: what is accepted lies
 * within the bytes, every name in it is found, and it is the same when it is
 * written anew. The first byte chooses: the same bytes are PTX too.
 */
#include "device/object_priv.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(x)                                                               \
	do {                                                                   \
		if (!(x))                                                      \
			abort();                                               \
	} while (0)

/* No name is as long; filled once. */
static char too_long[PIKE_OBJECT_NAME_MAX + 2];

static void inside(const uint8_t *p, size_t n, const uint8_t *data, size_t size)
{
	CHECK(p >= data && n <= size && p + n <= data + size);
}

/* The first of two equal expressions counts. */
static void look_up(const struct pike_gpu_object *o)
{
	const char *p = (const char *)o->names, *end = p + o->names_len;

	while (p < end) {
		const char *lowered = pike_gpu_object_lowered(o, p);

		CHECK(lowered && lowered > (const char *)o->names &&
		      lowered + strlen(lowered) < end);
		p += strlen(p) + 1;
		p += strlen(p) + 1;
	}
	CHECK(p == end);
	CHECK(!pike_gpu_object_lowered(o, too_long));
}

static void same_again(const struct pike_gpu_object *o)
{
	struct pike_gpu_object again;
	struct pike_buf b;

	pike_buf_init(&b, 1 << 24);
	pike_gpu_object_begin(&b);
	pike_gpu_object_add(&b, PIKE_O_FLAGS, &o->flags, sizeof(o->flags));
	pike_gpu_object_add(&b, PIKE_O_NAMES, o->names, o->names_len);
	pike_gpu_object_add(&b, PIKE_O_CUBIN, o->cubin, o->cubin_len);
	CHECK(!b.full && pike_gpu_object_read(&again, b.s, b.len));
	CHECK(again.flags == o->flags && again.names_len == o->names_len &&
	      again.cubin_len == o->cubin_len);
	CHECK(!o->names_len || !memcmp(again.names, o->names, o->names_len));
	CHECK(!memcmp(again.cubin, o->cubin, o->cubin_len));
	/* One byte less is another file. */
	CHECK(!pike_gpu_object_read(&again, b.s, b.len - 1));
	pike_buf_release(&b);
}

static void read_object(const uint8_t *data, size_t size)
{
	/* As large as the input, so that the sanitizer sees what is beyond */
	uint8_t *bytes = pike_xmemdup(data, size);
	struct pike_gpu_object o;

	if (pike_gpu_object_read(&o, bytes, size)) {
		inside(o.cubin, o.cubin_len, bytes, size);
		inside(o.names, o.names_len, bytes, size);
		CHECK(!(o.flags & ~(uint32_t)PIKE_PTX_ALL));
		look_up(&o);
		CHECK(pike_gpu_object_section(&o, ".nv.constant3") <=
		      o.cubin_len);
		CHECK(pike_gpu_object_section(&o, "") <= o.cubin_len);
		same_again(&o);
	}
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (!size)
		return 0;
	memset(too_long, 'x', sizeof(too_long) - 1);
	if (!(data[0] & 1)) {
		read_object(data + 1, size - 1);
		return 0;
	}
	text = pike_xstrndup((const char *)data + 1, size - 1);
	CHECK(!(pike_ptx_flags(text) & ~(uint32_t)PIKE_PTX_ALL));
	free(text);
	return 0;
}
