/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes what the build of a PyTorch reference has written down: tensors that
 * are read from it have sizes that fit together. */
#include "base/json.h"
#include "device/device.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct pike_tensor *t)
{
	size_t n = 1;

	if (!t->name || t->ndims > PIKE_DIMS_MAX ||
	    t->dtype >= PIKE_DTYPE_COUNT)
		abort();
	for (size_t i = 0; i < t->ndims; i++)
		n *= (size_t)t->dims[i];
	if (!n || n != t->shape.elems || n % t->shape.row ||
	    t->bytes != n * pike_dtype_size(t->dtype))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct pike_target target = { .name = (char *)"t",
					    .backend = (char *)"torch" };
	const struct pike_case c = { .text = (char *)"default" };
	struct pike_json *j = pike_json_parse((const char *)data, size, NULL);
	struct pike_tensors l;

	if (!pike_device_tensors(&l, &target, &c, j, NULL)) {
		for (size_t i = 0; i < l.n; i++)
			check(&l.v[i]);
		pike_tensors_release(&l);
	}
	pike_json_free(j);
	return 0;
}
