/* SPDX-License-Identifier: Apache-2.0 */
/* find_cuda: the GPUs that are here, and which of them this process takes. */
#include "device/cuda_priv.h"
#include "device/device_priv.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCRATCH_SHARE 4 /* of the memory: what plans may ask for */

/* What an SM holds, where there is none to ask (CUDA C++ Programming Guide,
 * "Technical Specifications per Compute Capability"). */
static const struct {
	int capability;
	struct pike_sm sm;
} sms[] = {
	{ 80, { 2048, 32, 65536, 164 * 1024 } },
	{ 86, { 1536, 16, 65536, 100 * 1024 } },
	{ 87, { 1536, 16, 65536, 164 * 1024 } },
	{ 89, { 1536, 24, 65536, 100 * 1024 } },
	{ 90, { 2048, 32, 65536, 228 * 1024 } },
	{ 100, { 2048, 32, 65536, 228 * 1024 } },
	{ 103, { 2048, 32, 65536, 228 * 1024 } },
	{ 110, { 1536, 24, 65536, 228 * 1024 } },
	{ 120, { 1536, 24, 65536, 100 * 1024 } },
	{ 121, { 1536, 24, 65536, 100 * 1024 } },
};

static void guess_limits(struct pike_device_info *out, int capability)
{
	out->limits = pike_launch_limits_90;
	if (capability < 90)
		out->limits.cluster = 1;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(sms); i++) {
		if (sms[i].capability != capability)
			continue;
		out->sm = sms[i].sm;
		out->limits.shared = sms[i].sm.shared - (int)PIKE_SHARED_OWN;
	}
}

/* "sm_90" of a device or of --arch: with the features of that device alone
 * where there are such (`wgmma`, tensor memory). */
static int set_arch(char out[16], int major, int minor, struct pike_err *err)
{
	if (major < 7 || major > 99 || minor < 0 || minor > 9)
		return pike_fail(err, PIKE_USAGE,
				 "compute capability %d.%d is not supported; "
				 "7.0 is the least",
				 major, minor);
	snprintf(out, 16, "sm_%d%d%s", major, minor, major >= 9 ? "a" : "");
	return 0;
}

/* The version in the name of the library's file: libnvrtc.so.13.0.88 */
static int name_toolchain(struct pike_device_info *out, struct pike_err *err)
{
	const struct pike_toolkit *t;
	const char *so;
	int ret = pike_toolkit_find(&t, err);

	if (ret)
		return ret;
	so = strstr(t->nvrtc, ".so.");
	snprintf(out->toolchain, sizeof(out->toolchain), "NVRTC %s",
		 so ? so + 4 : "unknown");
	return 0;
}

static void name_driver(struct pike_device_info *out, const struct pike_cu *cu)
{
	int version = 0;
	struct pike_buf b;

	cu->driver_version(&version);
	pike_buf_init(&b, 4096);
	if (pike_read_file(&b, "/sys/module/nvidia/version", NULL))
		pike_buf_reset(&b);
	b.s[strcspn(b.s, "\n")] = '\0';
	snprintf(out->driver, sizeof(out->driver), "%.60s%sCUDA %d.%d", b.s,
		 *b.s ? ", " : "", version / 1000, version % 1000 / 10);
	pike_buf_release(&b);
}

/* As nvidia-smi writes it: GPU-8-4-4-4-12. */
static void name_uuid(char out[48], const struct cu_uuid *u)
{
	char hex[33];

	pike_hex(hex, u->bytes, sizeof(u->bytes));
	snprintf(out, 48, "GPU-%.8s-%.4s-%.4s-%.4s-%s", hex, hex + 8, hex + 12,
		 hex + 16, hex + 20);
}

static int attribute(const struct pike_cu *cu, int what, int device)
{
	int v = 0;

	return cu->device_attr(&v, what, device) ? 0 : v;
}

static void set_limits(struct pike_device_info *out, const struct pike_cu *cu,
		       int device)
{
	struct pike_launch_limits *l = &out->limits;
	int threads = attribute(cu, CU_A_THREADS_PER_BLOCK, device);
	int shared = attribute(cu, CU_A_SHARED_OPTIN, device);

	*l = pike_launch_limits_90;
	if (threads > 0)
		l->threads = threads;
	if (shared > 0)
		l->shared = shared;
	l->cluster = attribute(cu, CU_A_CLUSTERS, device) ? 8 : 1;
	l->scratch = out->memory / SCRATCH_SHARE;
}

int pike_cuda_read(struct pike_device_info *out, const struct pike_cu *cu,
		   int index, struct pike_err *err)
{
	struct cu_uuid uuid;
	size_t memory = 0;
	int device, rc = cu->device_get(&device, index);

	memset(out, 0, sizeof(*out));
	if (!rc)
		rc = cu->device_name(out->model, sizeof(out->model), device);
	if (!rc)
		rc = cu->device_uuid(&uuid, device);
	if (!rc)
		rc = cu->device_bus(out->bus, sizeof(out->bus), device);
	if (!rc)
		rc = cu->device_memory(&memory, device);
	if (rc)
		return pike_cu_fail(err, rc, "cannot ask for the GPU");
	if (!attribute(cu, CU_A_VMM, device) ||
	    !attribute(cu, CU_A_POSIX_FD, device))
		return pike_fail(err, PIKE_FAILED,
				 "'%s' cannot share memory between processes "
				 "by file descriptor; another GPU or driver is "
				 "needed",
				 out->model);
	out->index = index;
	out->memory = (int64_t)memory;
	out->sms = attribute(cu, CU_A_SM_COUNT, device);
	out->sm = (struct pike_sm){
		.threads = attribute(cu, CU_A_THREADS_PER_SM, device),
		.blocks = attribute(cu, CU_A_BLOCKS_PER_SM, device),
		.registers = attribute(cu, CU_A_REGS_PER_SM, device),
		.shared = attribute(cu, CU_A_SHARED_PER_SM, device),
	};
	out->llc_bytes = attribute(cu, CU_A_L2_BYTES, device);
	name_uuid(out->uuid, &uuid);
	pike_slug(out->lane, out->model);
	snprintf(out->lock, sizeof(out->lock), "cuda-%s", out->uuid);
	name_driver(out, cu);
	set_limits(out, cu, device);
	return set_arch(out->arch, attribute(cu, CU_A_MAJOR, device),
			attribute(cu, CU_A_MINOR, device), err);
}

/* The first GPU that no other process of ours has for its own; the first of
 * all when every one is taken. Kept until the process ends. */
static int choose(struct pike_device_info *out, const struct pike_cu *cu,
		  struct pike_err *err)
{
	struct pike_device_info info;
	int n = 0, ret = 0;

	cu->device_count(&n);
	for (int i = 0; i < n; i++) {
		char name[128];
		int fd;

		ret = pike_cuda_read(&info, cu, i, err);
		if (ret)
			break;
		if (!i)
			*out = info;
		snprintf(name, sizeof(name), "%s-owner", info.lock);
		if (!pike_device_lock(&fd, name, 0, NULL)) {
			*out = info;
			break;
		}
	}
	return ret;
}

int pike_cuda_find(struct pike_device_info *out, struct pike_err *err)
{
	static struct pike_device_info known;
	const struct pike_cu *cu;
	int ret = 0;

	if (!known.model[0]) {
		ret = pike_cu_open(&cu, NULL, err);
		if (!ret)
			ret = choose(&known, cu, err);
		if (!ret)
			ret = name_toolchain(&known, err);
		if (ret)
			known.model[0] = '\0';
	}
	*out = known;
	pike_cpu_cores(out);
	return ret;
}

int pike_cuda_find_arch(struct pike_device_info *out, const char *arch,
			struct pike_err *err)
{
	int64_t v;
	char digits[8];
	size_t n;

	memset(out, 0, sizeof(*out));
	if (!pike_starts_with(arch, "sm_"))
		return pike_fail(err, PIKE_USAGE,
				 "'%s' is not an architecture; write sm_90",
				 arch);
	n = strspn(arch + 3, "0123456789");
	if (n < 2 || n > 3 || (arch[3 + n] && strcmp(arch + 3 + n, "a") != 0))
		return pike_fail(err, PIKE_USAGE,
				 "'%s' is not an architecture; write sm_90",
				 arch);
	snprintf(digits, sizeof(digits), "%.*s", (int)n, arch + 3);
	if (!pike_parse_i64(digits, &v) ||
	    set_arch(out->arch, (int)(v / 10), (int)(v % 10), err))
		return PIKE_USAGE;
	snprintf(out->model, sizeof(out->model), "%s", out->arch);
	snprintf(out->lane, sizeof(out->lane), "%s", out->arch);
	out->lane[2] = '-';
	snprintf(out->driver, sizeof(out->driver), "none");
	guess_limits(out, (int)v);
	pike_cpu_cores(out);
	return name_toolchain(out, err);
}

/* /proc/driver/nvidia/gpus/BUS/information has "Device Minor: 0". */
static int minor_of(const struct pike_device_info *info)
{
	char path[128], bus[32];
	struct pike_buf b;
	const char *at;
	int n = info->index;

	snprintf(bus, sizeof(bus), "%s", info->bus);
	for (char *p = bus; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	snprintf(path, sizeof(path), "/proc/driver/nvidia/gpus/%s/information",
		 bus);
	pike_buf_init(&b, 65536);
	if (!pike_read_file(&b, path, NULL) &&
	    (at = strstr(b.s, "Device Minor:")))
		n = (int)strtol(at + strlen("Device Minor:"), NULL, 10);
	pike_buf_release(&b);
	return n;
}

/* Measured: without the tools' node cuInit fails. */
void pike_cuda_needs(struct pike_strs *folders, struct pike_strs *nodes,
		     const struct pike_device_info *info)
{
	char *dir, *slash;

	if (!info->uuid[0])
		return;
	dir = pike_xstrdup(pike_cu_path() ? pike_cu_path() : "/");
	slash = strrchr(dir, '/');
	if (slash && slash > dir) {
		*slash = '\0';
		pike_strs_push(folders, dir);
	}
	free(dir);
	pike_strs_push(nodes, "/dev/nvidiactl");
	pike_strs_pushf(nodes, "/dev/nvidia%d", minor_of(info));
	pike_strs_push(nodes, "/dev/nvidia-uvm");
	pike_strs_push(nodes, "/dev/nvidia-uvm-tools");
}
