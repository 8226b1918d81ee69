/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_store: what a candidate costs in git, and whether that stays flat.
 *
 *   bench_store [CANDIDATES...]     default: 1000 10000 100000
 *
 * One repository grows as `evolve` lets it grow: ten candidates at a time, a
 * result for each, a generation closed. At each size: `store` one candidate
 * with its result, one by one, durable against SIGKILL; the same with fsync;
 * `store-batched` a candidate of a batch of 64, and `store-and-close` the same
 * with the generation closed and objects packed;
 * `close` a generation of ten; `resume` a fold by a new handle; `disk` bytes
 * per candidate; and the program's own `log` and `status`. JSON lines on
 * stdout, a table on stderr. In TMPDIR: its file system is part of each figure.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/proc.h"
#include "git/git.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	GENERATION = 10,
	BATCH = 64,
	ROUNDS = 16,   /* generations of a sample, so that packing is in each */
	SAMPLES = 100, /* one by one: fewer objects than are packed */
	LINE_LOG = 400
};

struct bench {
	char *dir, *pike; /* repository; the program */
	char *old[8];	  /* what it was copied from */
	size_t nold;
	struct pike_repo *r;
	struct pike_search_ref *s;
	struct pike_history *h;
	size_t made;
	int64_t closes[SAMPLES];
	size_t ncloses;
};

static void must(int ret, const struct pike_err *err)
{
	if (!ret)
		return;
	fprintf(stderr, "bench_store: %s\n", err->text);
	exit(128);
}

static void run(const char *dir, const char *const *argv)
{
	const struct pike_proc_opts o = { .argv = argv, .dir = dir };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_proc_result res;

	must(pike_proc_run(&res, &o, &err), &err);
	if (res.status) {
		fprintf(stderr, "bench_store: %s", res.err.s);
		exit(128);
	}
	pike_proc_result_release(&res);
}

static void sh(const char *dir, const char *line)
{
	const char *argv[] = { "sh", "-ec", line, NULL };

	run(dir, argv);
}

/* ---- figures ---- */

static int by_value(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void figure(const char *name, size_t n, const char *unit, double scale,
		   int64_t *v, size_t count)
{
	if (!count)
		return;
	qsort(v, count, sizeof(*v), by_value);
	printf("{\"bench\":\"%s\",\"n\":%zu,\"unit\":\"%s\",\"median\":%.4g,"
	       "\"min\":%.4g,\"max\":%.4g}\n",
	       name, n, unit, (double)v[count / 2] / scale,
	       (double)v[0] / scale, (double)v[count - 1] / scale);
	fflush(stdout);
	fprintf(stderr, "%-16s %8zu  %10.3f %-5s (%.3f to %.3f, %zu)\n", name,
		n, (double)v[count / 2] / scale, unit, (double)v[0] / scale,
		(double)v[count - 1] / scale, count);
}

/* ---- one candidate and its result ---- */

static void fill(struct pike_proposal *p, struct pike_oid *parent, size_t i)
{
	char *text = pike_xasprintf(
	    "#define TILE %zu\n#define UNROLL %zu\n"
	    "void softmax(float *y, const float *x, int n)\n{\n"
	    "\tfor (int i = 0; i < n; i++)\n\t\ty[i] = x[i] * %zu;\n}\n",
	    i % 97, i / 97, i);

	*p = (struct pike_proposal){ .parents = parent,
				     .nparents = 1,
				     .subject = "another tile",
				     .body = "It fits the cache better.\n",
				     .agent = &pike_agent_tune,
				     .slot = "0",
				     .idea = "TILE=32 UNROLL=4",
				     .generation = (int64_t)(i / GENERATION) };
	pike_files_add(&p->files, "kernels/softmax.c", text, strlen(text));
	free(text);
}

static void judge(struct pike_result *res, const struct pike_history *h,
		  const struct pike_oid *id, size_t i)
{
	double mid = 1 + (double)(i % 1000) / 7000;
	char log[LINE_LOG + 1];

	memset(log, 'x', LINE_LOG);
	log[LINE_LOG] = '\0';
	pike_result_init(res);
	res->commit = *id;
	res->base = res->champion = h->base;
	res->id = pike_xasprintf("%zu-%s", i, id->hex);
	res->env = pike_xstrdup("0123456789abcdef");
	res->task = pike_xstrdup("fedcba9876543210");
	res->lane = pike_xstrdup("cpu");
	res->target = pike_xstrdup("softmax");
	res->source = pike_xstrdup(id->hex);
	res->log = pike_xstrdup(log);
	res->verdict = PIKE_V_FASTER;
	res->ts = 1700000000 + (int64_t)i;
	res->vs_base = (struct pike_ratio){ mid * 0.99, mid, mid * 1.01 };
	res->vs_champion = res->vs_base;
}

/* n candidates in one batch, and their results in batches of `lines`. */
static void add(struct bench *b, size_t n, size_t lines)
{
	struct pike_proposal p[BATCH];
	struct pike_result res[BATCH];
	struct pike_oid ids[BATCH], parent;
	struct pike_err err = PIKE_ERR_INIT;
	bool known[BATCH];

	parent = b->h->nrecs ? b->h->recs[b->h->nrecs - 1].id : b->h->base;
	for (size_t i = 0; i < n; i++)
		fill(&p[i], &parent, b->made + i);
	must(pike_search_store(ids, known, b->s, b->h, p, n, &err), &err);
	for (size_t i = 0; i < n; i++)
		judge(&res[i], b->h, &ids[i], b->made + i);
	for (size_t i = 0; i < n; i += lines)
		must(pike_search_record(b->s, b->h, res + i, lines, &err),
		     &err);
	for (size_t i = 0; i < n; i++) {
		pike_files_release(&p[i].files);
		pike_result_release(&res[i]);
	}
	b->made += n;
}

static void close_generation(struct bench *b)
{
	const struct pike_close c = { .champion = b->h->recs[0].id,
				      .speedup = { 1.1, 1.2, 1.3 },
				      .strategy = "tune",
				      .table = "" };
	struct pike_err err = PIKE_ERR_INIT;
	int64_t start = pike_now_ns();

	must(pike_search_advance(b->s, b->h, &c, &err), &err);
	b->closes[b->ncloses++ % SAMPLES] = pike_now_ns() - start;
}

/* ---- a repository of some size ---- */

static void open_handles(struct bench *b)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_oid base;

	must(pike_repo_open(&b->r, b->dir, &err), &err);
	must(pike_search_open(&b->s, b->r, "softmax", "cpu", NULL, &err), &err);
	must(pike_repo_base(&base, b->r, NULL, &err), &err);
	must(pike_search_begin(b->s, &base, "tune", 1, &err), &err);
	b->h = pike_history_new("softmax", "cpu");
	must(pike_search_fold(b->h, b->s, &err), &err);
}

static void close_handles(struct bench *b)
{
	pike_history_free(b->h);
	pike_search_close(b->s);
	pike_repo_free(b->r);
}

static int64_t disk_used;

static int add_size(const char *path, const struct stat *st, int type,
		    struct FTW *ftw)
{
	(void)path;
	(void)type;
	(void)ftw;
	disk_used += (int64_t)st->st_blocks * 512;
	return 0;
}

static int64_t disk(const struct bench *b)
{
	char *git = pike_xasprintf("%s/.git", b->dir);

	disk_used = 0;
	nftw(git, add_size, 16, FTW_PHYS);
	free(git);
	return disk_used;
}

static char *new_dir(void)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = pike_xasprintf("%s/pike-bench-XXXXXX", tmp ? tmp : "/tmp");

	if (mkdtemp(dir))
		return dir;
	perror("bench_store: mkdtemp");
	exit(128);
}

/* A repository that grows at a thousand candidates a second has removed
 * thousands of files, and ext4 looks for inodes beside theirs for a minute and
 * more: not what a search would see. A copy has removed none. */
static void move_on(struct bench *b)
{
	char *to = new_dir(), *line;
	struct pike_err err = PIKE_ERR_INIT;

	must(pike_repo_pack(b->r, false, &err), &err);
	close_handles(b);
	line = pike_xasprintf("cp -a . %s && sync -f %s", to, to);
	sh(b->dir, line);
	free(line);
	b->old[b->nold++ % PIKE_ARRAY_LEN(b->old)] = b->dir;
	b->dir = to;
	open_handles(b);
}

static void make(struct bench *b)
{
	b->dir = new_dir();
	sh(b->dir, "git init -q -b main\n"
		   "git config user.name bench\n"
		   "git config user.email bench@example.org\n"
		   "mkdir kernels .pike\n"
		   "echo 'void softmax(float *y, const float *x, int n) {}' |"
		   "tee kernels/softmax.c >kernels/softmax_ref.c\n"
		   "cat >.pike/config <<'END'\n"
		   "[pike]\n\tstrategy = tune\n\tlane = cpu\n"
		   "[target \"softmax\"]\n\tbackend = cpu\n"
		   "\tsource = kernels/softmax.c\n"
		   "\treference = kernels/softmax_ref.c\n\tentry = softmax\n"
		   "\targ = out f32 y[n]\n\targ = in f32 x[n]\n\targ = i32 n\n"
		   "\tcase = n=1024\n"
		   "END\n"
		   "git add -A\ngit commit -qm base");
	open_handles(b);
}

static void grow(struct bench *b, size_t n)
{
	while (b->made < n) {
		add(b, GENERATION, GENERATION);
		close_generation(b);
		if (b->made % 1000 == 0 && isatty(2))
			fprintf(stderr, "\r%zu", b->made);
	}
	if (isatty(2))
		fputs("\r", stderr);
}

/* Packing is in store-and-close; just packed, none falls among these. */
static void measure_single(struct bench *b, const char *name, size_t n)
{
	struct pike_err err = PIKE_ERR_INIT;
	int64_t v[SAMPLES];

	must(pike_repo_pack(b->r, false, &err), &err);
	for (size_t i = 0; i < SAMPLES; i++) {
		int64_t start = pike_now_ns();

		add(b, 1, 1);
		v[i] = pike_now_ns() - start;
		if (i % GENERATION == GENERATION - 1)
			close_generation(b);
	}
	figure(name, n, "ms", 1e6, v, SAMPLES);
}

/* Storing alone; and with closing and packing. */
static void measure_batch(struct bench *b, size_t n)
{
	int64_t all[5], stored[5];

	for (size_t i = 0; i < PIKE_ARRAY_LEN(all); i++) {
		int64_t begun = pike_now_ns();

		stored[i] = 0;
		for (int k = 0; k < ROUNDS; k++) {
			int64_t start = pike_now_ns();

			add(b, BATCH, BATCH);
			stored[i] += pike_now_ns() - start;
			close_generation(b);
		}
		stored[i] /= ROUNDS * BATCH;
		all[i] = (pike_now_ns() - begun) / (ROUNDS * BATCH);
	}
	figure("store-batched", n, "ms", 1e6, stored, PIKE_ARRAY_LEN(stored));
	figure("store-and-close", n, "ms", 1e6, all, PIKE_ARRAY_LEN(all));
}

static void measure_resume(struct bench *b, size_t n)
{
	int64_t v[5];

	for (size_t i = 0; i < 5; i++) {
		int64_t start;

		close_handles(b);
		start = pike_now_ns();
		open_handles(b);
		v[i] = pike_now_ns() - start;
		if (b->h->nrecs != b->made)
			must(-1, &(struct pike_err){ -1, "records are lost" });
	}
	figure("resume", n, "ms", 1e6, v, 5);
}

static void measure_program(struct bench *b, const char *command, size_t n)
{
	const char *argv[] = { b->pike, "-q", command, NULL };
	int64_t v[5];

	for (size_t i = 0; i < 5; i++) {
		int64_t start = pike_now_ns();

		run(b->dir, argv);
		v[i] = pike_now_ns() - start;
	}
	figure(command, n, "ms", 1e6, v, 5);
}

static void size(struct bench *b, int64_t before, size_t n)
{
	int64_t used;

	b->ncloses = 0;
	grow(b, n);
	used = (disk(b) - before) / (int64_t)b->made;
	figure("disk", n, "bytes", 1, &used, 1);
	move_on(b);
	measure_resume(b, n);
	measure_program(b, "log", n);
	measure_program(b, "status", n);
	measure_program(b, "report", n);
	b->ncloses = 0;
	measure_single(b, "store", n);
	figure("close", n, "ms", 1e6, b->closes, b->ncloses);
	pike_repo_set_fsync(b->r, true);
	measure_single(b, "store-fsync", n);
	pike_repo_set_fsync(b->r, false);
	measure_batch(b, n);
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = { 1000, 10000, 100000 };
	struct bench b = { .made = 0 };
	int64_t before;

	/* The program lies one folder up from the benchmarks. */
	b.pike = pike_xasprintf("%s/../pike-git", pike_exe_dir());
	make(&b);
	before = disk(&b);
	fprintf(stderr, "%-16s %8s  %10s\n", "store", "n", "median");
	for (int i = 1; i < argc; i++)
		size(&b, before, (size_t)strtoul(argv[i], NULL, 10));
	for (size_t i = 0; argc == 1 && i < PIKE_ARRAY_LEN(sizes); i++)
		size(&b, before, sizes[i]);
	close_handles(&b);
	for (size_t i = 0; i < b.nold && i < PIKE_ARRAY_LEN(b.old); i++) {
		pike_rm_rf(b.old[i], NULL);
		free(b.old[i]);
	}
	pike_rm_rf(b.dir, NULL);
	free(b.dir);
	free(b.pike);
	return 0;
}
