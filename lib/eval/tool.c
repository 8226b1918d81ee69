/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tool: the tool starts the runner, so it is the tool that is in the box, and
 * the runner's socket goes through it. Arguments are files: what a tool knows
 * of memory ends where its process does.
 */
#include "eval/tool_priv.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOG_MAX (1u << 20)
/* A tool that holds a GPU takes its time to end. */
#define END_MS 10000

/* ---- arguments ---- */

int pike_tool_file(struct pike_region *out, size_t bytes, const void *data,
		   struct pike_err *err)
{
	int ret;

	*out =
	    (struct pike_region){ .fd = -1, .bytes = bytes, .mapped = bytes };
	ret = pike_memfd(&out->fd, "argument", data ? 0 : bytes, err);
	if (!ret && data)
		ret = pike_write_all(out->fd, data, bytes, err);
	return ret;
}

int pike_tool_case_make(struct pike_tool_case *out, struct pike_pool *p,
			size_t set, struct pike_err *err)
{
	const struct pike_layout *l = &out->layout;
	int ret = pike_layout_make(&out->layout, p->j, p->layout.c, err);

	out->args = pike_xcalloc(l->n + 1, sizeof(*out->args));
	for (size_t i = 0; i < l->n; i++)
		out->args[i].fd = -1;
	if (!ret)
		ret = pike_pool_fetch(p, set, err);
	for (size_t i = 0; !ret && i < l->n; i++) {
		const struct pike_tensor *a = &l->v[i];

		if (a->dir == PIKE_SCALAR)
			out->args[i].offset = (size_t)l->v[i].value;
		else
			ret = pike_tool_file(&out->args[i], l->v[i].bytes,
					     pike_tensor_is_input(a)
						 ? pike_pool_input(p, set, i)
						 : NULL,
					     err);
	}
	return ret;
}

void pike_tool_case_release(struct pike_tool_case *c)
{
	for (size_t i = 0; c->args && i < c->layout.n; i++)
		if (c->args[i].fd >= 0)
			close(c->args[i].fd);
	free(c->args);
	pike_layout_release(&c->layout);
	memset(c, 0, sizeof(*c));
}

/* ---- a run ---- */

struct process {
	struct pike_box *box;
	struct pike_conn *conn;
	int log;
	int64_t until;
};

static int left_ms(const struct process *g)
{
	int64_t left = (g->until - pike_now_ns()) / 1000000;

	return left > 0 ? (int)left : 0;
}

static int start_box(struct process *g, int sock, struct pike_judge *j,
		     const struct pike_tool_job *job, struct pike_err *err)
{
	struct pike_strs folders = PIKE_STRS_INIT, nodes = PIKE_STRS_INIT;
	struct pike_box_opts o = {
		.kind = PIKE_BOX_TOOL,
		.argv = (const char *const *)job->argv->v,
		.runner = j->runner.s,
		.output = PIKE_TOOL_LOG,
		.out_fd = g->log,
		.out_max = LOG_MAX,
		.sock = sock,
		.wall_ms = PIKE_TOOL_MS + END_MS,
		.threads = 4,
		.visible = j->dev.uuid,
		.require = PIKE_I2,
	};
	int ret;

	pike_device_needs(&folders, &nodes, &j->dev);
	pike_strs_push(&folders, job->tool->folder);
	o.folders = (const char *const *)folders.v;
	o.devices = (const char *const *)nodes.v;
	ret = pike_box_start(&g->box, &o, err);
	pike_strs_release(&folders);
	pike_strs_release(&nodes);
	return ret;
}

static int start(struct process *g, struct pike_judge *j,
		 const struct pike_tool_job *job, struct pike_err *err)
{
	int pair[2], ret = pike_memfd(&g->log, "log", 0, err);

	if (ret)
		return ret;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return pike_fail_errno(err, PIKE_FATAL,
				       "cannot make a socket pair");
	ret = start_box(g, pair[1], j, job, err);
	close(pair[1]);
	if (!ret)
		ret = pike_conn_open(&g->conn, pair[0], j->t, &j->dev,
				     j->runner_kernels, true, err);
	if (ret)
		close(pair[0]);
	return ret;
}

static int call(struct process *g, struct pike_judge *j,
		const struct pike_tool_job *job, struct pike_err *err)
{
	struct pike_object object = pike_build_object(job->build);
	enum pike_verdict how;
	struct pike_timed s;
	int ret = pike_conn_load(g->conn, &object, left_ms(g), &how, err);

	for (size_t i = 0; !ret && i < job->n; i++) {
		struct pike_call c = { .args = job->cases[i].args };
		struct pike_bind b = pike_layout_bind(&job->cases[i].layout);

		if (pike_judge_stopped(j))
			return pike_fail(err, PIKE_RETRY, "interrupted");
		ret = pike_conn_bind(g->conn, &b, &c, 1, left_ms(g), &how, err);
		if (!ret)
			ret = pike_conn_run(&s, g->conn, 0, 1, 0, left_ms(g),
					    &how, err);
	}
	return ret;
}

static void read_log(struct pike_buf *out, int fd)
{
	char *text = pike_xmalloc(LOG_MAX);
	ssize_t n = pread(fd, text, LOG_MAX, 0);

	if (n > 0)
		pike_buf_add(out, text, (size_t)n);
	free(text);
}

/* Its runner has no more questions, so it ends by itself. */
static int finish(struct pike_tool_said *out, struct process *g,
		  struct pike_err *err)
{
	struct pike_box_end end;
	int ret;

	pike_conn_close(g->conn);
	g->conn = NULL;
	ret = pike_box_wait(&end, g->box, left_ms(g) + END_MS, err);
	if (ret)
		return ret;
	read_log(&out->log, g->log);
	if (!out->log.len)
		pike_buf_add(&out->log, end.log.s, end.log.len);
	pike_box_end_release(&end);
	return 0;
}

void pike_tool_run(struct pike_tool_said *out, struct pike_judge *j,
		   const struct pike_tool_job *job)
{
	struct process g = { .log = -1,
			     .until =
				 pike_now_ns() + PIKE_TOOL_MS * 1000000LL };
	struct pike_err err = PIKE_ERR_INIT, late = PIKE_ERR_INIT;
	int ret;

	memset(out, 0, sizeof(*out));
	pike_buf_init(&out->log, LOG_MAX);
	if (pike_judge_stopped(j))
		ret = pike_fail(&err, PIKE_RETRY, "interrupted");
	else
		ret = start(&g, j, job, &err);
	if (!ret)
		ret = call(&g, j, job, &err);
	out->called = !ret;
	if (ret)
		snprintf(out->why, sizeof(out->why), "%.500s", err.text);
	ret = g.box ? finish(out, &g, &late) : 0;
	out->called = out->called && !ret;
	/* What the box says comes first: it may not even have begun. */
	if (ret && ret != PIKE_RETRY)
		snprintf(out->why, sizeof(out->why), "%.500s", late.text);
	else if (ret && !out->why[0])
		snprintf(out->why, sizeof(out->why),
			 "it did not end within %d s", PIKE_TOOL_MS / 1000);
	pike_conn_close(g.conn);
	pike_box_free(g.box);
	if (g.log >= 0)
		close(g.log);
}

void pike_tool_said_release(struct pike_tool_said *s)
{
	pike_buf_release(&s->log);
}
