/* SPDX-License-Identifier: Apache-2.0 */
/* cuda: loads the driver, NVRTC and NVML; see cuda_priv.h. */
#include "device/cuda_priv.h"
#include "device/inventory_priv.h"

#include "base/mem.h"

#include <dlfcn.h>
#include <glob.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct symbol {
	const char *name;
	void **at;
};

/* Fills the pointers in; the name that is missing, or NULL. */
static const char *resolve(void *lib, const struct symbol *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		*s[i].at = dlsym(lib, s[i].name);
		if (!*s[i].at)
			return s[i].name;
	}
	return NULL;
}

/* ---- the driver ---- */

static struct pike_cu cu;
static char cu_path[PATH_MAX];
static struct pike_cu_state state;

const struct pike_cu_state *pike_cu_state(void)
{
	return &state;
}

const char *pike_cu_path(void)
{
	return cu_path[0] ? cu_path : NULL;
}

int pike_cu_fail(struct pike_err *err, int rc, const char *what)
{
	const char *name = NULL, *text = NULL;

	if (!rc)
		return 0;
	if (cu.error_name && cu.error_text) {
		cu.error_name(rc, &name);
		cu.error_text(rc, &text);
	}
	return pike_fail(err, PIKE_FAILED, "%s: %s (%s)", what,
			 name ? name : "CUDA error", text ? text : "unknown");
}

#define SYMBOL(member, name, args) { #name, (void **)(void *)&cu.member },
static int load_driver(const char *path, struct pike_err *err)
{
	const struct symbol all[] = { PIKE_CU_FUNCTIONS(SYMBOL) };
	const struct symbol more[] = { PIKE_CU_OPTIONAL(SYMBOL) };
	void *lib = dlopen(path ? path : "libcuda.so.1", RTLD_NOW);
	const char *missing;
	Dl_info info;

	if (!lib)
		return pike_fail(err, PIKE_FAILED,
				 "no CUDA driver (libcuda.so.1): install the "
				 "NVIDIA driver, or use a machine with a GPU");
	state.loaded = true;
	missing = resolve(lib, all, PIKE_ARRAY_LEN(all));
	state.missing = missing;
	if (missing)
		return pike_fail(err, PIKE_FAILED,
				 "the CUDA driver is too old: it has no %s; "
				 "install one for CUDA 12.3 or later",
				 missing);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(more); i++)
		resolve(lib, &more[i], 1);
	if (dladdr((void *)(uintptr_t)cu.init, &info) && info.dli_fname)
		if (!realpath(info.dli_fname, cu_path))
			cu_path[0] = '\0';
	return 0;
}
#undef SYMBOL

static int start_driver(const char *path, struct pike_err *err)
{
	int rc, ret = load_driver(path, err);

	if (ret)
		return ret;
	cu.driver_version(&state.version);
	rc = cu.init(0);
	state.init = rc;
	if (rc)
		return pike_cu_fail(
		    err, rc,
		    "the CUDA driver does not start; see that /dev/nvidia* are "
		    "there and match the driver");
	if (state.version < PIKE_CU_LEAST)
		return pike_fail(err, PIKE_FAILED,
				 "the CUDA driver is too old: it is for CUDA "
				 "%d.%d; install one for CUDA 12.3 or later",
				 state.version / 1000,
				 state.version % 1000 / 10);
	if (cu.device_count(&state.devices) || !state.devices)
		return pike_fail(err, PIKE_FAILED,
				 "the CUDA driver sees no GPU; look at "
				 "CUDA_VISIBLE_DEVICES");
	return 0;
}

int pike_cu_open(const struct pike_cu **out, const char *path,
		 struct pike_err *err)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct pike_err why;
	static int done = 1; /* not tried yet */

	pthread_mutex_lock(&lock);
	if (done == 1)
		done = start_driver(path, &why);
	pthread_mutex_unlock(&lock);
	*out = done ? NULL : &cu;
	return done ? pike_fail(err, done, "%s", why.text) : 0;
}

int pike_cu_load(cu_module *out, const struct pike_cu *c, const void *image)
{
	int rc = c->module_load(out, image);

	return rc ? rc : c->ctx_sync();
}

/* ---- NVRTC ---- */

static struct pike_nvrtc nvrtc;

#define SYMBOL(member, name, args) { #name, (void **)(void *)&nvrtc.member },
int pike_nvrtc_open(const struct pike_nvrtc **out, const char *path,
		    const char *builtins, struct pike_err *err)
{
	const struct symbol all[] = { PIKE_NVRTC_FUNCTIONS(SYMBOL) };
	const char *missing;
	void *lib;

	/* NVRTC loads its second half by name alone, which the loader finds
	 * only where it looks anyway; one that is loaded it takes as it is. */
	if (*builtins)
		dlopen(builtins, RTLD_NOW | RTLD_GLOBAL);
	lib = dlopen(path, RTLD_NOW);
	*out = NULL;
	if (!lib)
		return pike_fail(err, PIKE_FAILED, "cannot load NVRTC: %s",
				 dlerror());
	missing = resolve(lib, all, PIKE_ARRAY_LEN(all));
	if (missing)
		return pike_fail(err, PIKE_FAILED,
				 "'%s' is too old: it has no %s; install the "
				 "CUDA toolkit 12.3 or later",
				 path, missing);
	*out = &nvrtc;
	return 0;
}
#undef SYMBOL

/* ---- the toolkit ---- */

/* The second half of an NVRTC, beside it; its real path. */
static void find_builtins(struct pike_toolkit *t, const char *folder)
{
	char *pattern = pike_xasprintf("%s/libnvrtc-builtins.so*", folder);
	char real[PATH_MAX];
	glob_t found;

	if (!glob(pattern, 0, NULL, &found)) {
		if (realpath(found.gl_pathv[0], real) &&
		    strlen(real) < sizeof(t->builtins))
			strncat(t->builtins, real, sizeof(t->builtins) - 1);
		globfree(&found);
	}
	free(pattern);
}

/* A library of one of these names in a folder; its real path. */
static bool find_nvrtc(struct pike_toolkit *t, const char *root)
{
	static const char *const libs[] = { "lib64", "lib",
					    "targets/x86_64-linux/lib" };
	static const char *const names[] = { "libnvrtc.so.13", "libnvrtc.so.12",
					     "libnvrtc.so" };
	char path[PATH_MAX], real[PATH_MAX];

	for (size_t i = 0; i < PIKE_ARRAY_LEN(libs); i++)
		for (size_t k = 0; k < PIKE_ARRAY_LEN(names); k++) {
			snprintf(path, sizeof(path), "%s/%s/%s", root, libs[i],
				 names[k]);
			if (!realpath(path, real) ||
			    strlen(real) >= sizeof(t->nvrtc))
				continue;
			strncat(t->nvrtc, real, sizeof(t->nvrtc) - 1);
			*strrchr(real, '/') = '\0';
			find_builtins(t, real);
			return true;
		}
	return false;
}

static bool try_root(struct pike_toolkit *t, const char *root)
{
	char path[PATH_MAX], real[PATH_MAX];

	memset(t, 0, sizeof(*t));
	if (!root || root[0] != '/')
		return false;
	snprintf(path, sizeof(path), "%s/include", root);
	if (!realpath(path, real) || strlen(real) >= sizeof(t->include))
		return false;
	strncat(t->include, real, sizeof(t->include) - 1);
	snprintf(t->root, sizeof(t->root), "%.255s", root);
	snprintf(path, sizeof(path), "%s/cuda_fp16.h", t->include);
	/* A compile sandbox may read all that is in there. */
	if (access(path, R_OK) || !strcmp(t->include, "/usr/include"))
		return false;
	if (!find_nvrtc(t, root))
		return false;
	snprintf(path, sizeof(path), "%s/bin/nvdisasm", root);
	if (!access(path, X_OK) && realpath(path, real) &&
	    strlen(real) < sizeof(t->disassembler))
		strncat(t->disassembler, real, sizeof(t->disassembler) - 1);
	return true;
}

int pike_toolkit_find(const struct pike_toolkit **out, struct pike_err *err)
{
	static struct pike_toolkit t;
	const char *const roots[] = { getenv("CUDA_HOME"), getenv("CUDA_PATH"),
				      "/usr/local/cuda", "/opt/cuda",
				      "/usr/lib/cuda" };

	for (size_t i = 0; !t.nvrtc[0] && i < PIKE_ARRAY_LEN(roots); i++)
		if (!try_root(&t, roots[i]))
			memset(&t, 0, sizeof(t));
	*out = t.nvrtc[0] ? &t : NULL;
	if (*out)
		return 0;
	return pike_fail(err, PIKE_FAILED,
			 "no CUDA toolkit with NVRTC: install it (12.3 or "
			 "later) in /usr/local/cuda, or set CUDA_HOME to the "
			 "folder that has its include and lib64");
}

/* ---- NVML ---- */

/* Reasons: HW slowdown, SW thermal, HW thermal, HW power brake. A power cap
 * alone is the card's normal work. */
#define NVML_SLOWED (0x8ull | 0x20ull | 0x40ull | 0x80ull)

#define SYMBOL(member, name, args) { #name, (void **)(void *)&n->member },
static bool load_nvml(struct pike_nvml *n)
{
	const struct symbol all[] = { PIKE_NVML_FUNCTIONS(SYMBOL) };
	void *lib = dlopen("libnvidia-ml.so.1", RTLD_NOW);

	return lib && !resolve(lib, all, PIKE_ARRAY_LEN(all)) && !n->init();
}
#undef SYMBOL

const struct pike_nvml *pike_nvml_open(void)
{
	static struct pike_nvml n;
	static int tried; /* 1: there, -1: not */

	if (!tried)
		tried = load_nvml(&n) ? 1 : -1;
	return tried > 0 ? &n : NULL;
}

/* The handle of the GPU that was asked for last is kept. */
static const struct pike_nvml *nvml_device(cu_nvml_device *out, const char *bus)
{
	const struct pike_nvml *n = pike_nvml_open();
	static char known[32];
	static cu_nvml_device device;

	if (n && (!device || strcmp(known, bus) != 0)) {
		if (n->by_bus(bus, &device))
			return NULL;
		snprintf(known, sizeof(known), "%s", bus);
	}
	*out = device;
	return n;
}

bool pike_nvml_clock(const char *bus, unsigned *mhz, bool *throttled)
{
	cu_nvml_device d;
	const struct pike_nvml *n = nvml_device(&d, bus);
	unsigned long long why = 0;

	if (!n || n->clock(d, CU_NVML_SM, mhz))
		return false;
	*throttled = !n->reasons(d, &why) && (why & NVML_SLOWED);
	return true;
}

void pike_nvml_modes(struct pike_nvml_modes *out, const char *bus)
{
	cu_nvml_device d;
	const struct pike_nvml *n = nvml_device(&d, bus);
	unsigned now = 0, next = 0;

	*out = (struct pike_nvml_modes){ -1, -1 };
	if (!n)
		return;
	if (n->persistence(d, &out->persistence))
		out->persistence = -1;
	if (!n->mig(d, &now, &next))
		out->mig = (int)now;
}
