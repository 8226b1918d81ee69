/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sync: when a search shares what it has with others: it fetches before it
 * begins and before a generation is closed, and pushes what was tried and
 * measured as it goes on. To push takes a tenth of the time at most, and
 * happens while nothing is measured and no lock is held. Without a network the
 * search goes on.
 */
#include "git/sync.h"
#include "run/agents_priv.h"

#include "base/clock.h"
#include "base/log.h"

#include <string.h>

/* Of the time between two pushes, to what the last one took. */
#define SHARE 10
/* After a push that failed; doubled each time. */
#define RETRY_NS 10000000000LL
#define RETRY_MAX_NS 600000000000LL

/* False where nothing is to be synced. */
static bool options(struct pike_sync *out, const struct pike_repo *repo,
		    const struct pike_settings *settings)
{
	*out = (struct pike_sync){ .remote = settings->remote,
				   .chat = !strcmp(settings->chat, "push") };
	return settings->sync && pike_sync_remote(repo, settings->remote);
}

static int sync_once(struct pike_repo *repo, const struct pike_sync *o,
		     struct pike_err *err)
{
	struct pike_synced done = { 0 };
	int ret = pike_sync(&done, repo, o, err);

	pike_debug("%s: %zu refs fetched, %zu pushed", o->remote,
		   done.fetched.n, done.pushed.n);
	pike_synced_release(&done);
	return ret;
}

void pike_run_fetch(struct pike_repo *repo,
		    const struct pike_settings *settings,
		    volatile const int *stop)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_sync o;

	if (!options(&o, repo, settings))
		return;
	o.fetch = true;
	o.stop = stop;
	if (sync_once(repo, &o, &err) && !(stop && *stop))
		pike_warn("%s; going on with what is here (mend the remote, or "
			  "run `git config pike.sync false`)",
			  err.text);
}

/* Grows with all that can be pushed. */
static size_t events(const struct pike_run *run)
{
	const struct pike_run_stats *st = &run->stats;

	return 1 + run->history->nrecs + run->history->steers.n +
	       (size_t)st->screened + (size_t)st->confirmed +
	       (size_t)st->generations;
}

static void after(struct pike_run *run, int ret, int64_t t0,
		  const struct pike_err *err)
{
	struct pike_sharing *s = &run->sharing;
	int64_t now = pike_now_ns(), wait = RETRY_NS;

	s->next_ns = now + SHARE * (now - t0);
	if (!ret) {
		if (s->failures)
			pike_say("the remote '%s' has it all again",
				 run->settings->remote);
		s->failures = 0;
		return;
	}
	for (int i = 0; i < s->failures && wait < RETRY_MAX_NS; i++)
		wait *= 2;
	s->next_ns = now + wait;
	if (!s->failures++)
		pike_warn("%s; the search goes on, and pushes again later",
			  err->text);
	else
		pike_debug("%s", err->text);
}

/* Questions to models go on by themselves meanwhile. */
static void sync_now(struct pike_run *run, struct pike_sync *o)
{
	struct pike_err err = PIKE_ERR_INIT;
	int64_t t0 = pike_now_ns();
	size_t seen = events(run);
	int ret;

	o->stop = run->o.stop;
	pike_agents_away(run);
	ret = sync_once(run->repo, o, &err);
	pike_agents_back(run);
	if (pike_run_stopped(run))
		return;
	if (!ret)
		run->sharing.seen = seen;
	after(run, ret, t0, &err);
}

void pike_run_share(struct pike_run *run, bool now)
{
	struct pike_sharing *s = &run->sharing;
	bool waits = (!now || s->failures) && pike_now_ns() < s->next_ns;
	struct pike_sync o;

	if (run->o.keeps || s->seen == events(run) || waits ||
	    !options(&o, run->repo, run->settings))
		return;
	o.push = true;
	sync_now(run, &o);
}

void pike_run_catch_up(struct pike_run *run)
{
	struct pike_sync o;

	if (!options(&o, run->repo, run->settings) || run->sharing.failures)
		return;
	o.fetch = true;
	o.push = !run->o.keeps;
	sync_now(run, &o);
}

int pike_run_share_rest(struct pike_strs *out, struct pike_run *run,
			struct pike_err *err)
{
	struct pike_sync o;
	int ret;

	if (run->o.keeps || !options(&o, run->repo, run->settings))
		return 0;
	/* Told to end it still pushes what it has; told twice it ends. */
	o.push = true;
	ret = sync_once(run->repo, &o, err);
	pike_sync_unsent(out, run->repo, &o, NULL);
	return ret;
}
