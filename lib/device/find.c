/* SPDX-License-Identifier: Apache-2.0 */
/*
 * find: the CPU that is here, which of its cores time and which judge, and
 * the lock by which all processes and users of the machine take turns.
 */
#include "device/device_priv.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define DEFAULT_LLC (32ll << 20)

/* First line of a small file of /proc or /sys; "" when it is not there. */
static void read_line(char *out, size_t size, const char *path)
{
	struct pike_buf b;

	pike_buf_init(&b, 65536);
	out[0] = '\0';
	if (!pike_read_file(&b, path, NULL))
		snprintf(out, size, "%.*s", (int)strcspn(b.s, "\n"), b.s);
	pike_buf_release(&b);
}

/* "model name : AMD EPYC" of x86; other machines name themselves elsewhere. */
static void find_model(char *out, size_t size)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[512];

	out[0] = '\0';
	while (f && !out[0] && fgets(line, sizeof(line), f)) {
		const char *colon = strchr(line, ':');

		if (!colon || (strncmp(line, "model name", 10) &&
			       strncmp(line, "cpu model", 9)))
			continue;
		colon += 1 + strspn(colon + 1, " \t");
		snprintf(out, size, "%.*s", (int)strcspn(colon, "\n"), colon);
	}
	if (f)
		fclose(f);
	if (!out[0])
		read_line(out, size, "/proc/device-tree/model");
	if (!out[0]) {
		struct utsname u;

		snprintf(out, size, "%s", uname(&u) ? "cpu" : u.machine);
	}
}

int pike_cpu_compiler(char out[300], const struct pike_target *t,
		      struct pike_err *err)
{
	static const char *const folders[] = { "/usr/bin/", "/bin/" };
	const char *name = t && t->compiler ? t->compiler : "cc";

	for (size_t i = 0; i < PIKE_ARRAY_LEN(folders); i++) {
		snprintf(out, 300, "%s%.200s", *name == '/' ? "" : folders[i],
			 name);
		if (!access(out, X_OK))
			return 0;
	}
	if (t && t->compiler_at)
		return pike_fail(err, PIKE_FAILED,
				 "%s: compiler: no program '%s' in /usr/bin, "
				 "where the sandbox has it",
				 t->compiler_at, name);
	return pike_fail(err, PIKE_FAILED,
			 "no C compiler in /usr/bin, where the sandbox has it; "
			 "install one (Debian: sudo apt-get install gcc "
			 "libc6-dev)");
}

/* By the program that the sandbox starts, whatever PATH names. */
static int find_toolchain(char *out, size_t size, const struct pike_target *t,
			  struct pike_err *err)
{
	char path[300];
	const char *const argv[] = { path, "--version", NULL };
	const struct pike_proc_opts o = { .argv = argv, .timeout_ms = 20000 };
	struct pike_proc_result res = { 0 };
	int rc = pike_cpu_compiler(path, t, err);

	if (rc)
		return rc;
	rc = pike_proc_run(&res, &o, err);
	if (!rc && res.status)
		rc = pike_fail(err, PIKE_FAILED, "'%s --version' failed", path);
	if (!rc)
		snprintf(out, size, "%.*s", (int)strcspn(res.out.s, "\n"),
			 res.out.s);
	pike_proc_result_release(&res);
	return rc;
}

#define CACHES 8 /* of a core, in /sys */

static void read_cache(char out[64], int core, int i, const char *what)
{
	char path[128];

	snprintf(path, sizeof(path),
		 "/sys/devices/system/cpu/cpu%d/cache/index%d/%s", core, i,
		 what);
	read_line(out, 64, path);
}

/* Bytes; 0: there is no such cache. */
static int64_t cache_size(int core, int i)
{
	char text[64], *end;
	int64_t n;

	read_cache(text, core, i, "size");
	n = strtoll(text, &end, 10);
	if (*end == 'K')
		n <<= 10;
	if (*end == 'M')
		n <<= 20;
	return n > 0 && n < 1ll << 40 ? n : 0;
}

int64_t pike_cpu_cache(int core, int level)
{
	char text[64], kind[64];

	for (int i = 0; i < CACHES; i++) {
		read_cache(text, core, i, "level");
		read_cache(kind, core, i, "type");
		if (strtol(text, NULL, 10) == level &&
		    strcmp(kind, "Instruction") != 0)
			return cache_size(core, i);
	}
	return 0;
}

static int64_t find_llc(int core)
{
	int64_t best = 0;

	for (int i = 0; i < CACHES; i++) {
		int64_t n = cache_size(core, i);

		best = n > best ? n : best;
	}
	return best ? best : DEFAULT_LLC;
}

/* Is `core` in a list like "0,4" or "0-1"? */
static bool in_list(const char *list, int core)
{
	while (isdigit((unsigned char)*list)) {
		char *end;
		long lo = strtol(list, &end, 10), hi = lo;

		if (*end == '-')
			hi = strtol(end + 1, &end, 10);
		if (core >= lo && core <= hi)
			return true;
		list = *end == ',' ? end + 1 : end;
	}
	return false;
}

static void siblings_of(char list[256], int core)
{
	char path[128];

	snprintf(path, sizeof(path),
		 "/sys/devices/system/cpu/cpu%d/topology/"
		 "thread_siblings_list",
		 core);
	read_line(list, 256, path);
}

/* The last core is timed on; the judge sits on another physical one if there
 * is one, else beside it. */
static void choose_cores(struct pike_device_info *out, const cpu_set_t *may)
{
	char list[256];

	out->core = out->judge_core = -1;
	out->ncores = CPU_COUNT(may);
	for (int c = CPU_SETSIZE - 1; c >= 0 && out->core < 0; c--) {
		if (CPU_ISSET(c, may))
			out->core = c;
	}
	siblings_of(list, out->core);
	for (int c = 0; c < out->core; c++) {
		if (!CPU_ISSET(c, may))
			continue;
		if (out->judge_core < 0 || out->sibling) {
			out->judge_core = c;
			out->sibling = in_list(list, c);
		}
		if (!out->sibling)
			break;
	}
}

/* The set as it was before this process pinned itself anywhere. */
static int allowed_cores(cpu_set_t *out)
{
	static cpu_set_t first;
	static bool known;

	if (!known && sched_getaffinity(0, sizeof(first), &first))
		return -1;
	known = true;
	*out = first;
	return 0;
}

void pike_cpu_cores(struct pike_device_info *out)
{
	cpu_set_t may;

	if (!allowed_cores(&may))
		choose_cores(out, &may);
}

int pike_cpu_find(struct pike_device_info *out, struct pike_err *err)
{
	struct utsname u;
	cpu_set_t may;
	int rc;

	*out = (struct pike_device_info){ .lane = "cpu", .lock = "cpu-0" };
	if (allowed_cores(&may))
		return pike_fail_errno(err, PIKE_FAILED,
				       "cannot tell which cores may be used");
	choose_cores(out, &may);
	find_model(out->model, sizeof(out->model));
	rc = find_toolchain(out->toolchain, sizeof(out->toolchain), NULL, err);
	if (rc)
		return rc;
	if (!uname(&u))
		snprintf(out->driver, sizeof(out->driver), "%s", u.release);
	out->llc_bytes = find_llc(out->core);
	return 0;
}

int pike_device_compiler(struct pike_device_info *info,
			 const struct pike_target *t, struct pike_err *err)
{
	return t->compiler ? find_toolchain(info->toolchain,
					    sizeof(info->toolchain), t, err)
			   : 0;
}

struct pike_json *pike_device_env(const struct pike_device_info *info,
				  const char *lane)
{
	struct pike_json *j = pike_json_object();

	pike_json_set_str(j, "device", info->model);
	pike_json_set_str(j, "driver", info->driver);
	pike_json_set_str(j, "lane", lane);
	pike_json_set_str(j, "toolchain", info->toolchain);
	return j;
}
