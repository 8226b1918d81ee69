/* SPDX-License-Identifier: Apache-2.0 */
/* inventory: looks at what a machine has of CUDA; inventory_read.c judges it.
 */
#include "device/inventory_priv.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One line of a small file; "" when there is none. */
static void read_line(char *out, size_t size, const char *path)
{
	struct pike_buf b;

	pike_buf_init(&b, 4096);
	if (pike_read_file(&b, path, NULL))
		pike_buf_reset(&b);
	snprintf(out, size, "%.*s", b.s ? (int)strcspn(b.s, "\n") : 0,
		 b.s ? b.s : "");
	pike_buf_release(&b);
}

/* Display controllers (class 0x03) of NVIDIA (vendor 0x10de). */
static int count_pci(void)
{
	DIR *dir = opendir("/sys/bus/pci/devices");
	const struct dirent *e;
	int n = 0;

	while (dir && (e = readdir(dir))) {
		char path[512], vendor[16], class[16];

		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vendor",
			 e->d_name);
		read_line(vendor, sizeof(vendor), path);
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/class",
			 e->d_name);
		read_line(class, sizeof(class), path);
		n += !strcmp(vendor, "0x10de") &&
		     pike_starts_with(class, "0x03");
	}
	if (dir)
		closedir(dir);
	return n;
}

int pike_nvrtc_number(const char *path)
{
	const char *so = strstr(path, ".so.");
	int major = 0, minor = 0;

	if (!so || sscanf(so, ".so.%d.%d", &major, &minor) < 1 || major < 1 ||
	    major > 999 || minor < 0 || minor > 99)
		return 0;
	return major * 1000 + minor * 10;
}

/* ---- tools ---- */

static const char *const tool_names[PIKE_TOOL_COUNT] = {
	[PIKE_TOOL_NVDISASM] = "nvdisasm",
	[PIKE_TOOL_CUOBJDUMP] = "cuobjdump",
	[PIKE_TOOL_NCU] = "ncu",
	[PIKE_TOOL_SANITIZER] = "compute-sanitizer",
};

static bool try_tool(char out[300], const char *folder, const char *name)
{
	if (snprintf(out, 300, "%s/%s", folder, name) < 300 &&
	    !access(out, X_OK))
		return true;
	out[0] = '\0';
	return false;
}

/* In the toolkit, else in PATH. */
void pike_tool_path(char out[300], const char *root, const char *name)
{
	struct pike_strs folders = PIKE_STRS_INIT;

	if (*root)
		pike_strs_pushf(&folders, "%s/bin", root);
	if (getenv("PATH"))
		pike_strs_split(&folders, getenv("PATH"), ":");
	for (size_t i = 0; i < folders.n; i++)
		if (try_tool(out, folders.v[i], name))
			break;
	pike_strs_release(&folders);
}

/* ---- the GPUs ---- */

static int attribute(const struct pike_cu *cu, int what, int index)
{
	int device, v = 0;

	if (cu->device_get(&device, index) || cu->device_attr(&v, what, device))
		return -1;
	return v;
}

static void look_at(struct pike_gpu_card *c, const struct pike_cu *cu,
		    int index)
{
	struct pike_err err = PIKE_ERR_INIT;
	char owner[128];
	int64_t since;

	if (pike_cuda_read(&c->info, cu, index, &err))
		snprintf(c->refused, sizeof(c->refused), "%.255s", err.text);
	c->info.index = index;
	c->compute_mode = attribute(cu, CU_A_COMPUTE_MODE, index);
	c->ecc = attribute(cu, CU_A_ECC, index);
	pike_nvml_modes(&c->modes, c->info.bus);
	if (!pike_nvml_clock(c->info.bus, &c->mhz, &c->throttled))
		c->mhz = 0;
	snprintf(owner, sizeof(owner), "%s-owner", c->info.lock);
	c->measuring = pike_device_busy(&since, c->info.lock);
	c->owned = pike_device_busy(&since, owner);
}

static void look_at_all(struct pike_inventory *s)
{
	struct pike_err err = PIKE_ERR_INIT;
	const struct pike_cu *cu;

	if (pike_cu_open(&cu, NULL, &err))
		snprintf(s->cu_error, sizeof(s->cu_error), "%.511s", err.text);
	s->cu = *pike_cu_state();
	snprintf(s->library, sizeof(s->library), "%.299s",
		 pike_cu_path() ? pike_cu_path() : "");
	if (!cu)
		return;
	s->nvml = pike_nvml_open() != NULL;
	s->v = pike_xcalloc((size_t)s->cu.devices + 1, sizeof(*s->v));
	for (; s->n < (size_t)s->cu.devices; s->n++)
		look_at(&s->v[s->n], cu, (int)s->n);
}

void pike_inventory_take(struct pike_inventory *out)
{
	const struct pike_toolkit *t;
	const char *visible = getenv("CUDA_VISIBLE_DEVICES");

	memset(out, 0, sizeof(*out));
	out->pci = count_pci();
	read_line(out->kernel, sizeof(out->kernel),
		  "/sys/module/nvidia/version");
	if (visible)
		snprintf(out->visible, sizeof(out->visible), "%.255s",
			 *visible ? visible : "(empty)");
	if (!pike_toolkit_find(&t, NULL)) {
		out->toolkit = *t;
		out->nvrtc = pike_nvrtc_number(t->nvrtc);
	}
	for (int i = 0; i < PIKE_TOOL_COUNT; i++)
		pike_tool_path(out->tools[i], out->toolkit.root, tool_names[i]);
	look_at_all(out);
}

void pike_inventory_release(struct pike_inventory *s)
{
	free(s->v);
	s->v = NULL;
	s->n = 0;
}

static struct pike_json *card_json(const struct pike_gpu_card *c)
{
	const struct pike_device_info *i = &c->info;
	struct pike_json *j = pike_json_object();

	pike_json_set_i64(j, "index", i->index);
	pike_json_set_str(j, "model", i->model);
	pike_json_set_str(j, "uuid", i->uuid);
	pike_json_set_str(j, "bus", i->bus);
	pike_json_set_str(j, "arch", i->arch);
	pike_json_set_str(j, "lane", i->lane);
	pike_json_set_str(j, "driver", i->driver);
	pike_json_set_i64(j, "sms", i->sms);
	pike_json_set_i64(j, "memory", i->memory);
	pike_json_set_i64(j, "l2", i->llc_bytes);
	pike_json_set_i64(j, "compute_mode", c->compute_mode);
	pike_json_set_i64(j, "ecc", c->ecc);
	pike_json_set_i64(j, "mig", c->modes.mig);
	pike_json_set_i64(j, "persistence", c->modes.persistence);
	pike_json_set_i64(j, "sm_mhz", c->mhz);
	pike_json_set_bool(j, "throttled", c->throttled);
	pike_json_set_bool(j, "measuring", c->measuring);
	pike_json_set_bool(j, "owned", c->owned);
	return j;
}

bool pike_gpu_findings(struct pike_findings *out, struct pike_json *gpus)
{
	struct pike_inventory s;
	bool usable = false;

	pike_inventory_take(&s);
	pike_inventory_read(out, &usable, &s);
	for (size_t i = 0; gpus && i < s.n; i++)
		pike_json_push(gpus, card_json(&s.v[i]));
	pike_inventory_release(&s);
	return usable;
}
