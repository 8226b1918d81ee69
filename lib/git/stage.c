/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage: an object store in memory, in front of the repository's own.
 *
 * Everything that one operation writes is collected here and reaches the disk
 * in one go, before any ref names it: loose files when there are few, one
 * pack when there are many. What is computed only for its id is taken back.
 */
#include "git/repo_priv.h"

#include "base/mem.h"

#include <git2/odb_backend.h>
#include <git2/sys/odb_backend.h>
#include <stdlib.h>
#include <string.h>

enum {
	LOOSE_MAX = 32, /* objects; more become a pack */
	LOOSE_LEVEL = 1,
};

struct item {
	git_oid id;
	void *data;
	size_t len;
	git_object_t type;
};

struct pike_staging {
	git_odb_backend be; /* must be first */
	git_odb_backend *loose;
	struct item *v;
	size_t n, cap;
	size_t *slots; /* index + 1; 0 is free */
	size_t size;
};

static size_t *slot(const struct pike_staging *s, const git_oid *id)
{
	size_t i;

	memcpy(&i, id->id, sizeof(i));
	for (i &= s->size - 1;; i = (i + 1) & (s->size - 1))
		if (!s->slots[i] ||
		    git_oid_equal(&s->v[s->slots[i] - 1].id, id))
			return &s->slots[i];
}

static const struct item *find(const git_odb_backend *be, const git_oid *id)
{
	const struct pike_staging *s = (const struct pike_staging *)be;
	size_t i = s->n ? *slot(s, id) : 0;

	return i ? &s->v[i - 1] : NULL;
}

static int stage_exists(git_odb_backend *be, const git_oid *id)
{
	return find(be, id) != NULL;
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

static void grow_slots(struct pike_staging *s)
{
	free(s->slots);
	s->size = s->size ? s->size * 2 : 256;
	s->slots = pike_xcalloc(s->size, sizeof(*s->slots));
	for (size_t i = 0; i < s->n; i++)
		*slot(s, &s->v[i].id) = i + 1;
}

static int stage_write(git_odb_backend *be, const git_oid *id, const void *data,
		       size_t len, git_object_t type)
{
	struct pike_staging *s = (struct pike_staging *)be;

	if (s->n && *slot(s, id))
		return 0;
	if (s->n * 2 >= s->size)
		grow_slots(s);
	PIKE_GROW(s->v, s->n, s->cap);
	s->v[s->n] = (struct item){ .id = *id,
				    .data = pike_xmemdup(data, len),
				    .len = len,
				    .type = type };
	*slot(s, id) = s->n + 1;
	s->n++;
	return 0;
}

size_t pike_staging_mark(const struct pike_staging *s)
{
	return s->n;
}

bool pike_staging_has(const struct pike_staging *s, const git_oid *id)
{
	return find(&s->be, id) != NULL;
}

const git_oid *pike_staging_id(const struct pike_staging *s, size_t i)
{
	return &s->v[i].id;
}

void pike_staging_rewind(struct pike_staging *s, size_t mark)
{
	/* The last one in ends its probe chain, so its slot can be freed. */
	while (s->n > mark) {
		*slot(s, &s->v[s->n - 1].id) = 0;
		free(s->v[--s->n].data);
	}
}

static void stage_free(git_odb_backend *be)
{
	struct pike_staging *s = (struct pike_staging *)be;

	if (s->size)
		pike_staging_rewind(s, 0);
	if (s->loose)
		s->loose->free(s->loose);
	free(s->slots);
	free(s->v);
	free(s);
}

int pike_staging_new(struct pike_staging **out, git_odb_backend **be,
		     const char *objects, struct pike_err *err)
{
	struct pike_staging *s = pike_xcalloc(1, sizeof(*s));
	int rc = git_odb_init_backend(&s->be, GIT_ODB_BACKEND_VERSION);

	s->be.read = stage_read;
	s->be.read_header = stage_header;
	s->be.write = stage_write;
	s->be.exists = stage_exists;
	s->be.free = stage_free;
	if (!rc)
		rc = git_odb_backend_loose(&s->loose, objects, LOOSE_LEVEL, 0,
					   0, 0);
	if (rc) {
		stage_free(&s->be);
		return pike_git_fail(err, PIKE_FATAL, rc,
				     "cannot open the object store '%s'",
				     objects);
	}
	*out = s;
	*be = &s->be;
	return 0;
}

static int flush_loose(struct pike_staging *s, struct pike_err *err)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct item *it = &s->v[i];
		int rc = s->loose->write(s->loose, &it->id, it->data, it->len,
					 it->type);

		if (rc)
			return pike_git_fail(
			    err, PIKE_FATAL, rc,
			    "cannot write an object (is the disk full?)");
	}
	return 0;
}

static int flush_pack(struct pike_repo *r, struct pike_err *err)
{
	const struct pike_staging *s = r->stage;
	git_oid *ids = pike_xcalloc(s->n, sizeof(*ids));
	char name[64];
	int ret;

	for (size_t i = 0; i < s->n; i++)
		ids[i] = s->v[i].id;
	ret = pike_pack_write(name, r, ids, s->n, err);
	if (!ret)
		pike_pack_note(r, name);
	free(ids);
	return ret;
}

int pike_staging_flush(struct pike_repo *r, struct pike_err *err)
{
	int ret;

	if (!r->stage->n)
		return 0;
	ret = r->stage->n > LOOSE_MAX ? flush_pack(r, err)
				      : flush_loose(r->stage, err);
	if (!ret)
		pike_staging_rewind(r->stage, 0);
	return ret;
}
