/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_search: the tuner against random search at equal numbers of
 * measurements, on recorded tables, over 20 seeds. The figure is the best time
 * found over the best time there is.
 *
 *	bench_search [FOLDER [NAME...]]
 */
#include "base/fs.h"
#include "base/mem.h"
#include "tables/replay.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	SEEDS = 20,
	BUDGETS = 4,
};
static const size_t budgets[BUDGETS] = { 10, 20, 40, 80 };

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const double *sorted)
{
	return (sorted[SEEDS / 2 - 1] + sorted[SEEDS / 2]) / 2;
}

static void print(const char *name, const char *strategy, size_t n,
		  const double *v)
{
	printf("{\"bench\":\"search-%s%s\",\"n\":%zu,\"unit\":\"ratio\","
	       "\"median\":%.4f,\"min\":%.4f,\"max\":%.4f}\n",
	       name, strategy, n, median(v), v[0], v[SEEDS - 1]);
}

static void measure(double v[BUDGETS][SEEDS], const struct table *t,
		    const char *strategy)
{
	for (int s = 0; s < SEEDS; s++) {
		double out[BUDGETS];

		replay(out, t, strategy_named(strategy), (uint64_t)s + 1,
		       budgets, BUDGETS);
		for (int b = 0; b < BUDGETS; b++)
			v[b][s] = out[b];
	}
	for (int b = 0; b < BUDGETS; b++)
		qsort(v[b], SEEDS, sizeof(double), by_value);
}

static int bench(const char *folder, const char *name)
{
	static double tune[BUDGETS][SEEDS], control[BUDGETS][SEEDS];
	struct pike_err err = PIKE_ERR_INIT;
	struct table t;
	char path[4096];
	int ret;

	snprintf(path, sizeof(path), "%s/%s.tsv", folder, name);
	ret = table_read(&t, path, &err);
	if (ret) {
		fprintf(stderr, "bench_search: %s\n", err.text);
		goto out;
	}
	measure(tune, &t, "tune");
	measure(control, &t, "random");
	for (int b = 0; b < BUDGETS; b++) {
		print(name, "", budgets[b], tune[b]);
		print(name, "-random", budgets[b], control[b]);
		fprintf(stderr,
			"%-10s %5zu %6.2fx %5zu %9.3f [%5.3f, %5.3f] %9.3f "
			"[%5.3f, %5.3f]\n",
			name, t.n, t.base / t.best, budgets[b], median(tune[b]),
			tune[b][0], tune[b][SEEDS - 1], median(control[b]),
			control[b][0], control[b][SEEDS - 1]);
	}
out:
	table_release(&t);
	return ret;
}

int main(int argc, char **argv)
{
	static const char *const all[] = { "sgemm", "softmax", "layernorm",
					   "conv3x3", "scan" };
	char *own =
	    pike_xasprintf("%s/../../tests/bench/tables", pike_exe_dir());
	const char *folder = argc > 1 ? argv[1] : own;
	int ret = 0;

	fprintf(stderr,
		"best found / best there is, median [least, greatest] of %d "
		"seeds\n%-10s %5s %7s %5s %25s %25s\n",
		SEEDS, "table", "size", "gain", "n", "tune", "random");
	for (int i = 2; i < argc && !ret; i++)
		ret = bench(folder, argv[i]);
	for (size_t i = 0; argc < 3 && i < PIKE_ARRAY_LEN(all) && !ret; i++)
		ret = bench(folder, all[i]);
	free(own);
	return ret ? 1 : 0;
}
