/* SPDX-License-Identifier: Apache-2.0 */
/* device: what its files share. */
#ifndef PIKE_DEVICE_DEVICE_PRIV_H
#define PIKE_DEVICE_DEVICE_PRIV_H

#include "device/conn.h"

/* A backend: a row. */
struct pike_conn_ops;
struct pike_backend {
	const char *name;
	const char *runner; /* the program that runs kernels */
	struct pike_backend_traits traits;
	int (*find)(struct pike_device_info *out, struct pike_err *err);
	/* NULL: it builds for this machine only. */
	int (*find_arch)(struct pike_device_info *out, const char *arch,
			 struct pike_err *err);
	/* As pike_build_plan. */
	int (*plan)(struct pike_build_plan *out, const struct pike_target *t,
		    const struct pike_device_info *dev,
		    const struct pike_files *sources,
		    const struct pike_files *headers, enum pike_real real,
		    struct pike_err *err);
	/* As pike_device_compiled; NULL: nothing is to be told. */
	struct pike_json *(*compiled)(const struct pike_device_info *dev,
				      const struct pike_target *t,
				      const struct pike_object *o,
				      const char *log);
	int (*ceilings)(struct pike_ceilings *out,
			const struct pike_device_info *info, int threads,
			struct pike_err *err);
	/* As pike_device_needs; NULL: nothing. */
	void (*needs)(struct pike_strs *folders, struct pike_strs *nodes,
		      const struct pike_device_info *info);
	/* As pike_device_command; NULL: the runner alone, in a RUN box, or in
	 * one with a GPU where arguments lie there. */
	void (*command)(struct pike_command *out,
			const struct pike_device_info *info,
			const struct pike_target *t);
	/* As pike_device_described; NULL: nothing is. */
	int (*described)(struct pike_json **out, int *sources, int fd,
			 struct pike_err *err);
	/* As pike_device_tensors; NULL: those of the target's `arg` lines. */
	int (*tensors)(struct pike_tensors *out, const struct pike_target *t,
		       const struct pike_case *c,
		       const struct pike_json *described, struct pike_err *err);
	/* As pike_device_reference; NULL: C, in a runner of the cpu's. */
	void (*reference)(struct pike_reference *out,
			  const struct pike_files *files);
	/* As pike_device_baseline; NULL: there is none by name. */
	int (*baseline)(struct pike_files *out,
			const struct pike_device_info *dev,
			const struct pike_baseline *b, struct pike_err *err);
	const struct pike_conn_ops *conn;
	/* NULL: nothing builds for exact buffers. */
	const struct pike_exact_ops *exact;
};

/* As the functions of device.h. */
struct pike_exact_ops {
	int (*runtime)(char out[300], const struct pike_target *t,
		       struct pike_err *err);
	int (*text)(struct pike_build_plan *out, const struct pike_target *t,
		    const struct pike_files *sources, size_t i,
		    const struct pike_files *headers, struct pike_err *err);
	int (*build)(struct pike_build_plan *out, const struct pike_target *t,
		     const struct pike_files *texts, struct pike_err *err);
};
extern const struct pike_exact_ops pike_cpu_exact;

extern const struct pike_backend pike_backend_cpu, pike_backend_cuda,
    pike_backend_torch, pike_backend_torch_cpu, pike_backend_torch_cuda;
/* One row more, for tests; NULL: none. */
extern const struct pike_backend *pike_backend_extra;
/* PIKE_FAILED when this build has none of that name. */
int pike_backend_find(const struct pike_backend **out, const char *name,
		      struct pike_err *err);

/* Bytes of shared memory that are the system's, of each block, since 8.0. */
#define PIKE_SHARED_OWN 1024u
/* What a launch asks of an SM, and the blocks that the driver says fit. */
struct pike_occupancy {
	uint32_t threads, registers,
	    shared; /* of a block; of a thread; bytes */
	int blocks;
};
/* Share of the SM's threads; 0: unknown. */
double pike_occupancy_share(const struct pike_sm *sm,
			    const struct pike_occupancy *o);
/* Blocks that fit by the resources alone, 0 or more; -1: unknown. */
int pike_occupancy_blocks(const struct pike_sm *sm,
			  const struct pike_occupancy *o);
/* Which resource allows no more blocks; NULL when none explains the driver's
 * number. */
const char *pike_occupancy_limiter(const struct pike_sm *sm,
				   const struct pike_occupancy *o);

int pike_cpu_find(struct pike_device_info *out, struct pike_err *err);
/* The path of what builds a target (NULL: any that names none), as the sandbox
 * finds it. */
int pike_cpu_compiler(char out[300], const struct pike_target *t,
		      struct pike_err *err);
/* Bytes of a core's cache for data; 0: it has none of that level. */
int64_t pike_cpu_cache(int core, int level);
/* Cores only: a GPU's host code needs some too. */
void pike_cpu_cores(struct pike_device_info *out);
int pike_cpu_plan(struct pike_build_plan *out, const struct pike_target *t,
		  const struct pike_device_info *dev,
		  const struct pike_files *sources,
		  const struct pike_files *headers, enum pike_real real,
		  struct pike_err *err);
/* The compiler and its options, without files. */
int pike_cpu_flags(struct pike_strs *argv, const struct pike_target *t,
		   enum pike_real real, struct pike_err *err);
/* Where it looks for what is included. */
void pike_cpu_folders(struct pike_strs *argv, const struct pike_files *sources,
		      const struct pike_files *headers);
/* Ceilings are measured with so many threads at most. */
#define PIKE_CEILING_THREADS 64
int pike_cpu_ceilings(struct pike_ceilings *out,
		      const struct pike_device_info *info, int threads,
		      struct pike_err *err);
int pike_cuda_find(struct pike_device_info *out, struct pike_err *err);
void pike_cuda_needs(struct pike_strs *folders, struct pike_strs *nodes,
		     const struct pike_device_info *info);
int pike_cuda_find_arch(struct pike_device_info *out, const char *arch,
			struct pike_err *err);
int pike_cuda_plan(struct pike_build_plan *out, const struct pike_target *t,
		   const struct pike_device_info *dev,
		   const struct pike_files *sources,
		   const struct pike_files *headers, enum pike_real real,
		   struct pike_err *err);
struct pike_json *pike_cuda_compiled(const struct pike_device_info *dev,
				     const struct pike_target *t,
				     const struct pike_object *o,
				     const char *log);
int pike_cuda_ceilings(struct pike_ceilings *out,
		       const struct pike_device_info *info, int threads,
		       struct pike_err *err);

/* As pike_device_baseline, for a PyTorch of this version. */
int pike_torch_baseline(struct pike_files *out,
			const struct pike_device_info *dev,
			const struct pike_baseline *b, const char *version,
			struct pike_err *err);

/* Letters, digits and _=+,.:- only: safe as a word of a command. */
bool pike_plain_word(const char *s);
/* Puts files into a plan, where they are in the repository, so that an
 * #include that names one from where it stands finds it; `compile` (may be
 * NULL): files with this ending are words of the command too. */
int pike_plan_files(struct pike_build_plan *p, const struct pike_files *files,
		    const char *compile, struct pike_err *err);
/* Adds all folders that files lie in, each before those around it: a name
 * that a repository's own build finds by -I is found in one of them. */
void pike_plan_folders(struct pike_strs *out, const struct pike_files *files);

/* The register class (enum pike_arg_kind) of each argument of a call;
 * PIKE_USAGE for a target that the runner cannot call. */
int pike_call_kinds(uint8_t kinds[], const struct pike_target *t,
		    enum pike_real real, struct pike_err *err);
/* Compiler options of a target: those that name files, plugins or programs
 * are PIKE_USAGE. */
int pike_cflags_split(struct pike_strs *out, const char *cflags,
		      struct pike_err *err);

#endif
