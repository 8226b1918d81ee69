/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sync: fetches the refs (README.md) from a remote, and pushes them.
 *
 * What the remote has is kept in refs of ours below refs/pike/remote/NAME, and
 * joined from there (join.c) under the repository's lock, which is never held
 * while the network is waited for. What is pushed was seen to descend from what
 * the remote had, and is pushed only if it still has that: nothing is forced.
 * Rejected, we fetch, join, and push again after a pause of random length.
 */
#include "git/sync.h"
#include "git/join_priv.h"
#include "git/place_priv.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	TRIES = 12,    /* of a push that others are quicker than */
	REFUSALS = 4,  /* of one that the remote does not want */
	PAUSE_MS = 50, /* at most, before the second try; then doubled */
	PAUSE_MAX_MS = 5000,
	SLICE_MS = 200,
	WAIT_MS = 10 * 60 * 1000, /* for another process that syncs */
	CHUNK = 300,		  /* refs of one push */
	LINE_MAX_BYTES = 4096,
	REFS_MAX = 200000,
	LOOK_S = 20
};

#define SEEN "refs/pike/remote/"

/* A ref, and where the remote has it. */
struct seen {
	char *name; /* on the remote and here */
	char *at;   /* the ref of ours that says where it is there */
	git_oid id;
};
struct seen_list {
	struct seen *v;
	size_t n, cap;
};

/* To be pushed. */
struct update {
	const char *name;
	git_oid to, from; /* zero: it is deleted; it is new */
	bool done;
};
struct updates {
	struct update *v;
	size_t n, cap;
};

struct syncing {
	struct pike_repo *r;
	const struct pike_sync *o;
	struct pike_synced *out;
	struct seen_list now, ours;
	bool fetched; /* `now` is what the remote has said since we began */
	int refusals;
	struct pike_err *err;
};

static void seen_release(struct seen_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].name);
		free(l->v[i].at);
	}
	free(l->v);
	memset(l, 0, sizeof(*l));
}

static int by_name(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static const struct seen *find(const struct seen_list *l, const char *name)
{
	const struct seen key = { .name = (char *)(uintptr_t)name };

	return l->n ? bsearch(&key, l->v, l->n, sizeof(*l->v), by_name) : NULL;
}

static bool is_commit(struct pike_repo *r, const git_oid *id)
{
	git_object_t type;
	size_t len;

	return !git_odb_read_header(&len, &type, r->odb, id) &&
	       type == GIT_OBJECT_COMMIT;
}

/* Refs below `prefix` whose names, with `put` for `cut`, are ours to share. */
static int list(struct seen_list *out, struct pike_repo *r, const char *prefix,
		size_t cut, struct pike_err *err)
{
	struct pike_strs refs = PIKE_STRS_INIT;
	int ret = pike_ref_list(&refs, r, prefix, err);

	if (!ret && refs.n > REFS_MAX)
		ret = pike_fail(err, PIKE_FAILED,
				"'%s' has more than %d refs; that is not how a "
				"search looks",
				prefix, REFS_MAX);
	for (size_t i = 0; !ret && i < refs.n; i++) {
		struct seen s = { .at = refs.v[i] };

		s.name = cut ? pike_xasprintf("refs/%s", s.at + cut)
			     : pike_xstrdup(s.at);
		if (pike_kind_of(s.name) == PIKE_REF_OTHER ||
		    pike_ref_read(&s.id, r, s.at, NULL) ||
		    (cut && !is_commit(r, &s.id))) {
			free(s.name);
			continue;
		}
		refs.v[i] = NULL;
		PIKE_GROW(out->v, out->n, out->cap);
		out->v[out->n++] = s;
	}
	/* Names that were taken over are gaps. */
	for (size_t i = 0; i < refs.n; i++)
		free(refs.v[i]);
	free(refs.v);
	return ret;
}

static void sort(struct seen_list *l)
{
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_name);
}

static int list_theirs(struct syncing *k)
{
	char *prefix = pike_xasprintf(SEEN "%s/", k->o->remote);
	int ret;

	seen_release(&k->now);
	ret = list(&k->now, k->r, prefix, strlen(prefix), k->err);
	sort(&k->now);
	free(prefix);
	return ret;
}

static int list_ours(struct seen_list *out, struct pike_repo *r,
		     struct pike_err *err)
{
	static const char *const spaces[] = { PIKE_BRANCHES, PIKE_LADDERS,
					      "refs/notes/pike/" };
	int ret = 0;

	seen_release(out);
	for (size_t i = 0; !ret && i < PIKE_ARRAY_LEN(spaces); i++)
		ret = list(out, r, spaces[i], 0, err);
	sort(out);
	return ret;
}

/* ---- fetching ---- */

static int fetch(struct syncing *k)
{
	static const char *const options[] = {
		"fetch",
		"--progress",
		"--prune",
		"--no-prune-tags",
		"--no-tags",
		"--refmap=",
		"--no-write-fetch-head",
		"--no-recurse-submodules",
		"--no-write-commit-graph",
		"--no-show-forced-updates",
		"--no-filter",
	};
	static const char *const spaces[] = { "heads/pike/evo/*", "pike/open/*",
					      "notes/pike/*" };
	const char *name = k->o->remote;
	char *what = pike_xasprintf("fetching from '%s'", name);
	struct pike_strs args = PIKE_STRS_INIT;
	const struct pike_talk t = { .args = &args,
				     .what = what,
				     .stop = k->o->stop };
	int ret;

	for (size_t i = 0; i < PIKE_ARRAY_LEN(options); i++)
		pike_strs_push(&args, options[i]);
	pike_strs_push(&args, name);
	/* Forced only here, where nobody but us has refs. */
	for (size_t i = 0; i < PIKE_ARRAY_LEN(spaces); i++)
		pike_strs_pushf(&args, "+refs/%s:" SEEN "%s/%s", spaces[i],
				name, spaces[i]);
	ret = pike_git_talk(NULL, k->r, &t, k->err);
	pike_strs_release(&args);
	free(what);
	return ret;
}

static const git_oid *id_of(const struct seen_list *l, const char *space,
			    const char *rest)
{
	static const git_oid none;
	char *name = pike_xasprintf("%s%s", space, rest);
	const struct seen *s = find(l, name);

	free(name);
	return s ? &s->id : &none;
}

static int join_search(struct syncing *k, const struct seen_list *then,
		       const char *rest)
{
	const struct pike_theirs_search t = {
		.name = rest,
		.tip = *id_of(&k->now, PIKE_BRANCHES, rest),
		.top = *id_of(&k->now, PIKE_LADDERS, rest),
		.known = *id_of(then, PIKE_BRANCHES, rest),
	};

	return pike_join_search(k->r, &t, k->err);
}

/* Those of one kind. A ladder without its branch is a search, too. */
static int join_kind(struct syncing *k, const struct seen_list *then,
		     enum pike_kind kind)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < k->now.n; i++) {
		const struct seen *s = &k->now.v[i];
		const struct pike_theirs t = { s->name, s->at, s->id };

		if (pike_kind_of(s->name) != kind)
			continue;
		if (kind == PIKE_REF_BRANCH)
			ret = join_search(k, then,
					  s->name + strlen(PIKE_BRANCHES));
		else if (kind != PIKE_REF_LADDER)
			ret = pike_join_notes(k->r, &t, k->err);
		else if (git_oid_is_zero(id_of(&k->now, PIKE_BRANCHES,
					       s->name + strlen(PIKE_LADDERS))))
			ret = join_search(k, then,
					  s->name + strlen(PIKE_LADDERS));
	}
	return ret;
}

/* Inboxes that the remote has no more. What stays is remembered, since its name
 * is not used again. */
static int join_gone(struct syncing *k, const struct seen_list *then)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < then->n; i++) {
		const struct seen *s = &then->v[i];

		if (pike_kind_of(s->name) != PIKE_REF_INBOX ||
		    find(&k->now, s->name))
			continue;
		ret = pike_inbox_gone(k->r, s->name, &s->id, k->err);
		if (ret == 1)
			ret = pike_ref_move(k->r, s->at, &s->id, NULL,
					    "pike: sync", k->err);
	}
	return ret;
}

static int join_locked(struct syncing *k, const struct seen_list *then)
{
	static const enum pike_kind order[] = { PIKE_REF_NOTES, PIKE_REF_BRANCH,
						PIKE_REF_LADDER,
						PIKE_REF_INBOX };
	int ret = list_theirs(k);

	for (size_t i = 0; !ret && i < PIKE_ARRAY_LEN(order); i++)
		ret = join_kind(k, then, order[i]);
	if (!ret)
		ret = join_gone(k, then);
	if (!ret)
		ret = list_theirs(k);
	return ret;
}

/* What has moved here. */
static void compare(struct pike_strs *out, const struct seen_list *before,
		    const struct seen_list *after)
{
	for (size_t i = 0; i < after->n; i++) {
		const struct seen *s = find(before, after->v[i].name);

		if ((!s || !git_oid_equal(&s->id, &after->v[i].id)) &&
		    !pike_strs_has(out, after->v[i].name))
			pike_strs_push(out, after->v[i].name);
	}
}

static int join(struct syncing *k, const struct seen_list *then)
{
	struct seen_list before = { NULL, 0, 0 };
	int fd, ret = pike_repo_lock(&fd, k->r, k->err);

	if (ret)
		return ret;
	git_odb_refresh(k->r->disk);
	ret = list_ours(&before, k->r, k->err);
	if (!ret)
		ret = join_locked(k, then);
	pike_store_named(k->r);
	if (!ret)
		ret = list_ours(&k->ours, k->r, k->err);
	close(fd);
	if (!ret)
		compare(&k->out->fetched, &before, &k->ours);
	seen_release(&before);
	return ret;
}

static int fetch_and_join(struct syncing *k)
{
	struct seen_list then;
	int ret = list_theirs(k);

	then = k->now;
	memset(&k->now, 0, sizeof(k->now));
	if (!ret)
		ret = fetch(k);
	if (!ret)
		ret = join(k, &then);
	k->fetched = k->fetched || !ret;
	seen_release(&then);
	return ret;
}

/* ---- what to push ---- */

static void add_update(struct updates *l, const char *name, const git_oid *to,
		       const git_oid *from)
{
	struct update u = { .name = name };

	if (to)
		u.to = *to;
	if (from)
		u.from = *from;
	PIKE_GROW(l->v, l->n, l->cap);
	l->v[l->n++] = u;
}

/* In the order of kinds: a branch never names what is not there yet. */
static void plan(struct updates *out, const struct syncing *k)
{
	for (int kind = 0; kind < PIKE_REF_OTHER; kind++)
		for (size_t i = 0; i < k->ours.n; i++) {
			const struct seen *s = &k->ours.v[i];
			const struct seen *t;

			if ((int)pike_kind_of(s->name) != kind ||
			    (!k->o->chat && pike_is_chat(s->name)))
				continue;
			t = find(&k->now, s->name);
			if (!t || (!git_oid_equal(&t->id, &s->id) &&
				   pike_descends(k->r, &s->id, &t->id)))
				add_update(out, s->name, &s->id,
					   t ? &t->id : NULL);
		}
}

/* Inboxes of the remote that its own notes have in them, and that are here no
 * more. */
static void plan_deletions(struct updates *out, const struct syncing *k)
{
	for (size_t i = 0; i < k->now.n; i++) {
		const struct seen *s = &k->now.v[i];
		const struct seen *notes =
		    find(&k->now, pike_is_chat(s->name) ? PIKE_NOTES_CHAT
							: PIKE_NOTES_RESULTS);

		if (pike_kind_of(s->name) == PIKE_REF_INBOX && notes &&
		    !find(&k->ours, s->name) &&
		    pike_descends(k->r, &notes->id, &s->id))
			add_update(out, s->name, NULL, &s->id);
	}
}

/* ---- pushing ---- */

static void push_args(struct pike_strs *args, const struct syncing *k,
		      const struct update *v, size_t n, bool atomic)
{
	static const char *const options[] = {
		"push",	       "--porcelain",	   "--progress",
		"--no-verify", "--no-follow-tags", "--recurse-submodules=no",
	};
	char to[GIT_OID_HEXSZ + 1], from[GIT_OID_HEXSZ + 1];

	/* A remote that mirrors takes no refspecs. */
	pike_strs_push(args, "-c");
	pike_strs_pushf(args, "remote.%s.mirror=false", k->o->remote);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(options); i++)
		pike_strs_push(args, options[i]);
	if (atomic)
		pike_strs_push(args, "--atomic");
	for (size_t i = 0; i < n; i++)
		pike_strs_pushf(
		    args, "--force-with-lease=%s:%s", v[i].name,
		    git_oid_is_zero(&v[i].from)
			? ""
			: git_oid_tostr(from, sizeof(from), &v[i].from));
	pike_strs_push(args, k->o->remote);
	for (size_t i = 0; i < n; i++)
		pike_strs_pushf(args, "%s:%s",
				git_oid_is_zero(&v[i].to)
				    ? ""
				    : git_oid_tostr(to, sizeof(to), &v[i].to),
				v[i].name);
}

/* Reasons that go away by themselves: somebody was quicker. */
static bool is_race(const char *reason)
{
	static const char *const words[] = {
		"stale info",
		"fetch first",
		"non-fast-forward",
		"failed to update ref",
		"incorrect old value",
		"cannot lock ref",
		"reference already exists",
		"needs force",
	};

	for (size_t i = 0; i < PIKE_ARRAY_LEN(words); i++)
		if (strstr(reason, words[i]))
			return true;
	return false;
}

/* What became of a push, line by line. */
struct outcome {
	bool rejected;
	char *refused, *why; /* a ref that the remote does not want */
};

/* "FLAG<tab>FROM:TO<tab>SUMMARY (REASON)" */
static void read_line(struct outcome *o, struct update *v, size_t n, char *line)
{
	char *spec = strchr(line, '\t');
	char *summary = spec ? strchr(++spec, '\t') : NULL;
	const char *to;

	if (!summary || strlen(line) > LINE_MAX_BYTES)
		return;
	*summary++ = '\0';
	to = strchr(spec, ':');
	for (size_t i = 0; to && i < n; i++) {
		if (strcmp(to + 1, v[i].name) != 0)
			continue;
		v[i].done = *line != '!';
		if (v[i].done)
			continue;
		o->rejected = true;
		/* Of an atomic push the others are no reason. */
		if (is_race(summary) || strstr(summary, "atomic") || o->refused)
			continue;
		o->refused = pike_xstrdup(v[i].name);
		o->why = pike_xstrdup(summary);
	}
}

static void read_porcelain(struct outcome *o, struct update *v, size_t n,
			   char *text)
{
	for (char *line = text; line && *line;) {
		char *end = strchr(line, '\n');

		if (end)
			*end++ = '\0';
		read_line(o, v, n, line);
		line = end;
	}
}

static char *seen_name(const struct syncing *k, const char *name)
{
	return pike_xasprintf(SEEN "%s/%s", k->o->remote,
			      name + strlen("refs/"));
}

/* Where the remote has now what was pushed. */
static int note_pushed(struct syncing *k, const struct update *v, size_t n)
{
	int fd, ret = pike_repo_lock(&fd, k->r, k->err);

	if (ret)
		return ret;
	for (size_t i = 0; !ret && i < n; i++) {
		char *at = seen_name(k, v[i].name);
		const git_oid *from =
		    git_oid_is_zero(&v[i].from) ? NULL : &v[i].from;

		if (v[i].done && git_oid_is_zero(&v[i].to))
			ret = pike_ref_delete(k->r, at, &v[i].from, k->err);
		else if (v[i].done)
			ret = pike_ref_move(k->r, at, &v[i].to, from,
					    "pike: sync", k->err);
		if (!ret && v[i].done)
			pike_strs_push(&k->out->pushed, v[i].name);
		free(at);
	}
	close(fd);
	return ret;
}

static void say_refused(struct syncing *k, const struct outcome *o)
{
	k->refusals++;
	pike_fail(k->err, PIKE_RETRY,
		  "the remote '%s' refuses '%s': %s; it has to admit pushes to "
		  "refs/heads/pike/*, refs/pike/* and refs/notes/pike/*",
		  k->o->remote, o->refused, o->why);
}

static void explain(struct pike_err *err)
{
	if (strstr(err->text, "'refs/heads/pike' exists"))
		pike_fail(
		    err, err->level,
		    "a branch named 'pike' on the remote is in the way of "
		    "pike/evo/...; rename it there");
}

/* 1: rejected, to be tried again after a fetch. */
static int push_chunk(struct syncing *k, struct update *v, size_t n)
{
	char *what = pike_xasprintf("pushing to '%s'", k->o->remote);
	struct pike_strs args = PIKE_STRS_INIT;
	const struct pike_talk t = { .args = &args,
				     .what = what,
				     .stop = k->o->stop };
	struct outcome o = { false, NULL, NULL };
	bool atomic = n > 1 && !k->r->no_atomic;
	struct pike_buf out;
	int ret, noted;

	pike_buf_init(&out, (size_t)-1);
	push_args(&args, k, v, n, atomic);
	ret = pike_git_talk(&out, k->r, &t, k->err);
	read_porcelain(&o, v, n, out.s);
	noted = note_pushed(k, v, n);
	if (o.refused)
		say_refused(k, &o);
	else if (ret)
		explain(k->err);
	if (ret && atomic && strstr(k->err->text, "--atomic"))
		k->r->no_atomic = o.rejected = true;
	if (noted)
		ret = noted;
	else if (ret && o.rejected)
		ret = 1;
	free(o.refused);
	free(o.why);
	pike_buf_release(&out);
	pike_strs_release(&args);
	free(what);
	return ret;
}

/* All at once where the remote can; else notes first, branches last. */
static int push_plan(struct syncing *k, struct updates *l)
{
	int ret = 0;

	for (size_t i = 0, n; !ret && i < l->n; i += n) {
		enum pike_kind kind = pike_kind_of(l->v[i].name);

		for (n = 1; n < CHUNK && i + n < l->n; n++)
			if (k->r->no_atomic &&
			    pike_kind_of(l->v[i + n].name) != kind)
				break;
		ret = push_chunk(k, &l->v[i], n);
	}
	return ret;
}

static void pause_for(const struct syncing *k, int attempt)
{
	int64_t most = (int64_t)PAUSE_MS << (attempt < 7 ? attempt : 7), ms;
	uint64_t r;

	pike_random_bytes(&r, sizeof(r));
	if (most > PAUSE_MAX_MS)
		most = PAUSE_MAX_MS;
	ms = 1 + (int64_t)(r % (uint64_t)most);
	while (ms > 0 && !(k->o->stop && *k->o->stop)) {
		const struct timespec ts = {
			.tv_nsec = (ms < SLICE_MS ? ms : SLICE_MS) * 1000000
		};

		nanosleep(&ts, NULL);
		ms -= SLICE_MS;
	}
}

static int push_once(struct syncing *k)
{
	struct updates l = { NULL, 0, 0 };
	int ret = list_ours(&k->ours, k->r, k->err);

	if (!ret)
		ret = list_theirs(k);
	if (!ret)
		plan(&l, k);
	if (!ret)
		ret = push_plan(k, &l);
	free(l.v);
	return ret;
}

/* What cannot be deleted is no failure: it was folded, and will be again. */
static void push_deletions(struct syncing *k)
{
	struct updates l = { NULL, 0, 0 };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_err *was = k->err;
	int ret = list_theirs(k);

	if (!ret)
		plan_deletions(&l, k);
	k->err = &err;
	if (!ret && l.n && push_plan(k, &l) < 0)
		pike_debug("inboxes of '%s' stay: %s", k->o->remote, err.text);
	k->err = was;
	free(l.v);
}

static bool gives_up(const struct syncing *k, int tries)
{
	return tries >= TRIES || k->refusals >= REFUSALS ||
	       (k->o->stop && *k->o->stop);
}

static int push(struct syncing *k)
{
	int ret = push_once(k);

	for (int i = 0; ret == 1; i++) {
		if (gives_up(k, i + 1))
			return PIKE_RETRY;
		pause_for(k, i);
		ret = fetch_and_join(k);
		if (!ret)
			ret = push_once(k);
	}
	if (!ret)
		push_deletions(k);
	return ret;
}

/* ---- the whole ---- */

/* One process of this machine at a time. */
static int take_turn(int *fd, struct syncing *k)
{
	char *path = pike_repo_path(k->r, "pike-push.lock");
	int ret;

	for (int waited = 0;; waited += SLICE_MS) {
		ret = pike_flock(fd, path, SLICE_MS, k->err);
		if (ret != PIKE_RETRY || waited >= WAIT_MS ||
		    (k->o->stop && *k->o->stop))
			break;
	}
	pike_share(k->r, "pike-push.lock");
	free(path);
	return ret;
}

int pike_sync(struct pike_synced *out, struct pike_repo *r,
	      const struct pike_sync *o, struct pike_err *err)
{
	struct syncing k = { .r = r, .o = o, .out = out, .err = err };
	int fd = -1, ret = take_turn(&fd, &k);

	if (ret)
		return ret;
	if (o->fetch)
		ret = fetch_and_join(&k);
	if (!ret && o->push)
		ret = push(&k);
	close(fd);
	seen_release(&k.now);
	seen_release(&k.ours);
	return ret;
}

void pike_synced_release(struct pike_synced *s)
{
	pike_strs_release(&s->fetched);
	pike_strs_release(&s->pushed);
}

int pike_sync_unsent(struct pike_strs *out, struct pike_repo *r,
		     const struct pike_sync *o, struct pike_err *err)
{
	struct syncing k = { .r = r, .o = o, .err = err };
	struct updates l = { NULL, 0, 0 };
	int ret = list_ours(&k.ours, r, err);

	if (!ret)
		ret = list_theirs(&k);
	if (!ret)
		plan(&l, &k);
	for (size_t i = 0; i < l.n; i++)
		pike_strs_push(out, l.v[i].name);
	free(l.v);
	seen_release(&k.now);
	seen_release(&k.ours);
	return ret;
}

int pike_sync_holders(struct pike_strs *out, struct pike_repo *r,
		      const char *branch, struct pike_err *err)
{
	struct pike_strs refs = PIKE_STRS_INIT;
	const char *rest = branch + strlen("refs");
	int ret = pike_ref_list(&refs, r, SEEN, err);

	for (size_t i = 0; !ret && i < refs.n; i++) {
		const char *name = refs.v[i] + strlen(SEEN);
		size_t n = strlen(name), k = strlen(rest);

		if (n > k && !strcmp(name + n - k, rest))
			pike_strs_pushf(out, "%.*s", (int)(n - k), name);
	}
	pike_strs_release(&refs);
	return ret;
}

int pike_sync_look(size_t *out, bool *blocked, struct pike_repo *r,
		   const struct pike_sync *o, struct pike_err *err)
{
	static const char *const patterns[] = { "refs/heads/pike",
						"refs/heads/pike/*",
						"refs/pike/*",
						"refs/notes/pike/*" };
	struct pike_strs args = PIKE_STRS_INIT, lines = PIKE_STRS_INIT;
	const struct pike_talk t = { .args = &args,
				     .what = "asking the remote",
				     .silence_s = LOOK_S,
				     .stop = o->stop };
	struct pike_buf text;
	int ret;

	pike_buf_init(&text, (size_t)-1);
	pike_strs_push(&args, "ls-remote");
	pike_strs_push(&args, o->remote);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(patterns); i++)
		pike_strs_push(&args, patterns[i]);
	ret = pike_git_talk(&text, r, &t, err);
	pike_strs_split(&lines, text.s, "\n");
	*out = 0;
	*blocked = false;
	for (size_t i = 0; !ret && i < lines.n; i++)
		if (pike_ends_with(lines.v[i], "\trefs/heads/pike"))
			*blocked = true;
		else
			++*out;
	pike_strs_release(&lines);
	pike_strs_release(&args);
	pike_buf_release(&text);
	return ret;
}

/* ---- the history itself ---- */

static int unshallow(struct pike_repo *r, const char *remote,
		     volatile const int *stop, struct pike_err *err)
{
	static const char *const options[] = { "fetch",
					       "--progress",
					       "--unshallow",
					       "--no-tags",
					       "--refmap=",
					       "--no-write-fetch-head",
					       "--no-recurse-submodules" };
	struct pike_strs args = PIKE_STRS_INIT;
	const struct pike_talk t = { .args = &args,
				     .what = "fetching the history that this "
					     "shallow clone lacks",
				     .stop = stop };
	int ret;

	for (size_t i = 0; i < PIKE_ARRAY_LEN(options); i++)
		pike_strs_push(&args, options[i]);
	pike_strs_push(&args, remote);
	/* Whatever is fetched: all of it gets its history, and no ref moves. */
	pike_strs_push(&args, "HEAD");
	ret = pike_git_talk(NULL, r, &t, err);
	pike_strs_release(&args);
	return ret;
}

int pike_repo_deepen(const char *dir, volatile const int *stop,
		     struct pike_err *err)
{
	struct pike_entries entries = { NULL, 0, 0 };
	struct pike_settings *s = NULL;
	struct pike_repo *r;
	int ret = 1;

	if (pike_repo_view_any(&r, dir, NULL))
		return 1;
	if (git_repository_is_shallow(r->g) &&
	    !pike_repo_config(&entries, r, NULL) &&
	    !pike_settings_make(&s, &entries, NULL) && s->sync &&
	    pike_sync_remote(r, s->remote))
		ret = unshallow(r, s->remote, stop, err);
	pike_settings_free(s);
	pike_entries_release(&entries);
	pike_repo_free(r);
	return ret;
}

bool pike_sync_remote(const struct pike_repo *r, const char *name)
{
	git_config_entry *e = NULL;
	char *key = pike_xasprintf("remote.%s.url", name);
	bool yes = !git_config_get_entry(&e, r->layers.cfg, key);

	git_config_entry_free(e);
	free(key);
	return yes;
}
