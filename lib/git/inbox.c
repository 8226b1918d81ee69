/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inbox: result lines on their way in. A job appends to a notes ref of its
 * own; closing a generation joins such refs into refs/notes/pike/results.
 */
#include "git/notes_priv.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	FLAT_MAX = 256,	   /* entries of an inbox without folders */
	RESULTS_DEPTH = 2, /* XX/XX/36: flat in cost up to 10^5 commits */
	TRIES = 40,
	LINE_MAX_BYTES = 64 * 1024,
};

void pike_inbox_prefix(char out[10], const char *target, const char *lane)
{
	char *s = pike_xasprintf("%s/%s", target, lane), hex[65];

	pike_sha256_hex(hex, s, strlen(s));
	memcpy(out, hex, 8);
	memcpy(out + 8, "-", 2);
	free(s);
}

int pike_inbox_list(struct pike_strs *out, struct pike_repo *r, bool chat,
		    struct pike_err *err)
{
	struct pike_strs all = PIKE_STRS_INIT;
	int ret = pike_ref_list(&all, r, PIKE_NOTES_INBOX, err);

	for (size_t i = 0; !ret && i < all.n; i++)
		if (pike_starts_with(all.v[i], PIKE_CHAT_INBOX) == chat)
			pike_strs_push(out, all.v[i]);
	pike_strs_release(&all);
	return ret;
}

char *pike_inbox_name(const char *prefix)
{
	uint8_t rnd[8];
	char hex[17];

	pike_random_bytes(rnd, sizeof(rnd));
	pike_hex(hex, rnd, sizeof(rnd));
	return pike_xasprintf(PIKE_NOTES_INBOX "%s%s-%lx-%llx", prefix, hex,
			      (unsigned long)getpid(),
			      (unsigned long long)pike_unix_time());
}

void pike_notes_of(struct pike_notes *out, const struct pike_result *res,
		   size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct pike_buf b;
		git_oid id;

		pike_buf_init(&b, 2 * LINE_MAX_BYTES);
		pike_result_print(&b, &res[i]);
		pike_buf_addc(&b, '\n');
		if (b.len > LINE_MAX_BYTES + 1 ||
		    pike_oid_to(&id, &res[i].commit, NULL))
			pike_warn("a result of commit '%.12s' cannot be "
				  "recorded: %zu bytes",
				  res[i].commit.hex, b.len);
		else
			pike_notes_add(out, &id, b.s, b.len);
		pike_buf_release(&b);
	}
}

static bool is_flat(const git_tree *t)
{
	return !git_tree_entrycount(t) ||
	       git_tree_entry_type(git_tree_entry_byindex(t, 0)) ==
		   GIT_OBJECT_BLOB;
}

struct relay {
	struct pike_repo *r;
	struct pike_notes *l;
};

static int relay_note(void *ctx, const git_oid *commit, const git_oid *blob,
		      struct pike_err *err)
{
	struct relay *y = ctx;
	git_odb_object *o = NULL;
	int rc = git_odb_read(&o, y->r->odb, blob);

	if (rc)
		return pike_git_fail(err, PIKE_FAILED, rc,
				     "cannot read a note");
	pike_notes_add(y->l, commit, git_odb_object_data(o),
		       git_odb_object_size(o));
	git_odb_object_free(o);
	return 0;
}

/* An inbox starts flat, which is cheapest, and gets folders as it grows. */
static int lay_out(git_oid *out, struct pike_repo *r, git_tree *base,
		   struct pike_notes *l, struct pike_err *err)
{
	size_t have = base ? git_tree_entrycount(base) : 0;
	struct relay y = { r, l };

	if (base && !is_flat(base))
		return pike_notes_union(out, r, base, l, 1, err);
	if (have + l->n <= FLAT_MAX)
		return pike_notes_union(out, r, base, l, 0, err);
	if (base && pike_notes_each(r, base, NULL, relay_note, &y, err))
		return PIKE_FAILED;
	return pike_notes_union(out, r, NULL, l, 1, err);
}

/* Once folded, an inbox is deleted, and its name not used again. */
static int still_there(const struct pike_inbox *in, struct pike_repo *r,
		       struct pike_err *err)
{
	git_oid now;
	int ret = pike_ref_read(&now, r, in->ref, err);

	if (ret < 0 || (!ret && git_oid_equal(&now, &in->tip)))
		return ret;
	return pike_fail(err, PIKE_RETRY, "'%s' was folded", in->ref);
}

static int inbox_try(struct pike_inbox *in, struct pike_repo *r,
		     struct pike_notes *l, struct pike_err *err)
{
	bool first = git_oid_is_zero(&in->tip);
	git_tree *base = NULL;
	git_oid tree, tip;
	int rc, ret = first ? 0 : still_there(in, r, err);

	if (ret)
		return ret;
	rc = first ? 0 : git_tree_lookup(&base, r->g, &in->tree);
	if (rc)
		ret = pike_git_fail(err, PIKE_FATAL, rc, "cannot read '%s'",
				    in->ref);
	if (!ret)
		ret = lay_out(&tree, r, base, l, err);
	if (!ret)
		ret = pike_commit_signed(&tip, r, "pike: notes\n", &tree,
					 &in->tip, !first, err);
	if (!ret)
		ret = pike_ref_move(r, in->ref, &tip, first ? NULL : &in->tip,
				    "pike: notes", err);
	git_tree_free(base);
	if (!ret) {
		in->tip = tip;
		in->tree = tree;
	}
	return ret;
}

static void forget(struct pike_inbox *in)
{
	free(in->ref);
	memset(in, 0, sizeof(*in));
}

int pike_inbox_append(struct pike_inbox *in, struct pike_repo *r,
		      const char *prefix, struct pike_notes *l,
		      struct pike_err *err)
{
	int fd, ret = pike_repo_lock(&fd, r, err);

	if (ret)
		return ret;
	for (int i = 0; i < TRIES; i++) {
		if (!in->ref)
			in->ref = pike_inbox_name(prefix);
		ret = inbox_try(in, r, l, err);
		if (ret != PIKE_RETRY)
			break;
		/* Folded and deleted meanwhile; its name is not used again. */
		forget(in);
	}
	close(fd);
	return ret;
}

static bool is_among(const git_oid *ids, size_t n, const git_oid *id)
{
	for (size_t i = 0; i < n; i++)
		if (git_oid_equal(&ids[i], id))
			return true;
	return false;
}

static int join(struct pike_publication *p, struct pike_repo *r,
		const git_oid *tree, struct pike_err *err)
{
	git_oid *parents = pike_xcalloc(p->nfrom + 1, sizeof(*parents));
	size_t n = 0;
	int ret;

	if (!git_oid_is_zero(&p->was))
		parents[n++] = p->was;
	for (size_t i = 0; i < p->nfrom; i++)
		if (!is_among(parents, n, &p->from[i]))
			parents[n++] = p->from[i];
	ret = pike_commit_signed(&p->tip, r, "pike: notes\n", tree, parents, n,
				 err);
	free(parents);
	return ret;
}

/* Is one of the tips not below the ref yet? That it was joined is told by its
 * place in the history, though there be no new line in it. */
static bool unjoined(const struct pike_publication *p, struct pike_repo *r)
{
	for (size_t i = 0; i < p->nfrom; i++)
		if (!git_oid_equal(&p->was, &p->from[i]) &&
		    git_graph_descendant_of(r->g, &p->was, &p->from[i]) != 1)
			return true;
	return false;
}

int pike_notes_prepare(struct pike_publication *p, struct pike_repo *r,
		       struct pike_err *err)
{
	git_tree *base = NULL;
	git_oid tree;
	int ret = 0;

	memset(&p->was, 0, sizeof(p->was));
	memset(&p->tip, 0, sizeof(p->tip));
	if (p->lines.n || p->nfrom)
		ret = pike_notes_open(&p->was, &base, r, p->ref, err);
	if (ret < 0 || (!base && !p->lines.n))
		return ret < 0 ? ret : 0;
	ret = pike_notes_union(&tree, r, base, &p->lines, RESULTS_DEPTH, err);
	if (!ret && (!base || !git_oid_equal(&tree, git_tree_id(base)) ||
		     unjoined(p, r)))
		ret = join(p, r, &tree, err);
	git_tree_free(base);
	return ret;
}

void pike_publication_release(struct pike_publication *p)
{
	pike_notes_release(&p->lines);
	free(p->from);
}

int pike_notes_publish(struct pike_publication *p, struct pike_repo *r,
		       struct pike_err *err)
{
	int ret = 0;

	for (int i = 0; i < TRIES && !git_oid_is_zero(&p->tip); i++) {
		ret = pike_ref_move(r, p->ref, &p->tip,
				    git_oid_is_zero(&p->was) ? NULL : &p->was,
				    "pike: notes", err);
		if (ret != PIKE_RETRY)
			break;
		pike_jitter(i);
		ret = pike_notes_prepare(p, r, err);
		if (ret)
			break;
	}
	return ret;
}
