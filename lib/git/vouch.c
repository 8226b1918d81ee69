/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vouch: who has signed a result. A line comes in with a commit of an inbox,
 * which stays a parent of what joins it, so the first commit that has the line
 * is found from the newest, and its signature is the runner's.
 */
#include "git/notes_priv.h"
#include "git/offer.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	STEPS_MAX = 100000,
	VERIFY_MS = 60 * 1000,
};

/* The line that is looked for: by its id, of this commit. */
struct wanted {
	struct pike_repo *r;
	const struct pike_result *res;
	git_oid commit;
};

static bool line_is(const struct wanted *w, const char *line, size_t len)
{
	struct pike_result got;
	bool same;

	if (pike_result_parse(&got, line, len, NULL))
		return false;
	same = got.ts == w->res->ts && got.id && w->res->id &&
	       !strcmp(got.id, w->res->id) &&
	       pike_oid_eq(&got.commit, &w->res->commit);
	pike_result_release(&got);
	return same;
}

static bool tree_has(const struct wanted *w, const git_tree *tree)
{
	struct pike_buf b;
	bool found = false;

	pike_buf_init(&b, (size_t)-1);
	if (!pike_notes_get(&b, w->r, tree, &w->commit, NULL))
		for (const char *p = b.s; !found && *p;) {
			size_t n = strcspn(p, "\n");

			found = n && line_is(w, p, n);
			p += n + (p[n] == '\n');
		}
	pike_buf_release(&b);
	return found;
}

static bool commit_has(const struct wanted *w, const git_oid *id)
{
	git_commit *c = NULL;
	git_tree *tree = NULL;
	bool found = false;

	if (!git_commit_lookup(&c, w->r->g, id) && !git_commit_tree(&tree, c))
		found = tree_has(w, tree);
	git_tree_free(tree);
	git_commit_free(c);
	return found;
}

/* The parent that has it already; false: none has. */
static bool step(git_oid *at, const struct wanted *w)
{
	git_commit *c = NULL;
	bool found = false;

	if (git_commit_lookup(&c, w->r->g, at))
		return false;
	for (unsigned i = git_commit_parentcount(c); !found && i--;) {
		const git_oid *p = git_commit_parent_id(c, i);

		found = commit_has(w, p);
		if (found)
			*at = *p;
	}
	git_commit_free(c);
	return found;
}

/* 1: no notes have it. */
static int find_first(git_oid *out, const struct wanted *w,
		      struct pike_err *err)
{
	struct pike_strs refs = PIKE_STRS_INIT;
	int ret = pike_inbox_list(&refs, w->r, false, err);
	bool found = false;

	pike_strs_push(&refs, PIKE_NOTES_RESULTS);
	for (size_t i = 0; !ret && !found && i < refs.n; i++)
		found = !pike_ref_read(out, w->r, refs.v[i], NULL) &&
			commit_has(w, out);
	pike_strs_release(&refs);
	for (int i = 0; found && i < STEPS_MAX && step(out, w); i++)
		;
	return ret ? ret : !found;
}

/* Keys of the list are of ssh: what another tool has signed, others vouch for.
 */
static bool is_ssh_signed(struct pike_repo *r, git_oid *id)
{
	git_buf sig = { 0 }, data = { 0 };
	bool yes = !git_commit_extract_signature(&sig, &data, r->g, id, NULL) &&
		   sig.ptr &&
		   pike_starts_with(sig.ptr, "-----BEGIN SSH SIGNATURE-----");

	git_buf_dispose(&sig);
	git_buf_dispose(&data);
	return yes;
}

static int verify(bool *out, struct pike_repo *r, git_oid *id, const char *file)
{
	struct pike_strs args = PIKE_STRS_INIT;
	const struct pike_git_call c = { .args = &args,
					 .timeout_ms = VERIFY_MS };
	char hex[GIT_OID_HEXSZ + 1];
	int ret;

	pike_strs_push(&args, "-c");
	pike_strs_pushf(&args, "gpg.ssh.allowedSignersFile=%s", file);
	pike_strs_push(&args, "-c");
	pike_strs_push(&args, "gpg.ssh.revocationFile=");
	/* Not of a key that is good and nobody's. */
	pike_strs_push(&args, "-c");
	pike_strs_push(&args, "gpg.minTrustLevel=fully");
	pike_strs_push(&args, "verify-commit");
	pike_strs_push(&args, git_oid_tostr(hex, sizeof(hex), id));
	ret = pike_git_call(NULL, r, &c, NULL);
	*out = !ret;
	pike_strs_release(&args);
	return ret == 1;
}

static int verify_by(bool *out, struct pike_repo *r, git_oid *id,
		     const char *signers, size_t len, struct pike_err *err)
{
	const char *tmp = getenv("TMPDIR");
	char *path = pike_xasprintf("%s/pike-signers.XXXXXX",
				    tmp && *tmp ? tmp : "/tmp");
	int fd = mkstemp(path), ret;

	if (fd < 0) {
		ret =
		    pike_fail_errno(err, PIKE_FATAL, "cannot write '%s'", path);
		goto out;
	}
	ret = pike_write_all(fd, signers, len, err);
	if (!ret && verify(out, r, id, path))
		ret = pike_fail(err, PIKE_FATAL,
				"signatures need the git program; install it");
	close(fd);
	unlink(path);
out:
	free(path);
	return ret;
}

int pike_result_vouched(bool *out, struct pike_repo *r,
			const struct pike_result *res, const char *signers,
			size_t len, struct pike_err *err)
{
	struct wanted w = { .r = r, .res = res };
	git_oid first;
	int ret = pike_oid_to(&w.commit, &res->commit, err);

	*out = false;
	if (!ret)
		ret = find_first(&first, &w, err);
	if (ret)
		return ret == 1 ? 0 : ret;
	if (!is_ssh_signed(r, &first))
		return 0;
	return verify_by(out, r, &first, signers, len, err);
}
