/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mcp: commands as tools of the Model Context Protocol (2025-06-18), over
 * standard input and output, one JSON-RPC message a line.
 *
 * A tool is a command that its row marks as one; what it takes is read off the
 * command's own table of options. A call runs this program anew, so that a call
 * that fails, or is cancelled, takes nothing with it. One call runs at a time:
 * the device is one.
 */
#include "cmd.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/text.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROTOCOL "2025-06-18"
#define LINE_MAX_BYTES (1u << 20)
#define TEXT_MAX_BYTES (256u << 10)
#define WORDS_MAX 64 /* of one call */
#define CALL_MS (60 * 60 * 1000)
#define STEP_MS 50
#define WAITING_MAX 16

/* JSON-RPC 2.0, section 5.1 */
enum {
	NO_JSON = -32700,
	NO_REQUEST = -32600,
	NO_METHOD = -32601,
	BAD_PARAMS = -32602
};

struct server {
	struct pike_buf in;
	bool ended; /* of standard input */
	volatile const int *stop;
	struct pike_proc *call; /* what runs now, and its request */
	struct pike_json *request;
	struct pike_json *waiting[WAITING_MAX]; /* calls behind it */
	size_t nwaiting;
};

/* ---- messages ---- */

static void send_message(struct pike_json *j)
{
	struct pike_buf b;
	size_t done = 0;

	pike_json_set_str(j, "jsonrpc", "2.0");
	pike_buf_init(&b, 16u << 20);
	pike_json_print(&b, j);
	pike_buf_addc(&b, '\n');
	while (done < b.len) {
		ssize_t n = write(1, b.s + done, b.len - done);

		if (n < 0 && errno != EINTR)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	pike_buf_release(&b);
	pike_json_free(j);
}

/* An answer to a request, with its id; null where it has none. */
static struct pike_json *answer_to(const struct pike_json *request)
{
	const struct pike_json *id = pike_json_get(request, "id");
	struct pike_json *j = pike_json_object();

	if (id)
		pike_json_set(j, "id", pike_json_copy(id));
	else
		pike_json_set_null(j, "id");
	return j;
}

static void send_result(const struct pike_json *request,
			struct pike_json *result)
{
	struct pike_json *j = answer_to(request);

	pike_json_set(j, "result", result);
	send_message(j);
}

static void send_error(const struct pike_json *request, int code,
		       const char *text)
{
	struct pike_json *j = answer_to(request), *e = pike_json_object();

	pike_json_set_i64(e, "code", code);
	pike_json_set_str(e, "message", text);
	pike_json_set(j, "error", e);
	send_message(j);
}

/* ---- what tools there are ---- */

static const char *type_of(enum pike_opt_type type)
{
	static const char *const names[] = {
		[PIKE_OPT_BOOL] = "boolean", [PIKE_OPT_I64] = "integer",
		[PIKE_OPT_F64] = "number",   [PIKE_OPT_STR] = "string",
		[PIKE_OPT_STRS] = "array",   [PIKE_OPT_WORD] = "string",
	};

	return names[type];
}

static void set_strings(struct pike_json *j)
{
	struct pike_json *items = pike_json_object();

	pike_json_set_str(items, "type", "string");
	pike_json_set(j, "items", items);
}

static struct pike_json *schema_of(const struct pike_cmd *cmd)
{
	struct pike_json *s = pike_json_object(), *all = pike_json_object();
	struct pike_json *words = pike_json_object();

	for (const struct pike_opt *o = cmd->opts; o && o->name; o++) {
		struct pike_json *one = pike_json_object();

		if (o->person) {
			pike_json_free(one);
			continue;
		}
		pike_json_set_str(one, "type", type_of(o->type));
		pike_json_set_str(one, "description", o->help);
		if (o->type == PIKE_OPT_STRS)
			set_strings(one);
		pike_json_set(all, o->name, one);
	}
	pike_json_set_str(words, "type", "array");
	pike_json_set_str(words, "description", cmd->usage);
	set_strings(words);
	if (*cmd->usage)
		pike_json_set(all, "operands", words);
	else
		pike_json_free(words);
	pike_json_set_str(s, "type", "object");
	pike_json_set(s, "properties", all);
	pike_json_set_bool(s, "additionalProperties", false);
	return s;
}

static struct pike_json *list_tools(void)
{
	struct pike_json *r = pike_json_object(), *list = pike_json_array();

	for (const struct pike_cmd *const *c = pike_cmds; *c; c++) {
		struct pike_json *t;
		char *text;

		if (!((*c)->flags & PIKE_TOOL))
			continue;
		t = pike_json_object();
		text = pike_xasprintf("%s. %s", (*c)->summary,
				      (*c)->text ? (*c)->text : "");
		pike_json_set_str(t, "name", (*c)->name);
		pike_json_set_str(t, "description", text);
		pike_json_set(t, "inputSchema", schema_of(*c));
		pike_json_push(list, t);
		free(text);
	}
	pike_json_set(r, "tools", list);
	return r;
}

static struct pike_json *initialize(void)
{
	struct pike_json *r = pike_json_object(), *can = pike_json_object();
	struct pike_json *who = pike_json_object();

	pike_json_set(can, "tools", pike_json_object());
	pike_json_set_str(who, "name", "pike-git");
	pike_json_set_str(who, "version", PIKE_VERSION);
	pike_json_set_str(r, "protocolVersion", PROTOCOL);
	pike_json_set(r, "capabilities", can);
	pike_json_set(r, "serverInfo", who);
	pike_json_set_str(
	    r, "instructions",
	    "Judges kernels of this repository: `try` tells whether the files "
	    "that are being edited compile, are correct and are faster than "
	    "the champion, in seconds; `propose` puts a commit on the search, "
	    "where it is confirmed. Speedups that are not confirmed are no "
	    "claims.");
	return r;
}

/* ---- a call ---- */

static const struct pike_opt *option_of(const struct pike_cmd *cmd,
					const char *name)
{
	for (const struct pike_opt *o = cmd->opts; o && o->name; o++)
		if (!strcmp(o->name, name) && !o->person)
			return o;
	return NULL;
}

static int add_words(struct pike_strs *argv, const char *before,
		     const struct pike_json *list)
{
	size_t n = pike_json_len(list);

	if (n > WORDS_MAX)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const char *s = pike_json_as_str(pike_json_at(list, i), NULL);

		if (!s)
			return -1;
		pike_strs_pushf(argv, "%s%s", before, s);
	}
	return 0;
}

/* -1: it is not of the type that the option has. */
static int add_option(struct pike_strs *argv, const struct pike_opt *o,
		      const struct pike_json *args)
{
	const char *s = pike_json_str(args, o->name, NULL);
	double v = pike_json_f64(args, o->name, 1.5);
	char before[80];

	switch (o->type) {
	case PIKE_OPT_BOOL:
		if (pike_json_bool(args, o->name, false))
			pike_strs_pushf(argv, "--%s", o->name);
		return pike_json_bool(args, o->name, true) ==
			       pike_json_bool(args, o->name, false)
			   ? 0
			   : -1;
	case PIKE_OPT_STR:
	case PIKE_OPT_WORD:
		if (s)
			pike_strs_pushf(argv, "--%s=%s", o->name, s);
		return s ? 0 : -1;
	case PIKE_OPT_STRS:
		snprintf(before, sizeof(before), "--%s=", o->name);
		return add_words(argv, before, pike_json_get(args, o->name));
	default:
		if (o->type == PIKE_OPT_I64 && v != (double)(int64_t)v)
			return -1;
		pike_strs_pushf(argv, "--%s=%.17g", o->name, v);
		return 0;
	}
}

/* Options first, and no operand can be taken for one. */
static int make_argv(struct pike_strs *argv, const struct pike_cmd *cmd,
		     const struct pike_json *args, struct pike_err *err)
{
	const char *key;

	pike_strs_pushf(argv, "%s/pike-git", pike_exe_dir());
	pike_strs_push(argv, cmd->name);
	for (size_t i = 0; (key = pike_json_key(args, i)); i++) {
		const struct pike_opt *o = option_of(cmd, key);

		if (!strcmp(key, "operands"))
			continue;
		if (!o)
			return pike_fail(err, PIKE_USAGE,
					 "'%s' has no argument '%s'", cmd->name,
					 key);
		if (add_option(argv, o, args))
			return pike_fail(err, PIKE_USAGE,
					 "'%s' is to be of type %s", key,
					 type_of(o->type));
	}
	pike_strs_push(argv, "--");
	return add_words(argv, "", pike_json_get(args, "operands"))
		   ? pike_fail(err, PIKE_USAGE,
			       "'operands' is to be a list of at most %d "
			       "strings",
			       WORDS_MAX)
		   : 0;
}

static const struct pike_cmd *find_tool(const char *name)
{
	const struct pike_cmd *cmd = pike_cmd_find(name);

	return cmd && cmd->flags & PIKE_TOOL ? cmd : NULL;
}

/* Takes the request. */
static void begin_call(struct server *v, struct pike_json *request)
{
	const struct pike_json *params = pike_json_get(request, "params");
	const struct pike_cmd *cmd =
	    find_tool(pike_json_str(params, "name", ""));
	struct pike_strs argv = PIKE_STRS_INIT;
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_proc_opts o = { .timeout_ms = CALL_MS,
				    .out_max = TEXT_MAX_BYTES };
	int ret = cmd ? make_argv(&argv, cmd,
				  pike_json_get(params, "arguments"), &err)
		      : pike_fail(&err, PIKE_USAGE, "there is no such tool");

	o.argv = (const char *const *)argv.v;
	if (!ret)
		ret = pike_proc_start(&v->call, &o, &err);
	pike_strs_release(&argv);
	if (!ret) {
		v->request = request;
		return;
	}
	send_error(request, BAD_PARAMS, err.text);
	pike_json_free(request);
}

/* What it printed for people; where it failed, why. */
static void end_call(struct server *v)
{
	const struct pike_proc_result *res = pike_proc_result(v->call);
	struct pike_json *r = pike_json_object(), *list = pike_json_array();
	struct pike_json *text = pike_json_object();
	/* 1 is an answer: no. */
	bool failed = res->timed_out || res->status > PIKE_EXIT_NO;
	struct pike_buf b;

	pike_buf_init(&b, 2 * TEXT_MAX_BYTES);
	pike_sanitize(&b, res->out.s, res->out.len);
	if (failed || !res->out.len)
		pike_sanitize(&b, res->err.s, res->err.len);
	if (res->timed_out)
		pike_buf_adds(&b, "it took too long, and was ended\n");
	pike_json_set_str(text, "type", "text");
	pike_json_set_str(text, "text", b.s);
	pike_json_push(list, text);
	pike_json_set(r, "content", list);
	pike_json_set_bool(r, "isError", failed);
	send_result(v->request, r);
	pike_buf_release(&b);
}

static void forget_call(struct server *v)
{
	pike_proc_free(v->call);
	pike_json_free(v->request);
	v->call = NULL;
	v->request = NULL;
}

static void next_call(struct server *v)
{
	struct pike_json *request;

	while (!v->call && v->nwaiting) {
		request = v->waiting[0];
		memmove(&v->waiting[0], &v->waiting[1],
			--v->nwaiting * sizeof(v->waiting[0]));
		begin_call(v, request);
	}
}

static bool same_id(const struct pike_json *a, const struct pike_json *b)
{
	struct pike_buf x, y;
	bool same;

	pike_buf_init(&x, 1024);
	pike_buf_init(&y, 1024);
	pike_json_print(&x, a);
	pike_json_print(&y, b);
	same = !strcmp(x.s, y.s);
	pike_buf_release(&x);
	pike_buf_release(&y);
	return same;
}

/* Nobody waits for an answer to what was cancelled. */
static void cancel(struct server *v, const struct pike_json *id)
{
	if (!id)
		return;
	if (v->request && same_id(pike_json_get(v->request, "id"), id))
		forget_call(v);
	for (size_t i = 0; i < v->nwaiting; i++)
		if (same_id(pike_json_get(v->waiting[i], "id"), id)) {
			pike_json_free(v->waiting[i]);
			memmove(&v->waiting[i], &v->waiting[i + 1],
				(--v->nwaiting - i) * sizeof(v->waiting[0]));
			return;
		}
}

/* ---- what is asked ---- */

/* Takes the request. */
static void on_call(struct server *v, struct pike_json *request)
{
	if (v->nwaiting == WAITING_MAX) {
		send_error(request, NO_REQUEST, "too many calls at once");
		pike_json_free(request);
		return;
	}
	v->waiting[v->nwaiting++] = request;
}

static const struct {
	const char *method;
	struct pike_json *(*answer)(void);
} methods[] = {
	{ "initialize", initialize },
	{ "ping", pike_json_object },
	{ "tools/list", list_tools },
};

static void on_notification(struct server *v, const char *method,
			    const struct pike_json *j)
{
	if (!strcmp(method, "notifications/cancelled"))
		cancel(v,
		       pike_json_get(pike_json_get(j, "params"), "requestId"));
}

static void on_message(struct server *v, struct pike_json *j)
{
	const char *method = pike_json_str(j, "method", "");

	if (!*method) {
		send_error(j, NO_REQUEST, "a request has a method");
	} else if (!pike_json_get(j, "id")) {
		on_notification(v, method, j);
	} else if (!strcmp(method, "tools/call")) {
		on_call(v, j);
		return;
	} else {
		size_t i = 0;

		while (i < PIKE_ARRAY_LEN(methods) &&
		       strcmp(methods[i].method, method) != 0)
			i++;
		if (i < PIKE_ARRAY_LEN(methods))
			send_result(j, methods[i].answer());
		else
			send_error(j, NO_METHOD, "there is no such method");
	}
	pike_json_free(j);
}

static void on_line(struct server *v, const char *line, size_t len)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_json *j;

	if (!len)
		return;
	j = pike_json_parse(line, len, &err);
	if (j)
		on_message(v, j);
	else
		send_error(NULL, NO_JSON, err.text);
}

/* ---- the loop ---- */

static void take_lines(struct server *v)
{
	char *at = v->in.s, *nl;

	while ((nl = strchr(at, '\n'))) {
		on_line(v, at, (size_t)(nl - at));
		at = nl + 1;
	}
	v->in.len -= (size_t)(at - v->in.s);
	memmove(v->in.s, at, v->in.len + 1);
}

static void read_in(struct server *v)
{
	char part[4096];
	ssize_t n = read(0, part, sizeof(part));

	if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
		v->ended = true;
	for (ssize_t i = 0; i < n; i++)
		if (!part[i])
			part[i] = '?';
	if (n > 0 && pike_buf_add(&v->in, part, (size_t)n)) {
		send_error(NULL, NO_REQUEST, "a message is too long");
		v->ended = true;
	}
	take_lines(v);
}

static void step(struct server *v)
{
	struct pollfd p = { .fd = 0, .events = POLLIN };

	if (poll(&p, 1, v->call ? STEP_MS : -1) > 0)
		read_in(v);
	if (v->call && pike_proc_step(v->call)) {
		end_call(v);
		forget_call(v);
	}
	next_call(v);
}

static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	struct server v = { .stop = ctx->stop };
	int ret = pike_operands(rest, 0, 0, err);

	(void)opts;
	if (ret)
		return ret;
	pike_buf_init(&v.in, LINE_MAX_BYTES);
	/* Where whoever asks is gone, nothing goes on. */
	while (!*v.stop && !v.ended)
		step(&v);
	forget_call(&v);
	for (size_t i = 0; i < v.nwaiting; i++)
		pike_json_free(v.waiting[i]);
	pike_buf_release(&v.in);
	return 0;
}

const struct pike_cmd pike_cmd_mcp = {
	.name = "mcp",
	.summary = "these commands as tools for an agent in an editor",
	.usage = "",
	.text = "A server of the Model Context Protocol on standard input and "
		"output, for the repository in which it is started: try, "
		"bench, verify, propose, log, show and status. For example:\n"
		"  claude mcp add pike -- pike-git -C /path/to/repository mcp\n"
		"An agent cannot weaken the isolation of a candidate.",
	.opts = NULL,
	.opts_size = sizeof(struct pike_common),
	.flags = PIKE_NEED_REPO | PIKE_READS,
	.run = run,
};
