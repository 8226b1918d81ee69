/* SPDX-License-Identifier: Apache-2.0 */
/* backend: the kinds of devices, and what is asked of any of them. */
#include "device/device_priv.h"
#include "device/exact.h"

#include "base/mem.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

/* To build for where nobody says and no GPU is: what the limits of launch
 * plans are written for. */
#define DEFAULT_ARCH "sm_90a"

static const struct pike_backend *const backends[] = {
	&pike_backend_cpu,	 &pike_backend_cuda,	   &pike_backend_torch,
	&pike_backend_torch_cpu, &pike_backend_torch_cuda,
};

const struct pike_backend *pike_backend_extra;

int pike_backend_find(const struct pike_backend **out, const char *name,
		      struct pike_err *err)
{
	if (pike_backend_extra && !strcmp(pike_backend_extra->name, name)) {
		*out = pike_backend_extra;
		return 0;
	}
	for (size_t i = 0; i < PIKE_ARRAY_LEN(backends); i++)
		if (!strcmp(backends[i]->name, name)) {
			*out = backends[i];
			return 0;
		}
	return pike_fail(err, PIKE_FAILED,
			 "this build of pike-git has no backend '%s', only "
			 "cpu, cuda and torch",
			 name);
}

const char *pike_runner_name(const char *backend)
{
	const struct pike_backend *b = NULL;

	return pike_backend_find(&b, backend, NULL) ? NULL : b->runner;
}

int pike_device_find(struct pike_device_info *out, const char *backend,
		     struct pike_err *err)
{
	const struct pike_backend *b = NULL;
	int ret = pike_backend_find(&b, backend, err);

	memset(out, 0, sizeof(*out));
	if (!ret)
		ret = b->find(out, err);
	if (ret || !out->backend)
		out->backend = ret ? NULL : b;
	return ret;
}

const struct pike_backend_traits *
pike_device_traits(const struct pike_device_info *d)
{
	static const struct pike_backend_traits strict;

	return d->backend ? &d->backend->traits : &strict;
}

void pike_device_needs(struct pike_strs *folders, struct pike_strs *nodes,
		       const struct pike_device_info *info)
{
	if (info->backend && info->backend->needs)
		info->backend->needs(folders, nodes, info);
}

void pike_device_command(struct pike_command *out,
			 const struct pike_device_info *info,
			 const struct pike_target *t, const char *runner)
{
	const struct pike_backend *b = info->backend;

	*out = (struct pike_command){ .box = PIKE_BOX_RUN };
	if (b && b->command) {
		b->command(out, info, t);
		return;
	}
	if (pike_device_traits(info)->memory == PIKE_ON_GPU)
		out->box = PIKE_BOX_GPU;
	pike_strs_push(&out->argv, runner);
}

void pike_command_release(struct pike_command *c)
{
	pike_strs_release(&c->argv);
	pike_strs_release(&c->warm);
}

int pike_device_described(struct pike_json **out, int *sources,
			  const struct pike_target *t, int reference_fd,
			  struct pike_err *err)
{
	const struct pike_backend *b = NULL;
	int ret = pike_backend_find(&b, t->backend, err);

	*out = NULL;
	*sources = -1;
	return ret || !b->described
		   ? ret
		   : b->described(out, sources, reference_fd, err);
}

int pike_device_tensors(struct pike_tensors *out, const struct pike_target *t,
			const struct pike_case *c,
			const struct pike_json *described, struct pike_err *err)
{
	const struct pike_backend *b = NULL;
	int ret = pike_backend_find(&b, t->backend, err);

	if (ret)
		return ret;
	return b->tensors ? b->tensors(out, t, c, described, err)
			  : pike_tensors_of(out, t, c, err);
}

int pike_device_baseline(struct pike_files *out,
			 const struct pike_device_info *dev,
			 const struct pike_baseline *b, struct pike_err *err)
{
	if (!dev->backend || !dev->backend->baseline)
		return pike_fail(err, PIKE_FAILED,
				 "this backend has no baselines");
	return dev->backend->baseline(out, dev, b, err);
}

void pike_device_reference(struct pike_reference *out,
			   const struct pike_device_info *dev,
			   const struct pike_files *files)
{
	const struct pike_backend *b = dev->backend;

	*out = (struct pike_reference){ .kind = PIKE_REFERENCE_RUNNER,
					.backend = pike_backend_cpu.name };
	if (b && b->reference)
		b->reference(out, files);
}

int pike_device_find_arch(struct pike_device_info *out, const char *backend,
			  const char *arch, struct pike_err *err)
{
	const struct pike_backend *b = NULL;
	int ret = pike_backend_find(&b, backend, err);

	memset(out, 0, sizeof(*out));
	if (ret)
		return ret;
	if (!b->find_arch)
		ret = b->find(out, err);
	else if (arch || b->find(out, NULL))
		ret = b->find_arch(out, arch ? arch : DEFAULT_ARCH, err);
	out->backend = ret ? NULL : b;
	return ret;
}

struct pike_json *pike_device_compiled(const struct pike_device_info *dev,
				       const struct pike_target *t,
				       const struct pike_object *o,
				       const char *log)
{
	const struct pike_backend *b = NULL;

	if (pike_backend_find(&b, t->backend, NULL) || !b->compiled)
		return pike_json_object();
	return b->compiled(dev, t, o, log);
}

int pike_build_plan(struct pike_build_plan *out, const struct pike_target *t,
		    const struct pike_device_info *dev,
		    const struct pike_files *sources,
		    const struct pike_files *headers, enum pike_real real,
		    struct pike_err *err)
{
	const struct pike_backend *b = NULL;
	int ret = pike_backend_find(&b, t->backend, err);

	memset(out, 0, sizeof(*out));
	if (!ret)
		ret = b->plan(out, t, dev, sources, headers, real, err);
	if (ret)
		pike_build_plan_release(out);
	return ret;
}

/* ---- builds for exact buffers ---- */

static int exact_of(const struct pike_exact_ops **out,
		    const struct pike_target *t, struct pike_err *err)
{
	const struct pike_backend *b = NULL;
	int ret = pike_backend_find(&b, t->backend, err);

	if (!ret && !b->exact)
		ret = pike_fail(err, PIKE_FAILED,
				"backend '%s' has no such check", b->name);
	*out = ret ? NULL : b->exact;
	return ret;
}

int pike_exact_text_plan(struct pike_build_plan *out,
			 const struct pike_target *t,
			 const struct pike_files *sources, size_t i,
			 const struct pike_files *headers, struct pike_err *err)
{
	const struct pike_exact_ops *ops;
	int ret = exact_of(&ops, t, err);

	memset(out, 0, sizeof(*out));
	if (!ret)
		ret = ops->text(out, t, sources, i, headers, err);
	if (ret)
		pike_build_plan_release(out);
	return ret;
}

int pike_exact_plan(struct pike_build_plan *out, const struct pike_target *t,
		    const struct pike_files *texts, struct pike_err *err)
{
	const struct pike_exact_ops *ops;
	int ret = exact_of(&ops, t, err);

	memset(out, 0, sizeof(*out));
	if (!ret)
		ret = ops->build(out, t, texts, err);
	if (ret)
		pike_build_plan_release(out);
	return ret;
}

int pike_exact_runtime(char out[300], const struct pike_target *t,
		       struct pike_err *err)
{
	const struct pike_exact_ops *ops;
	int ret = exact_of(&ops, t, err);

	return ret ? ret : ops->runtime(out, t, err);
}

/* Measured once per process, by where kernels run and number of threads; a GPU
 * has one entry. */
int pike_device_ceilings(struct pike_ceilings *out,
			 const struct pike_device_info *info, int threads,
			 bool again, struct pike_err *err)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct pike_ceilings known[2][PIKE_CEILING_THREADS + 1];
	bool gpu = pike_device_traits(info)->memory == PIKE_ON_GPU;
	int n = threads < PIKE_CEILING_THREADS ? threads : PIKE_CEILING_THREADS;
	struct pike_ceilings now = { 0 },
			     *k = &known[gpu][gpu || n < 1 ? 1 : n];
	int rc = 0;

	pthread_mutex_lock(&lock);
	if (again || k->copy_bps <= 0) {
		rc = info->backend
			 ? info->backend->ceilings(&now, info, threads, err)
			 : pike_fail(err, PIKE_FATAL, "no device was found");
		if (!rc) {
			k->copy_bps = fmax(k->copy_bps, now.copy_bps);
			k->fma_flops = fmax(k->fma_flops, now.fma_flops);
		}
	}
	*out = *k;
	pthread_mutex_unlock(&lock);
	return rc;
}
