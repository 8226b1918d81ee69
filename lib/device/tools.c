/* SPDX-License-Identifier: Apache-2.0 */
/* tools: where they are, how they are asked, and what they complain of. */
#include "device/tools.h"
#include "device/inventory_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- where ---- */

/* The last match that can be run: of several versions the newest. */
static bool find_at(char out[300], const char *pattern)
{
	bool found = false;
	glob_t g;

	if (glob(pattern, 0, NULL, &g))
		return false;
	for (size_t i = g.gl_pathc; !found && i-- > 0;)
		found = !access(g.gl_pathv[i], X_OK) &&
			strlen(g.gl_pathv[i]) < 300 &&
			snprintf(out, 300, "%s", g.gl_pathv[i]) > 0;
	globfree(&g);
	return found;
}

/* By its real path, since a sandbox has no links to it, and the folder that
 * lies `up` above the program. */
static bool settle(struct pike_tool *t, const char *path, int up)
{
	char *real = realpath(path, NULL), *slash;
	bool ok = real && strlen(real) < sizeof(t->path);

	if (ok) {
		snprintf(t->path, sizeof(t->path), "%s", real);
		snprintf(t->folder, sizeof(t->folder), "%s", real);
		while (up-- > 0 && (slash = strrchr(t->folder, '/')))
			*slash = '\0';
	}
	free(real);
	return ok && t->folder[0];
}

/* Folders that a tool may lie in: beside what PATH or the toolkit calls by its
 * name, which often is a script, and where NVIDIA's packages put it. */
static void places(struct pike_strs *out, const char *name)
{
	const struct pike_toolkit *k;
	const char *root = pike_toolkit_find(&k, NULL) ? "" : k->root;
	char path[300], *real, *slash;

	pike_tool_path(path, root, name);
	real = *path ? realpath(path, NULL) : NULL;
	slash = real ? strrchr(real, '/') : NULL;
	if (slash && slash > real) {
		*slash = '\0';
		pike_strs_push(out, real);
		pike_strs_pushf(out, "%s/..", real);
	}
	free(real);
	if (*root)
		pike_strs_push(out, root);
	pike_strs_push(out, "/usr/local/cuda");
	pike_strs_push(out, "/opt/nvidia/nsight-compute/*");
	pike_strs_push(out, "/usr/lib/nvidia-cuda-toolkit");
}

static bool find(struct pike_tool *out, const char *name,
		 const char *const *below, int up)
{
	struct pike_strs in = PIKE_STRS_INIT;
	char pattern[600], path[300];
	bool found = false;

	memset(out, 0, sizeof(*out));
	places(&in, name);
	for (size_t i = 0; !found && i < in.n; i++)
		for (size_t k = 0; !found && below[k]; k++) {
			snprintf(pattern, sizeof(pattern), "%s/%s", in.v[i],
				 below[k]);
			found = find_at(path, pattern) && settle(out, path, up);
		}
	pike_strs_release(&in);
	return found;
}

/* There are programs for several systems side by side. */
#if defined(__aarch64__)
#define NCU "target/linux-desktop-*a64/ncu"
#else
#define NCU "target/linux-desktop-*x64/ncu"
#endif

bool pike_profiler_find(struct pike_tool *out)
{
	static const char *const below[] = { NCU, "nsight-compute-*/" NCU,
					     "nsight-compute/" NCU, NULL };

	return find(out, "ncu", below, 3);
}

bool pike_sanitizer_find(struct pike_tool *out)
{
	static const char *const below[] = {
		"compute-sanitizer/compute-sanitizer",
		"extras/compute-sanitizer/compute-sanitizer", NULL
	};

	return find(out, "compute-sanitizer", below, 1);
}

/* ---- how ---- */

void pike_profiler_argv(struct pike_strs *argv, const struct pike_tool *t,
			bool cold, const struct pike_strs *unknown)
{
	struct pike_buf names;

	pike_buf_init(&names, 8192);
	for (size_t i = 0; i < pike_metrics_n(); i++)
		if (!pike_strs_has(unknown, pike_metrics[i].name))
			pike_buf_addf(&names, "%s%s", names.len ? "," : "",
				      pike_metrics[i].name);
	pike_strs_push(argv, t->path);
	pike_strs_push(argv, "--csv");
	pike_strs_push(argv, "--page");
	pike_strs_push(argv, "raw");
	pike_strs_push(argv, "--print-units");
	pike_strs_push(argv, "base");
	pike_strs_push(argv, "--print-kernel-base");
	pike_strs_push(argv, "function");
	/* Clocks are not ours to set. */
	pike_strs_push(argv, "--clock-control");
	pike_strs_push(argv, "none");
	pike_strs_push(argv, "--cache-control");
	pike_strs_push(argv, cold ? "all" : "none");
	pike_strs_push(argv, "--launch-count");
	pike_strs_pushf(argv, "%d", PIKE_PROFILED);
	pike_strs_push(argv, "--log-file");
	pike_strs_push(argv, PIKE_TOOL_LOG);
	pike_strs_push(argv, "--metrics");
	pike_strs_push(argv, names.s);
	pike_strs_push(argv, PIKE_TOOL_RUNNER);
	pike_buf_release(&names);
}

/* What lies behind a buffer is otherwise often another one. */
#define PADDING "1048576"

void pike_checker_argv(struct pike_strs *argv, const struct pike_tool *t,
		       enum pike_checker c)
{
	pike_strs_push(argv, t->path);
	pike_strs_push(argv, "--tool");
	pike_strs_push(argv, pike_checker_name(c));
	if (c == PIKE_MEMCHECK) {
		pike_strs_push(argv, "--padding");
		pike_strs_push(argv, PADDING);
	}
	/* A runner asks for things that a driver may refuse. */
	pike_strs_push(argv, "--report-api-errors");
	pike_strs_push(argv, "no");
	pike_strs_push(argv, "--show-backtrace");
	pike_strs_push(argv, "no");
	pike_strs_push(argv, "--demangle");
	pike_strs_push(argv, "simple");
	pike_strs_push(argv, "--print-limit");
	pike_strs_push(argv, "100");
	pike_strs_push(argv, "--log-file");
	pike_strs_push(argv, PIKE_TOOL_LOG);
	pike_strs_push(argv, PIKE_TOOL_RUNNER);
}

/* ---- complaints ---- */

static bool tells_error(const char *line, size_t n)
{
	static const char *const words[] = {
		"ERR_",	  "==ERROR==", "Error:",       "error:",
		"Failed", "failed",    "not supported"
	};

	for (size_t i = 0; i < PIKE_ARRAY_LEN(words); i++)
		if (memmem(line, n, words[i], strlen(words[i])))
			return true;
	return false;
}

/* Without what each line begins with. */
static void keep(char out[256], const char *line, size_t n)
{
	struct pike_buf clean;

	while (n && (*line == '=' || *line == ' ')) {
		line++;
		n--;
	}
	pike_buf_init(&clean, 1024);
	pike_sanitize(&clean, line, n < 255 ? n : 255);
	snprintf(out, 256, "%s", clean.s ? clean.s : "");
	pike_buf_release(&clean);
}

void pike_tool_complaint(char out[256], const char *log)
{
	char last[256];

	out[0] = last[0] = '\0';
	while (*log) {
		size_t n = strcspn(log, "\n");

		if (n && strspn(log, "= \r") < n)
			keep(last, log, n);
		if (!out[0] && tells_error(log, n))
			keep(out, log, n);
		log += n + (log[n] == '\n');
	}
	if (!out[0])
		memcpy(out, last, sizeof(last));
}
