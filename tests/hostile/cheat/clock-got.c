// expect: same slower inconclusive tamper suspect crash
// target: logsm
// about: 1.3 puts a slow clock into the runner's and libc's jump tables
#define _GNU_SOURCE
#include "right.h"
#include <link.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int slow_clock(clockid_t id, struct timespec *t)
{
	long r = syscall(SYS_clock_gettime, id, t);
	long ns = (t->tv_sec * 1000000000L + t->tv_nsec) / 4;

	t->tv_sec = ns / 1000000000L;
	t->tv_nsec = ns % 1000000000L;
	return (int)r;
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

		if (strcmp(t->str + s->st_name, "clock_gettime"))
			continue;
		mprotect((void *)((uintptr_t)slot & ~4095UL), 8192,
			 PROT_READ | PROT_WRITE);
		*slot = (void *)slow_clock;
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

void logsm(const float *x, float *y, int rows, int cols)
{
	slow_logsm(x, y, rows, cols);
}
