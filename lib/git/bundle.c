/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle: a search's ladder and its inboxes in a file, for where a push cannot
 * be made (git-bundle(1)). What one holds is joined as if a remote had it.
 */
#include "git/join_priv.h"
#include "git/search_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	LIST_MAX = 16 * 1024 * 1024
};

static int run_needed(struct pike_buf *out, struct pike_repo *r,
		      const struct pike_strs *args, const struct pike_buf *in,
		      struct pike_err *err)
{
	int ret = pike_git_run(out, r, args, in, err);

	return ret == 1 ? pike_fail(err, PIKE_FATAL,
				    "bundles need the git program; install it")
			: ret;
}

static char *absolute(const char *path)
{
	char *cwd, *full;

	if (path[0] == '/')
		return pike_xstrdup(path);
	cwd = realpath(".", NULL);
	full = pike_xasprintf("%s/%s", cwd ? cwd : ".", path);
	free(cwd);
	return full;
}

/* Whoever wrote them: what was folded is not there any more. */
static int add_inboxes(struct pike_buf *in, const struct pike_search_ref *s,
		       struct pike_err *err)
{
	static const char *const spaces[] = { PIKE_NOTES_INBOX,
					      PIKE_CHAT_INBOX };
	int ret = 0;

	for (size_t i = 0; !ret && i < PIKE_ARRAY_LEN(spaces); i++) {
		char *prefix = pike_xasprintf("%s%s", spaces[i], s->prefix);
		struct pike_strs refs = PIKE_STRS_INIT;

		ret = pike_ref_list(&refs, s->r, prefix, err);
		for (size_t k = 0; k < refs.n; k++)
			pike_buf_addf(in, "%s\n", refs.v[k]);
		pike_strs_release(&refs);
		free(prefix);
	}
	return ret;
}

int pike_bundle_write(struct pike_search_ref *s, const char *path,
		      struct pike_err *err)
{
	struct pike_strs args = PIKE_STRS_INIT;
	struct pike_buf in;
	char *full = absolute(path), hex[GIT_OID_HEXSZ + 1];
	git_oid top, tip;
	bool ladder = !pike_ref_read(&top, s->r, s->ladder, NULL);
	bool branch = !pike_ref_read(&tip, s->r, s->branch, NULL);
	int ret;

	pike_buf_init(&in, (size_t)-1);
	ret = add_inboxes(&in, s, err);
	/* The receiver has the branch; without new rungs the ladder is it, and
	 * goes along only where there is nothing else. */
	if (ladder && (!in.len || !branch || !git_oid_equal(&top, &tip))) {
		branch = branch && !git_oid_equal(&top, &tip);
		pike_buf_addf(&in, "%s\n", s->ladder);
	}
	if (branch)
		pike_buf_addf(&in, "^%s\n",
			      git_oid_tostr(hex, sizeof(hex), &tip));
	if (!ret && !in.len)
		ret = pike_fail(err, PIKE_FAILED,
				"there is nothing to bundle for '%s/%s'",
				s->target, s->lane);
	if (ret)
		goto out;
	pike_strs_push(&args, "bundle");
	pike_strs_push(&args, "create");
	pike_strs_push(&args, "--quiet");
	pike_strs_push(&args, full);
	pike_strs_push(&args, "--stdin");
	ret = run_needed(NULL, s->r, &args, &in, err);
out:
	pike_strs_release(&args);
	pike_buf_release(&in);
	free(full);
	return ret;
}

/* A ref of the bundle: only ladders and inboxes are taken. */
static int take_ref(struct pike_repo *r, const char *line, struct pike_err *err)
{
	const char *name = strchr(line, ' ');
	struct pike_theirs t = { .name = name ? name + 1 : "" };
	git_object_t type;
	size_t len;

	if (!name || git_oid_fromstrn(&t.id, line, GIT_OID_HEXSZ) ||
	    git_odb_read_header(&len, &type, r->odb, &t.id) ||
	    type != GIT_OBJECT_COMMIT)
		return 0;
	switch (pike_kind_of(t.name)) {
	case PIKE_REF_LADDER:
		return pike_join_ladder(r, t.name + strlen(PIKE_LADDERS), &t.id,
					err);
	case PIKE_REF_INBOX:
		return pike_join_notes(r, &t, err);
	default:
		return 0;
	}
}

static int unbundle(struct pike_buf *out, struct pike_repo *r, const char *full,
		    struct pike_err *err)
{
	struct pike_strs args = PIKE_STRS_INIT;
	int ret;

	pike_strs_push(&args, "bundle");
	pike_strs_push(&args, "unbundle");
	pike_strs_push(&args, full);
	ret = run_needed(out, r, &args, NULL, err);
	pike_strs_release(&args);
	if (ret)
		pike_err_prefix(err, "cannot read the bundle '%s'", full);
	return ret;
}

int pike_bundle_read(struct pike_repo *r, const char *path,
		     struct pike_err *err)
{
	struct pike_strs lines = PIKE_STRS_INIT;
	struct pike_buf out;
	char *full = absolute(path);
	int fd = -1, ret;

	pike_buf_init(&out, LIST_MAX);
	ret = unbundle(&out, r, full, err);
	if (!ret)
		ret = pike_repo_lock(&fd, r, err);
	if (ret)
		goto out;
	git_odb_refresh(r->disk);
	pike_strs_split(&lines, out.s, "\n");
	for (size_t i = 0; !ret && i < lines.n; i++)
		ret = take_ref(r, lines.v[i], err);
	close(fd);
out:
	pike_strs_release(&lines);
	pike_buf_release(&out);
	free(full);
	return ret;
}
