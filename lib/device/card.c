/* SPDX-License-Identifier: Apache-2.0 */
/* card: a device in the numbers that a programmer reckons with. */
#include "device/device_priv.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Results of one SM in one clock: of f32 FMA and of the special functions as
 * "Throughput of Native Arithmetic Instructions" in the CUDA C++ Programming
 * Guide has them; FMA of tensor cores, dense, with 16-bit operands and sums in
 * f32, from the peaks in NVIDIA's architecture white papers. */
static const struct rate {
	const char *arch; /* "sm_90", with or without an `a` behind it */
	int fma, special, tensor;
} rates[] = {
	{ "sm_80", 64, 16, 1024 },   { "sm_86", 128, 16, 512 },
	{ "sm_89", 128, 16, 512 },   { "sm_90", 128, 16, 2048 },
	{ "sm_100", 128, 16, 4096 },
};

static const struct rate *rate_of(const char *arch)
{
	size_t n = strcspn(arch, "a");

	for (size_t i = 0; i < PIKE_ARRAY_LEN(rates); i++)
		if (strlen(rates[i].arch) == n &&
		    !strncmp(rates[i].arch, arch, n))
			return &rates[i];
	return NULL;
}

static void add_size(struct pike_buf *out, const char *what, int64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB" };
	double n = (double)bytes / 1024;
	size_t i = 0;

	for (; i + 1 < PIKE_ARRAY_LEN(units) && n >= 1024; i++)
		n /= 1024;
	if (bytes > 0)
		pike_buf_addf(out, "- %s: %.4g %s\n", what, n, units[i]);
}

/* ---- a GPU ---- */

static void add_sm(struct pike_buf *out, const struct pike_device_info *d)
{
	const struct rate *r = rate_of(d->arch);

	if (d->sm.threads)
		pike_buf_addf(out,
			      "- An SM: %d threads, %d blocks, %d registers of "
			      "32 bits, %d KiB of shared memory, of which the "
			      "system takes %d KiB of each block\n",
			      d->sm.threads, d->sm.blocks, d->sm.registers,
			      d->sm.shared / 1024, (int)PIKE_SHARED_OWN / 1024);
	if (r)
		pike_buf_addf(out,
			      "- An SM in one clock: %d FMA of f32, %d special "
			      "functions (ex2, rcp, rsqrt, tanh), %d FMA of "
			      "tensor cores on 16-bit operands, half as many "
			      "on tf32\n",
			      r->fma, r->special, r->tensor);
}

static void add_block(struct pike_buf *out, const struct pike_launch_limits *l)
{
	pike_buf_addf(out,
		      "- A block: at most %lld threads, 255 registers a "
		      "thread, %lld KiB of shared memory in all, of which 48 "
		      "KiB may be static\n",
		      (long long)l->threads, (long long)l->shared / 1024);
	pike_buf_addf(out, "- A grid: at most %lld, %lld and %lld blocks\n",
		      (long long)l->grid[0], (long long)l->grid[1],
		      (long long)l->grid[2]);
	if (l->cluster > 1)
		pike_buf_addf(out, "- A cluster: at most %lld blocks\n",
			      (long long)l->cluster);
}

static void add_gpu(struct pike_buf *out, const struct pike_device_info *d)
{
	if (strcmp(d->model, d->arch) != 0)
		pike_buf_addf(out, "- %s, ", d->model);
	else
		pike_buf_adds(out, "- A GPU of ");
	pike_buf_adds(out, d->arch);
	if (d->sms)
		pike_buf_addf(out, ", %d SMs", d->sms);
	pike_buf_addc(out, '\n');
	add_size(out, "Memory", d->memory);
	/* Of a GPU that is not here the host's is no answer. */
	add_size(out, "L2", d->sms ? d->llc_bytes : 0);
	add_sm(out, d);
	add_block(out, &d->limits);
}

/* ---- a processor ---- */

/* Of x86 and Arm, as /proc/cpuinfo calls them. */
static const char *const vectors[] = {
	"sse4_2",      "avx",	      "avx2",	  "fma",      "f16c",
	"avx_vnni",    "avx512f",     "avx512bw", "avx512vl", "avx512_vnni",
	"avx512_bf16", "avx512_fp16", "amx_tile", "amx_bf16", "amx_int8",
	"asimd",       "asimdhp",     "asimddp",  "bf16",     "sve",
	"sve2",
};

/* Words of the first line "flags : ..." (x86) or "Features : ..." (Arm). */
static void find_flags(struct pike_strs *out)
{
	struct pike_buf b;
	char *line;

	pike_buf_init(&b, 4 << 20);
	if (pike_read_file(&b, "/proc/cpuinfo", NULL))
		pike_buf_reset(&b);
	line = strstr(b.s, "\nflags");
	line = line ? line : strstr(b.s, "\nFeatures");
	if (line) {
		line[1 + strcspn(line + 1, "\n")] = '\0';
		pike_strs_split(out, line, " \t\n:");
	}
	pike_buf_release(&b);
}

static void add_units(struct pike_buf *out)
{
	struct pike_strs flags = PIKE_STRS_INIT;
	size_t n = 0;

	find_flags(&flags);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(vectors); i++)
		if (pike_strs_has(&flags, vectors[i]))
			pike_buf_addf(
			    out, "%s%s",
			    n++ ? " " : "- Vector units: ", vectors[i]);
	if (n)
		pike_buf_addc(out, '\n');
	pike_strs_release(&flags);
}

static void add_cpu(struct pike_buf *out, const struct pike_device_info *d)
{
	static const char *const what[] = {
		"L1 data cache of a core",
		"L2 cache of a core",
	};

	pike_buf_addf(out, "- %s, %d cores that may be used\n", d->model,
		      d->ncores);
	add_units(out);
	for (int i = 0; i < (int)PIKE_ARRAY_LEN(what); i++)
		add_size(out, what[i], pike_cpu_cache(d->core, i + 1));
	add_size(out, "Last-level cache", d->llc_bytes);
}

void pike_device_card(struct pike_buf *out, const struct pike_device_info *info)
{
	if (*info->arch)
		add_gpu(out, info);
	else if (*info->model)
		add_cpu(out, info);
}
