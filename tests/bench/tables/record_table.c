/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_table: compiles every configuration of one example kernel, checks it
 * against the reference at ragged shapes, times it, and prints the table that
 * bench_search replays.
 *
 *	cc -O2 -D_GNU_SOURCE -o /tmp/record_table \
 *		tests/bench/tables/record_table.c -ldl -lm
 *	/tmp/record_table KERNEL FOLDER [ROUNDS] >KERNEL.tsv
 *
 * FOLDER holds KERNEL.c and KERNEL_ref.c. A time is the smallest over ROUNDS
 * rounds of a round's median; in a round all configurations take turns, so
 * that a slow spell of the machine does not fall on one of them alone.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	MAX_KNOBS = 8,
	MAX_VALUES = 16,
	MAX_CONFIGS = 4096,
	MAX_BUFS = 6,
	CALLS = 5,
	GUARD = 64, /* floats after each buffer that nobody may touch */
};
#define CC "cc"

static void die(const char *what, const char *on)
{
	fprintf(stderr, "record_table: %s '%s'\n", what, on);
	exit(1);
}

/* ---- kernels: their buffers and how they are called ---- */

struct kernel {
	const char *name;
	int nbufs; /* the last one is the output */
	int nsizes;
	int sizes[6][4]; /* the first is timed; ends at a 0 */
	/* Elements of each buffer. */
	void (*count)(long *n, const int *s);
	/* The range that the inputs are drawn from. */
	double range[MAX_BUFS][2];
};

static void count_softmax(long *n, const int *s)
{
	n[0] = n[1] = (long)s[0] * s[1];
}

static void count_layernorm(long *n, const int *s)
{
	n[0] = n[3] = (long)s[0] * s[1];
	n[1] = n[2] = s[1];
}

static void count_sgemm(long *n, const int *s)
{
	n[0] = (long)s[0] * s[2];
	n[1] = (long)s[2] * s[1];
	n[2] = (long)s[0] * s[1];
}

static void count_conv3x3(long *n, const int *s)
{
	n[0] = (long)s[0] * (s[2] + 2) * (s[3] + 2);
	n[1] = (long)s[0] * s[1] * 9;
	n[2] = (long)s[1] * s[2] * s[3];
}

static void count_scan(long *n, const int *s)
{
	n[0] = n[1] = n[5] = (long)s[0] * s[1];
	n[2] = (long)s[1] * 16;
	n[3] = n[4] = (long)s[0] * 16;
}

static const struct kernel kernels[] = {
	{ .name = "softmax",
	  .nbufs = 2,
	  .nsizes = 2,
	  .sizes = { { 768, 1024 },
		     { 7, 1001 },
		     { 5, 1 },
		     { 1, 67 },
		     { 3, 2 } },
	  .count = count_softmax,
	  .range = { { -4, 4 } } },
	{ .name = "layernorm",
	  .nbufs = 4,
	  .nsizes = 2,
	  .sizes = { { 1024, 768 }, { 7, 771 }, { 5, 1 }, { 1, 67 }, { 6, 3 } },
	  .count = count_layernorm,
	  .range = { { -3, 5 }, { 0.5, 1.5 }, { -1, 1 } } },
	{ .name = "sgemm",
	  .nbufs = 3,
	  .nsizes = 3,
	  .sizes = { { 128, 768, 768 },
		     { 13, 71, 257 },
		     { 1, 1, 1 },
		     { 29, 17, 65 },
		     { 12, 64, 31 },
		     { 13, 4100, 4200 } },
	  .count = count_sgemm,
	  .range = { { -1, 1 }, { -1, 1 } } },
	{ .name = "conv3x3",
	  .nbufs = 3,
	  .nsizes = 4,
	  .sizes = { { 256, 16, 14, 14 },
		     { 3, 5, 7, 13 },
		     { 1, 1, 1, 1 },
		     { 2, 17, 15, 17 },
		     { 5, 8, 8, 16 } },
	  .count = count_conv3x3,
	  .range = { { -1, 1 }, { -1, 1 } } },
	{ .name = "scan",
	  .nbufs = 6,
	  .nsizes = 2,
	  .sizes = { { 64, 768 }, { 7, 13 }, { 1, 1 }, { 33, 9 }, { 2, 8 } },
	  .count = count_scan,
	  .range = { { -1, 1 },
		     { 0.001, 0.1 },
		     { -16, -1 },
		     { -1, 1 },
		     { -1, 1 } } },
};

static void call(void (*fn)(void), int nbufs, void *const *b, const int *s)
{
	switch (nbufs * 10 + (nbufs == 3 ? (s[3] ? 4 : 3) : 2)) {
	case 22:
		((void (*)(void *, void *, int, int))fn)(b[0], b[1], s[0],
							 s[1]);
		break;
	case 42:
		((void (*)(void *, void *, void *, void *, int, int))fn)(
		    b[0], b[1], b[2], b[3], s[0], s[1]);
		break;
	case 33:
		((void (*)(void *, void *, void *, int, int, int))fn)(
		    b[0], b[1], b[2], s[0], s[1], s[2]);
		break;
	case 34:
		((void (*)(void *, void *, void *, int, int, int, int))fn)(
		    b[0], b[1], b[2], s[0], s[1], s[2], s[3]);
		break;
	default:
		((void (*)(void *, void *, void *, void *, void *, void *, int,
			   int))fn)(b[0], b[1], b[2], b[3], b[4], b[5], s[0],
				    s[1]);
	}
}

/* ---- the source and its tunables ---- */

struct knob {
	char name[64], values[MAX_VALUES][32];
	size_t at, len; /* where the value stands in the text */
	int n;
};
static struct knob knobs[MAX_KNOBS];
static int nknobs;
static char source[1 << 16];

static void read_source(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(source, 1, sizeof(source) - 1, f) : 0;

	if (!n)
		die("cannot read", path);
	source[n] = 0;
	fclose(f);
}

static void scan_line(char *line)
{
	char *mark = strstr(line, "//pike: tune");
	struct knob *k = &knobs[nknobs];
	int from = 0, to = 0, used;

	if (!mark ||
	    sscanf(line, "#define %63s %n%*s%n", k->name, &from, &to) != 1)
		return;
	k->at = (size_t)(line - source) + (size_t)from;
	k->len = (size_t)(to - from);
	mark += strlen("//pike: tune");
	while (k->n < MAX_VALUES && sscanf(mark, "%*[ \t]%31[^ \t\n]%n",
					   k->values[k->n], &used) == 1) {
		mark += used;
		k->n++;
	}
	nknobs++;
}

static void scan_source(void)
{
	char *line = source;

	while (line && nknobs < MAX_KNOBS) {
		scan_line(line);
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
}

static void choose(int *choice, long config)
{
	for (int i = nknobs - 1; i >= 0; i--) {
		choice[i] = (int)(config % knobs[i].n);
		config /= knobs[i].n;
	}
}

static void write_config(const char *path, long config)
{
	FILE *f = fopen(path, "w");
	size_t at = 0;
	int choice[MAX_KNOBS];

	if (!f)
		die("cannot write", path);
	choose(choice, config);
	for (int i = 0; i < nknobs; i++) {
		fwrite(source + at, 1, knobs[i].at - at, f);
		fputs(knobs[i].values[choice[i]], f);
		at = knobs[i].at + knobs[i].len;
	}
	fputs(source + at, f);
	if (fclose(f))
		die("cannot write", path);
}

/* ---- building and loading ---- */

static void (*build(const char *src, const char *folder, const char *so,
		    const char *opt, const char *entry))(void)
{
	char inc[4096];
	pid_t pid;
	int status;
	void *lib;
	void (*fn)(void) = NULL;

	snprintf(inc, sizeof(inc), "-I%s", folder);
	pid = fork();
	if (!pid) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, 2);
		execlp(CC, CC, "-O3", "-march=native", "-shared", "-fPIC", inc,
		       opt, "-o", so, src, "-lm", (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		die("cannot run", CC);
	if (status)
		return NULL;
	lib = dlopen(so, RTLD_NOW | RTLD_LOCAL);
	if (lib)
		*(void **)&fn = dlsym(lib, entry);
	return fn;
}

/* ---- data ---- */

static uint64_t rng = 88172645463325252ULL; /* xorshift64 (Marsaglia 2003) */
static double unit(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (double)(rng >> 11) * 0x1p-53;
}

struct data {
	float *f[MAX_BUFS];
	double *d[MAX_BUFS]; /* the same; the last has the truth */
	long n[MAX_BUFS];
};

static void *room(size_t bytes)
{
	void *p = aligned_alloc(64, (bytes + 63) / 64 * 64);

	if (!p)
		die("no memory for", "a buffer");
	return p;
}

static void make_data(struct data *o, const struct kernel *k, const int *s,
		      void (*ref)(void))
{
	k->count(o->n, s);
	for (int b = 0; b < k->nbufs; b++) {
		size_t n = (size_t)o->n[b] + GUARD;

		o->f[b] = room(n * sizeof(float));
		o->d[b] = room(n * sizeof(double));
		for (long i = 0; i < o->n[b]; i++) {
			o->f[b][i] =
			    (float)(k->range[b][0] +
				    unit() * (k->range[b][1] - k->range[b][0]));
			o->d[b][i] = (double)o->f[b][i];
		}
		for (int i = 0; i < GUARD; i++)
			o->f[b][o->n[b] + i] = -12345;
	}
	call(ref, k->nbufs, (void *const *)o->d, s);
}

static bool right(const struct kernel *k, struct data *o, const int *s,
		  void (*fn)(void))
{
	const int last = k->nbufs - 1;
	double err = 0, norm = 0;

	for (long i = 0; i < o->n[last]; i++)
		o->f[last][i] = NAN;
	call(fn, k->nbufs, (void *const *)o->f, s);
	for (long i = 0; i < o->n[last]; i++) {
		double e = (double)o->f[last][i] - o->d[last][i];

		err += e * e;
		norm += o->d[last][i] * o->d[last][i];
	}
	for (int b = 0; b < k->nbufs; b++)
		for (int i = 0; i < GUARD; i++)
			if (o->f[b][o->n[b] + i] != -12345)
				return false;
	return err <= 1e-10 * norm; /* relative error 1e-5; NaN fails */
}

/* ---- timing ---- */

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median_ns(const struct kernel *k, struct data *o, const int *s,
			void (*fn)(void))
{
	double t[CALLS];

	call(fn, k->nbufs, (void *const *)o->f, s); /* warm caches */
	for (int i = 0; i < CALLS; i++) {
		double from = now_ns();

		call(fn, k->nbufs, (void *const *)o->f, s);
		t[i] = now_ns() - from;
	}
	qsort(t, CALLS, sizeof(t[0]), by_value);
	return t[CALLS / 2];
}

/* ---- the table ---- */

static void print_head(const struct kernel *k, int rounds)
{
	char line[256] = "", cpu[256] = "unknown";
	FILE *f = fopen("/proc/cpuinfo", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "model name : %255[^\n]", cpu) == 1)
			break;
	if (f)
		fclose(f);
	printf("# record_table %s examples/cpu-kernels/kernels %d\n", k->name,
	       rounds);
	printf("# %s; gcc %s; -O3 -march=native; one thread; sizes", cpu,
	       __VERSION__);
	for (int i = 0; i < k->nsizes; i++)
		printf(" %d", k->sizes[0][i]);
	printf("\n# ns: smallest over the rounds of a round's median of %d "
	       "calls; the first row is the source as it stands\n",
	       CALLS);
	for (int i = 0; i < nknobs; i++)
		printf("%s\t", knobs[i].name);
	puts("ns");
}

static void print_row(long config, double ns)
{
	int choice[MAX_KNOBS];

	choose(choice, config);
	for (int i = 0; i < nknobs; i++)
		printf("%s\t", knobs[i].values[choice[i]]);
	if (ns > 0)
		printf("%.0f\n", ns);
	else
		puts("fail");
}

static long base_config(void)
{
	long config = 0;

	for (int i = 0; i < nknobs; i++) {
		int j = 0;

		while (j < knobs[i].n - 1 &&
		       (strlen(knobs[i].values[j]) != knobs[i].len ||
			strncmp(knobs[i].values[j], source + knobs[i].at,
				knobs[i].len) != 0))
			j++;
		config = config * knobs[i].n + j;
	}
	return config;
}

struct table {
	const struct kernel *k;
	struct data data[6];
	double best[MAX_CONFIGS]; /* 0: does not compile */
	void (*fn[MAX_CONFIGS])(void);
	long n;
};

/* Builds and checks one configuration. A wrong one is a broken example. */
static void prepare(struct table *t, long config, const char *folder,
		    const char *tmp)
{
	const struct kernel *k = t->k;
	char src[4096], so[4096];

	snprintf(src, sizeof(src), "%s/%s.c", tmp, k->name);
	snprintf(so, sizeof(so), "%s/%ld.so", tmp, config);
	write_config(src, config);
	t->fn[config] = build(src, folder, so, "-Dreal=float", k->name);
	unlink(so);
	unlink(src);
	for (int i = 0; t->fn[config] && i < 6 && k->sizes[i][0]; i++)
		if (!right(k, &t->data[i], k->sizes[i], t->fn[config])) {
			print_row(config, 1);
			die("wrong result (see the line above) from", k->name);
		}
}

static void measure(struct table *t, int rounds)
{
	for (int r = 0; r < rounds; r++)
		for (long c = 0; c < t->n; c++) {
			double ns = t->fn[c]
					? median_ns(t->k, &t->data[0],
						    t->k->sizes[0], t->fn[c])
					: 0;

			if (!r || ns < t->best[c])
				t->best[c] = ns;
		}
}

static void prepare_data(struct table *t, const char *folder, const char *tmp)
{
	const struct kernel *k = t->k;
	char src[4096], so[4096];
	void (*ref)(void);

	snprintf(src, sizeof(src), "%s/%s_ref.c", folder, k->name);
	snprintf(so, sizeof(so), "%s/ref.so", tmp);
	ref = build(src, folder, so, "-Dreal=double", k->name);
	unlink(so);
	if (!ref)
		die("cannot build", src);
	for (int i = 0; i < 6 && k->sizes[i][0]; i++)
		make_data(&t->data[i], k, k->sizes[i], ref);
}

int main(int argc, char **argv)
{
	static struct table t = { .k = kernels, .n = 1 };
	const struct kernel *end = kernels + sizeof(kernels) / sizeof(*kernels);
	char tmp[] = "/tmp/record_table.XXXXXX", path[4096];
	int rounds = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 7;
	long base;

	while (argc > 2 && t.k < end && strcmp(t.k->name, argv[1]) != 0)
		t.k++;
	if (argc < 3 || t.k == end)
		die("usage: record_table KERNEL FOLDER [ROUNDS], not",
		    argc > 1 ? argv[1] : "");
	snprintf(path, sizeof(path), "%s/%s.c", argv[2], t.k->name);
	read_source(path);
	scan_source();
	for (int i = 0; i < nknobs; i++)
		t.n *= knobs[i].n;
	if (t.n > MAX_CONFIGS || !mkdtemp(tmp))
		die("too many configurations, or no folder", tmp);
	base = base_config();
	prepare_data(&t, argv[2], tmp);
	for (long c = 0; c < t.n; c++)
		prepare(&t, c, argv[2], tmp);
	rmdir(tmp);
	measure(&t, rounds);
	print_head(t.k, rounds);
	print_row(base, t.best[base]);
	for (long c = 0; c < t.n; c++)
		if (c != base)
			print_row(c, t.best[c]);
	return 0;
}
