/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receive: what a server takes of a push, for its hooks. Whoever may push can
 * write anything into any ref, so nothing of a pushed commit is believed, and
 * what a commit may be is asked of the branch that HEAD names, as it was before
 * the push.
 *
 * Commits count as known only by refs that were judged like this themselves.
 */
#include "git/receive_priv.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUNNERS ".pike/runners"

static int to_oid(git_oid *out, const struct pike_oid *o, struct pike_err *err)
{
	memset(out, 0, sizeof(*out));
	return pike_oid_set(o) ? pike_oid_to(out, o, err) : 0;
}

/* ---- what HEAD's branch says ---- */

/* The git program takes the keys from a file. */
static int write_signers(struct pike_receive *x, const struct pike_file *f,
			 struct pike_err *err)
{
	const char *tmp = getenv("TMPDIR");
	int fd, ret;

	x->signers = pike_xasprintf("%s/pike-runners.XXXXXX",
				    tmp && *tmp ? tmp : "/tmp");
	fd = mkstemp(x->signers);
	if (fd < 0)
		return pike_fail_errno(err, PIKE_FATAL, "cannot make '%s'",
				       x->signers);
	ret = pike_write_all(fd, f->data, f->len, err);
	close(fd);
	return ret;
}

static int read_signers(struct pike_receive *x, const struct pike_oid *head,
			struct pike_err *err)
{
	struct pike_strs paths = PIKE_STRS_INIT;
	struct pike_files files = { 0 };
	int ret;

	pike_strs_push(&paths, RUNNERS);
	ret = pike_repo_read(&files, x->r, head, &paths, true, err);
	if (!ret && files.n)
		ret = write_signers(x, &files.v[0], err);
	pike_files_release(&files);
	pike_strs_release(&paths);
	return ret;
}

/* Not pike_repo_base(), whose `main` anybody may have pushed. */
static int read_head(struct pike_receive *x, struct pike_err *err)
{
	struct pike_oid head;
	int ret = pike_ref_read(&x->head, x->r, "HEAD", err);

	if (ret == 1)
		memset(&x->head, 0, sizeof(x->head));
	if (ret)
		return ret == 1 ? 0 : ret;
	pike_oid_from(&head, &x->head);
	ret = pike_repo_config_at(&x->config, x->r, &head, err);
	return ret ? ret : read_signers(x, &head, err);
}

static void release(struct pike_receive *x)
{
	if (x->signers)
		unlink(x->signers);
	free(x->signers);
	pike_entries_release(&x->config);
}

/* ---- which refs ---- */

static int judge_branch(struct pike_receive *x, const struct pike_received *u,
			const char *name, struct pike_err *err)
{
	return pike_receive_search(x, u, name, false, err);
}

static int judge_ladder(struct pike_receive *x, const struct pike_received *u,
			const char *name, struct pike_err *err)
{
	return pike_receive_search(x, u, name, true, err);
}

static const struct guarded {
	const char *prefix;
	int (*judge)(struct pike_receive *x, const struct pike_received *u,
		     const char *name, struct pike_err *err);
} guarded[] = {
	{ .prefix = "refs/heads/pike/evo/", .judge = judge_branch },
	{ .prefix = "refs/pike/open/", .judge = judge_ladder },
	{ .prefix = "refs/notes/pike/", .judge = pike_receive_notes },
};

static const struct guarded *guard_of(const char *ref)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(guarded); i++)
		if (pike_starts_with(ref, guarded[i].prefix))
			return &guarded[i];
	return NULL;
}

static int judge(struct pike_receive *x, const struct pike_ref_update *v,
		 struct pike_err *err)
{
	const struct guarded *g = guard_of(v->ref);
	struct pike_received u = { .ref = v->ref };
	int ret;

	if (!g)
		return 0;
	ret = to_oid(&u.was, &v->was, err);
	if (!ret)
		ret = to_oid(&u.now, &v->now, err);
	if (!ret)
		ret = g->judge(x, &u, v->ref + strlen(g->prefix), err);
	return ret ? pike_err_prefix(err, "%s", v->ref) : 0;
}

int pike_repo_receive(struct pike_repo *r, const struct pike_ref_update *v,
		      size_t n, bool whole, struct pike_err *err)
{
	struct pike_receive x = { .r = r, .all = v, .nall = n, .whole = whole };
	bool any = false;
	int ret = 0;

	for (size_t i = 0; i < n; i++)
		any = any || guard_of(v[i].ref);
	if (any)
		ret = read_head(&x, err);
	for (size_t i = 0; !ret && i < n; i++)
		ret = judge(&x, &v[i], err);
	release(&x);
	return ret;
}
