/* SPDX-License-Identifier: Apache-2.0 */
/* Each piece is done once, on the cores that are allowed, and no thread is
 * left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/par.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#define N 1000

static struct {
	int times[N];
	size_t width[N];
	cpu_set_t on[N];
	sigset_t blocked[N];
	pthread_t who[N];
	atomic_int sum;
} seen;

static void look(void *ctx, size_t i)
{
	assert_ptr_equal(ctx, &seen);
	seen.times[i]++;
	seen.width[i] = pike_parallel_width();
	sched_getaffinity(0, sizeof(seen.on[i]), &seen.on[i]);
	pthread_sigmask(SIG_SETMASK, NULL, &seen.blocked[i]);
	seen.who[i] = pthread_self();
	atomic_fetch_add(&seen.sum, (int)i);
}

static size_t threads(void)
{
	DIR *d = opendir("/proc/self/task");
	size_t n = 0;

	assert_non_null(d);
	for (const struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static void run(size_t n)
{
	memset(&seen, 0, sizeof(seen));
	pike_parallel(n, look, &seen);
	for (size_t i = 0; i < N; i++)
		assert_int_equal(seen.times[i], i < n);
	assert_int_equal(seen.sum, n * (n - 1) / 2);
}

static void off_at_the_start(void **state)
{
	(void)state;
	assert_int_equal(pike_parallel_width(), 1);
	run(N);
	for (size_t i = 0; i < N; i++)
		assert_true(pthread_equal(seen.who[i], pthread_self()));
}

static void each_piece_once(void **state)
{
	size_t before, other = 0;
	cpu_set_t all, none;

	(void)state;
	CPU_ZERO(&none);
	sched_getaffinity(0, sizeof(all), &all);
	pike_parallel_on(&all);
	assert_int_equal(pike_parallel_width(), CPU_COUNT(&all));
	run(N); /* what comes with a first thread stays */
	before = threads();
	for (size_t n = 1; n <= N; n = n * 3 + 1)
		run(n);
	run(N);
	pike_parallel(0, look, NULL);
	for (size_t i = 0; i < N; i++)
		other += !pthread_equal(seen.who[i], pthread_self());
	assert_true(CPU_COUNT(&all) < 2 || other == N);
	pike_parallel_on(NULL);
	run(N);
	assert_int_equal(threads(), before);
	pike_parallel_on(&none);
	run(N);
}

static void on_the_cores_that_are_allowed(void **state)
{
	cpu_set_t mine, some;
	int first = 0;

	(void)state;
	sched_getaffinity(0, sizeof(mine), &mine);
	if (CPU_COUNT(&mine) < 2)
		skip();
	while (!CPU_ISSET(first, &mine))
		first++;
	/* The caller is held to one core, and the pieces are not. */
	CPU_ZERO(&some);
	CPU_SET(first, &some);
	sched_setaffinity(0, sizeof(some), &some);
	pike_parallel_on(&mine);
	run(N);
	sched_setaffinity(0, sizeof(mine), &mine);
	pike_parallel_on(NULL);
	for (size_t i = 0; i < N; i++) {
		assert_true(CPU_EQUAL(&seen.on[i], &mine));
		assert_int_equal(seen.width[i], 1);
		assert_true(sigismember(&seen.blocked[i], SIGINT));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(off_at_the_start),
		cmocka_unit_test(each_piece_once),
		cmocka_unit_test(on_the_cores_that_are_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
