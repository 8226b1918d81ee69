/* SPDX-License-Identifier: Apache-2.0 */
/* nvml: what is asked of NVML, by dlopen in cuda.c. It is only ever read, and
 * nothing fails without it. */
#ifndef PIKE_DEVICE_NVML_PRIV_H
#define PIKE_DEVICE_NVML_PRIV_H

#include <stdbool.h>

typedef void *cu_nvml_device;
typedef int cu_nvml_clock, cu_nvml_switch; /* nvmlClockType_t, EnableState */

#define PIKE_NVML_FUNCTIONS(F)                                                 \
	F(init, nvmlInit_v2, (void))                                           \
	F(by_bus, nvmlDeviceGetHandleByPciBusId_v2,                            \
	  (const char *, cu_nvml_device *))                                    \
	F(clock, nvmlDeviceGetClockInfo,                                       \
	  (cu_nvml_device, cu_nvml_clock, unsigned *))                         \
	F(reasons, nvmlDeviceGetCurrentClocksThrottleReasons,                  \
	  (cu_nvml_device, unsigned long long *))                              \
	F(persistence, nvmlDeviceGetPersistenceMode,                           \
	  (cu_nvml_device, cu_nvml_switch *))                                  \
	F(mig, nvmlDeviceGetMigMode, (cu_nvml_device, unsigned *, unsigned *))

enum {
	CU_NVML_SM = 1, /* NVML_CLOCK_SM */
};
#define PIKE_NVML_MEMBER(member, name, args) int(*member) args;
struct pike_nvml {
	PIKE_NVML_FUNCTIONS(PIKE_NVML_MEMBER)
};
/* NULL when NVML is not there or does not start. */
const struct pike_nvml *pike_nvml_open(void);
/* What the modes of a GPU are; -1: unknown. */
struct pike_nvml_modes {
	int persistence, mig;
};
void pike_nvml_modes(struct pike_nvml_modes *out, const char *bus);
/* SM clock in MHz and whether the hardware throttles; false when NVML is not
 * there. `bus` as cuDeviceGetPCIBusId gives it. */
bool pike_nvml_clock(const char *bus, unsigned *mhz, bool *throttled);

#endif
