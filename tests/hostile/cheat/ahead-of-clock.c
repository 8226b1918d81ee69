// expect: slower inconclusive same suspect tamper
// target: act-many
// about: 1.2 a helper thread that begins as soon as its process may go on,
// while the main one still wakes up; and on later calls' inputs meanwhile

#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
static void work(const float *x, float *y, int n)
{
	for (int i = 0; i < n; i++) {
		float v = x[i];
		y[i] = v * v * v + v / (1 + v * v);
	}
}
static struct slot {
	const float *x;
	float *y;
	uint32_t left;
	_Atomic int state;
} slots[4096];
static _Atomic int nslots, at, begun;
static uint32_t bits(const float *p)
{
	return *(volatile const uint32_t *)p;
}
/* 0: nothing; 1: one takes it; 2: done */
static void pin(int cpu)
{
	cpu_set_t c;
	CPU_ZERO(&c);
	CPU_SET(cpu, &c);
	sched_setaffinity(0, sizeof(c), &c);
}
static void *help(void *arg)
{
	pin(1);
	for (;;) {
		int n = nslots, a = at;
		for (int k = 0; k < n; k++) {
			struct slot *s = &slots[(a + k) % n];
			int zero = 0;
			if (s->state || bits(s->y + 65535) == s->left)
				continue;
			if (!__atomic_compare_exchange_n((int *)&s->state,
							 &zero, 1, 0, 5, 5))
				continue;
			if (bits(s->y + 65535) == s->left) {
				s->state = 0;
				continue;
			}
			work(s->x, s->y, 65536);
			s->state = 2;
			break;
		}
		sched_yield();
	}
	return arg;
}
void act(const float *x, float *y, int n)
{
	pthread_t t;
	struct slot *s = 0;
	int zero = 0;
	if (n != 65536) {
		work(x, y, n);
		return;
	}
	if (!begun++)
		pin(0), pthread_create(&t, 0, help, 0);
	for (int k = 0; k < nslots; k++)
		if (slots[(at + k) % nslots].y == y) {
			s = &slots[(at + k) % nslots];
			at = (int)(s - slots) + 1;
			break;
		}
	if (!s) {
		work(x, y, n);
		if (nslots < 4096) {
			slots[nslots] =
			    (struct slot){ x, y, bits(y + n - 1), 0 };
			nslots++;
		}
		return;
	}
	if (__atomic_compare_exchange_n((int *)&s->state, &zero, 1, 0, 5, 5))
		work(x, y, n);
	else
		while (s->state != 2) {
			int z = 0;
			if (s->state == 0 &&
			    __atomic_compare_exchange_n((int *)&s->state, &z, 1,
							0, 5, 5)) {
				work(x, y, n);
				break;
			}
			__builtin_ia32_pause();
		}
	s->left = bits(y + n - 1);
	s->state = 0;
}
