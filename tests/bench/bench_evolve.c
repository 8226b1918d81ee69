/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_evolve: the loop itself on an example target, through the same calls
 * as `pike-git evolve`: evaluations per minute, the share of wall time in
 * which the device lock is held by a screening or a confirmation, and the
 * share in which a kernel was being timed.
 *
 *   bench_evolve [TARGET [CANDIDATES]]      default: sgemm 30
 */
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(const struct pike_err *err)
{
	fprintf(stderr, "bench_evolve: %s\n", err->text);
	return 1;
}

static int sh(const char *dir, const char *const *argv, struct pike_err *err)
{
	struct pike_proc_result res;
	struct pike_proc_opts o = { .argv = argv, .dir = dir };
	int ret = pike_proc_run(&res, &o, err);

	if (!ret && res.status)
		ret = pike_fail(err, PIKE_FATAL, "%s: %s", argv[0], res.err.s);
	pike_proc_result_release(&res);
	return ret;
}

/* The example repository, committed. */
static int make_repo(const char *dir, struct pike_err *err)
{
	char *from =
	    pike_xasprintf("%s/../../examples/cpu-kernels/.", pike_exe_dir());
	const char *const cp[] = { "cp", "-r", from, dir, NULL };
	const char *const init[] = { "git", "init", "-q", "-b", "main", NULL };
	const char *const add[] = { "git", "add", "-A", NULL };
	const char *const commit[] = { "git",
				       "-c",
				       "user.name=bench",
				       "-c",
				       "user.email=bench@example.org",
				       "commit",
				       "-qm",
				       "example kernels",
				       NULL };
	int ret = sh(NULL, cp, err);

	if (!ret)
		ret = sh(dir, init, err);
	if (!ret)
		ret = sh(dir, add, err);
	if (!ret)
		ret = sh(dir, commit, err);
	free(from);
	return ret;
}

static void line(const char *name, long n, const char *unit, double v)
{
	printf("{\"bench\":\"%s\",\"n\":%ld,\"unit\":\"%s\",\"median\":%.4g,"
	       "\"min\":%.4g,\"max\":%.4g}\n",
	       name, n, unit, v, v, v);
	fprintf(stderr, "%-24s %8ld  %10.4g %s\n", name, n, v, unit);
}

static void print(const struct pike_run_stats *s)
{
	double wall = (double)s->wall_ns;
	long n = (long)s->screened;

	line("evolve-rate", n, "candidates/min", (double)n / wall * 60e9);
	line("evolve-lock-share", n, "%", 100 * (double)s->held_ns / wall);
	line("evolve-kernel-share", n, "%", 100 * (double)s->kernel_ns / wall);
}

static int bench(const char *dir, const char *target, const char *candidates,
		 struct pike_err *err)
{
	struct pike_entries entries = { 0 };
	struct pike_settings *settings = NULL;
	struct pike_repo *repo = NULL;
	struct pike_run *run = NULL;
	struct pike_run_opts o = { .target = target,
				   .require = PIKE_I1,
				   .stage = -1 };
	int ret = pike_repo_open(&repo, dir, err);

	if (!ret)
		ret = pike_repo_config(&entries, repo, err);
	pike_entries_add(&entries, "budget", "candidates", candidates,
			 "--candidates", true);
	if (!ret)
		ret = pike_settings_make(&settings, &entries, err);
	if (!ret)
		ret = pike_run_open(&run, repo, settings, &o, err);
	if (!ret)
		ret = pike_run_evolve(run, err);
	if (!ret)
		print(pike_run_stats(run));
	pike_run_free(run);
	pike_settings_free(settings);
	pike_entries_release(&entries);
	pike_repo_free(repo);
	return ret;
}

int main(int argc, char **argv)
{
	const char *target = argc > 1 ? argv[1] : "softmax";
	const char *candidates = argc > 2 ? argv[2] : "30";
	struct pike_err err = PIKE_ERR_INIT;
	const char *tmp = getenv("TMPDIR");
	char *dir =
	    pike_xasprintf("%s/pike-bench-evolve-XXXXXX", tmp ? tmp : "/tmp");
	int ret;

	pike_log_set(PIKE_QUIET);
	if (!mkdtemp(dir)) {
		perror(dir);
		free(dir);
		return 1;
	}
	ret = make_repo(dir, &err);
	if (!ret)
		ret = bench(dir, target, candidates, &err);
	pike_rm_rf(dir, NULL);
	free(dir);
	return ret ? fail(&err) : 0;
}
