/* SPDX-License-Identifier: Apache-2.0 */
/* judge: opening, what identifies it, and the noise of the machine. */
#include "eval/judge_priv.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "eval/baselines_priv.h"
#include "eval/process_priv.h"
#include "eval/protocol_priv.h"
#include "eval/session_priv.h"
#include "eval/verdict_priv.h"
#include "sandbox/warm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *pike_judge_env(const struct pike_judge *j)
{
	return j->env;
}

const char *pike_judge_task(const struct pike_judge *j)
{
	return j->task;
}

const struct pike_device_info *pike_judge_device(const struct pike_judge *j)
{
	return &j->dev;
}

void pike_judge_times(const struct pike_judge *j, int64_t *held_ns,
		      int64_t *kernel_ns)
{
	*held_ns = j->held_ns;
	*kernel_ns = j->kernel_ns;
}

const char *pike_judge_commitment(struct pike_judge *j)
{
	if (!j->have_secret) {
		pike_random_bytes(j->secret, sizeof(j->secret));
		pike_sha256_hex(j->commitment, j->secret, sizeof(j->secret));
		j->have_secret = true;
	}
	return j->commitment;
}

/* ---- identity ---- */

static void add_text(struct pike_sha256 *c, const char *s, size_t len)
{
	uint64_t n = len;

	pike_sha256_add(c, &n, sizeof(n));
	pike_sha256_add(c, s, len);
}

static void add_files(struct pike_sha256 *c, const struct pike_files *f)
{
	uint64_t n = f ? f->n : 0;

	pike_sha256_add(c, &n, sizeof(n));
	for (size_t i = 0; i < n; i++) {
		add_text(c, f->v[i].path, strlen(f->v[i].path));
		add_text(c, f->v[i].data, f->v[i].len);
	}
}

void pike_task_hash(char out[65], const struct pike_target *t,
		    const struct pike_files *headers,
		    const struct pike_files *reference)
{
	struct pike_sha256 c;
	uint8_t digest[32];
	struct pike_buf b;

	pike_buf_init(&b, 1 << 20);
	pike_target_canonical(&b, t);
	pike_sha256_init(&c);
	add_text(&c, PIKE_JUDGE_VERSION, strlen(PIKE_JUDGE_VERSION));
	add_text(&c, b.s, b.len);
	add_files(&c, headers);
	add_files(&c, reference);
	pike_sha256_end(&c, digest);
	pike_hex(out, digest, sizeof(digest));
	pike_buf_release(&b);
}

static void make_env(struct pike_judge *j)
{
	struct pike_buf b;

	j->env_info = pike_device_env(&j->dev, j->lane);
	pike_json_set_str(j->env_info, "judge", PIKE_JUDGE_VERSION);
	pike_buf_init(&b, 1 << 16);
	pike_json_print(&b, j->env_info);
	pike_sha256_hex(j->env, b.s, b.len);
	pike_buf_release(&b);
}

/* ---- where things run ---- */

/* Fewer are shared by all. */
#define GPU_CORES 6

static void pin_cores(struct pike_judge *j)
{
	int64_t threads = j->t->threads > 1 ? j->t->threads : 1;
	int core = j->dev.core;

	CPU_ZERO(&j->run_cpus);
	CPU_ZERO(&j->judge_cpus);
	CPU_SET(core, &j->run_cpus);
	/* More threads: the cores below the timed one, the judge's last */
	for (int c = j->dev.core - 1; c >= 0 && threads > 1; c--) {
		if (c == j->dev.judge_core && threads <= c)
			continue;
		CPU_SET(c, &j->run_cpus);
		threads--;
	}
	if (sched_getaffinity(0, sizeof(j->all_cpus), &j->all_cpus))
		j->all_cpus = j->run_cpus;
	j->have_judge_cpus = j->dev.judge_core >= 0;
	if (j->have_judge_cpus)
		CPU_SET(j->dev.judge_core, &j->judge_cpus);
	j->build_cpus = j->judge_cpus;
	j->have_build_cpus = j->have_judge_cpus;
}

/* Timing on a GPU leaves most cores free: half of them are the compilers', and
 * the runners, which must not wait for one, have the others. */
static void pin_cores_gpu(struct pike_judge *j)
{
	cpu_set_t may;
	int seen = 0;

	j->have_build_cpus = false;
	if (sched_getaffinity(0, sizeof(may), &may) ||
	    CPU_COUNT(&may) < GPU_CORES)
		return;
	CPU_ZERO(&j->run_cpus);
	CPU_ZERO(&j->build_cpus);
	for (int c = 0; c < CPU_SETSIZE; c++)
		if (CPU_ISSET(c, &may) && c != j->dev.judge_core)
			CPU_SET(c, ++seen <= CPU_COUNT(&may) / 2
				       ? &j->build_cpus
				       : &j->run_cpus);
	j->have_build_cpus = true;
}

/* Once: references that are kept for the next pool ended with what they were
 * forks of. */
static void forget_forks(struct pike_judge *j)
{
	if (!j->warm || j->forks_gone || pike_judge_warm(j))
		return;
	pike_refs_drop(j);
	j->forks_gone = true;
}

void pike_judge_enter(struct pike_watch *w, struct pike_judge *j)
{
	cpu_set_t both;

	forget_forks(j);
	w->t0 = pike_now_ns();
	j->held++;
	w->pinned =
	    j->have_judge_cpus &&
	    !sched_getaffinity(0, sizeof(w->old), &w->old) &&
	    !sched_setaffinity(0, sizeof(j->judge_cpus), &j->judge_cpus);
	/* A GPU's time does not depend on what the other cores do */
	CPU_AND(&both, &j->run_cpus, &j->build_cpus);
	w->paused = j->traits->noise == PIKE_NOISE_CORE &&
		    (j->dev.sibling || !j->have_judge_cpus || CPU_COUNT(&both));
	for (struct pike_build *b = j->builds; w->paused && b; b = b->next)
		pike_build_pause(b, true);
}

void pike_judge_leave(const struct pike_watch *w, struct pike_judge *j)
{
	if (w->pinned)
		sched_setaffinity(0, sizeof(w->old), &w->old);
	for (struct pike_build *b = j->builds; w->paused && b; b = b->next)
		pike_build_pause(b, false);
	if (--j->held)
		return;
	pike_refs_rest(j);
	j->held_ns += pike_now_ns() - w->t0;
}

/* ---- opening ---- */

static int check_isolation(struct pike_judge *j, struct pike_err *err)
{
	int ret = pike_isolation_probe(&j->iso, err);

	if (ret || j->iso.level >= j->o.require)
		return ret;
	return pike_fail(err, PIKE_FATAL,
			 "this machine isolates candidates at level I%d only, "
			 "and I%d is required; %s",
			 (int)j->iso.level, (int)j->o.require,
			 *j->iso.remedy ? j->iso.remedy
					: "see 'pike-git doctor'");
}

#define BASE_LOCK_MS 30000

static int wait_own(struct pike_build *b, const char *what,
		    struct pike_err *err)
{
	const char *log;

	if (pike_build_wait(b, &log))
		return 0;
	return pike_fail(err, b->broken ? PIKE_FATAL : PIKE_FAILED,
			 "the %s cannot be built: %.800s", what, log);
}

/* The judge's own kernels, and those that its runners bring along. */
static int wait_gpu(struct pike_judge *j, struct pike_err *err)
{
	int ret = wait_own(j->own_runner, "runner", err);

	if (!ret)
		ret = wait_own(j->own_referee, "referee", err);
	if (ret)
		return ret;
	j->runner_kernels = j->own_runner->fd;
	return pike_referee_open(&j->referee, j->gpu, j->own_referee->fd, err);
}

static int start_gpu(struct pike_judge *j, struct pike_err *err)
{
	int ret = pike_build_own(&j->own_referee, j, "referee.cu",
				 pike_referee_source, err);

	if (!ret)
		ret = pike_build_own(&j->own_runner, j, "runner.cu",
				     pike_runner_source, err);
	return ret ? ret : pike_gpu_open(&j->gpu, &j->dev, err);
}

/* One that runs where it is built has the device for that; whoever opens a
 * judge may hold it already, and goes on after a while. */
static int wait_base(struct pike_judge *j, struct pike_err *err)
{
	int lock = -1, ret;

	if (pike_build_on_device(j->base) &&
	    pike_device_lock(&lock, j->dev.lock, BASE_LOCK_MS, NULL))
		lock = -1;
	ret = wait_own(j->base, "base", err);
	if (lock >= 0)
		close(lock);
	if (!ret && j->base->breaks)
		ret = pike_fail(err, PIKE_FAILED, "the base of '%s' %s",
				j->t->name, j->base->breaks);
	return ret;
}

static int start_base(struct pike_judge *j, struct pike_err *err)
{
	return pike_build_start(&j->base, j, j->o.base, err);
}

static int build_own(struct pike_judge *j, struct pike_err *err)
{
	bool gpu = j->traits->memory == PIKE_ON_GPU;
	bool later = pike_device_traits(&j->dev)->needs_reference;
	enum pike_phase before = pike_phase(j, PIKE_PHASE_BUILD);
	int ret = gpu ? start_gpu(j, err) : 0;

	if (!ret)
		ret = pike_build_reference(&j->ref_double, j, PIKE_REAL_DOUBLE,
					   err);
	if (!ret)
		ret = pike_build_reference(&j->ref_native, j, PIKE_REAL_NATIVE,
					   err);
	if (!ret && !later)
		ret = start_base(j, err);
	if (!ret && gpu)
		ret = wait_gpu(j, err);
	if (!ret)
		ret = wait_own(j->ref_double, "reference", err);
	if (!ret)
		ret = wait_own(j->ref_native, "reference", err);
	if (!ret)
		ret = pike_device_described(&j->described, &j->ref_sources,
					    j->t, j->ref_native->fd, err);
	if (!ret && later)
		ret = start_base(j, err);
	if (!ret)
		ret = wait_base(j, err);
	pike_phase(j, before);
	return ret;
}

#define ROUGH_NS 100000000

/* Runs the base on every set of a small pool: it must agree with the
 * reference. Gives its time per call, roughly: on the judge's core, so that
 * nobody's measurement is disturbed. */
static int check_base(int64_t *call_ns, struct pike_judge *j,
		      struct pike_pool *p, bool hidden, struct pike_err *err)
{
	struct pike_runner_opts o = {
		.pool = p, .nslots = 1, .cpus = pike_judge_idle(j), .warm = true
	};
	struct pike_runner *r = NULL;
	struct pike_timed s;
	struct pike_fault f;
	double ns[16];
	size_t n = 0, set = 0;
	enum pike_phase before = pike_phase(j, PIKE_PHASE_CHECK);
	int64_t t0;
	int ret;

	pike_fault_init(&f);
	pike_judge_spread(j);
	ret = pike_build_for(&o.build, j->base, hidden, &f, err);
	if (!ret)
		ret = pike_runner_open(&r, j, &o, &f, err);
	t0 = pike_now_ns();
	/* Each set once, and a few calls more of what is quick. */
	while (!ret && n < PIKE_ARRAY_LEN(ns) &&
	       (n < p->nsets ||
		(n < PROTO_WARM_CALLS && pike_now_ns() - t0 < ROUGH_NS))) {
		ret = pike_runner_sample(&s, r, (uint32_t)set, 1,
					 pike_deadline_ms(j, 0, 1), &f, err);
		set = set + 1 < p->nsets ? set + 1 : 0;
		if (!ret)
			ns[n++] = (double)s.claim_ns;
	}
	if (!ret)
		ret = pike_runner_settled(r, &f, err);
	pike_judge_gather(j);
	if (ret == 1)
		ret = pike_fail(err, PIKE_FAILED,
				"the base of '%s' %s on case '%s': %s; mend "
				"one of them before searching for faster ones",
				j->t->name,
				f.v == PIKE_V_WRONG
				    ? "does not agree with the reference"
				    : "fails beside the reference",
				p->layout.c->text, f.reason);
	if (!ret && call_ns)
		*call_ns = (int64_t)fmax(1, pike_median(ns, n));
	pike_runner_close(r);
	pike_fault_release(&f);
	pike_phase(j, before);
	return ret;
}

/* Sets of a process: so many are wanted, so many are needed at least. */
struct need {
	size_t want, least, arms;
	uint32_t inner;
};

static int need_room(size_t *n, struct pike_judge *j, const struct pike_case *c,
		     const struct need *w, struct pike_err *err)
{
	struct pike_layout l;
	int ret = pike_layout_make(&l, j, c, err);
	size_t warm;

	if (ret)
		return ret;
	pike_runners_gone(j); /* room for their memory, too */
	warm = pike_warm_sets(&l);
	*n = pike_pool_fit(j, &l, w->want + warm, w->least + warm, w->arms,
			   pike_slots(w->inner) + warm);
	if (!*n)
		ret = pike_fail(
		    err, PIKE_FAILED,
		    "case '%s' needs %zu MiB for its buffers, more "
		    "than a quarter of %s (%lld MiB); make the case smaller "
		    "or free memory",
		    c->text,
		    ((l.in_bytes + l.truth_bytes) * (w->least + warm) +
		     l.slot_bytes * w->arms * (pike_slots(w->inner) + warm)) >>
			20,
		    j->buffers->memory,
		    (long long)(j->buffers->available(j) >> 20));
	pike_layout_release(&l);
	return ret;
}

int pike_judge_room(size_t *n, struct pike_judge *j, const struct pike_case *c,
		    size_t pairs, uint32_t inner, size_t arms,
		    struct pike_err *err)
{
	/* Fewer pairs a process than asked for only mean more processes */
	struct need w = { .want = pairs * inner,
			  .least = 5 * (size_t)inner,
			  .arms = arms,
			  .inner = inner };

	return need_room(n, j, c, &w, err);
}

static int small_pool(struct pike_pool **out, struct pike_judge *j,
		      const struct pike_case *c, size_t want,
		      struct pike_err *err)
{
	struct pike_pool_opts o = { .c = c,
				    .secret = j->screen_secret,
				    .source_hash = j->base->source_hash,
				    .what = "reference" };
	struct need w = { .want = want, .arms = 1, .inner = 1 };
	size_t room;
	int ret = need_room(&room, j, c, &w, err);

	*out = NULL;
	if (ret)
		return ret;
	o.nsets = room < want ? room : want;
	return pike_pool_make(out, j, &o, err);
}

int pike_judge_pool(struct pike_judge *j, struct pike_case_state *cs,
		    size_t pairs, struct pike_err *err)
{
	struct pike_pool_opts o = { .c = cs->c,
				    .secret = j->screen_secret,
				    .source_hash = j->base->source_hash,
				    .nat = cs->nat,
				    .what = "inputs" };
	int ret;

	/* Rounds cost less than sets do, where these are large. */
	if (cs->layout.in_bytes + cs->layout.truth_bytes > PROTO_LARGE_BYTES)
		pairs = pairs > PROTO_AA_PAIRS ? PROTO_AA_PAIRS
					       : PROTO_AA_PAIRS_LARGE;
	if (cs->pairs >= pairs)
		return 0;
	pike_pool_free(cs->pool);
	cs->pool = NULL;
	ret = pike_judge_room(&o.nsets, j, cs->c, pairs,
			      pike_inner(j, cs->base_ns), 2, err);
	if (!ret)
		ret = pike_pool_make(&cs->pool, j, &o, err);
	cs->pairs = ret ? 0 : pairs;
	return ret;
}

/* That a case tells right from wrong, and that the base is right. */
static int prove_case(struct pike_judge *j, struct pike_case_state *cs,
		      struct pike_err *err)
{
	struct pike_pool *small = NULL;
	int ret;

	free(cs->nat);
	cs->nat = pike_xcalloc(j->ntensors + 1, sizeof(*cs->nat));
	ret = small_pool(&small, j, cs->c, PROTO_LINT_SETS, err);
	if (!ret)
		ret = pike_lint_case(j, cs, small, err);
	if (!ret)
		ret = check_base(&cs->base_ns, j, small, false, err);
	pike_pool_free(small);
	return ret;
}

static int open_case(struct pike_judge *j, struct pike_case_state *cs,
		     struct pike_err *err)
{
	int ret;

	pike_layout_release(&cs->layout);
	ret = pike_layout_make(&cs->layout, j, cs->c, err);
	if (!ret && !j->known_at)
		ret = prove_case(j, cs, err);
	/* Not while the device is held. */
	if (!ret && j->o.screens)
		ret = pike_judge_pool(j, cs, PROTO_LOOK2, err);
	return ret;
}

static int open_hidden(struct pike_judge *j, const struct pike_case *c,
		       struct pike_err *err)
{
	struct pike_pool *p = NULL;
	int ret = small_pool(&p, j, c, 1, err);

	if (!ret)
		ret = check_base(NULL, j, p, true, err);
	pike_pool_free(p);
	return ret;
}

/* Where its backend says that it runs. */
static int place_reference(struct pike_judge *j, struct pike_err *err)
{
	j->ref_target = j->t;
	j->ref_dev = j->dev;
	if (strcmp(j->reference.backend, j->t->backend) != 0) {
		int ret =
		    pike_device_find(&j->ref_dev, j->reference.backend, err);

		if (ret)
			return ret;
		/* The same signature; the options are for the target's own */
		j->host_target = *j->t;
		snprintf(j->host_backend, sizeof(j->host_backend), "%s",
			 j->reference.backend);
		j->host_target.backend = j->host_backend;
		j->host_target.cflags = NULL;
		j->host_target.compiler = NULL;
		j->host_target.cold = false;
		j->ref_target = &j->host_target;
	}
	return pike_box_helper(&j->ref_runner,
			       pike_runner_name(j->ref_target->backend), err);
}

static int open_reference(struct pike_judge *j, struct pike_err *err)
{
	pike_device_reference(&j->reference, &j->dev, j->o.reference);
	return place_reference(j, err);
}

/* One that fails on the GPU, as `err` says, may run on the host. */
static int move_reference(struct pike_judge *j, struct pike_err *err)
{
	if (!j->reference.else_on)
		return PIKE_FAILED;
	pike_debug("on the host instead: %s", err->text);
	j->reference_moved = true;
	pike_refs_drop(j);
	j->reference.kind = PIKE_REFERENCE_RUNNER;
	j->reference.backend = j->reference.else_on;
	j->reference.else_on = NULL;
	return place_reference(j, err);
}

static const struct pike_buffers *const residences[] = {
	[PIKE_ON_HOST] = &pike_buffers_host,
	[PIKE_ON_GPU] = &pike_buffers_gpu,
};

static int open_device(struct pike_judge *j, struct pike_err *err)
{
	const char *lane = j->o.lane && *j->o.lane ? j->o.lane : NULL;
	int ret = check_isolation(j, err);

	if (!ret)
		ret = j->o.compile_only
			  ? pike_device_find_arch(&j->dev, j->t->backend,
						  j->o.arch, err)
			  : pike_device_find(&j->dev, j->t->backend, err);
	if (!ret)
		ret = pike_device_compiler(&j->dev, j->t, err);
	if (ret)
		return ret;
	if (!j->o.compile_only)
		j->traits = pike_device_traits(&j->dev);
	j->buffers = residences[j->traits->memory];
	snprintf(j->lane, sizeof(j->lane), "%s", lane ? lane : j->dev.lane);
	if (!j->o.compile_only)
		pin_cores(j);
	if (j->traits->noise == PIKE_NOISE_GPU)
		pin_cores_gpu(j);
	make_env(j);
	pike_task_hash(j->task, j->t, j->o.headers, j->o.reference);
	ret = pike_box_helper(&j->runner, pike_runner_name(j->t->backend), err);
	return ret ? ret : open_reference(j, err);
}

static int count_tensors(struct pike_judge *j, struct pike_err *err)
{
	struct pike_tensors list = { 0 };
	int ret = j->t->ncases
		      ? pike_device_tensors(&list, j->t, &j->t->cases[0],
					    j->described, err)
		      : 0;

	j->ntensors = list.n;
	pike_tensors_release(&list);
	return ret;
}

/* All cases; the hidden ones only where nothing is known of the task yet. */
static int open_cases(struct pike_judge *j, struct pike_err *err)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < j->t->ncases; i++) {
		ret = open_case(j, &j->cases[i], err);
		if (ret == PIKE_FAILED && !move_reference(j, err))
			ret = open_case(j, &j->cases[i], err);
	}
	for (size_t i = 0; !ret && !j->known_at && i < j->t->nhidden; i++) {
		ret = open_hidden(j, &j->t->hidden[i], err);
		if (ret == PIKE_FAILED && !move_reference(j, err))
			ret = open_hidden(j, &j->t->hidden[i], err);
	}
	if (!ret && !j->known_at)
		pike_known_write(j);
	return ret;
}

static int open_all(struct pike_judge *j, struct pike_err *err)
{
	int ret = open_device(j, err);

	if (!ret && !j->o.compile_only)
		pike_judge_warm_up(j);
	if (!ret)
		ret = build_own(j, err);
	if (ret || j->o.compile_only)
		return ret;
	pike_processes_ahead(j);
	ret = count_tensors(j, err);
	for (size_t i = 0; i < j->t->ncases; i++)
		j->cases[i].c = &j->t->cases[i];
	if (!ret)
		pike_known_read(j);
	/* All cores, unless somebody else is timing on one of them. */
	if (!pike_judge_may_spread(j) &&
	    pike_device_lock(&j->lock, j->dev.lock, 0, NULL))
		j->lock = -1;
	if (!ret)
		ret = open_cases(j, err);
	if (j->lock >= 0)
		close(j->lock);
	j->lock = -1;
	return ret;
}

int pike_judge_open(struct pike_judge **out, const struct pike_judge_opts *o,
		    struct pike_err *err)
{
	struct pike_judge *j = pike_xcalloc(1, sizeof(*j));
	uint64_t seed;
	int ret;

	*out = NULL;
	j->o = *o;
	j->t = o->target;
	j->noise[0] = j->noise[1] = NAN;
	j->runner_kernels = j->lock = j->ref_sources = -1;
	j->traits = pike_device_traits(&j->dev); /* strict so far */
	j->cases = pike_xcalloc(j->t->ncases + 1, sizeof(*j->cases));
	pike_buf_init(&j->runner, 4096);
	pike_buf_init(&j->ref_runner, 4096);
	pike_random_bytes(&seed, sizeof(seed));
	pike_rng_seed(&j->rng, seed);
	pike_random_bytes(j->screen_secret, sizeof(j->screen_secret));
	pike_phases_begin(j);
	ret = open_all(j, err);
	pike_phases_opened(j);
	if (ret)
		pike_judge_free(j);
	else
		*out = j;
	return ret;
}

void pike_judge_free(struct pike_judge *j)
{
	if (!j)
		return;
	pike_processes_drop(j);
	pike_runners_gone(j);
	pike_refs_drop(j);
	pike_warm_free(j->warm);
	free(j->copy);
	pike_baselines_free(j);
	pike_build_free(j->base);
	pike_build_free(j->ref_double);
	pike_build_free(j->ref_native);
	for (size_t i = 0; i < j->t->ncases; i++) {
		pike_pool_free(j->cases[i].pool);
		pike_layout_release(&j->cases[i].layout);
		free(j->cases[i].nat);
	}
	free(j->cases);
	pike_build_free(j->own_runner);
	pike_build_free(j->own_referee);
	pike_referee_close(j->referee);
	pike_gpu_close(j->gpu);
	pike_json_free(j->env_info);
	pike_json_free(j->described);
	if (j->ref_sources >= 0)
		close(j->ref_sources);
	pike_buf_release(&j->runner);
	pike_buf_release(&j->ref_runner);
	free(j);
}

/* ---- noise ---- */

static size_t noise_rounds(const struct pike_judge *j)
{
	bool gpu = j->traits->noise == PIKE_NOISE_GPU;

	for (size_t i = 0; gpu && i < j->t->ncases; i++)
		if (j->traits->interpreted ||
		    j->cases[i].base_ns < PROTO_AA_SHORT_NS)
			return PROTO_AA_ROUNDS_SHORT;
	return PROTO_AA_ROUNDS;
}

/* Of how many rounds the noise is told: what a host launches one by one differs
 * by percents from process to process, and a confirmation has so many. */
static size_t noise_as_of(const struct pike_judge *j, bool warm)
{
	return !warm && j->traits->interpreted &&
		       j->traits->noise == PIKE_NOISE_GPU
		   ? PROTO_ROUNDS
		   : PROTO_AA_ROUNDS;
}

/* Two fresh processes of the base against each other, round by round. */
static int noise_case(struct pike_pairs *out, struct pike_judge *j,
		      struct pike_case_state *cs, size_t rounds, bool warm,
		      struct pike_err *err)
{
	struct pike_session s = { .j = j,
				  .warm = warm,
				  .pool = cs->pool,
				  .build = { j->base, j->base },
				  .label = { "base", "base" },
				  .narms = 2,
				  .inner = pike_inner(j, cs->base_ns),
				  .deadline_ms =
				      pike_deadline_ms(j, cs->base_ns, 1) };
	struct pike_timing t = { 0 };
	struct pike_fault f;
	int ret = 0;

	pike_fault_init(&f);
	for (size_t r = 0; !ret && r < rounds; r++) {
		pike_judge_say(j, "noise", (double)r / (double)rounds);
		ret = pike_session_round(&s, &t, PROTO_AA_PAIRS, &f, err);
	}
	if (ret == 1)
		ret = pike_fail(err, PIKE_FAILED,
				"the base itself fails on case '%s': %s",
				cs->c->text, f.reason);
	if (!ret) {
		cs->base_ns = (int64_t)fmax(1, pike_timing_median(&t, 0));
		pike_timing_pairs(out, &t, 0, false);
	}
	pike_timing_release(&t);
	pike_fault_release(&f);
	return ret;
}

static int measure_noise(struct pike_judge *j, bool warm, struct pike_err *err)
{
	struct pike_pairs *pairs =
	    pike_xcalloc(j->t->ncases + 1, sizeof(*pairs));
	size_t rounds = noise_rounds(j); /* of all cases, or none counts */
	struct pike_boot b;
	int ret = 0;

	for (size_t i = 0; !ret && i < j->t->ncases; i++)
		ret = pike_judge_pool(j, &j->cases[i], PROTO_AA_PAIRS, err);
	for (size_t i = 0; !ret && i < j->t->ncases; i++)
		ret = noise_case(&pairs[i], j, &j->cases[i], rounds, warm, err);
	if (!ret &&
	    pike_boot_run(&b, pairs, j->t->ncases, PROTO_RESAMPLES, &j->rng)) {
		j->noise[warm] = b.sd * sqrt((double)noise_rounds(j) /
					     (double)noise_as_of(j, warm));
		pike_boot_release(&b);
	}
	for (size_t i = 0; i < j->t->ncases; i++)
		pike_pairs_release(&pairs[i]);
	free(pairs);
	return ret;
}

/* What disturbs a machine may be over in a minute, and as long as its noise
 * counts hardly any gain can be told. */
bool pike_judge_needs_noise(struct pike_judge *j, bool warm)
{
	size_t i = warm && pike_judge_warm(j);
	int64_t age = pike_now_ns() - j->noise_at[i];

	return isnan(j->noise[i]) || age > PROTO_NOISE_AGE_NS ||
	       (j->noise[i] > PROTO_NOISE_HIGH &&
		age > PROTO_NOISE_HIGH_AGE_NS);
}

static bool needs_ceilings(const struct pike_judge *j)
{
	return (j->t->bytes || j->t->flops) && !(j->ceilings.copy_bps > 0);
}

/* What a threshold and a roofline are told by, as far as it is not known. */
static int measure(struct pike_judge *j, bool warm, struct pike_err *err)
{
	enum pike_phase before = pike_phase(j, PIKE_PHASE_NOISE);
	struct pike_watch w;
	int ret = 0;

	pike_judge_enter(&w, j);
	if (pike_judge_needs_noise(j, warm)) {
		ret = measure_noise(j, warm, err);
		j->noise_at[warm] = pike_now_ns();
		if (!ret)
			pike_known_write(j);
	}
	if (!ret && needs_ceilings(j))
		ret = pike_device_ceilings(&j->ceilings, &j->dev,
					   (int)j->t->threads, false, err);
	pike_judge_leave(&w, j);
	pike_phase(j, before);
	return ret;
}

static int noise_of(double *out, struct pike_judge *j, bool warm,
		    struct pike_err *err)
{
	int ret = 0;

	warm = warm && pike_judge_warm(j);
	if (pike_judge_needs_noise(j, warm) || needs_ceilings(j))
		ret = measure(j, warm, err);
	if (!ret)
		*out = j->noise[warm];
	return ret;
}

int pike_judge_noise(double *out, struct pike_judge *j, struct pike_err *err)
{
	return noise_of(out, j, false, err);
}

int pike_judge_delta(double *noise, double *delta, struct pike_judge *j,
		     bool warm, struct pike_err *err)
{
	int ret = noise_of(noise, j, warm, err);

	if (!ret)
		*delta =
		    pike_delta_for(*noise, j->dev.ncores, j->traits->noise);
	return ret;
}
