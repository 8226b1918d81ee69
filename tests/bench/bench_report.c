/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_report: what a report of many targets costs.
 *
 *   bench_report [TARGETS [CANDIDATES]]     default: 100 targets, 1000 each
 *
 * A repository of so many searches, made through the real store: candidates of
 * two models that change a line each, a result for each, generations of fifty,
 * one fix in ten. Then the program's own `report`: `report-page` and
 * `report-json` in seconds, the size of both, and the memory that they take.
 * JSON lines on stdout, a table on stderr. Goals: 20 s, 500 MB, a page of 10
 * MB.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/proc.h"
#include "git/git.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	GENERATION = 50,
	ROUNDS = 3
};

struct bench {
	char *dir, *pike;
	size_t targets, candidates;
};

static void must(int ret, const struct pike_err *err)
{
	if (!ret)
		return;
	fprintf(stderr, "bench_report: %s\n", err->text);
	exit(128);
}

static void sh(const char *dir, const char *line)
{
	const char *argv[] = { "sh", "-ec", line, NULL };
	const struct pike_proc_opts o = { .argv = argv, .dir = dir };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_proc_result res;

	must(pike_proc_run(&res, &o, &err), &err);
	if (res.status) {
		fprintf(stderr, "bench_report: %s", res.err.s);
		exit(128);
	}
	pike_proc_result_release(&res);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void figure(const struct bench *b, const char *name, const char *unit,
		   double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	printf("{\"bench\":\"%s\",\"n\":%zu,\"unit\":\"%s\",\"median\":%.4g,"
	       "\"min\":%.4g,\"max\":%.4g}\n",
	       name, b->targets * b->candidates, unit, v[n / 2], v[0],
	       v[n - 1]);
	fflush(stdout);
	fprintf(stderr, "%-16s %8zu  %10.3f %-5s (%.3f to %.3f, %zu)\n", name,
		b->targets * b->candidates, v[n / 2], unit, v[0], v[n - 1], n);
}

/* ---- searches ---- */

static char *target_name(size_t t)
{
	return pike_xasprintf("target-%03zu", t);
}

static void make(struct bench *b)
{
	const char *tmp = getenv("TMPDIR");
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_buf config;
	char *path;

	b->dir = pike_xasprintf("%s/pike-bench-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(b->dir)) {
		perror("bench_report: mkdtemp");
		exit(128);
	}
	sh(b->dir, "git init -q -b main\n"
		   "git config user.name bench\n"
		   "git config user.email bench@example.org\n"
		   "mkdir kernels .pike\n"
		   "echo 'void f(float *y, const float *x, int n) {}' |"
		   "tee kernels/f.c >kernels/ref.c");
	pike_buf_init(&config, 1u << 20);
	pike_buf_adds(&config, "[pike]\n\tstrategy = tune\n\tlane = cpu\n");
	for (size_t t = 0; t < b->targets; t++)
		pike_buf_addf(&config,
			      "[target \"target-%03zu\"]\n\tbackend = cpu\n"
			      "\tsource = kernels/f.c\n"
			      "\treference = kernels/ref.c\n\tentry = f\n"
			      "\targ = out f32 y[n]\n\targ = in f32 x[n]\n"
			      "\targ = i32 n\n\tcase = n=1024\n",
			      t);
	path = pike_xasprintf("%s/.pike/config", b->dir);
	must(pike_write_file(path, config.s, config.len, &err), &err);
	free(path);
	pike_buf_release(&config);
	sh(b->dir, "git add -A\ngit commit -qm base");
}

static void fill(struct pike_proposal *p, const struct pike_history *h,
		 struct pike_oid *parent, size_t t, size_t i)
{
	bool fix = i % 10 == 9;
	char *text = pike_xasprintf(
	    "#define TILE %zu\n#define UNROLL %zu\n"
	    "void f(float *y, const float *x, int n)\n{\n"
	    "\tfor (int i = 0; i < n; i++)\n\t\ty[i] = x[i] * %zu;\n}\n",
	    i % 97, i / 97, t * 100000 + i);

	*parent = h->nrecs ? h->recs[fix ? h->nrecs - 1 : i / 3].id : h->base;
	*p = (struct pike_proposal){
		.parents = parent,
		.nparents = 1,
		.subject = "another tile <b>",
		.body = "It fits the cache better.\n",
		.agent = pike_agent_find(fix && h->nrecs ? "fix" : "optimize"),
		.slot = "0",
		.idea = "TILE=32 UNROLL=4",
		.model = i % 2 ? "a-model" : "another-model",
		.tokens_in = 4000,
		.tokens_out = 900,
		.cost = 0.01,
		.generation = (int64_t)(i / GENERATION)
	};
	pike_files_add(&p->files, "kernels/f.c", text, strlen(text));
	free(text);
}

static void judge(struct pike_result *res, const struct pike_history *h,
		  const struct pike_oid *id, const char *target, size_t i)
{
	double mid = 0.8 + (double)(i * 7919 % 1000) / 1000 + (double)i / 1000;

	pike_result_init(res);
	res->commit = *id;
	res->base = res->champion = h->base;
	res->id = pike_xasprintf("%zu-%s", i, id->hex);
	res->env = pike_xstrdup("0123456789abcdef");
	res->task = pike_xstrdup("fedcba9876543210");
	res->lane = pike_xstrdup("cpu");
	res->target = pike_xstrdup(target);
	res->source = pike_xstrdup(id->hex);
	res->verdict = i % 5 == 3 ? PIKE_V_WRONG : PIKE_V_FASTER;
	res->ts = 1700000000 + (int64_t)i;
	if (res->verdict == PIKE_V_FASTER)
		res->vs_base =
		    (struct pike_ratio){ mid * 0.99, mid, mid * 1.01 };
	res->vs_champion = res->vs_base;
	pike_result_spent(res, "time", 0.4);
	pike_result_spent(res, "build", 0.1);
}

static void one_generation(struct pike_search_ref *s, struct pike_history *h,
			   const char *target, size_t t, size_t from)
{
	struct pike_proposal p[GENERATION];
	struct pike_result res[GENERATION];
	struct pike_oid ids[GENERATION], parents[GENERATION];
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_close c = { .strategy = "pike-b", .table = "" };
	double mid = 1.1 + (double)from / 1000;
	bool known[GENERATION];

	for (size_t i = 0; i < GENERATION; i++)
		fill(&p[i], h, &parents[i], t, from + i);
	must(pike_search_store(ids, known, s, h, p, GENERATION, &err), &err);
	for (size_t i = 0; i < GENERATION; i++)
		judge(&res[i], h, &ids[i], target, from + i);
	must(pike_search_record(s, h, res, GENERATION, &err), &err);
	c.champion = ids[0];
	c.speedup = (struct pike_ratio){ mid * 0.98, mid, mid * 1.02 };
	c.spent = (double)(from + GENERATION) * 0.01;
	must(pike_search_advance(s, h, &c, &err), &err);
	for (size_t i = 0; i < GENERATION; i++) {
		pike_files_release(&p[i].files);
		pike_result_release(&res[i]);
	}
}

static void one_search(struct bench *b, size_t t)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_search_ref *s;
	struct pike_history *h;
	char *name = target_name(t);
	struct pike_repo *r;
	struct pike_oid base;

	must(pike_repo_open(&r, b->dir, &err), &err);
	must(pike_search_open(&s, r, name, "cpu", NULL, &err), &err);
	must(pike_repo_base(&base, r, NULL, &err), &err);
	must(pike_search_begin(s, &base, "pike-b", 1, &err), &err);
	h = pike_history_new(name, "cpu");
	must(pike_search_fold(h, s, &err), &err);
	for (size_t i = 0; i < b->candidates; i += GENERATION)
		one_generation(s, h, name, t, i);
	pike_history_free(h);
	pike_search_close(s);
	pike_repo_free(r);
	free(name);
	if (isatty(2))
		fprintf(stderr, "\r%zu", (t + 1) * b->candidates);
}

/* ---- reports ---- */

/* Seconds; and the most memory it had, in MiB. */
static double run(double *mib, const struct bench *b, const char *format,
		  const char *out)
{
	char *const argv[] = { b->pike,
			       (char[]){ "-q" },
			       (char[]){ "-C" },
			       b->dir,
			       (char[]){ "report" },
			       (char[]){ "--format" },
			       (char *)(uintptr_t)format,
			       (char[]){ "--out" },
			       (char *)(uintptr_t)out,
			       NULL };
	int64_t start = pike_now_ns();
	struct rusage used;
	int status;
	pid_t pid = fork();

	if (!pid) {
		execv(b->pike, argv);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) != pid || status) {
		fprintf(stderr, "bench_report: report failed\n");
		exit(128);
	}
	*mib = (double)used.ru_maxrss / 1024;
	return (double)(pike_now_ns() - start) / 1e9;
}

static void measure(const struct bench *b, const char *name, const char *format)
{
	char *out = pike_xasprintf("%s/report.%s", b->dir, format);
	char *bytes = pike_xasprintf("%s-size", name);
	char *memory = pike_xasprintf("%s-memory", name);
	double secs[ROUNDS], mib[ROUNDS], mb[1];
	struct stat st;

	for (int i = 0; i < ROUNDS; i++)
		secs[i] = run(&mib[i], b, format, out);
	if (stat(out, &st)) {
		perror(out);
		exit(128);
	}
	mb[0] = (double)st.st_size / 1e6;
	figure(b, name, "s", secs, ROUNDS);
	figure(b, memory, "MiB", mib, ROUNDS);
	figure(b, bytes, "MB", mb, 1);
	free(memory);
	free(bytes);
	free(out);
}

/* By what the tests look at pages with. */
static void measure_paint(const struct bench *b)
{
	const char *argv[] = { "sh", "-c", NULL, NULL };
	const struct pike_proc_opts o = { .argv = argv, .dir = b->dir };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_proc_result res;
	double ms[ROUNDS];
	char *line = pike_xasprintf("NPM=${NPM:-%s/../npm}\n"
				    "CHROMIUM=$(command -v chromium)\n"
				    "export NPM CHROMIUM\n"
				    "exec node %s/../../tests/cli/browser.mjs "
				    "paint report.html",
				    pike_exe_dir(), pike_exe_dir());

	argv[2] = line;
	for (int i = 0; i < ROUNDS; i++) {
		must(pike_proc_run(&res, &o, &err), &err);
		ms[i] = res.status ? 0 : strtod(res.out.s, NULL);
		pike_proc_result_release(&res);
		if (ms[i] > 0)
			continue;
		fprintf(stderr, "report-paint: no Chromium to ask here; "
				"`ci/deps large` installs it\n");
		free(line);
		return;
	}
	figure(b, "report-paint", "ms", ms, ROUNDS);
	free(line);
}

static size_t argument(int argc, char **argv, int i, size_t otherwise)
{
	return i < argc ? (size_t)strtoul(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
	struct bench b = { .targets = argument(argc, argv, 1, 100),
			   .candidates = argument(argc, argv, 2, 1000) };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_repo *r;

	/* The program lies one folder up from the benchmarks. */
	b.pike = pike_xasprintf("%s/../pike-git", pike_exe_dir());
	make(&b);
	for (size_t t = 0; t < b.targets; t++)
		one_search(&b, t);
	if (isatty(2))
		fputs("\r", stderr);
	must(pike_repo_open(&r, b.dir, &err), &err);
	must(pike_repo_pack(r, false, &err), &err);
	pike_repo_free(r);
	fprintf(stderr, "%-16s %8s  %10s\n", "report", "n", "median");
	measure(&b, "report-page", "html");
	measure(&b, "report-json", "json");
	measure_paint(&b);
	if (getenv("BENCH_KEEP"))
		fprintf(stderr, "kept: %s\n", b.dir);
	else
		pike_rm_rf(b.dir, NULL);
	free(b.dir);
	free(b.pike);
	return 0;
}
