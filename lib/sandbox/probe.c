/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe: how strong a box this machine can make, found by making one
 * (systems exist that grant namespaces but no rights in them), and what to
 * type where it is too weak.
 */
#include "sandbox/inside_priv.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static pthread_mutex_t probe_lock = PTHREAD_MUTEX_INITIALIZER;
static struct pike_isolation_info probed;
static bool is_probed;

/* Switches of distributions that turn user namespaces off. */
static const struct {
	const char *path, *bad, *remedy;
} switches[] = {
	{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
	  "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0" },
	{ "/proc/sys/kernel/unprivileged_userns_clone", "0",
	  "sudo sysctl -w kernel.unprivileged_userns_clone=1" },
	{ "/proc/sys/user/max_user_namespaces", "0",
	  "sudo sysctl -w user.max_user_namespaces=15000" },
	{ "/proc/sys/user/max_net_namespaces", "0",
	  "sudo sysctl -w user.max_net_namespaces=15000" },
};

static void find_remedy(struct pike_isolation_info *info, const char *why)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(switches); i++) {
		struct pike_buf b;
		bool bad;

		pike_buf_init(&b, 64);
		bad = !pike_read_file(&b, switches[i].path, NULL) &&
		      b.s[0] == switches[i].bad[0] && b.s[1] == '\n';
		pike_buf_release(&b);
		if (bad) {
			snprintf(info->remedy, sizeof(info->remedy), "%s",
				 switches[i].remedy);
			return;
		}
	}
	snprintf(info->remedy, sizeof(info->remedy),
		 "run outside of the container, or start it with "
		 "'--security-opt seccomp=unconfined --security-opt "
		 "apparmor=unconfined --security-opt systempaths=unconfined' "
		 "(%.200s)",
		 why);
}

/* One attempt: 0 and the features, or -1 and why not. */
static int attempt(struct pike_isolation_info *info, char why[1024],
		   enum pike_isolation level)
{
	struct pike_box_opts o = {
		.kind = PIKE_BOX_RUN,
		.out_fd = -1,
		.sock = -1,
		.wall_ms = 10000,
		.require = level,
	};
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_box_report r;
	struct pike_box *b = NULL;
	int rc;

	rc = pike_box_start(&b, &o, &err);
	if (!rc)
		rc = pike_box_last_report(&r, b, &err);
	pike_box_free(b);
	if (rc) {
		snprintf(why, 1024, "%s", err.text);
		return -1;
	}
	info->userns = r.features & PIKE_BOX_USERNS;
	info->mounts = r.features & PIKE_BOX_MOUNTS;
	info->pidns = r.features & PIKE_BOX_PIDNS;
	info->netns = r.features & PIKE_BOX_NETNS;
	info->seccomp = r.features & PIKE_BOX_SECCOMP;
	info->landlock_abi = r.landlock_abi;
	return 0;
}

/* Below these a box fails in ways that say nothing of the reason. */
static const struct {
	int what;
	rlim_t least;
	const char *name, *remedy;
} limits[] = {
	{ .what = RLIMIT_NOFILE,
	  .least = 128,
	  .name = "open files",
	  .remedy = "ulimit -n 1024" },
	{ .what = RLIMIT_FSIZE,
	  .least = 16 << 20,
	  .name = "bytes in a file",
	  .remedy = "ulimit -f unlimited" },
};

static int check_limits(struct pike_err *err)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(limits); i++) {
		struct rlimit r;

		if (getrlimit((__rlimit_resource_t)limits[i].what, &r) ||
		    r.rlim_cur >= limits[i].least)
			continue;
		return pike_fail(err, PIKE_FATAL,
				 "this process is limited to %llu %s, and a "
				 "sandbox needs %llu; run '%s' before",
				 (unsigned long long)r.rlim_cur, limits[i].name,
				 (unsigned long long)limits[i].least,
				 limits[i].remedy);
	}
	return 0;
}

static int probe(struct pike_isolation_info *info, struct pike_err *err)
{
	char why[1024] = "", why_not[1024];
	struct pike_buf helper;
	int rc;

	/* A broken installation is no weak machine. */
	pike_buf_init(&helper, 8192);
	rc = pike_box_helper(&helper, "pike-sandbox", err);
	pike_buf_release(&helper);
	if (!rc)
		rc = check_limits(err);
	if (rc)
		return rc;
	*info = (struct pike_isolation_info){ .level = PIKE_I0 };
	if (!attempt(info, why, PIKE_I2)) {
		info->level = PIKE_I2;
		return 0;
	}
	if (!attempt(info, why_not, PIKE_I1)) {
		/* What I1 reached in namespaces that then failed. */
		info->userns = info->mounts = false;
		info->pidns = info->netns = false;
		info->level = info->landlock_abi ? PIKE_I1 : PIKE_I0;
	}
	find_remedy(info, why);
	return 0;
}

int pike_isolation_probe(struct pike_isolation_info *out, struct pike_err *err)
{
	int rc = 0;

	pthread_mutex_lock(&probe_lock);
	if (!is_probed) {
		rc = probe(&probed, err);
		is_probed = !rc;
	}
	*out = probed;
	pthread_mutex_unlock(&probe_lock);
	return rc;
}
