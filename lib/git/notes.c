/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notes: reads and joins trees of git notes.
 *
 * git core lays notes out as it likes (flat, XX/38, XX/XX/36 ...), re-balances
 * on every write, and shows two paths of one object joined together. So every
 * path of an object is looked for, and all but ours are removed on writing.
 */
#include "git/notes_priv.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum {
	BLOB_MAX = 4 * 1024 * 1024,
	JOIN_MAX = 64 * 1024 * 1024, /* what is not read is kept */
	DEPTH_MAX = 19,
	HEX = GIT_OID_HEXSZ
};

void pike_notes_add(struct pike_notes *l, const git_oid *commit,
		    const char *lines, size_t len)
{
	PIKE_GROW(l->v, l->n, l->cap);
	l->v[l->n].commit = *commit;
	l->v[l->n++].lines = pike_xstrndup(lines, len);
}

void pike_notes_release(struct pike_notes *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].lines);
	free(l->v);
	memset(l, 0, sizeof(*l));
}

int pike_notes_open(git_oid *tip, git_tree **tree, struct pike_repo *r,
		    const char *ref, struct pike_err *err)
{
	git_commit *c = NULL;
	int rc, ret = pike_ref_read(tip, r, ref, err);

	if (ret)
		return ret;
	rc = git_commit_lookup(&c, r->g, tip);
	if (!rc)
		rc = git_commit_tree(tree, c);
	git_commit_free(c);
	return rc ? pike_git_fail(err, PIKE_FAILED, rc, "cannot read '%s'", ref)
		  : 0;
}

/* ---- finding ---- */

struct found {
	char path[HEX + DEPTH_MAX + 1];
	git_oid blob;
};
struct found_list {
	struct found *v;
	size_t n, cap;
};

static void found_add(struct found_list *out, const char *dir, size_t len,
		      const char *rest, const git_oid *blob)
{
	struct found *f;

	PIKE_GROW(out->v, out->n, out->cap);
	f = &out->v[out->n++];
	memcpy(f->path, dir, len);
	memcpy(f->path + len, rest, strlen(rest) + 1);
	f->blob = *blob;
}

static const git_oid *entry_of(const git_tree *tree, const char *name,
			       git_object_t type)
{
	const git_tree_entry *e = git_tree_entry_byname(tree, name);

	return e && git_tree_entry_type(e) == type ? git_tree_entry_id(e)
						   : NULL;
}

/* Every path that holds a note of the object `hex`. */
static int find_paths(struct found_list *out, struct pike_repo *r,
		      const git_tree *base, const char *hex)
{
	char dir[HEX + DEPTH_MAX + 1], two[3] = "";
	const git_tree *tree = base;
	git_tree *sub = NULL;
	const git_oid *id;
	size_t len = 0;
	int rc = 0;

	for (size_t used = 0; !rc && used + 2 <= HEX; used += 2) {
		git_tree *next = NULL;

		id = entry_of(tree, hex + used, GIT_OBJECT_BLOB);
		if (id)
			found_add(out, dir, len, hex + used, id);
		memcpy(two, hex + used, 2);
		id = used + 2 < HEX ? entry_of(tree, two, GIT_OBJECT_TREE)
				    : NULL;
		if (!id)
			break;
		memcpy(dir + len, two, 2);
		dir[len + 2] = '/';
		len += 3;
		rc = git_tree_lookup(&next, r->g, id);
		git_tree_free(sub);
		tree = sub = next;
	}
	git_tree_free(sub);
	return rc;
}

static int add_blob(struct pike_buf *out, struct pike_repo *r,
		    const git_oid *id, size_t most)
{
	git_odb_object *o = NULL;
	git_object_t type;
	size_t len;
	int rc = git_odb_read_header(&len, &type, r->odb, id);

	if (rc || len > most)
		return rc;
	rc = git_odb_read(&o, r->odb, id);
	if (rc)
		return rc;
	pike_buf_add(out, git_odb_object_data(o), len);
	if (len && out->s[out->len - 1] != '\n')
		pike_buf_addc(out, '\n');
	git_odb_object_free(o);
	return 0;
}

static int broken_note(struct pike_err *err, int rc, const char *hex)
{
	return pike_git_fail(err, PIKE_FAILED, rc,
			     "cannot read the note of commit %.12s", hex);
}

int pike_note_text(struct pike_buf *out, struct pike_repo *r,
		   const git_oid *blob, struct pike_err *err)
{
	int rc = add_blob(out, r, blob, JOIN_MAX);
	char hex[HEX + 1];

	return rc ? broken_note(err, rc, git_oid_tostr(hex, sizeof(hex), blob))
		  : 0;
}

int pike_notes_get(struct pike_buf *out, struct pike_repo *r,
		   const git_tree *tree, const git_oid *commit,
		   struct pike_err *err)
{
	struct found_list l = { NULL, 0, 0 };
	char hex[HEX + 1];
	int rc;

	git_oid_tostr(hex, sizeof(hex), commit);
	rc = find_paths(&l, r, tree, hex);
	for (size_t i = 0; !rc && i < l.n; i++)
		rc = add_blob(out, r, &l.v[i].blob, BLOB_MAX);
	free(l.v);
	return rc ? broken_note(err, rc, hex) : 0;
}

/* ---- joining ---- */

struct line {
	const char *s;
	size_t n;
};

static int by_bytes(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	size_t n = x->n < y->n ? x->n : y->n;
	int c = n ? memcmp(x->s, y->s, n) : 0;

	return c ? c : (x->n > y->n) - (x->n < y->n);
}

/* Sorted, without empty and double lines: as git's cat_sort_uniq. */
static void sort_uniq(struct pike_buf *out, const char *text, size_t len)
{
	struct line *v = NULL;
	size_t n = 0, cap = 0;
	const char *end = text + len;

	for (const char *p = text; p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t k = nl ? (size_t)(nl - p) : (size_t)(end - p);

		if (k) {
			PIKE_GROW(v, n, cap);
			v[n++] = (struct line){ p, k };
		}
		p += k + 1;
	}
	if (n)
		qsort(v, n, sizeof(*v), by_bytes);
	for (size_t i = 0; i < n; i++) {
		if (i && !by_bytes(&v[i - 1], &v[i]))
			continue;
		pike_buf_add(out, v[i].s, v[i].n);
		pike_buf_addc(out, '\n');
	}
	free(v);
}

struct updates {
	git_tree_update *v;
	char (*paths)[HEX + DEPTH_MAX + 1];
	size_t n, cap;
};

static void add_update(struct updates *u, git_tree_update_t action,
		       const char *path, const git_oid *blob)
{
	if (u->n >= u->cap) {
		u->cap = u->cap ? u->cap * 2 : 16;
		u->v = pike_xrealloc(u->v, u->cap, sizeof(*u->v));
		u->paths = pike_xrealloc(u->paths, u->cap, sizeof(*u->paths));
	}
	memcpy(u->paths[u->n], path, strlen(path) + 1);
	u->v[u->n] = (git_tree_update){ .action = action,
					.filemode = GIT_FILEMODE_BLOB };
	if (blob)
		u->v[u->n].id = *blob;
	u->n++;
}

static void own_path(char out[HEX + DEPTH_MAX + 1], const char *hex,
		     unsigned depth)
{
	for (; depth; depth--) {
		*out++ = *hex++;
		*out++ = *hex++;
		*out++ = '/';
	}
	memcpy(out, hex, strlen(hex) + 1);
}

/* The notes v[0..n) are of one commit: joins them with what is there. */
static int join_one(struct updates *u, struct pike_repo *r,
		    const git_tree *base, const struct pike_note *v, size_t n,
		    unsigned depth)
{
	struct found_list l = { NULL, 0, 0 };
	char hex[HEX + 1], path[HEX + DEPTH_MAX + 1];
	struct pike_buf all, text;
	git_oid blob;
	int rc = 0;

	pike_buf_init(&all, (size_t)-1);
	pike_buf_init(&text, (size_t)-1);
	git_oid_tostr(hex, sizeof(hex), &v->commit);
	own_path(path, hex, depth);
	if (base)
		rc = find_paths(&l, r, base, hex);
	for (size_t i = 0; !rc && i < l.n; i++) {
		rc = add_blob(&all, r, &l.v[i].blob, JOIN_MAX);
		if (strcmp(l.v[i].path, path) != 0)
			add_update(u, GIT_TREE_UPDATE_REMOVE, l.v[i].path,
				   NULL);
	}
	for (size_t i = 0; i < n; i++)
		pike_buf_adds(&all, v[i].lines);
	sort_uniq(&text, all.s, all.len);
	if (!rc)
		rc = git_odb_write(&blob, r->odb, text.s, text.len,
				   GIT_OBJECT_BLOB);
	if (!rc)
		add_update(u, GIT_TREE_UPDATE_UPSERT, path, &blob);
	pike_buf_release(&all);
	pike_buf_release(&text);
	free(l.v);
	return rc;
}

static int by_commit(const void *a, const void *b)
{
	const struct pike_note *x = a, *y = b;

	return git_oid_cmp(&x->commit, &y->commit);
}

static int apply_updates(git_oid *out, struct pike_repo *r, git_tree *base,
			 struct updates *u)
{
	for (size_t i = 0; i < u->n; i++)
		u->v[i].path = u->paths[i];
	return git_tree_create_updated(out, r->g, base, u->n, u->v);
}

int pike_notes_union(git_oid *out, struct pike_repo *r, git_tree *base,
		     struct pike_notes *l, unsigned depth, struct pike_err *err)
{
	struct updates u = { NULL, NULL, 0, 0 };
	int rc = 0;

	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_commit);
	for (size_t i = 0, k; !rc && i < l->n; i = k) {
		for (k = i + 1; k < l->n && !by_commit(&l->v[i], &l->v[k]);)
			k++;
		rc = join_one(&u, r, base, &l->v[i], k - i, depth);
	}
	if (!rc)
		rc = apply_updates(out, r, base, &u);
	free(u.v);
	free(u.paths);
	return rc ? pike_git_fail(err, PIKE_FATAL, rc, "cannot write the notes")
		  : 0;
}

/* ---- enumerating ---- */

struct walk {
	struct pike_repo *r;
	struct pike_oidset *seen;
	pike_note_fn fn;
	void *ctx;
	char hex[HEX + 1];
	struct pike_err *err;
};

static bool all_hex(const char *s, size_t n)
{
	return strspn(s, "0123456789abcdef") == n;
}

static int walk_tree(struct walk *w, const git_tree *tree, size_t used);

static int walk_sub(struct walk *w, const git_oid *id, size_t used)
{
	git_tree *sub = NULL;
	int ret, rc;

	if (w->seen && pike_oidset_has(w->seen, id))
		return 0;
	rc = git_tree_lookup(&sub, w->r->g, id);
	if (rc)
		return broken_note(w->err, rc, w->hex);
	ret = walk_tree(w, sub, used);
	git_tree_free(sub);
	/* Only now: an interrupted walk has not seen all of it. */
	if (!ret && w->seen)
		pike_oidset_add(w->seen, id);
	return ret;
}

static int walk_blob(struct walk *w, const git_oid *id)
{
	git_oid commit;

	if (w->seen && !pike_oidset_add(w->seen, id))
		return 0;
	git_oid_fromstr(&commit, w->hex);
	return w->fn(w->ctx, &commit, id, w->err);
}

static int walk_tree(struct walk *w, const git_tree *tree, size_t used)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < git_tree_entrycount(tree); i++) {
		const git_tree_entry *e = git_tree_entry_byindex(tree, i);
		const char *name = git_tree_entry_name(e);
		size_t n = strlen(name);
		bool tree_entry = git_tree_entry_type(e) == GIT_OBJECT_TREE;

		if (n != (tree_entry ? 2 : HEX - used) || used + n > HEX ||
		    !all_hex(name, n))
			continue;
		memcpy(w->hex + used, name, n);
		w->hex[used + n] = '\0';
		ret = tree_entry ? walk_sub(w, git_tree_entry_id(e), used + 2)
				 : walk_blob(w, git_tree_entry_id(e));
	}
	return ret;
}

int pike_notes_each(struct pike_repo *r, const git_tree *tree,
		    struct pike_oidset *seen, pike_note_fn fn, void *ctx,
		    struct pike_err *err)
{
	struct walk w = {
		.r = r, .seen = seen, .fn = fn, .ctx = ctx, .err = err
	};

	return walk_tree(&w, tree, 0);
}

int pike_note_lines(struct pike_repo *r, const git_oid *blob, pike_line_fn fn,
		    void *ctx, struct pike_err *err)
{
	char hex[HEX + 1];
	struct pike_buf b;
	int rc;

	pike_buf_init(&b, (size_t)-1);
	rc = add_blob(&b, r, blob, BLOB_MAX);
	if (rc)
		broken_note(err, rc, git_oid_tostr(hex, sizeof(hex), blob));
	for (const char *p = b.s, *end = b.s + b.len; p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		if (nl > p)
			fn(ctx, p, (size_t)(nl - p));
		p = nl + 1;
	}
	pike_buf_release(&b);
	return rc ? PIKE_FAILED : 0;
}
