/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage: an object store in memory, in front of the repository's own.
 *
 * Everything that one operation writes is collected here and reaches the disk
 * in one go, before any ref names it: loose files when there are few, one
 * pack when there are many. What is computed only for its id is taken back.
 *
 * What was written is kept for a while, and so are trees that were read: the
 * next operation and the pack of the generation want them again, those of the
 * notes at every generation, three times each. It is never what makes libgit2
 * believe that an object is on disk, where others may have removed it.
 */
#include "git/repo_priv.h"

#include "base/mem.h"

#include <git2/odb_backend.h>
#include <git2/sys/odb_backend.h>
#include <stdlib.h>
#include <string.h>

enum {
	LOOSE_MAX = 32,	    /* objects; more become a pack */
	KEEP_MAX = 6 << 20, /* bytes, of half of what is kept */
	TREE_MAX = 64 << 10,
};

struct item {
	git_oid id;
	void *data;
	size_t len;
	git_object_t type;
	enum pike_whereabouts where;
};

struct items {
	struct item *v;
	size_t n, cap;
	size_t *slots; /* index + 1; 0 is free */
	size_t size, bytes;
};

struct pike_staging {
	git_odb_backend be; /* must be first */
	struct items fresh;
	struct items kept, older; /* older: what was kept before it was full */
};

static size_t *slot(const struct items *s, const git_oid *id)
{
	size_t i;

	memcpy(&i, id->id, sizeof(i));
	for (i &= s->size - 1;; i = (i + 1) & (s->size - 1))
		if (!s->slots[i] ||
		    git_oid_equal(&s->v[s->slots[i] - 1].id, id))
			return &s->slots[i];
}

static struct item *find_in(const struct items *s, const git_oid *id)
{
	size_t i = s->n ? *slot(s, id) : 0;

	return i ? &s->v[i - 1] : NULL;
}

static struct item *find_kept(const struct pike_staging *s, const git_oid *id)
{
	struct item *it = find_in(&s->kept, id);

	return it ? it : find_in(&s->older, id);
}

static const struct item *find(const git_odb_backend *be, const git_oid *id)
{
	const struct pike_staging *s = (const struct pike_staging *)be;
	const struct item *it = find_in(&s->fresh, id);

	return it ? it : find_kept(s, id);
}

static int stage_exists(git_odb_backend *be, const git_oid *id)
{
	return find(be, id) != NULL;
}

/* Asked before a write, whether it can be spared. */
static int stage_freshen(git_odb_backend *be, const git_oid *id)
{
	const struct pike_staging *s = (const struct pike_staging *)be;

	return find_in(&s->fresh, id) ? 0 : GIT_ENOTFOUND;
}

static int stage_header(size_t *len, git_object_t *type, git_odb_backend *be,
			const git_oid *id)
{
	const struct item *it = find(be, id);

	if (!it)
		return GIT_ENOTFOUND;
	*len = it->len;
	*type = it->type;
	return 0;
}

static int stage_read(void **out, size_t *len, git_object_t *type,
		      git_odb_backend *be, const git_oid *id)
{
	const struct item *it = find(be, id);

	if (!it)
		return GIT_ENOTFOUND;
	*out = git_odb_backend_data_alloc(be, it->len + 1);
	if (!*out)
		return -1;
	memcpy(*out, it->data, it->len);
	((char *)*out)[it->len] = '\0';
	*len = it->len;
	*type = it->type;
	return 0;
}

static void grow_slots(struct items *s)
{
	free(s->slots);
	s->size = s->size ? s->size * 2 : 256;
	s->slots = pike_xcalloc(s->size, sizeof(*s->slots));
	for (size_t i = 0; i < s->n; i++)
		*slot(s, &s->v[i].id) = i + 1;
}

/* Takes the item's data over. */
static void put(struct items *s, const struct item *it)
{
	if (s->n * 2 >= s->size)
		grow_slots(s);
	if (*slot(s, &it->id)) {
		free(it->data);
		return;
	}
	PIKE_GROW(s->v, s->n, s->cap);
	s->v[s->n] = *it;
	*slot(s, &it->id) = s->n + 1;
	s->n++;
	s->bytes += it->len;
}

/* The last one in ends its probe chain, so its slot can be freed. */
static struct item take_last(struct items *s)
{
	struct item it = s->v[s->n - 1];

	*slot(s, &it.id) = 0;
	s->n--;
	s->bytes -= it.len;
	return it;
}

static void rewind_items(struct items *s, size_t mark)
{
	while (s->n > mark)
		free(take_last(s).data);
}

static void release(struct items *s)
{
	rewind_items(s, 0);
	free(s->slots);
	free(s->v);
}

static int stage_write(git_odb_backend *be, const git_oid *id, const void *data,
		       size_t len, git_object_t type)
{
	struct pike_staging *s = (struct pike_staging *)be;
	struct item it = { .id = *id, .len = len, .type = type };

	if (find_in(&s->fresh, id))
		return 0;
	it.data = pike_xmemdup(data, len);
	put(&s->fresh, &it);
	return 0;
}

size_t pike_staging_mark(const struct pike_staging *s)
{
	return s->fresh.n;
}

bool pike_staging_has(const struct pike_staging *s, const git_oid *id)
{
	return find_in(&s->fresh, id) != NULL;
}

const git_oid *pike_staging_id(const struct pike_staging *s, size_t i)
{
	return &s->fresh.v[i].id;
}

void pike_staging_rewind(struct pike_staging *s, size_t mark)
{
	rewind_items(&s->fresh, mark);
}

/* Takes the item's data over. By halves: the newer one is never forgotten. */
static void keep(struct pike_staging *s, const struct item *it)
{
	struct items old = s->older;
	struct item *was = find_kept(s, &it->id);

	if (was) {
		was->where = it->where;
		free(it->data);
		return;
	}
	if (s->kept.bytes + it->len > KEEP_MAX) {
		rewind_items(&old, 0);
		s->older = s->kept;
		s->kept = old;
	}
	put(&s->kept, it);
}

void pike_staging_keep_tree(struct pike_staging *s, const git_oid *id,
			    const void *data, size_t len)
{
	struct item it = { .id = *id, .len = len, .type = GIT_OBJECT_TREE };

	if (len > TREE_MAX || find_kept(s, id))
		return;
	it.data = pike_xmemdup(data, len);
	keep(s, &it);
}

enum pike_whereabouts pike_staging_where(const struct pike_staging *s,
					 const git_oid *id)
{
	const struct item *it = find_kept(s, id);

	return it ? it->where : PIKE_WHERE_UNKNOWN;
}

void pike_staging_moved(struct pike_staging *s, const git_oid *id,
			enum pike_whereabouts where)
{
	struct item *it = find_kept(s, id);

	if (it)
		it->where = where;
}

static void keep_fresh(struct pike_staging *s, enum pike_whereabouts where)
{
	while (s->fresh.n) {
		struct item it = take_last(&s->fresh);

		it.where = where;
		keep(s, &it);
	}
}

void pike_staging_packed(struct pike_staging *s)
{
	keep_fresh(s, PIKE_PACKED);
}

static void stage_free(git_odb_backend *be)
{
	struct pike_staging *s = (struct pike_staging *)be;

	release(&s->fresh);
	release(&s->kept);
	release(&s->older);
	free(s);
}

void pike_staging_new(struct pike_staging **out, git_odb_backend **be)
{
	struct pike_staging *s = pike_xcalloc(1, sizeof(*s));

	git_odb_init_backend(&s->be, GIT_ODB_BACKEND_VERSION);
	s->be.read = stage_read;
	s->be.read_header = stage_header;
	s->be.write = stage_write;
	s->be.exists = stage_exists;
	s->be.freshen = stage_freshen;
	s->be.free = stage_free;
	*out = s;
	*be = &s->be;
}

static int flush_loose(struct pike_repo *r, struct pike_err *err)
{
	const struct items *s = &r->stage->fresh;
	int ret = 0;

	for (size_t i = 0; !ret && i < s->n; i++) {
		const struct item *it = &s->v[i];

		ret = pike_loose_write(r, &it->id, it->type, it->data, it->len,
				       err);
	}
	if (!ret)
		keep_fresh(r->stage, PIKE_LOOSE);
	return ret;
}

static int flush_pack(struct pike_repo *r, struct pike_err *err)
{
	const struct items *s = &r->stage->fresh;
	git_oid *ids = pike_xcalloc(s->n, sizeof(*ids));
	char name[64];
	int ret;

	for (size_t i = 0; i < s->n; i++)
		ids[i] = s->v[i].id;
	ret = pike_pack_write(name, r, ids, s->n, err);
	if (!ret) {
		pike_pack_note(r, name);
		pike_staging_packed(r->stage);
	}
	free(ids);
	return ret;
}

int pike_staging_flush(struct pike_repo *r, struct pike_err *err)
{
	size_t n = r->stage->fresh.n;

	return !n	       ? 0
	       : n > LOOSE_MAX ? flush_pack(r, err)
			       : flush_loose(r, err);
}
