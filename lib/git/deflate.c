/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deflate: zlib for objects. It clears its tables before each one, and those
 * for a window of 32 KB are more work than what most objects are.
 */
#include "git/repo_priv.h"

#include "base/mem.h"

#include <stdlib.h>
#include <zlib.h>

enum {
	LEVEL = 1,
	SMALL = 4096,	   /* bytes; most objects are smaller */
	SMALL_WINDOW = 12, /* bits: as much as that */
	SMALL_MEMORY = 5,  /* zlib's memLevel */
};

struct pike_deflate {
	z_stream small, large;
	z_stream stored; /* trees: ids are no smaller compressed */
};

int pike_deflate_ready(struct pike_repo *r)
{
	struct pike_deflate *d;

	if (r->deflate)
		return 0;
	d = r->deflate = pike_xcalloc(1, sizeof(*d));
	if (deflateInit2(&d->small, LEVEL, Z_DEFLATED, SMALL_WINDOW,
			 SMALL_MEMORY, Z_DEFAULT_STRATEGY) == Z_OK &&
	    deflateInit(&d->large, LEVEL) == Z_OK &&
	    deflateInit(&d->stored, Z_NO_COMPRESSION) == Z_OK)
		return 0;
	pike_deflate_free(d);
	r->deflate = NULL;
	return GIT_ERROR;
}

void pike_deflate_free(struct pike_deflate *d)
{
	if (!d)
		return;
	deflateEnd(&d->small);
	deflateEnd(&d->large);
	deflateEnd(&d->stored);
	free(d);
}

static int feed(z_stream *z, const void *data, size_t len, int flush)
{
	/* zlib only reads it, whatever its type says. */
	z->next_in = (Bytef *)(uintptr_t)data;
	z->avail_in = (uInt)len;
	return deflate(z, flush);
}

static z_stream *stream_for(struct pike_deflate *d, git_object_t type,
			    size_t len)
{
	if (type == GIT_OBJECT_TREE)
		return &d->stored;
	return len <= SMALL ? &d->small : &d->large;
}

int pike_deflate_add(struct pike_buf *out, struct pike_deflate *d,
		     git_object_t type, const struct pike_span *head,
		     const struct pike_span *body)
{
	size_t len = head->n + body->n, most;
	z_stream *z = stream_for(d, type, len);
	uint8_t *to;
	int rc = Z_OK;

	deflateReset(z);
	most = deflateBound(z, len);
	to = pike_xmalloc(most);
	z->next_out = to;
	z->avail_out = (uInt)most;
	if (head->n)
		rc = feed(z, head->s, head->n, Z_NO_FLUSH);
	if (rc == Z_OK)
		rc = feed(z, body->s, body->n, Z_FINISH);
	if (rc == Z_STREAM_END)
		pike_buf_add(out, (char *)to, most - z->avail_out);
	free(to);
	return rc == Z_STREAM_END ? 0 : GIT_ERROR;
}
