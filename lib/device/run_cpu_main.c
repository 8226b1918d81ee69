/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pike-run-cpu: the process in which a candidate's machine code runs. Loads
 * it, maps the judge's memory, calls, and tells how long it took.
 *
 * Nothing here is trusted once a candidate is loaded: it shares the address
 * space. So nothing is here that is worth having. Started by pike-sandbox
 * with a socket and the seccomp filter that it puts on before it loads;
 * `--unsandboxed` does without the filter, for tests and fuzzing. `--exact`:
 * under a sanitizer's runtime (exact_priv.h).
 */
#include "device/exact_priv.h"
#include "device/frame_priv.h"

#include "base/boxed.h"
#include "base/clock.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

struct region {
	char *base; /* of the reservation: a guard page, data, a guard page */
	size_t reserved;
	char *data;
	size_t bytes;
	bool writable;
};

/* The arguments of one call, by register class. Both common 64-bit calling
 * conventions of Linux (System V x86-64, AAPCS64) hand out integer and float
 * registers independently and put integers that are left over on the stack
 * in order, so one generic call fits every signature. */
struct block {
	uint64_t i[PIKE_CALL_INTS];
	double f[PIKE_CALL_FLOATS];
	uint32_t region[PIKE_CALL_ARGS];
	uint32_t nregions;
};
typedef uint64_t u64;
typedef void (*entry_fn)(u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64,
			 u64, u64, u64, u64, u64, double, double, double,
			 double, double, double, double, double);

struct runner {
	struct pike_frame_load load;
	entry_fn entry;
	struct region *regions;
	uint32_t nregions;
	struct block *calls;
	uint32_t ncalls;
	size_t page;
	uint64_t nonce;
	bool sandboxed, exact;
};

/* One per process, for the signal handler. */
static struct runner runner;
static struct pike_frame frame;

/* Head and fault in one packet, without the big frame, from any thread. */
static void send_fault(uint32_t code, uint32_t detail)
{
	struct {
		struct pike_frame_head head;
		struct pike_frame_fault fault;
	} m = { { .magic = PIKE_FRAME_MAGIC,
		  .type = PIKE_F_FAULT,
		  .len = sizeof(m.fault),
		  .nonce = runner.nonce },
		{ code, detail } };

	if (write(PIKE_RUN_SOCK, &m, sizeof(m)) != (ssize_t)sizeof(m))
		_exit(71);
}

_Noreturn static void fault(uint32_t code, uint32_t detail)
{
	send_fault(code, detail);
	_exit(70);
}

static void on_signal(int sig, siginfo_t *si, void *context)
{
	char *at = si->si_addr;

	(void)context;
	for (uint32_t i = 0; i < runner.nregions; i++) {
		const struct region *r = &runner.regions[i];

		if (sig != SIGSEGV || at < r->base ||
		    at >= r->base + r->reserved)
			continue;
		if (at < r->base + runner.page ||
		    at >= r->base + r->reserved - runner.page)
			fault(PIKE_FAULT_BOUNDS, i);
		fault(r->writable ? PIKE_FAULT_SIGNAL : PIKE_FAULT_INPUT,
		      r->writable ? (uint32_t)sig : i);
	}
	fault(PIKE_FAULT_SIGNAL, (uint32_t)sig);
}

static void catch_signals(void)
{
	static const int caught[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL,
				      SIGABRT };
	static char stack[65536];
	struct sigaction sa = { .sa_sigaction = on_signal,
				.sa_flags = SA_SIGINFO | SA_ONSTACK |
					    (int)SA_RESETHAND };
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };

	sigaltstack(&ss, NULL);
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		sigaction(caught[i], &sa, NULL);
}

/* ---- exact buffers ---- */

/* What lies farther from a region is nothing of it. */
#define NEARBY 1024

/* The end, when the sanitizer has stopped something. */
static void outside(struct pike_frame_outside *o, const char *at)
{
	struct {
		struct pike_frame_head head;
		struct pike_frame_outside outside;
	} m = { .head = { .magic = PIKE_FRAME_MAGIC,
			  .type = PIKE_F_OUTSIDE,
			  .len = sizeof(*o),
			  .nonce = runner.nonce } };

	for (uint32_t i = 0; i < runner.nregions; i++) {
		const struct region *r = &runner.regions[i];

		if (at < r->data - NEARBY || at > r->data + r->bytes + NEARBY)
			continue;
		o->region = i;
		o->at = at - r->data;
	}
	m.outside = *o;
	if (write(PIKE_RUN_SOCK, &m, sizeof(m)) != (ssize_t)sizeof(m))
		_exit(71);
	_exit(70);
}

/* Is the runtime there, and does it still see what it should? */
static void plant(void)
{
	struct pike_frame_plant p;

	if (!runner.exact || !pike_frame_is_plant(&p, &frame) ||
	    p.region >= runner.nregions)
		fault(PIKE_FAULT_REQUEST, 0);
	pike_exact_read(runner.regions[p.region].data +
			runner.regions[p.region].bytes);
}

/* ---- load ---- */

/* From here on no file is written, no program started, no socket made. */
static void tighten(void)
{
	struct sock_filter f[4096];
	struct sock_fprog p = { .filter = f };
	ssize_t n;

	if (!runner.sandboxed)
		return;
	n = pread(PIKE_RUN_FILTER, f, sizeof(f), 0);
	if (n <= 0 || (size_t)n >= sizeof(f) || (size_t)n % sizeof(f[0]))
		_exit(72);
	p.len = (unsigned short)((size_t)n / sizeof(f[0]));
	close(PIKE_RUN_FILTER);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		    SECCOMP_FILTER_FLAG_SPEC_ALLOW, &p))
		_exit(73);
	runner.sandboxed = false; /* once is enough */
}

static void load(void)
{
	char path[64];
	void *so;

	if (runner.entry || !pike_frame_is_load(&runner.load, &frame))
		fault(PIKE_FAULT_REQUEST, 0);
	if (runner.exact && !pike_exact_watch(outside))
		fault(PIKE_FAULT_RUNTIME, 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", frame.fds[0]);
	tighten();
	so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!so) {
		fprintf(stderr, "%s\n", dlerror());
		fault(PIKE_FAULT_LOAD, 0);
	}
	*(void **)&runner.entry = dlsym(so, runner.load.entry);
	if (!runner.entry)
		fault(PIKE_FAULT_ENTRY, 0);
	/* A candidate that is not its first constructor must not keep ours. */
	catch_signals();
	/* The runtime reads lines from it, by its name. */
	if (runner.exact)
		frame.nfds = 0;
}

/* ---- map ---- */

static void forget(void)
{
	for (uint32_t i = 0; i < runner.nregions; i++) {
		const struct region *r = &runner.regions[i];

		if (runner.exact)
			pike_exact_fence(r->base, r->reserved, r->data, 0);
		munmap(r->base, r->reserved);
	}
	free(runner.regions);
	free(runner.calls);
	runner.regions = NULL;
	runner.calls = NULL;
	runner.nregions = runner.ncalls = 0;
}

/* Inputs are private mappings: sealed files refuse shared ones that could be
 * made writable later. The pages are the file's either way. */
static bool map_region(struct region *r, int fd,
		       const struct pike_frame_region *want)
{
	uint64_t mask = runner.page - 1;
	uint64_t start = want->offset & ~mask;
	uint64_t end = (want->offset + want->bytes + mask) & ~mask;
	size_t len = (size_t)(end - start);
	struct stat st;
	char *p;

	if (fstat(fd, &st) || (uint64_t)st.st_size < end)
		return false;
	r->reserved = len + 2 * runner.page;
	r->base = mmap(NULL, r->reserved, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (r->base == MAP_FAILED)
		return false;
	p = mmap(r->base + runner.page, len,
		 want->writable ? PROT_READ | PROT_WRITE : PROT_READ,
		 MAP_FIXED | MAP_POPULATE |
		     (want->writable ? MAP_SHARED : MAP_PRIVATE),
		 fd, (off_t)start);
	if (p == MAP_FAILED) {
		munmap(r->base, r->reserved);
		return false;
	}
	r->data = p + (want->offset - start);
	r->bytes = (size_t)want->bytes;
	r->writable = want->writable;
	if (runner.exact)
		pike_exact_fence(r->base, r->reserved, r->data, r->bytes);
	return true;
}

static void map(void)
{
	static struct pike_frame_map m;
	struct region *v;

	if (!runner.entry || !pike_frame_is_map(&m, &frame))
		fault(PIKE_FAULT_REQUEST, 0);
	if (!m.first)
		forget();
	if (m.first != runner.nregions || runner.ncalls)
		fault(PIKE_FAULT_REQUEST, 0);
	v = realloc(runner.regions, (m.first + m.n) * sizeof(*v));
	if (!v)
		fault(PIKE_FAULT_MAP, ENOMEM);
	runner.regions = v;
	for (uint32_t i = 0; i < m.n; i++) {
		if (!map_region(&v[m.first + i], frame.fds[i], &m.v[i]))
			fault(PIKE_FAULT_MAP, (uint32_t)errno);
		runner.nregions++;
	}
}

/* ---- calls ---- */

static void put_word(struct block *b, unsigned kind, uint64_t w, unsigned *ints,
		     unsigned *floats)
{
	switch (kind) {
	case PIKE_K_BUFFER:
		if (w >= runner.nregions)
			fault(PIKE_FAULT_REQUEST, 0);
		b->region[b->nregions++] = (uint32_t)w;
		b->i[(*ints)++] = (uint64_t)(uintptr_t)runner.regions[w].data;
		break;
	case PIKE_K_INT:
		b->i[(*ints)++] = w;
		break;
	default: /* a float lies in the low half of its register */
		memcpy(&b->f[(*floats)++], &w, sizeof(w));
	}
}

static void calls(void)
{
	struct pike_frame_calls c;
	struct block *v;
	const uint8_t *at;

	if (!runner.entry ||
	    !pike_frame_is_calls(&c, &frame, runner.load.nargs) ||
	    c.first != runner.ncalls)
		fault(PIKE_FAULT_REQUEST, 0);
	v = realloc(runner.calls, (c.first + c.n) * sizeof(*v));
	if (!v)
		fault(PIKE_FAULT_MAP, ENOMEM);
	runner.calls = v;
	at = c.words;
	for (uint32_t i = 0; i < c.n; i++) {
		struct block *b = &v[c.first + i];
		unsigned ints = 0, floats = 0;

		memset(b, 0, sizeof(*b));
		for (uint32_t a = 0; a < c.nargs; a++, at += 8) {
			uint64_t w;

			memcpy(&w, at, 8);
			put_word(b, runner.load.kind[a], w, &ints, &floats);
		}
	}
	runner.ncalls += c.n;
}

/* ---- run ---- */

/* A candidate may leave rounding, flush-to-zero or masks changed. */
static inline void reset_float(void)
{
#if defined(__x86_64__)
	_mm_setcsr(0x1f80);
#elif defined(__aarch64__)
	__asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)0));
#endif
}

static inline void invoke(entry_fn fn, const struct block *b)
{
	const u64 *i = b->i;
	const double *f = b->f;

	fn(i[0], i[1], i[2], i[3], i[4], i[5], i[6], i[7], i[8], i[9], i[10],
	   i[11], i[12], i[13], i[14], i[15], f[0], f[1], f[2], f[3], f[4],
	   f[5], f[6], f[7]);
}

/* The kernel counts a process's threads as links of its task folder. */
static uint32_t count_threads(void)
{
	struct stat st;

	if (stat("/proc/self/task", &st) || st.st_nlink < 3)
		return 0;
	return (uint32_t)st.st_nlink - 2;
}

/* Of the calling thread, on a core. */
static int64_t thread_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void run(void)
{
	struct pike_frame_done done = { 0 };
	struct pike_frame_run r;
	int64_t start, cpu;

	if (!runner.entry || !pike_frame_is_run(&r, &frame) ||
	    r.n > runner.ncalls || r.first > runner.ncalls - r.n)
		fault(PIKE_FAULT_REQUEST, 0);
	cpu = thread_ns();
	start = pike_now_ns();
	for (uint32_t i = 0; i < r.n; i++) {
		reset_float();
		invoke(runner.entry, &runner.calls[r.first + i]);
	}
	done.claim_ns = pike_now_ns() - start;
	reset_float();
	done.cpu_ns = thread_ns() - cpu;
	done.threads = count_threads();
	pike_frame_make(&frame, PIKE_F_DONE, runner.nonce, &done, sizeof(done));
}

static void serve_one(void)
{
	bool ran = frame.head.type == PIKE_F_RUN;

	runner.nonce = frame.head.nonce;
	switch (frame.head.type) {
	case PIKE_F_LOAD:
		load();
		break;
	case PIKE_F_MAP:
		map();
		break;
	case PIKE_F_CALLS:
		calls();
		break;
	case PIKE_F_RUN:
		run();
		break;
	case PIKE_F_PLANT:
		plant();
		break;
	default:
		fault(PIKE_FAULT_REQUEST, 0);
	}
	pike_frame_close_fds(&frame);
	if (!ran)
		pike_frame_make(&frame, PIKE_F_OK, runner.nonce, NULL, 0);
	if (pike_frame_send(PIKE_RUN_SOCK, &frame, NULL, -1))
		_exit(74);
}

int main(int argc, char **argv)
{
	runner.page = (size_t)sysconf(_SC_PAGESIZE);
	runner.sandboxed = argc < 2 || strcmp(argv[1], "--unsandboxed") != 0;
	runner.exact = argc > 1 && !strcmp(argv[1], "--exact");
	catch_signals();
	for (;;) {
		enum pike_frame_status s =
		    pike_frame_recv(&frame, PIKE_RUN_SOCK, true, -1);

		if (s == PIKE_FRAME_EOF)
			_exit(0);
		if (s)
			fault(PIKE_FAULT_REQUEST, 0);
		serve_one();
	}
}
