/* SPDX-License-Identifier: Apache-2.0 */
/*
 * publish: the last stage. Offers the champion of one search as a merge
 * request, once what is known of it is enough. Runs no candidate, believes no
 * file of one, and leaves alone what a person has touched.
 */
#include "run/publish_priv.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "forge/forge.h"
#include "run/run_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PUSHES = 3
};

struct publishing {
	struct pike_offered *out;
	struct pike_repo *repo;
	const struct pike_settings *s;
	const struct pike_history *h;
	const struct pike_publish_opts *o;
	const struct pike_target *t;
	struct pike_forge *forge; /* that of `place` */
	struct pike_place place;
	struct pike_claim claim;
	struct pike_files files; /* evolvable ones of the champion */
	struct pike_strs labels;
	char *base_name;       /* the branch that requests go to */
	struct pike_oid base;  /* what it is now, there */
	char *source, *ref;    /* the request's branch, and its full name */
	char *marker, *commit; /* of the body; message of the commit */
	struct pike_oid head;  /* what the branch is now, or "" */
	struct pike_err *err;
};

void pike_offered_release(struct pike_offered *out)
{
	free(out->reason);
	free(out->title);
	free(out->body);
	free(out->url);
	free(out->merge);
	memset(out, 0, sizeof(*out));
}

static void release(struct publishing *p)
{
	pike_run_forge_close(&p->place, p->repo);
	pike_claim_release(&p->claim);
	pike_files_release(&p->files);
	pike_strs_release(&p->labels);
	free(p->base_name);
	free(p->source);
	free(p->ref);
	free(p->marker);
	free(p->commit);
}

/* Nothing is offered, and that is no error. */
static int ends(struct publishing *p, enum pike_published what, const char *fmt,
		...) __attribute__((format(printf, 3, 4)));
static int ends(struct publishing *p, enum pike_published what, const char *fmt,
		...)
{
	char text[1000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p->out->what = what;
	free(p->out->reason);
	p->out->reason = pike_xstrdup(text);
	return 1;
}

/* ---- the base: is it still what was measured ---- */

static bool same_blob(const struct pike_files *a, const struct pike_files *b,
		      const char *path)
{
	const struct pike_file *x = pike_files_find(a, path);
	const struct pike_file *y = pike_files_find(b, path);

	return (!x && !y) || (x && y && x->len == y->len &&
			      !memcmp(x->data, y->data, x->len));
}

/* The first of these paths whose files differ; NULL: none does. */
static int first_change(const char **out, struct publishing *p,
			const struct pike_strs *paths)
{
	struct pike_files was = { 0 }, now = { 0 };
	int ret =
	    pike_repo_read(&was, p->repo, &p->h->base, paths, true, p->err);

	*out = NULL;
	if (!ret)
		ret = pike_repo_read(&now, p->repo, &p->base, paths, true,
				     p->err);
	for (size_t i = 0; !ret && !*out && i < paths->n; i++)
		if (!same_blob(&was, &now, paths->v[i]))
			*out = paths->v[i];
	pike_files_release(&was);
	pike_files_release(&now);
	return ret;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

/* The next entry of the target's own section; NULL past the last. */
static const struct pike_entry *entry_of(const struct pike_entries *e,
					 const char *target, size_t *i)
{
	for (; *i < e->n; ++*i)
		if (!strcmp(e->v[*i].section, "target") &&
		    !strcmp(e->v[*i].sub, target))
			return &e->v[(*i)++];
	return NULL;
}

static int section_changed(bool *out, struct publishing *p)
{
	struct pike_entries was = { 0 }, now = { 0 };
	size_t i = 0, k = 0;
	int ret = pike_repo_config_at(&was, p->repo, &p->h->base, p->err);

	*out = false;
	if (!ret)
		ret = pike_repo_config_at(&now, p->repo, &p->base, p->err);
	while (!ret && !*out) {
		const struct pike_entry *a = entry_of(&was, p->t->name, &i);
		const struct pike_entry *b = entry_of(&now, p->t->name, &k);

		if (!a && !b)
			break;
		*out = !a || !b || strcmp(a->key, b->key) != 0 ||
		       !same_text(a->value, b->value);
	}
	pike_entries_release(&was);
	pike_entries_release(&now);
	return ret;
}

static int base_has_it(bool *out, struct publishing *p)
{
	struct pike_files now = { 0 };
	int ret = pike_repo_read(&now, p->repo, &p->base, &p->t->sources, true,
				 p->err);

	*out = !ret;
	for (size_t i = 0; !ret && i < p->t->sources.n; i++)
		*out = *out && same_blob(&p->files, &now, p->t->sources.v[i]);
	pike_files_release(&now);
	return ret;
}

/* 1: it cannot be offered on this base. */
static int check_base(struct publishing *p)
{
	const struct pike_strs *const groups[] = { &p->t->references,
						   &p->t->headers,
						   &p->t->sources };
	const char *path = NULL;
	bool changed = false;
	int ret = base_has_it(&changed, p);

	if (!ret && changed)
		return ends(p, PIKE_PUBLISHED_MERGED,
			    "'%s' has the champion's files already",
			    p->base_name);
	for (size_t i = 0; !ret && !path && i < PIKE_ARRAY_LEN(groups); i++)
		ret = first_change(&path, p, groups[i]);
	if (!ret && !path)
		ret = section_changed(&changed, p);
	if (ret || (!path && !changed))
		return ret;
	return ends(p, PIKE_PUBLISHED_NOTHING,
		    "%s%s%s of '%s' has changed since the champion was "
		    "measured; `pike-git evolve` measures it against the new "
		    "base",
		    path ? "'" : "the target's section in .pike/config",
		    path ? path : "", path ? "'" : "", p->base_name);
}

/* ---- what is offered ---- */

/* "a, b c" is two. */
static void split_labels(struct pike_strs *out, const char *text)
{
	struct pike_strs parts = PIKE_STRS_INIT;

	pike_strs_split(&parts, text ? text : "", ",");
	for (size_t i = 0; i < parts.n; i++) {
		const char *s = parts.v[i] + strspn(parts.v[i], " \t");
		size_t n = strlen(s);

		while (n && strchr(" \t", s[n - 1]))
			n--;
		if (n)
			pike_strs_take(out, pike_xstrndup(s, n));
	}
	pike_strs_release(&parts);
}

static void set_names(struct publishing *p)
{
	const struct pike_history *h = p->h;

	p->base_name = *p->s->base ? pike_xstrdup(p->s->base)
				   : pike_repo_default_branch(p->repo);
	p->source =
	    pike_xasprintf(PIKE_REQUEST_BRANCHES "%s/%s", h->target, h->lane);
	p->ref = pike_xasprintf("refs/heads/%s", p->source);
	p->marker = pike_xasprintf(PIKE_MARKER "%s/%s %.12s -->", h->target,
				   h->lane, h->champion.hex);
	split_labels(&p->labels, p->s->forge.labels);
}

static int read_base(struct publishing *p)
{
	char *ref;
	int ret;

	if (p->o->dry_run)
		return pike_repo_base(&p->base, p->repo, p->base_name, p->err);
	ref = pike_xasprintf("refs/heads/%s", p->base_name);
	ret = pike_remote_ref(&p->base, p->repo, p->s->remote, ref, p->err);
	if (!ret && !pike_oid_set(&p->base))
		ret = pike_fail(p->err, PIKE_FAILED,
				"remote '%s' has no branch '%s'; push it, or "
				"set pike.base to the branch that requests go "
				"to",
				p->s->remote, p->base_name);
	free(ref);
	return ret;
}

static int read_files(struct publishing *p)
{
	int ret = pike_repo_read(&p->files, p->repo, &p->h->champion,
				 &p->t->sources, true, p->err);

	if (!ret && !p->files.n)
		ret = pike_fail(p->err, PIKE_FAILED,
				"there is none of the target's sources");
	if (ret)
		pike_err_prefix(p->err, "the champion %.12s",
				p->h->champion.hex);
	return ret;
}

static int write_texts(struct publishing *p)
{
	struct pike_pitch pitch = { .target = p->t,
				    .settings = p->s,
				    .history = p->h,
				    .claim = &p->claim,
				    .marker = p->marker };
	int ret =
	    pike_offer_stat(&pitch.stat, p->repo, &p->base, &p->files, p->err);

	if (ret)
		return ret;
	p->out->title = pike_pitch_title(&pitch);
	p->commit = pike_pitch_commit(&pitch);
	return pike_pitch_body(&p->out->body, &pitch, p->err);
}

/* 1: nothing is offered. */
static int check_claim(struct publishing *p)
{
	struct pike_buf why;
	int ret =
	    pike_claim_read(&p->claim, p->repo, p->s, p->h, &p->base, p->err);

	if (ret)
		return ret;
	pike_buf_init(&why, 900);
	pike_claim_missing(&why, &p->claim, p->s, p->h, p->t);
	if (why.len)
		ret = ends(p, PIKE_PUBLISHED_NOTHING, "%s", why.s);
	pike_buf_release(&why);
	return ret;
}

/* ---- the branch ---- */

static struct pike_offer offer_of(const struct publishing *p)
{
	return (struct pike_offer){ .target = p->t->name,
				    .message = p->commit,
				    .base = p->base,
				    .files = &p->files,
				    .paths = &p->t->sources };
}

/* A person has committed on it: that is said once, and it is theirs. */
static int hands_off(struct publishing *p, const struct pike_request *open)
{
	static const char text[] =
	    "Somebody has committed on this branch, so pike-git leaves it "
	    "alone from now on. To have it kept up to date again, delete the "
	    "branch.";
	char *marker = pike_xasprintf(PIKE_MARKER "%s/%s hands-off -->",
				      p->h->target, p->h->lane);
	bool written = false;
	int ret = 0;

	if (open->number)
		ret = pike_forge_comment_once(&written, p->forge, open->number,
					      marker, text, p->err);
	free(marker);
	return ret ? ret
		   : ends(p, PIKE_PUBLISHED_HANDS_OFF,
			  "somebody has committed on '%s': it is left alone; "
			  "delete the branch to have it made anew",
			  p->source);
}

/* 1: it is a person's. PIKE_RETRY: moved meanwhile. */
static int push_once(struct publishing *p, const struct pike_request *open)
{
	const struct pike_offer offer = offer_of(p);
	enum pike_offer_state state = PIKE_OFFER_OLD;
	struct pike_oid id;
	int ret =
	    pike_remote_ref(&p->head, p->repo, p->s->remote, p->ref, p->err);

	if (!ret && pike_oid_set(&p->head))
		ret = pike_offer_compare(&state, p->repo, &p->head, &offer,
					 p->err);
	if (ret || state == PIKE_OFFER_SAME)
		return ret;
	if (state == PIKE_OFFER_FOREIGN)
		return hands_off(p, open);
	ret = pike_offer_write(&id, p->repo, &offer, p->err);
	if (!ret)
		ret = pike_push_ref(p->repo, p->s->remote, p->ref, &id,
				    &p->head, p->err);
	if (!ret) {
		p->head = id;
		p->out->pushed = true;
	}
	return ret;
}

static int push_branch(struct publishing *p, const struct pike_request *open)
{
	int ret = PIKE_RETRY;

	for (int i = 0; ret == PIKE_RETRY && i < PUSHES; i++)
		ret = push_once(p, open);
	return ret;
}

/* ---- the request ---- */

static int open_forge(struct publishing *p)
{
	int ret =
	    pike_run_forge(&p->place, p->repo, p->s, 0, p->o->stop, p->err);

	p->forge = p->place.forge;
	return ret;
}

static struct pike_wanted wanted_of(const struct publishing *p)
{
	return (struct pike_wanted){ .source = p->source,
				     .target = p->base_name,
				     .title = p->out->title,
				     .body = p->out->body,
				     .labels = &p->labels,
				     .max_open = p->s->forge.max_open };
}

static void note_request(struct publishing *p, const struct pike_request *r)
{
	struct pike_buf url;

	if (!r->number)
		return;
	pike_buf_init(&url, 500);
	pike_sanitize(&url, r->url, strlen(r->url));
	p->out->number = r->number;
	free(p->out->url);
	p->out->url = pike_buf_detach(&url);
}

/* Before anything is pushed: would it be let in? 1: it would not. */
static int ask_first(struct pike_request *open, struct publishing *p)
{
	const struct pike_wanted w = wanted_of(p);
	enum pike_ensured what;
	int ret = pike_forge_look(open, &what, p->forge, &w, p->err);

	if (ret)
		return ret;
	note_request(p, open);
	if (what == PIKE_ENSURED_REFUSED)
		return ends(p, PIKE_PUBLISHED_REFUSED,
			    "a person has closed the request for this "
			    "champion: it is not offered again");
	if (what == PIKE_ENSURED_FULL)
		return ends(p, PIKE_PUBLISHED_FULL,
			    "%lld merge requests are open, as many as "
			    "[forge] max-open allows",
			    (long long)p->s->forge.max_open);
	return 0;
}

/* A right that is missing for this alone is no reason to fail. */
static void set_status(struct publishing *p)
{
	struct pike_err err = PIKE_ERR_INIT;
	const struct pike_ratio *r = &p->claim.res->vs_base;
	char name[160], text[140];

	snprintf(name, sizeof(name), "pike-git/%s", p->h->target);
	snprintf(text, sizeof(text),
		 "%.2fx [%.2f, %.2f], confirmed by %zu runner%s", r->mid, r->lo,
		 r->hi, p->claim.counted, p->claim.counted == 1 ? "" : "s");
	if (pike_forge_succeed(p->forge, p->head.hex, name, text, &err))
		pike_warn("no status was set: %s", err.text);
}

static void merge(struct publishing *p, const struct pike_request *r)
{
	struct pike_err err = PIKE_ERR_INIT;
	enum pike_merge how;
	char why[300];

	if (pike_forge_merge(&how, why, p->forge, r, p->head.hex, &err))
		pike_warn("auto-merge: %s", err.text);
	else
		p->out->merge = pike_xasprintf(
		    "%s%s",
		    how == PIKE_MERGE_DONE    ? "merged"
		    : how == PIKE_MERGE_LATER ? "will be merged once the "
						"checks pass"
					      : "not merged: ",
		    how == PIKE_MERGE_NOT ? why : "");
}

static int ensure(struct publishing *p)
{
	const struct pike_wanted w = wanted_of(p);
	struct pike_request r;
	enum pike_ensured what;
	int ret = pike_forge_ensure(&r, &what, p->forge, &w, p->err);

	if (!ret) {
		note_request(p, &r);
		p->out->what = what == PIKE_ENSURED_CREATED
				   ? PIKE_PUBLISHED_CREATED
			       : what == PIKE_ENSURED_UPDATED || p->out->pushed
				   ? PIKE_PUBLISHED_UPDATED
				   : PIKE_PUBLISHED_SAME;
		if (p->out->what != PIKE_PUBLISHED_SAME)
			set_status(p);
		if (p->s->forge.auto_merge)
			merge(p, &r);
	}
	pike_request_release(&r);
	return ret;
}

/* The base has it, by this request or another way: one that is still open has
 * nothing left to offer. */
static int retire(struct publishing *p)
{
	size_t closed = 0;
	int ret;

	if (p->o->dry_run)
		return 0;
	ret = open_forge(p);
	/* Nothing was to be published: that there is no forge is no error. */
	if (ret)
		return ret == PIKE_USAGE ? 0 : ret;
	ret = pike_forge_retire(&closed, p->forge, p->source,
				"The base has these files by now.", p->err);
	if (!ret && closed)
		p->out->pushed = true;
	return ret;
}

static int offer(struct publishing *p)
{
	struct pike_request open = { 0 };
	int ret = write_texts(p);

	if (ret)
		return ret;
	p->out->what = PIKE_PUBLISHED_DRY;
	if (p->o->dry_run)
		return 0;
	ret = open_forge(p);
	if (!ret)
		ret = ask_first(&open, p);
	if (!ret)
		ret = push_branch(p, &open);
	if (!ret)
		ret = ensure(p);
	pike_request_release(&open);
	return ret;
}

static int publish(struct publishing *p)
{
	int ret;

	if (pike_oid_eq(&p->h->champion, &p->h->base))
		return ends(p, PIKE_PUBLISHED_NOTHING,
			    "the base is the best so far");
	set_names(p);
	ret = read_base(p);
	if (!ret)
		ret = read_files(p);
	if (!ret)
		ret = check_base(p);
	if (ret == 1 && p->out->what == PIKE_PUBLISHED_MERGED) {
		int closed = retire(p);

		return closed ? closed : 1;
	}
	if (!ret)
		ret = check_claim(p);
	return ret ? ret : offer(p);
}

int pike_run_publish(struct pike_offered *out, struct pike_repo *repo,
		     const struct pike_settings *settings,
		     const struct pike_history *h,
		     const struct pike_publish_opts *o, struct pike_err *err)
{
	struct publishing p = { .out = out,
				.repo = repo,
				.s = settings,
				.h = h,
				.o = o,
				.err = err };
	char why[200];
	int ret;

	memset(out, 0, sizeof(*out));
	p.t = pike_settings_target(settings, h->target);
	if (!p.t)
		return pike_fail(err, PIKE_USAGE,
				 "'%s' is not a target of .pike/config",
				 h->target);
	/* Its token would serve whoever wrote the change. */
	if (!o->dry_run && pike_forge_is_fork_job(why))
		return pike_fail(err, PIKE_FATAL,
				 "publish refuses: %s; run it on the base "
				 "branch",
				 why);
	ret = publish(&p);
	release(&p);
	return ret == 1 ? 0 : ret;
}

/* ---- by evolve ---- */

int pike_run_publish_own(struct pike_offered *out, struct pike_run *run,
			 struct pike_err *err)
{
	const struct pike_publish_opts o = { .stop = run->o.stop };

	return pike_run_publish(out, run->repo, run->settings, run->history, &o,
				err);
}
