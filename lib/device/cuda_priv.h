/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cuda: the only door to the CUDA driver, NVRTC and NVML, each by dlopen, so
 * that one program runs with and without a GPU and builds without CUDA's
 * headers. The names, values and layouts are those of cuda.h, nvrtc.h and
 * nvml.h (stable since CUDA 12); a unit test compares them with the headers
 * where those are installed.
 */
#ifndef PIKE_DEVICE_CUDA_PRIV_H
#define PIKE_DEVICE_CUDA_PRIV_H

#include "base/err.h"
#include "device/nvml_priv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef unsigned long long cu_ptr;
typedef unsigned long long cu_handle; /* CUmemGenericAllocationHandle */
typedef struct cu_ctx_st *cu_ctx;
typedef struct cu_module_st *cu_module;
typedef struct cu_func_st *cu_func;
typedef struct cu_stream_st *cu_stream;
typedef struct cu_event_st *cu_event;
/* Enumerations: as wide as int, each under a name of its own. */
typedef int cu_result, cu_device_attr, cu_func_attr, cu_limit_kind;
typedef int cu_grain_kind, cu_share_kind;
typedef int cu_map_type, cu_map_interleave, cu_map_swizzle, cu_map_l2,
    cu_map_fill;
typedef void *cu_program; /* nvrtcProgram */

enum { /* CUresult */
	CU_OK = 0,
	CU_E_INVALID = 1,
	CU_E_MEMORY = 2,
	CU_E_NO_DEVICE = 100,
	CU_E_NO_BINARY = 209,
	CU_E_SYSTEM = 304, /* OPERATING_SYSTEM */
	CU_E_NOT_FOUND = 500,
	CU_E_NOT_READY = 600,
	CU_E_ADDRESS = 700,
	CU_E_RESOURCES = 701,
	CU_E_TIMEOUT = 702,
	CU_E_ASSERT = 710,
	CU_E_STACK = 714,
	CU_E_INSTRUCTION = 715,
	CU_E_MISALIGNED = 716,
	CU_E_SPACE = 717,
	CU_E_PC = 718,
	CU_E_LAUNCH = 719,
	CU_E_NOT_STARTED = 802, /* SYSTEM_NOT_READY */
	CU_E_MISMATCH = 803,	/* SYSTEM_DRIVER_MISMATCH */
	CU_E_COMPAT = 804,	/* COMPAT_NOT_SUPPORTED_ON_DEVICE */
	CU_E_UNKNOWN = 999,
};
enum { /* CUdevice_attribute */
	CU_A_THREADS_PER_BLOCK = 1,
	CU_A_SM_COUNT = 16,
	CU_A_COMPUTE_MODE = 20,
	CU_A_ECC = 32,
	CU_A_L2_BYTES = 38,
	CU_A_THREADS_PER_SM = 39,
	CU_A_MAJOR = 75,
	CU_A_MINOR = 76,
	CU_A_SHARED_PER_SM = 81,
	CU_A_REGS_PER_SM = 82,
	CU_A_PAGEABLE = 88,
	CU_A_SHARED_OPTIN = 97,
	CU_A_VMM = 102,
	CU_A_POSIX_FD = 103,
	CU_A_BLOCKS_PER_SM = 106,
	CU_A_CLUSTERS = 120,
};
enum { /* CUcomputemode */
	CU_MODE_DEFAULT = 0,
	CU_MODE_PROHIBITED = 2,
	CU_MODE_EXCLUSIVE = 3,
};
enum { /* CUfunction_attribute */
	CU_F_THREADS = 0,
	CU_F_SHARED = 1,
	CU_F_CONST = 2,
	CU_F_LOCAL = 3,
	CU_F_REGS = 4,
	CU_F_DYNAMIC_SHARED = 8,
	CU_F_WIDE_CLUSTERS = 14,
};
enum { /* CUlimit */
	CU_L_STACK = 0,
	CU_L_PRINTF = 1,
	CU_L_HEAP = 2,
	CU_L_PERSISTING = 6,
};
enum {
	CU_CTX_SPIN = 1,
	CU_STREAM_ASIDE = 1, /* CU_STREAM_NON_BLOCKING */
	CU_HOST_MAPPED = 2,
	CU_PINNED = 1,	  /* CU_MEM_ALLOCATION_TYPE_PINNED */
	CU_ON_DEVICE = 1, /* CU_MEM_LOCATION_TYPE_DEVICE */
	CU_POSIX_FD = 1,
	CU_READ = 1,
	CU_READ_WRITE = 3,
	CU_ATTR_CLUSTER = 4,
};

struct cu_uuid {
	unsigned char bytes[16];
};
struct cu_location {
	int type, id;
};
struct cu_mem_prop {
	int type, handle_types;
	struct cu_location location;
	void *win32;
	unsigned char compression, rdma;
	unsigned short usage;
	unsigned char reserved[4];
};
struct cu_access {
	struct cu_location location;
	int flags;
};
struct cu_attr {
	int id;
	char pad[4];
	union {
		char pad[64];
		unsigned cluster[3];
	} value;
};
struct cu_launch {
	unsigned grid[3], block[3], shared;
	cu_stream stream;
	struct cu_attr *attrs;
	unsigned nattrs;
};
struct cu_tensor_map { /* 64 would do, but CUDA 13 declares 128 */
	uint64_t opaque[16];
} __attribute__((aligned(128)));

/* Driver API functions: result, name in cuda.h with its version, arguments.
 * Every copy and every memset names its stream. Those without one are work of
 * the default stream, for which a stream made with CU_STREAM_ASIDE does not
 * wait, and a copy out of pageable memory may return while it is still on its
 * way (CUDA Driver API, "API synchronization behavior"). */
#define PIKE_CU_FUNCTIONS(F)                                                   \
	F(init, cuInit, (unsigned))                                            \
	F(driver_version, cuDriverGetVersion, (int *))                         \
	F(error_name, cuGetErrorName, (cu_result, const char **))              \
	F(error_text, cuGetErrorString, (cu_result, const char **))            \
	F(device_count, cuDeviceGetCount, (int *))                             \
	F(device_get, cuDeviceGet, (int *, int))                               \
	F(device_name, cuDeviceGetName, (char *, int, int))                    \
	F(device_uuid, cuDeviceGetUuid_v2, (struct cu_uuid *, int))            \
	F(device_attr, cuDeviceGetAttribute, (int *, cu_device_attr, int))     \
	F(device_memory, cuDeviceTotalMem_v2, (size_t *, int))                 \
	F(device_bus, cuDeviceGetPCIBusId, (char *, int, int))                 \
	F(ctx_create, cuCtxCreate_v2, (cu_ctx *, unsigned, int))               \
	F(ctx_destroy, cuCtxDestroy_v2, (cu_ctx))                              \
	F(ctx_sync, cuCtxSynchronize, (void))                                  \
	F(ctx_limit, cuCtxSetLimit, (cu_limit_kind, size_t))                   \
	F(ctx_reset_l2, cuCtxResetPersistingL2Cache, (void))                   \
	F(module_load, cuModuleLoadData, (cu_module *, const void *))          \
	F(module_unload, cuModuleUnload, (cu_module))                          \
	F(module_func, cuModuleGetFunction,                                    \
	  (cu_func *, cu_module, const char *))                                \
	F(module_global, cuModuleGetGlobal_v2,                                 \
	  (cu_ptr *, size_t *, cu_module, const char *))                       \
	F(func_attr, cuFuncGetAttribute, (int *, cu_func_attr, cu_func))       \
	F(func_set, cuFuncSetAttribute, (cu_func, cu_func_attr, int))          \
	F(launch, cuLaunchKernelEx,                                            \
	  (const struct cu_launch *, cu_func, void **, void **))               \
	F(occupancy, cuOccupancyMaxActiveBlocksPerMultiprocessor,              \
	  (int *, cu_func, int, size_t))                                       \
	F(stream_new, cuStreamCreate, (cu_stream *, unsigned))                 \
	F(stream_sync, cuStreamSynchronize, (cu_stream))                       \
	F(stream_query, cuStreamQuery, (cu_stream))                            \
	F(stream_free, cuStreamDestroy_v2, (cu_stream))                        \
	F(event_new, cuEventCreate, (cu_event *, unsigned))                    \
	F(event_record, cuEventRecord, (cu_event, cu_stream))                  \
	F(event_elapsed, cuEventElapsedTime, (float *, cu_event, cu_event))    \
	F(event_free, cuEventDestroy_v2, (cu_event))                           \
	F(mem_info, cuMemGetInfo_v2, (size_t *, size_t *))                     \
	F(mem_alloc, cuMemAlloc_v2, (cu_ptr *, size_t))                        \
	F(mem_free, cuMemFree_v2, (cu_ptr))                                    \
	F(host_alloc, cuMemHostAlloc, (void **, size_t, unsigned))             \
	F(host_free, cuMemFreeHost, (void *))                                  \
	F(host_ptr, cuMemHostGetDevicePointer_v2,                              \
	  (cu_ptr *, void *, unsigned))                                        \
	F(to_device, cuMemcpyHtoDAsync_v2,                                     \
	  (cu_ptr, const void *, size_t, cu_stream))                           \
	F(to_host, cuMemcpyDtoHAsync_v2, (void *, cu_ptr, size_t, cu_stream))  \
	F(copy, cuMemcpyDtoDAsync_v2, (cu_ptr, cu_ptr, size_t, cu_stream))     \
	F(set8, cuMemsetD8Async, (cu_ptr, unsigned char, size_t, cu_stream))   \
	F(set32, cuMemsetD32Async, (cu_ptr, unsigned, size_t, cu_stream))      \
	F(vmm_grain, cuMemGetAllocationGranularity,                            \
	  (size_t *, const struct cu_mem_prop *, cu_grain_kind))               \
	F(vmm_create, cuMemCreate,                                             \
	  (cu_handle *, size_t, const struct cu_mem_prop *,                    \
	   unsigned long long))                                                \
	F(vmm_release, cuMemRelease, (cu_handle))                              \
	F(vmm_reserve, cuMemAddressReserve,                                    \
	  (cu_ptr *, size_t, size_t, cu_ptr, unsigned long long))              \
	F(vmm_unreserve, cuMemAddressFree, (cu_ptr, size_t))                   \
	F(vmm_map, cuMemMap,                                                   \
	  (cu_ptr, size_t, size_t, cu_handle, unsigned long long))             \
	F(vmm_unmap, cuMemUnmap, (cu_ptr, size_t))                             \
	F(vmm_access, cuMemSetAccess,                                          \
	  (cu_ptr, size_t, const struct cu_access *, size_t))                  \
	F(vmm_export, cuMemExportToShareableHandle,                            \
	  (void *, cu_handle, cu_share_kind, unsigned long long))              \
	F(vmm_import, cuMemImportFromShareableHandle,                          \
	  (cu_handle *, void *, cu_share_kind))

/* Not in every driver: NULL where it is missing. */
#define PIKE_CU_OPTIONAL(F)                                                    \
	F(func_param, cuFuncGetParamInfo,                                      \
	  (cu_func, size_t, size_t *, size_t *))                               \
	F(tensor_map, cuTensorMapEncodeTiled,                                  \
	  (struct cu_tensor_map *, cu_map_type, uint32_t, void *,              \
	   const uint64_t *, const uint64_t *, const uint32_t *,               \
	   const uint32_t *, cu_map_interleave, cu_map_swizzle, cu_map_l2,     \
	   cu_map_fill))                                                       \
	F(clusters, cuOccupancyMaxActiveClusters,                              \
	  (int *, cu_func, const struct cu_launch *))

#define PIKE_CU_MEMBER(member, name, args) int(*member) args;
struct pike_cu {
	PIKE_CU_FUNCTIONS(PIKE_CU_MEMBER)
	PIKE_CU_OPTIONAL(PIKE_CU_MEMBER)
};
/* The driver's functions, loaded and initialised once; the path is the
 * library's, NULL: found by the loader. PIKE_FAILED with the remedy: no
 * driver, no device, a driver that is too old. */
int pike_cu_open(const struct pike_cu **out, const char *path,
		 struct pike_err *err);
/* The real path of the driver's library; static, NULL before it is open. */
const char *pike_cu_path(void);
/* PIKE_FAILED "what: CUDA_ERROR_X (text)"; 0 for 0. */
int pike_cu_fail(struct pike_err *err, int rc, const char *what);

/* Loads machine code, and waits until its variables have the values of its
 * image: how the driver writes them is not told, nor on which stream. */
int pike_cu_load(cu_module *out, const struct pike_cu *cu, const void *image);

struct pike_device_info;
/* What the driver tells of its i-th device. */
int pike_cuda_read(struct pike_device_info *out, const struct pike_cu *cu,
		   int index, struct pike_err *err);

/* ---- NVRTC ---- */

#define PIKE_NVRTC_FUNCTIONS(F)                                                \
	F(version, nvrtcVersion, (int *, int *))                               \
	F(create, nvrtcCreateProgram,                                          \
	  (cu_program *, const char *, const char *, int, const char *const *, \
	   const char *const *))                                               \
	F(destroy, nvrtcDestroyProgram, (cu_program *))                        \
	F(add_name, nvrtcAddNameExpression, (cu_program, const char *))        \
	F(compile, nvrtcCompileProgram,                                        \
	  (cu_program, int, const char *const *))                              \
	F(log_size, nvrtcGetProgramLogSize, (cu_program, size_t *))            \
	F(log, nvrtcGetProgramLog, (cu_program, char *))                       \
	F(cubin_size, nvrtcGetCUBINSize, (cu_program, size_t *))               \
	F(cubin, nvrtcGetCUBIN, (cu_program, char *))                          \
	F(ptx_size, nvrtcGetPTXSize, (cu_program, size_t *))                   \
	F(ptx, nvrtcGetPTX, (cu_program, char *))                              \
	F(lowered, nvrtcGetLoweredName,                                        \
	  (cu_program, const char *, const char **))

struct pike_nvrtc {
	PIKE_NVRTC_FUNCTIONS(PIKE_CU_MEMBER)
};
/* `path` and `builtins` as a toolkit's. */
int pike_nvrtc_open(const struct pike_nvrtc **out, const char *path,
		    const char *builtins, struct pike_err *err);

/* Where the toolkit lies: CUDA_HOME, CUDA_PATH, /usr/local/cuda... A folder
 * with include/cuda_fp16.h and NVRTC in lib64 or lib. PIKE_FAILED with the
 * remedy. Static strings. */
struct pike_toolkit {
	char root[256], include[256];
	char nvrtc[300]; /* the library's path */
	char
	    builtins[300]; /* that of its second half, "" where there is none */
	char disassembler[300]; /* "" when it is not there */
};
int pike_toolkit_find(const struct pike_toolkit **out, struct pike_err *err);

#endif
