/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join: brings refs of ours up with what others have made of them, whether it
 * came from a remote or in a bundle. All objects are here by then, the lock is
 * held, and no network is needed.
 *
 * Who is behind moves forward. Where both moved on, notes are united line by
 * line, and rungs are climbed again on the others' ladder. A generation that
 * another machine has closed first stands: what was tried here is on the
 * ladder, what was measured in the notes, and both wait for the next one.
 */
#include "git/join_priv.h"
#include "git/place_priv.h"
#include "git/search_priv.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
	CHAIN_MAX = 100000,
	JOB_MAX = 128
};

/* ---- names ---- */

static const char *after(const char *name, const char *prefix)
{
	return pike_starts_with(name, prefix) ? name + strlen(prefix) : NULL;
}

/* "TARGET/LANE" or "TARGET/LANE.RUN", taken apart; frees nothing of it. */
static bool split_search(char *target[3], const char *rest)
{
	char *copy = pike_xstrdup(rest), *slash = strchr(copy, '/'), *dot;

	target[0] = copy;
	target[1] = target[2] = NULL;
	if (!slash)
		return false;
	*slash = '\0';
	target[1] = slash + 1;
	dot = strchr(target[1], '.');
	if (dot)
		*dot++ = '\0';
	target[2] = dot;
	return pike_is_name(copy) && pike_is_name(target[1]) &&
	       (!dot || pike_is_name(dot));
}

static bool is_search(const char *rest)
{
	char *parts[3];
	bool yes = split_search(parts, rest);

	free(parts[0]);
	return yes;
}

static bool is_job(const char *rest)
{
	size_t n = strspn(rest, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST"
				"UVWXYZ0123456789-_");

	return n && !rest[n] && n <= JOB_MAX;
}

enum pike_kind pike_kind_of(const char *name)
{
	static const char *const notes[] = { PIKE_NOTES_RESULTS,
					     PIKE_NOTES_CHAT,
					     PIKE_NOTES_LESSONS };
	const char *rest;

	for (size_t i = 0; i < PIKE_ARRAY_LEN(notes); i++)
		if (!strcmp(name, notes[i]))
			return PIKE_REF_NOTES;
	if ((rest = after(name, PIKE_NOTES_INBOX)))
		return is_job(rest) ? PIKE_REF_INBOX : PIKE_REF_OTHER;
	if ((rest = after(name, PIKE_LADDERS)))
		return is_search(rest) ? PIKE_REF_LADDER : PIKE_REF_OTHER;
	if ((rest = after(name, PIKE_BRANCHES)))
		return is_search(rest) ? PIKE_REF_BRANCH : PIKE_REF_OTHER;
	return PIKE_REF_OTHER;
}

bool pike_is_chat(const char *name)
{
	return pike_starts_with(name, PIKE_NOTES_CHAT) ||
	       pike_starts_with(name, PIKE_CHAT_INBOX);
}

/* ---- who is ahead ---- */

bool pike_descends(struct pike_repo *r, const git_oid *id, const git_oid *from)
{
	return git_oid_equal(id, from) ||
	       git_graph_descendant_of(r->g, id, from) == 1;
}

enum way {
	UP_TO_DATE, /* or ahead */
	BEHIND,
	APART
};

static enum way way_of(struct pike_repo *r, const git_oid *ours,
		       const git_oid *theirs)
{
	if (git_oid_is_zero(theirs) ||
	    (!git_oid_is_zero(ours) && pike_descends(r, ours, theirs)))
		return UP_TO_DATE;
	return git_oid_is_zero(ours) || pike_descends(r, theirs, ours) ? BEHIND
								       : APART;
}

/* Zero: there is none. */
static int read_ref(git_oid *out, struct pike_repo *r, const char *name,
		    struct pike_err *err)
{
	int ret = pike_ref_read(out, r, name, err);

	if (ret)
		memset(out, 0, sizeof(*out));
	return ret == 1 ? 0 : ret;
}

static int move(struct pike_repo *r, const char *name, const git_oid *to,
		const git_oid *from, struct pike_err *err)
{
	return git_oid_equal(to, from)
		   ? 0
		   : pike_ref_move(r, name, to,
				   git_oid_is_zero(from) ? NULL : from,
				   "pike: sync", err);
}

/* ---- notes ---- */

struct gather {
	struct pike_repo *r;
	struct pike_publication p;
	struct pike_err *err;
	int failed;
};

/* What differs in ours: all of its lines, as they are united. */
static int gather_note(const git_diff_delta *d, float progress, void *ctx)
{
	struct gather *k = ctx;
	char hex[GIT_OID_HEXSZ + 1];
	struct pike_buf b;
	git_oid commit;
	size_t n = 0;

	(void)progress;
	if (d->status == GIT_DELTA_DELETED)
		return 0;
	for (const char *c = d->new_file.path; *c; c++)
		if (*c != '/' && n < sizeof(hex))
			hex[n++] = *c;
	if (n != GIT_OID_HEXSZ || git_oid_fromstrn(&commit, hex, n))
		return 0;
	pike_buf_init(&b, (size_t)-1);
	k->failed = pike_note_text(&b, k->r, &d->new_file.id, k->err);
	if (!k->failed)
		pike_notes_add(&k->p.lines, &commit, b.s, b.len);
	pike_buf_release(&b);
	return k->failed;
}

static int gather_notes(struct gather *k, const git_oid *theirs,
			const git_oid *ours)
{
	git_diff_options o;
	git_commit *a = NULL, *b = NULL;
	git_tree *old = NULL, *new = NULL;
	git_diff *d = NULL;
	int rc = git_diff_options_init(&o, GIT_DIFF_OPTIONS_VERSION);

	o.flags = GIT_DIFF_SKIP_BINARY_CHECK;
	if (!rc)
		rc = git_commit_lookup(&a, k->r->g, theirs);
	if (!rc)
		rc = git_commit_lookup(&b, k->r->g, ours);
	if (!rc)
		rc = git_commit_tree(&old, a);
	if (!rc)
		rc = git_commit_tree(&new, b);
	if (!rc)
		rc = git_diff_tree_to_tree(&d, k->r->g, old, new, &o);
	if (!rc)
		rc = git_diff_foreach(d, gather_note, NULL, NULL, NULL, k);
	git_diff_free(d);
	git_tree_free(old);
	git_tree_free(new);
	git_commit_free(a);
	git_commit_free(b);
	if (k->failed || !rc)
		return k->failed;
	return pike_git_fail(k->err, PIKE_FAILED, rc, "cannot compare notes");
}

/* Ours are joined in on top of theirs, by one commit. */
static int join_notes(struct pike_repo *r, const struct pike_theirs *t,
		      struct pike_err *err)
{
	struct gather k = { .r = r, .err = err };
	git_oid ours;
	int ret = read_ref(&ours, r, t->name, err);
	enum way way = ret ? UP_TO_DATE : way_of(r, &ours, &t->id);

	if (way == UP_TO_DATE)
		return ret;
	if (way == BEHIND)
		return move(r, t->name, &t->id, &ours, err);
	k.p.ref = t->at;
	k.p.from = pike_xmemdup(&ours, sizeof(ours));
	k.p.nfrom = 1;
	ret = gather_notes(&k, &t->id, &ours);
	if (!ret)
		ret = pike_notes_prepare(&k.p, r, err);
	if (!ret)
		ret = move(r, t->name,
			   git_oid_is_zero(&k.p.tip) ? &t->id : &k.p.tip, &ours,
			   err);
	pike_publication_release(&k.p);
	return ret;
}

/* ---- inboxes ---- */

/* Joined notes have what was joined as parents. */
int pike_inbox_folded(bool *out, struct pike_repo *r, const char *name,
		      const git_oid *tip, struct pike_err *err)
{
	git_oid notes;
	int ret = pike_ref_read(
	    &notes, r,
	    pike_is_chat(name) ? PIKE_NOTES_CHAT : PIKE_NOTES_RESULTS, err);

	*out = !ret && pike_descends(r, &notes, tip);
	return ret == 1 ? 0 : ret;
}

static int join_inbox(struct pike_repo *r, const struct pike_theirs *t,
		      struct pike_err *err)
{
	git_oid ours;
	bool folded = false;
	int ret = read_ref(&ours, r, t->name, err);
	enum way way = ret ? UP_TO_DATE : way_of(r, &ours, &t->id);

	if (way == UP_TO_DATE)
		return ret;
	if (way == APART) {
		pike_warn_once(
		    r,
		    "the inbox '%s' has another writer; it stays as it "
		    "is here",
		    t->name);
		return 0;
	}
	ret = pike_inbox_folded(&folded, r, t->name, &t->id, err);
	return ret || folded ? ret : move(r, t->name, &t->id, &ours, err);
}

/* Under another name, as none is used twice; its first letters tell whose it
 * is. */
static int rename_inbox(struct pike_repo *r, const char *name,
			const git_oid *tip, struct pike_err *err)
{
	const char *job = name + strlen(PIKE_NOTES_INBOX);
	size_t n = pike_is_chat(name) ? strlen("chat-") : 0;
	size_t hex = strspn(job + n, "0123456789abcdef");
	char *prefix, *other;
	int ret;

	n += hex == 8 && job[n + hex] == '-' ? hex + 1 : 0;
	prefix = pike_xstrndup(job, n);
	other = pike_inbox_name(prefix);
	ret = pike_ref_move(r, other, tip, NULL, "pike: sync", err);
	if (!ret)
		ret = pike_ref_delete(r, name, tip, err);
	free(other);
	free(prefix);
	return ret;
}

int pike_inbox_gone(struct pike_repo *r, const char *name, const git_oid *last,
		    struct pike_err *err)
{
	git_oid ours;
	bool folded = false;
	int ret = pike_ref_read(&ours, r, name, err);

	if (!ret)
		ret = pike_inbox_folded(&folded, r, name, &ours, err);
	if (ret)
		return ret == 1 ? 0 : ret;
	if (folded)
		return pike_ref_delete(r, name, &ours, err);
	return git_oid_equal(&ours, last) ? 1
					  : rename_inbox(r, name, &ours, err);
}

/* ---- the ladder ---- */

/* Rungs that are climbed again, on somebody else's. */
struct climb {
	struct pike_search_ref *s;
	struct pike_oidset mine; /* commits that are not below theirs */
	git_oid *chain; /* of them: rungs and generations, last first */
	size_t nchain, chain_cap;
	git_oid *ids; /* candidates of the next rung */
	size_t nids, ids_cap;
	git_oid top;
	struct pike_err *err;
};

static int find_mine(struct climb *c, const git_oid *from[2],
		     const git_oid *hide[3])
{
	git_revwalk *walk = NULL;
	git_oid id;
	int rc = git_revwalk_new(&walk, c->s->r->g);

	for (int i = 0; !rc && i < 2; i++)
		if (!git_oid_is_zero(from[i]))
			rc = git_revwalk_push(walk, from[i]);
	for (int i = 0; !rc && i < 3; i++)
		if (!git_oid_is_zero(hide[i]))
			rc = git_revwalk_hide(walk, hide[i]);
	while (!rc && !(rc = git_revwalk_next(&id, walk)))
		pike_oidset_add(&c->mine, &id);
	git_revwalk_free(walk);
	return rc == GIT_ITEROVER
		   ? 0
		   : pike_git_fail(c->err, PIKE_FAILED, rc,
				   "cannot walk the ladder '%s'", c->s->ladder);
}

static bool has(const struct pike_commit *c, const char *key)
{
	return pike_commit_trailer(c, key).n > 0;
}

/* A new base, where there is one, is the last parent. */
static bool closes_ladder(const struct pike_commit *c)
{
	return has(c, "Pike-Champion") &&
	       c->nparents > (has(c, "Pike-Base") ? 2 : 1);
}

/* A generation leads on through the ladder that it has closed. */
static int find_chain(struct climb *c, git_oid at)
{
	while (pike_oidset_has(&c->mine, &at)) {
		struct pike_commit k;
		int ret = pike_commit_read(&k, c->s->r, &at, c->err);

		if (ret)
			return ret;
		PIKE_GROW(c->chain, c->nchain, c->chain_cap);
		c->chain[c->nchain++] = at;
		pike_commit_parent(&at, &k, closes_ladder(&k));
		pike_commit_release(&k);
	}
	return 0;
}

static void add_candidate(struct climb *c, const git_oid *id)
{
	PIKE_GROW(c->ids, c->nids, c->ids_cap);
	c->ids[c->nids++] = *id;
}

static int end_rung(struct climb *c)
{
	git_oid rung;
	int ret;

	if (!c->nids)
		return 0;
	ret = pike_rung_write(&rung, c->s, &c->top, c->ids, c->nids, c->err);
	if (!ret)
		c->top = rung;
	c->nids = 0;
	return ret;
}

/* What steers a search is a commit of the ladder itself. */
static int steer_again(struct climb *c, const struct pike_commit *k)
{
	char *message = pike_xstrndup(k->message.s, k->message.n);
	git_oid id;
	int ret = end_rung(c);

	if (!ret)
		ret = pike_steer_write(&id, c->s, message, &c->top, c->err);
	if (!ret)
		c->top = id;
	free(message);
	return ret;
}

static int climb_one(struct climb *c, const git_oid *id)
{
	struct pike_commit k;
	int ret = pike_commit_read(&k, c->s->r, id, c->err);

	if (ret)
		return ret;
	if (has(&k, "Pike-Steer")) {
		ret = steer_again(c, &k);
	} else if (has(&k, "Pike-Rung")) {
		for (size_t i = 1; i < k.nparents; i++) {
			git_oid p;

			pike_commit_parent(&p, &k, i);
			if (pike_oidset_has(&c->mine, &p))
				add_candidate(c, &p);
		}
	} else if (!has(&k, "Pike-Champion")) {
		add_candidate(c, id); /* a person's */
	}
	pike_commit_release(&k);
	return ret;
}

/* What is on `from`, and not below one of `hide`, on top of `on`. */
static int climb_again(git_oid *out, struct pike_search_ref *s,
		       const git_oid *from[2], const git_oid *hide[3],
		       struct pike_err *err)
{
	struct climb c = { .s = s, .err = err, .top = *hide[0] };
	int ret = find_mine(&c, from, hide);

	if (!ret)
		ret = find_chain(&c, git_oid_is_zero(from[0]) ? *from[1]
							      : *from[0]);
	for (size_t i = c.nchain; !ret && i--;)
		ret = climb_one(&c, &c.chain[i]);
	if (!ret)
		ret = end_rung(&c);
	*out = c.top;
	pike_oidset_release(&c.mine);
	free(c.chain);
	free(c.ids);
	return ret;
}

/* Do first parents lead from it to a generation of that branch? Else all the
 * commits below would be taken for candidates. */
static bool is_ladder(struct pike_search_ref *s, const git_oid *top,
		      const git_oid *branch)
{
	git_oid at = *top;

	for (int i = 0; i < CHAIN_MAX && !git_oid_is_zero(&at); i++) {
		struct pike_commit c;
		bool closed;

		if (pike_commit_read(&c, s->r, &at, NULL))
			break;
		closed = has(&c, "Pike-Champion");
		if (!closed)
			pike_commit_parent(&at, &c, 0);
		pike_commit_release(&c);
		if (closed && pike_descends(s->r, branch, &at))
			return true;
		if (closed)
			break;
	}
	pike_warn_once(s->r,
		       "the ladder '%s' that came from others does not "
		       "stand on a generation of its search, and is not "
		       "taken",
		       s->ladder);
	return false;
}

/* ---- the evolution branch ---- */

/* The commit whose Pike-Base holds at a generation. */
static int base_at(struct pike_oid *out, struct pike_repo *r, git_oid at)
{
	memset(out, 0, sizeof(*out));
	for (int i = 0; i < CHAIN_MAX && !git_oid_is_zero(&at); i++) {
		struct pike_commit c;
		struct pike_span v;

		if (pike_commit_read(&c, r, &at, NULL))
			return PIKE_FAILED;
		v = pike_commit_trailer(&c, "Pike-Base");
		if (v.n == GIT_OID_HEXSZ)
			memcpy(out->hex, v.s, v.n);
		pike_commit_parent(&at, &c, 0);
		pike_commit_release(&c);
		if (v.n)
			return 0;
	}
	return PIKE_FAILED;
}

static bool is_generation(struct pike_repo *r, const git_oid *id)
{
	struct pike_commit c;
	bool yes;

	if (pike_commit_read(&c, r, id, NULL))
		return false;
	yes = has(&c, "Pike-Champion");
	pike_commit_release(&c);
	return yes;
}

/* Have both closed a generation of the same search? Not where the other side
 * has taken back what it had. */
static bool raced(struct pike_repo *r, const git_oid *ours,
		  const struct pike_theirs_search *t)
{
	struct pike_oid a, b;
	git_oid common;

	if (!git_oid_is_zero(&t->known) &&
	    !pike_descends(r, &t->tip, &t->known))
		return false;
	if (!is_generation(r, &t->tip))
		return false;
	if (!git_merge_base(&common, r->g, ours, &t->tip) &&
	    is_generation(r, &common))
		return true;
	return !base_at(&a, r, *ours) && !base_at(&b, r, t->tip) &&
	       pike_oid_eq(&a, &b);
}

static void say_apart(struct pike_repo *r, const char *branch)
{
	pike_warn_once(
	    r,
	    "the branch '%s' here and that of the remote are not of one "
	    "history, and neither is taken; compare them, then go on "
	    "under another name (`pike-git evolve --run NAME`), or end "
	    "yours (`pike-git gc --drop`) and sync again",
	    branch + strlen("refs/heads/"));
}

static void say_lost(const char *branch, const git_oid *was)
{
	char hex[GIT_OID_HEXSZ + 1];

	pike_say("another machine has closed a generation of '%s' first: what "
		 "was tried and measured here goes into the next one (it was "
		 "%.12s)",
		 branch + strlen("refs/heads/"),
		 git_oid_tostr(hex, sizeof(hex), was));
}

static bool may_move(struct pike_repo *r, const char *branch)
{
	if (!pike_ref_checked_out(r, branch))
		return true;
	pike_warn_once(
	    r,
	    "the branch '%s' is checked out in a worktree, and is not "
	    "moved to what the remote has; switch that worktree to "
	    "another branch",
	    branch + strlen("refs/heads/"));
	return false;
}

static int join_ladder(struct pike_search_ref *s, enum way branch,
		       const git_oid *tip, const struct pike_theirs_search *t,
		       struct pike_err *err)
{
	static const git_oid none;
	git_oid ours, top;
	const git_oid *theirs = git_oid_is_zero(&t->top) ? &t->tip : &t->top;
	const git_oid *from[] = { &ours, branch == APART ? tip : &none };
	const git_oid *hide[] = { theirs, &t->tip,
				  branch == APART ? &none : tip };
	int ret = read_ref(&ours, s->r, s->ladder, err);
	enum way way = ret ? UP_TO_DATE : way_of(s->r, &ours, &t->top);

	if (ret)
		return ret;
	if (branch != APART && way == UP_TO_DATE)
		return 0;
	if (!is_ladder(s, theirs, git_oid_is_zero(&t->tip) ? tip : &t->tip))
		return 0;
	if (branch != APART && way == BEHIND)
		return move(s->r, s->ladder, theirs, &ours, err);
	ret = climb_again(&top, s, from, hide, err);
	return ret ? ret : move(s->r, s->ladder, &top, &ours, err);
}

static int open_named(struct pike_search_ref **out, struct pike_repo *r,
		      const char *name, struct pike_err *err)
{
	char *parts[3];
	int ret = PIKE_FAILED;

	if (split_search(parts, name))
		ret =
		    pike_search_open(out, r, parts[0], parts[1], parts[2], err);
	free(parts[0]);
	return ret;
}

int pike_join_search(struct pike_repo *r, const struct pike_theirs_search *t,
		     struct pike_err *err)
{
	struct pike_search_ref *s = NULL;
	struct pike_oid base;
	git_oid tip;
	enum way way;
	int ret = open_named(&s, r, t->name, err);

	if (!ret)
		ret = read_ref(&tip, r, s->branch, err);
	if (ret)
		goto out;
	way = way_of(r, &tip, &t->tip);
	if (way == APART && !raced(r, &tip, t)) {
		say_apart(r, s->branch);
		goto out;
	}
	if (git_oid_is_zero(&tip) && base_at(&base, r, t->tip)) {
		pike_warn_once(r,
			       "'%s' of the remote is not a search, and is not "
			       "taken",
			       s->branch);
		goto out;
	}
	if (way != UP_TO_DATE && !may_move(r, s->branch))
		goto out;
	/* The ladder first: all that the branch gives up is on it then. */
	ret = join_ladder(s, way, &tip, t, err);
	if (!ret && way != UP_TO_DATE)
		ret = move(r, s->branch, &t->tip, &tip, err);
	if (!ret && way == APART)
		say_lost(s->branch, &tip);
out:
	pike_search_close(s);
	return ret;
}

/* ---- what comes alone ---- */

int pike_join_ladder(struct pike_repo *r, const char *name, const git_oid *top,
		     struct pike_err *err)
{
	static const git_oid none;
	struct pike_search_ref *s = NULL;
	git_oid ours, tip, made;
	enum way way;
	const git_oid *from[] = { top, &none };
	const git_oid *hide[] = { &ours, &tip, &none };
	int ret = open_named(&s, r, name, err);

	if (!ret)
		ret = read_ref(&ours, r, s->ladder, err);
	if (!ret)
		ret = read_ref(&tip, r, s->branch, err);
	if (ret)
		goto out;
	way = way_of(r, &ours, top);
	if (way != UP_TO_DATE && !is_ladder(s, top, &tip))
		goto out;
	switch (way) {
	case UP_TO_DATE:
		break;
	case BEHIND:
		ret = move(r, s->ladder, top, &ours, err);
		break;
	case APART:
		ret = climb_again(&made, s, from, hide, err);
		if (!ret)
			ret = move(r, s->ladder, &made, &ours, err);
		break;
	}
out:
	pike_search_close(s);
	return ret;
}

int pike_join_notes(struct pike_repo *r, const struct pike_theirs *t,
		    struct pike_err *err)
{
	return pike_kind_of(t->name) == PIKE_REF_INBOX ? join_inbox(r, t, err)
						       : join_notes(r, t, err);
}
