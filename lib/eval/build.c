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
#include "eval/protocol_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* Sealed and looked at: what is in `fd` is what was built. */
static void take_object(struct pike_build *b)
{
	struct stat st;

	if (fstat(b->fd, &st) || !st.st_size || st.st_size > PROTO_OBJECT_MAX)
		return;
	b->object_bytes = st.st_size;
	b->ok = !pike_memfd_seal(b->fd, NULL);
	if (b->ok && b->launch)
		b->breaks = pike_object_breaks(b->fd);
}

/* The same has been built before. */
static bool found(struct pike_build *b, const struct pike_build_plan *plan,
		  const char *helper)
{
	if (!plan->tools[0])
		return false;
	pike_cache_key(b->key, plan, helper);
	b->ended = pike_cache_find(b->fd, &b->log, b->key, PROTO_OBJECT_MAX);
	if (b->ended)
		take_object(b);
	return b->ended;
}

/* In the sandbox, or from what it gave before. */
static int build_begin(struct pike_build *b, const struct pike_build_plan *plan,
		       struct pike_err *err)
{
	struct pike_judge *j = b->j;
	const char **argv = (const char **)(uintptr_t)plan->argv.v;
	const char *first = argv[0];
	struct pike_box_opts o = {
		.kind = plan->script   ? PIKE_BOX_PYTHON_BUILD
			: plan->helper ? PIKE_BOX_BUILD
				       : PIKE_BOX_COMPILE,
		.argv = argv,
		.folders = (const char *const *)plan->folders.v,
		.files = &plan->files,
		.output = plan->output,
		.out_fd = b->fd,
		.out_max = PROTO_OBJECT_MAX,
		.sock = -1,
		.wall_ms = PROTO_COMPILE_MS,
		.memory = plan->memory,
		.cpus = j->have_build_cpus ? &j->build_cpus : NULL,
		.require = j->o.require,
	};
	struct pike_buf path;
	int ret = 0;

	pike_buf_init(&path, 4096);
	if (plan->helper || plan->script)
		ret = pike_box_helper(
		    &path, plan->script ? plan->script : plan->helper, err);
	if (!ret && !found(b, plan, path.s)) {
		argv[0] = plan->helper ? path.s : first;
		o.runner = plan->script ? path.s : NULL;
		ret = pike_box_start(&b->box, &o, err);
	}
	argv[0] = first;
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
	b->fd = -1;
	pike_buf_init(&b->log, PROTO_LOG_MAX);
	hash_files(b->source_hash, files);
	b->next = j->builds;
	j->builds = b;
	return b;
}

/* Starts what the plan says; the plan is released. */
static int build_run(struct pike_build **out, struct pike_build *b,
		     struct pike_build_plan *plan, struct pike_err *err)
{
	int ret = pike_memfd(&b->fd, "object", 0, err);

	b->folder = pike_ends_with(plan->output, "/");
	b->launch = plan->launch;
	plan->launch = NULL;
	if (!ret)
		ret = build_begin(b, plan, err);
	pike_build_plan_release(plan);
	if (ret)
		pike_build_free(b);
	*out = ret ? NULL : b;
	return ret;
}

static int build_start(struct pike_build **out, struct pike_judge *j,
		       const struct pike_files *files, enum pike_real real,
		       struct pike_err *err)
{
	struct pike_build *b = build_new(j, files);
	struct pike_build_plan plan = { 0 };
	struct pike_err why = PIKE_ERR_INIT;
	int ret;

	b->real = real;
	for (size_t i = 0; real == PIKE_REAL_NONE && i < files->n; i++)
		pike_files_add(&b->files, files->v[i].path, files->v[i].data,
			       files->v[i].len);
	if (real == PIKE_REAL_NONE)
		ret = pike_build_plan(&plan, j->t, &j->dev, files, j->o.headers,
				      real, &why);
	else
		ret = pike_build_plan(&plan, j->ref_target, &j->ref_dev, files,
				      j->o.headers, real, &why);
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
	return build_start(out, j, files, PIKE_REAL_NONE, err);
}

int pike_build_reference(struct pike_build **out, struct pike_judge *j,
			 enum pike_real real, struct pike_err *err)
{
	return build_start(out, j, j->o.reference, real, err);
}

void pike_build_tell(struct pike_json *resources, const struct pike_build *b)
{
	struct pike_json *sass;

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

	pike_buf_init(&said, 512);
	pike_box_say(&said, end);
	pike_buf_add(&b->log, end->log.s,
		     end->log.len < b->log.max ? end->log.len : b->log.max - 1);
	if (end->why != PIKE_BOX_EXITED)
		pike_buf_addf(&b->log, "\nthe compiler %s\n", said.s);
	pike_buf_release(&said);
	if (end->why != PIKE_BOX_EXITED || end->status)
		return;
	take_object(b);
	if (b->ok && b->key[0])
		pike_cache_keep(b->key, b->fd, &b->log, PROTO_OBJECT_MAX);
}

bool pike_build_wait(struct pike_build *b, const char **log)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_box_end end;

	if (!b->ended) {
		if (!pike_box_wait(&end, b->box, -1, &err)) {
			read_end(b, &end);
			pike_box_end_release(&end);
		} else {
			pike_buf_addf(&b->log, "%s\n", err.text);
		}
		pike_box_free(b->box);
		b->box = NULL;
		b->ended = true;
	}
	if (log)
		*log = b->log.s;
	return b->ok;
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
	pike_box_free(b->box);
	if (b->fd >= 0)
		close(b->fd);
	pike_launch_plan_free(b->launch);
	pike_files_release(&b->files);
	pike_buf_release(&b->log);
	free(b);
}
