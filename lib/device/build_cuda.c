/* SPDX-License-Identifier: Apache-2.0 */
/*
 * build_cuda: what pike-nvrtc is to do for a target. The launch plan in the
 * sources is read here, by the judge's process: it decides what is launched.
 */
#include "device/cuda_priv.h"
#include "device/device_priv.h"

#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What NVRTC cannot take from the driver's header. */
static const char pike_cuh[] =
    "#pragma once\n"
    "/* A tensor map as the launcher makes it (CUtensorMap); a kernel takes\n"
    " * it as `const __grid_constant__ pike_tensor_map`. */\n"
    "struct alignas(64) pike_tensor_map {\n"
    "\tchar opaque[128];\n"
    "};\n";

/* Options about code, as `cflags`: no file, no other architecture. */
static const char *const allowed[] = {
	"--use_fast_math",
	"-use_fast_math",
	"--fmad=",
	"-fmad=",
	"--maxrregcount=",
	"-maxrregcount=",
	"--ftz=",
	"-ftz=",
	"--prec-div=",
	"-prec-div=",
	"--prec-sqrt=",
	"-prec-sqrt=",
	"--std=c++",
	"-std=c++",
	"-D",
	"--extra-device-vectorization",
	"-lineinfo",
};

static bool plain(const char *s)
{
	return strlen(s) < 200 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789_=+-") == strlen(s);
}

static int add_cflags(struct pike_strs *out, const struct pike_target *t,
		      struct pike_err *err)
{
	struct pike_strs words = PIKE_STRS_INIT;
	int ret = 0;

	if (t->cflags)
		pike_strs_split(&words, t->cflags, " \t");
	for (size_t i = 0; !ret && i < words.n; i++) {
		bool ok = false;

		for (size_t k = 0; k < PIKE_ARRAY_LEN(allowed); k++)
			ok = ok || pike_starts_with(words.v[i], allowed[k]);
		if (ok && plain(words.v[i]))
			pike_strs_push(out, words.v[i]);
		else
			ret = pike_fail(err, PIKE_USAGE,
					"%s: cflags: '%s' is not allowed for "
					"cuda; options about code and macros "
					"are, such as --use_fast_math, "
					"--maxrregcount=N, --fmad=, -DNAME=1",
					t->cflags_at ? t->cflags_at : t->name,
					words.v[i]);
	}
	pike_strs_release(&words);
	return ret;
}

/* Half a type's own arithmetic is not how anybody sums: the natural error of
 * narrow floats is that of float. */
static const char *real_of(const struct pike_target *t, enum pike_real real)
{
	bool wide = real == PIKE_REAL_DOUBLE;

	for (size_t i = 0; !wide && i < t->nargs; i++) {
		if (!pike_dtype_is_float(t->args[i].dtype))
			continue;
		wide = t->args[i].dtype == PIKE_F64;
		break;
	}
	return wide ? "-Dreal=double" : "-Dreal=float";
}

static int add_options(struct pike_strs *argv, const struct pike_target *t,
		       enum pike_real real, struct pike_err *err)
{
	struct pike_strs o = PIKE_STRS_INIT;
	int ret = 0;

	pike_strs_push(&o, "--std=c++17");
	pike_strs_push(&o, "--ptxas-options=-v");
	if (real == PIKE_REAL_NONE) {
		ret = add_cflags(&o, t, err);
	} else {
		pike_strs_push(&o, real_of(t, real));
		pike_strs_push(&o, "--fmad=false");
	}
	for (size_t i = 0; i < o.n; i++) {
		pike_strs_push(argv, "-o");
		pike_strs_push(argv, o.v[i]);
	}
	pike_strs_release(&o);
	return ret;
}

/* A plan has to work out in every case, and that is told at the build. */
static int check_cases(const struct pike_launch_plan *p,
		       const struct pike_target *t,
		       const struct pike_device_info *dev, struct pike_err *err)
{
	struct pike_launch_values v;

	for (size_t i = 0; i < t->ncases + t->nhidden; i++) {
		const struct pike_case *c =
		    i < t->ncases ? &t->cases[i] : &t->hidden[i - t->ncases];
		int ret = pike_launch_plan_eval(&v, p, c, &dev->limits, err);

		if (ret && i >= t->ncases)
			return pike_fail(err, PIKE_FAILED,
					 "the launch plan does not work out in "
					 "a hidden case: its expressions must "
					 "hold for any size");
		if (ret)
			return ret;
		pike_launch_values_release(&v);
	}
	return 0;
}

static int add_kernels(struct pike_build_plan *out, const struct pike_target *t,
		       const struct pike_device_info *dev,
		       const struct pike_files *sources, struct pike_err *err)
{
	struct pike_strs kernels = PIKE_STRS_INIT;
	int ret = pike_launch_plan_parse(&out->launch, t, sources, err);

	if (!ret)
		ret = check_cases(out->launch, t, dev, err);
	if (ret)
		return ret;
	pike_launch_plan_kernels(&kernels, out->launch);
	for (size_t i = 0; i < kernels.n; i++) {
		pike_strs_push(&out->argv, "-n");
		pike_strs_push(&out->argv, kernels.v[i]);
	}
	pike_strs_release(&kernels);
	return 0;
}

/* What a toolkit is told from another by, without reading 60 MB of it: an
 * installation writes all of its files. */
static void hash_tools(char out[65], const struct pike_toolkit *k)
{
	const char *const paths[] = { k->nvrtc, k->builtins, k->include };
	struct pike_buf b;

	pike_buf_init(&b, 4096);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(paths); i++) {
		struct stat st;

		pike_buf_addf(&b, "%s", paths[i]);
		if (paths[i][0] && !stat(paths[i], &st))
			pike_buf_addf(
			    &b, " %lld %lld.%09ld", (long long)st.st_size,
			    (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
		pike_buf_addc(&b, '\n');
	}
	pike_sha256_hex(out, b.s, b.len);
	pike_buf_release(&b);
}

static int begin(struct pike_build_plan *out,
		 const struct pike_device_info *dev, struct pike_err *err)
{
	const struct pike_toolkit *k;

	/* The machine's fault, not the candidate's */
	if (pike_toolkit_find(&k, err))
		return PIKE_FATAL;
	out->helper = "pike-nvrtc";
	hash_tools(out->tools, k);
	memcpy(out->output, "kernel.bin", sizeof("kernel.bin"));
	pike_strs_push(&out->folders, k->include);
	pike_strs_push(&out->folders, k->nvrtc);
	if (k->builtins[0])
		pike_strs_push(&out->folders, k->builtins);
	pike_strs_push(&out->argv, out->helper);
	pike_strs_push(&out->argv, k->nvrtc);
	pike_strs_push(&out->argv, k->builtins);
	pike_strs_push(&out->argv, k->include);
	pike_strs_push(&out->argv, dev->arch);
	pike_strs_push(&out->argv, out->output);
	return 0;
}

int pike_build_plan_own(struct pike_build_plan *out,
			const struct pike_device_info *dev, const char *name,
			const char *text, struct pike_err *err)
{
	int ret;

	memset(out, 0, sizeof(*out));
	ret = begin(out, dev, err);
	if (ret) {
		pike_build_plan_release(out);
		return ret;
	}
	pike_strs_push(&out->argv, "-o");
	pike_strs_push(&out->argv, "--std=c++17");
	pike_strs_push(&out->argv, name);
	pike_files_add(&out->files, name, text, strlen(text));
	return 0;
}

int pike_cuda_plan(struct pike_build_plan *out, const struct pike_target *t,
		   const struct pike_device_info *dev,
		   const struct pike_files *sources,
		   const struct pike_files *headers, enum pike_real real,
		   struct pike_err *err)
{
	int ret = begin(out, dev, err);

	if (ret)
		return ret;
	ret = add_options(&out->argv, t, real, err);
	if (!ret)
		ret = add_kernels(out, t, dev, sources, err);
	if (!ret)
		ret = pike_plan_files(out, sources, ".cu", err);
	if (!ret)
		ret = pike_plan_files(out, headers, NULL, err);
	if (!ret && !pike_files_find(&out->files, "pike.cuh"))
		pike_files_add(&out->files, "pike.cuh", pike_cuh,
			       sizeof(pike_cuh) - 1);
	return ret;
}
