/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan: the compiler's command line for a target. Sources and headers lie
 * in the sandbox as in the repository; options are an allow list, since they
 * come from there too: none may name a file, a plugin or a program.
 */
#include "device/device_priv.h"
#include "device/frame_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <string.h>

#define DEFAULT_CFLAGS "-O3 -march=native"

/* What an option may begin with... */
static const char *const allowed[] = {
	"-O",	 "-g", "-m", "-f",	 "-W",	      "-w",
	"-std=", "-D", "-U", "-pthread", "-pedantic", "-ansi",
};
/* ...and what it may not although it does: these run, read or write other
 * files, or take the next word. */
static const char *const forbidden[] = {
	"-fplugin",
	"-fpass-plugin",
	"-fprofile",
	"-fauto-profile",
	"-fbranch-probabilities",
	"-fdump",
	"-fsave-",
	"-fopt-info",
	"-fuse-ld",
	"-fstack-usage",
	"-fcallgraph-info",
	"-ftest-coverage",
	"-fcoverage",
	"-fsanitize-",
	"-fpre-include",
	"-fmodule",
	"-fmacro-prefix-map",
	"-ffile-prefix-map",
	"-fdebug-prefix-map",
	"-frandom-seed",
	"-fsyntax-only",
	"-fcrash-diagnostics",
	"-fthinlto",
	"-fproc-stat-report",
	"-ftime-trace",
	"-fvisibility=hidden",
	"-fvisibility=internal",
	"-fuse-linker",
	"-mllvm",
	"-mrelocatable",
	"-Wl,",
	"-Wa,",
	"-Wp,",
};
/* Words that `-f...` could swallow as a whole. */
static const char *const exactly[] = { "-D", "-U", "-m", "-f", "-std=" };

static bool acceptable(const char *flag)
{
	bool ok = false;

	if (!pike_plain_word(flag) || strstr(flag, ".."))
		return false;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(allowed); i++)
		ok = ok || pike_starts_with(flag, allowed[i]);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(forbidden); i++)
		ok = ok && !pike_starts_with(flag, forbidden[i]);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(exactly); i++)
		ok = ok && strcmp(flag, exactly[i]) != 0;
	return ok;
}

int pike_cflags_split(struct pike_strs *out, const char *cflags,
		      struct pike_err *err)
{
	pike_strs_split(out, cflags && *cflags ? cflags : DEFAULT_CFLAGS,
			" \t");
	for (size_t i = 0; i < out->n; i++) {
		if (!acceptable(out->v[i]))
			return pike_fail(err, PIKE_USAGE,
					 "cflags: '%s' is not allowed; only "
					 "options about code, warnings and "
					 "macros are, none that names a file "
					 "or a plugin",
					 out->v[i]);
	}
	return 0;
}

/* ---- the command ---- */

/* The C type of the target's own floating data: the first float argument's. */
static const char *native_real(const struct pike_target *t)
{
	for (size_t i = 0; i < t->nargs; i++) {
		switch (t->args[i].dtype) {
		case PIKE_F64:
			return "double";
		case PIKE_F32:
			return "float";
		case PIKE_F16:
			return "_Float16";
		case PIKE_BF16:
			return "__bf16";
		default:
			break;
		}
	}
	return "float";
}

static int check_target(const struct pike_target *t, enum pike_real real,
			struct pike_err *err)
{
	uint8_t kinds[PIKE_CALL_ARGS];

	return pike_call_kinds(kinds, t, real, err);
}

int pike_cpu_flags(struct pike_strs *argv, const struct pike_target *t,
		   enum pike_real real, struct pike_err *err)
{
	static const char *const always[] = { "-shared", "-fPIC",
					      "-fvisibility=default",
					      "-fdiagnostics-color=never",
					      "-fmax-errors=20" };
	struct pike_strs flags = PIKE_STRS_INIT;
	int rc = pike_cflags_split(&flags, t->cflags, err);

	pike_strs_push(argv, t->compiler ? t->compiler : "cc");
	if (rc && t->cflags_at)
		pike_err_prefix(err, "%s", t->cflags_at);
	if (real == PIKE_REAL_NONE) {
		pike_strs_push(argv, "-std=gnu11");
		for (size_t i = 0; i < flags.n; i++)
			pike_strs_push(argv, flags.v[i]);
	} else {
		/* It says what is right: nothing may relax or fuse its sums. */
		pike_strs_push(argv, "-std=gnu11");
		pike_strs_push(argv, "-O3");
		pike_strs_push(argv, "-march=native");
		pike_strs_push(argv, "-ffp-contract=off");
		pike_strs_pushf(argv, "-Dreal=%s",
				real == PIKE_REAL_DOUBLE ? "double"
							 : native_real(t));
	}
	for (size_t i = 0; i < PIKE_ARRAY_LEN(always); i++)
		pike_strs_push(argv, always[i]);
	pike_strs_release(&flags);
	return rc;
}

/* Headers of the system come first for whoever asks for those: a string.h of
 * the target's is no <string.h>. */
static void add_folder(struct pike_strs *argv, const char *folder)
{
	pike_strs_push(argv, "-iquote");
	pike_strs_push(argv, folder);
	pike_strs_push(argv, "-idirafter");
	pike_strs_push(argv, folder);
}

void pike_cpu_folders(struct pike_strs *argv, const struct pike_files *sources,
		      const struct pike_files *headers)
{
	struct pike_strs folders = PIKE_STRS_INIT;

	pike_plan_folders(&folders, sources);
	pike_plan_folders(&folders, headers);
	add_folder(argv, ".");
	for (size_t i = 0; i < folders.n; i++)
		add_folder(argv, folders.v[i]);
	pike_strs_release(&folders);
}

int pike_cpu_plan(struct pike_build_plan *out, const struct pike_target *t,
		  const struct pike_device_info *dev,
		  const struct pike_files *sources,
		  const struct pike_files *headers, enum pike_real real,
		  struct pike_err *err)
{
	size_t before;
	int rc = check_target(t, real, err);

	(void)dev;
	memcpy(out->output, "kernel.so", sizeof("kernel.so"));
	if (!rc)
		rc = pike_cpu_flags(&out->argv, t, real, err);
	pike_cpu_folders(&out->argv, sources, headers);
	pike_strs_push(&out->argv, "-o");
	pike_strs_push(&out->argv, out->output);
	before = out->argv.n;
	if (!rc)
		rc = pike_plan_files(out, sources, ".c", err);
	if (!rc && out->argv.n == before)
		rc = pike_fail(err, PIKE_USAGE,
			       "target '%s' has no C file to compile: one "
			       "must end in .c",
			       t->name);
	if (!rc)
		rc = pike_plan_files(out, headers, NULL, err);
	pike_strs_push(&out->argv, "-lm");
	if (t->threads > 1)
		pike_strs_push(&out->argv, "-pthread");
	if (rc)
		pike_build_plan_release(out);
	return rc;
}
