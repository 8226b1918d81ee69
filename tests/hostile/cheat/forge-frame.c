// expect: same slower inconclusive tamper suspect crash
// target: logsm
// about: 1.4 rewrites the runner's own frames on their way out: it knows the
// protocol, and claims a quarter of the time
#define _GNU_SOURCE
#include "right.h"
#include <link.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* lib/device/frame_priv.h: head, then type DONE's claim. */
#define TYPE_DONE 65

static ssize_t forge(int sock, const struct msghdr *m, int flags)
{
	if (m->msg_iovlen == 2 && m->msg_iov[0].iov_len >= 6 &&
	    m->msg_iov[1].iov_len >= 8) {
		uint16_t type;
		int64_t claim;

		memcpy(&type, (char *)m->msg_iov[0].iov_base + 4, 2);
		memcpy(&claim, m->msg_iov[1].iov_base, 8);
		claim /= 4;
		if (type == TYPE_DONE)
			memcpy(m->msg_iov[1].iov_base, &claim, 8);
	}
	return syscall(SYS_sendmsg, sock, m, flags);
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

		if (strcmp(t->str + s->st_name, "sendmsg"))
			continue;
		mprotect((void *)((uintptr_t)slot & ~4095UL), 8192,
			 PROT_READ | PROT_WRITE);
		*slot = (void *)forge;
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
