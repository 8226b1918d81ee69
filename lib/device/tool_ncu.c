/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tool_ncu: the profiler's log read: lines of its own that begin with ==, and
 * among them a table of comma-separated values, quoted, whose first row has the
 * names of the columns and whose second has units.
 */
#include "device/tools.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Beside those asked for there are hundreds about the device. */
#define COLUMNS_MAX 2048
#define CELL_MAX 256

static int metric_of(const char *name)
{
	for (size_t i = 0; i < pike_metrics_n(); i++)
		if (!strcmp(pike_metrics[i].name, name))
			return (int)i;
	return -1;
}

/* ---- a row ---- */

/* One cell, "quoted" or plain; what is too long is cut. Where the next one
 * begins, or NULL at the end of the row. */
static const char *cell(char out[CELL_MAX], const char *s, const char *end)
{
	bool quoted = s < end && *s == '"';
	size_t n = 0;

	s += quoted;
	for (; s < end; s++) {
		if (quoted && *s == '"' && (s + 1 >= end || s[1] != '"'))
			break;
		if (!quoted && *s == ',')
			break;
		s += quoted && *s == '"'; /* "" is one */
		if (n < CELL_MAX - 1)
			out[n++] = *s;
	}
	out[n] = '\0';
	while (s < end && *s != ',')
		s++;
	return s < end ? s + 1 : NULL;
}

/* "1,234.5", with what separates thousands left out. */
static bool number(double *out, const char *s)
{
	char plain[64];
	size_t n = 0;

	for (; *s && n < sizeof(plain) - 1; s++)
		if (*s != ',')
			plain[n++] = *s;
	plain[n] = '\0';
	return !*s && pike_parse_f64(plain, out);
}

/* ---- the table ---- */

struct table {
	int metric[COLUMNS_MAX]; /* index in pike_metrics, or -1 */
	size_t columns, kernel;
	bool ok;
};

/* The row of names is the one that names a kernel's column. */
static void read_names(struct table *t, const char *s, const char *end)
{
	char text[CELL_MAX];
	bool kernel = false;

	t->columns = 0;
	while (s && t->columns < COLUMNS_MAX) {
		s = cell(text, s, end);
		if (!strcmp(text, "Kernel Name")) {
			t->kernel = t->columns;
			kernel = true;
		}
		t->metric[t->columns++] = metric_of(text);
	}
	t->ok = kernel;
}

/* NULL: a row without numbers of ours, as that of the units is. */
static struct pike_json *read_values(const struct table *t, const char *s,
				     const char *end)
{
	struct pike_json *j = pike_json_object();
	char text[CELL_MAX];
	struct pike_buf clean;
	bool any = false;
	double v;

	for (size_t i = 0; s && i < t->columns; i++) {
		s = cell(text, s, end);
		if (i == t->kernel) {
			pike_buf_init(&clean, 1024);
			pike_sanitize(&clean, text, strlen(text));
			pike_json_set_str(j, "kernel", clean.s ? clean.s : "");
			pike_buf_release(&clean);
		} else if (t->metric[i] >= 0 && number(&v, text)) {
			pike_json_set_f64(j, pike_metrics[t->metric[i]].name,
					  v);
			any = true;
		}
	}
	if (any)
		return j;
	pike_json_free(j);
	return NULL;
}

struct pike_json *pike_profile_read(const char *log)
{
	struct pike_json *list = pike_json_array(), *one;
	struct table *t = pike_xcalloc(1, sizeof(*t));

	while (*log && pike_json_len(list) < PIKE_PROFILED) {
		const char *end = log + strcspn(log, "\n");

		if (*log == '"' && !t->ok) {
			read_names(t, log, end);
		} else if (*log == '"') {
			one = read_values(t, log, end);
			if (one)
				pike_json_push(list, one);
		}
		log = end + (*end == '\n');
	}
	free(t);
	return list;
}

void pike_profile_unknown(struct pike_strs *out, const char *log)
{
	for (; *log; log += *log == '\n') {
		size_t n = strcspn(log, "\n");

		for (size_t i = 0;
		     pike_starts_with(log, "==ERROR==") && i < pike_metrics_n();
		     i++) {
			const char *name = pike_metrics[i].name;

			if (memmem(log, n, name, strlen(name)) &&
			    !pike_strs_has(out, name))
				pike_strs_push(out, name);
		}
		log += n;
	}
}

void pike_profile_missing(struct pike_strs *out, const struct pike_json *list)
{
	for (size_t i = 0; i < pike_metrics_n(); i++) {
		const char *name = pike_metrics[i].name;
		bool there = false;

		for (size_t k = 0; !there && k < pike_json_len(list); k++)
			there = pike_json_get(pike_json_at(list, k), name);
		if (!there && !pike_strs_has(out, name))
			pike_strs_push(out, name);
	}
}
