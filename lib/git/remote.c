/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remote: one ref of a remote, looked at and moved, by the git program: what it
 * knows of credentials, ssh and proxies counts. No ref of the user's is changed
 * here, and none of the remote's is forced beyond what was seen there.
 */
#include "git/offer.h"
#include "git/repo_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	NETWORK_MS = 5 * 60 * 1000,
	SAID_MAX = 1 << 20,
};

char *pike_remote_url(struct pike_repo *r, const char *remote)
{
	git_remote *g = NULL;
	const char *url;
	char *copy;

	if (git_remote_lookup(&g, r->g, remote))
		return NULL;
	url = git_remote_pushurl(g);
	copy = pike_xstrdup(url ? url : git_remote_url(g));
	git_remote_free(g);
	return copy;
}

static int call(struct pike_buf *out, struct pike_repo *r,
		const struct pike_strs *args, struct pike_err *err)
{
	const struct pike_git_call c = { .args = args,
					 .timeout_ms = NETWORK_MS };
	int ret = pike_git_call(out, r, &c, err);

	return ret == 1 ? pike_fail(err, PIKE_FATAL,
				    "a remote needs the git program; install "
				    "it")
			: ret;
}

static void words(struct pike_strs *args, const char *const *w)
{
	for (; *w; w++)
		pike_strs_push(args, *w);
}

/* "OID\tNAME\n" of the very ref: git also lists those that end so. */
static void find_line(struct pike_oid *out, const char *said, const char *ref)
{
	size_t len = strlen(ref);

	out->hex[0] = '\0';
	for (const char *p = said; *p;) {
		size_t n = strcspn(p, "\n");

		if (n == GIT_OID_HEXSZ + 1 + len && p[GIT_OID_HEXSZ] == '\t' &&
		    !memcmp(p + GIT_OID_HEXSZ + 1, ref, len) &&
		    strspn(p, "0123456789abcdef") == GIT_OID_HEXSZ) {
			memcpy(out->hex, p, GIT_OID_HEXSZ);
			out->hex[GIT_OID_HEXSZ] = '\0';
		}
		p += n + (p[n] == '\n');
	}
}

static int list_remote(struct pike_oid *out, struct pike_repo *r,
		       const char *remote, const char *ref,
		       struct pike_err *err)
{
	static const char *const w[] = { "ls-remote", "--quiet", "--", NULL };
	struct pike_strs args = PIKE_STRS_INIT;
	struct pike_buf said;
	int ret;

	pike_buf_init(&said, SAID_MAX);
	words(&args, w);
	pike_strs_push(&args, remote);
	pike_strs_push(&args, ref);
	ret = call(&said, r, &args, err);
	if (!ret)
		find_line(out, said.s, ref);
	pike_strs_release(&args);
	pike_buf_release(&said);
	return ret;
}

/* Its objects, and no ref. */
static int fetch_ref(struct pike_repo *r, const char *remote, const char *ref,
		     struct pike_err *err)
{
	static const char *const w[] = { "fetch",
					 "--quiet",
					 "--no-tags",
					 "--no-write-fetch-head",
					 "--no-recurse-submodules",
					 "--refmap=",
					 "--",
					 NULL };
	struct pike_strs args = PIKE_STRS_INIT;
	int ret;

	words(&args, w);
	pike_strs_push(&args, remote);
	pike_strs_push(&args, ref);
	ret = call(NULL, r, &args, err);
	pike_strs_release(&args);
	if (!ret)
		git_odb_refresh(r->disk);
	return ret;
}

int pike_remote_ref(struct pike_oid *out, struct pike_repo *r,
		    const char *remote, const char *ref, struct pike_err *err)
{
	git_oid id;
	int ret = list_remote(out, r, remote, ref, err);

	if (ret || !pike_oid_set(out) || pike_oid_to(&id, out, NULL))
		goto out;
	if (git_odb_exists(r->disk, &id) != 1)
		ret = fetch_ref(r, remote, ref, err);
	if (!ret && git_odb_exists(r->disk, &id) != 1)
		ret = pike_fail(err, PIKE_RETRY,
				"'%s' has moved while it was fetched", ref);
out:
	if (ret)
		pike_err_prefix(err, "remote '%s'", remote);
	return ret;
}

/* Of `push --porcelain` the line of what was not done: "!\tREF\tWHY". */
static int not_pushed(const char *said, const char *remote, const char *ref,
		      struct pike_err *err)
{
	static const char *const raced[] = {
		"stale info",		"fetch first",	   "already exists",
		"failed to update ref", "cannot lock ref", "incorrect old value"
	};
	const char *p = said[0] == '!' ? said : strstr(said, "\n!");
	char why[300];
	size_t n;

	if (!p)
		return 0;
	p += *p == '\n';
	n = strcspn(p, "\n");
	for (const char *tab = p; (tab = memchr(tab, '\t', n)); tab++) {
		n -= (size_t)(tab + 1 - p);
		p = tab + 1;
	}
	snprintf(why, sizeof(why), "%.*s", (int)(n < 299 ? n : 299), p);
	pike_redact_urls(why);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(raced); i++)
		if (strstr(why, raced[i]))
			return pike_fail(err, PIKE_RETRY,
					 "'%s' of '%s' was moved by somebody "
					 "else: %s",
					 ref, remote, why);
	if (strstr(why, "non-fast-forward"))
		return pike_fail(err, PIKE_FAILED,
				 "'%s' may not be made anew there: allow that "
				 "for refs/heads/pike/mr/* of '%s'",
				 ref, remote);
	return pike_fail(err, PIKE_FAILED,
			 "'%s' does not let '%s' be pushed: %s; check what the "
			 "credentials may do",
			 remote, ref, why);
}

int pike_push_ref(struct pike_repo *r, const char *remote, const char *ref,
		  const struct pike_oid *to, const struct pike_oid *was,
		  struct pike_err *err)
{
	static const char *const w[] = { "push",
					 "--porcelain",
					 "--no-verify",
					 "--no-follow-tags",
					 "--recurse-submodules=no",
					 NULL };
	struct pike_strs args = PIKE_STRS_INIT;
	struct pike_buf said;
	int ret, why;

	pike_buf_init(&said, SAID_MAX);
	words(&args, w);
	/* "" : there is none. A `+` would turn the comparison off. */
	pike_strs_pushf(&args, "--force-with-lease=%s:%s", ref, was->hex);
	pike_strs_push(&args, "--");
	pike_strs_push(&args, remote);
	pike_strs_pushf(&args, "%s:%s", to->hex, ref);
	ret = call(&said, r, &args, err);
	why = ret ? not_pushed(said.s, remote, ref, err) : 0;
	pike_strs_release(&args);
	pike_buf_release(&said);
	return why ? why : ret;
}
