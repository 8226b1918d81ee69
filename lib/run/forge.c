/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forge: opens the forge of a repository, with the token of a variable, or else
 * the one that git's credential helpers know.
 */
#include "forge/forge.h"
#include "base/mem.h"
#include "run/publish_priv.h"
#include "run/run_priv.h"

#include <stdlib.h>
#include <string.h>

static struct pike_forge_opts options(const struct pike_settings *settings,
				      const char *remote_url)
{
	return (struct pike_forge_opts){ .kind = settings->forge.kind,
					 .url = settings->forge.url,
					 .token = settings->forge.token,
					 .remote = remote_url };
}

static int borrow(struct pike_credential *out, struct pike_repo *repo,
		  const struct pike_forge_opts *o, struct pike_err *err)
{
	char *url = pike_forge_credential_url(o);
	int ret = url ? pike_credential_fill(out, repo, url, err) : 0;

	free(url);
	return ret;
}

int pike_run_forge(struct pike_place *out, struct pike_repo *repo,
		   const struct pike_settings *settings, int wait_ms,
		   volatile const int *stop, struct pike_err *err)
{
	char *url = pike_remote_url(repo, settings->remote);
	char *keep =
	    pike_xasprintf("%s/pike-forge.json", pike_repo_commondir(repo));
	struct pike_forge_opts o = options(settings, url);
	int ret = 0;

	memset(out, 0, sizeof(*out));
	o.wait_ms = wait_ms;
	o.stop = stop;
	o.keep = keep;
	if (!url)
		ret = pike_fail(err, PIKE_USAGE,
				"there is no remote '%s' to publish to; add "
				"it, or set pike.remote",
				settings->remote);
	if (!ret)
		ret = borrow(&out->lent, repo, &o, err);
	o.secret = out->lent.secret;
	if (!ret)
		ret = pike_forge_open(&out->forge, &o, err);
	free(url);
	free(keep);
	return ret;
}

void pike_run_forge_close(struct pike_place *p, struct pike_repo *repo)
{
	if (p->forge && pike_forge_taken(p->forge))
		pike_credential_approve(repo, &p->lent);
	pike_forge_free(p->forge);
	pike_credential_release(&p->lent);
	p->forge = NULL;
}

bool pike_run_publishes(const struct pike_run *run)
{
	const struct pike_settings *s = run->settings;
	struct pike_forge_opts o;
	char *url;
	bool meant;

	if (!s->forge.publish || !s->sync || run->o.run || run->o.replay ||
	    run->o.keeps || run->rested || pike_run_stopped(run))
		return false;
	url = pike_remote_url(run->repo, s->remote);
	o = options(s, url);
	meant = url && pike_forge_is_meant(&o);
	free(url);
	return meant;
}
