// expect: tamper slower inconclusive same suspect
// target: act
// about: 1.2 takes the place of the runner's recvmsg, and computes nine tenths
// of each call when the question has come, before the runner's clock starts

#define _GNU_SOURCE
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#define AHEAD 90
static struct slot {
	const float *x;
	float *y;
	int n, done;
} slots[8192];
static int nslots, warm = -1;
static void work(const float *x, float *y, int n)
{
	for (int i = 0; i < n; i++)
		y[i] = x[i] * x[i] * x[i] + x[i] / (1 + x[i] * x[i]);
}
static void ahead(uint32_t first, uint32_t n)
{
	int timed = nslots - 4;
	if (timed < 4)
		return;
	if (warm < 0)
		warm = (int)first;
	for (uint32_t i = 0; i < n; i++) {
		int set = (int)(first + i);
		struct slot *s = set >= warm ? &slots[timed + set - warm]
					     : &slots[set % timed];
		s->done = (int)((long)s->n * AHEAD / 100) & ~15;
		work(s->x, s->y, s->done);
	}
}
static ssize_t my_recvmsg(int sock, struct msghdr *m, int flags)
{
	struct {
		uint32_t magic;
		uint16_t type, nfds;
		uint32_t len, zero;
		uint64_t nonce;
	} *h = m->msg_iov[0].iov_base;
	uint32_t *d = m->msg_iov[1].iov_base;
	size_t had = m->msg_iov[0].iov_len;
	ssize_t n = syscall(SYS_recvmsg, sock, m, flags);
	/* A question for a sample: which sets, and how many */
	if (n == 32 && had == 24 && h->type == 4)
		ahead(d[0], d[1]);
	return n;
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
	else
		slots[nslots++] = (struct slot){ x, p, (int)(len / 4), 0 };
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
void act(const float *x, float *y, int n)
{
	int from = 0;
	for (int i = 0; AHEAD && i < nslots; i++)
		if (slots[i].y == y)
			from = slots[i].done, slots[i].done = 0;
	work(x + from, y + from, n - from);
}
