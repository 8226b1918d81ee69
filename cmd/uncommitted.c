/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uncommitted: says which files of a target were edited and not committed.
 * A search and a judge read commits only, so an edit would go unnoticed.
 */
#include "cmd.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"

#include <stdlib.h>

#define FILE_MAX_BYTES (4u << 20)

/* Line endings may differ: git converts them on checkout. */
static bool same_text(const struct pike_file *f, const struct pike_buf *b)
{
	size_t i = 0, k = 0;

	while (i < f->len || k < b->len) {
		if (i < f->len && f->data[i] == '\r')
			i++;
		else if (k < b->len && b->s[k] == '\r')
			k++;
		else if (i == f->len || k == b->len ||
			 f->data[i++] != b->s[k++])
			return false;
	}
	return true;
}

int pike_file_edited(struct pike_repo *repo, const char *path)
{
	char *full = pike_xasprintf("%s/%s", pike_repo_workdir(repo), path);
	struct pike_strs one = PIKE_STRS_INIT;
	struct pike_files files = { 0 };
	struct pike_oid head;
	struct pike_buf b;
	int ret = -1;

	pike_strs_push(&one, path);
	pike_buf_init(&b, FILE_MAX_BYTES);
	if (!pike_repo_resolve(&head, repo, "HEAD", NULL) &&
	    !pike_repo_read(&files, repo, &head, &one, true, NULL) &&
	    files.n == 1 && !pike_read_file(&b, full, NULL))
		ret = !same_text(&files.v[0], &b);
	pike_buf_release(&b);
	pike_files_release(&files);
	pike_strs_release(&one);
	free(full);
	return ret;
}

void pike_warn_uncommitted(struct pike_ctx *ctx, const struct pike_target *t)
{
	const struct pike_strs *lists[] = { &t->sources, &t->headers,
					    &t->references };

	if (!pike_repo_workdir(ctx->repo))
		return;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(lists); i++)
		for (size_t k = 0; k < lists[i]->n; k++)
			if (pike_file_edited(ctx->repo, lists[i]->v[k]) == 1)
				pike_warn("'%s' has changes that are not "
					  "committed, and only commits are "
					  "judged; commit them first",
					  lists[i]->v[k]);
}
