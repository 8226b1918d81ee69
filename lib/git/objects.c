/* SPDX-License-Identifier: Apache-2.0 */
/* objects: commits, trees and files, read and written without a worktree. */
#include "git/repo_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <git2/sys/commit.h>
#include <stdlib.h>
#include <string.h>

enum {
	FILE_MAX = 4 * 1024 * 1024,
	ALL_MAX = 8192, /* files of a commit */
	ALL_BYTES = 64 * 1024 * 1024,
	PARENTS_MAX = 4096
};

/* ---- revisions ---- */

static int resolve(struct pike_oid *out, struct pike_repo *r, const char *rev)
{
	git_object *o = NULL, *c = NULL;
	int rc = git_revparse_single(&o, r->g, rev);

	if (!rc)
		rc = git_object_peel(&c, o, GIT_OBJECT_COMMIT);
	if (!rc)
		pike_oid_from(out, git_object_id(c));
	git_object_free(c);
	git_object_free(o);
	return rc;
}

int pike_repo_resolve(struct pike_oid *out, struct pike_repo *r,
		      const char *rev, struct pike_err *err)
{
	int rc = resolve(out, r, rev);

	if (!rc)
		return 0;
	if (rc == GIT_ENOTFOUND || rc == GIT_EINVALIDSPEC)
		return pike_fail(err, PIKE_FAILED,
				 "'%s' is not a revision of this repository",
				 rev);
	if (rc == GIT_EAMBIGUOUS)
		return pike_fail(err, PIKE_FAILED,
				 "'%s' is ambiguous; give more digits", rev);
	return pike_git_fail(err, PIKE_FAILED, rc, "cannot read '%s'", rev);
}

static int resolve_branch(struct pike_oid *out, struct pike_repo *r,
			  const char *name)
{
	static const char *const where[] = { "refs/heads/",
					     "refs/remotes/origin/", "" };
	int rc = GIT_ENOTFOUND;

	for (size_t i = 0; rc && i < PIKE_ARRAY_LEN(where); i++) {
		char *full = pike_xasprintf("%s%s", where[i], name);

		rc = resolve(out, r, full);
		free(full);
	}
	return rc;
}

int pike_repo_base(struct pike_oid *out, struct pike_repo *r, const char *name,
		   struct pike_err *err)
{
	if (name && *name) {
		if (!resolve_branch(out, r, name))
			return 0;
		return pike_fail(err, PIKE_FAILED,
				 "there is no base branch '%s'; set pike.base "
				 "in .pike/config to the branch that merge "
				 "requests go to",
				 name);
	}
	if (!resolve_branch(out, r, "main") ||
	    !resolve_branch(out, r, "master") || !resolve(out, r, "HEAD"))
		return 0;
	return pike_fail(err, PIKE_FAILED,
			 "the repository has no commit yet; commit the kernels "
			 "first");
}

int pike_repo_merge_base(struct pike_oid *out, struct pike_repo *r,
			 const struct pike_oid *a, const struct pike_oid *b,
			 struct pike_err *err)
{
	git_oid x, y, base;
	int rc, ret = pike_oid_to(&x, a, err);

	if (!ret)
		ret = pike_oid_to(&y, b, err);
	if (ret)
		return ret;
	rc = git_merge_base(&base, r->g, &x, &y);
	if (rc == GIT_ENOTFOUND)
		return 1;
	if (rc)
		return pike_git_fail(err, PIKE_FAILED, rc,
				     "cannot find what %.12s and %.12s have in "
				     "common",
				     a->hex, b->hex);
	pike_oid_from(out, &base);
	return 0;
}

/* What a symbolic ref points to below `prefix`, or NULL. */
static char *symbolic(struct pike_repo *r, const char *ref, const char *prefix)
{
	git_reference *g = NULL;
	const char *to;
	char *name = NULL;

	if (git_reference_lookup(&g, r->g, ref))
		return NULL;
	to = git_reference_symbolic_target(g);
	if (to && pike_starts_with(to, prefix))
		name = pike_xstrdup(to + strlen(prefix));
	git_reference_free(g);
	if (name && !pike_starts_with(name, "pike/"))
		return name;
	free(name);
	return NULL;
}

/* The only branch that is not ours, or NULL. */
static char *only_branch(struct pike_repo *r)
{
	static const char prefix[] = "refs/heads/";
	git_strarray all = { NULL, 0 };
	char *name = NULL;
	size_t n = 0;

	if (git_reference_list(&all, r->g))
		return NULL;
	for (size_t i = 0; i < all.count; i++) {
		const char *at = all.strings[i];

		if (!pike_starts_with(at, prefix) ||
		    pike_starts_with(at, "refs/heads/pike/"))
			continue;
		if (!n++)
			name = pike_xstrdup(at + sizeof(prefix) - 1);
	}
	git_strarray_dispose(&all);
	if (n == 1)
		return name;
	free(name);
	return NULL;
}

char *pike_repo_default_branch(struct pike_repo *r)
{
	char *name =
	    symbolic(r, "refs/remotes/origin/HEAD", "refs/remotes/origin/");
	struct pike_oid id;

	if (!name && !resolve_branch(&id, r, "main"))
		return pike_xstrdup("main");
	if (!name && !resolve_branch(&id, r, "master"))
		return pike_xstrdup("master");
	if (!name)
		name = symbolic(r, "HEAD", "refs/heads/");
	if (!name)
		name = only_branch(r);
	return name ? name : pike_xstrdup("main");
}

/* ---- files ---- */

static bool is_lfs(const char *p, size_t n)
{
	static const char head[] = "version https://git-lfs";

	return n < 1024 && n >= sizeof(head) - 1 &&
	       !memcmp(p, head, sizeof(head) - 1);
}

static int read_blob(struct pike_files *out, struct pike_repo *r,
		     const git_oid *id, const char *path, struct pike_err *err)
{
	git_odb_object *o = NULL;
	git_object_t type;
	size_t len;
	const char *p;
	int ret = 0, rc = git_odb_read_header(&len, &type, r->odb, id);

	if (!rc && len > FILE_MAX)
		return pike_fail(err, PIKE_FAILED,
				 "'%s' has more than 4 MiB; a target's files "
				 "must be smaller",
				 path);
	if (!rc)
		rc = git_odb_read(&o, r->odb, id);
	if (rc)
		return pike_git_fail(err, PIKE_FAILED, rc, "cannot read '%s'",
				     path);
	p = git_odb_object_data(o);
	if (is_lfs(p, len))
		ret = pike_fail(err, PIKE_FAILED,
				"'%s' is kept in git LFS; a target's files "
				"must be in git itself",
				path);
	else
		pike_files_add(out, path, p, len);
	git_odb_object_free(o);
	return ret;
}

static int read_entry(struct pike_files *out, struct pike_repo *r,
		      const git_tree *tree, const char *path, bool may_miss,
		      struct pike_err *err)
{
	git_tree_entry *e = NULL;
	git_filemode_t mode;
	int ret, rc = git_tree_entry_bypath(&e, tree, path);

	if (rc == GIT_ENOTFOUND && may_miss)
		return 0;
	if (rc == GIT_ENOTFOUND)
		return pike_fail(err, PIKE_FAILED,
				 "there is no file '%s' in that commit", path);
	if (rc)
		return pike_git_fail(err, PIKE_FAILED, rc, "cannot read '%s'",
				     path);
	mode = git_tree_entry_filemode(e);
	if (mode == GIT_FILEMODE_BLOB || mode == GIT_FILEMODE_BLOB_EXECUTABLE)
		ret = read_blob(out, r, git_tree_entry_id(e), path, err);
	else
		ret = pike_fail(err, PIKE_FAILED,
				"'%s' is %s; a target's files must be regular "
				"files",
				path,
				mode == GIT_FILEMODE_LINK ? "a symbolic link"
				: mode == GIT_FILEMODE_COMMIT ? "a submodule"
							      : "a folder");
	git_tree_entry_free(e);
	return ret;
}

static int commit_tree(git_tree **out, struct pike_repo *r,
		       const struct pike_oid *commit, struct pike_err *err)
{
	git_commit *c = NULL;
	git_oid id;
	int rc, ret = pike_oid_to(&id, commit, err);

	if (ret)
		return ret;
	rc = git_commit_lookup(&c, r->g, &id);
	if (!rc)
		rc = git_commit_tree(out, c);
	git_commit_free(c);
	return rc ? pike_git_fail(err, PIKE_FAILED, rc,
				  "cannot read commit %.12s", commit->hex)
		  : 0;
}

int pike_repo_read(struct pike_files *out, struct pike_repo *r,
		   const struct pike_oid *commit, const struct pike_strs *paths,
		   bool may_miss, struct pike_err *err)
{
	git_tree *tree = NULL;
	int ret = commit_tree(&tree, r, commit, err);

	for (size_t i = 0; !ret && i < paths->n; i++)
		ret = read_entry(out, r, tree, paths->v[i], may_miss, err);
	git_tree_free(tree);
	return ret;
}

struct reading {
	struct pike_repo *r;
	struct pike_files *out;
	size_t bytes, *left;
};

/* Of a tree of this repository. */
static int read_one_of_all(const char *root, const git_tree_entry *e, void *ctx)
{
	struct reading *w = ctx;
	git_filemode_t mode = git_tree_entry_filemode(e);
	const char *name = git_tree_entry_name(e);
	char *path;

	/* 1: not into it */
	if (mode == GIT_FILEMODE_TREE)
		return *name == '.';
	if (mode != GIT_FILEMODE_BLOB && mode != GIT_FILEMODE_BLOB_EXECUTABLE)
		return 0;
	path = pike_xasprintf("%s%s", root, name);
	if (w->out->n >= ALL_MAX || w->bytes >= ALL_BYTES ||
	    read_blob(w->out, w->r, git_tree_entry_id(e), path, NULL))
		++*w->left;
	else
		w->bytes += w->out->v[w->out->n - 1].len;
	free(path);
	return 0;
}

int pike_repo_read_all(struct pike_files *out, size_t *left,
		       struct pike_repo *r, const struct pike_oid *commit,
		       struct pike_err *err)
{
	struct reading w = { .r = r, .out = out, .left = left };
	git_tree *tree = NULL;
	int ret = commit_tree(&tree, r, commit, err);
	int rc = 0;

	*left = 0;
	if (!ret)
		rc = git_tree_walk(tree, GIT_TREEWALK_PRE, read_one_of_all, &w);
	git_tree_free(tree);
	return rc < 0 ? pike_git_fail(err, PIKE_FAILED, rc,
				      "cannot read the files of %.12s",
				      commit->hex)
		      : ret;
}

int pike_blob_id(struct pike_oid *out, const void *p, size_t n,
		 struct pike_err *err)
{
	git_oid id;
	int rc;

	git_libgit2_init();
	rc = git_odb_hash(&id, p, n, GIT_OBJECT_BLOB);
	if (!rc)
		pike_oid_from(out, &id);
	git_libgit2_shutdown();
	return rc ? pike_git_fail(err, PIKE_FATAL, rc, "cannot hash a file")
		  : 0;
}

static int file_update(git_tree_update *u, git_odb *odb, const git_tree *base,
		       const struct pike_file *f)
{
	git_tree_entry *e = NULL;

	u->action = GIT_TREE_UPDATE_UPSERT;
	u->filemode = GIT_FILEMODE_BLOB;
	u->path = f->path;
	/* A file keeps its executable bit. */
	if (base && !git_tree_entry_bypath(&e, base, f->path) &&
	    git_tree_entry_filemode(e) == GIT_FILEMODE_BLOB_EXECUTABLE)
		u->filemode = GIT_FILEMODE_BLOB_EXECUTABLE;
	git_tree_entry_free(e);
	return git_odb_write(&u->id, odb, f->data, f->len, GIT_OBJECT_BLOB);
}

/* Tree = base (NULL: an empty one) with these files put in. */
static int tree_with(git_oid *out, git_repository *g, git_odb *odb,
		     const git_oid *base, const struct pike_files *files,
		     struct pike_err *err)
{
	git_tree_update *u = pike_xcalloc(files->n + 1, sizeof(*u));
	git_tree *tree = NULL;
	int rc = base ? git_tree_lookup(&tree, g, base) : 0;

	for (size_t i = 0; !rc && i < files->n; i++)
		rc = file_update(&u[i], odb, tree, &files->v[i]);
	if (!rc)
		rc = git_tree_create_updated(out, g, tree, files->n, u);
	git_tree_free(tree);
	free(u);
	return rc ? pike_git_fail(err, PIKE_FAILED, rc,
				  "cannot put the files into a tree")
		  : 0;
}

int pike_tree_with(git_oid *out, struct pike_repo *r, const git_oid *base,
		   const struct pike_files *files, struct pike_err *err)
{
	return tree_with(out, r->g, r->odb, base, files, err);
}

int pike_repo_source(struct pike_oid *out, struct pike_repo *r,
		     const struct pike_files *files, struct pike_err *err)
{
	struct pike_naming *n = &r->naming;
	git_oid id;
	int ret = n->g ? 0 : pike_naming_open(n, err);

	if (!ret)
		ret = tree_with(&id, n->g, n->odb, NULL, files, err);
	if (!ret)
		pike_oid_from(out, &id);
	if (n->g)
		pike_naming_forget(n);
	return ret;
}

/* ---- differences ---- */

static void add_once(struct pike_strs *out, const char *path)
{
	if (!out->n || strcmp(out->v[out->n - 1], path) != 0)
		pike_strs_push(out, path);
}

int pike_repo_changed(struct pike_strs *out, struct pike_repo *r,
		      const struct pike_oid *a, const struct pike_oid *b,
		      struct pike_err *err)
{
	git_tree *ta = NULL, *tb = NULL;
	git_diff *diff = NULL;
	int rc, ret = commit_tree(&ta, r, a, err);

	if (!ret)
		ret = commit_tree(&tb, r, b, err);
	if (ret)
		goto out;
	rc = git_diff_tree_to_tree(&diff, r->g, ta, tb, NULL);
	if (rc) {
		ret = pike_git_fail(err, PIKE_FAILED, rc,
				    "cannot compare %.12s and %.12s", a->hex,
				    b->hex);
		goto out;
	}
	for (size_t i = 0; i < git_diff_num_deltas(diff); i++) {
		const git_diff_delta *d = git_diff_get_delta(diff, i);

		add_once(out, d->old_file.path);
		add_once(out, d->new_file.path);
	}
out:
	git_diff_free(diff);
	git_tree_free(tb);
	git_tree_free(ta);
	return ret;
}

int pike_repo_between(struct pike_strs *out, struct pike_repo *r,
		      const struct pike_oid *from, const struct pike_oid *to,
		      struct pike_err *err)
{
	git_revwalk *walk = NULL;
	git_oid a, b, id;
	struct pike_oid at;
	int rc, ret = pike_oid_to(&a, from, err);

	if (!ret)
		ret = pike_oid_to(&b, to, err);
	if (ret)
		return ret;
	rc = git_revwalk_new(&walk, r->g);
	if (!rc)
		rc = git_revwalk_sorting(walk, GIT_SORT_TOPOLOGICAL |
						   GIT_SORT_REVERSE);
	if (!rc)
		rc = git_revwalk_simplify_first_parent(walk);
	if (!rc)
		rc = git_revwalk_push(walk, &b);
	if (!rc)
		rc = git_revwalk_hide(walk, &a);
	while (!rc && !(rc = git_revwalk_next(&id, walk))) {
		pike_oid_from(&at, &id);
		pike_strs_push(out, at.hex);
	}
	git_revwalk_free(walk);
	return rc == GIT_ITEROVER
		   ? 0
		   : pike_git_fail(err, PIKE_FAILED, rc,
				   "cannot walk from %.12s to %.12s", to->hex,
				   from->hex);
}

int pike_repo_message(char **out, struct pike_repo *r,
		      const struct pike_oid *commit, struct pike_err *err)
{
	struct pike_commit c;
	git_oid id;
	int ret = pike_oid_to(&id, commit, err);

	if (!ret)
		ret = pike_commit_read(&c, r, &id, err);
	if (ret)
		return ret;
	*out = pike_xstrndup(c.message.s, c.message.n);
	pike_commit_release(&c);
	return 0;
}

/* ---- writing commits ---- */

int pike_commit_write(git_oid *out, struct pike_repo *r, const char *message,
		      const git_oid *tree, const git_oid *parents, size_t n,
		      struct pike_err *err)
{
	const git_oid **p;
	git_signature *author = NULL, *committer = NULL;
	int rc;

	if (n > PARENTS_MAX)
		return pike_fail(err, PIKE_FAILED,
				 "%zu parents are too many for one commit", n);
	p = pike_xcalloc(n + 1, sizeof(*p));
	for (size_t i = 0; i < n; i++)
		p[i] = &parents[i];
	rc = git_signature_now(&author, r->author.name, r->author.email);
	if (!rc)
		rc = git_signature_now(&committer, r->committer.name,
				       r->committer.email);
	if (!rc)
		rc = git_commit_create_from_ids(out, r->g, NULL, author,
						committer, NULL, message, tree,
						n, p);
	git_signature_free(committer);
	git_signature_free(author);
	free(p);
	return rc ? pike_git_fail(err, PIKE_FATAL, rc, "cannot write a commit")
		  : 0;
}
