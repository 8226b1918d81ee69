/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The declarations of lib/device/cuda_priv.h against the headers that they
 * stand for. The Makefile gives their folder where there is one; without it
 * every test is skipped, by name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "left_out.h"

#ifndef __has_include
#define __has_include(x) 0
#endif
#if __has_include(<cuda.h>)
/* Declares the older versions of functions too. */
#define __CUDA_API_VERSION_INTERNAL
#include <cuda.h>
#undef __CUDA_API_VERSION_INTERNAL
#define HAVE_CUDA
#endif
#if __has_include(<nvrtc.h>)
#include <nvrtc.h>
#define HAVE_NVRTC
#endif
#if __has_include(<nvml.h>)
#define NVML_NO_UNVERSIONED_FUNC_DEFS
#include <nvml.h>
#define HAVE_NVML
#endif

#if __has_include(<cuda_occupancy.h>)
#include <cuda_occupancy.h>
#define HAVE_OCCUPANCY
#endif

#include "device/cuda_priv.h"
#include "device/device_priv.h"

#include "base/mem.h"

#include <string.h>

#ifndef HAVE_CUDA
static void values(void **state)
{
	(void)state;
	left_out("cuda.h is not here: it comes with the CUDA toolkit");
}
#define layouts values
#define prototypes values
#else

#define VALUE(ours, theirs)                                                    \
	{                                                                      \
#theirs, ours, (int)theirs                                     \
	}
static const struct {
	const char *name;
	int ours, theirs;
} constants[] = {
	VALUE(CU_OK, CUDA_SUCCESS),
	VALUE(CU_E_INVALID, CUDA_ERROR_INVALID_VALUE),
	VALUE(CU_E_MEMORY, CUDA_ERROR_OUT_OF_MEMORY),
	VALUE(CU_E_NO_DEVICE, CUDA_ERROR_NO_DEVICE),
	VALUE(CU_E_NO_BINARY, CUDA_ERROR_NO_BINARY_FOR_GPU),
	VALUE(CU_E_SYSTEM, CUDA_ERROR_OPERATING_SYSTEM),
	VALUE(CU_E_NOT_FOUND, CUDA_ERROR_NOT_FOUND),
	VALUE(CU_E_NOT_READY, CUDA_ERROR_NOT_READY),
	VALUE(CU_E_ADDRESS, CUDA_ERROR_ILLEGAL_ADDRESS),
	VALUE(CU_E_RESOURCES, CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES),
	VALUE(CU_E_TIMEOUT, CUDA_ERROR_LAUNCH_TIMEOUT),
	VALUE(CU_E_ASSERT, CUDA_ERROR_ASSERT),
	VALUE(CU_E_STACK, CUDA_ERROR_HARDWARE_STACK_ERROR),
	VALUE(CU_E_INSTRUCTION, CUDA_ERROR_ILLEGAL_INSTRUCTION),
	VALUE(CU_E_MISALIGNED, CUDA_ERROR_MISALIGNED_ADDRESS),
	VALUE(CU_E_SPACE, CUDA_ERROR_INVALID_ADDRESS_SPACE),
	VALUE(CU_E_PC, CUDA_ERROR_INVALID_PC),
	VALUE(CU_E_LAUNCH, CUDA_ERROR_LAUNCH_FAILED),
	VALUE(CU_E_NOT_STARTED, CUDA_ERROR_SYSTEM_NOT_READY),
	VALUE(CU_E_MISMATCH, CUDA_ERROR_SYSTEM_DRIVER_MISMATCH),
	VALUE(CU_E_COMPAT, CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE),
	VALUE(CU_E_UNKNOWN, CUDA_ERROR_UNKNOWN),
	VALUE(CU_A_THREADS_PER_BLOCK,
	      CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK),
	VALUE(CU_A_SM_COUNT, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
	VALUE(CU_A_COMPUTE_MODE, CU_DEVICE_ATTRIBUTE_COMPUTE_MODE),
	VALUE(CU_A_ECC, CU_DEVICE_ATTRIBUTE_ECC_ENABLED),
	VALUE(CU_A_L2_BYTES, CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE),
	VALUE(CU_A_THREADS_PER_SM,
	      CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR),
	VALUE(CU_A_MAJOR, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
	VALUE(CU_A_MINOR, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
	VALUE(CU_A_SHARED_PER_SM,
	      CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR),
	VALUE(CU_A_REGS_PER_SM,
	      CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR),
	VALUE(CU_A_PAGEABLE, CU_DEVICE_ATTRIBUTE_PAGEABLE_MEMORY_ACCESS),
	VALUE(CU_A_SHARED_OPTIN,
	      CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN),
	VALUE(CU_A_VMM,
	      CU_DEVICE_ATTRIBUTE_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED),
	VALUE(CU_A_POSIX_FD,
	      CU_DEVICE_ATTRIBUTE_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR_SUPPORTED),
	VALUE(CU_A_BLOCKS_PER_SM,
	      CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR),
	VALUE(CU_A_CLUSTERS, CU_DEVICE_ATTRIBUTE_CLUSTER_LAUNCH),
	VALUE(CU_MODE_DEFAULT, CU_COMPUTEMODE_DEFAULT),
	VALUE(CU_MODE_PROHIBITED, CU_COMPUTEMODE_PROHIBITED),
	VALUE(CU_MODE_EXCLUSIVE, CU_COMPUTEMODE_EXCLUSIVE_PROCESS),
	VALUE(CU_F_THREADS, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK),
	VALUE(CU_F_SHARED, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES),
	VALUE(CU_F_CONST, CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES),
	VALUE(CU_F_LOCAL, CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES),
	VALUE(CU_F_REGS, CU_FUNC_ATTRIBUTE_NUM_REGS),
	VALUE(CU_F_DYNAMIC_SHARED,
	      CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES),
	VALUE(CU_F_WIDE_CLUSTERS,
	      CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED),
	VALUE(CU_L_STACK, CU_LIMIT_STACK_SIZE),
	VALUE(CU_L_PRINTF, CU_LIMIT_PRINTF_FIFO_SIZE),
	VALUE(CU_L_HEAP, CU_LIMIT_MALLOC_HEAP_SIZE),
	VALUE(CU_L_PERSISTING, CU_LIMIT_PERSISTING_L2_CACHE_SIZE),
	VALUE(CU_CTX_SPIN, CU_CTX_SCHED_SPIN),
	VALUE(CU_STREAM_ASIDE, CU_STREAM_NON_BLOCKING),
	VALUE(CU_HOST_MAPPED, CU_MEMHOSTALLOC_DEVICEMAP),
	VALUE(CU_PINNED, CU_MEM_ALLOCATION_TYPE_PINNED),
	VALUE(CU_ON_DEVICE, CU_MEM_LOCATION_TYPE_DEVICE),
	VALUE(CU_POSIX_FD, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR),
	VALUE(CU_READ, CU_MEM_ACCESS_FLAGS_PROT_READ),
	VALUE(CU_READ_WRITE, CU_MEM_ACCESS_FLAGS_PROT_READWRITE),
	VALUE(CU_ATTR_CLUSTER, CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION),
};

static void values(void **state)
{
	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(constants); i++)
		if (constants[i].ours != constants[i].theirs)
			fail_msg("%s is %d, not %d", constants[i].name,
				 constants[i].theirs, constants[i].ours);
}

#define SIZE(ours, theirs)                                                     \
	{                                                                      \
#theirs, sizeof(ours), sizeof(theirs)                          \
	}
#define PLACE(ours, a, theirs, b)                                              \
	{                                                                      \
#theirs "." #b, offsetof(ours, a), offsetof(theirs, b)         \
	}
static const struct {
	const char *name;
	size_t ours, theirs;
} places[] = {
	SIZE(cu_ptr, CUdeviceptr),
	SIZE(cu_handle, CUmemGenericAllocationHandle),
	SIZE(int, CUdevice),
	SIZE(cu_result, CUresult),
	SIZE(cu_device_attr, CUdevice_attribute),
	SIZE(cu_func_attr, CUfunction_attribute),
	SIZE(cu_limit_kind, CUlimit),
	SIZE(cu_grain_kind, CUmemAllocationGranularity_flags),
	SIZE(cu_share_kind, CUmemAllocationHandleType),
	SIZE(cu_map_type, CUtensorMapDataType),
	SIZE(struct cu_uuid, CUuuid),
	SIZE(struct cu_location, CUmemLocation),
	PLACE(struct cu_location, type, CUmemLocation, type),
	PLACE(struct cu_location, id, CUmemLocation, id),
	SIZE(struct cu_mem_prop, CUmemAllocationProp),
	PLACE(struct cu_mem_prop, type, CUmemAllocationProp, type),
	PLACE(struct cu_mem_prop, handle_types, CUmemAllocationProp,
	      requestedHandleTypes),
	PLACE(struct cu_mem_prop, location, CUmemAllocationProp, location),
	PLACE(struct cu_mem_prop, win32, CUmemAllocationProp,
	      win32HandleMetaData),
	PLACE(struct cu_mem_prop, compression, CUmemAllocationProp,
	      allocFlags.compressionType),
	PLACE(struct cu_mem_prop, usage, CUmemAllocationProp, allocFlags.usage),
	SIZE(struct cu_access, CUmemAccessDesc),
	PLACE(struct cu_access, location, CUmemAccessDesc, location),
	PLACE(struct cu_access, flags, CUmemAccessDesc, flags),
	SIZE(struct cu_attr, CUlaunchAttribute),
	PLACE(struct cu_attr, id, CUlaunchAttribute, id),
	PLACE(struct cu_attr, value.cluster, CUlaunchAttribute,
	      value.clusterDim),
	PLACE(struct cu_attr, value.cluster[2], CUlaunchAttribute,
	      value.clusterDim.z),
	SIZE(struct cu_launch, CUlaunchConfig),
	PLACE(struct cu_launch, grid, CUlaunchConfig, gridDimX),
	PLACE(struct cu_launch, grid[2], CUlaunchConfig, gridDimZ),
	PLACE(struct cu_launch, block, CUlaunchConfig, blockDimX),
	PLACE(struct cu_launch, block[2], CUlaunchConfig, blockDimZ),
	PLACE(struct cu_launch, shared, CUlaunchConfig, sharedMemBytes),
	PLACE(struct cu_launch, stream, CUlaunchConfig, hStream),
	PLACE(struct cu_launch, attrs, CUlaunchConfig, attrs),
	PLACE(struct cu_launch, nattrs, CUlaunchConfig, numAttrs),
	SIZE(struct cu_tensor_map, CUtensorMap),
};

static void layouts(void **state)
{
	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(places); i++)
		if (places[i].ours != places[i].theirs)
			fail_msg("%s is %zu, not %zu", places[i].name,
				 places[i].theirs, places[i].ours);
	/* 64 until CUDA 12, 128 since 13 */
	assert_int_equal(_Alignof(struct cu_tensor_map) % _Alignof(CUtensorMap),
			 0);
}
#endif

struct prototype {
	const char *name;
	int same;
};
/* The rows of cuda_priv.h, read with the headers' own types. */
#define SAME(result, name, args)                                               \
	{ #name,                                                               \
	  __builtin_types_compatible_p(__typeof__(&name), result(*) args) },
#define CU_SAME(member, name, args) SAME(CUresult, name, args)
#define NVRTC_SAME(member, name, args) SAME(nvrtcResult, name, args)
#define NVML_SAME(member, name, args) SAME(nvmlReturn_t, name, args)

__attribute__((unused)) static void compare(const struct prototype *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!p[i].same)
			fail_msg("%s has another prototype", p[i].name);
}

#ifdef HAVE_CUDA
#define cu_result CUresult
#define cu_device_attr CUdevice_attribute
#define cu_func_attr CUfunction_attribute
#define cu_limit_kind CUlimit
#define cu_grain_kind CUmemAllocationGranularity_flags
#define cu_share_kind CUmemAllocationHandleType
#define cu_map_type CUtensorMapDataType
#define cu_map_interleave CUtensorMapInterleave
#define cu_map_swizzle CUtensorMapSwizzle
#define cu_map_l2 CUtensorMapL2promotion
#define cu_map_fill CUtensorMapFloatOOBfill
#define cu_ctx CUcontext
#define cu_module CUmodule
#define cu_func CUfunction
#define cu_stream CUstream
#define cu_event CUevent
#define cu_uuid CUuuid_st
#define cu_mem_prop CUmemAllocationProp_st
#define cu_access CUmemAccessDesc_st
#define cu_launch CUlaunchConfig_st
#define cu_tensor_map CUtensorMap_st

static void prototypes(void **state)
{
	static const struct prototype p[] = { PIKE_CU_FUNCTIONS(CU_SAME)
						  PIKE_CU_OPTIONAL(CU_SAME) };

	(void)state;
	compare(p, PIKE_ARRAY_LEN(p));
}
#endif

static void nvrtc(void **state)
{
	(void)state;
#ifdef HAVE_NVRTC
#define cu_program nvrtcProgram
	static const struct prototype p[] = { PIKE_NVRTC_FUNCTIONS(
	    NVRTC_SAME) };

	compare(p, PIKE_ARRAY_LEN(p));
	assert_int_equal(sizeof(nvrtcResult), sizeof(int));
	assert_int_equal(NVRTC_SUCCESS, 0);
#else
	left_out("nvrtc.h is not here: it comes with the CUDA toolkit");
#endif
}

static void nvml(void **state)
{
	(void)state;
#ifdef HAVE_NVML
#define cu_nvml_device nvmlDevice_t
#define cu_nvml_clock nvmlClockType_t
#define cu_nvml_switch nvmlEnableState_t
	static const struct prototype p[] = { PIKE_NVML_FUNCTIONS(NVML_SAME) };

	compare(p, PIKE_ARRAY_LEN(p));
	assert_int_equal(sizeof(nvmlReturn_t), sizeof(int));
	assert_int_equal(sizeof(nvmlEnableState_t), sizeof(int));
	assert_int_equal(NVML_SUCCESS, 0);
	assert_int_equal(NVML_CLOCK_SM, CU_NVML_SM);
	assert_int_equal(NVML_FEATURE_ENABLED, 1);
#else
	left_out("nvml.h is not here: it comes with the CUDA toolkit");
#endif
}

#ifdef HAVE_OCCUPANCY
static const struct {
	const char *name;
	unsigned bit;
} limiters[] = {
	{ "threads", OCC_LIMIT_WARPS },
	{ "registers", OCC_LIMIT_REGISTERS },
	{ "shared", OCC_LIMIT_SHARED_MEMORY },
	{ "blocks", OCC_LIMIT_BLOCKS },
};

/* What NVIDIA's calculator says of one launch on an H100. */
static int calculate(cudaOccResult *r, int threads, int regs, int shared)
{
	static const cudaOccDeviceProp h100 = {
		.computeMajor = 9,
		.maxThreadsPerBlock = 1024,
		.maxThreadsPerMultiprocessor = 2048,
		.regsPerBlock = 65536,
		.regsPerMultiprocessor = 65536,
		.warpSize = 32,
		.sharedMemPerBlock = 49152,
		.sharedMemPerMultiprocessor = 233472,
		.numSms = 132,
		.sharedMemPerBlockOptin = 232448,
		.reservedSharedMemPerBlock = 1024,
	};
	cudaOccFuncAttributes f = {
		.maxThreadsPerBlock = 1024,
		.numRegs = regs,
		.partitionedGCConfig = PARTITIONED_GC_OFF,
		.shmemLimitConfig = FUNC_SHMEM_LIMIT_OPTIN,
		.maxDynamicSharedSizeBytes = 232448,
	};
	cudaOccDeviceState state = { .carveoutConfig =
					 SHAREDMEM_CARVEOUT_MAX_SHARED };

	return cudaOccMaxActiveBlocksPerMultiprocessor(r, &h100, &f, &state,
						       threads, (size_t)shared);
}

static void agree(int threads, int regs, int shared, size_t *n)
{
	static const struct pike_sm sm = { 2048, 32, 65536, 233472 };
	struct pike_occupancy o = { .threads = (uint32_t)threads,
				    .registers = (uint32_t)regs,
				    .shared = (uint32_t)shared };
	const char *name;
	cudaOccResult r;

	if (calculate(&r, threads, regs, shared) ||
	    !r.activeBlocksPerMultiprocessor)
		return;
	o.blocks = r.activeBlocksPerMultiprocessor;
	assert_int_equal(pike_occupancy_blocks(&sm, &o), o.blocks);
	name = pike_occupancy_limiter(&sm, &o);
	for (size_t i = 0; name && i < PIKE_ARRAY_LEN(limiters); i++)
		if (!strcmp(limiters[i].name, name) &&
		    r.limitingFactors & limiters[i].bit) {
			++*n;
			return;
		}
	fail_msg("%d threads, %d registers, %d bytes: %s, not factors %#x",
		 threads, regs, shared, name ? name : "none",
		 (unsigned)r.limitingFactors);
}

static void occupancy(void **state)
{
	size_t n = 0;

	(void)state;
	for (int threads = 16; threads <= 1024; threads += 48)
		for (int regs = 16; regs <= 255; regs += 13)
			for (int shared = 0; shared < 230000; shared += 3333)
				agree(threads, regs, shared, &n);
	assert_true(n > 10000);
}
#else
static void occupancy(void **state)
{
	(void)state;
	left_out(
	    "cuda_occupancy.h is not here: it comes with the CUDA toolkit");
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),     cmocka_unit_test(layouts),
		cmocka_unit_test(prototypes), cmocka_unit_test(nvrtc),
		cmocka_unit_test(nvml),	      cmocka_unit_test(occupancy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
