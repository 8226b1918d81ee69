/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign: commits that carry a signature, where the user's git is set to sign.
 *
 * The git program makes them, and so whatever it knows of keys and formats
 * counts: gpg.format, gpg.program, user.signingkey as a file, a literal or the
 * agent's. A generation covers its candidates and a notes commit its batch, so
 * one signature each is enough.
 */
#include "git/repo_priv.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SIGN_MS = 2 * 60 * 1000 /* somebody may have to type a passphrase */
};

/* git knows this one without having it. */
#define EMPTY_TREE "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

bool pike_signs(const struct pike_repo *r)
{
	git_config *snap = NULL;
	int yes = 0;

	if (!git_repository_config_snapshot(&snap, r->g))
		git_config_get_bool(&yes, snap, "commit.gpgsign");
	git_config_free(snap);
	return yes != 0;
}

static int refuse(struct pike_err *err, int ret, const struct pike_err *why)
{
	if (ret == 1)
		return pike_fail(err, PIKE_FATAL,
				 "commit.gpgsign is set, and signing needs the "
				 "git program; install it");
	return pike_fail(err, PIKE_FATAL,
			 "cannot sign a commit, as commit.gpgsign asks for: "
			 "%s; mend user.signingkey, gpg.format or gpg.program, "
			 "or run 'git config commit.gpgsign false' here",
			 why->text);
}

static void add_identity(struct pike_strs *env, const struct pike_repo *r)
{
	pike_strs_pushf(env, "GIT_AUTHOR_NAME=%s", r->author.name);
	pike_strs_pushf(env, "GIT_AUTHOR_EMAIL=%s", r->author.email);
	pike_strs_pushf(env, "GIT_COMMITTER_NAME=%s", r->committer.name);
	pike_strs_pushf(env, "GIT_COMMITTER_EMAIL=%s", r->committer.email);
}

static int commit_tree(git_oid *out, struct pike_repo *r,
		       struct pike_git_call *c, struct pike_err *err)
{
	struct pike_err why = PIKE_ERR_INIT;
	struct pike_buf id;
	int ret;

	pike_buf_init(&id, 4096);
	c->timeout_ms = SIGN_MS;
	ret = pike_git_call(&id, r, c, &why);
	if (!ret && git_oid_fromstrn(out, id.s, strcspn(id.s, "\n")))
		ret = pike_fail(&why, PIKE_FAILED,
				"git commit-tree gave no commit");
	pike_buf_release(&id);
	return ret ? refuse(err, ret, &why) : 0;
}

int pike_commit_signed(git_oid *out, struct pike_repo *r, const char *message,
		       const git_oid *tree, const git_oid *parents, size_t n,
		       struct pike_err *err)
{
	struct pike_strs args = PIKE_STRS_INIT, env = PIKE_STRS_INIT;
	struct pike_git_call c = { .args = &args, .env = &env };
	char hex[GIT_OID_HEXSZ + 1];
	struct pike_buf in;
	int ret;

	if (!pike_signs(r))
		return pike_commit_write(out, r, message, tree, parents, n,
					 err);
	pike_buf_init(&in, SIZE_MAX);
	pike_buf_adds(&in, message);
	c.in = &in;
	add_identity(&env, r);
	pike_strs_push(&args, "commit-tree");
	pike_strs_push(&args, "-S");
	for (size_t i = 0; i < n; i++) {
		pike_strs_push(&args, "-p");
		pike_strs_push(&args,
			       git_oid_tostr(hex, sizeof(hex), &parents[i]));
	}
	pike_strs_push(&args, git_oid_tostr(hex, sizeof(hex), tree));
	/* git looks for what it names on disk. */
	ret = pike_store_flush(r, err);
	if (!ret)
		ret = commit_tree(out, r, &c, err);
	r->has_signed = r->has_signed || !ret;
	pike_buf_release(&in);
	pike_strs_release(&args);
	pike_strs_release(&env);
	return ret;
}

/* A commit outside of the object store. */
static int try_signing(struct pike_repo *r, const char *dir,
		       struct pike_err *err)
{
	struct pike_strs args = PIKE_STRS_INIT, env = PIKE_STRS_INIT;
	struct pike_git_call c = { .args = &args, .env = &env };
	git_oid id;
	int ret;

	add_identity(&env, r);
	pike_strs_pushf(&env, "GIT_OBJECT_DIRECTORY=%s", dir);
	pike_strs_push(&args, "commit-tree");
	pike_strs_push(&args, "-S");
	pike_strs_push(&args, EMPTY_TREE);
	ret = commit_tree(&id, r, &c, err);
	pike_strs_release(&args);
	pike_strs_release(&env);
	return ret;
}

int pike_sign_check(struct pike_repo *r, struct pike_err *err)
{
	const char *tmp = getenv("TMPDIR");
	char *dir;
	int ret;

	if (r->has_signed || !pike_signs(r))
		return 0;
	dir = pike_xasprintf("%s/pike-sign.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (mkdtemp(dir)) {
		ret = try_signing(r, dir, err);
		pike_rm_rf(dir, NULL);
	} else {
		ret = pike_fail_errno(err, PIKE_FATAL,
				      "cannot make a folder in '%s'",
				      tmp ? tmp : "/tmp");
	}
	r->has_signed = !ret;
	free(dir);
	return ret;
}

int pike_repo_signs(bool *out, struct pike_repo *r, struct pike_err *err)
{
	*out = pike_signs(r);
	return pike_sign_check(r, err);
}
