/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a box takes from the wish to have one until nothing of it is left,
 * around a runner that finds its socket closed and goes. One JSON line on
 * stdout, one line for people on stderr. Also the compile box around `true`,
 * and freezing.
 */
#include "device/device.h"
#include "sandbox/sandbox.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define RUNS 100

static int cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void say(const char *name, double *ms, int n)
{
	qsort(ms, (size_t)n, sizeof(*ms), cmp);
	printf("{\"bench\":\"%s\",\"n\":%d,\"unit\":\"ms\",\"median\":%.3f,"
	       "\"min\":%.3f,\"max\":%.3f}\n",
	       name, n, ms[n / 2], ms[0], ms[n - 1]);
	fprintf(stderr, "%-16s median %.2f ms, %.2f to %.2f, %d times\n", name,
		ms[n / 2], ms[0], ms[n - 1], n);
}

static double since(int64_t start)
{
	return (double)(pike_now_ns() - start) / 1e6;
}

/* From start to the end of one box; < 0 when it went wrong. */
static double once(struct pike_box_opts *o, bool run, struct pike_err *err)
{
	struct pike_box_end end;
	struct pike_box *b = NULL;
	int64_t start = pike_now_ns();
	double ms = -1;
	int pair[2];

	if (run) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
			return -1;
		o->sock = pair[1];
	}
	if (!pike_box_start(&b, o, err)) {
		if (run) {
			close(pair[0]);
			close(pair[1]);
			run = false;
		}
		if (!pike_box_wait(&end, b, -1, err)) {
			if (end.why == PIKE_BOX_EXITED && !end.status)
				ms = since(start);
			pike_box_end_release(&end);
		}
	}
	if (run) {
		close(pair[0]);
		close(pair[1]);
	}
	pike_box_free(b);
	return ms;
}

static int boxes(const char *name, struct pike_box_opts *o, bool run)
{
	struct pike_err err = PIKE_ERR_INIT;
	double ms[RUNS];

	for (int i = -3; i < RUNS; i++) {
		double t = once(o, run, &err);

		if (t < 0) {
			fprintf(stderr, "%s: %s\n", name, err.text);
			return -1;
		}
		if (i >= 0)
			ms[i] = t;
	}
	say(name, ms, RUNS);
	return 0;
}

static int freezing(struct pike_box_opts *o)
{
	static const char *const argv[] = { "sleep", "60", NULL };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_box *b = NULL;
	double ms[RUNS];
	int rc = -1;

	o->argv = argv;
	if (pike_box_start(&b, o, &err))
		goto out;
	for (int i = 0; i < RUNS; i++) {
		int64_t start = pike_now_ns();

		if (pike_box_freeze(b, true, &err) ||
		    pike_box_freeze(b, false, &err))
			goto out;
		ms[i] = since(start);
	}
	say("sandbox-freeze", ms, RUNS);
	rc = 0;
out:
	if (rc)
		fprintf(stderr, "freeze: %s\n", err.text);
	pike_box_free(b);
	return rc;
}

int main(void)
{
	struct pike_isolation_info info;
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_buf path;
	const char *runner[] = { NULL, NULL };
	static const char *const truth[] = { "true", NULL };
	struct pike_box_opts run = { .kind = PIKE_BOX_RUN,
				     .argv = runner,
				     .out_fd = -1,
				     .sock = -1,
				     .wall_ms = 60000 };
	struct pike_box_opts compile = { .kind = PIKE_BOX_COMPILE,
					 .argv = truth,
					 .out_fd = -1,
					 .sock = -1,
					 .wall_ms = 60000 };
	int rc = 1;

	pike_buf_init(&path, 8192);
	if (pike_isolation_probe(&info, &err) ||
	    pike_box_helper(&path, pike_runner_name("cpu"), &err)) {
		fprintf(stderr, "%s\n", err.text);
		goto out;
	}
	runner[0] = path.s;
	run.require = compile.require = info.level;
	if (!boxes("sandbox", &run, true) &&
	    !boxes("sandbox-compile", &compile, false) && !freezing(&compile))
		rc = 0;
out:
	pike_buf_release(&path);
	return rc;
}
