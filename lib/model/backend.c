/* SPDX-License-Identifier: Apache-2.0 */
/* backend: the table of what targets must say. */
#include "model/backend.h"

#include "base/mem.h"

#include <string.h>

static const struct pike_backend_rules rows[] = {
	{
	    .name = "cpu",
	    .signature = true,
	    .cflags = true,
	    .compiler = true,
	},
	{
	    .name = "cuda",
	    .signature = true,
	    .gpu = true,
	    .cold = true,
	    .source = { ".cu", NULL, "a source ends in .cu" },
	    .header = { ".cuh", ".h", "a header ends in .cuh or .h" },
	    .reference = { ".cu", ".c",
			   "a reference ends in .cu, or in .c where it is for "
			   "the host" },
	},
	{
	    .name = "torch",
	    .defines = "ModelNew",
	    .python = true,
	    .baselines = "eager compile",
	    .absent = true,
	    .source = { ".py", NULL, "a source ends in .py" },
	    .header = { ".py", NULL, "a header ends in .py" },
	    .reference = { ".py", NULL, "a reference ends in .py" },
	},
};

const struct pike_backend_rules *pike_backend_rules_at(size_t i)
{
	return i < PIKE_ARRAY_LEN(rows) ? &rows[i] : NULL;
}

const struct pike_backend_rules *pike_backend_rules_find(const char *name)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(rows); i++)
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	return NULL;
}
