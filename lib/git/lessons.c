/* SPDX-License-Identifier: Apache-2.0 */
/* lessons: reads lesson notes, each blob once. */
#include "git/lessons.h"
#include "git/notes_priv.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define LESSONS_MAX 65536

struct pike_lessons_seen {
	git_oid tip;
	struct pike_oidset objects; /* trees and blobs */
};

void pike_lessons_release(struct pike_lessons *l)
{
	for (size_t i = 0; i < l->n; i++)
		pike_lesson_release(&l->v[i]);
	free(l->v);
	if (l->seen)
		pike_oidset_release(&l->seen->objects);
	free(l->seen);
	memset(l, 0, sizeof(*l));
}

struct reading {
	struct pike_lessons *l;
	struct pike_repo *r;
	struct pike_oid commit; /* whose note is read */
};

static void take_line(void *ctx, const char *line, size_t len)
{
	const struct reading *k = ctx;
	struct pike_lesson got;

	if (k->l->n >= LESSONS_MAX || pike_lesson_parse(&got, line, len, NULL))
		return;
	if (!pike_oid_eq(&got.commit, &k->commit)) {
		pike_lesson_release(&got);
		return;
	}
	PIKE_GROW(k->l->v, k->l->n, k->l->cap);
	k->l->v[k->l->n++] = got;
}

static int take_note(void *ctx, const git_oid *commit, const git_oid *blob,
		     struct pike_err *err)
{
	struct reading *k = ctx;

	pike_oid_from(&k->commit, commit);
	return pike_note_lines(k->r, blob, take_line, k, err);
}

int pike_lessons_read(struct pike_lessons *l, struct pike_repo *r,
		      struct pike_err *err)
{
	struct reading k = { .l = l, .r = r };
	git_tree *tree = NULL;
	git_oid tip;
	int ret = pike_ref_read(&tip, r, PIKE_NOTES_LESSONS, err);

	if (!l->seen)
		l->seen = pike_xcalloc(1, sizeof(*l->seen));
	if (ret || git_oid_equal(&tip, &l->seen->tip))
		return ret == 1 ? 0 : ret;
	ret = pike_notes_open(&tip, &tree, r, PIKE_NOTES_LESSONS, err);
	if (!ret)
		ret = pike_notes_each(r, tree, &l->seen->objects, take_note, &k,
				      err);
	if (!ret)
		l->seen->tip = tip;
	git_tree_free(tree);
	return ret == 1 ? 0 : ret;
}

int pike_lessons_of(struct pike_lessons *out, struct pike_repo *r,
		    const struct pike_oid *commit, struct pike_err *err)
{
	struct reading k = { .l = out, .r = r, .commit = *commit };
	git_tree *tree = NULL;
	struct pike_buf b;
	git_oid tip, id;
	int ret = pike_notes_open(&tip, &tree, r, PIKE_NOTES_LESSONS, err);

	pike_buf_init(&b, (size_t)-1);
	if (!ret)
		ret = pike_oid_to(&id, commit, err);
	if (!ret)
		ret = pike_notes_get(&b, r, tree, &id, err);
	for (const char *p = b.s, *end = b.s + b.len; p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		take_line(&k, p, (size_t)(nl - p));
		p = nl + 1;
	}
	pike_buf_release(&b);
	git_tree_free(tree);
	return ret == 1 ? 0 : ret;
}
