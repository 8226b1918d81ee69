/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resources: what a GPU result says beside its times: the launches with what
 * each needs of an SM, and how near the first case comes to the ceilings that
 * were measured with it. All from the result itself, so that it can be read
 * anywhere.
 */
#include "report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Below this share of both ceilings it is not they that bind. */
#define FAR 0.5
#define KERNEL_WIDTH 18

static void bytes_cell(struct pike_table *t, int64_t n)
{
	if (n < 1024)
		pike_table_cellf(t, "%lld B", (long long)n);
	else
		pike_table_cellf(t, "%.1f KiB", (double)n / 1024);
}

/* A template's name can be of any length; --json has it whole. */
static void kernel_cell(struct pike_table *t, const char *name)
{
	if (pike_text_width(name) <= KERNEL_WIDTH)
		pike_table_cell(t, name);
	else
		pike_table_cellf(t, "%.*s...", KERNEL_WIDTH - 3, name);
}

static void share_cell(struct pike_table *t, double share)
{
	if (share > 0)
		pike_table_cellf(t, "%.0f %%", 100 * share);
	else
		pike_table_cell(t, "-");
}

static void launch_row(struct pike_table *t, const struct pike_json *l)
{
	double share = pike_json_f64(l, "occupancy", 0);
	double waves = pike_json_f64(l, "waves", 0);

	pike_table_cellf(t, "%lld",
			 (long long)pike_json_i64(l, "registers", 0));
	bytes_cell(t, pike_json_i64(l, "spill_bytes", 0));
	bytes_cell(t, pike_json_i64(l, "shared", 0) +
			  pike_json_i64(l, "dynamic_shared", 0));
	pike_table_cellf(t, "%lld",
			 (long long)pike_json_i64(l, "blocks_per_sm", 0));
	share_cell(t, share);
	pike_table_cell(t, pike_json_str(l, "limiter", "-"));
	if (waves > 0)
		pike_table_cellf(t, "%.1f", waves);
	else
		pike_table_cell(t, "-");
	kernel_cell(t, pike_json_str(l, "kernel", "-"));
}

static void launches_text(struct pike_buf *b, const struct pike_json *list)
{
	static const struct pike_column cols[] = {
		{ .title = "regs", .right = true },
		{ .title = "spill", .right = true },
		{ .title = "shared", .right = true },
		{ .title = "blk/SM", .right = true },
		{ .title = "occ.", .right = true },
		{ .title = "limiter" },
		{ .title = "waves", .right = true },
		{ .title = "kernel" },
	};
	struct pike_table t;

	if (!pike_json_len(list))
		return;
	pike_buf_adds(b, "resources, a row for each launch of the first "
			 "case:\n");
	pike_table_init(&t, cols, sizeof(cols) / sizeof(cols[0]));
	for (size_t i = 0; i < pike_json_len(list); i++)
		launch_row(&t, pike_json_at(list, i));
	pike_table_print(b, &t, PIKE_WIDTH);
	pike_table_release(&t);
}

/* "3890.1 GB/s, 91 % of the measured copy"; the share, 0: unknown. */
static double rate_text(struct pike_buf *b, double rate, double peak,
			const char *unit, const char *of)
{
	double share = peak > 0 ? rate * 1e9 / peak : 0;

	if (!(rate > 0))
		return 0;
	pike_buf_addf(b, "%s%.1f %s", b->len ? "; " : "", rate, unit);
	if (share > 0)
		pike_buf_addf(b, ", %.0f %% of %s", 100 * share, of);
	return share;
}

static const char *bound(double memory, double compute)
{
	if (memory < FAR && compute < FAR)
		return "; bound by neither ceiling: latency, too little work "
		       "at a time, or more traffic than the target declares";
	return memory >= compute ? "; bound by memory" : "; bound by compute";
}

static void roofline_text(struct pike_buf *b, const struct pike_json *x)
{
	struct pike_buf line;
	double memory, compute;

	pike_buf_init(&line, 1024);
	memory = rate_text(&line, pike_json_f64(x, "gbps", 0),
			   pike_json_f64(x, "copy_bps", 0), "GB/s",
			   "the measured copy bandwidth");
	compute = rate_text(&line, pike_json_f64(x, "gflops", 0),
			    pike_json_f64(x, "fma_flops", 0), "GFLOP/s",
			    "the measured f32 FMA peak");
	if (memory > 0 || compute > 0)
		pike_buf_adds(&line, bound(memory, compute));
	if (line.len) {
		pike_buf_adds(b, "roofline: ");
		pike_wrap_from(b, line.s, 10, 10, PIKE_WIDTH);
		pike_buf_addc(b, '\n');
	}
	pike_buf_release(&line);
}

#define KINDS_MAX 64
#define KINDS_SHOWN 10

struct kind {
	const char *name;
	int64_t n;
};

static int by_count(const void *p, const void *q)
{
	const struct kind *a = p, *b = q;

	if (a->n != b->n)
		return a->n < b->n ? 1 : -1;
	return strcmp(a->name, b->name);
}

/* "812 instructions: FFMA 256, LDS 128, ...": the most frequent ones. */
static void census_text(struct pike_buf *b, const struct pike_json *sass)
{
	struct kind v[KINDS_MAX];
	struct pike_buf line;
	const char *key;
	size_t n = 0, before;

	for (size_t i = 0; n < KINDS_MAX && (key = pike_json_key(sass, i)); i++)
		if (strcmp(key, "all") != 0)
			v[n++] =
			    (struct kind){ key, pike_json_i64(sass, key, 0) };
	if (!n)
		return;
	qsort(v, n, sizeof(*v), by_count);
	pike_buf_init(&line, 1024);
	for (size_t i = 0; i < n && i < KINDS_SHOWN; i++)
		pike_buf_addf(&line, "%s%.20s %lld", i ? ", " : "", v[i].name,
			      (long long)v[i].n);
	before = b->len;
	pike_buf_addf(b, "machine code: %lld instructions: ",
		      (long long)pike_json_i64(sass, "all", 0));
	pike_wrap_from(b, line.s, b->len - before, 14, PIKE_WIDTH);
	pike_buf_addc(b, '\n');
	pike_buf_release(&line);
}

void pike_resources_text(struct pike_buf *b, const struct pike_result *r)
{
	double mhz = pike_json_f64(r->resources, "sm_mhz", 0);

	launches_text(b, pike_json_get(r->resources, "launches"));
	census_text(b, pike_json_get(r->resources, "sass"));
	roofline_text(b, r->extra);
	if (mhz > 0)
		pike_buf_addf(b, "SM clock: %.0f MHz, %.0f MHz for the base\n",
			      mhz,
			      pike_json_f64(r->resources, "sm_mhz_base", 0));
}

/* ---- compiled only ---- */

/* "4096", "64x8x2": without trailing ones. */
static void dims_cell(struct pike_table *t, const struct pike_json *v)
{
	double d[3] = { 1, 1, 1 };

	for (size_t i = 0; i < 3; i++)
		d[i] = pike_json_as_f64(pike_json_at(v, i), 1);
	if (d[2] > 1)
		pike_table_cellf(t, "%.0fx%.0fx%.0f", d[0], d[1], d[2]);
	else if (d[1] > 1)
		pike_table_cellf(t, "%.0fx%.0f", d[0], d[1]);
	else
		pike_table_cellf(t, "%.0f", d[0]);
}

static void kernel_row(struct pike_table *t, const struct pike_json *k)
{
	static const char *const sizes[] = { "stack", "spill_stores",
					     "spill_loads", "shared",
					     "constant" };
	int64_t registers = pike_json_i64(k, "registers", 0);

	if (registers)
		pike_table_cellf(t, "%lld", (long long)registers);
	else
		pike_table_cell(t, "-");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (registers)
			bytes_cell(t, pike_json_i64(k, sizes[i], 0));
		else
			pike_table_cell(t, "-");
	kernel_cell(t, pike_json_str(k, "kernel", "-"));
}

static void kernels_text(struct pike_buf *b, const struct pike_json *list)
{
	static const struct pike_column cols[] = {
		{ .title = "regs", .right = true },
		{ .title = "stack", .right = true },
		{ .title = "stores", .right = true },
		{ .title = "loads", .right = true },
		{ .title = "shared", .right = true },
		{ .title = "constant", .right = true },
		{ .title = "kernel" },
	};
	struct pike_table t;

	pike_buf_adds(b, "kernels (stores and loads: of spilled "
			 "registers):\n");
	pike_table_init(&t, cols, sizeof(cols) / sizeof(cols[0]));
	for (size_t i = 0; i < pike_json_len(list); i++)
		kernel_row(&t, pike_json_at(list, i));
	pike_table_print(b, &t, PIKE_WIDTH);
	pike_table_release(&t);
}

static void planned_row(struct pike_table *t, const struct pike_json *l)
{
	int64_t blocks = pike_json_i64(l, "blocks_per_sm", -1);

	dims_cell(t, pike_json_get(l, "grid"));
	dims_cell(t, pike_json_get(l, "block"));
	bytes_cell(t, pike_json_i64(l, "dynamic_shared", 0));
	if (blocks >= 0)
		pike_table_cellf(t, "%lld", (long long)blocks);
	else
		pike_table_cell(t, "-");
	share_cell(t, pike_json_f64(l, "occupancy", 0));
	pike_table_cell(t, pike_json_str(l, "limiter", "-"));
	kernel_cell(t, pike_json_str(l, "kernel", "-"));
}

static void case_text(struct pike_buf *b, const struct pike_json *c)
{
	static const struct pike_column cols[] = {
		{ .title = "grid", .right = true },
		{ .title = "block", .right = true },
		{ .title = "dyn.shared", .right = true },
		{ .title = "blk/SM", .right = true },
		{ .title = "occ.", .right = true },
		{ .title = "limiter" },
		{ .title = "kernel" },
	};
	const struct pike_json *list = pike_json_get(c, "launches");
	struct pike_table t;

	pike_buf_adds(b, "launches of case ");
	pike_wrap_from(b, pike_json_str(c, "case", "-"), 17, 4, PIKE_WIDTH);
	pike_buf_adds(b, ":\n");
	pike_table_init(&t, cols, sizeof(cols) / sizeof(cols[0]));
	for (size_t i = 0; i < pike_json_len(list); i++)
		planned_row(&t, pike_json_at(list, i));
	pike_table_print(b, &t, PIKE_WIDTH);
	pike_table_release(&t);
}

void pike_compiled_text(struct pike_buf *b, const struct pike_result *r)
{
	const struct pike_json *cases = pike_json_get(r->resources, "cases");
	const char *arch = pike_json_str(r->resources, "arch", NULL);

	if (arch)
		pike_buf_addf(b, "compiles for %s; not run\n", arch);
	else
		pike_buf_adds(b, "compiles; not run\n");
	if (!arch)
		return;
	kernels_text(b, pike_json_get(r->resources, "kernels"));
	for (size_t i = 0; i < pike_json_len(cases); i++)
		case_text(b, pike_json_at(cases, i));
}
