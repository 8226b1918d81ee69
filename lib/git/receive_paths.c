/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receive_paths: does a pushed commit change a target's files alone? Not a
 * comparison of files decides, but of trees: the base's, with the commit's
 * files put in at the declared paths, must be the commit's own, to the id.
 */
#include "git/receive_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <git2/sys/mempack.h>
#include <stdlib.h>
#include <string.h>

enum {
	FILE_MAX = 4 * 1024 * 1024 /* more is never read */
};

static const char *kind_of(git_filemode_t mode)
{
	switch (mode) {
	case GIT_FILEMODE_LINK:
		return "a symbolic link";
	case GIT_FILEMODE_COMMIT:
		return "a submodule";
	case GIT_FILEMODE_TREE:
		return "a folder";
	case GIT_FILEMODE_BLOB_EXECUTABLE:
		return "executable";
	default:
		return "not executable";
	}
}

/* Mode of the entry at a path, 0: none. */
static int entry_at(git_filemode_t *mode, git_oid *id, const git_tree *tree,
		    const char *path, struct pike_err *err)
{
	git_tree_entry *e = NULL;
	int rc = git_tree_entry_bypath(&e, tree, path);

	*mode = rc ? 0 : git_tree_entry_filemode(e);
	if (!rc)
		*id = *git_tree_entry_id(e);
	git_tree_entry_free(e);
	if (!rc || rc == GIT_ENOTFOUND)
		return 0;
	return pike_git_fail(err, PIKE_FAILED, rc, "cannot read '%s'", path);
}

/* The commit's file as an update of the base's tree; 1: nothing to do. */
static int update_of(git_tree_update *u, struct pike_repo *r,
		     const git_tree *tree, const git_tree *base,
		     struct pike_err *err)
{
	git_filemode_t mode, was;
	git_object_t type;
	size_t len;
	git_oid old;
	int ret = entry_at(&mode, &u->id, tree, u->path, err);

	if (!ret)
		ret = entry_at(&was, &old, base, u->path, err);
	if (ret || (!mode && !was))
		return ret ? ret : 1;
	if (!mode)
		return pike_fail(err, PIKE_FAILED, "removes '%s'", u->path);
	if (mode != (was ? was : GIT_FILEMODE_BLOB) ||
	    (mode != GIT_FILEMODE_BLOB && mode != GIT_FILEMODE_BLOB_EXECUTABLE))
		return pike_fail(err, PIKE_FAILED,
				 "makes '%s' %s; it must stay a regular file "
				 "of the mode that it has at the base",
				 u->path, kind_of(mode));
	if (git_odb_read_header(&len, &type, r->odb, &u->id) ||
	    type != GIT_OBJECT_BLOB || len > FILE_MAX)
		return pike_fail(err, PIKE_FAILED,
				 "makes '%s' larger than 4 MiB", u->path);
	u->action = GIT_TREE_UPDATE_UPSERT;
	u->filemode = mode;
	return 0;
}

/* The first path that differs and is not declared: for the message alone. */
static int name_other(struct pike_repo *r, git_tree *tree, git_tree *base,
		      const struct pike_strs *paths, struct pike_err *err)
{
	const char *name = NULL;
	git_diff *diff = NULL;
	struct pike_buf b;
	int ret;

	pike_buf_init(&b, 512);
	if (!git_diff_tree_to_tree(&diff, r->g, base, tree, NULL))
		for (size_t i = 0; !name && i < git_diff_num_deltas(diff);
		     i++) {
			name = git_diff_get_delta(diff, i)->new_file.path;
			if (pike_strs_has(paths, name))
				name = NULL;
		}
	pike_text_line(&b, name ? name : "something else", 300);
	ret = pike_fail(err, PIKE_FAILED,
			"changes '%s', which is no `source` of its target; a "
			"candidate may change nothing else",
			b.s);
	pike_buf_release(&b);
	git_diff_free(diff);
	return ret;
}

static int compare(struct pike_repo *r, git_tree *tree, git_tree *base,
		   const struct pike_strs *paths, struct pike_err *err)
{
	git_tree_update *u = pike_xcalloc(paths->n + 1, sizeof(*u));
	size_t n = 0;
	git_oid id;
	int ret = 0, rc;

	for (size_t i = 0; ret >= 0 && i < paths->n; i++) {
		u[n].path = paths->v[i];
		ret = update_of(&u[n], r, tree, base, err);
		n += !ret;
	}
	if (ret >= 0) {
		rc = git_tree_create_updated(&id, r->g, base, n, u);
		ret = rc ? pike_git_fail(err, PIKE_FAILED, rc,
					 "cannot compare its files")
			 : 0;
		/* What was written to be named is never kept. */
		git_mempack_reset(r->memory);
		r->nwaiting = 0;
	}
	if (!ret && !git_oid_equal(&id, git_tree_id(tree)))
		ret = name_other(r, tree, base, paths, err);
	free(u);
	return ret;
}

static int tree_of(git_tree **out, const struct pike_receive *x,
		   const git_oid *commit, struct pike_err *err)
{
	git_oid id;
	int rc, ret = pike_commit_tree_id(&id, x->r, commit, err);

	if (ret)
		return ret;
	rc = git_tree_lookup(out, x->r->g, &id);
	return rc ? pike_git_fail(err, PIKE_FAILED, rc, "cannot read its tree")
		  : 0;
}

int pike_receive_paths(const struct pike_receive *x, const git_oid *commit,
		       const git_oid *bases, size_t n,
		       const struct pike_strs *paths, struct pike_err *err)
{
	git_tree *tree = NULL;
	int ret = tree_of(&tree, x, commit, err);

	if (ret)
		return ret;
	/* What the first, and newest, one complains of is told. */
	for (size_t i = 0; i < n && (!i || ret); i++) {
		git_tree *base = NULL;
		int other = tree_of(&base, x, &bases[i], i ? NULL : err);

		if (!other)
			other =
			    compare(x->r, tree, base, paths, i ? NULL : err);
		git_tree_free(base);
		ret = !i || !other ? other : ret;
	}
	git_tree_free(tree);
	return ret;
}
