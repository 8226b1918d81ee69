/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pike-nvrtc: compiles CUDA sources in a sandbox that holds the toolkit, the
 * target's files and nothing else. Reads hostile text; leaves one file that
 * is parsed strictly, and its diagnostics on stdout.
 *
 *   pike-nvrtc NVRTC BUILTINS INCLUDE ARCH OUTPUT
 *              [-n NAME]... [-o OPTION]... FILE.cu...
 *
 * Every file of the working folder can be included by its name, which has its
 * folders, and by what an #include that stands in another one makes of it.
 */
#include "device/cuda_priv.h"
#include "device/object_priv.h"

#include "base/boxed.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX (8u << 20)
#define OUT_MAX (64u << 20)
#define DEPTH_MAX 64

struct job {
	const char *nvrtc, *builtins, *include, *arch, *output;
	struct pike_strs names, options, files; /* files: to compile */
	struct pike_strs head_names, head_texts;
	struct pike_buf main; /* includes every file */
};

_Noreturn static void fail(const char *text)
{
	printf("%s\n", text);
	exit(1);
}

static void read_arguments(struct job *j, int argc, char **argv)
{
	if (argc < 7)
		fail("pike-nvrtc is started by pike-git only");
	j->nvrtc = argv[1];
	j->builtins = argv[2];
	j->include = argv[3];
	j->arch = argv[4];
	j->output = argv[5];
	for (int i = 6; i < argc; i++) {
		bool name = !strcmp(argv[i], "-n");
		bool option = !strcmp(argv[i], "-o");

		if (!name && !option)
			pike_strs_push(&j->files, argv[i]);
		else if (i + 1 < argc)
			pike_strs_push(name ? &j->names : &j->options,
				       argv[++i]);
	}
}

static void read_one(struct job *j, const char *path)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_buf b;

	pike_buf_init(&b, FILE_MAX);
	if (pike_read_file(&b, path, &err))
		fail(err.text);
	pike_strs_push(&j->head_names, path);
	pike_strs_take(&j->head_texts, pike_buf_detach(&b));
}

static void read_folder(struct job *j, const char *path, int depth)
{
	DIR *dir = opendir(path);
	const struct dirent *e;

	pike_strs_pushf(&j->options, "-I%s", path);
	while (dir && (e = readdir(dir))) {
		char *at = strcmp(path, ".") != 0
			       ? pike_xasprintf("%s/%s", path, e->d_name)
			       : pike_xstrdup(e->d_name);
		struct stat st;

		if (e->d_name[0] == '.' || lstat(at, &st))
			st.st_mode = 0;
		if (S_ISREG(st.st_mode))
			read_one(j, at);
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
			read_folder(j, at, depth + 1);
		free(at);
	}
	if (dir)
		closedir(dir);
}

static void read_files(struct job *j)
{
	read_folder(j, ".", 0);
	pike_buf_init(&j->main, 1u << 20);
	for (size_t i = 0; i < j->files.n; i++)
		pike_buf_addf(&j->main, "#include \"%s\"\n", j->files.v[i]);
}

static void print_log(const struct pike_nvrtc *n, void *program)
{
	size_t size = 0;
	char *text;

	if (n->log_size(program, &size) || size < 2 || size > OUT_MAX)
		return;
	text = pike_xmalloc(size + 1);
	if (!n->log(program, text)) {
		text[size] = '\0';
		fputs(text, stdout);
	}
	free(text);
}

static void add_names(struct pike_buf *out, const struct job *j,
		      const struct pike_nvrtc *n, void *program)
{
	struct pike_buf b;

	pike_buf_init(&b, 1u << 20);
	for (size_t i = 0; i < j->names.n; i++) {
		const char *lowered = NULL;

		if (n->lowered(program, j->names.v[i], &lowered) || !lowered)
			fail("a kernel has no name in the machine code");
		pike_buf_add(&b, j->names.v[i], strlen(j->names.v[i]) + 1);
		pike_buf_add(&b, lowered, strlen(lowered) + 1);
	}
	pike_gpu_object_add(out, PIKE_O_NAMES, b.s, b.len);
	pike_buf_release(&b);
}

static void add_code(struct pike_buf *out, const struct pike_nvrtc *n,
		     void *program)
{
	size_t cubin = 0, ptx = 0;
	uint32_t flags;
	char *text;

	if (n->cubin_size(program, &cubin) || !cubin || cubin > OUT_MAX ||
	    n->ptx_size(program, &ptx) || !ptx || ptx > OUT_MAX)
		fail("NVRTC gives no machine code for this architecture");
	text = pike_xcalloc(1, (cubin > ptx ? cubin : ptx) + 1);
	if (n->cubin(program, text))
		fail("NVRTC gives no machine code");
	pike_gpu_object_add(out, PIKE_O_CUBIN, text, cubin);
	if (n->ptx(program, text))
		fail("NVRTC gives no PTX");
	text[ptx] = '\0';
	flags = pike_ptx_flags(text);
	pike_gpu_object_add(out, PIKE_O_FLAGS, &flags, sizeof(flags));
	free(text);
}

static void compile(struct job *j, const struct pike_nvrtc *n)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_buf out;
	void *program = NULL;
	int rc;

	rc = n->create(&program, j->main.s, "pike.cu", (int)j->head_names.n,
		       (const char *const *)j->head_texts.v,
		       (const char *const *)j->head_names.v);
	for (size_t i = 0; !rc && i < j->names.n; i++)
		rc = n->add_name(program, j->names.v[i]);
	if (rc)
		fail("NVRTC does not take the sources");
	rc = n->compile(program, (int)j->options.n,
			(const char *const *)j->options.v);
	print_log(n, program);
	if (rc)
		exit(1);
	pike_buf_init(&out, OUT_MAX);
	pike_gpu_object_begin(&out);
	add_names(&out, j, n, program);
	add_code(&out, n, program);
	if (out.full)
		fail("the machine code is too large");
	if (pike_write_file(j->output, out.s, out.len, &err))
		fail(err.text);
	pike_buf_release(&out);
	n->destroy(&program);
}

int main(int argc, char **argv)
{
	struct job j = { 0 };
	const struct pike_nvrtc *n;
	struct pike_err err = PIKE_ERR_INIT;

	setvbuf(stdout, NULL, _IOLBF, 0);
	read_arguments(&j, argc, argv);
	read_files(&j);
	pike_strs_pushf(&j.options, "--gpu-architecture=%s", j.arch);
	pike_strs_pushf(&j.options, "-I%s", j.include);
	pike_strs_pushf(&j.options, "-I%s/cccl", j.include);
	if (pike_nvrtc_open(&n, j.nvrtc, j.builtins, &err))
		fail(err.text);
	compile(&j, n);
	return 0;
}
