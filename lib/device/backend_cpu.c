/* SPDX-License-Identifier: Apache-2.0 */
/* backend_cpu: the row of kernels in C. */
#include "device/conn_priv.h"

const struct pike_backend pike_backend_cpu = {
	.name = "cpu",
	.traits = { .steady = true },
	.runner = "pike-run-cpu",
	.find = pike_cpu_find,
	.plan = pike_cpu_plan,
	.exact = &pike_cpu_exact,
	.ceilings = pike_cpu_ceilings,
	.conn = &pike_conn_cpu,
};
