/* SPDX-License-Identifier: Apache-2.0 */
/* par: see par.h. */
#include "base/par.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

#define THREADS_MAX 64

/* Of this thread: threads that work on pieces have none of their own. */
static _Thread_local struct {
	cpu_set_t cpus;
	size_t n; /* 0: off */
} may;

struct job {
	atomic_size_t next;
	size_t n;
	void (*piece)(void *ctx, size_t i);
	void *ctx;
};

void pike_parallel_on(const cpu_set_t *cpus)
{
	may.n = 0;
	if (!cpus)
		return;
	may.cpus = *cpus;
	may.n = (size_t)CPU_COUNT(cpus);
	if (may.n > THREADS_MAX)
		may.n = THREADS_MAX;
}

size_t pike_parallel_width(void)
{
	return may.n ? may.n : 1;
}

static void *work(void *arg)
{
	struct job *j = arg;
	size_t i;

	while ((i = atomic_fetch_add(&j->next, 1)) < j->n)
		j->piece(j->ctx, i);
	return NULL;
}

/* On the cores, with no signal: those are the program's own to take. */
static size_t start(pthread_t *t, size_t n, struct job *j)
{
	sigset_t all, old;
	pthread_attr_t attr;
	size_t k = 0;

	sigfillset(&all);
	if (pthread_attr_init(&attr))
		return 0;
	pthread_attr_setaffinity_np(&attr, sizeof(may.cpus), &may.cpus);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	while (k < n && !pthread_create(&t[k], &attr, work, j))
		k++;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return k;
}

void pike_parallel(size_t n, void (*piece)(void *ctx, size_t i), void *ctx)
{
	struct job j = { .n = n, .piece = piece, .ctx = ctx };
	size_t want = n < may.n ? n : may.n, got = 0;
	pthread_t t[THREADS_MAX];

	if (want > 1)
		got = start(t, want, &j);
	/* The caller may be held to one core, where it would be last. */
	if (!got)
		work(&j);
	for (size_t i = 0; i < got; i++)
		pthread_join(t[i], NULL);
}
