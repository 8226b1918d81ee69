/* SPDX-License-Identifier: Apache-2.0 */
/* oidset: a set of object ids; open addressing, the zero id is never in it. */
#include "git/repo_priv.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* libgit2's own go byte by byte, behind a call each. */
static bool is_zero(const git_oid *id)
{
	static const git_oid zero;

	return !memcmp(id->id, zero.id, GIT_OID_RAWSZ);
}

static bool same(const git_oid *a, const git_oid *b)
{
	return !memcmp(a->id, b->id, GIT_OID_RAWSZ);
}

static git_oid *slot(const struct pike_oidset *s, const git_oid *id)
{
	size_t i;

	/* Object ids are hashes: any of their bytes serve. */
	memcpy(&i, id->id, sizeof(i));
	for (i &= s->size - 1;; i = (i + 1) & (s->size - 1))
		if (is_zero(&s->v[i]) || same(&s->v[i], id))
			return &s->v[i];
}

static void grow(struct pike_oidset *s)
{
	struct pike_oidset old = *s;

	s->size = old.size ? old.size * 2 : 64;
	s->v = pike_xcalloc(s->size, sizeof(*s->v));
	for (size_t i = 0; i < old.size; i++)
		if (!is_zero(&old.v[i]))
			*slot(s, &old.v[i]) = old.v[i];
	free(old.v);
}

bool pike_oidset_has(const struct pike_oidset *s, const git_oid *id)
{
	return s->size && !is_zero(slot(s, id));
}

bool pike_oidset_add(struct pike_oidset *s, const git_oid *id)
{
	git_oid *p;

	if (s->n * 2 >= s->size)
		grow(s);
	p = slot(s, id);
	if (!is_zero(p) || is_zero(id))
		return false;
	*p = *id;
	s->n++;
	return true;
}

void pike_oidset_release(struct pike_oidset *s)
{
	free(s->v);
	memset(s, 0, sizeof(*s));
}
