/* SPDX-License-Identifier: Apache-2.0 */
/*
 * baseline_torch: the sources of what a PyTorch model is measured beside. They
 * are judged as any candidate is, but that they are of our own making.
 */
#include "device/device_priv.h"

#include "model/baseline.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX (1 << 16)

/* The wrapper's text is part of the program. */
extern const char pike_baseline_source[];
__asm__(".pushsection .rodata\n"
	".global pike_baseline_source\n"
	"pike_baseline_source:\n"
	".incbin \"lib/device/torch/baseline.py\"\n"
	".byte 0\n"
	".popsection\n");

/* Of torch.compile; without graphs of its own, as the wrapper's replay them. */
static const char *const modes[] = {
	[PIKE_BASELINE_EAGER] = "None",
	[PIKE_BASELINE_COMPILE] = "\"default\"",
	[PIKE_BASELINE_AUTOTUNE] = "\"max-autotune-no-cudagraphs\"",
};

static int check(const struct pike_device_info *dev,
		 const struct pike_baseline *b, const char *version,
		 struct pike_err *err)
{
	if (b->kind != PIKE_BASELINE_EAGER && strtol(version, NULL, 10) < 2)
		return pike_fail(err, PIKE_FAILED,
				 "PyTorch %s has no torch.compile", version);
	if (b->graphs && pike_device_traits(dev)->memory != PIKE_ON_GPU)
		return pike_fail(err, PIKE_FAILED, "a CPU has no CUDA graphs");
	return 0;
}

int pike_torch_baseline(struct pike_files *out,
			const struct pike_device_info *dev,
			const struct pike_baseline *b, const char *version,
			struct pike_err *err)
{
	struct pike_buf text;
	int ret = check(dev, b, version, err);

	/* Without a source the reference itself is the model. */
	if (ret || (b->kind == PIKE_BASELINE_EAGER && !b->graphs))
		return ret;
	pike_buf_init(&text, TEXT_MAX);
	pike_buf_addf(&text, "MODE = %s\nGRAPHS = %s\n%s", modes[b->kind],
		      b->graphs ? "True" : "False", pike_baseline_source);
	pike_files_add(out, "pike_baseline.py", text.s, text.len);
	pike_buf_release(&text);
	return 0;
}
