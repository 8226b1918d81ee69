/* SPDX-License-Identifier: Apache-2.0 */
/* init: writes a first .pike/config for the kernels that it finds. */
#include "cmd.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "device/device.h"
#include "model/agent.h"
#include "model/backend.h"
#include "parted.h"
#include "scan.h"
#include "setup.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEMPLATE_MAX (64u << 10)
#define CONFIG_MAX (1u << 20)

struct opts {
	struct pike_common common;
	const char *hooks, *ci;
	bool prompts, split;
};

static const struct pike_opt opts_table[] = {
	{ .name = "prompts",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct opts, prompts),
	  .help = "copy the prompts to .pike/prompts" },
	{ .name = "hooks",
	  .type = PIKE_OPT_WORD,
	  .offset = offsetof(struct opts, hooks),
	  .arg = "server",
	  .help = "install git hooks, in a bare repository a server's" },
	{ .name = "ci",
	  .type = PIKE_OPT_STR,
	  .offset = offsetof(struct opts, ci),
	  .arg = "KIND",
	  .help = "write a recipe: github, gitlab or slurm" },
	{ .name = "split",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct opts, split),
	  .help = "move the named kernels to files of their own" },
	{ .name = NULL },
};

struct field {
	const char *name, *value;
};

/* Copies the template with each @NAME@ that is known filled in. */
static void fill(struct pike_buf *out, const char *text, const struct field *f,
		 size_t n)
{
	while (*text) {
		size_t i = 0, len = 0;

		for (; *text == '@' && i < n; i++) {
			len = strlen(f[i].name);
			if (!strncmp(text + 1, f[i].name, len) &&
			    text[1 + len] == '@')
				break;
		}
		if (*text == '@' && i < n) {
			pike_buf_adds(out, f[i].value);
			text += len + 2;
		} else {
			pike_buf_addc(out, *text++);
		}
	}
}

/* Values with these would be read as something else. */
static void quoted(struct pike_buf *b, const char *s)
{
	bool plain = !strpbrk(s, "#;\"\\ \t");

	if (!plain)
		pike_buf_addc(b, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			pike_buf_addc(b, '\\');
		pike_buf_addc(b, *s);
	}
	if (!plain)
		pike_buf_addc(b, '"');
}

static void add_headers(struct pike_buf *out, const struct pike_kernel *k)
{
	for (size_t i = 0; i < k->headers.n; i++) {
		pike_buf_adds(out, "\theader = ");
		quoted(out, k->headers.v[i]);
		pike_buf_addc(out, '\n');
	}
}

/* A buffer of all sizes has a million elements or so. */
static int size_of(size_t sizes)
{
	static const int values[] = { 1024, 1024, 1024, 128, 32, 16 };
	size_t last = PIKE_ARRAY_LEN(values) - 1;

	return sizes > last ? 8 : values[sizes];
}

static void add_sizes(struct pike_buf *sizes, struct pike_buf *hidden,
		      const struct pike_signature *k)
{
	for (size_t i = 0; i < k->sizes.n; i++) {
		int odd = k->sizes.n > 2 ? 7 + 2 * (int)i : 77 + 24 * (int)i;

		pike_buf_addf(sizes, "%s%s=%d", i ? " " : "", k->sizes.v[i],
			      size_of(k->sizes.n));
		pike_buf_addf(hidden, "%s%s=%d", i ? " " : "", k->sizes.v[i],
			      odd);
	}
	for (size_t i = 0; i < k->numbers.n; i++) {
		char *f32 = pike_xasprintf("f32 %s", k->numbers.v[i]);
		char *f64 = pike_xasprintf("f64 %s", k->numbers.v[i]);
		bool is_flag = !pike_strs_has(&k->args, f32) &&
			       !pike_strs_has(&k->args, f64);

		pike_buf_addf(sizes, " %s=%d", k->numbers.v[i],
			      is_flag ? 1 : 2);
		pike_buf_addf(hidden, " %s=%d", k->numbers.v[i],
			      is_flag ? 0 : 3);
		free(f32);
		free(f64);
	}
}

/* As many as most machines have to spare: this one, if it has fewer. */
static long threads_here(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	if (n < 2)
		return 2;
	return n > 4 ? 4 : n;
}

static void add_options(struct pike_buf *b, const struct pike_signature *k)
{
	static const char *const flags[] = {
		[PIKE_PARALLEL_SIMD] = "-fopenmp-simd",
		[PIKE_PARALLEL_THREADS] = "-fopenmp",
	};

	if (k->parallel != PIKE_PARALLEL_NONE)
		pike_buf_addf(b, "\tcflags = -O3 -march=native %s\n",
			      flags[k->parallel]);
	if (k->parallel == PIKE_PARALLEL_THREADS)
		pike_buf_addf(
		    b,
		    "\t# As many as there are cores, up to 4. While others "
		    "use them little can\n\t# be told; with 1 OpenMP takes "
		    "one.\n\tthreads = %ld\n",
		    threads_here());
}

/* What a person has to do, as comments. */
static void add_notes(struct pike_buf *b, const struct pike_signature *k)
{
	for (size_t i = 0; i < k->notes.n; i++)
		pike_buf_addf(b, "\t# TO DO: %s\n", k->notes.v[i]);
}

/* The texts of a target's section that are made, by the template's names. */
enum part {
	SOURCE,
	HEADERS,
	REFERENCE,
	ARGS,
	CASE,
	HIDDEN,
	OPTIONS,
	NOTES,
	PARTS
};

static void fill_target(struct pike_buf *out, const char *template,
			const struct pike_kernel *k, const struct pike_buf *b)
{
	const struct field fields[] = {
		{ .name = "NAME", .value = k->name },
		{ .name = "BACKEND", .value = k->backend },
		{ .name = "SOURCE", .value = b[SOURCE].s },
		{ .name = "HEADERS", .value = b[HEADERS].s },
		{ .name = "REFERENCE", .value = b[REFERENCE].s },
		{ .name = "ENTRY", .value = k->kernel.entry },
		{ .name = "ARGS", .value = b[ARGS].s },
		{ .name = "CASE", .value = b[CASE].s },
		{ .name = "HIDDEN", .value = b[HIDDEN].s },
		{ .name = "OPTIONS", .value = b[OPTIONS].s },
		{ .name = "NOTES", .value = b[NOTES].s },
		{ .name = "PRECISION", .value = k->kernel.precision },
	};

	fill(out, template, fields, PIKE_ARRAY_LEN(fields));
}

static bool has_output(const struct pike_signature *k)
{
	for (size_t i = 0; i < k->args.n; i++)
		if (pike_starts_with(k->args.v[i], "out ") ||
		    pike_starts_with(k->args.v[i], "inout "))
			return true;
	return false;
}

/* Not to be read yet: a target without an output would make the others
 * unreadable. */
static void put_aside(struct pike_buf *out, const char *section)
{
	struct pike_strs lines = PIKE_STRS_INIT;

	pike_strs_split(&lines, section, "\n");
	pike_buf_adds(out, "\n# Not finished: take the '#' away when what is "
			   "to do is done.\n");
	for (size_t i = 0; i < lines.n; i++)
		pike_buf_addf(out, "#%s\n", lines.v[i]);
	pike_strs_release(&lines);
}

static void add_section(struct pike_buf *out, const char *template,
			const struct pike_kernel *k, const struct pike_buf *b)
{
	struct pike_buf text;

	if (has_output(&k->kernel)) {
		fill_target(out, template, k, b);
		return;
	}
	pike_buf_init(&text, CONFIG_MAX);
	fill_target(&text, template, k, b);
	put_aside(out, text.s);
	pike_buf_release(&text);
}

static int add_target(struct pike_buf *out, const char *template,
		      const struct pike_kernel *k)
{
	struct pike_buf b[PARTS];

	for (size_t i = 0; i < PARTS; i++)
		pike_buf_init(&b[i], CONFIG_MAX);
	quoted(&b[SOURCE], k->path);
	add_headers(&b[HEADERS], k);
	quoted(&b[REFERENCE], k->reference);
	for (size_t i = 0; i < k->kernel.args.n; i++)
		pike_buf_addf(&b[ARGS], "\targ = %s\n", k->kernel.args.v[i]);
	add_sizes(&b[CASE], &b[HIDDEN], &k->kernel);
	add_options(&b[OPTIONS], &k->kernel);
	add_notes(&b[NOTES], &k->kernel);
	add_section(out, template, k, b);
	for (size_t i = 0; i < PARTS; i++)
		pike_buf_release(&b[i]);
	return out->full ? -1 : 0;
}

int pike_config_head(struct pike_buf *out, struct pike_ctx *ctx,
		     struct pike_err *err)
{
	char *branch = pike_repo_default_branch(ctx->repo);
	struct pike_buf head, base;
	int ret;

	pike_buf_init(&head, TEMPLATE_MAX);
	pike_buf_init(&base, TEMPLATE_MAX);
	quoted(&base, branch);
	free(branch);
	ret = pike_read_template(&head, "config", err);
	if (!ret) {
		const struct field f = { .name = "BASE", .value = base.s };

		fill(out, head.s, &f, 1);
	}
	pike_buf_release(&head);
	pike_buf_release(&base);
	return ret;
}

/* Does `of` include the file that was made of it, and did not before? */
static bool includes_now(const struct pike_edit *of, const struct pike_edit *it)
{
	const char *slash = strrchr(it->path, '/');
	size_t dir = slash ? (size_t)(slash + 1 - it->path) : 0;
	char *line;
	bool yes;

	if (it->old || !of->old || strncmp(of->path, it->path, dir) != 0 ||
	    strchr(of->path + dir, '/'))
		return false;
	line = pike_xasprintf("#include \"%s\"", it->path + dir);
	yes = strstr(of->text, line) && !strstr(of->old, line);
	free(line);
	return yes;
}

/* Targets of a file that was taken apart need what it includes now. */
static void add_new_headers(struct pike_buf *out, const char *line,
			    const struct pike_parted *parted)
{
	for (size_t i = 0; i < parted->n; i++) {
		const struct pike_edit *of = &parted->edits[i];
		struct pike_buf source;
		bool it;

		pike_buf_init(&source, CONFIG_MAX);
		pike_buf_adds(&source, "source = ");
		quoted(&source, of->path);
		it = !strcmp(line + strspn(line, " \t"), source.s);
		pike_buf_release(&source);
		for (size_t k = 0; it && k < parted->n; k++) {
			if (!includes_now(of, &parted->edits[k]))
				continue;
			pike_buf_adds(out, "\theader = ");
			quoted(out, parted->edits[k].path);
			pike_buf_addc(out, '\n');
		}
	}
}

/* The file that is there, to which targets are added; they must be new. */
static int old_config(struct pike_buf *out, const struct pike_kernels *found,
		      const struct pike_parted *parted, struct pike_err *err)
{
	struct pike_buf was;
	int ret;

	pike_buf_init(&was, CONFIG_MAX);
	ret = pike_read_file(&was, ".pike/config", err);
	for (size_t i = 0; !ret && i < found->n; i++) {
		char *name =
		    pike_xasprintf("\n[target \"%s\"]", found->v[i].name);

		if (strstr(was.s, name))
			ret = pike_fail(err, PIKE_FAILED,
					".pike/config has a target '%s' "
					"already; rename or remove it there",
					found->v[i].name);
		free(name);
	}
	for (const char *at = was.s; !ret && *at;) {
		size_t n = strcspn(at, "\n");
		char *line = pike_xstrndup(at, n);

		pike_buf_addf(out, "%s\n", line);
		add_new_headers(out, line, parted);
		free(line);
		at += n + (at[n] == '\n');
	}
	pike_buf_release(&was);
	return ret;
}

static int make_config(struct pike_buf *out, struct pike_ctx *ctx,
		       const struct pike_kernels *found,
		       const struct pike_parted *parted, struct pike_err *err)
{
	struct pike_buf part;
	int ret;

	pike_buf_init(&part, TEMPLATE_MAX);
	ret = access(".pike/config", F_OK)
		  ? pike_config_head(out, ctx, err)
		  : old_config(out, found, parted, err);
	if (!ret)
		ret = pike_read_template(
		    &part, found->n ? "config.target" : "config.starter", err);
	if (!ret && !found->n)
		pike_buf_adds(out, part.s);
	for (size_t i = 0; !ret && i < found->n; i++)
		if (add_target(out, part.s, &found->v[i]))
			ret = pike_fail(err, PIKE_FATAL,
					"too many kernels for one config; "
					"name some: pike-git init FILE...");
	pike_buf_release(&part);
	return ret;
}

static const char *state_of(const struct pike_kernel *k)
{
	if (!has_output(&k->kernel))
		return " (not finished, so it stands there as a comment)";
	if (k->has_reference)
		return "";
	return k->draft ? " (a draft: read it first)" : " (write it first)";
}

static void report_one(struct pike_ctx *ctx, struct pike_json *list,
		       const struct pike_kernel *k)
{
	struct pike_json *j = pike_json_object(), *notes = pike_json_array();

	pike_buf_addf(&ctx->out, "  %s: ", k->name);
	pike_clean(&ctx->out, k->path, 200);
	pike_buf_addf(&ctx->out, ", %s(), reference ", k->kernel.entry);
	pike_clean(&ctx->out, k->reference, 200);
	pike_buf_addf(&ctx->out, "%s\n", state_of(k));
	for (size_t i = 0; i < k->kernel.notes.n; i++) {
		pike_buf_adds(&ctx->out, "    to do: ");
		pike_clean(&ctx->out, k->kernel.notes.v[i], 400);
		pike_buf_addc(&ctx->out, '\n');
		pike_json_push_str(notes, k->kernel.notes.v[i]);
	}
	pike_json_set_str(j, "name", k->name);
	pike_json_set_str(j, "source", k->path);
	pike_json_set_str(j, "entry", k->kernel.entry);
	pike_json_set_str(j, "reference", k->reference);
	pike_json_set_bool(j, "has_reference", k->has_reference);
	pike_json_set_bool(j, "drafted", k->draft != NULL);
	pike_json_set(j, "to_do", notes);
	pike_json_push(list, j);
}

/* The files that were taken apart, and what came of them. */
static void report_parted(struct pike_ctx *ctx, const struct pike_parted *p)
{
	struct pike_json *made = pike_json_array(), *changed;

	changed = pike_json_array();
	for (size_t i = 0; i < p->n; i++) {
		const struct pike_edit *e = &p->edits[i];

		pike_buf_addf(&ctx->out, "%s ", e->old ? "changed" : "wrote");
		pike_clean(&ctx->out, e->path, 200);
		pike_buf_addc(&ctx->out, '\n');
		pike_json_push_str(e->old ? changed : made, e->path);
	}
	pike_json_set(ctx->doc, "split_files", made);
	pike_json_set(ctx->doc, "changed_files", changed);
}

static void report(struct pike_ctx *ctx, const struct pike_kernels *found,
		   const struct pike_parted *parted)
{
	struct pike_json *list = pike_json_array();

	ctx->doc = pike_json_object();
	pike_json_set_str(ctx->doc, "config", ".pike/config");
	pike_json_set(ctx->doc, "targets", list);
	if (parted->n)
		report_parted(ctx, parted);
	pike_buf_addf(&ctx->out, "wrote .pike/config with %zu %starget%s\n",
		      found->n, parted->n ? "new " : "",
		      found->n == 1 ? "" : "s");
	for (size_t i = 0; i < found->n; i++)
		report_one(ctx, list, &found->v[i]);
	pike_buf_adds(&ctx->out, "next: read and correct it, commit it, then "
				 "`pike-git doctor`\n");
}

static int write_drafts(const struct pike_kernels *found, struct pike_err *err)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < found->n; i++)
		if (found->v[i].draft)
			ret = pike_write_file(found->v[i].reference,
					      found->v[i].draft,
					      strlen(found->v[i].draft), err);
	return ret;
}

/* Does the program itself understand what it wrote? */
static void try_config(struct pike_ctx *ctx)
{
	struct pike_err err = PIKE_ERR_INIT;

	if (pike_ctx_config(ctx, NULL, &err))
		pike_warn("to correct: %s", err.text);
}

/* ---- prompts ---- */

static int write_prompt(struct pike_ctx *ctx, const char *name,
			struct pike_err *err)
{
	char *from = pike_xasprintf("prompts/%s.md", name);
	char *to = pike_xasprintf(".pike/prompts/%s.md", name);
	struct pike_buf text;
	int ret = 0;

	pike_buf_init(&text, TEMPLATE_MAX);
	if (!access(to, F_OK)) {
		pike_buf_addf(&ctx->out, "%s is there already\n", to);
	} else {
		ret = pike_read_template(&text, from, err);
		if (!ret)
			ret = pike_write_file(to, text.s, text.len, err);
		if (!ret)
			pike_buf_addf(&ctx->out, "wrote %s\n", to);
	}
	pike_buf_release(&text);
	free(from);
	free(to);
	return ret;
}

static int write_of_backend(struct pike_ctx *ctx, const char *backend,
			    struct pike_err *err)
{
	static const char *const what[] = { "rules", "directions" };
	int ret = 0;

	for (size_t i = 0; !ret && i < PIKE_ARRAY_LEN(what); i++) {
		char *name = pike_xasprintf("%s-%s", what[i], backend);

		ret = write_prompt(ctx, name, err);
		free(name);
	}
	return ret;
}

/* Copies of the built-in ones, to be changed and committed. */
static int write_prompts(struct pike_ctx *ctx, const char *top,
			 struct pike_err *err)
{
	const struct pike_agent *a;
	const struct pike_backend_rules *b;
	int ret = 0;

	if (chdir(top))
		return pike_fail_errno(err, PIKE_FATAL, "cannot go to '%s'",
				       top);
	ret = pike_mkdir_p(".pike/prompts", 0777, err);
	if (!ret)
		ret = write_prompt(ctx, "system", err);
	for (size_t i = 0; !ret && (a = pike_agent_at(i)); i++)
		if (a->asks)
			ret = write_prompt(ctx, a->name, err);
	for (size_t i = 0; !ret && (b = pike_backend_rules_at(i)); i++)
		if (pike_runner_name(b->name))
			ret = write_of_backend(ctx, b->name, err);
	return ret;
}

/* ---- the command ---- */

static int go_to(const char *top, struct pike_err *err)
{
	if (!chdir(top))
		return 0;
	return pike_fail_errno(err, PIKE_FATAL, "cannot go to '%s'", top);
}

/* Writes the halves of the named files, and finds the kernels in them. */
static int find_parted(struct pike_kernels *found, struct pike_ctx *ctx,
		       struct pike_parted *parted, const struct pike_strs *rest,
		       struct pike_err *err)
{
	int ret = 0;

	if (!rest->n)
		return pike_fail(err, PIKE_USAGE,
				 "--split needs the file of the kernel: "
				 "pike-git init --split FILE[:FUNCTION]");
	for (size_t i = 0; !ret && i < rest->n; i++)
		ret = pike_parted_add(parted, ctx->repo, rest->v[i], err);
	if (!ret)
		ret = go_to(pike_repo_workdir(ctx->repo), err);
	if (!ret)
		ret = pike_parted_write(parted, err);
	for (size_t i = 0; !ret && i < parted->nparts; i++) {
		const struct pike_part *p = &parted->parts[i];

		ret = pike_scan_named(found, ".", p->spec, err);
		for (size_t k = 0; !ret && k < p->notes.n; k++)
			pike_strs_push(&found->v[found->n - 1].kernel.notes,
				       p->notes.v[k]);
	}
	return ret;
}

static int find(struct pike_kernels *found, struct pike_ctx *ctx,
		const struct pike_strs *rest, struct pike_err *err)
{
	const char *top = pike_repo_workdir(ctx->repo);
	int ret = 0;

	for (size_t i = 0; !ret && i < rest->n; i++)
		ret = pike_scan_named(found, top, rest->v[i], err);
	if (!ret)
		ret = go_to(top, err);
	if (!ret && !access(".pike/config", F_OK))
		ret = pike_fail(err, PIKE_FATAL,
				".pike/config exists; edit it, or remove it to "
				"start anew");
	if (!ret && !rest->n)
		ret = pike_scan_tree(found, err);
	return ret;
}

static int write_all(struct pike_ctx *ctx, const struct pike_kernels *found,
		     const struct pike_parted *parted, struct pike_err *err)
{
	struct pike_buf text;
	int ret;

	pike_buf_init(&text, CONFIG_MAX);
	ret = make_config(&text, ctx, found, parted, err);
	if (!ret)
		ret = pike_mkdir_p(".pike", 0777, err);
	if (!ret)
		ret = pike_write_file(".pike/config", text.s, text.len, err);
	if (!ret)
		ret = write_drafts(found, err);
	pike_buf_release(&text);
	return ret;
}

static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	const struct opts *o = opts;
	const char *top = pike_repo_workdir(ctx->repo);
	struct pike_kernels found = { 0 };
	struct pike_parted parted = { 0 };
	int ret;

	if (o->hooks)
		return pike_setup_hooks(ctx, o->hooks, err);
	if (!top)
		return pike_fail(err, PIKE_FATAL,
				 "a bare repository has no place for "
				 ".pike/config; run init in a clone with a "
				 "working tree");
	if (o->prompts)
		return write_prompts(ctx, top, err);
	if (o->ci) {
		ret = go_to(top, err);
		return ret ? ret : pike_setup_ci(ctx, o->ci, err);
	}
	ret = o->split ? find_parted(&found, ctx, &parted, rest, err)
		       : find(&found, ctx, rest, err);
	if (!ret)
		ret = write_all(ctx, &found, &parted, err);
	if (ret) {
		pike_parted_undo(&parted);
	} else {
		report(ctx, &found, &parted);
		try_config(ctx);
	}
	pike_kernels_release(&found);
	pike_parted_release(&parted);
	return ret;
}

const struct pike_cmd pike_cmd_init = {
	.name = "init",
	.summary = "write .pike/config for the kernels that it finds",
	.usage = "[FILE[:FUNCTION]...]",
	.text =
	    "Looks for C and CUDA files with a `//pike:` line, or takes the "
	    "named ones, and writes a commented configuration whose "
	    "arguments are guessed from the function's own and from what "
	    "its body writes, and a first reference where there is none. "
	    "What it cannot tell stands there as TO DO. Never "
	    "overwrites anything. With --prompts only copies what models are "
	    "told to .pike/prompts, where it can be changed; with --hooks "
	    "only installs git hooks, which send searches along with a push "
	    "and tell of faster versions, or with --hooks=server those that "
	    "refuse a push that would break the record; with --ci only writes "
	    "a recipe that turns searches on GitHub, GitLab or Slurm.\n\n"
	    "Of a CUDA file with host code it says which lines are the "
	    "host's. With --split it moves the kernel FILE:FUNCTION, and the "
	    "functions, types, constants and macros that it needs, to "
	    "FUNCTION.cu beside the file, which includes that in their place "
	    "and compiles as before; drafts the launch plan from the <<<...>>> "
	    "that it finds; and adds the target to .pike/config. A header of "
	    "the repository that mixes both is split in the same way, into "
	    "NAME_device.cuh. A build that takes every *.cu has to leave the "
	    "new one out. Files that differ from HEAD are refused; all of it "
	    "is written, or nothing.",
	.opts = opts_table,
	.opts_size = sizeof(struct opts),
	.flags = PIKE_NEED_REPO | PIKE_READS,
	.run = run,
};
