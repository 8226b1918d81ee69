/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of the driver that cuda.c leaves out: each succeeds and does
 * nothing. In a file of its own, where no other declaration of them is seen. */
#include "device/cuda_priv.h"

#define REST(member, name, args)                                               \
	int name();                                                            \
	__attribute__((weak)) int name()                                       \
	{                                                                      \
		return 0;                                                      \
	}
PIKE_CU_FUNCTIONS(REST)
