/* SPDX-License-Identifier: Apache-2.0 */
/* profile: the tables of metrics and checkers. */
#include "model/profile.h"

#include "base/mem.h"

#include <string.h>

#define METRIC(NAME, LABEL, UNIT)                                              \
	{                                                                      \
		.name = NAME, .label = LABEL, .unit = PIKE_METRIC_##UNIT       \
	}
#define STALL(NAME, LABEL)                                                     \
	{                                                                      \
		.name = "smsp__average_warps_issue_stalled_" NAME              \
			"_per_issue_active.ratio",                             \
		.label = LABEL, .unit = PIKE_METRIC_RATIO, .stall = true       \
	}

const struct pike_metric pike_metrics[] = {
	METRIC(PIKE_METRIC_TIME, "time under the profiler", NS),
	METRIC(PIKE_METRIC_SM, "SM, of its peak", PERCENT),
	METRIC(
	    "gpu__compute_memory_throughput.avg.pct_of_peak_sustained_elapsed",
	    "memory, of its peak", PERCENT),
	METRIC(PIKE_METRIC_DRAM, "DRAM, of its peak", PERCENT),
	METRIC(PIKE_METRIC_READ, "read from DRAM", BYTES),
	METRIC(PIKE_METRIC_WRITTEN, "written to DRAM", BYTES),
	METRIC("lts__t_sector_hit_rate.pct", "hits in L2", PERCENT),
	METRIC("l1tex__t_sector_hit_rate.pct", "hits in L1", PERCENT),
	METRIC(PIKE_METRIC_OCCUPANCY, "occupancy reached", PERCENT),
	METRIC("smsp__issue_active.avg.pct_of_peak_sustained_active",
	       "issue slots used", PERCENT),
	METRIC("sm__pipe_tensor_cycles_active.avg.pct_of_peak_sustained_active",
	       "tensor cores busy", PERCENT),
	METRIC(PIKE_METRIC_USED, "bytes used of sectors read", PERCENT),
	METRIC("smsp__sass_average_data_bytes_per_sector_mem_global_op_st.pct",
	       "bytes used of sectors written", PERCENT),
	METRIC("l1tex__data_bank_conflicts_pipe_lsu.sum",
	       "bank conflicts in shared memory", COUNT),
	METRIC(PIKE_METRIC_SPILLS, "sectors read of spills", COUNT),
	METRIC(PIKE_METRIC_WAVES, "waves", RATIO),
	METRIC("launch__registers_per_thread", "registers a thread", COUNT),
	STALL("long_scoreboard", "for global or local memory"),
	STALL("short_scoreboard", "for shared memory"),
	STALL("barrier", "at barriers"),
	STALL("membar", "at memory fences"),
	STALL("mio_throttle", "for the queue to shared memory"),
	STALL("lg_throttle", "for the queue to global memory"),
	STALL("math_pipe_throttle", "for arithmetic units"),
	STALL("wait", "a fixed number of cycles"),
	STALL("sleeping", "asleep"),
	STALL("gmma", "for tensor cores"),
};

size_t pike_metrics_n(void)
{
	return PIKE_ARRAY_LEN(pike_metrics);
}

const struct pike_metric *pike_metric_find(const char *name)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(pike_metrics); i++)
		if (!strcmp(pike_metrics[i].name, name))
			return &pike_metrics[i];
	return NULL;
}

static const char *const checkers[PIKE_CHECKERS] = {
	[PIKE_MEMCHECK] = "memcheck",
	[PIKE_INITCHECK] = "initcheck",
	[PIKE_RACECHECK] = "racecheck",
	[PIKE_SYNCCHECK] = "synccheck",
};

const char *pike_checker_name(enum pike_checker c)
{
	return checkers[c];
}
