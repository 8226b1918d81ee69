/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_models: what a candidate of a model costs beside the model and the
 * measurement: the strategy, the prompt, the commit with its chat note, the
 * result, its share of closing the generation. The model answers at once (a
 * replay), and so does the judge.
 *
 *   bench_models [CANDIDATES...]     default: 100 2000 20000
 *
 * `models-rounds` of PIKE-B's rounds, `models-islands` of PIKE-O's: at each
 * size the time of a generation by its candidates, the median of the next 100
 * generations, and its own memory. Now and then one merges packs, which is the
 * maximum; `models-*-mean` is of all candidates since the size before, with all
 * that was merged. JSON lines on stdout, a table on stderr. With TMPDIR in
 * memory (/dev/shm) it is the program's own time and git's; elsewhere the file
 * system's is added.
 */
#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "run/agents_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	WINDOW = 100, /* generations */
	AHEAD = 400,  /* recorded replies at hand */
	/* What was written before keeps the disk busy for a while. */
	SETTLE_SECONDS = 6
};

struct bench {
	struct pike_run *run;
	size_t replies; /* recorded so far */
	size_t judged;	/* records that have a result */
	double spent;	/* ms since the size before */
	size_t from;	/* records there were then */
	int failed;
	struct pike_err err;
};

static void must(struct bench *b, int ret)
{
	if (!ret)
		return;
	fprintf(stderr, "bench_models: %s\n", b->err.text);
	exit(128);
}

static void sh(struct bench *b, const char *dir, const char *line)
{
	const char *argv[] = { "sh", "-ec", line, NULL };
	const struct pike_proc_opts o = { .argv = argv, .dir = dir };
	struct pike_proc_result res;

	must(b, pike_proc_run(&res, &o, &b->err));
	if (res.status)
		must(b, pike_fail(&b->err, PIKE_FATAL, "%s", res.err.s));
	pike_proc_result_release(&res);
}

/* A reply with a kernel that nobody has proposed. */
static void add_reply(struct bench *b)
{
	struct pike_exchange x = { .agent = (char *)"optimize" };
	char reply[1024];
	struct pike_buf line;

	snprintf(reply, sizeof(reply),
		 "Another loop.\n\n```c\n#include <stdint.h>\n\nvoid "
		 "scale(const float *x, float *y, int32_t n)\n{\n\tfor "
		 "(int32_t i = 0; i < n; i++)\n\t\ty[i] = x[i] * 1.5f + x[i] * "
		 "x[i]; // %zu\n}\n```\n",
		 ++b->replies);
	x.reply = reply;
	pike_buf_init(&line, (size_t)-1);
	pike_exchange_print(&line, &x);
	must(b, pike_replay_add(b->run->agents->replay, line.s, line.len,
				&b->err));
	pike_buf_release(&line);
}

static void judge_one(struct bench *b, const struct pike_record *r, size_t i)
{
	const struct pike_stamp stamp = pike_run_stamp(b->run, r, PIKE_SCREEN);
	double mid = 0.5 + (double)(i % 997) / 2500;
	struct pike_result res;

	pike_result_init(&res);
	pike_result_stamp(&res, &stamp);
	res.env = pike_xstrdup("bench");
	res.task = pike_xstrdup("bench");
	res.verdict = PIKE_V_SLOWER;
	res.vs_champion = (struct pike_ratio){ mid * 0.99, mid, mid * 1.01 };
	res.vs_base = res.vs_champion;
	must(b, pike_search_record(b->run->search, b->run->history, &res, 1,
				   &b->err));
	pike_result_release(&res);
	b->run->stats.screened++;
}

/* As `evolve` does it, but for the measurement. */
static void judge_all(struct bench *b)
{
	for (; b->judged < b->run->history->nrecs; b->judged++) {
		must(b, pike_run_refresh(b->run, &b->err));
		judge_one(b, &b->run->history->recs[b->judged], b->judged);
	}
}

static bool must_close(const struct bench *b)
{
	size_t judged;

	pike_run_open_count(b->run, &judged);
	return b->run->strategy->closed
		   ? pike_agents_closed(b->run)
		   : judged >= (size_t)b->run->settings->generation_size;
}

static void turn(struct bench *b)
{
	must(b, pike_agents_ask(b->run, &b->err));
	while (pike_replay_left(b->run->agents->replay) < AHEAD)
		add_reply(b);
	must(b, pike_agents_listen(b->run, 0, &b->err));
	judge_all(b);
	if (must_close(b))
		must(b, pike_run_advance(b->run, &b->err));
}

static int by_value(const void *p, const void *q)
{
	const double a = *(const double *)p, b = *(const double *)q;

	return (a > b) - (a < b);
}

static void figure(const char *name, size_t n, const char *unit, double *v,
		   size_t count)
{
	qsort(v, count, sizeof(*v), by_value);
	printf("{\"bench\":\"%s\",\"n\":%zu,\"unit\":\"%s\",\"median\":%.4g,"
	       "\"min\":%.4g,\"max\":%.4g}\n",
	       name, n, unit, v[count / 2], v[0], v[count - 1]);
	fflush(stdout);
	fprintf(stderr, "%-24s %8zu  %10.4g %s (%.3g to %.3g)\n", name, n,
		v[count / 2], unit, v[0], v[count - 1]);
}

/* Up to the end of a generation: milliseconds of each of its candidates. */
static double one_generation(struct bench *b)
{
	size_t first = b->run->history->nrecs, gens = b->run->history->ngens;
	int64_t t0 = pike_now_ns();
	double ms;

	while (b->run->history->ngens == gens)
		turn(b);
	ms = (double)(pike_now_ns() - t0) / 1e6;
	b->spent += ms;
	return ms / (double)(b->run->history->nrecs - first);
}

/* Megabytes that are not the mapped packs': those are the kernel's to drop. */
static double own_memory(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	double kb = 0;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "RssAnon:", 8))
			kb = strtod(line + 8, NULL);
	if (f)
		fclose(f);
	return kb / 1e3;
}

static void measure(struct bench *b, const char *name, size_t n)
{
	char *memory = pike_xasprintf("%s-memory", name);
	char *mean = pike_xasprintf("%s-mean", name);
	double v[WINDOW], mb;

	while (b->run->history->nrecs < n)
		one_generation(b);
	if (n > 1000)
		sleep(SETTLE_SECONDS);
	for (int i = 0; i < WINDOW; i++)
		v[i] = one_generation(b);
	figure(name, n, "ms", v, WINDOW);
	b->spent /= (double)(b->run->history->nrecs - b->from);
	figure(mean, n, "ms", &b->spent, 1);
	b->spent = 0;
	b->from = b->run->history->nrecs;
	mb = own_memory();
	figure(memory, n, "MB", &mb, 1);
	free(memory);
	free(mean);
}

static void bench_strategy(const char *name, const char *strategy,
			   const size_t *sizes, size_t n)
{
	const char *tmp = getenv("TMPDIR");
	char *dir =
	    pike_xasprintf("%s/pike-bench-models-XXXXXX", tmp ? tmp : "/tmp");
	char *from = pike_xasprintf("cp -r '%s/../../tests/kill/repo/.' . && "
				    "git init -q -b main && git add -A && git "
				    "-c user.name=b -c user.email=b@example.org"
				    " commit -qm base",
				    pike_exe_dir());
	struct pike_entries e = { 0 };
	struct pike_settings *settings = NULL;
	struct pike_repo *repo = NULL;
	struct pike_run_opts o = { .target = "kill", .stage = -1 };
	struct bench b = { 0 };

	must(&b, mkdtemp(dir) ? 0 : pike_fail(&b.err, PIKE_FATAL, "%s", dir));
	sh(&b, dir, from);
	must(&b, pike_repo_open(&repo, dir, &b.err));
	must(&b, pike_repo_config(&e, repo, &b.err));
	pike_entries_add(&e, "pike", "strategy", strategy, "bench", true);
	pike_entries_add(&e, "pike", "generation-size", "10", "bench", true);
	pike_entries_add(&e, "llm.main", "provider", "replay", "bench", true);
	must(&b, pike_settings_make(&settings, &e, &b.err));
	must(&b, pike_run_open(&b.run, repo, settings, &o, &b.err));
	for (size_t i = 0; i < n; i++)
		measure(&b, name, sizes[i]);
	pike_run_free(b.run);
	pike_settings_free(settings);
	pike_entries_release(&e);
	pike_repo_free(repo);
	pike_rm_rf(dir, NULL);
	free(dir);
	free(from);
}

/* Those of the tree, if nobody says otherwise: none lie beside this program. */
static void find_templates(void)
{
	char *dir = pike_xasprintf("%s/../../templates", pike_exe_dir());

	setenv("PIKE_TEMPLATES", dir, 0);
	free(dir);
}

int main(int argc, char **argv)
{
	size_t sizes[16] = { 100, 2000, 20000 }, n = 3;

	pike_log_set(PIKE_QUIET);
	find_templates();
	for (int i = 1; i < argc && i <= 16; i++) {
		sizes[i - 1] = strtoul(argv[i], NULL, 10);
		n = (size_t)i;
	}
	bench_strategy("models-rounds", "pike-b-no-iba", sizes, n);
	bench_strategy("models-islands", "pike-o", sizes, n);
	return 0;
}
