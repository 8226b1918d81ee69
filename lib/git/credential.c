/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credential: what git's credential helpers know of a server, by `git
 * credential` (git-credential(1)): the secret goes through pipes, and is in no
 * argument, file or message of ours.
 */
#include "git/offer.h"
#include "git/repo_priv.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
	/* A helper may have a keyring opened, or ask a server of its own. */
	HELPER_MS = 60 * 1000,
	SAID_MAX = 1 << 16,
};

/* Where the user has said how git asks, that holds; else neither a terminal
 * nor a window is to open for what is only worth having. */
static int call(struct pike_buf *out, struct pike_repo *r, const char *verb,
		const struct pike_buf *in, struct pike_err *err)
{
	struct pike_strs args = PIKE_STRS_INIT, env = PIKE_STRS_INIT;
	const struct pike_git_call c = {
		.args = &args, .env = &env, .in = in, .timeout_ms = HELPER_MS
	};
	int ret;

	pike_strs_push(&args, "-c");
	pike_strs_push(&args, "credential.interactive=false");
	pike_strs_push(&args, "credential");
	pike_strs_push(&args, verb);
	if (!getenv("GIT_ASKPASS"))
		pike_strs_push(&env, "GIT_ASKPASS=");
	pike_strs_push(&env, "GCM_INTERACTIVE=never");
	ret = pike_git_call(out, r, &c, err);
	pike_strs_release(&args);
	pike_strs_release(&env);
	return ret;
}

static void wipe(struct pike_buf *b)
{
	memset(b->s, 0, b->len);
	pike_buf_release(b);
}

/* The value of the last line "KEY=..."; NULL: there is none. */
static char *value_of(const char *said, const char *key)
{
	size_t k = strlen(key);
	const char *found = NULL;

	for (const char *p = said; *p;) {
		size_t n = strcspn(p, "\n");

		if (n > k && p[k] == '=' && !memcmp(p, key, k))
			found = p + k + 1;
		p += n + (p[n] == '\n');
	}
	return found ? pike_xstrndup(found, strcspn(found, "\n")) : NULL;
}

/* A line of the protocol ends where the URL would. */
static bool is_plain(const char *url)
{
	for (; *url; url++)
		if ((unsigned char)*url <= ' ' || *url == 0x7f)
			return false;
	return true;
}

int pike_credential_fill(struct pike_credential *out, struct pike_repo *r,
			 const char *url, struct pike_err *err)
{
	struct pike_err why = PIKE_ERR_INIT;
	struct pike_buf in, said;
	int ret;

	memset(out, 0, sizeof(*out));
	if (!is_plain(url))
		return pike_fail(err, PIKE_FAILED,
				 "a remote's URL has blanks or control "
				 "characters");
	pike_buf_init(&in, SAID_MAX);
	pike_buf_init(&said, SAID_MAX);
	pike_buf_addf(&in, "url=%s\n\n", url);
	ret = call(&said, r, "fill", &in, &why);
	if (ret) {
		pike_debug("git's credential helpers know nothing of the "
			   "forge: %s",
			   ret == 1 ? "there is no git program" : why.text);
	} else {
		out->url = pike_xstrdup(url);
		out->user = value_of(said.s, "username");
		out->secret = value_of(said.s, "password");
	}
	pike_buf_release(&in);
	wipe(&said);
	return 0;
}

void pike_credential_approve(struct pike_repo *r,
			     const struct pike_credential *c)
{
	struct pike_err why = PIKE_ERR_INIT;
	struct pike_buf in, said;

	if (!c->secret)
		return;
	pike_buf_init(&in, SAID_MAX);
	pike_buf_init(&said, SAID_MAX);
	pike_buf_addf(&in, "url=%s\n", c->url);
	if (c->user)
		pike_buf_addf(&in, "username=%s\n", c->user);
	pike_buf_addf(&in, "password=%s\n\n", c->secret);
	if (call(&said, r, "approve", &in, &why))
		pike_debug("git's credential helpers: %s", why.text);
	wipe(&in);
	pike_buf_release(&said);
}

void pike_credential_release(struct pike_credential *c)
{
	if (c->secret)
		memset(c->secret, 0, strlen(c->secret));
	free(c->url);
	free(c->user);
	free(c->secret);
	memset(c, 0, sizeof(*c));
}
