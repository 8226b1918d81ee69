/* SPDX-License-Identifier: Apache-2.0 */
/* carry: files of a commit brought elsewhere: to another base than that which
 * they were made on, or into a folder. */
#include "git/repo_priv.h"

#include <string.h>

static git_merge_file_input input(const struct pike_file *f)
{
	return (git_merge_file_input){
		.version = GIT_MERGE_FILE_INPUT_VERSION,
		.ptr = f->data,
		.size = f->len,
	};
}

static bool same(const struct pike_file *a, const struct pike_file *b)
{
	return (!a && !b) || (a && b && a->len == b->len &&
			      !memcmp(a->data, b->data, a->len));
}

/* What a merge of lines cannot do is a conflict too. */
static int merge(struct pike_files *out, bool *conflict,
		 const struct pike_file *from, const struct pike_file *theirs,
		 const struct pike_file *to, struct pike_err *err)
{
	git_merge_file_input a = input(from), o = input(to), t = input(theirs);
	git_merge_file_result res = { 0 };
	int rc = git_merge_file(&res, &a, &o, &t, NULL);

	if (rc)
		return pike_git_fail(err, PIKE_FAILED, rc, "cannot merge '%s'",
				     to->path);
	*conflict = !res.automergeable;
	if (*conflict)
		pike_files_add(out, to->path, to->data, to->len);
	else
		pike_files_add(out, to->path, res.ptr, res.len);
	git_merge_file_result_free(&res);
	return 0;
}

static int carry(struct pike_files *out, bool *conflict,
		 const struct pike_file *from, const struct pike_file *theirs,
		 const struct pike_file *to, struct pike_err *err)
{
	const struct pike_file *f = same(from, to) ? theirs : to;

	*conflict = false;
	if (from && to && theirs && !same(from, to) && !same(from, theirs) &&
	    !same(theirs, to))
		return merge(out, conflict, from, theirs, to, err);
	/* One side alone has changed it, made or removed it; or both did. */
	*conflict = !same(from, to) && !same(from, theirs) && !same(theirs, to);
	if (f)
		pike_files_add(out, f->path, f->data, f->len);
	return 0;
}

int pike_repo_export(struct pike_repo *r, const struct pike_oid *commit,
		     const char *dir, struct pike_err *err)
{
	git_checkout_options o;
	git_commit *c = NULL;
	git_oid id;
	int rc, ret = pike_oid_to(&id, commit, err);

	if (ret)
		return ret;
	git_checkout_options_init(&o, GIT_CHECKOUT_OPTIONS_VERSION);
	o.checkout_strategy = GIT_CHECKOUT_FORCE |
			      GIT_CHECKOUT_RECREATE_MISSING |
			      GIT_CHECKOUT_DONT_UPDATE_INDEX;
	o.disable_filters = 1;
	o.target_directory = dir;
	rc = git_commit_lookup(&c, r->g, &id);
	if (!rc)
		rc = git_checkout_tree(r->g, (git_object *)c, &o);
	git_commit_free(c);
	return rc ? pike_git_fail(err, PIKE_FAILED, rc,
				  "cannot write the files of %.12s to '%s'",
				  commit->hex, dir)
		  : 0;
}

int pike_repo_carry(struct pike_files *out, struct pike_strs *conflicts,
		    struct pike_repo *r, const struct pike_strs *paths,
		    const struct pike_oid *from, const struct pike_oid *theirs,
		    const struct pike_oid *to, struct pike_err *err)
{
	const struct pike_oid *const at[] = { from, theirs, to };
	struct pike_files f[3] = { 0 };
	bool conflict;
	int ret = 0;

	for (size_t i = 0; !ret && i < 3; i++)
		ret = pike_repo_read(&f[i], r, at[i], paths, true, err);
	for (size_t i = 0; !ret && i < paths->n; i++) {
		const char *path = paths->v[i];

		ret = carry(out, &conflict, pike_files_find(&f[0], path),
			    pike_files_find(&f[1], path),
			    pike_files_find(&f[2], path), err);
		if (!ret && conflict)
			pike_strs_push(conflicts, path);
	}
	for (size_t i = 0; i < 3; i++)
		pike_files_release(&f[i]);
	return ret;
}
