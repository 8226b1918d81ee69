/* SPDX-License-Identifier: Apache-2.0 */
/* exact: how a kernel is built for exact buffers, and what is said of it. */
#include "device/exact.h"
#include "device/device_priv.h"
#include "device/exact_priv.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool pike_exact_is_source(const struct pike_file *f)
{
	return pike_ends_with(f->path, ".c");
}

/* ---- for a CPU ---- */

#define TEXT "kernel.i"

static int cpu_text(struct pike_build_plan *out, const struct pike_target *t,
		    const struct pike_files *sources, size_t i,
		    const struct pike_files *headers, struct pike_err *err)
{
	int ret;

	memcpy(out->output, TEXT, sizeof(TEXT));
	ret = pike_cpu_flags(&out->argv, t, PIKE_REAL_NONE, err);
	pike_cpu_folders(&out->argv, sources, headers);
	pike_strs_push(&out->argv, "-E");
	pike_strs_push(&out->argv, "-o");
	pike_strs_push(&out->argv, TEXT);
	if (!ret)
		ret = pike_plan_files(out, sources, NULL, err);
	if (!ret)
		ret = pike_plan_files(out, headers, NULL, err);
	pike_strs_push(&out->argv, sources->v[i].path);
	return ret;
}

static int cpu_build(struct pike_build_plan *out, const struct pike_target *t,
		     const struct pike_files *texts, struct pike_err *err)
{
	/* Compilers may read beyond an array themselves, where a vector cannot
	 * cross a page. Recovery is for undefined operations only. */
	static const char *const more[] = { "-O2",
					    "-g1",
					    "-w",
					    "-fno-tree-vectorize",
					    "-fno-tree-slp-vectorize",
					    "-fsanitize=address,undefined",
					    "-fsanitize-recover=undefined",
					    "-fno-sanitize-recover=address" };
	int ret;

	memcpy(out->output, "kernel.so", sizeof("kernel.so"));
	ret = pike_cpu_flags(&out->argv, t, PIKE_REAL_NONE, err);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(more); i++)
		pike_strs_push(&out->argv, more[i]);
	pike_strs_push(&out->argv, "-o");
	pike_strs_push(&out->argv, out->output);
	if (!ret)
		ret = pike_plan_files(out, texts, ".i", err);
	pike_strs_push(&out->argv, "-lm");
	if (t->threads > 1)
		pike_strs_push(&out->argv, "-pthread");
	return ret;
}

#if defined(__aarch64__)
#define ARCH "aarch64"
#else
#define ARCH "x86_64"
#endif

/* 1: it has no such file. */
static int ask_compiler(char out[300], const char *path, const char *name,
			struct pike_err *err)
{
	char *word = pike_xasprintf("-print-file-name=%s", name), *real;
	const char *const argv[] = { path, word, NULL };
	const struct pike_proc_opts o = { .argv = argv, .timeout_ms = 20000 };
	struct pike_proc_result res;
	int ret = pike_proc_run(&res, &o, err);
	bool found = false;

	if (!ret && !res.status) {
		res.out.s[strcspn(res.out.s, "\n")] = '\0';
		real = res.out.s[0] == '/' ? realpath(res.out.s, NULL) : NULL;
		found = real && strlen(real) < 300;
		if (found)
			memcpy(out, real, strlen(real) + 1);
		free(real);
	}
	pike_proc_result_release(&res);
	free(word);
	return ret ? ret : !found;
}

/* Where the library is a script of the linker's, the library in it. */
static bool settle(char out[300])
{
	struct pike_buf b;
	char *at, *real = NULL;

	pike_buf_init(&b, 64u << 20);
	if (pike_read_file(&b, out, NULL) || b.len < 4 ||
	    !memcmp(b.s, "\177ELF", 4)) {
		bool ok = b.len >= 4;

		pike_buf_release(&b);
		return ok;
	}
	at = strstr(b.s, "INPUT");
	at = at ? strchr(at, '/') : NULL;
	if (at) {
		at[strcspn(at, " )\n")] = '\0';
		real = realpath(at, NULL);
	}
	pike_buf_release(&b);
	if (real && strlen(real) < 300)
		memcpy(out, real, strlen(real) + 1);
	else
		at = NULL;
	free(real);
	return at != NULL;
}

/* clang knows gcc's too, so its own come first. */
static int cpu_runtime(char out[300], const struct pike_target *t,
		       struct pike_err *err)
{
	static const char *const names[] = { "libclang_rt.asan-" ARCH ".so",
					     "libclang_rt.asan.so",
					     "libasan.so" };

	char path[300];
	int ret = pike_cpu_compiler(path, t, err);

	for (size_t i = 0; !ret && i < PIKE_ARRAY_LEN(names); i++) {
		ret = ask_compiler(out, path, names[i], err);
		if (ret < 0 || (!ret && settle(out)))
			return ret;
		ret = 0;
	}
	out[0] = '\0';
	if (ret)
		return ret;
	return pike_fail(err, PIKE_FAILED,
			 "the compiler has no address sanitizer; install it "
			 "(gcc: libasan, clang: compiler-rt)");
}

const struct pike_exact_ops pike_cpu_exact = {
	.runtime = cpu_runtime,
	.text = cpu_text,
	.build = cpu_build,
};

/* ---- words ---- */

/* Beyond that a distance may be a size of the case. */
#define FAR 64

static const struct {
	const char *kind; /* the runtime's, or how it begins */
	const char *text;
} kinds[] = {
	{ "heap-buffer-overflow", "beyond the memory that it may" },
	{ "heap-use-after-free", "memory that it had freed" },
	{ "stack-buffer-", "beyond a local array" },
	{ "dynamic-stack-buffer-overflow", "beyond a local array" },
	{ "stack-use-after-", "a local variable that is gone" },
	{ "global-buffer-overflow", "beyond a static array" },
	{ "container-overflow", "beyond the memory that it may" },
	{ "use-after-poison", "memory that is not its own" },
	{ "unknown-crash", "beyond the memory that it may" },
};

static const char *words_of(const char *kind)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(kinds); i++)
		if (pike_starts_with(kind, kinds[i].kind))
			return kinds[i].text;
	return NULL;
}

/* "kernel.c:12" and nothing else: it is a claim. */
static void add_place(struct pike_buf *b, const char *place)
{
	static const char may[] = "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-+";
	size_t name = strspn(place, may);
	const char *line = place + name + (place[name] == ':');
	size_t digits = strspn(line, "0123456789");

	if (!name || place[name] != ':' || !digits || digits > 7 ||
	    line[digits])
		return;
	pike_buf_addf(b, " (%s)", place);
}

/* The runtime names the first byte of an access, or, of a wide one that begins
 * inside, the last: so much is certain. */
static void add_reach(struct pike_buf *b, const struct pike_frame_outside *o,
		      const char *arg, uint64_t bytes)
{
	bool before = o->at < 0;
	uint64_t reach;

	if (before)
		reach = (uint64_t)-o->at;
	else if ((uint64_t)o->at < bytes || o->size <= 8)
		reach = (uint64_t)o->at + o->size - bytes;
	else
		reach = (uint64_t)o->at + 1 - bytes;
	if (reach > FAR)
		pike_buf_addf(b, "more than %d bytes", FAR);
	else
		pike_buf_addf(b, "%u byte%s", (unsigned)reach,
			      reach == 1 ? "" : "s");
	pike_buf_addf(b, " %s of '%s'",
		      before ? "before the start" : "past the end", arg);
}

bool pike_outside_say(char out[320], const struct pike_frame_outside *o,
		      const char *arg, uint64_t bytes)
{
	const char *words = words_of(o->kind);
	struct pike_buf b;

	pike_buf_init(&b, 320);
	if (!words) {
		pike_buf_adds(&b, "stopped by the sanitizer: ");
		pike_sanitize(&b, o->kind, strlen(o->kind));
	} else if (arg && o->size && o->size <= FAR) {
		pike_buf_addf(&b, "%s %u byte%s, up to ",
			      o->write ? "writes" : "reads", (unsigned)o->size,
			      o->size == 1 ? "" : "s");
		add_reach(&b, o, arg, bytes);
	} else if (arg) {
		pike_buf_addf(&b, "%s beyond '%s'",
			      o->write ? "writes" : "reads", arg);
	} else {
		pike_buf_addf(&b, "%s %s", o->write ? "writes" : "reads",
			      words);
	}
	add_place(&b, o->place);
	snprintf(out, 320, "%s", b.s);
	pike_buf_release(&b);
	return words != NULL;
}
