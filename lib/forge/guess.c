/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guess: which forge it is, where its API is, which repository, whose token:
 * by the configuration, else the CI that runs this, else git's remote.
 */
#include "forge/forge_priv.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define EVENT_MAX ((size_t)32 << 20)

static const struct pike_forge_kind *const kinds[] = {
	&pike_forge_github,
	&pike_forge_gitlab,
	&pike_forge_gitea,
};

const struct pike_forge_kind *pike_forge_kind_at(size_t i)
{
	return i < PIKE_ARRAY_LEN(kinds) ? kinds[i] : NULL;
}

static const char *variable(const char *name)
{
	const char *v = name ? getenv(name) : NULL;

	return v && *v ? v : NULL;
}

/* ---- git's remote ---- */

struct remote {
	char *scheme, *host, *path; /* host with its port; "" of a folder */
	char *user;		    /* of one on the web; NULL: none is named */
};

static void remote_release(struct remote *r)
{
	free(r->scheme);
	free(r->host);
	free(r->path);
	free(r->user);
}

static void trim_path(char *p)
{
	size_t n = strlen(p);

	while (n && p[n - 1] == '/')
		p[--n] = '\0';
	if (n > 4 && !strcmp(p + n - 4, ".git"))
		p[n - 4] = '\0';
}

/* "https://u:p@host:port/a/b.git", "ssh://git@host:22/a/b", "git@host:a/b",
 * or a folder. A port of ssh tells nothing of the API's. */
static void read_remote(struct remote *out, const char *url)
{
	const char *at = strstr(url, "://"), *rest = at ? at + 3 : url;
	size_t n = strcspn(rest, at ? "/" : ":/");
	const char *user = memchr(rest, '@', n);
	bool web = at && pike_starts_with(url, "http");

	memset(out, 0, sizeof(*out));
	if (!at && (rest[n] != ':' || pike_starts_with(url, "/"))) {
		out->scheme = pike_xstrdup("");
		out->host = pike_xstrdup("");
		out->path = pike_xstrdup(url);
		trim_path(out->path);
		return;
	}
	if (user) {
		if (web)
			out->user = pike_xstrndup(
			    rest, strcspn(rest, ":@")); /* no password */
		n -= (size_t)(user + 1 - rest);
		rest = user + 1;
	}
	out->scheme = pike_xstrdup(
	    at && pike_starts_with(url, "http://") ? "http" : "https");
	out->host = pike_xstrndup(
	    rest, web || memchr(rest, '[', n) ? n : strcspn(rest, ":/"));
	rest += n;
	out->path = pike_xstrdup(rest + strspn(rest, ":/"));
	trim_path(out->path);
}

/* "a/b" of a path; of one that has more, its last two where owners have no
 * slashes. NULL: it has less, or what no owner or repository is called. */
static char *place_of(const char *path, bool nested)
{
	static const char ok[] = "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./";
	const char *last = strrchr(path, '/'), *p = last;

	while (p && p > path && p[-1] != '/')
		p--;
	if (nested)
		p = path;
	if (!last || !p || p == last || !last[1] || *p == '/' ||
	    strspn(p, ok) != strlen(p) || strstr(p, "..") || strstr(p, "//"))
		return NULL;
	return pike_xstrdup(p);
}

/* ---- the kind ---- */

static bool in_ci_of(const struct pike_forge_kind *k)
{
	if (!variable(k->in_ci))
		return false;
	for (const char *const *v = k->not_in; *v; v++)
		if (variable(*v))
			return false;
	return true;
}

/* Does the CI that runs this belong to the host of the remote? A folder is
 * whose it is said to be. */
static bool ci_is_of(const struct pike_forge_kind *k, const struct remote *r)
{
	const char *server = variable(k->ci_server);
	size_t len = 0;
	const char *host = server ? pike_url_host(server, &len) : NULL;

	if (!in_ci_of(k))
		return false;
	return !*r->host || !host ||
	       (!strncasecmp(host, r->host, len) &&
		(!r->host[len] || r->host[len] == ':'));
}

static bool has_word(const char *host, const char *const *words)
{
	for (; *words; words++)
		if (strcasestr(host, *words))
			return true;
	return false;
}

static int no_kind(const char *said, struct pike_err *err)
{
	struct pike_buf names;

	pike_buf_init(&names, 200);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(kinds); i++)
		pike_buf_addf(&names, "%s%s", i ? ", " : "", kinds[i]->name);
	if (said)
		pike_fail(err, PIKE_USAGE,
			  "[forge] kind: there is no forge '%s'; there are: %s",
			  said, names.s);
	else
		pike_fail(err, PIKE_USAGE,
			  "which forge it is can be told neither by the remote "
			  "nor by the CI; set [forge] kind to one of: %s",
			  names.s);
	pike_buf_release(&names);
	return PIKE_USAGE;
}

static int guess_kind(struct pike_forge *f, const struct pike_forge_opts *o,
		      const struct remote *r, struct pike_err *err)
{
	for (size_t i = 0; o->kind && i < PIKE_ARRAY_LEN(kinds); i++)
		if (!strcmp(kinds[i]->name, o->kind) ||
		    (kinds[i]->aka && !strcmp(kinds[i]->aka, o->kind)))
			f->kind = kinds[i];
	if (o->kind)
		return f->kind ? 0 : no_kind(o->kind, err);
	for (size_t i = 0; !f->kind && i < PIKE_ARRAY_LEN(kinds); i++)
		if (ci_is_of(kinds[i], r))
			f->kind = kinds[i];
	for (size_t i = 0; !f->kind && i < PIKE_ARRAY_LEN(kinds); i++)
		if (has_word(r->host, kinds[i]->hosts))
			f->kind = kinds[i];
	return f->kind ? 0 : no_kind(NULL, err);
}

/* ---- where, and with what ---- */

static void guess_url(struct pike_forge *f, const struct pike_forge_opts *o,
		      const struct remote *r)
{
	const struct pike_forge_kind *k = f->kind;
	bool ci = ci_is_of(k, r);
	struct pike_buf b;
	size_t n;

	pike_buf_init(&b, 4096);
	if (o->url)
		pike_buf_adds(&b, o->url);
	else if (ci && variable(k->ci_api))
		pike_buf_adds(&b, variable(k->ci_api));
	else if (ci && variable(k->ci_server))
		k->api(&b, variable(k->ci_server));
	else if (*r->host) {
		char *server = pike_xasprintf("%s://%s", r->scheme, r->host);

		k->api(&b, server);
		free(server);
	}
	for (n = b.len; n && b.s[n - 1] == '/';)
		b.s[--n] = '\0';
	f->url = pike_buf_detach(&b);
}

static int check_url(const struct pike_forge *f, struct pike_err *err)
{
	size_t len = 0;
	const char *host = pike_url_host(f->url, &len);

	if (!*f->url)
		return pike_fail(err, PIKE_USAGE,
				 "where the API of %s is cannot be told by the "
				 "remote; set [forge] url",
				 f->kind->title);
	if (!host || strpbrk(f->url, " \t\r\n\"<>?#"))
		return pike_fail(err, PIKE_USAGE,
				 "the URL of the API of %s is none, or names a "
				 "user; set [forge] url to https://HOST/...",
				 f->kind->title);
	if (pike_starts_with(f->url, "https://") ||
	    pike_host_is_loopback(host, len))
		return 0;
	return pike_fail(err, PIKE_USAGE,
			 "'%s' is not https, and a token would be read on its "
			 "way; set [forge] url",
			 f->url);
}

static int guess_place(struct pike_forge *f, const struct remote *r,
		       struct pike_err *err)
{
	const struct pike_forge_kind *k = f->kind;
	const char *ci = ci_is_of(k, r) ? variable(k->ci_repo) : NULL;
	const char *slash;

	/* What git pushes to is where the request belongs. */
	if (*r->host)
		f->place = place_of(r->path, k->nested);
	if (!f->place && ci)
		f->place = place_of(ci, k->nested);
	if (!f->place && !*r->host)
		f->place = place_of(r->path, false);
	if (!f->place)
		return pike_fail(err, PIKE_USAGE,
				 "which repository of %s it is cannot be told "
				 "by the remote; set the remote to a URL that "
				 "ends in OWNER/REPOSITORY",
				 k->title);
	slash = strrchr(f->place, '/');
	f->owner = pike_xstrndup(f->place, (size_t)(slash - f->place));
	return 0;
}

/* Neither the token nor a part of it is ever said. */
static int check_token(const struct pike_forge *f, struct pike_err *err)
{
	for (const char *p = f->token; *p; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p > '~')
			return pike_fail(err, PIKE_USAGE,
					 "the token of %s has blanks or bytes "
					 "that no token has; copy it again",
					 f->token_name);
	return 0;
}

/* The name of the variable that has one, or that must. */
static const char *token_variable(const struct pike_forge *f,
				  const struct pike_forge_opts *o)
{
	const char *const *names = f->kind->tokens;

	while (!o->token && *names && !variable(*names))
		names++;
	return o->token ? o->token : *names;
}

static int find_token(struct pike_forge *f, const struct pike_forge_opts *o,
		      struct pike_err *err)
{
	const char *found = token_variable(f, o);

	f->lent = !found && o->secret;
	if (f->lent) {
		f->token_name = pike_xstrdup("git's credential helper");
		f->token = pike_xstrdup(o->secret);
		return check_token(f, err);
	}
	if (!found || !variable(found))
		return pike_fail(err, PIKE_USAGE,
				 "there is no token for %s: set %s to one that "
				 "has %s",
				 f->kind->title,
				 found ? found : f->kind->tokens[0],
				 f->kind->needs[PIKE_NEED_REQUESTS]);
	f->token_name = pike_xstrdup(found);
	f->token = pike_xstrdup(variable(found));
	return check_token(f, err);
}

int pike_forge_guess(struct pike_forge *f, const struct pike_forge_opts *o,
		     struct pike_err *err)
{
	struct remote r;
	int ret;

	read_remote(&r, o->remote ? o->remote : "");
	ret = guess_kind(f, o, &r, err);
	if (!ret) {
		guess_url(f, o, &r);
		ret = check_url(f, err);
	}
	if (!ret)
		ret = guess_place(f, &r, err);
	if (!ret)
		ret = find_token(f, o, err);
	remote_release(&r);
	return ret;
}

/* git's helpers know people's hosts, and the API may have one of its own beside
 * that. Nobody's password goes to a host that it is not for. */
static char *lender(const struct pike_forge *f, const struct remote *r)
{
	size_t scheme = (size_t)(strstr(f->url, "://") - f->url);
	const char *api = f->url + scheme + 3;
	size_t len = strcspn(api, "/");
	bool same = strlen(r->host) == len && !strncasecmp(api, r->host, len);
	bool below = len > 4 && !strncasecmp(api, "api.", 4) &&
		     strlen(r->host) == len - 4 &&
		     !strncasecmp(api + 4, r->host, len - 4);

	if (!same && !below)
		return pike_xasprintf("%.*s://%.*s", (int)scheme, f->url,
				      (int)len, api);
	return pike_xasprintf("%.*s://%s%s%s/%s", (int)scheme, f->url,
			      r->user ? r->user : "", r->user ? "@" : "",
			      r->host, r->path);
}

char *pike_forge_credential_url(const struct pike_forge_opts *o)
{
	struct pike_forge *f = pike_xcalloc(1, sizeof(*f));
	struct remote r;
	char *url = NULL;

	read_remote(&r, o->remote ? o->remote : "");
	if (!guess_kind(f, o, &r, NULL)) {
		guess_url(f, o, &r);
		if (!check_url(f, NULL) && !token_variable(f, o))
			url = lender(f, &r);
	}
	remote_release(&r);
	pike_forge_free(f);
	return url;
}

bool pike_forge_is_meant(const struct pike_forge_opts *o)
{
	struct pike_forge f = { 0 };
	struct remote r;
	bool meant;

	read_remote(&r, o->remote ? o->remote : "");
	meant = !guess_kind(&f, o, &r, NULL) &&
		variable(o->token ? o->token : f.kind->tokens[0]);
	remote_release(&r);
	return meant;
}

/* ---- whose change is it that this job runs for ---- */

static const char *repo_name(const struct pike_json *j, const char *key)
{
	return pike_json_str(pike_json_get(j, key), "full_name", "");
}

/* Of what a fork can cause: a request for its branch, or a job that follows
 * one. Their repository may be gone by now: then it has no name. */
static bool event_says(char why[200], const struct pike_json *j)
{
	const struct pike_json *pr = pike_json_get(j, "pull_request");
	const struct pike_json *run = pike_json_get(j, "workflow_run");
	const char *here = repo_name(j, "repository"), *from = NULL;

	if (pr) {
		from = repo_name(pike_json_get(pr, "head"), "repo");
		here = repo_name(pike_json_get(pr, "base"), "repo");
	} else if (run) {
		from = repo_name(run, "head_repository");
	}
	if (!from || (*from && !strcmp(from, here)))
		return false;
	snprintf(why, 200,
		 "the event of this job is of a change from another "
		 "repository");
	return true;
}

bool pike_event_is_fork(char why[200])
{
	const char *path = variable("GITHUB_EVENT_PATH");
	struct pike_json *j = NULL;
	struct pike_buf b;
	bool fork;

	if (!path)
		return false;
	pike_buf_init(&b, EVENT_MAX);
	if (!pike_read_file(&b, path, NULL))
		j = pike_json_parse(b.s, b.len, NULL);
	fork = !j || event_says(why, j);
	if (!j)
		snprintf(why, 200,
			 "the event of this job cannot be read at "
			 "GITHUB_EVENT_PATH");
	pike_json_free(j);
	pike_buf_release(&b);
	return fork;
}

bool pike_forge_is_fork_job(char why[200])
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(kinds); i++)
		if (variable(kinds[i]->in_ci) && kinds[i]->is_fork(why))
			return true;
	return false;
}
