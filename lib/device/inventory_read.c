/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inventory_read: from the facts of a machine to what `doctor` says: what is
 * missing or too old for the other, and the remedy.
 *
 * Which driver a toolkit needs: NVIDIA, CUDA Compatibility, "Minor version
 * compatibility": within a major version every toolkit works with every
 * driver, newer drivers take older toolkits too.
 */
#include "device/inventory_priv.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void pike_findings_release(struct pike_findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].found);
		free(f->v[i].remedy);
	}
	free(f->v);
	memset(f, 0, sizeof(*f));
}

static void add(struct pike_findings *f, enum pike_finding_state state,
		const char *check, const char *remedy, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

static void add(struct pike_findings *f, enum pike_finding_state state,
		const char *check, const char *remedy, const char *fmt, ...)
{
	struct pike_finding *n;
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	PIKE_GROW(f->v, f->n, f->cap);
	n = &f->v[f->n++];
	n->state = state;
	n->check = check;
	n->found = pike_xstrdup(text);
	n->remedy = pike_xstrdup(remedy);
}

/* "13.0" */
static const char *dotted(char out[16], int version)
{
	snprintf(out, 16, "%d.%d", version / 1000 % 1000, version % 1000 / 10);
	return out;
}

/* ---- the driver ---- */

/* The first driver of the kernel for a toolkit's major version; 12 begins at
 * 12.3 here. */
static int driver_for(int cuda)
{
	return cuda / 1000 >= 13 ? 580 : 545;
}

/* What cuInit says, and what helps (cuda.h, CUresult). */
static const struct {
	int result;
	const char *remedy;
} starts[] = {
	{ CU_E_NO_DEVICE, "let this process see a GPU: CUDA_VISIBLE_DEVICES; "
			  "for a container --gpus all" },
	{ CU_E_SYSTEM, "look at the rights of /dev/nvidia*; sudo modprobe "
		       "nvidia-uvm" },
	{ CU_E_NOT_STARTED, "sudo systemctl start nvidia-fabricmanager" },
	{ CU_E_MISMATCH, "the kernel's module and the library are of "
			 "different drivers: reboot" },
	{ CU_E_COMPAT, "take the cuda-compat libraries out of "
		       "LD_LIBRARY_PATH" },
	{ CU_E_UNKNOWN, "sudo modprobe nvidia-uvm; then see dmesg" },
};

static const char *start_remedy(int result)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(starts); i++)
		if (starts[i].result == result)
			return starts[i].remedy;
	return "see dmesg; reinstall the NVIDIA driver";
}

/* A machine without a GPU is in order. */
static bool no_gpu(struct pike_findings *f, const struct pike_inventory *s)
{
	char v[16];

	if (s->pci || s->n || s->kernel[0])
		return false;
	if (s->toolkit.nvrtc[0])
		add(f, PIKE_FOUND_OK, "gpu", "",
		    "none: cpu targets work; cuda targets can be compiled "
		    "only, with NVRTC %s in %s",
		    dotted(v, s->nvrtc), s->toolkit.root);
	else
		add(f, PIKE_FOUND_OK, "gpu", "",
		    "none: cpu targets work; without a CUDA toolkit cuda "
		    "targets cannot even be compiled");
	return true;
}

/* The CUDA version that the driver is for, with its own where known. */
static const char *driver_name(char out[128], const struct pike_inventory *s)
{
	char v[16];

	snprintf(out, 128, "%.60s%sfor CUDA %s", s->kernel,
		 s->kernel[0] ? ", " : "", dotted(v, s->cu.version));
	return out;
}

static bool driver_works(struct pike_findings *f,
			 const struct pike_inventory *s)
{
	static const char *const check = "gpu driver";
	char name[128], v[16], remedy[160];

	if (!s->cu.loaded) {
		add(f, PIKE_FOUND_MISSING, check,
		    "install the NVIDIA driver, 580 or later; for a "
		    "container --gpus all",
		    "a GPU, but no libcuda.so.1");
		return false;
	}
	if (s->cu.missing || s->cu.version < PIKE_CU_LEAST) {
		add(f, PIKE_FOUND_MISSING, check,
		    "install driver 545 or later (580 for CUDA 13)",
		    "%s is too old: CUDA %s is the least", driver_name(name, s),
		    dotted(v, PIKE_CU_LEAST));
		return false;
	}
	if (!s->n) {
		add(f, PIKE_FOUND_MISSING, check,
		    start_remedy(s->cu.init ? s->cu.init : CU_E_NO_DEVICE),
		    "%s", s->cu_error[0] ? s->cu_error : "it sees no GPU");
		return false;
	}
	if (s->nvrtc / 1000 > s->cu.version / 1000) {
		snprintf(remedy, sizeof(remedy),
			 "install driver %d or later, or a CUDA %d toolkit "
			 "and set CUDA_HOME to it",
			 driver_for(s->nvrtc), s->cu.version / 1000);
		add(f, PIKE_FOUND_MISSING, check, remedy,
		    "%s, too old for NVRTC %s", driver_name(name, s),
		    dotted(v, s->nvrtc));
		return false;
	}
	add(f, PIKE_FOUND_OK, check, "", "%s; %s", driver_name(name, s),
	    s->library);
	return true;
}

/* ---- the toolkit ---- */

static bool toolkit_works(struct pike_findings *f,
			  const struct pike_inventory *s)
{
	const struct pike_toolkit *t = &s->toolkit;
	char v[16], remedy[160];
	int most = s->cu.version ? s->cu.version / 1000 : 13;

	if (!t->nvrtc[0]) {
		snprintf(remedy, sizeof(remedy),
			 "install the CUDA %d toolkit in /usr/local/cuda, or "
			 "set CUDA_HOME to where it is",
			 most);
		add(f, PIKE_FOUND_MISSING, "nvrtc", remedy,
		    "no CUDA toolkit with NVRTC");
		return false;
	}
	if (s->nvrtc && s->nvrtc < PIKE_CU_LEAST) {
		add(f, PIKE_FOUND_MISSING, "nvrtc",
		    "install the CUDA toolkit 12.3 or later",
		    "%s in %s is too old", dotted(v, s->nvrtc), t->root);
		return false;
	}
	add(f, PIKE_FOUND_OK, "nvrtc", "", "%s: %s; headers in %s",
	    s->nvrtc ? dotted(v, s->nvrtc) : "of unknown version", t->nvrtc,
	    t->include);
	return true;
}

/* What is lost without a tool, and who brings it. */
static const struct {
	const char *name, *use, *package;
} tools[PIKE_TOOL_COUNT] = {
	[PIKE_TOOL_NVDISASM] = { "nvdisasm", "a census of instructions",
				 "cuda-nvdisasm" },
	[PIKE_TOOL_CUOBJDUMP] = { "cuobjdump", "machine code to read",
				  "cuda-cuobjdump" },
	[PIKE_TOOL_NCU] = { "ncu", "profiles", "cuda-nsight-compute" },
	[PIKE_TOOL_SANITIZER] = { "compute-sanitizer", "its reports",
				  "cuda-sanitizer" },
};

static void read_tools(struct pike_findings *f, const struct pike_inventory *s)
{
	struct pike_buf here, remedy;

	pike_buf_init(&here, 512);
	pike_buf_init(&remedy, 512);
	for (int i = 0; i < PIKE_TOOL_COUNT; i++) {
		if (s->tools[i][0])
			pike_buf_addf(&here, "%s%s", here.len ? ", " : "",
				      tools[i].name);
		else
			pike_buf_addf(&remedy, "%sinstall %s for %s",
				      remedy.len ? ", " : "optional: ",
				      tools[i].package, tools[i].use);
	}
	add(f, PIKE_FOUND_OK, "cuda tools", remedy.len ? remedy.s : "", "%s",
	    here.len ? here.s : "none");
	pike_buf_release(&here);
	pike_buf_release(&remedy);
}

static void read_nvml(struct pike_findings *f, const struct pike_inventory *s)
{
	if (s->nvml)
		add(f, PIKE_FOUND_OK, "nvml", "", "clocks are watched");
	else
		add(f, PIKE_FOUND_WARN, "nvml",
		    "install libnvidia-ml.so.1, of the same driver",
		    "not there: clocks are not watched");
}

/* ---- the GPUs ---- */

static const char *on_off(int mode)
{
	return mode < 0 ? "unknown" : mode ? "on" : "off";
}

static const char *mode_name(int mode)
{
	return mode == CU_MODE_DEFAULT	    ? "default"
	       : mode == CU_MODE_PROHIBITED ? "prohibited"
	       : mode == CU_MODE_EXCLUSIVE  ? "exclusive"
					    : "unknown";
}

static const char *taken(const struct pike_gpu_card *c)
{
	return c->measuring ? "a measurement is under way on it"
	       : c->owned   ? "taken by another process"
			    : "free";
}

/* The state of a GPU, and its remedy: the worst comes first. */
static enum pike_finding_state card_state(char remedy[160],
					  const struct pike_gpu_card *c)
{
	remedy[0] = '\0';
	if (c->refused[0]) {
		snprintf(remedy, 160, "hide it: CUDA_VISIBLE_DEVICES");
		return PIKE_FOUND_WARN;
	}
	if (c->compute_mode == CU_MODE_PROHIBITED ||
	    c->compute_mode == CU_MODE_EXCLUSIVE) {
		/* The judge and a runner are two processes */
		snprintf(remedy, 160, "sudo nvidia-smi -i %s -c DEFAULT",
			 c->info.bus);
		return PIKE_FOUND_MISSING;
	}
	if (c->modes.mig > 0) {
		snprintf(remedy, 160,
			 "its slices are not isolated here: sudo nvidia-smi "
			 "-i %s -mig 0",
			 c->info.bus);
		return PIKE_FOUND_WARN;
	}
	if (c->throttled) {
		snprintf(remedy, 160,
			 "cool it or give it power: nvidia-smi -q -d "
			 "PERFORMANCE");
		return PIKE_FOUND_WARN;
	}
	return PIKE_FOUND_OK;
}

static bool read_card(struct pike_findings *f, const struct pike_gpu_card *c)
{
	const struct pike_device_info *i = &c->info;
	char remedy[160], clock[64];
	enum pike_finding_state state = card_state(remedy, c);

	if (c->refused[0]) {
		add(f, state, "gpu", remedy, "%d: %s", i->index, c->refused);
		return false;
	}
	snprintf(clock, sizeof(clock), "SM clock %u MHz%s", c->mhz,
		 c->throttled ? " (held back)" : "");
	add(f, state, "gpu", remedy,
	    "%d: %s, lane %s, %s, %s, %d SMs, %.1f GiB, L2 %.1f MiB, compute "
	    "mode %s, MIG %s, ECC %s, persistence %s, %s; %s",
	    i->index, i->model, i->lane, i->uuid, i->arch, i->sms,
	    (double)i->memory / (1 << 30), (double)i->llc_bytes / (1 << 20),
	    mode_name(c->compute_mode), on_off(c->modes.mig), on_off(c->ecc),
	    on_off(c->modes.persistence), c->mhz ? clock : "clock unknown",
	    taken(c));
	return state != PIKE_FOUND_MISSING;
}

void pike_inventory_read(struct pike_findings *out, bool *usable,
			 const struct pike_inventory *s)
{
	bool driver, toolkit, card = false;

	*usable = false;
	if (no_gpu(out, s))
		return;
	driver = driver_works(out, s);
	toolkit = toolkit_works(out, s);
	if (s->n)
		read_nvml(out, s);
	read_tools(out, s);
	if (s->visible[0])
		add(out, PIKE_FOUND_OK, "gpus", "",
		    "CUDA_VISIBLE_DEVICES=%s leaves %zu", s->visible, s->n);
	for (size_t i = 0; i < s->n; i++)
		card = read_card(out, &s->v[i]) || card;
	*usable = driver && toolkit && card;
}
