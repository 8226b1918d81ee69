/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ensure: what is wanted of a forge, whichever it is: one open request of two
 * branches, one comment of a marker, nothing twice.
 */
#include "forge/forge_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	TRIES = 5
};

/* What the marker of a request says that we closed ourselves. */
#define CLOSED_MARKER PIKE_MARKER "closed -->"

int pike_forge_open(struct pike_forge **out, const struct pike_forge_opts *o,
		    struct pike_err *err)
{
	struct pike_forge *f = pike_xcalloc(1, sizeof(*f));
	int ret = pike_forge_guess(f, o, err);

	*out = NULL;
	f->wait_ms = o->wait_ms;
	f->patience_ms = o->patience_ms;
	f->timeout_ms = o->timeout_ms;
	f->stop = o->stop;
	if (o->keep)
		f->kept.path = pike_xstrdup(o->keep);
	if (!ret)
		ret = pike_http_open(&f->http, err);
	if (ret)
		pike_forge_free(f);
	else
		*out = f;
	return ret;
}

bool pike_forge_taken(const struct pike_forge *f)
{
	return f->taken;
}

void pike_forge_free(struct pike_forge *f)
{
	if (!f)
		return;
	pike_http_close(f->http);
	pike_kept_save(&f->kept);
	pike_kept_release(&f->kept);
	if (f->token)
		memset(f->token, 0, strlen(f->token));
	free(f->token);
	free(f->token_name);
	free(f->url);
	free(f->place);
	free(f->owner);
	free(f);
}

const char *pike_forge_title(const struct pike_forge *f)
{
	return f->kind->title;
}

const char *pike_forge_place(const struct pike_forge *f)
{
	return f->place;
}

/* ---- finding ---- */

int pike_forge_find(struct pike_request *out, struct pike_forge *f,
		    const char *source, const char *target,
		    struct pike_err *err)
{
	const struct pike_query q = { .source = source, .target = target };
	struct pike_requests l = { 0 };
	int ret = f->kind->list(&l, f, &q, err);

	memset(out, 0, sizeof(*out));
	if (!ret && l.n) {
		*out = l.v[0];
		memset(&l.v[0], 0, sizeof(l.v[0]));
	} else if (!ret) {
		ret = 1;
	}
	pike_requests_release(&l);
	return ret;
}

static size_t first_line(const char *s)
{
	return strcspn(s, "\r\n");
}

static bool same_marker(const char *a, const char *b)
{
	size_t n = first_line(a);

	return n == first_line(b) && !strncmp(a, b, n) &&
	       pike_starts_with(a, PIKE_MARKER);
}

/* A person has closed one that offered the same: its marker or title says so.
 * What we closed ourselves carries another marker. */
static int refused(struct pike_request *out, struct pike_forge *f,
		   const struct pike_wanted *w, struct pike_err *err)
{
	const struct pike_query q = { .source = w->source,
				      .target = w->target,
				      .closed = true };
	struct pike_requests l = { 0 };
	int ret = f->kind->list(&l, f, &q, err);

	for (size_t i = 0; !ret && i < l.n; i++) {
		struct pike_request *r = &l.v[i];

		if (r->state != PIKE_REQUEST_CLOSED ||
		    pike_starts_with(r->body, CLOSED_MARKER) ||
		    (!same_marker(r->body, w->body) &&
		     strcmp(r->title, w->title) != 0))
			continue;
		*out = *r;
		memset(r, 0, sizeof(*r));
		ret = 1;
	}
	pike_requests_release(&l);
	return ret;
}

static int count_ours(size_t *out, struct pike_forge *f, struct pike_err *err)
{
	const struct pike_query q = { .source = NULL };
	struct pike_requests l = { 0 };
	int ret = f->kind->list(&l, f, &q, err);

	*out = 0;
	for (size_t i = 0; !ret && i < l.n; i++)
		*out += pike_starts_with(l.v[i].source, PIKE_REQUEST_BRANCHES);
	pike_requests_release(&l);
	return ret;
}

/* ---- one request ---- */

/* Forges keep text with other line ends, and without blanks at its end. */
static bool same_text(const char *a, const char *b)
{
	for (;;) {
		while (*a == '\r')
			a++;
		while (*b == '\r')
			b++;
		if (!*a || !*b)
			return !a[strspn(a, " \r\n\t")] &&
			       !b[strspn(b, " \r\n\t")];
		if (*a++ != *b++)
			return false;
	}
}

static bool has_label(const struct pike_request *r, const char *name)
{
	for (size_t i = 0; i < r->labels.n; i++)
		if (!strcasecmp(r->labels.v[i], name))
			return true;
	return false;
}

static int add_labels(bool *changed, struct pike_forge *f,
		      const struct pike_request *r, const struct pike_wanted *w,
		      struct pike_err *err)
{
	struct pike_strs missing = PIKE_STRS_INIT;
	int ret = 0;

	for (size_t i = 0; w->labels && i < w->labels->n; i++)
		if (!has_label(r, w->labels->v[i]))
			pike_strs_push(&missing, w->labels->v[i]);
	if (missing.n) {
		*changed = true;
		ret = f->kind->label(f, r->number, &missing, err);
	}
	pike_strs_release(&missing);
	return ret;
}

static int refresh(enum pike_ensured *what, struct pike_forge *f,
		   const struct pike_request *r, const struct pike_wanted *w,
		   struct pike_err *err)
{
	const char *title = strcmp(r->title, w->title) ? w->title : NULL;
	const char *body = same_text(r->body, w->body) ? NULL : w->body;
	bool changed = title || body;
	int ret = 0;

	if (changed)
		ret = f->kind->update(f, r->number, title, body, false, err);
	if (!ret)
		ret = add_labels(&changed, f, r, w, err);
	*what = changed ? PIKE_ENSURED_UPDATED : PIKE_ENSURED_SAME;
	return ret;
}

/* Labels where creating did not take them along. */
static int created(struct pike_forge *f, const struct pike_request *r,
		   const struct pike_wanted *w, struct pike_err *err)
{
	bool changed;

	if (r->number <= 0)
		return pike_fail(err, PIKE_FAILED,
				 "%s has created a request and does not say "
				 "its number",
				 f->kind->title);
	f->fresh = true;
	return add_labels(&changed, f, r, w, err);
}

int pike_forge_look(struct pike_request *out, enum pike_ensured *what,
		    struct pike_forge *f, const struct pike_wanted *w,
		    struct pike_err *err)
{
	size_t open = 0;
	int ret = pike_forge_find(out, f, w->source, w->target, err);

	*what = PIKE_ENSURED_SAME;
	if (ret != 1)
		return ret;
	*what = PIKE_ENSURED_REFUSED;
	ret = refused(out, f, w, err);
	if (ret)
		return ret == 1 ? 0 : ret;
	if (w->max_open)
		ret = count_ours(&open, f, err);
	*what = w->max_open && open >= (size_t)w->max_open
		    ? PIKE_ENSURED_FULL
		    : PIKE_ENSURED_CREATED;
	return ret;
}

/* 1: nothing is there yet, and it may be created. */
static int look(struct pike_request *out, enum pike_ensured *what,
		struct pike_forge *f, const struct pike_wanted *w,
		struct pike_err *err)
{
	int ret = pike_forge_look(out, what, f, w, err);

	if (!ret && *what == PIKE_ENSURED_SAME)
		return refresh(what, f, out, w, err);
	return !ret && *what == PIKE_ENSURED_CREATED ? 1 : ret;
}

/* Closes and says why; its marker tells that no person did it. */
static int close_one(struct pike_forge *f, const struct pike_request *r,
		     const char *why, struct pike_err *err)
{
	const char *rest = r->body;
	bool written;
	char *body;
	int ret;

	if (pike_starts_with(rest, PIKE_MARKER))
		rest += first_line(rest);
	body = pike_xasprintf("%s%s%s", CLOSED_MARKER,
			      rest == r->body ? "\n" : "", rest);
	ret = pike_forge_comment_once(&written, f, r->number, CLOSED_MARKER,
				      why, err);
	if (!ret)
		ret = f->kind->update(f, r->number, NULL, body, true, err);
	free(body);
	return ret;
}

/* Others of the same branch, to somewhere else. */
static int close_others(struct pike_forge *f, const struct pike_request *keep,
			const struct pike_wanted *w, struct pike_err *err)
{
	const struct pike_query q = { .source = w->source };
	struct pike_requests l = { 0 };
	int ret = f->kind->list(&l, f, &q, err);

	for (size_t i = 0; !ret && i < l.n; i++) {
		char *why;

		if (l.v[i].number == keep->number)
			continue;
		why = pike_xasprintf(
		    "Superseded by %s%lld.",
		    strstr(l.v[i].url, "/merge_requests/") ? "!" : "#",
		    (long long)keep->number);
		ret = close_one(f, &l.v[i], why, err);
		free(why);
	}
	pike_requests_release(&l);
	return ret;
}

int pike_forge_ensure(struct pike_request *out, enum pike_ensured *what,
		      struct pike_forge *f, const struct pike_wanted *w,
		      struct pike_err *err)
{
	int ret = 1;

	memset(out, 0, sizeof(*out));
	for (int i = 0; ret == 1 && i < TRIES; i++) {
		if (i && (ret = pike_forge_pause(f, i - 1, err)))
			return ret;
		pike_request_release(out);
		ret = look(out, what, f, w, err);
		if (ret != 1)
			break;
		ret = f->kind->create(out, f, w, err);
		if (!ret) {
			*what = PIKE_ENSURED_CREATED;
			ret = created(f, out, w, err);
			break;
		}
		/* A lost answer, or one that is there and not yet listed. */
		if (ret == PIKE_RETRY && i + 1 < TRIES)
			ret = 1;
	}
	if (ret == 1)
		return pike_fail(err, PIKE_RETRY,
				 "%s says that a request from '%s' is there, "
				 "and does not list it; try again later",
				 f->kind->title, w->source);
	if (!ret && *what != PIKE_ENSURED_REFUSED && *what != PIKE_ENSURED_FULL)
		ret = close_others(f, out, w, err);
	return ret;
}

int pike_forge_retire(size_t *closed, struct pike_forge *f, const char *source,
		      const char *why, struct pike_err *err)
{
	const struct pike_query q = { .source = source };
	struct pike_requests l = { 0 };
	int ret = f->kind->list(&l, f, &q, err);

	*closed = 0;
	for (size_t i = 0; !ret && i < l.n; i++) {
		ret = close_one(f, &l.v[i], why, err);
		*closed += !ret;
	}
	if (!ret && *closed)
		ret = f->kind->drop_branch(f, source, err);
	pike_requests_release(&l);
	return ret;
}

/* ---- one comment ---- */

/* Where several begin so, as somebody imitates ours, the one that says it. */
static const struct pike_comment *find_comment(const struct pike_comments *l,
					       const char *marker,
					       const char *text)
{
	const struct pike_comment *found = NULL;

	for (size_t i = 0; i < l->n; i++) {
		if (same_text(l->v[i].body, text))
			return &l->v[i];
		if (!found && pike_starts_with(l->v[i].body, marker))
			found = &l->v[i];
	}
	return found;
}

/* 1: not there; 0: done. */
static int mend_comment(bool *written, struct pike_forge *f, int64_t number,
			const char *marker, const char *text,
			struct pike_err *err)
{
	struct pike_comments l = { 0 };
	const struct pike_comment *c = NULL;
	int ret = f->kind->comments(&l, f, number, err);

	if (!ret)
		c = find_comment(&l, marker, text);
	if (!ret && !c)
		ret = 1;
	if (c && !same_text(c->body, text)) {
		*written = true;
		/* Of somebody else, who imitates ours: write our own. */
		ret = f->kind->comment(f, number, c->id, text, err);
	}
	pike_comments_release(&l);
	return ret;
}

int pike_forge_comment_once(bool *written, struct pike_forge *f, int64_t number,
			    const char *marker, const char *text,
			    struct pike_err *err)
{
	char *full = pike_xasprintf("%s\n%s", marker, text);
	int ret = 1;

	*written = false;
	for (int i = 0; i < TRIES; i++) {
		if (i && (ret = pike_forge_pause(f, i - 1, err)))
			break;
		ret = mend_comment(written, f, number, marker, full, err);
		if (ret != 1)
			break;
		*written = true;
		ret = f->kind->comment(f, number, 0, full, err);
		if (ret != PIKE_RETRY)
			break;
	}
	free(full);
	return ret;
}

/* ---- the rest ---- */

int pike_forge_succeed(struct pike_forge *f, const char *sha, const char *name,
		       const char *text, struct pike_err *err)
{
	return f->kind->succeed(f, sha, name, text, err);
}

int pike_forge_merge(enum pike_merge *out, char why[300], struct pike_forge *f,
		     const struct pike_request *q, const char *sha,
		     struct pike_err *err)
{
	why[0] = '\0';
	return f->kind->merge(out, why, f, q, sha, err);
}
