/* SPDX-License-Identifier: Apache-2.0 */
/*
 * suite: names of targets from the files of a benchmark suite laid out like
 * KernelBench: folders by level, numbered files of one model each.
 */
#ifndef PIKE_MODEL_SUITE_H
#define PIKE_MODEL_SUITE_H

#include <stdbool.h>
#include <stddef.h>

struct pike_task {
	char name[64];	 /* of a target: "l3-15-densenet121" */
	char title[128]; /* "level3/15_DenseNet121.py" */
	char level[24];	 /* "3", "3-pike" */
	long number;	 /* -1: the file has none */
	bool plain;	 /* the title may be a path, and stand in a config */
};
/* "KernelBench/level3/15_DenseNet121.py" and "level_3-pike/..." are tasks;
 * false: the file lies in no folder of a level, or is no .py file. */
bool pike_task_of(struct pike_task *out, const char *path);
/* What defines a model, by its text: "Model" and "get_inputs"; NULL, or what
 * is missing, as a phrase. */
const char *pike_task_lacks(const char *text);

#endif
