// expect: tamper slower inconclusive same suspect
// target: act
// about: 1.2 works on what the judge is just putting there, before the judge
// has asked: it takes the place of the runner's recvmsg and mmap

#define _GNU_SOURCE
#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct slot {
	const float *x;
	float *y;
	int n;
	int done;
	uint32_t left, was;
} slots[4096];
static int nslots, at;
static uint32_t bits(const float *p)
{
	uint32_t u;
	memcpy(&u, (const void *)p, 4);
	return *(volatile const uint32_t *)p;
}

static void work(const float *x, float *y, int n);
static int look(void)
{
	for (int k = 0; k < nslots; k++) {
		int i = (at + k) % nslots;
		struct slot *s = &slots[i];
		struct slot *t = &slots[(i + 1) % nslots];
		if (s->done || bits(s->y + s->n - 1) == s->left ||
		    bits(t->x) == t->was)
			continue;
		__asm__ volatile("" ::: "memory");
		work(s->x, s->y, s->n);
		s->done = 1;
		s->left = bits(s->y + s->n - 1);
		return 1;
	}
	return 0;
}
#include <time.h>
#ifndef FIRST
#define FIRST 300000
#endif
static int calls, inner;
static ssize_t my_recvmsg(int sock, struct msghdr *m, int flags)
{
	size_t cl = m->msg_controllen;
	int busy = 0, first = 1, done = 0;
	if (calls > inner)
		inner = calls;
	calls = 0;
	for (;;) {
		ssize_t n = syscall(SYS_recvmsg, sock, m, flags);
		if (n >= 0 || errno != EAGAIN || !nslots)
			return n;
		if (done && done >= inner - 1) {
			errno = EAGAIN;
			return -1;
		}
		m->msg_controllen = cl;
		if (!busy) {
			struct timespec t = { 0, first ? FIRST : 150000 };
			nanosleep(&t, 0);
			first = 0;
		}
		while (look()) {
			busy = 1;
			if (++done >= inner - 1)
				break;
		}
	}
}
static void call(const float *x, float *y, int n)
{
	calls++;
	for (int k = 0; k < nslots; k++) {
		int i = (at + k) % nslots;
		struct slot *s = &slots[i];
		if (s->x != x || s->y != y)
			continue;
		if (!s->done)
			work(x, y, n);
		s->done = 0;
		s->left = bits(y + n - 1);
		s->was = bits(x);
		at = i + 1;
		return;
	}
	work(x, y, n);
	if (nslots < 4096)
		slots[nslots++] =
		    (struct slot){ x, y, n, 0, bits(y + n - 1), bits(x) };
}
__attribute__((noinline)) static void *my_mmap(void *at, size_t len, int prot,
					       int flags, int fd, off_t off)
{
	void *p = (void *)syscall(SYS_mmap, at, len, prot, flags, fd, off);
	static const float *x;
	if (len != 4 * 65536 || fd < 0 || !(flags & MAP_FIXED) ||
	    !(flags & MAP_POPULATE) || p == MAP_FAILED)
		return p;
	if (!(prot & PROT_WRITE))
		x = p;
	else if (nslots < 4096) {
		int n = (int)(len / 4);
		slots[nslots++] = (struct slot){
			x, p, n, 0, bits((float *)p + n - 1), bits(x)
		};
	}
	return p;
}
struct table {
	const ElfW(Rela) * rela;
	size_t size;
	const ElfW(Sym) * sym;
	const char *str;
};
static void patch(const struct table *t, ElfW(Addr) base)
{
	for (size_t i = 0; t->rela && i < t->size / sizeof(*t->rela); i++) {
		const ElfW(Sym) *s = &t->sym[ELF64_R_SYM(t->rela[i].r_info)];
		void **slot = (void **)(base + t->rela[i].r_offset);
		int r = !strcmp(t->str + s->st_name, "recvmsg");
		int p = !strcmp(t->str + s->st_name, "mmap") ||
			!strcmp(t->str + s->st_name, "mmap64");
		if (!r && !p)
			continue;
		mprotect((void *)((uintptr_t)slot & ~4095UL), 8192,
			 PROT_READ | PROT_WRITE);
		*slot = r ? (void *)my_recvmsg : (void *)my_mmap;
	}
}
static int object(struct dl_phdr_info *info, size_t size, void *ctx)
{
	struct table plt = { 0 }, dyn = { 0 };
	const ElfW(Dyn) *d = 0;
	(void)size, (void)ctx;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
			d = (const void *)(info->dlpi_addr +
					   info->dlpi_phdr[i].p_vaddr);
	if (!d || strstr(info->dlpi_name, "vdso"))
		return 0;
	for (; d->d_tag; d++) {
		if (d->d_tag == DT_JMPREL)
			plt.rela = (const void *)d->d_un.d_ptr;
		if (d->d_tag == DT_PLTRELSZ)
			plt.size = d->d_un.d_val;
		if (d->d_tag == DT_RELA)
			dyn.rela = (const void *)d->d_un.d_ptr;
		if (d->d_tag == DT_RELASZ)
			dyn.size = d->d_un.d_val;
		if (d->d_tag == DT_SYMTAB)
			plt.sym = dyn.sym = (const void *)d->d_un.d_ptr;
		if (d->d_tag == DT_STRTAB)
			plt.str = dyn.str = (const void *)d->d_un.d_ptr;
	}
	if (!plt.sym || !plt.str)
		return 0;
	patch(&plt, info->dlpi_addr);
	patch(&dyn, info->dlpi_addr);
	return 0;
}
__attribute__((constructor)) static void begin(void)
{
	dl_iterate_phdr(object, 0);
}

static void work(const float *x, float *y, int n)
{
	for (int i = 0; i < n; i++) {
		float v = x[i];

		y[i] = v * v * v + v / (1 + v * v);
	}
}

void act(const float *x, float *y, int n)
{
	call(x, y, n);
}
