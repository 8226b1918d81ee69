/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack: keeps the store small and look-ups flat.
 *
 * A closed generation's loose objects become one pack. Packs of ours, listed
 * in <commondir>/pike-packs, are merged when FAN of them have about the same
 * size, so that their number grows with the logarithm of the objects. Packs
 * that others wrote are left alone. A new pack is on disk and found before
 * anything that it replaces is removed.
 */
#include "git/search_priv.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FAN = 8,
	LIST_MAX = 4 * 1024 * 1024,
	IDX_MAX = 512 * 1024 * 1024,
	IDX_HEAD = 8 + 256 * 4,
	BUILTIN_MAX = 20000, /* objects merged without git, and deltas */
	/* More than these keep the deltas that smaller merges have found: to
	 * look for others took six seconds of 200,000 objects. */
	SEARCH_MAX = 64 * 1024,
};

struct oids {
	git_oid *v;
	size_t n, cap;
};

static void oids_add(struct oids *l, const git_oid *id)
{
	PIKE_GROW(l->v, l->n, l->cap);
	l->v[l->n++] = *id;
}

/* ---- the list of our packs ---- */

struct pack {
	char name[64]; /* hash in the file's name */
	size_t objects;
};
struct packs {
	struct pack *v;
	size_t n, cap;
};

static char *pack_path(const struct pike_repo *r, const char *name,
		       const char *ext)
{
	return pike_xasprintf("%sobjects/pack/pack-%s.%s", r->commondir, name,
			      ext);
}

static uint32_t be32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 |
	       (uint32_t)u[2] << 8 | u[3];
}

/* Reads the ids of a pack from its index, version 2. */
static int pack_ids(struct oids *out, const struct pike_repo *r,
		    const char *name)
{
	char *path = pack_path(r, name, "idx");
	struct pike_buf b;
	size_t n = 0;
	int ret;

	pike_buf_init(&b, IDX_MAX);
	ret = pike_read_file(&b, path, NULL);
	if (!ret && b.len > IDX_HEAD && !memcmp(b.s, "\377tOc\0\0\0\2", 8))
		n = be32(b.s + IDX_HEAD - 4);
	if (n > (b.len - (b.len < IDX_HEAD ? b.len : IDX_HEAD)) / 20)
		n = 0;
	for (size_t i = 0; i < n; i++) {
		git_oid id;

		git_oid_fromraw(&id, (unsigned char *)b.s + IDX_HEAD + i * 20);
		oids_add(out, &id);
	}
	pike_buf_release(&b);
	free(path);
	return n ? 0 : -1;
}

static size_t pack_count(const struct pike_repo *r, const char *name)
{
	char *path = pack_path(r, name, "idx"), head[IDX_HEAD];
	FILE *f = fopen(path, "rbe");
	size_t n = 0;

	if (f && fread(head, 1, sizeof(head), f) == sizeof(head) &&
	    !memcmp(head, "\377tOc\0\0\0\2", 8))
		n = be32(head + IDX_HEAD - 4);
	if (f)
		fclose(f);
	free(path);
	return n;
}

static bool is_hash(const char *s)
{
	return strlen(s) == GIT_OID_HEXSZ &&
	       strspn(s, "0123456789abcdef") == GIT_OID_HEXSZ;
}

static void list_read(struct packs *out, const struct pike_repo *r)
{
	char *path = pike_repo_path(r, PIKE_PACK_LIST);
	struct pike_strs lines = PIKE_STRS_INIT;
	struct pike_buf b;

	pike_buf_init(&b, LIST_MAX);
	/* Without the list packs are only not merged. */
	if (!pike_read_file(&b, path, NULL))
		pike_strs_split(&lines, b.s, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		size_t count =
		    is_hash(lines.v[i]) ? pack_count(r, lines.v[i]) : 0;

		if (!count)
			continue;
		PIKE_GROW(out->v, out->n, out->cap);
		memcpy(out->v[out->n].name, lines.v[i], GIT_OID_HEXSZ + 1);
		out->v[out->n++].objects = count;
	}
	pike_strs_release(&lines);
	pike_buf_release(&b);
	free(path);
}

static void list_write(const struct pike_repo *r, const struct packs *l)
{
	char *path = pike_repo_path(r, PIKE_PACK_LIST);
	struct pike_buf b;

	pike_buf_init(&b, LIST_MAX);
	for (size_t i = 0; i < l->n; i++)
		pike_buf_addf(&b, "%s\n", l->v[i].name);
	pike_write_file(path, b.s, b.len, NULL);
	pike_share(r, PIKE_PACK_LIST);
	pike_buf_release(&b);
	free(path);
}

void pike_pack_note(struct pike_repo *r, const char *name)
{
	char *path = pike_repo_path(r, PIKE_PACK_LIST);
	FILE *f = name && is_hash(name) ? fopen(path, "ae") : NULL;

	if (f) {
		fprintf(f, "%s\n", name);
		fclose(f);
		pike_share(r, PIKE_PACK_LIST);
	}
	free(path);
}

/* ---- writing packs ---- */

/* The index last: a pack without one is not looked at. */
static int move_pack(const struct pike_repo *r, const char *from,
		     const char *name, struct pike_err *err)
{
	static const char *const ext[] = { "pack", "idx" };
	int ret = 0;

	for (size_t i = 0; !ret && i < PIKE_ARRAY_LEN(ext); i++) {
		char *to = pack_path(r, name, ext[i]);
		char *old = pike_xasprintf("%s/pack-%s.%s", from, name, ext[i]);

		if (rename(old, to))
			ret = pike_fail_errno(err, PIKE_FATAL,
					      "cannot put a pack in '%s'", to);
		else
			ret = pike_sync_dir_of(r, to, err);
		pike_share_full(r, to);
		free(old);
		free(to);
	}
	return ret;
}

/* In one piece: for each of many libgit2 maps the file anew. */
static int index_pack(char name[64], const char *dir,
		      const struct pike_buf *pack)
{
	git_indexer_progress stats = { 0 };
	git_indexer *ix = NULL;
	int rc = git_indexer_new(&ix, dir, 0, NULL, NULL);

	if (!rc)
		rc = git_indexer_append(ix, pack->s, pack->len, &stats);
	if (!rc)
		rc = git_indexer_commit(ix, &stats);
	if (!rc)
		snprintf(name, 64, "%s", git_indexer_name(ix));
	git_indexer_free(ix);
	return rc;
}

int pike_pack_write(char name[64], struct pike_repo *r, const git_oid *ids,
		    size_t n, struct pike_err *err)
{
	const char *dir = pike_repo_spool(r, err);
	struct pike_buf pack;
	int rc;

	if (!dir)
		return PIKE_FATAL;
	rc = pike_pack_build(&pack, r, ids, n);
	if (!rc)
		rc = index_pack(name, dir, &pack);
	pike_buf_release(&pack);
	return rc ? pike_git_fail(err, PIKE_FATAL, rc,
				  "cannot write a pack (is the disk full?)")
		  : move_pack(r, dir, name, err);
}

static void remove_pack(const struct pike_repo *r, const char *name)
{
	static const char *const ext[] = { "idx", "rev", "pack" };

	for (size_t i = 0; i < PIKE_ARRAY_LEN(ext); i++) {
		char *path = pack_path(r, name, ext[i]);

		unlink(path);
		free(path);
	}
}

static int has_all(const struct pike_repo *r, const char *name,
		   const struct oids *l, struct pike_err *err)
{
	struct pike_oidset have = { NULL, 0, 0 };
	struct oids got = { NULL, 0, 0 };
	int ret = pack_ids(&got, r, name);

	for (size_t i = 0; i < got.n; i++)
		pike_oidset_add(&have, &got.v[i]);
	for (size_t i = 0; !ret && i < l->n; i++)
		ret = pike_oidset_has(&have, &l->v[i]) ? 0 : -1;
	pike_oidset_release(&have);
	free(got.v);
	return ret ? pike_fail(err, PIKE_FAILED, "pack '%s' is not complete",
			       name)
		   : 0;
}

/* One pack out of several; the old ones go once the new one has it all. */
static int merge(char name[64], struct pike_repo *r, const struct packs *from,
		 bool search, struct pike_err *err)
{
	struct oids l = { NULL, 0, 0 };
	int ret = 0;

	for (size_t i = 0; !ret && i < from->n; i++)
		ret = pack_ids(&l, r, from->v[i].name);
	if (ret)
		ret = pike_fail(err, PIKE_FAILED, "cannot read a pack's index");
	if (!ret)
		ret = pike_pack_by_git(name, r, l.v, l.n,
				       search || l.n <= SEARCH_MAX, err);
	if (ret && l.n && l.n <= BUILTIN_MAX)
		ret = pike_pack_write(name, r, l.v, l.n, err);
	else if (ret == 1)
		ret = pike_fail(err, PIKE_FAILED,
				"merging large packs needs the git program");
	if (!ret)
		ret = has_all(r, name, &l, err);
	if (!ret)
		git_odb_refresh(r->disk);
	for (size_t i = 0; !ret && i < from->n; i++)
		if (strcmp(from->v[i].name, name) != 0)
			remove_pack(r, from->v[i].name);
	free(l.v);
	return ret;
}

static int tier_of(size_t objects)
{
	int t = 0;

	for (size_t k = 256; k < objects; k *= FAN)
		t++;
	return t;
}

/* Takes the packs of one tier out of the list; -1: all of them. */
static void take_tier(struct packs *out, struct packs *l, int tier)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (tier >= 0 && tier_of(l->v[i].objects) != tier) {
			l->v[n++] = l->v[i];
			continue;
		}
		PIKE_GROW(out->v, out->n, out->cap);
		out->v[out->n++] = l->v[i];
	}
	l->n = n;
}

static size_t tier_size(const struct packs *l, int tier)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += tier_of(l->v[i].objects) == tier;
	return n;
}

static int merge_tier(struct packs *l, struct pike_repo *r, int tier,
		      struct pike_err *err)
{
	struct packs from = { NULL, 0, 0 };
	struct pack fresh = { .objects = 0 };
	int ret;

	take_tier(&from, l, tier);
	/* All of them: somebody asks for a small store. */
	ret = merge(fresh.name, r, &from, tier < 0, err);
	if (!ret) {
		fresh.objects = pack_count(r, fresh.name);
		PIKE_GROW(l->v, l->n, l->cap);
		l->v[l->n++] = fresh;
		list_write(r, l);
		ret = pike_store_check(r, err);
	}
	free(from.v);
	return ret;
}

int pike_pack_merge(struct pike_repo *r, struct pike_err *err)
{
	struct packs l = { NULL, 0, 0 };
	int ret = 0;

	if (r->precious)
		return 0;
	list_read(&l, r);
	for (int t = 0; !ret && t < 12; t++)
		if (tier_size(&l, t) >= FAN)
			ret = merge_tier(&l, r, t, err);
	free(l.v);
	return ret;
}

/* ---- what a generation adds ---- */

struct gather {
	struct pike_repo *r;
	struct oids found; /* loose ones */
	struct pike_oidset seen;
};

/* Staged or loose. What is packed already is not looked into: it was packed
 * as a whole. */
static bool is_new(struct gather *g, const git_oid *id)
{
	if (pike_staging_has(g->r->stage, id))
		return true;
	if (!pike_is_loose(g->r, id))
		return false;
	oids_add(&g->found, id);
	return true;
}

/* Of a folder with a hundred files one may have changed: only what is not in
 * `old` is looked at. NULL: there is no older one. */
static int gather_tree(struct gather *g, const git_oid *id, const git_oid *old)
{
	git_tree *t = NULL, *o = NULL;
	int ret = 0;

	if (!pike_oidset_add(&g->seen, id) || !is_new(g, id))
		return 0;
	ret = git_tree_lookup(&t, g->r->g, id);
	if (!ret && old)
		ret = git_tree_lookup(&o, g->r->g, old);
	for (size_t i = 0; !ret && i < git_tree_entrycount(t); i++) {
		const git_tree_entry *e = git_tree_entry_byindex(t, i);
		const git_tree_entry *was =
		    o ? git_tree_entry_byname(o, git_tree_entry_name(e)) : NULL;
		const git_oid *eid = git_tree_entry_id(e);
		git_object_t type = git_tree_entry_type(e);

		if (was && git_oid_equal(git_tree_entry_id(was), eid))
			continue;
		if (was && git_tree_entry_type(was) != GIT_OBJECT_TREE)
			was = NULL;
		if (type == GIT_OBJECT_TREE)
			ret = gather_tree(g, eid,
					  was ? git_tree_entry_id(was) : NULL);
		else if (type == GIT_OBJECT_BLOB &&
			 pike_oidset_add(&g->seen, eid))
			is_new(g, eid);
	}
	git_tree_free(o);
	git_tree_free(t);
	return ret;
}

/* A commit that is new, and its tree; 1: it is not. */
static int gather_commit(git_oid *parent, struct gather *g, const git_oid *id)
{
	git_oid tree, old;
	struct pike_raw c;
	int ret;

	memset(parent, 0, sizeof(*parent));
	if (!pike_oidset_add(&g->seen, id) || !is_new(g, id))
		return 1;
	ret = pike_raw_read(&c, g->r, id, NULL);
	if (ret)
		return ret;
	git_oid_fromstr(&tree, c.tree);
	pike_raw_parent(parent, &c, 0);
	pike_raw_release(&c);
	if (git_oid_is_zero(parent))
		return gather_tree(g, &tree, NULL);
	ret = pike_commit_tree_id(&old, g->r, parent, NULL);
	return ret ? ret : gather_tree(g, &tree, &old);
}

/* A chain of commits, as far as it is new. */
static int gather_chain(struct gather *g, git_oid at)
{
	int ret = 0;

	while (!ret && !git_oid_is_zero(&at)) {
		git_oid id = at;

		ret = gather_commit(&at, g, &id);
	}
	return ret == 1 ? 0 : ret;
}

/* A rung or a person's commit, and the candidates on it. */
static int gather_link(git_oid *next, struct gather *g, const git_oid *id)
{
	git_oid ignored;
	struct pike_raw c;
	int ret = pike_raw_read(&c, g->r, id, NULL);
	bool end = !ret && pike_raw_trailer(&c, "Pike-Champion").n > 0;

	memset(next, 0, sizeof(*next));
	if (!ret && !end) {
		pike_raw_parent(next, &c, 0);
		ret = gather_commit(&ignored, g, id);
	}
	for (size_t i = 1; ret >= 0 && !end && i < c.nparents; i++) {
		git_oid p;

		pike_raw_parent(&p, &c, i);
		ret = gather_commit(&ignored, g, &p);
	}
	pike_raw_release(&c);
	return ret == 1 ? 0 : ret;
}

/* Rungs that are packed may stand on others that are not. */
static int gather_ladder(struct gather *g, git_oid at, const char *stop)
{
	char hex[GIT_OID_HEXSZ + 1];
	int ret = 0;

	while (!ret && !git_oid_is_zero(&at) &&
	       strcmp(git_oid_tostr(hex, sizeof(hex), &at), stop) != 0) {
		git_oid id = at;

		ret = gather_link(&at, g, &id);
	}
	return ret;
}

/* One pack of what is staged and these, whose files go. */
static int pack_all(struct pike_repo *r, const struct oids *loose,
		    struct pike_err *err)
{
	struct oids l = { NULL, 0, 0 };
	char name[64];
	int ret;

	for (size_t i = 0; i < pike_staging_mark(r->stage); i++)
		oids_add(&l, pike_staging_id(r->stage, i));
	for (size_t i = 0; i < loose->n; i++)
		oids_add(&l, &loose->v[i]);
	ret = pike_pack_write(name, r, l.v, l.n, err);
	if (!ret)
		ret = has_all(r, name, &l, err);
	free(l.v);
	if (ret)
		return ret;
	pike_pack_note(r, name);
	git_odb_refresh(r->disk);
	pike_staging_packed(r->stage);
	for (size_t i = 0; i < loose->n; i++) {
		pike_drop_loose(r, &loose->v[i]);
		pike_staging_moved(r->stage, &loose->v[i], PIKE_PACKED);
	}
	return 0;
}

int pike_pack_closing(struct pike_repo *r, const struct pike_closing_tips *t,
		      const struct pike_oid *stop, struct pike_err *err)
{
	struct gather g = { .r = r };
	int ret;

	if (r->precious)
		return 0;
	ret = gather_chain(&g, t->generation);
	if (!ret)
		ret = gather_ladder(&g, t->rung, stop->hex);
	if (!ret)
		ret = gather_chain(&g, t->results);
	if (!ret)
		ret = gather_chain(&g, t->chat);
	if (ret)
		ret = pike_fail(err, PIKE_FAILED,
				"cannot read what shall be packed");
	else
		ret = pack_all(r, &g.found, err);
	pike_oidset_release(&g.seen);
	free(g.found.v);
	return ret;
}

void pike_inbox_clean(struct pike_repo *r, const git_oid *tip)
{
	git_oid at = *tip;

	/* From the tip down, so that what is left is whole at any moment. */
	while (!r->precious && !git_oid_is_zero(&at) && pike_is_loose(r, &at)) {
		struct pike_raw c;
		git_oid tree, next;

		if (pike_raw_read(&c, r, &at, NULL))
			break;
		git_oid_fromstr(&tree, c.tree);
		pike_raw_parent(&next, &c, 0);
		pike_raw_release(&c);
		pike_drop_loose(r, &at);
		pike_drop_loose(r, &tree);
		at = next;
	}
}

int pike_repo_pack(struct pike_repo *r, bool full, struct pike_err *err)
{
	struct packs l = { NULL, 0, 0 };
	int fd, ret;

	if (r->precious)
		return 1;
	ret = pike_repo_lock(&fd, r, err);
	if (ret)
		return ret;
	if (!full) {
		ret = pike_pack_merge(r, err);
		goto out;
	}
	list_read(&l, r);
	if (l.n > 1)
		ret = merge_tier(&l, r, -1, err);
out:
	free(l.v);
	close(fd);
	return ret;
}
