/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile: what a profiler is asked of a kernel, and who checks it; what they
 * said stands in a result's resources (see pike_confirm_opts).
 */
#ifndef PIKE_MODEL_PROFILE_H
#define PIKE_MODEL_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

/* The metrics (of `ncu --query-metrics`): how the tool calls them and how
 * people do. More rows than the fourteen, since some of those are several
 * numbers. */
struct pike_metric {
	const char *name, *label;
	enum pike_metric_unit {
		PIKE_METRIC_NS,
		PIKE_METRIC_PERCENT,
		PIKE_METRIC_BYTES,
		PIKE_METRIC_COUNT,
		PIKE_METRIC_RATIO,
	} unit;
	/* A reason why warps wait, in warps for each that goes on; of these
	 * people are told the largest. */
	bool stall;
};
extern const struct pike_metric pike_metrics[];
size_t pike_metrics_n(void);
const struct pike_metric *pike_metric_find(const char *name); /* or NULL */

/* Of the names above, those that are looked for one by one. */
#define PIKE_METRIC_TIME "gpu__time_duration.sum"
#define PIKE_METRIC_SM "sm__throughput.avg.pct_of_peak_sustained_elapsed"
#define PIKE_METRIC_DRAM "dram__throughput.avg.pct_of_peak_sustained_elapsed"
#define PIKE_METRIC_READ "dram__bytes_read.sum"
#define PIKE_METRIC_WRITTEN "dram__bytes_write.sum"
#define PIKE_METRIC_OCCUPANCY                                                  \
	"sm__warps_active.avg.pct_of_peak_sustained_active"
#define PIKE_METRIC_USED                                                       \
	"smsp__sass_average_data_bytes_per_sector_mem_global_op_ld.pct"
#define PIKE_METRIC_SPILLS "l1tex__t_sectors_pipe_lsu_mem_local_op_ld.sum"
#define PIKE_METRIC_WAVES "launch__waves_per_multiprocessor"

enum pike_checker {
	PIKE_MEMCHECK,	/* out of bounds, misaligned */
	PIKE_INITCHECK, /* global memory that nobody wrote */
	PIKE_RACECHECK, /* shared memory */
	PIKE_SYNCCHECK, /* barriers */
	PIKE_CHECKERS,
};
const char *pike_checker_name(enum pike_checker c); /* "memcheck" */

#endif
