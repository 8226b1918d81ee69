/* SPDX-License-Identifier: Apache-2.0 */
/* import: targets from a benchmark suite that is laid out like KernelBench. */
#include "cmd.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "device/device.h"
#include "suite.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG ".pike/config"
#define CONFIG_MAX (256u << 10) /* as much as is read */
#define BACKEND "torch"
#define INTO "kernelbench"

struct opts {
	struct pike_common common;
	struct pike_strs levels;
	const char *match, *into, *allow_weak;
	bool no_lint;
};

static const struct pike_opt opts_table[] = {
	{ .name = "level",
	  .type = PIKE_OPT_STRS,
	  .offset = offsetof(struct opts, levels),
	  .arg = "N",
	  .help = "only this level; may be repeated" },
	{ .name = "match",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, match),
	  .arg = "TEXT",
	  .help = "only targets with this in their names" },
	{ .name = "into",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, into),
	  .arg = "FOLDER",
	  .help = "folder for the models; default " INTO },
	{ .name = "no-lint",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct opts, no_lint),
	  .help = "do not run them to see whether they can be judged" },
	{ .name = "allow-weak",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, allow_weak),
	  .arg = "LEVEL",
	  .help = "go on below isolation I2, down to I1 or I0" },
	{ .name = NULL },
};

/* A task on its way to a target. */
struct item {
	const struct pike_suite_file *found;
	char *path;   /* of the reference, in the repository */
	char *source; /* of a candidate */
	char *why;    /* why it is left out; NULL: it is taken */
};
struct import {
	struct pike_ctx *ctx;
	const struct opts *o;
	struct pike_suite suite;
	struct item *v;
	size_t n, at;
	enum pike_isolation require;
	int64_t began;
};

static void import_release(struct import *m)
{
	for (size_t i = 0; i < m->n; i++) {
		free(m->v[i].path);
		free(m->v[i].source);
		free(m->v[i].why);
	}
	free(m->v);
	pike_suite_release(&m->suite);
}

/* ---- which ---- */

static bool asked_for(const struct opts *o, const struct pike_task *t)
{
	return (!o->levels.n || pike_strs_has(&o->levels, t->level)) &&
	       (!o->match || strstr(t->name, o->match));
}

/* Two folders may have a file of the same name, and one's candidate may have
 * the name of another. */
static bool is_taken(const struct import *m, const struct item *it)
{
	for (const struct item *o = m->v; o < it; o++)
		if (!strcmp(o->path, it->path) ||
		    !strcmp(o->path, it->source) ||
		    !strcmp(o->source, it->path))
			return true;
	return !access(it->path, F_OK) || !access(it->source, F_OK);
}

/* A link in the working tree leads somewhere else. */
static bool through_link(const char *path)
{
	char *part = pike_xstrdup(path);
	struct stat st;
	bool link = false;

	for (char *p = part; !link && (p = strchr(p, '/')); *p++ = '/') {
		*p = '\0';
		link = !lstat(part, &st) && S_ISLNK(st.st_mode);
	}
	free(part);
	return link;
}

static void add_item(struct import *m, const struct pike_suite_file *f)
{
	const struct pike_settings *s = m->ctx->settings;
	const char *into = m->o->into ? m->o->into : INTO;
	struct item *it = &m->v[m->n++];
	size_t stem = strlen(f->task.title) - strlen(".py");

	it->found = f;
	it->path = pike_xasprintf("%s/%s", into, f->task.title);
	it->source =
	    pike_xasprintf("%s/%.*s_new.py", into, (int)stem, f->task.title);
	if (f->unfit)
		it->why = pike_xstrdup(f->unfit);
	else if (s && pike_settings_target(s, f->task.name))
		it->why = pike_xstrdup("a target of that name is there");
	else if (is_taken(m, it))
		it->why = pike_xasprintf("its file %s, or that of its "
					 "candidates, is there already",
					 it->path);
	else if (through_link(it->path))
		it->why = pike_xasprintf("%s leads through a symbolic link",
					 it->path);
}

static int choose(struct import *m, struct pike_err *err)
{
	m->v = pike_xcalloc(m->suite.n + 1, sizeof(*m->v));
	for (size_t i = 0; i < m->suite.n; i++)
		if (asked_for(m->o, &m->suite.v[i].task))
			add_item(m, &m->suite.v[i]);
	return m->n ? 0
		    : pike_fail(err, PIKE_USAGE,
				"none of its %zu tasks is of that level and "
				"name",
				m->suite.n);
}

/* ---- can it be judged? ---- */

/* Of what a program has said the line that tells most: the last one with an
 * error of Python's, else the first. */
static char *telling_line(const char *text)
{
	const char *best = text;

	for (const char *p = text; p; p = strchr(p, '\n')) {
		size_t len = strcspn(p += *p == '\n', "\n");

		if (*p != ' ' && memmem(p, len, "Error: ", strlen("Error: ")))
			best = p;
	}
	return pike_xasprintf("%.*s", (int)strcspn(best, "\n"), best);
}

static int make_target(struct pike_settings **out, const struct item *it,
		       struct pike_err *err)
{
	struct pike_entries e = { 0 };
	char *section = pike_xasprintf("target.%s", it->found->task.name);
	const char *const pairs[][2] = { { "backend", BACKEND },
					 { "reference", it->path },
					 { "source", it->source },
					 { "baseline", "off" } };
	int ret;

	for (size_t i = 0; i < PIKE_ARRAY_LEN(pairs); i++)
		pike_entries_add(&e, section, pairs[i][0], pairs[i][1],
				 "import", true);
	ret = pike_settings_make(out, &e, err);
	pike_entries_release(&e);
	free(section);
	return ret;
}

static void on_progress(void *ctx, const char *what, double fraction)
{
	const struct import *m = ctx;
	double secs = (double)(pike_now_ns() - m->began) / 1e9;

	if (!m->at)
		pike_progress("import 1/%zu  %s %.0f%%", m->n, what,
			      100 * fraction);
	else
		pike_progress("import %zu/%zu  %s %.0f%%, %.0f min left",
			      m->at + 1, m->n, what, 100 * fraction,
			      secs / 60 / (double)m->at *
				  (double)(m->n - m->at));
}

/* As it would be judged: reference and inputs are run and looked at. */
static int lint(struct import *m, struct item *it, struct pike_err *err)
{
	struct pike_files reference = { 0 }, none = { 0 };
	struct pike_settings *s = NULL;
	struct pike_judge *j = NULL;
	struct pike_err why = PIKE_ERR_INIT;
	int ret = make_target(&s, it, &why);

	pike_files_add(&reference, it->path, it->found->text, it->found->len);
	if (!ret) {
		struct pike_judge_opts o = { .target = &s->targets[0],
					     .base = &none,
					     .headers = &none,
					     .reference = &reference,
					     .require = m->require,
					     .progress = on_progress,
					     .ctx = m,
					     .stop = m->ctx->stop };

		ret = pike_judge_open(&j, &o, &why);
	}
	if (ret == PIKE_FAILED || ret == PIKE_USAGE) {
		it->why = telling_line(why.text);
		ret = 0;
	}
	pike_judge_free(j);
	pike_settings_free(s);
	pike_files_release(&reference);
	return ret ? pike_fail(err, ret, "%s", why.text) : 0;
}

static int lint_all(struct import *m, struct pike_err *err)
{
	struct pike_device_info dev;
	int ret = 0;

	if (m->o->no_lint)
		return 0;
	/* What fails for all of them is no fault of one. */
	ret = pike_device_find(&dev, BACKEND, err);
	if (ret)
		pike_err_prefix(err, "cannot lint (--no-lint imports without)");
	m->began = pike_now_ns();
	for (m->at = 0; !ret && m->at < m->n; m->at++) {
		struct item *it = &m->v[m->at];

		if (it->why)
			continue;
		ret = lint(m, it, err);
		if (!ret)
			pike_say("%zu/%zu %s: %s", m->at + 1, m->n,
				 it->found->task.name,
				 it->why ? it->why : "can be judged");
	}
	pike_progress_end();
	return ret;
}

/* ---- what is written ---- */

static int write_model(const struct item *it, struct pike_err *err)
{
	char *folder = pike_xstrdup(it->path);
	int ret;

	*strrchr(folder, '/') = '\0';
	ret = pike_mkdir_p(folder, 0777, err);
	if (!ret)
		ret = pike_write_file(it->path, it->found->text, it->found->len,
				      err);
	free(folder);
	return ret;
}

static void add_section(struct pike_buf *b, const struct item *it)
{
	pike_buf_addf(
	    b,
	    "\n[target \"%s\"]\n"
	    "\ttitle = \"%s\"\n"
	    "\tbackend = " BACKEND "\n"
	    "\treference = \"%s\"\n"
	    "\tsource = \"%s\"    # a candidate's; there is none yet\n",
	    it->found->task.name, it->found->task.title, it->path, it->source);
}

static int write_config(struct import *m, size_t taken, struct pike_err *err)
{
	struct pike_buf b;
	int ret;

	if (!taken)
		return 0;
	pike_buf_init(&b, CONFIG_MAX);
	ret = access(CONFIG, F_OK) ? pike_config_head(&b, m->ctx, err)
				   : pike_read_file(&b, CONFIG, err);
	for (size_t i = 0; i < m->n; i++)
		if (!m->v[i].why)
			add_section(&b, &m->v[i]);
	if (!ret && b.full)
		ret =
		    pike_fail(err, PIKE_FAILED,
			      CONFIG " would be larger than "
				     "256 KiB; import fewer: --level, --match");
	if (!ret)
		ret = pike_mkdir_p(".pike", 0777, err);
	if (!ret)
		ret = pike_write_file(CONFIG, b.s, b.len, err);
	pike_buf_release(&b);
	return ret;
}

static int write_all(struct import *m, size_t *taken, struct pike_err *err)
{
	int ret = 0;

	*taken = 0;
	for (size_t i = 0; !ret && i < m->n; i++) {
		if (m->v[i].why)
			continue;
		ret = write_model(&m->v[i], err);
		*taken += !ret;
	}
	return ret ? ret : write_config(m, *taken, err);
}

static void report_one(struct import *m, const struct item *it)
{
	const struct pike_task *t = &it->found->task;
	struct pike_json *j = pike_json_object();

	pike_buf_addf(&m->ctx->out, "  %-40s ", t->name);
	pike_clean(&m->ctx->out, it->why ? it->why : it->path, 300);
	pike_buf_addc(&m->ctx->out, '\n');
	pike_json_set_str(j, "name", t->name);
	pike_json_set_str(j, "title", t->title);
	pike_json_set_bool(j, "imported", !it->why);
	if (it->why)
		pike_json_set_str(j, "why", it->why);
	else
		pike_json_set_str(j, "reference", it->path);
	pike_json_push(m->ctx->list, j);
}

static void report(struct import *m, size_t taken)
{
	struct pike_buf *b = &m->ctx->out;

	m->ctx->doc = pike_json_object();
	m->ctx->list = pike_json_array();
	pike_json_set(m->ctx->doc, "targets", m->ctx->list);
	pike_buf_addf(b, "%zu of %zu tasks are targets now%s\n", taken, m->n,
		      m->o->no_lint ? " (not looked at: --no-lint)" : "");
	for (size_t i = 0; i < m->n; i++)
		if (!m->v[i].why)
			report_one(m, &m->v[i]);
	if (taken < m->n)
		pike_buf_addf(b, "left out, %zu:\n", m->n - taken);
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].why)
			report_one(m, &m->v[i]);
	if (taken)
		pike_buf_adds(b, "next: commit the models and " CONFIG
				 ", then `pike-git bench` or `pike-git "
				 "evolve`\n");
}

static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	struct import m = { .ctx = ctx, .o = opts };
	const char *top = pike_repo_workdir(ctx->repo);
	size_t taken = 0;
	int ret = pike_pick_isolation(&m.require, m.o->allow_weak, err);

	if (!ret && rest->n != 1)
		ret = pike_fail(err, PIKE_USAGE,
				"name one folder or archive: pike-git import "
				"KernelBench");
	if (!ret && !top)
		ret = pike_fail(err, PIKE_FATAL,
				"a bare repository has no place for models; "
				"import in a clone with a working tree");
	if (!ret && m.o->into && strpbrk(m.o->into, "\"\\#;\n\r\t"))
		ret = pike_fail(err, PIKE_USAGE,
				"--into: a plain path, without quotes");
	if (!ret && m.o->into)
		ret = pike_path_check(m.o->into, err);
	if (!ret)
		ret = pike_suite_read(&m.suite, rest->v[0], err);
	if (!ret && chdir(top))
		ret =
		    pike_fail_errno(err, PIKE_FATAL, "cannot go to '%s'", top);
	/* The tracked file may not be there yet, git's own settings are. */
	if (!ret)
		ret = pike_ctx_config(ctx, opts, err);
	if (!ret)
		ret = choose(&m, err);
	if (!ret)
		ret = lint_all(&m, err);
	if (!ret)
		ret = write_all(&m, &taken, err);
	if (!ret)
		report(&m, taken);
	import_release(&m);
	return ret;
}

const struct pike_cmd pike_cmd_import = {
	.name = "import",
	.summary = "targets from a KernelBench-style suite",
	.usage = "DIR|ARCHIVE",
	.text =
	    "Takes the numbered PyTorch models in folders named by level, so "
	    "level3/15_DenseNet121.py is the target l3-15-densenet121. Runs "
	    "each in the sandbox, unless --no-lint, to see whether it can be "
	    "judged, and says why where it cannot. Copies the models, adds "
	    "their sections to .pike/config, and commits nothing.",
	.opts = opts_table,
	.opts_size = sizeof(struct opts),
	.flags = PIKE_NEED_REPO | PIKE_READS,
	.run = run,
};
