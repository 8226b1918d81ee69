/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offer: the commit of a merge request: the base with a champion's evolvable
 * files, and nothing else. Who finds one on a branch can tell by its seal that
 * nobody has changed it since: what a person has touched is theirs.
 */
#include "git/offer.h"
#include "git/config_priv.h"
#include "git/repo_priv.h"

#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEAL "Pike-Seal: "

/* ---- the seal: of the text before it, the tree and the parent ---- */

static void seal_of(char out[65], const char *text, size_t len,
		    const git_oid *tree, const git_oid *parent)
{
	char hex[GIT_OID_HEXSZ + 1];
	struct pike_sha256 c;
	uint8_t sum[32];

	pike_sha256_init(&c);
	pike_sha256_add(&c, text, len);
	git_oid_tostr(hex, sizeof(hex), tree);
	pike_sha256_add(&c, hex, GIT_OID_HEXSZ);
	git_oid_tostr(hex, sizeof(hex), parent);
	pike_sha256_add(&c, hex, GIT_OID_HEXSZ);
	pike_sha256_end(&c, sum);
	pike_hex(out, sum, sizeof(sum));
}

/* How long the text before the seal is; 0: it has none as its last line. */
static size_t sealed_len(const struct pike_span *m)
{
	size_t n = m->n, len = strlen(SEAL) + 64;

	while (n && m->s[n - 1] == '\n')
		n--;
	if (n <= len || memcmp(m->s + n - len, SEAL, strlen(SEAL)) != 0 ||
	    m->s[n - len - 1] != '\n')
		return 0;
	return n - len;
}

static bool seal_holds(const struct pike_commit *c)
{
	size_t n = sealed_len(&c->message);
	git_oid parent;
	char seal[65];

	if (!n || c->nparents != 1)
		return false;
	pike_commit_parent(&parent, c, 0);
	seal_of(seal, c->message.s, n, git_commit_tree_id(c->c), &parent);
	return !memcmp(seal, c->message.s + n + strlen(SEAL), 64);
}

/* ---- what changes between two trees ---- */

static int diff_of(git_diff **out, struct pike_repo *r, const git_oid *a,
		   const git_oid *b, struct pike_err *err)
{
	git_tree *ta = NULL, *tb = NULL;
	int rc = git_tree_lookup(&ta, r->g, a);

	*out = NULL;
	if (!rc)
		rc = git_tree_lookup(&tb, r->g, b);
	if (!rc)
		rc = git_diff_tree_to_tree(out, r->g, ta, tb, NULL);
	git_tree_free(ta);
	git_tree_free(tb);
	return rc ? pike_git_fail(err, PIKE_FAILED, rc,
				  "cannot compare the merge request with its "
				  "base")
		  : 0;
}

/* A regular file of those that may change, that keeps its mode. */
static bool is_allowed(const git_diff_delta *d, const struct pike_strs *paths)
{
	if (!pike_strs_has(paths, d->new_file.path))
		return false;
	if (d->status == GIT_DELTA_ADDED)
		return d->new_file.mode == GIT_FILEMODE_BLOB;
	return d->status == GIT_DELTA_MODIFIED &&
	       d->new_file.mode == d->old_file.mode &&
	       (d->new_file.mode == GIT_FILEMODE_BLOB ||
		d->new_file.mode == GIT_FILEMODE_BLOB_EXECUTABLE);
}

/* Whatever wrote it: looked at once more before it leaves. */
static int check_diff(struct pike_repo *r, const git_oid *base,
		      const git_oid *tree, const struct pike_offer *o,
		      struct pike_err *err)
{
	git_diff *diff = NULL;
	int ret = diff_of(&diff, r, base, tree, err);

	for (size_t i = 0; !ret && i < git_diff_num_deltas(diff); i++) {
		const git_diff_delta *d = git_diff_get_delta(diff, i);

		if (!is_allowed(d, o->paths))
			ret =
			    pike_fail(err, PIKE_FAILED,
				      "the merge request would change '%s', "
				      "which is not an evolvable file of '%s'",
				      d->new_file.path, o->target);
	}
	if (!ret && !git_diff_num_deltas(diff))
		ret = pike_fail(err, PIKE_FAILED,
				"the merge request would change nothing");
	git_diff_free(diff);
	return ret;
}

int pike_offer_stat(struct pike_diffstat *out, struct pike_repo *r,
		    const struct pike_oid *base, const struct pike_files *files,
		    struct pike_err *err)
{
	git_diff_stats *stats = NULL;
	git_diff *diff = NULL;
	git_oid id, was, now;
	int rc, ret = pike_oid_to(&id, base, err);

	memset(out, 0, sizeof(*out));
	if (!ret)
		ret = pike_commit_tree_id(&was, r, &id, err);
	if (!ret)
		ret = pike_tree_with(&now, r, &was, files, err);
	if (!ret)
		ret = diff_of(&diff, r, &was, &now, err);
	if (ret)
		return ret;
	rc = git_diff_get_stats(&stats, diff);
	if (!rc) {
		out->files = git_diff_stats_files_changed(stats);
		out->added = git_diff_stats_insertions(stats);
		out->removed = git_diff_stats_deletions(stats);
	}
	git_diff_stats_free(stats);
	git_diff_free(diff);
	return rc ? pike_git_fail(err, PIKE_FAILED, rc, "cannot count lines")
		  : 0;
}

/* ---- the commit ---- */

int pike_offer_write(struct pike_oid *out, struct pike_repo *r,
		     const struct pike_offer *o, struct pike_err *err)
{
	git_oid base, base_tree, tree, id;
	struct pike_buf b;
	char seal[65];
	int ret = pike_oid_to(&base, &o->base, err);

	if (!ret)
		ret = pike_commit_tree_id(&base_tree, r, &base, err);
	if (!ret)
		ret = pike_tree_with(&tree, r, &base_tree, o->files, err);
	if (!ret)
		ret = check_diff(r, &base_tree, &tree, o, err);
	if (ret)
		return ret;
	seal_of(seal, o->message, strlen(o->message), &tree, &base);
	pike_buf_init(&b, (size_t)-1);
	pike_buf_addf(&b, "%s" SEAL "%s\n", o->message, seal);
	ret = pike_commit_signed(&id, r, b.s, &tree, &base, 1, err);
	pike_buf_release(&b);
	if (!ret)
		ret = pike_store_flush(r, err);
	if (!ret)
		pike_oid_from(out, &id);
	return ret;
}

static bool same_files(struct pike_repo *r, const struct pike_oid *commit,
		       const struct pike_offer *o)
{
	struct pike_files f = { 0 };
	bool same = !pike_repo_read(&f, r, commit, o->paths, true, NULL) &&
		    f.n == o->files->n;

	for (size_t i = 0; same && i < f.n; i++) {
		const struct pike_file *w =
		    pike_files_find(o->files, f.v[i].path);

		same = w && w->len == f.v[i].len &&
		       !memcmp(w->data, f.v[i].data, w->len);
	}
	pike_files_release(&f);
	return same;
}

int pike_offer_compare(enum pike_offer_state *out, struct pike_repo *r,
		       const struct pike_oid *commit,
		       const struct pike_offer *o, struct pike_err *err)
{
	struct pike_commit c;
	git_oid id;
	size_t n;
	int ret = pike_oid_to(&id, commit, err);

	if (!ret)
		ret = pike_commit_read(&c, r, &id, err);
	if (ret)
		return ret;
	*out = PIKE_OFFER_FOREIGN;
	if (seal_holds(&c)) {
		n = sealed_len(&c.message);
		*out = n == strlen(o->message) &&
			       !memcmp(c.message.s, o->message, n) &&
			       same_files(r, commit, o)
			   ? PIKE_OFFER_SAME
			   : PIKE_OFFER_OLD;
	}
	pike_commit_release(&c);
	return 0;
}
