/* SPDX-License-Identifier: Apache-2.0 */
/* kinds: in which registers the arguments of a call are passed. */
#include "device/conn_priv.h"

static int kind_of(uint8_t *out, const struct pike_arg *arg,
		   enum pike_real real, struct pike_err *err)
{
	*out = PIKE_K_BUFFER;
	if (arg->dir != PIKE_SCALAR)
		return 0;
	*out = PIKE_K_INT;
	if (!pike_dtype_is_float(arg->dtype))
		return 0;
	*out = PIKE_K_F64;
	if (real == PIKE_REAL_DOUBLE || arg->dtype == PIKE_F64)
		return 0;
	*out = PIKE_K_F32;
	if (arg->dtype == PIKE_F32)
		return 0;
	return pike_fail(err, PIKE_USAGE,
			 "argument '%s': a scalar of type %s cannot be passed; "
			 "make it f32",
			 arg->name, pike_dtype_name(arg->dtype));
}

int pike_call_kinds(uint8_t kinds[], const struct pike_target *t,
		    enum pike_real real, struct pike_err *err)
{
	unsigned ints = 0, floats = 0;

	for (size_t i = 0; i < t->nargs; i++) {
		uint8_t kind;
		int rc = kind_of(&kind, &t->args[i], real, err);

		if (rc)
			return rc;
		if (kind >= PIKE_K_F32)
			floats++;
		else
			ints++;
		if (ints > PIKE_CALL_INTS || floats > PIKE_CALL_FLOATS)
			return pike_fail(err, PIKE_USAGE,
					 "target '%s' has too many arguments; "
					 "at most %d buffers and integers and "
					 "%d float scalars",
					 t->name, PIKE_CALL_INTS,
					 PIKE_CALL_FLOATS);
		kinds[i] = kind;
	}
	return 0;
}
