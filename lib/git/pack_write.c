/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack_write: a pack of what is new (gitformat-pack(5), version 2), each object
 * by itself and lightly compressed. Deltas are found when packs are merged:
 * libgit2's builder looks for them each time, which at every closing of a
 * generation costs more the larger the trees of the notes have become.
 */
#include "git/repo_priv.h"

#include "base/mem.h"

#include <git2/sys/odb_backend.h>
#include <stdlib.h>
#include <string.h>

enum {
	PACK_MAX = 1 << 30
};

/* ---- SHA-1 of the whole (FIPS 180-4), which ends a pack ---- */

static uint32_t rotate(uint32_t x, int n)
{
	return x << n | x >> (32 - n);
}

static void sha1_block(uint32_t h[5], const uint8_t *p)
{
	static const uint32_t k[4] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc,
				       0xca62c1d6 };
	uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

	for (int i = 0; i < 16; i++, p += 4)
		w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
		       (uint32_t)p[2] << 8 | p[3];
	for (int i = 16; i < 80; i++)
		w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (int i = 0; i < 80; i++) {
		uint32_t f = i < 20   ? (b & c) | (~b & d)
			     : i < 40 ? b ^ c ^ d
			     : i < 60 ? (b & c) | (b & d) | (c & d)
				      : b ^ c ^ d;
		uint32_t t = rotate(a, 5) + f + e + k[i / 20] + w[i];

		e = d;
		d = c;
		c = rotate(b, 30);
		b = a;
		a = t;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

static void put32(uint8_t *out, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void sha1(uint8_t out[20], const uint8_t *p, size_t len)
{
	uint32_t h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
			  0xc3d2e1f0 };
	size_t whole = len / 64 * 64, rest = len - whole;
	size_t tail = rest < 56 ? 64 : 128;
	uint8_t last[128] = { 0 };

	for (size_t i = 0; i < whole; i += 64)
		sha1_block(h, p + i);
	memcpy(last, p + whole, rest);
	last[rest] = 0x80;
	put32(last + tail - 8, (uint32_t)((uint64_t)len >> 29));
	put32(last + tail - 4, (uint32_t)len << 3);
	for (size_t i = 0; i < tail; i += 64)
		sha1_block(h, last + i);
	for (int i = 0; i < 5; i++)
		put32(out + 4 * i, h[i]);
}

/* ---- the pack ---- */

/* Type and size: four bits of it, then seven at a time, the least first. */
static void add_head(struct pike_buf *b, git_object_t type, size_t size)
{
	uint8_t c = (uint8_t)(type << 4 | (size & 15));

	for (size >>= 4; size; size >>= 7) {
		pike_buf_addc(b, (char)(c | 0x80));
		c = size & 127;
	}
	pike_buf_addc(b, (char)c);
}

static int add_object(struct pike_buf *b, struct pike_repo *r,
		      const git_oid *id)
{
	git_odb_object *o = NULL;
	int rc = git_odb_read(&o, r->odb, id);
	struct pike_span body, none = { NULL, 0 };
	git_object_t type;

	if (rc)
		return rc;
	type = git_odb_object_type(o);
	body.s = git_odb_object_data(o);
	body.n = git_odb_object_size(o);
	add_head(b, type, body.n);
	rc = pike_deflate_add(b, r->deflate, type, &none, &body);
	git_odb_object_free(o);
	return rc;
}

int pike_pack_build(struct pike_buf *out, struct pike_repo *r,
		    const git_oid *ids, size_t n)
{
	uint8_t head[12] = "PACK\0\0\0\2", sum[20];
	int rc = pike_deflate_ready(r);

	pike_buf_init(out, PACK_MAX);
	put32(head + 8, (uint32_t)n);
	pike_buf_add(out, (char *)head, sizeof(head));
	for (size_t i = 0; !rc && i < n; i++)
		rc = add_object(out, r, &ids[i]);
	sha1(sum, (const uint8_t *)out->s, out->len);
	pike_buf_add(out, (char *)sum, sizeof(sum));
	return rc;
}
