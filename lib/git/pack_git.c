/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack_git: packs objects by the git program, which keeps the deltas that it
 * finds, and told the path of each object compares versions of one file or
 * tree. The paths come from the commits among the objects: `--stdin-packs`
 * would have git walk the whole history for them, each time.
 */
#include "git/repo_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
	DEPTH_MAX = 64,
	LIST_MAX = 256 * 1024 * 1024
};

struct naming {
	struct pike_repo *r;
	struct pike_oidset among, named;
	struct pike_buf list; /* "oid path\n" */
};

static void name(struct naming *n, const git_oid *id, const char *path)
{
	char hex[GIT_OID_HEXSZ + 1];

	pike_buf_addf(&n->list, "%s %s\n", git_oid_tostr(hex, sizeof(hex), id),
		      path);
}

static void name_tree(struct naming *n, const git_oid *id, const char *path,
		      int depth);

static void name_entry(struct naming *n, const struct pike_raw_entry *e,
		       const char *path, int depth)
{
	char *sub;

	if (!pike_oidset_has(&n->among, &e->id))
		return;
	sub = pike_xasprintf("%s%s%s", path, *path ? "/" : "", e->name);
	if (e->is_tree)
		name_tree(n, &e->id, sub, depth + 1);
	else if (pike_oidset_add(&n->named, &e->id) && !strchr(sub, '\n'))
		name(n, &e->id, sub);
	free(sub);
}

/* Only what is among the objects is looked into: the rest was packed, and
 * named, with an earlier commit. */
static void name_tree(struct naming *n, const git_oid *id, const char *path,
		      int depth)
{
	git_odb_object *o = NULL;
	struct pike_raw_entry e;
	struct pike_span rest;

	if (depth > DEPTH_MAX || !pike_oidset_has(&n->among, id) ||
	    !pike_oidset_add(&n->named, id) || git_odb_read(&o, n->r->disk, id))
		return;
	name(n, id, path);
	rest = (struct pike_span){ git_odb_object_data(o),
				   git_odb_object_size(o) };
	while (git_odb_object_type(o) == GIT_OBJECT_TREE &&
	       pike_raw_entry_next(&rest, &e))
		name_entry(n, &e, path, depth);
	git_odb_object_free(o);
}

static void name_commit(struct naming *n, const git_oid *id)
{
	git_object_t type;
	struct pike_raw c;
	git_oid tree;
	size_t len;

	if (git_odb_read_header(&len, &type, n->r->disk, id) ||
	    type != GIT_OBJECT_COMMIT || pike_raw_read(&c, n->r, id, NULL))
		return;
	git_oid_fromstr(&tree, c.tree);
	pike_raw_release(&c);
	name_tree(n, &tree, "", 0);
}

/* The names first: of an object that is listed twice git takes the first. */
static void add_names(struct naming *n, const git_oid *ids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		pike_oidset_add(&n->among, &ids[i]);
	for (size_t i = 0; i < count; i++)
		name_commit(n, &ids[i]);
}

static void make_list(struct naming *n, const git_oid *ids, size_t count,
		      bool search)
{
	if (search)
		add_names(n, ids, count);
	for (size_t i = 0; i < count; i++)
		if (pike_oidset_add(&n->named, &ids[i]))
			name(n, &ids[i], "");
}

static int run(struct pike_buf *out, struct naming *n, bool search,
	       struct pike_err *err)
{
	struct pike_strs args = PIKE_STRS_INIT;
	char *base = pike_repo_path(n->r, "objects/pack/pack");
	int ret;

	pike_strs_push(&args, "pack-objects");
	pike_strs_push(&args, "-q");
	pike_strs_push(&args, "--threads=1");
	/* Results are much alike, so the first to be compared with will do; a
	 * fifth of git's time goes for a twentieth of the size. */
	pike_strs_push(&args, search ? "--window=4" : "--window=0");
	pike_strs_push(&args, "--compression=1");
	pike_strs_push(&args, "--delta-base-offset");
	pike_strs_push(&args, base);
	ret = pike_git_run(out, n->r, &args, &n->list, err);
	pike_strs_release(&args);
	free(base);
	return ret;
}

int pike_pack_by_git(char hash[GIT_OID_HEXSZ + 1], struct pike_repo *r,
		     const git_oid *ids, size_t count, bool search,
		     struct pike_err *err)
{
	struct naming n = { .r = r };
	struct pike_buf out;
	int ret;

	pike_buf_init(&n.list, LIST_MAX);
	pike_buf_init(&out, 4096);
	make_list(&n, ids, count, search);
	if (n.list.full)
		ret = pike_fail(err, PIKE_FAILED, "too many objects to pack");
	else
		ret = run(&out, &n, search, err);
	if (!ret && out.len < GIT_OID_HEXSZ)
		ret = pike_fail(err, PIKE_FAILED,
				"git pack-objects gave no pack");
	if (!ret) {
		memcpy(hash, out.s, GIT_OID_HEXSZ);
		hash[GIT_OID_HEXSZ] = '\0';
	}
	pike_oidset_release(&n.among);
	pike_oidset_release(&n.named);
	pike_buf_release(&n.list);
	pike_buf_release(&out);
	return ret;
}
