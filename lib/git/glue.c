/* SPDX-License-Identifier: Apache-2.0 */
/* glue: libgit2's errors and ids in terms of ours, and paths. */
#include "git/repo_priv.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int pike_git_fail(struct pike_err *err, int level, int rc, const char *fmt, ...)
{
	const git_error *e = git_error_last();
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (rc == GIT_ELOCKED || rc == GIT_EMODIFIED)
		level = PIKE_RETRY;
	return pike_fail(err, level, "%s: %s", what,
			 e && e->message ? e->message : "unknown error");
}

void pike_warn_once(struct pike_repo *r, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (pike_strs_has(&r->told, text))
		return;
	pike_strs_push(&r->told, text);
	pike_warn("%s", text);
}

bool pike_git_gone(void)
{
	const git_error *e = git_error_last();

	return e && e->klass == GIT_ERROR_OS && e->message &&
	       strstr(e->message, strerror(ENOENT));
}

void pike_oid_from(struct pike_oid *out, const git_oid *id)
{
	git_oid_tostr(out->hex, sizeof(out->hex), id);
}

int pike_oid_to(git_oid *out, const struct pike_oid *o, struct pike_err *err)
{
	if (strlen(o->hex) == GIT_OID_HEXSZ && !git_oid_fromstr(out, o->hex))
		return 0;
	return pike_fail(err, PIKE_FAILED, "'%s' is not a commit id", o->hex);
}

char *pike_repo_path(const struct pike_repo *r, const char *rest)
{
	return pike_xasprintf("%s%s", r->commondir, rest);
}
