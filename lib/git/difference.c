/* SPDX-License-Identifier: Apache-2.0 */
/* difference: of files of two commits, as unified diff. */
#include "git/repo_priv.h"

#include "base/mem.h"

static int add_patch(struct pike_buf *out, const char *path,
		     const struct pike_file *a, const struct pike_file *b)
{
	git_buf text = { 0 };
	git_patch *p = NULL;
	int rc = git_patch_from_buffers(&p, a ? a->data : "", a ? a->len : 0,
					path, b ? b->data : "", b ? b->len : 0,
					path, NULL);

	if (!rc)
		rc = git_patch_to_buf(&text, p);
	if (!rc)
		pike_buf_add(out, text.ptr, text.size);
	git_buf_dispose(&text);
	git_patch_free(p);
	return rc;
}

int pike_repo_difference(struct pike_buf *out, struct pike_repo *r,
			 const struct pike_oid *a, const struct pike_oid *b,
			 const struct pike_strs *paths, struct pike_err *err)
{
	struct pike_files before = { 0 }, after = { 0 };
	int ret = pike_repo_read(&before, r, a, paths, true, err);

	if (!ret)
		ret = pike_repo_read(&after, r, b, paths, true, err);
	for (size_t i = 0; !ret && i < paths->n; i++)
		if (add_patch(out, paths->v[i],
			      pike_files_find(&before, paths->v[i]),
			      pike_files_find(&after, paths->v[i])))
			ret = pike_fail(err, PIKE_FAILED, "cannot compare '%s'",
					paths->v[i]);
	pike_files_release(&before);
	pike_files_release(&after);
	return ret;
}
