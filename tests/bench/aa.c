/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aa: does the judge ever call identical code faster, does it find a small
 * gain, and how long does a kernel that hangs keep the device? On kernels of a
 * chosen length, on any backend. One JSON line per figure on stdout, a table on
 * stderr. Exit 1 when identical code was called faster, when the gain was
 * missed on a machine quiet enough to see it, or when the device was not back
 * a second after the limit.
 *
 * --busy asks the same beside one busy loop on each core, at normal priority
 * and each a session of its own (the scheduler shares a core among sessions
 * first), for kernels of several lengths; there the gain must be found too, and
 * the ratio that is told for it is compared with what was planted.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/opts.h"
#include "base/text.h"
#include "eval/eval.h"
#include "eval/stats_priv.h"
#include "model/settings.h"

#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONF 0.95
#define FOUND 0.9	  /* share of the planted gains to be confirmed */
#define HANG_OVER_MS 1000 /* and how long after it the device may be away */
/* Calibration compares a kernel with one of so many times its turns. */
#define CALIBRATE 4
#define BUSY_LIMIT_MS 60000 /* a planted gain is to be found within that */

struct opts {
	const char *backend;
	int64_t us, screens, confirms, gains, percent, hangs;
	bool weak, busy;
};
static const struct pike_opt table[] = {
	{ "backend", 0, PIKE_OPT_STR, offsetof(struct opts, backend), "NAME",
	  "cpu, cuda or torch (cpu)", false },
	{ "us", 0, PIKE_OPT_I64, offsetof(struct opts, us), "N",
	  "length of the kernel in microseconds (100)", false },
	{ "screens", 0, PIKE_OPT_I64, offsetof(struct opts, screens), "N",
	  "screenings of identical code (300; 100 with --busy)", false },
	{ "confirms", 0, PIKE_OPT_I64, offsetof(struct opts, confirms), "N",
	  "confirmations of identical code (60; 10 with --busy)", false },
	{ "gains", 0, PIKE_OPT_I64, offsetof(struct opts, gains), "N",
	  "confirmations of a kernel that takes less time (10)", false },
	{ "percent", 0, PIKE_OPT_I64, offsetof(struct opts, percent), "N",
	  "how much less (5)", false },
	{ "hangs", 0, PIKE_OPT_I64, offsetof(struct opts, hangs), "N",
	  "screenings of a kernel that never ends (0)", false },
	{ "busy", 0, PIKE_OPT_BOOL, offsetof(struct opts, busy), NULL,
	  "a busy loop on each core; the counts above are spread over kernels "
	  "of 50 us to 1 ms, the gain is 30 %",
	  false },
	{ "allow-weak", 0, PIKE_OPT_BOOL, offsetof(struct opts, weak), NULL,
	  "take what isolation there is; the kernels are ours", false },
	{ NULL, 0, PIKE_OPT_BOOL, 0, NULL, NULL, false },
};

/* A kernel that does the same work TURNS times over, one that never ends, and
 * the truth. */
struct kind {
	const char *backend, *file, *source, *hang, *ref, *reference, *size;
	const char *define; /* of TURNS */
	int64_t turns;	    /* to calibrate with */
	int limit_s;	    /* target.timeout: what a hung kernel is given */
	bool model;	    /* no signature: the reference says what goes in */
};
#define SIGNATURE 4 /* keys of it */
#define DEFINE "#define TURNS "
static const struct kind kinds[] = {
	{
	    .backend = "cpu",
	    .file = "scale.c",
	    .source = "void scale(const float *x, float *y, int n)\n"
		      "{\n"
		      "	for (long k = 0; k < TURNS; k++) {\n"
		      "		for (int i = 0; i < n; i++)\n"
		      "			y[i] = x[i] * x[i] * 0.5f + x[i];\n"
		      "		__asm__ volatile(\"\" : : : \"memory\");\n"
		      "	}\n"
		      "}\n",
	    .hang = "void scale(const float *x, float *y, int n)\n"
		    "{\n"
		    "	for (volatile int i = 0;; i++)\n"
		    "		;\n"
		    "}\n",
	    .ref = "ref.c",
	    .reference =
		"void scale(const real *x, real *y, int n)\n"
		"{\n"
		"	for (int i = 0; i < n; i++)\n"
		"		y[i] = x[i] * x[i] * (real)0.5 + x[i];\n"
		"}\n",
	    .size = "n=4096",
	    .define = DEFINE,
	    .turns = 80,
	    .limit_s = 2,
	},
	/* A chain of multiplications by a one that the compiler cannot know. */
	{
	    .backend = "cuda",
	    .file = "scale.cu",
	    .source = "//pike: launch scale grid=(cdiv(n, 256)) block=(256)\n"
		      "extern \"C\" __global__ void\n"
		      "scale(const float *x, float *y, int n)\n"
		      "{\n"
		      "	int i = blockIdx.x * 256 + threadIdx.x;\n"
		      "	float one = (float)n / n, zero = one - one, v;\n"
		      "\n"
		      "	if (i >= n)\n"
		      "		return;\n"
		      "	v = x[i] * x[i] * 0.5f + x[i];\n"
		      "#pragma unroll 1\n"
		      "	for (int k = 0; k < TURNS; k++)\n"
		      "		v = fmaf(v, one, zero);\n"
		      "	y[i] = v;\n"
		      "}\n",
	    .hang = "//pike: launch scale grid=(cdiv(n, 256)) block=(256)\n"
		    "extern \"C\" __global__ void\n"
		    "scale(const float *x, float *y, int n)\n"
		    "{\n"
		    "	for (volatile int i = 0;; i++)\n"
		    "		;\n"
		    "}\n",
	    .ref = "ref.cu",
	    .reference =
		"//pike: launch scale grid=(cdiv(n, 256)) block=(256)\n"
		"extern \"C\" __global__ void\n"
		"scale(const real *x, real *y, int n)\n"
		"{\n"
		"	int i = blockIdx.x * 256 + threadIdx.x;\n"
		"\n"
		"	if (i < n)\n"
		"		y[i] = x[i] * x[i] * (real)0.5 + x[i];\n"
		"}\n",
	    .size = "n=65536",
	    .define = DEFINE,
	    .turns = 5000,
	    .limit_s = 2,
	},
	/* Beside the result, work of any length: on a GPU it waits. */
	{
	    .backend = "torch",
	    .file = "scale_new.py",
	    .source = "import torch\n"
		      "\n"
		      "work = torch.rand(max(TURNS, 1)) + 1\n"
		      "done = torch.empty_like(work)\n"
		      "\n"
		      "\n"
		      "class ModelNew(torch.nn.Module):\n"
		      "    def forward(self, x):\n"
		      "        if x.is_cuda:\n"
		      "            torch.cuda._sleep(16 * TURNS)\n"
		      "        else:\n"
		      "            torch.lgamma(work, out=done)\n"
		      "        return x * x * 0.5 + x\n",
	    .hang = "import torch\n"
		    "\n"
		    "\n"
		    "class ModelNew(torch.nn.Module):\n"
		    "    def forward(self, x):\n"
		    "        while True:\n"
		    "            pass\n",
	    .ref = "scale.py",
	    .reference = "import torch\n"
			 "\n"
			 "n = 4096\n"
			 "\n"
			 "\n"
			 "class Model(torch.nn.Module):\n"
			 "    def forward(self, x):\n"
			 "        return x * x * 0.5 + x\n"
			 "\n"
			 "\n"
			 "def get_inputs():\n"
			 "    return [torch.randn(n)]\n",
	    .size = "n=4096",
	    .define = "TURNS = ",
	    .turns = 20000,
	    .limit_s = 20, /* PyTorch is loaded in that, too */
	    .model = true,
	},
};

struct bench {
	const struct kind *kind;
	struct pike_settings *settings;
	struct pike_judge *judge;
	struct pike_files base, faster, hang, headers, reference;
	int count[PIKE_V_COUNT];
	double base_ns, cand_ns; /* of the last measured result */
	double judge_ms;	 /* the last screening or confirmation */
	/* Of the last judge_many: `faster` and in time; the longest; the sum of
	 * logarithms of the ratios told; pairs disturbed, as a share. */
	int in_time;
	double most_ms, log_sum, disturbed;
	/* By the rules of other tools, of the last result and of all. */
	bool by_mean, by_repeats;
	int means, repeats;
};

static double sum_of(const double *v, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += v[i];
	return sum;
}

/* What others would say of the same samples: any gain of the mean, as
 * evaluators in the manner of KernelBench have it; and two repeats of base,
 * candidate, candidate, base, both above 0 %. */
static void on_pairs(void *ctx, const double *base_ns, const double *cand_ns,
		     size_t n)
{
	struct bench *b = ctx;

	b->by_mean = sum_of(cand_ns, n) < sum_of(base_ns, n);
	b->by_repeats = n >= 4 && sum_of(cand_ns, 2) < sum_of(base_ns, 2) &&
			sum_of(cand_ns + 2, 2) < sum_of(base_ns + 2, 2);
}

static void add_source(struct pike_files *f, const struct kind *k,
		       int64_t turns)
{
	char *text = pike_xasprintf("%s%lld\n%s", k->define, (long long)turns,
				    k->source);

	pike_files_add(f, k->file, text, strlen(text));
	free(text);
}

static int make_settings(struct bench *b, struct pike_err *err)
{
	char limit[12];
	const char *const keys[][2] = {
		{ "backend", b->kind->backend },
		{ "source", b->kind->file },
		{ "reference", b->kind->ref },
		{ "case", b->kind->size },
		{ "timeout", limit },
		/* of a signature */
		{ "entry", "scale" },
		{ "arg", "in f32 x[n]" },
		{ "arg", "out f32 y[n]" },
		{ "arg", "i32 n" },
	};
	size_t n = PIKE_ARRAY_LEN(keys) - (b->kind->model ? SIGNATURE : 0);
	struct pike_entries e = { 0 };
	int ret;

	snprintf(limit, sizeof(limit), "%d", b->kind->limit_s);
	for (size_t i = 0; i < n; i++)
		pike_entries_add(&e, "target.scale", keys[i][0], keys[i][1],
				 "aa.c", true);
	ret = pike_settings_make(&b->settings, &e, err);
	pike_entries_release(&e);
	return ret;
}

/* A judge whose base takes so many turns, and a faster kernel beside it. */
static int bench_open(struct bench *b, const struct opts *o, int64_t base,
		      int64_t faster, struct pike_err *err)
{
	struct pike_judge_opts jo = { .base = &b->base,
				      .headers = &b->headers,
				      .reference = &b->reference,
				      .require = o->weak ? PIKE_I0 : PIKE_I2,
				      .pairs = on_pairs,
				      .ctx = b };
	int ret = make_settings(b, err);

	if (ret)
		return ret;
	jo.target = pike_settings_target(b->settings, "scale");
	add_source(&b->base, b->kind, base);
	add_source(&b->faster, b->kind, faster);
	pike_files_add(&b->hang, b->kind->file, b->kind->hang,
		       strlen(b->kind->hang));
	pike_files_add(&b->reference, b->kind->ref, b->kind->reference,
		       strlen(b->kind->reference));
	return pike_judge_open(&b->judge, &jo, err);
}

static void bench_close(struct bench *b)
{
	pike_judge_free(b->judge);
	pike_files_release(&b->base);
	pike_files_release(&b->faster);
	pike_files_release(&b->hang);
	pike_files_release(&b->headers);
	pike_files_release(&b->reference);
	pike_settings_free(b->settings);
	memset(b, 0, sizeof(*b));
}

static void tally(struct bench *b, const struct pike_result *r)
{
	b->in_time +=
	    r->verdict == PIKE_V_FASTER && b->judge_ms <= BUSY_LIMIT_MS;
	b->most_ms = fmax(b->most_ms, b->judge_ms);
	if (r->vs_base.mid > 0)
		b->log_sum += log(r->vs_base.mid);
	b->disturbed += pike_json_f64(r->extra, "disturbed", 0);
}

static int judge_one(struct bench *b, const struct pike_files *files,
		     bool confirm, struct pike_err *err)
{
	struct pike_confirm_opts o = { .stage = PIKE_CONFIRM, .siblings = 1 };
	struct pike_build *build = NULL;
	const char *log = NULL;
	struct pike_result r;
	int64_t t0 = 0;
	int lock = -1, ret;

	pike_result_init(&r);
	ret = pike_build_start(&build, b->judge, files, err);
	if (!ret && !pike_build_wait(build, &log))
		ret = pike_fail(err, PIKE_FATAL, "does not build: %s", log);
	if (!ret)
		ret = pike_device_lock(&lock, pike_judge_device(b->judge)->lock,
				       -1, err);
	t0 = pike_now_ns();
	if (!ret)
		ret =
		    confirm
			? pike_judge_confirm(&r, b->judge, build, NULL, &o, err)
			: pike_judge_screen(&r, b->judge, build, NULL, err);
	if (lock >= 0)
		close(lock);
	b->judge_ms = (double)(pike_now_ns() - t0) / 1e6;
	if (!ret) {
		if (r.ncases) {
			b->means += b->by_mean;
			b->repeats += b->by_repeats;
			b->base_ns = (double)r.cases[0].base_ns;
			b->cand_ns = (double)r.cases[0].cand_ns;
		}
		b->count[r.verdict]++;
		tally(b, &r);
		pike_debug("%s: %s", pike_verdict_name(r.verdict), r.reason);
	}
	pike_build_free(build);
	pike_result_release(&r);
	return ret;
}

static int judge_many(struct bench *b, const char *what, int64_t n,
		      const struct pike_files *files, bool confirm,
		      struct pike_err *err)
{
	int ret = 0;

	memset(b->count, 0, sizeof(b->count));
	b->in_time = b->means = b->repeats = 0;
	b->most_ms = b->log_sum = b->disturbed = 0;
	for (int64_t i = 0; !ret && i < n; i++) {
		pike_progress("%s %lld of %lld", what, (long long)i,
			      (long long)n);
		ret = judge_one(b, files, confirm, err);
	}
	pike_progress_end();
	return ret;
}

static void report(struct bench *b, const char *what, int64_t n)
{
	int k = b->count[PIKE_V_FASTER];
	double upper = pike_rate_upper(k, (int)n, CONF), noise = 0;

	pike_judge_noise(&noise, b->judge, NULL);
	printf("{\"bench\":\"%s\",\"backend\":\"%s\",\"us\":%.1f,"
	       "\"n\":%lld,\"faster\":%d,\"same\":%d,\"slower\":%d,"
	       "\"inconclusive\":%d,\"rate_upper\":%.4f,\"noise\":%.5f,"
	       "\"by_mean\":%d,\"by_two_abba\":%d}\n",
	       what, b->kind->backend, b->base_ns / 1e3, (long long)n, k,
	       b->count[PIKE_V_SAME], b->count[PIKE_V_SLOWER],
	       b->count[PIKE_V_INCONCLUSIVE], upper, noise, b->means,
	       b->repeats);
	fflush(stdout);
	fprintf(stderr,
		"%-10s %8.1f us %4lld: faster %d, same %d, slower %d, "
		"inconclusive %d; noise %.2f %%",
		what, b->base_ns / 1e3, (long long)n, k, b->count[PIKE_V_SAME],
		b->count[PIKE_V_SLOWER], b->count[PIKE_V_INCONCLUSIVE],
		100 * noise);
	if (what[0] == 'a') /* identical code: each `faster` is an error */
		fprintf(stderr,
			"; rate of faster at most %.2f %% (%.0f %% confidence)",
			100 * upper, 100 * CONF);
	fprintf(stderr,
		"\n           by other rules on the same samples faster: any "
		"gain of the mean %d, two ABBA repeats %d\n",
		b->means, b->repeats);
}

/* Identical code, screened or confirmed. */
static int run_same(struct bench *b, const char *what, int64_t n, bool confirm,
		    bool *bad, struct pike_err *err)
{
	int ret = n ? judge_many(b, what, n, &b->base, confirm, err) : 0;

	if (ret || !n)
		return ret;
	report(b, what, n);
	*bad = *bad || b->count[PIKE_V_FASTER];
	return 0;
}

/* A gain may hide in noise that is as large as a fifth of it
 * (lib/eval/README.md, protocol 2). */
static int run_gain(struct bench *b, const struct opts *o, bool *bad,
		    struct pike_err *err)
{
	double noise;
	char what[32];
	int ret;

	if (!o->gains)
		return 0;
	snprintf(what, sizeof(what), "gain-%d%%", (int)o->percent);
	ret = judge_many(b, what, o->gains, &b->faster, true, err);
	if (!ret)
		ret = pike_judge_noise(&noise, b->judge, err);
	if (ret)
		return ret;
	report(b, what, o->gains);
	if (noise <= (double)o->percent / 500)
		*bad =
		    *bad || b->count[PIKE_V_FASTER] < FOUND * (double)o->gains;
	return 0;
}

/* Over: what the screening of a hung kernel takes beyond the limit of the
 * kernel, its process's start included, plus what the next screening of a good
 * kernel takes beyond the usual. */
static int hang_once(struct bench *b, double usual_ms, double *over_ms,
		     bool *bad, struct pike_err *err)
{
	int timeouts = b->count[PIKE_V_TIMEOUT];
	int ret = judge_one(b, &b->hang, false, err);

	*bad = *bad || (!ret && b->count[PIKE_V_TIMEOUT] == timeouts);
	*over_ms = b->judge_ms - b->kind->limit_s * 1000;
	if (!ret)
		ret = judge_one(b, &b->base, false, err);
	if (b->judge_ms > usual_ms)
		*over_ms += b->judge_ms - usual_ms;
	*bad = *bad || *over_ms > HANG_OVER_MS;
	return ret;
}

static int run_hangs(struct bench *b, const struct opts *o, bool *bad,
		     struct pike_err *err)
{
	double usual = 0, over, most = 0;
	int ret = 0, good;

	memset(b->count, 0, sizeof(b->count));
	for (int i = 0; !ret && o->hangs && i < 3; i++) {
		ret = judge_one(b, &b->base, false, err);
		if (b->judge_ms > usual)
			usual = b->judge_ms;
	}
	for (int64_t i = 0; !ret && i < o->hangs; i++) {
		pike_progress("hang %lld of %lld", (long long)i,
			      (long long)o->hangs);
		ret = hang_once(b, usual, &over, bad, err);
		if (over > most)
			most = over;
	}
	pike_progress_end();
	if (ret || !o->hangs)
		return ret;
	/* Whatever a screening alone makes of equal code: it was measured. */
	good = -3;
	for (int v = 0; v < PIKE_V_COUNT; v++)
		if (pike_verdict_measured((enum pike_verdict)v))
			good += b->count[v];
	printf("{\"bench\":\"hang\",\"backend\":\"%s\",\"n\":%lld,"
	       "\"timeout\":%d,\"healthy_after\":%d,\"limit_ms\":%d,"
	       "\"over_ms\":%.0f}\n",
	       b->kind->backend, (long long)o->hangs, b->count[PIKE_V_TIMEOUT],
	       good, b->kind->limit_s * 1000, most);
	fprintf(stderr,
		"hang %lld: ended at the limit of %d s %d times; the device "
		"measured again %d times, %.0f ms after the limit at most\n",
		(long long)o->hangs, b->kind->limit_s, b->count[PIKE_V_TIMEOUT],
		good, most);
	*bad = *bad || good < o->hangs;
	return 0;
}

/* Turns for the wanted length, and for one shorter by the planted gain: a
 * line through two measured lengths. */
static int calibrate(struct bench *b, const struct opts *o, int64_t *base,
		     int64_t *faster, struct pike_err *err)
{
	const struct kind *k = b->kind;
	double want = (double)o->us * 1e3, slope, start;
	int ret = bench_open(b, o, k->turns, k->turns * CALIBRATE, err);

	if (!ret)
		ret = judge_one(b, &b->faster, false, err);
	if (ret)
		return ret;
	slope =
	    (b->cand_ns - b->base_ns) / (double)(k->turns * (CALIBRATE - 1));
	if (!(slope > 0))
		return pike_fail(err, PIKE_FAILED,
				 "%lld turns take no longer than %lld; this "
				 "machine is too noisy to calibrate on",
				 (long long)k->turns * CALIBRATE,
				 (long long)k->turns);
	start = b->base_ns - slope * (double)k->turns;
	*base = (int64_t)((want - start) / slope + 0.5);
	*faster =
	    (int64_t)((want * (1 - (double)o->percent / 100) - start) / slope +
		      0.5);
	bench_close(b);
	b->kind = k;
	if (*faster < 1)
		return pike_fail(err, PIKE_USAGE,
				 "--us %lld: a kernel takes %.1f us here "
				 "before it has done anything; make it longer",
				 (long long)o->us, start / 1e3);
	return 0;
}

/* ---- beside busy loops ---- */

/* A loop on each core that this process may use; they end with it. */
static int start_loops(pid_t *loops, int most)
{
	cpu_set_t may, one;
	pid_t parent = getpid();
	int n = 0;

	if (sched_getaffinity(0, sizeof(may), &may))
		return 0;
	for (int c = 0; c < CPU_SETSIZE && n < most; c++) {
		if (!CPU_ISSET(c, &may))
			continue;
		loops[n] = fork();
		if (!loops[n]) {
			CPU_ZERO(&one);
			CPU_SET(c, &one);
			sched_setaffinity(0, sizeof(one), &one);
			setsid();
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			while (getppid() == parent)
				for (volatile long i = 0; i < 100000000; i++)
					;
			_exit(0);
		}
		n += loops[n] > 0;
	}
	return n;
}

static void end_loops(const pid_t *loops, int n)
{
	for (int i = 0; i < n; i++)
		kill(loops[i], SIGKILL);
	for (int i = 0; i < n; i++)
		waitpid(loops[i], NULL, 0);
}

/* What is asked of a kernel of this length. */
struct busy_row {
	int64_t us, percent;
	bool goal; /* else it is printed, and decides nothing */
};
static const struct busy_row busy_rows[] = {
	{ 50, 30, true },
	{ 200, 30, true },
	{ 1000, 30, true },
	{ 20000, 50, false },
};
#define BUSY_GOALS 3 /* rows that are one */

struct busy_sum {
	int64_t screens, confirms, gains;
	int called_faster, found;
	double bias, most_ms;
};

static int64_t share_of(int64_t n, const struct busy_row *r)
{
	return r->goal ? (n + BUSY_GOALS - 1) / BUSY_GOALS : n ? 2 : 0;
}

static int busy_gains(struct bench *b, const struct busy_row *r, int64_t n,
		      double planted, struct busy_sum *sum,
		      struct pike_err *err)
{
	char what[32];
	double bias;
	int ret;

	snprintf(what, sizeof(what), "gain-%d%%", (int)r->percent);
	ret = judge_many(b, what, n, &b->faster, true, err);
	if (ret || !n)
		return ret;
	bias = b->log_sum / (double)n - log(planted);
	report(b, what, n);
	printf("{\"bench\":\"busy-gain\",\"us\":%lld,\"percent\":%lld,"
	       "\"n\":%lld,\"in_time\":%d,\"most_ms\":%.0f,"
	       "\"planted\":%.4f,\"told\":%.4f,\"disturbed\":%.3f}\n",
	       (long long)r->us, (long long)r->percent, (long long)n,
	       b->in_time, b->most_ms, planted, planted * exp(bias),
	       b->disturbed / (double)n);
	fflush(stdout);
	fprintf(stderr,
		"           found within 60 s: %d of %lld, the longest took "
		"%.1f s; ratio planted %.3f, told %.3f; %.0f %% of the pairs "
		"disturbed\n",
		b->in_time, (long long)n, b->most_ms / 1e3, planted,
		planted * exp(bias), 100 * b->disturbed / (double)n);
	if (!r->goal)
		return 0;
	sum->gains += n;
	sum->found += b->in_time;
	sum->bias += bias * (double)n;
	sum->most_ms = fmax(sum->most_ms, b->most_ms);
	return 0;
}

static int busy_same(struct bench *b, int64_t n, bool confirm,
		     struct busy_sum *sum, struct pike_err *err)
{
	bool bad = false;
	int ret = run_same(b, confirm ? "aa-confirm" : "aa-screen", n, confirm,
			   &bad, err);

	if (!ret && n)
		sum->called_faster += b->count[PIKE_V_FASTER];
	return ret;
}

static int busy_row(struct bench *b, const struct opts *all,
		    const struct busy_row *r, struct busy_sum *sum,
		    struct pike_err *err)
{
	struct opts o = *all;
	int64_t base = 0, faster = 0;
	int64_t screens = r->goal ? share_of(o.screens, r) : 0;
	int64_t confirms = share_of(o.confirms, r);
	pid_t loops[CPU_SETSIZE];
	int ret, n;

	o.us = r->us;
	o.percent = r->percent;
	ret = calibrate(b, &o, &base, &faster, err);
	if (!ret)
		ret = bench_open(b, &o, base, faster, err);
	if (ret)
		return ret;
	n = start_loops(loops, CPU_SETSIZE);
	ret = busy_same(b, screens, false, sum, err);
	if (!ret)
		ret = busy_same(b, confirms, true, sum, err);
	if (!ret)
		ret = busy_gains(b, r, share_of(o.gains, r),
				 (double)base / (double)faster, sum, err);
	end_loops(loops, n);
	sum->screens += screens;
	sum->confirms += confirms;
	return ret;
}

static int run_busy(struct bench *b, const struct opts *o, bool *bad,
		    struct pike_err *err)
{
	const struct kind *kind = b->kind;
	struct busy_sum s = { 0 };
	int ret = 0;

	for (size_t i = 0; !ret && i < PIKE_ARRAY_LEN(busy_rows); i++) {
		bench_close(b);
		b->kind = kind;
		ret = busy_row(b, o, &busy_rows[i], &s, err);
	}
	if (ret)
		return ret;
	printf("{\"bench\":\"busy\",\"screens\":%lld,\"confirms\":%lld,"
	       "\"faster\":%d,\"gains\":%lld,\"found\":%d,"
	       "\"most_ms\":%.0f,\"bias\":%.4f}\n",
	       (long long)s.screens, (long long)s.confirms, s.called_faster,
	       (long long)s.gains, s.found, s.most_ms,
	       s.gains ? s.bias / (double)s.gains : 0);
	fprintf(stderr,
		"beside a busy loop on each core: identical code `faster` %d "
		"times in %lld screenings and %lld confirmations; the gain "
		"found in %d of %lld, within %.1f s; its ratio told %+.2f %% "
		"off\n",
		s.called_faster, (long long)s.screens, (long long)s.confirms,
		s.found, (long long)s.gains, s.most_ms / 1e3,
		s.gains ? 100 * expm1(s.bias / (double)s.gains) : 0);
	*bad = s.called_faster || s.found < FOUND * (double)s.gains;
	return 0;
}

static int run(struct bench *b, const struct opts *o, bool *bad,
	       struct pike_err *err)
{
	int64_t base = 0, faster = 0;
	int ret = calibrate(b, o, &base, &faster, err);

	if (!ret)
		ret = bench_open(b, o, base, faster, err);
	if (!ret)
		ret = run_same(b, "aa-screen", o->screens, false, bad, err);
	if (!ret)
		ret = run_same(b, "aa-confirm", o->confirms, true, bad, err);
	if (!ret)
		ret = run_gain(b, o, bad, err);
	return ret ? ret : run_hangs(b, o, bad, err);
}

static int choose_kind(struct bench *b, const struct opts *o,
		       struct pike_err *err)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(kinds); i++)
		if (!strcmp(kinds[i].backend, o->backend))
			b->kind = &kinds[i];
	if (b->kind)
		return 0;
	return pike_fail(err, PIKE_USAGE,
			 "--backend %s: no kernel for it; there are cpu, "
			 "cuda and torch",
			 o->backend);
}

int main(int argc, char **argv)
{
	struct opts o = { .backend = "cpu",
			  .us = 100,
			  .screens = -1,
			  .confirms = -1,
			  .gains = 10,
			  .percent = 5 };
	struct pike_strs rest = PIKE_STRS_INIT;
	struct pike_err err = PIKE_ERR_INIT;
	struct bench b = { 0 };
	struct pike_buf help;
	bool bad = false;
	int ret = pike_opts_parse(table, &o, argc, argv, false, &rest, &err);

	pike_strs_release(&rest);
	if (ret == 1) {
		pike_buf_init(&help, 1 << 16);
		pike_opts_help(&help, table);
		fputs(help.s, stdout);
		pike_buf_release(&help);
		return 0;
	}
	if (o.screens < 0)
		o.screens = o.busy ? 100 : 300;
	if (o.confirms < 0)
		o.confirms = o.busy ? 10 : 60;
	if (!ret)
		ret = choose_kind(&b, &o, &err);
	if (!ret)
		ret = o.busy ? run_busy(&b, &o, &bad, &err)
			     : run(&b, &o, &bad, &err);
	if (ret < 0)
		pike_error("%s", err.text);
	bench_close(&b);
	return ret < 0 ? 128 : bad;
}
