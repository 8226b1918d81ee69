/* SPDX-License-Identifier: Apache-2.0 */
/*
 * build: asynchronous compilation in a sandbox, from files to a sealed memory
 * file. A candidate that does not compile is a verdict with a log.
 */
#include "eval/judge_priv.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "eval/cache_priv.h"
#include "eval/process_priv.h"
#include "eval/protocol_priv.h"
#include "sandbox/warm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void hash_files(char out[65], const struct pike_files *f)
{
	struct pike_sha256 c;
	uint8_t digest[32];

	pike_sha256_init(&c);
	for (size_t i = 0; f && i < f->n; i++) {
		uint64_t len = f->v[i].len;

		pike_sha256_add(&c, f->v[i].path, strlen(f->v[i].path) + 1);
		pike_sha256_add(&c, &len, sizeof(len));
		pike_sha256_add(&c, f->v[i].data, f->v[i].len);
	}
	pike_sha256_end(&c, digest);
	pike_hex(out, digest, sizeof(digest));
}

static size_t most(const struct pike_build *b)
{
	return b->folder ? PROTO_FOLDER_MAX : PROTO_OBJECT_MAX;
}

/* Sealed and looked at: what is in `fd` is what was built. */
static void take_object(struct pike_build *b)
{
	struct stat st;

	if (fstat(b->fd, &st) || !st.st_size || (size_t)st.st_size > most(b))
		return;
	b->object_bytes = st.st_size;
	b->ok = !pike_memfd_seal(b->fd, NULL);
	if (b->ok && b->launch)
		b->breaks = pike_object_breaks(b->fd);
}

/* The same has been built before. */
static bool found(struct pike_build *b, const char *helper)
{
	if (!b->plan.tools[0] || b->seed)
		return false;
	pike_cache_key(b->key, &b->plan, helper);
	b->ended = pike_cache_find(b->fd, &b->log, b->key, most(b));
	if (b->ended)
		take_object(b);
	return b->ended;
}

static enum pike_box_kind kind_of(const struct pike_build_plan *plan)
{
	if (plan->runs)
		return plan->gpu ? PIKE_BOX_PYTHON_GPU_PRIME
				 : PIKE_BOX_PYTHON_PRIME;
	if (plan->script)
		return PIKE_BOX_PYTHON_BUILD;
	return plan->helper ? PIKE_BOX_BUILD : PIKE_BOX_COMPILE;
}

/* With the socket on which it asks for the GPU. */
static int start_box(struct pike_build *b, struct pike_box_opts *o,
		     struct pike_err *err)
{
	int pair[2], ret;

	if (!b->plan.gpu)
		return pike_box_start(&b->box, o, err);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return pike_fail_errno(err, PIKE_FATAL,
				       "cannot make a socket pair");
	o->sock = pair[1];
	ret = pike_box_start(&b->box, o, err);
	close(pair[1]);
	if (ret)
		close(pair[0]);
	else
		b->sock = pair[0];
	return ret;
}

/* In the sandbox; `path`: of the program of ours in the plan. */
static int run_plan(struct pike_build *b, const char *path,
		    struct pike_err *err)
{
	struct pike_judge *j = b->j;
	const struct pike_build_plan *plan = &b->plan;
	const char **argv = (const char **)(uintptr_t)plan->argv.v;
	const char *first = argv[0];
	struct pike_box_opts o = {
		.kind = kind_of(plan),
		.argv = argv,
		.runner = plan->script ? path : NULL,
		.folders = (const char *const *)plan->folders.v,
		.devices = (const char *const *)plan->nodes.v,
		.visible = j->dev.uuid,
		.files = &plan->files,
		.output = plan->output,
		.out_fd = b->fd,
		.out_max = most(b),
		.sock = -1,
		.folder = b->seed,
		.wall_ms = plan->runs ? PROTO_PRIME_MS : PROTO_COMPILE_MS,
		.memory = plan->memory,
		.cpus = j->have_build_cpus ? &j->build_cpus : NULL,
		.require = j->o.require,
		.warm = plan->words[0] ? pike_judge_warm(j) : NULL,
		.words = plan->words,
	};
	int ret;

	b->warm = o.warm;
	if (o.warm)
		pike_judge_import(j, plan->imports);
	if (plan->helper)
		argv[0] = path;
	ret = start_box(b, &o, err);
	argv[0] = first;
	return ret;
}

/* In the sandbox, or from what it gave before. */
static int build_begin(struct pike_build *b, struct pike_err *err)
{
	const char *helper = b->plan.script ? b->plan.script : b->plan.helper;
	struct pike_buf path;
	int ret = 0;

	pike_buf_init(&path, 4096);
	if (helper)
		ret = pike_box_helper(&path, helper, err);
	if (!ret && !found(b, path.s))
		ret = run_plan(b, path.s, err);
	pike_buf_release(&path);
	return ret;
}

/* What is wrong in a launch plan is told like what a compiler finds. */
static int bad_plan(struct pike_build *b, const struct pike_err *why)
{
	pike_buf_addf(&b->log, "%s\n", why->text);
	b->ended = true;
	return 0;
}

static struct pike_build *build_new(struct pike_judge *j,
				    const struct pike_files *files)
{
	struct pike_build *b = pike_xcalloc(1, sizeof(*b));

	b->j = j;
	b->fd = b->sock = -1;
	pike_buf_init(&b->log, PROTO_LOG_MAX);
	hash_files(b->source_hash, files);
	b->next = j->builds;
	j->builds = b;
	return b;
}

/* Starts what the plan says, which is the build's from then on. */
static int build_run(struct pike_build **out, struct pike_build *b,
		     struct pike_build_plan *plan, struct pike_err *err)
{
	int ret = pike_memfd(&b->fd, "object", 0, err);

	b->plan = *plan;
	memset(plan, 0, sizeof(*plan));
	b->folder = pike_ends_with(b->plan.output, "/");
	b->launch = b->plan.launch;
	b->plan.launch = NULL;
	if (!ret)
		ret = build_begin(b, err);
	if (ret)
		pike_build_free(b);
	*out = ret ? NULL : b;
	return ret;
}

/* What runs a candidate needs the reference, too. */
static int add_reference(struct pike_build_plan *plan,
			 const struct pike_judge *j, struct pike_err *err)
{
	struct pike_buf text;
	int ret;

	if (!plan->runs)
		return 0;
	pike_buf_init(&text, PROTO_OBJECT_MAX);
	ret = lseek(j->ref_sources, 0, SEEK_SET)
		  ? pike_fail_errno(err, PIKE_FATAL, "cannot read")
		  : pike_read_fd(&text, j->ref_sources, err);
	if (!ret)
		pike_files_add(&plan->files, "reference.json", text.s,
			       text.len);
	pike_buf_release(&text);
	return ret;
}

static int plan_for(struct pike_build_plan *plan, struct pike_judge *j,
		    const struct pike_target *t, const struct pike_files *files,
		    enum pike_real real, struct pike_err *err)
{
	int ret = pike_build_plan(
	    plan, t, real == PIKE_REAL_NONE ? &j->dev : &j->ref_dev, files,
	    j->o.headers, real, err);

	return ret ? ret : add_reference(plan, j, err);
}

static int build_start(struct pike_build **out, struct pike_build *b,
		       const struct pike_target *t,
		       const struct pike_files *files, enum pike_real real,
		       struct pike_err *err)
{
	struct pike_build_plan plan = { 0 };
	struct pike_err why = PIKE_ERR_INIT;
	int ret;

	b->real = real;
	for (size_t i = 0; real == PIKE_REAL_NONE && i < files->n; i++)
		pike_files_add(&b->files, files->v[i].path, files->v[i].data,
			       files->v[i].len);
	ret = plan_for(&plan, b->j, t, files, real, &why);
	if (!ret)
		return build_run(out, b, &plan, err);
	if (ret == PIKE_FAILED) {
		*out = b;
		return bad_plan(b, &why);
	}
	pike_build_free(b);
	*out = NULL;
	return pike_fail(err, ret, "%s", why.text);
}

int pike_build_own(struct pike_build **out, struct pike_judge *j,
		   const char *name, const char *text, struct pike_err *err)
{
	struct pike_build_plan plan;
	int ret = pike_build_plan_own(&plan, &j->dev, name, text, err);

	*out = NULL;
	return ret ? ret : build_run(out, build_new(j, NULL), &plan, err);
}

int pike_build_planned(struct pike_build **out, struct pike_judge *j,
		       struct pike_build_plan *plan, struct pike_err *err)
{
	return build_run(out, build_new(j, NULL), plan, err);
}

struct pike_object pike_build_object(const struct pike_build *b)
{
	return (struct pike_object){ .fd = b->fd,
				     .real = b->real,
				     .launch = b->launch,
				     .reference = b->j->ref_sources };
}

int pike_build_start(struct pike_build **out, struct pike_judge *j,
		     const struct pike_files *files, struct pike_err *err)
{
	return build_start(out, build_new(j, files), j->t, files,
			   PIKE_REAL_NONE, err);
}

int pike_build_reference(struct pike_build **out, struct pike_judge *j,
			 enum pike_real real, struct pike_err *err)
{
	return build_start(out, build_new(j, j->o.reference), j->ref_target,
			   j->o.reference, real, err);
}

void pike_build_tell(struct pike_json *resources, const struct pike_build *b)
{
	struct pike_json *sass;

	if (b->took_ns)
		pike_json_set_f64(resources, "build_s",
				  (double)(b->took_ns / 1000000) / 1000);
	pike_json_set_i64(resources, "object_bytes", b->object_bytes);
	if (!b->launch)
		return;
	sass = pike_object_instructions(b->fd, b->j->dev.arch);
	if (sass)
		pike_json_set(resources, "sass", sass);
	else
		pike_json_set_str(resources, "sass", "unavailable");
}

bool pike_build_ready(struct pike_build *b)
{
	return b->ended || pike_box_ended(b->box);
}

static void read_end(struct pike_build *b, const struct pike_box_end *end)
{
	struct pike_buf said;

	b->took_ns = end->took_ns;
	pike_buf_init(&said, 512);
	pike_box_say(&said, end);
	pike_buf_add(&b->log, end->log.s,
		     end->log.len < b->log.max ? end->log.len : b->log.max - 1);
	if (end->why != PIKE_BOX_EXITED)
		pike_buf_addf(
		    &b->log, "\nthe %s %s\n",
		    b->plan.runs ? "process of its build" : "compiler", said.s);
	pike_buf_release(&said);
	if (end->why != PIKE_BOX_EXITED || end->status)
		return;
	take_object(b);
	if (b->ok && b->key[0])
		pike_cache_keep(b->key, b->fd, &b->log, most(b));
}

static void forget_socket(struct pike_build *b)
{
	if (b->sock >= 0)
		close(b->sock);
	b->sock = -1;
}

/* When it asks, or at its end, as no other process has the other side. */
static void give_device(struct pike_build *b)
{
	char c;
	ssize_t n;

	if (b->sock < 0)
		return;
	while ((n = read(b->sock, &c, 1)) < 0 && errno == EINTR)
		;
	if (n == 1)
		send(b->sock, "!", 1, MSG_NOSIGNAL);
}

/* 1: once more. What cannot be set up in a sandbox says nothing of what was to
 * be built, and the machine may be in better order a moment later. */
/* Ended with the interpreter that it was a fork of: nobody's fault. */
static int went_along(const struct pike_build *b, struct pike_box_end *end,
		      struct pike_err *err)
{
	if (!b->warm || end->why != PIKE_BOX_KILLED ||
	    !pike_warm_ready(b->warm, err))
		return 0;
	pike_box_end_release(end);
	return PIKE_FATAL;
}

static int end_box(struct pike_build *b)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_box_end end;
	int ret = pike_box_wait(&end, b->box, -1, &err);

	if (!ret)
		ret = went_along(b, &end, &err);
	forget_socket(b);
	pike_box_free(b->box);
	b->box = NULL;
	if (!ret) {
		read_end(b, &end);
		pike_box_end_release(&end);
		return 0;
	}
	if (++b->tries < PROTO_BOX_TRIES && !ftruncate(b->fd, 0) &&
	    !build_begin(b, NULL))
		return 1;
	b->broken = true;
	pike_buf_addf(&b->log, "%s\n", err.text);
	return 0;
}

bool pike_build_wait(struct pike_build *b, const char **log)
{
	while (!b->ended) {
		give_device(b);
		if (!end_box(b))
			b->ended = true;
	}
	pike_build_plan_release(&b->plan);
	if (log)
		*log = b->log.s;
	return b->ok;
}

bool pike_build_on_device(const struct pike_build *b)
{
	return b->sock >= 0;
}

static int build_hidden(struct pike_build *b, struct pike_err *err)
{
	struct pike_target t = *b->j->t;
	struct pike_build *h;

	if (b->hidden)
		return 0;
	h = build_new(b->j, &b->files);
	h->seed = b->fd;
	t.cases = t.hidden;
	t.ncases = t.nhidden;
	return build_start(&b->hidden, h, &t, &b->files, PIKE_REAL_NONE, err);
}

/* Its log may name sizes that nobody is to see. */
int pike_build_for(const struct pike_build **out, struct pike_build *b,
		   bool hidden, struct pike_fault *f, struct pike_err *err)
{
	enum pike_phase before;
	int ret = 0;

	*out = b;
	if (!hidden || !b->folder)
		return 0;
	before = pike_phase(b->j, PIKE_PHASE_BUILD);
	ret = build_hidden(b, err);
	if (!ret && !pike_build_wait(b->hidden, NULL)) {
		if (b->hidden->broken)
			ret = pike_fail(err, PIKE_FATAL,
					"cannot build in a sandbox: %.500s",
					b->hidden->log.s);
		else
			pike_fault_set(f, PIKE_V_BUILD,
				       "it does not compile there");
		ret = ret ? ret : 1;
	}
	pike_phase(b->j, before);
	*out = b->hidden;
	return ret;
}

void pike_build_pause(struct pike_build *b, bool pause)
{
	if (!b->ended && !pike_box_ended(b->box))
		pike_box_freeze(b->box, pause, NULL);
}

void pike_build_free(struct pike_build *b)
{
	struct pike_build **at;

	if (!b)
		return;
	for (at = &b->j->builds; *at; at = &(*at)->next) {
		if (*at == b) {
			*at = b->next;
			break;
		}
	}
	pike_build_free(b->hidden);
	pike_box_free(b->box);
	forget_socket(b);
	if (b->fd >= 0)
		close(b->fd);
	pike_build_plan_release(&b->plan);
	pike_launch_plan_free(b->launch);
	pike_files_release(&b->files);
	pike_buf_release(&b->log);
	free(b);
}
