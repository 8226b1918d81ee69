/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inventory: what a machine has of CUDA, as facts; and what follows from them
 * for `doctor`, which is a pure function, so that machines that nobody has at
 * hand can be tested.
 */
#ifndef PIKE_DEVICE_INVENTORY_PRIV_H
#define PIKE_DEVICE_INVENTORY_PRIV_H

#include "device/cuda_priv.h"
#include "device/gpu.h"

/* CUDA 12.3: what the declarations in cuda_priv.h need. */
#define PIKE_CU_LEAST 12030

/* How far pike_cu_open came. */
struct pike_cu_state {
	bool loaded;	     /* the library is there */
	const char *missing; /* a function that it lacks */
	int version;	     /* cuDriverGetVersion: 13000 */
	int init;	     /* what cuInit said */
	int devices;
};
const struct pike_cu_state *pike_cu_state(void);

enum pike_cuda_tool {
	PIKE_TOOL_NVDISASM,
	PIKE_TOOL_CUOBJDUMP,
	PIKE_TOOL_NCU,
	PIKE_TOOL_SANITIZER,
	PIKE_TOOL_COUNT
};

struct pike_gpu_card {
	struct pike_device_info info;
	char refused[256];     /* why it cannot be used at all; "" */
	int compute_mode, ecc; /* ecc: -1: unknown */
	struct pike_nvml_modes modes;
	unsigned mhz; /* 0: unknown */
	bool throttled;
	bool measuring, owned; /* by another process of ours */
};

struct pike_inventory {
	int pci;	 /* NVIDIA GPUs on the PCI bus */
	char kernel[64]; /* version of the kernel's module; "" without one */
	char library[300];
	struct pike_cu_state cu;
	char cu_error[512];	     /* why the driver cannot be used; "" */
	struct pike_toolkit toolkit; /* nvrtc "": there is none */
	int nvrtc;		     /* as 13000; 0: unknown */
	char tools[PIKE_TOOL_COUNT][300];
	bool nvml;
	char visible[256]; /* CUDA_VISIBLE_DEVICES; "" when not set */
	struct pike_gpu_card *v;
	size_t n;
};
void pike_inventory_take(struct pike_inventory *out);
void pike_inventory_release(struct pike_inventory *s);
/* Appends; `*usable`: a CUDA target can be built and measured here. */
void pike_inventory_read(struct pike_findings *out, bool *usable,
			 const struct pike_inventory *s);
/* In the toolkit at `root`, else in PATH; "" when it is not there. */
void pike_tool_path(char out[300], const char *root, const char *name);
/* "libnvrtc.so.13.0.88" -> 13000; 0: no number in it. */
int pike_nvrtc_number(const char *path);

#endif
