/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ceilings: what the timed cores can do at most, measured: bytes per second
 * of a copy far larger than the caches, counted as STREAM counts (read and
 * written), and single-precision operations per second of multiply-adds that
 * do not wait for each other.
 *
 * The widest vectors of the running machine are chosen at run time, so that
 * the program itself stays portable.
 */
#include "device/device_priv.h"

#include "base/clock.h"
#include "base/mem.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define COPY_BYTES_MAX (256ll << 20) /* of each of the two buffers */
#define COPY_NS 120000000ll
#define FMA_NS 60000000ll
#define FMA_STEPS 20000
/* More than latency times units of any core that is made (4 * 2 = 8). */
#define CHAINS 12

typedef double (*fma_fn)(int steps);

#if defined(__x86_64__)
#define CHAIN_LOOP(VEC, LANES, SET, FMA, STORE)                                \
	VEC acc[CHAINS], x = SET(0.999f), y = SET(0.001f);                     \
	float sum[LANES];                                                      \
	for (int c = 0; c < CHAINS; c++)                                       \
		acc[c] = SET((float)c);                                        \
	for (int s = 0; s < steps; s++) {                                      \
		_Pragma("GCC unroll 12") for (int c = 0; c < CHAINS; c++)      \
		    acc[c] = FMA(acc[c], x, y);                                \
	}                                                                      \
	for (int c = 1; c < CHAINS; c++)                                       \
		acc[0] = FMA(acc[c], x, acc[0]);                               \
	STORE(sum, acc[0]);                                                    \
	return sum[0]

__attribute__((target("avx512f"))) static double fma_512(int steps)
{
	CHAIN_LOOP(__m512, 16, _mm512_set1_ps, _mm512_fmadd_ps,
		   _mm512_storeu_ps);
}

__attribute__((target("avx2,fma"))) static double fma_256(int steps)
{
	CHAIN_LOOP(__m256, 8, _mm256_set1_ps, _mm256_fmadd_ps,
		   _mm256_storeu_ps);
}

static inline __m128 mul_add_128(__m128 a, __m128 x, __m128 y)
{
	return _mm_add_ps(_mm_mul_ps(a, x), y);
}

static double fma_128(int steps)
{
	CHAIN_LOOP(__m128, 4, _mm_set1_ps, mul_add_128, _mm_storeu_ps);
}

static fma_fn widest(int *lanes)
{
	if (__builtin_cpu_supports("avx512f")) {
		*lanes = 16;
		return fma_512;
	}
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
		*lanes = 8;
		return fma_256;
	}
	*lanes = 4;
	return fma_128;
}
#elif defined(__aarch64__)
static double fma_neon(int steps)
{
	float32x4_t acc[CHAINS], x = vdupq_n_f32(0.999f);
	float32x4_t y = vdupq_n_f32(0.001f);

	for (int c = 0; c < CHAINS; c++)
		acc[c] = vdupq_n_f32((float)c);
	for (int s = 0; s < steps; s++) {
		_Pragma("GCC unroll 12") for (int c = 0; c < CHAINS; c++)
		    acc[c] = vfmaq_f32(y, acc[c], x);
	}
	for (int c = 1; c < CHAINS; c++)
		acc[0] = vaddq_f32(acc[0], acc[c]);
	return vgetq_lane_f32(acc[0], 0);
}

static fma_fn widest(int *lanes)
{
	*lanes = 4;
	return fma_neon;
}
#else
static double fma_plain(int steps)
{
	float acc[CHAINS] = { 0 };

	for (int s = 0; s < steps; s++)
		for (int c = 0; c < CHAINS; c++)
			acc[c] = acc[c] * 0.999f + 0.001f;
	for (int c = 1; c < CHAINS; c++)
		acc[0] += acc[c];
	return acc[0];
}

static fma_fn widest(int *lanes)
{
	*lanes = 1;
	return fma_plain;
}
#endif

struct worker {
	pthread_t thread;
	pthread_barrier_t *start;
	int core;
	char *from, *to;
	size_t bytes;
	double copy_bps, flops; /* its own share */
	volatile double sink;
};

/* The best of several passes: a ceiling is what nothing disturbed. */
static void measure_copy(struct worker *w)
{
	int64_t end = pike_now_ns() + COPY_NS;

	do {
		int64_t t = pike_now_ns();
		double bps;

		memcpy(w->to, w->from, w->bytes);
		t = pike_now_ns() - t;
		bps = 2.0 * (double)w->bytes * 1e9 / (double)(t > 0 ? t : 1);
		if (bps > w->copy_bps)
			w->copy_bps = bps;
	} while (pike_now_ns() < end);
}

static void measure_fma(struct worker *w)
{
	int64_t end = pike_now_ns() + FMA_NS;
	int lanes;
	fma_fn fn = widest(&lanes);

	do {
		int64_t t = pike_now_ns();
		double flops = 2.0 * lanes * CHAINS * FMA_STEPS;

		w->sink = fn(FMA_STEPS);
		t = pike_now_ns() - t;
		flops = flops * 1e9 / (double)(t > 0 ? t : 1);
		if (flops > w->flops)
			w->flops = flops;
	} while (pike_now_ns() < end);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(w->core, &set);
	/* Unpinned is less exact, not wrong. */
	(void)sched_setaffinity(0, sizeof(set), &set);
	memset(w->from, 1, w->bytes);
	memset(w->to, 2, w->bytes);
	pthread_barrier_wait(w->start);
	measure_copy(w);
	pthread_barrier_wait(w->start);
	measure_fma(w);
	return NULL;
}

/* At least four times the last-level cache in all, both buffers counted. */
static size_t copy_bytes(const struct pike_device_info *info, int threads)
{
	int64_t n = 2 * info->llc_bytes;

	if (n < 32ll << 20)
		n = 32ll << 20;
	if (n > COPY_BYTES_MAX)
		n = COPY_BYTES_MAX;
	return (size_t)(n / threads) & ~(size_t)4095;
}

static int run_workers(struct worker *w, int threads, pthread_barrier_t *start,
		       struct pike_err *err)
{
	int n = 0;

	pthread_barrier_init(start, NULL, (unsigned)threads);
	for (; n < threads; n++) {
		if (pthread_create(&w[n].thread, NULL, work, &w[n]))
			break;
	}
	/* Those that wait at the barrier for ever must not be joined. */
	if (n < threads) {
		for (int i = 0; i < n; i++) {
			pthread_cancel(w[i].thread);
			pthread_join(w[i].thread, NULL);
		}
		return pike_fail(err, PIKE_FAILED,
				 "cannot start %d threads to measure the "
				 "machine",
				 threads);
	}
	for (int i = 0; i < n; i++)
		pthread_join(w[i].thread, NULL);
	pthread_barrier_destroy(start);
	return 0;
}

/* The cores that are timed on: the last, and those below it. */
static int core_number(const struct pike_device_info *info, int i)
{
	return info->core - i >= 0 ? info->core - i : info->core;
}

static int measure(struct pike_ceilings *out,
		   const struct pike_device_info *info, int threads,
		   struct pike_err *err)
{
	struct worker w[PIKE_CEILING_THREADS] = { { 0 } };
	pthread_barrier_t start;
	size_t bytes = copy_bytes(info, threads);
	size_t all = 2 * bytes * (size_t)threads;
	char *mem = mmap(NULL, all, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	int rc;

	if (mem == MAP_FAILED)
		return pike_fail_errno(err, PIKE_FAILED,
				       "cannot measure the copy bandwidth");
	for (int i = 0; i < threads; i++) {
		w[i].start = &start;
		w[i].core = core_number(info, i);
		w[i].bytes = bytes;
		w[i].from = mem + 2 * bytes * (size_t)i;
		w[i].to = w[i].from + bytes;
	}
	rc = run_workers(w, threads, &start, err);
	munmap(mem, all);
	*out = (struct pike_ceilings){ 0 };
	for (int i = 0; i < threads; i++) {
		out->copy_bps += w[i].copy_bps;
		out->fma_flops += w[i].flops;
	}
	return rc;
}

int pike_cpu_ceilings(struct pike_ceilings *out,
		      const struct pike_device_info *info, int threads,
		      struct pike_err *err)
{
	if (threads > info->ncores)
		threads = info->ncores;
	if (threads > PIKE_CEILING_THREADS)
		threads = PIKE_CEILING_THREADS;
	return measure(out, info, threads < 1 ? 1 : threads, err);
}
