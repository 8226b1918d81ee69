/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backend_torch: the row of PyTorch models, by KernelBench's convention. A
 * reference module defines Model, get_inputs and get_init_inputs; a candidate
 * ModelNew, or Model.
 *
 * A build reads the sources and packs them; that of the reference also runs
 * the model once a case and writes down what goes in and comes out.
 */
#include "device/conn_priv.h"
#include "device/python.h"

#include "base/buf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORKER "pike-run-torch.py"
#define CUDA_HEADERS "/usr/local/cuda/include"
/* Of a build; a reference is run there. */
#define BUILD_MEMORY (16LL << 30)
#define OBJECT_MAX (64 << 20)
#define TENSORS_MAX 512
#define ELEMS_MAX ((int64_t)1 << 40)

/* ---- find ---- */

static struct pike_torch_info torch; /* of `asked` */
static char asked[sizeof(((struct pike_python *)NULL)->exe)];

/* "Python 3.11.2, PyTorch 1.13.1 (openblas)", once a process: it takes seconds
 * to ask. */
static int find_toolchain(char *out, size_t size, const struct pike_python *p,
			  struct pike_err *err)
{
	struct pike_isolation_info iso;
	int ret = 0;

	if (strcmp(asked, p->exe) != 0) {
		ret = pike_isolation_probe(&iso, err);
		if (!ret)
			ret = pike_torch_known(&torch, p, iso.level, err);
		if (!ret)
			snprintf(asked, sizeof(asked), "%s", p->exe);
	}
	if (!ret)
		snprintf(out, size, "Python %s, PyTorch %s (%s%s%s)",
			 p->version, torch.version, torch.blas,
			 torch.cuda[0] ? ", CUDA " : "", torch.cuda);
	return ret;
}

static int find_on(struct pike_device_info *out, const struct pike_backend *b,
		   struct pike_err *err)
{
	int ret = pike_python_here(&out->python, err);

	if (!ret)
		ret = find_toolchain(out->toolchain, sizeof(out->toolchain),
				     out->python, err);
	out->backend = b;
	return ret;
}

static int find_cpu(struct pike_device_info *out, struct pike_err *err)
{
	int ret = pike_cpu_find(out, err);

	return ret ? ret : find_on(out, &pike_backend_torch_cpu, err);
}

static int find_cuda(struct pike_device_info *out, struct pike_err *err)
{
	int ret = pike_cuda_find(out, err);

	if (!ret)
		ret = find_on(out, &pike_backend_torch_cuda, err);
	if (!ret && !torch.cuda[0])
		ret = pike_fail(err, PIKE_FAILED,
				"PyTorch %s here is for CPUs only",
				torch.version);
	return ret;
}

/* A GPU where there is one that PyTorch is built for. */
static int find(struct pike_device_info *out, struct pike_err *err)
{
	if (!find_cuda(out, NULL))
		return 0;
	memset(out, 0, sizeof(*out));
	return find_cpu(out, err);
}

static void add_needs(struct pike_strs *folders, const struct pike_python *p)
{
	for (size_t i = 0; i < p->needs.n; i++)
		pike_strs_push(folders, p->needs.v[i]);
}

static bool on_gpu(const struct pike_device_info *info)
{
	return pike_device_traits(info)->memory == PIKE_ON_GPU;
}

static void needs(struct pike_strs *folders, struct pike_strs *nodes,
		  const struct pike_device_info *info)
{
	char headers[PATH_MAX];

	add_needs(folders, info->python);
	if (!on_gpu(info))
		return;
	pike_cuda_needs(folders, nodes, info);
	/* Of kernels that a model compiles by NVRTC while it runs. */
	if (realpath(CUDA_HEADERS, headers))
		pike_strs_push(folders, headers);
}

/* The worker's word for threads and device. */
static void how_run(char *out, size_t size, const struct pike_device_info *info,
		    const struct pike_target *t)
{
	snprintf(out, size, "%lld:%s",
		 (long long)(t->threads > 1 ? t->threads : 1),
		 on_gpu(info) ? "cuda" : "cpu");
}

static void command(struct pike_command *out,
		    const struct pike_device_info *info,
		    const struct pike_target *t)
{
	bool gpu = on_gpu(info);
	char how[40];

	how_run(how, sizeof(how), info, t);
	snprintf(out->words, sizeof(out->words), "run %s", how);
	out->box = gpu ? PIKE_BOX_PYTHON_GPU : PIKE_BOX_PYTHON;
	out->script = true;
	pike_python_command(&out->argv, info->python, "--run", how);
	/* Pools of numeric libraries cannot grow after the import. */
	if (t->threads <= 1)
		pike_python_warm(&out->warm, info->python);
}

/* ---- build ---- */

/* "sm_90a" is "9.0a" to PyTorch; "" stays so. */
static void torch_arch(char *out, size_t size, const char *arch)
{
	size_t n = strcspn(arch, "0123456789");
	size_t digits = strspn(arch + n, "0123456789");

	*out = '\0';
	if (digits > 1)
		snprintf(out, size, "%.*s.%s", (int)digits - 1, arch + n,
			 arch + n + digits - 1);
}

static void add_cases(struct pike_json *list, const struct pike_case *v,
		      size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct pike_json *c = pike_json_object();
		struct pike_json *sizes = pike_json_object();

		for (size_t k = 0; k < v[i].n; k++)
			pike_json_set_i64(sizes, v[i].names[k], v[i].values[k]);
		pike_json_set_str(c, "case", v[i].text);
		pike_json_set(c, "sizes", sizes);
		pike_json_push(list, c);
	}
}

/* What the worker has to know besides the sources; not hidden cases, where a
 * candidate is to run. */
static void add_task(struct pike_files *to, const struct pike_target *t,
		     const struct pike_device_info *dev,
		     const struct pike_files *sources, bool reference,
		     bool runs)
{
	const char *main = sources->n ? sources->v[0].path : "";
	const char *slash = strrchr(main, '/');
	struct pike_json *task = pike_json_object();
	struct pike_json *cases = pike_json_array();
	struct pike_buf b;
	char arch[16];

	if (reference || runs)
		add_cases(cases, t->cases, t->ncases);
	if (reference)
		add_cases(cases, t->hidden, t->nhidden);
	pike_json_set(task, "cases", cases);
	pike_json_set_str(task, "mode", t->mode ? t->mode : "eval");
	pike_json_set_bool(task, "reference", reference);
	pike_json_set_str(task, "main", slash ? slash + 1 : main);
	if (runs) {
		torch_arch(arch, sizeof(arch), dev->arch);
		pike_json_set_str(task, "arch", arch);
		pike_json_set_str(task, "programs", dev->python->programs);
		pike_json_set_bool(task, "tf32",
				   pike_precision_allows_tf32(t->precision));
	}
	pike_buf_init(&b, 1 << 20);
	pike_json_print(&b, task);
	pike_files_add(to, "task.json", b.s, b.len);
	pike_buf_release(&b);
	pike_json_free(task);
}

static bool says(const struct pike_files *sources, const char *word)
{
	for (size_t i = 0; i < sources->n; i++)
		if (memmem(sources->v[i].data, sources->v[i].len, word,
			   strlen(word)))
			return true;
	return false;
}

/* Words of what compiles only by running. One that is not needed costs a run,
 * one that is missing a verdict: nothing compiles where a candidate is timed.
 */
static bool compiles_by_running(const struct pike_files *sources)
{
	static const char *const words[] = { "triton", "compile", "inductor",
					     "cpp_extension", "load_inline" };

	for (size_t k = 0; k < PIKE_ARRAY_LEN(words); k++)
		if (says(sources, words[k]))
			return true;
	return false;
}

/* What is compiled holds for this device, and this driver. */
static void plan_run(struct pike_build_plan *out, const struct pike_target *t,
		     const struct pike_device_info *dev)
{
	char how[40], text[600];

	how_run(how, sizeof(how), dev, t);
	if (t->threads <= 1)
		snprintf(out->words, sizeof(out->words), "prime %s", how);
	out->runs = true;
	out->gpu = on_gpu(dev);
	memcpy(out->output, "build/", sizeof("build/"));
	snprintf(text, sizeof(text), "%s %s %s %s", dev->toolchain, dev->model,
		 dev->driver, dev->arch);
	pike_sha256_hex(out->tools, text, strlen(text));
	pike_python_command(&out->argv, dev->python, "--prime", how);
	needs(&out->folders, &out->nodes, dev);
	pike_strs_push(&out->folders, dev->python->programs);
}

static void plan_read(struct pike_build_plan *out,
		      const struct pike_device_info *dev)
{
	memcpy(out->output, "object", sizeof("object"));
	pike_sha256_hex(out->tools, dev->toolchain, strlen(dev->toolchain));
	pike_python_command(&out->argv, dev->python, "--build", NULL);
	add_needs(&out->folders, dev->python);
}

/* A module is found by its own name, in whatever folder it lies. */
static int add_modules(struct pike_build_plan *out,
		       const struct pike_files *files, struct pike_err *err)
{
	struct pike_files flat = { 0 };
	int ret;

	for (size_t i = 0; files && i < files->n; i++) {
		const struct pike_file *f = &files->v[i];
		const char *slash = strrchr(f->path, '/');

		pike_files_add(&flat, slash ? slash + 1 : f->path, f->data,
			       f->len);
	}
	ret = pike_plan_files(out, &flat, NULL, err);
	pike_files_release(&flat);
	return ret;
}

static int plan(struct pike_build_plan *out, const struct pike_target *t,
		const struct pike_device_info *dev,
		const struct pike_files *sources,
		const struct pike_files *headers, enum pike_real real,
		struct pike_err *err)
{
	bool reference = real != PIKE_REAL_NONE;
	bool runs = !reference && compiles_by_running(sources);
	int ret;

	out->script = WORKER;
	out->memory = BUILD_MEMORY;
	if (runs)
		plan_run(out, t, dev);
	if (runs && out->gpu && says(sources, "torch.compile"))
		out->imports = "torch._dynamo";
	if (!runs)
		plan_read(out, dev);
	ret = add_modules(out, sources, err);
	if (!ret)
		ret = add_modules(out, headers, err);
	if (!ret)
		add_task(&out->files, t, dev, sources, reference, runs);
	return ret;
}

/* ---- what the reference's build has found out ---- */

static int read_object(struct pike_json **out, int fd, struct pike_err *err)
{
	struct stat st;
	char *text;
	ssize_t n = -1;

	*out = NULL;
	if (fstat(fd, &st) || st.st_size > OBJECT_MAX)
		return pike_fail(
		    err, PIKE_FAILED,
		    "what the reference's build left is too large");
	text = pike_xmalloc((size_t)st.st_size + 1);
	n = pread(fd, text, (size_t)st.st_size, 0);
	if (n == st.st_size)
		*out = pike_json_parse(text, (size_t)n, NULL);
	free(text);
	return *out ? 0
		    : pike_fail(err, PIKE_FAILED,
				"the reference's build left no description");
}

/* Not the cases: hidden ones are no business of a candidate's. */
static int keep_sources(int *out, const struct pike_json *object,
			struct pike_err *err)
{
	static const char *const keys[] = { "files", "names" };
	struct pike_buf b;
	int ret = pike_memfd(out, "reference", 0, err);

	pike_buf_init(&b, OBJECT_MAX);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(keys); i++) {
		pike_buf_addf(&b, "%s\"%s\":", i ? "," : "{", keys[i]);
		pike_json_print(&b, pike_json_get(object, keys[i]));
	}
	pike_buf_addc(&b, '}');
	if (!ret)
		ret = pike_write_all(*out, b.s, b.len, err);
	if (!ret)
		ret = pike_memfd_seal(*out, err);
	pike_buf_release(&b);
	return ret;
}

static int described(struct pike_json **out, int *sources, int fd,
		     struct pike_err *err)
{
	int ret = read_object(out, fd, err);

	return ret ? ret : keep_sources(sources, *out, err);
}

static const struct {
	const char *name;
	enum pike_init_kind kind;
} inits[] = {
	{ "normal", PIKE_INIT_NORMAL },
	{ "uniform", PIKE_INIT_UNIFORM },
	{ "randint", PIKE_INIT_RANDINT },
};

static int read_tensor(struct pike_tensor *to, const struct pike_json *j,
		       enum pike_dir dir, struct pike_err *err)
{
	const struct pike_json *dims = pike_json_get(j, "dims");
	const char *init = pike_json_str(j, "init", "");
	int dtype = pike_dtype_parse(pike_json_str(j, "dtype", ""));
	int64_t elems = 1;

	to->ndims = pike_json_len(dims);
	to->shape.row = 1;
	if (dtype < 0 || to->ndims > PIKE_DIMS_MAX)
		return pike_fail(err, PIKE_FAILED,
				 "the reference's build describes no tensor");
	for (size_t i = 0; i < to->ndims; i++) {
		int64_t d = pike_json_as_i64(pike_json_at(dims, i), 0);

		if (d < 1 || elems > ELEMS_MAX / d)
			return pike_fail(err, PIKE_FAILED,
					 "a tensor of the reference is empty "
					 "or too large");
		to->dims[i] = d;
		to->shape.row = (size_t)d;
		elems *= d;
	}
	to->name = pike_xstrdup(pike_json_str(j, "name", "?"));
	to->dir = dir;
	to->dtype = (enum pike_dtype)dtype;
	to->shape.elems = (size_t)elems;
	to->bytes = to->shape.elems * pike_dtype_size(to->dtype);
	to->a = pike_json_f64(j, "a", 0);
	to->b = pike_json_f64(j, "b", 1);
	to->observed = true;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(inits); i++)
		if (!strcmp(init, inits[i].name))
			to->init = inits[i].kind;
	return 0;
}

static int read_list(struct pike_tensors *out, const struct pike_json *list,
		     enum pike_dir dir, struct pike_err *err)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < pike_json_len(list); i++)
		ret = read_tensor(&out->v[out->n++], pike_json_at(list, i), dir,
				  err);
	return ret;
}

static int tensors(struct pike_tensors *out, const struct pike_target *t,
		   const struct pike_case *c, const struct pike_json *all,
		   struct pike_err *err)
{
	const struct pike_json *k =
	    pike_json_get(pike_json_get(all, "described"), c->text);
	const struct pike_json *in = pike_json_get(k, "inputs");
	const struct pike_json *res = pike_json_get(k, "outputs");
	size_t n = pike_json_len(in) + pike_json_len(res);
	int ret;

	memset(out, 0, sizeof(*out));
	if (!pike_json_len(res) || n > TENSORS_MAX)
		return pike_fail(err, PIKE_FAILED,
				 "a model of '%s' has %zu tensors that go in "
				 "and come out in case '%s'; 1 to %d can be "
				 "judged",
				 t->name, n, c->text, TENSORS_MAX);
	out->v = pike_xcalloc(n, sizeof(*out->v));
	ret = read_list(out, in, PIKE_IN, err);
	if (!ret)
		ret = read_list(out, res, PIKE_OUT, err);
	if (ret)
		pike_tensors_release(out);
	return ret;
}

static void reference(struct pike_reference *out,
		      const struct pike_files *files)
{
	(void)files;
	*out = (struct pike_reference){ .kind = PIKE_REFERENCE_RUNNER,
					.backend = pike_backend_torch_cpu.name,
					.draws = true,
					.own_types = true };
}

/* There it takes a thousandth of the time. Not every operator has a kernel for
 * doubles. */
static void reference_cuda(struct pike_reference *out,
			   const struct pike_files *files)
{
	reference(out, files);
	out->kind = PIKE_REFERENCE_SHARED;
	out->else_on = out->backend;
	out->backend = pike_backend_torch_cuda.name;
}

static int baseline(struct pike_files *out, const struct pike_device_info *dev,
		    const struct pike_baseline *b, struct pike_err *err)
{
	return pike_torch_baseline(out, dev, b, torch.version, err);
}

/* Candidate host code runs in the process that reports times: all strict. */
#define MODEL                                                                  \
	.runner = WORKER, .needs = needs, .command = command, .plan = plan,    \
	.described = described, .tensors = tensors, .baseline = baseline

/* Either of those below, by what the machine has. */
const struct pike_backend pike_backend_torch = {
	.name = "torch",
	.find = find,
	.reference = reference,
	MODEL,
};

const struct pike_backend pike_backend_torch_cpu = {
	.name = "torch-cpu",
	.traits = { .slow_load = true,
		    .interpreted = true,
		    .needs_reference = true },
	.find = find_cpu,
	.ceilings = pike_cpu_ceilings,
	.reference = reference,
	.conn = &pike_conn_torch,
	MODEL,
};

const struct pike_backend pike_backend_torch_cuda = {
	.name = "torch-cuda",
	.traits = { .memory = PIKE_ON_GPU,
		    .noise = PIKE_NOISE_GPU,
		    .slow_start = true,
		    .slow_load = true,
		    .interpreted = true,
		    .needs_reference = true,
		    .driver_threads = true },
	.find = find_cuda,
	.ceilings = pike_cuda_ceilings,
	.reference = reference_cuda,
	.conn = &pike_conn_torch_cuda,
	MODEL,
};
