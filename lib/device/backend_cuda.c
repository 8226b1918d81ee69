/* SPDX-License-Identifier: Apache-2.0 */
/* backend_cuda: the row of device code for NVIDIA's GPUs. */
#include "device/conn_priv.h"

#include "base/text.h"

/* A reference in C is one for the host, whatever the target is for. */
static void reference(struct pike_reference *out,
		      const struct pike_files *files)
{
	*out = (struct pike_reference){ .kind = PIKE_REFERENCE_JUDGE,
					.backend = "cuda" };
	for (size_t i = 0; i < files->n; i++)
		if (pike_ends_with(files->v[i].path, ".c"))
			*out = (struct pike_reference){
				.kind = PIKE_REFERENCE_RUNNER, .backend = "cpu"
			};
}

const struct pike_backend pike_backend_cuda = {
	.name = "cuda",
	.runner = "pike-run-cuda",
	.traits = { .device_code_only = true,
		    .memory = PIKE_ON_GPU,
		    .noise = PIKE_NOISE_GPU,
		    .single_call = true,
		    .slow_start = true,
		    .clears = true,
		    .sustains = true,
		    .tools = true },
	.find = pike_cuda_find,
	.find_arch = pike_cuda_find_arch,
	.plan = pike_cuda_plan,
	.compiled = pike_cuda_compiled,
	.ceilings = pike_cuda_ceilings,
	.needs = pike_cuda_needs,
	.reference = reference,
	.conn = &pike_conn_cuda,
};
