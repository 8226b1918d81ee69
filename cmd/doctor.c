/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: what works here, what does not, and the exact remedy. */
#include "cmd.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/text.h"
#include "device/gpu.h"
#include "device/python.h"
#include "eval/eval.h"
#include "forge/forge.h"
#include "git/offer.h"
#include "git/sync.h"
#include "llm/llm.h"
#include "model/backend.h"
#include "report/report.h"
#include "search/search.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MIB (1024.0 * 1024.0)
#define DISK_WARN_MIB 1024.0
#define DISK_LEAST_MIB 64.0
/* How far a kernel's time in the sandbox may be from that outside. */
#define SMOKE_SHARE 0.01
#define SMOKE_ARCH "sm_90"

enum level {
	OK,
	WARN,
	MISSING,
	LEVEL_COUNT
};
static const char *const level_names[LEVEL_COUNT] = { "ok", "warn", "missing" };

struct doctor {
	struct pike_ctx *ctx;
	struct pike_table table;
	struct pike_json *list;
	size_t count[LEVEL_COUNT];
	struct pike_findings gpus;
	bool boxed, gpu_usable, wants_gpu; /* boxed: level I2 */
};

/* `remedy` "" where there is nothing to do. What is `missing` blocks
 * evolve. */
static void row(struct doctor *d, enum level level, const char *check,
		const char *remedy, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

static void row(struct doctor *d, enum level level, const char *check,
		const char *remedy, const char *fmt, ...)
{
	struct pike_json *j = pike_json_object();
	struct pike_buf clean;
	char found[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(found, sizeof(found), fmt, ap);
	va_end(ap);
	pike_buf_init(&clean, 4096);
	pike_clean(&clean, found, sizeof(found));
	pike_json_set_str(j, "check", check);
	pike_json_set_str(j, "state", level_names[level]);
	pike_json_set_str(j, "found", clean.s);
	pike_json_set_str(j, "remedy", remedy);
	pike_json_push(d->list, j);
	pike_table_cell(&d->table, level_names[level]);
	pike_table_cell(&d->table, check);
	if (*remedy)
		pike_table_cellf(&d->table, "%s; remedy: %s", clean.s, remedy);
	else
		pike_table_cell(&d->table, clean.s);
	d->count[level]++;
	pike_buf_release(&clean);
}

/* What is wrong, then what to do: an error has both. */
static void error_row(struct doctor *d, const char *check, struct pike_err *err)
{
	char *remedy = strstr(err->text, "; ");

	if (remedy)
		*remedy = '\0';
	row(d, MISSING, check, remedy ? remedy + 2 : "see the message", "%s",
	    err->text);
}

static void check_device(struct doctor *d)
{
	struct pike_device_info info;
	struct pike_err err = PIKE_ERR_INIT;

	if (pike_device_find(&info, "cpu", &err)) {
		row(d, MISSING, "compiler", "see the message", "%s", err.text);
		return;
	}
	row(d, OK, "compiler", "", "%s", info.toolchain);
	row(d, OK, "cpu", "", "%s, lane %s, last-level cache %.1f MiB",
	    info.model, info.lane, (double)info.llc_bytes / MIB);
	if (info.ncores < 2)
		row(d, WARN, "cores", "give the program two cores",
		    "one core: builds and measurements take turns");
	else if (info.sibling)
		row(d, WARN, "cores",
		    "none needed; two physical cores measure more quietly",
		    "%d, but the judge's core %d shares a physical core with "
		    "the timed core %d; builds pause while a confirmation runs",
		    info.ncores, info.judge_core, info.core);
	else
		row(d, OK, "cores", "", "%d; kernels are timed on core %d",
		    info.ncores, info.core);
}

static void check_helpers(struct doctor *d)
{
	const char *const names[] = { pike_runner_name("cpu"),
				      pike_runner_name("cuda"),
				      "pike-nvrtc",
				      "pike-sandbox",
				      "pike-smoke",
				      "pike-run-torch.py" };

	for (size_t i = 0; i < PIKE_ARRAY_LEN(names); i++) {
		char *path = pike_xasprintf("%s/%s", pike_exe_dir(), names[i]);

		if (access(path, X_OK))
			row(d, MISSING, "helper",
			    "install pike-git again, with all its files",
			    "no program %s", path);
		free(path);
	}
}

static void check_git(struct doctor *d)
{
	static const char *const argv[] = { "git", "--version", NULL };
	struct pike_proc_opts o = { .argv = argv, .timeout_ms = 10000 };
	struct pike_proc_result res = { 0 };
	struct pike_err err = PIKE_ERR_INIT;
	int ret = pike_proc_run(&res, &o, &err);

	if (ret || res.status)
		row(d, WARN, "git", "install git (Debian: apt install git)",
		    "no git program: only local work");
	else
		row(d, OK, "git", "", "%.*s", (int)strcspn(res.out.s, "\n"),
		    res.out.s);
	if (!ret)
		pike_proc_result_release(&res);
	row(d, OK, "libgit2", "", "%s", pike_git_version());
}

static const char *yes(bool on)
{
	return on ? "yes" : "no";
}

static void check_sandbox(struct doctor *d)
{
	char *remedy;
	struct pike_isolation_info i;
	struct pike_err err = PIKE_ERR_INIT;

	if (pike_isolation_probe(&i, &err)) {
		error_row(d, "sandbox", &err);
		return;
	}
	d->boxed = i.level >= PIKE_I2;
	remedy = pike_xasprintf("%s%s", i.remedy,
				i.level >= PIKE_I2 ? ""
				: i.level == PIKE_I1
				    ? " (for kernels of your own: evolve "
				      "--allow-weak=I1)"
				    : " (for kernels of your own: evolve "
				      "--allow-weak=I0)");
	row(d, i.level >= PIKE_I2 ? OK : MISSING, "sandbox", remedy,
	    "isolation I%d (user namespaces %s, mounts %s, process ids %s, "
	    "network %s, seccomp %s, cgroup %s, landlock %d)",
	    (int)i.level, yes(i.userns), yes(i.mounts), yes(i.pidns),
	    yes(i.netns), yes(i.seccomp), yes(i.cgroup), i.landlock_abi);
	free(remedy);
}

/* What a GPU lacks blocks nothing where no target wants one. */
static void check_gpus(struct doctor *d)
{
	static const enum level levels[] = { [PIKE_FOUND_OK] = OK,
					     [PIKE_FOUND_WARN] = WARN,
					     [PIKE_FOUND_MISSING] = MISSING };
	struct pike_findings *f = &d->gpus;

	for (size_t i = 0; i < f->n; i++) {
		enum level level = levels[f->v[i].state];

		if (level == MISSING && !d->wants_gpu)
			level = WARN;
		row(d, level, f->v[i].check, f->v[i].remedy, "%s",
		    f->v[i].found);
	}
}

static void smoke_json(struct doctor *d, const struct pike_smoke *s)
{
	struct pike_json *j = pike_json_object();

	pike_json_set_i64(j, "ways", s->ways);
	pike_json_set_str(j, "open", s->open);
	pike_json_set_i64(j, "pairs", s->pairs);
	pike_json_set_f64(j, "inside_ns", s->inside_ns);
	pike_json_set_f64(j, "outside_ns", s->outside_ns);
	pike_json_set_f64(j, "ratio", s->ratio);
	pike_json_set_f64(j, "secs", s->secs);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(s->tools); i++)
		if (s->tools[i].name)
			pike_json_set_bool(j, s->tools[i].name,
					   s->tools[i].works);
	pike_json_set(d->ctx->doc, "smoke", j);
}

static void smoke_row(struct doctor *d, const struct pike_smoke *s)
{
	static const char check[] = "gpu sandbox";
	bool even = s->ratio >= 1 - SMOKE_SHARE && s->ratio <= 1 + SMOKE_SHARE;
	char in[32], out[32];

	if (s->open[0]) {
		row(d, MISSING, check,
		    "run no kernel here that is not your own, and report it",
		    "from inside one can reach: %s", s->open);
		return;
	}
	row(d, even ? OK : WARN, check,
	    even ? "" : "end what else uses the GPU, then run this again",
	    "CUDA starts, builds, launches and copies inside; %d ways out are "
	    "closed; a copy kernel takes %s inside, %s outside (ratio %.4f, "
	    "median of %d pairs%s)",
	    s->ways, pike_human_ns(in, s->inside_ns),
	    pike_human_ns(out, s->outside_ns), s->ratio, s->pairs,
	    even ? "" : ": more than 1 % apart");
}

/* Optional: a confirmation does without them. */
static void tool_row(struct doctor *d, const struct pike_smoke_tool *t)
{
	if (!t->name)
		return;
	if (t->works)
		row(d, OK, "gpu tools", "",
		    "%s works in its sandbox, in %.1f s", t->name, t->secs);
	else if (t->why[0])
		row(d, WARN, "gpu tools",
		    "see the message; --profile does "
		    "without it meanwhile",
		    "%s does not work in its sandbox: %s", t->name, t->why);
}

/* Without a GPU kernels can still be built. */
static void check_nvrtc(struct doctor *d)
{
	struct pike_err err = PIKE_ERR_INIT;
	int ret = pike_gpu_smoke_build(SMOKE_ARCH, &err);

	if (!ret)
		row(d, OK, "nvrtc", "", "builds a kernel for %s in its sandbox",
		    SMOKE_ARCH);
	else if (ret != 1)
		row(d, WARN, "nvrtc", "install the CUDA toolkit again, whole",
		    "%s", err.text);
}

static void check_gpu_sandbox(struct doctor *d)
{
	struct pike_smoke s;
	struct pike_err err = PIKE_ERR_INIT;
	const char *repository =
	    d->ctx->repo ? pike_repo_commondir(d->ctx->repo) : NULL;
	int ret = pike_gpu_smoke(&s, repository, &err);

	smoke_json(d, &s);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(s.tools); i++)
		tool_row(d, &s.tools[i]);
	if (!ret)
		smoke_row(d, &s);
	else if (ret == PIKE_RETRY)
		row(d, WARN, "gpu sandbox", "run this again later",
		    "not tried: %s", err.text);
	else
		row(d, d->wants_gpu ? MISSING : WARN, "gpu sandbox",
		    "see the message, and dmesg", "%s", err.text);
}

static bool wants_torch(const struct pike_settings *s)
{
	for (size_t i = 0; s && i < s->ntargets; i++) {
		const struct pike_backend_rules *rules =
		    pike_backend_rules_find(s->targets[i].backend);

		if (rules && rules->python)
			return true;
	}
	return false;
}

/* Optional unless a target is a model. */
static void check_torch(struct doctor *d)
{
	const struct pike_settings *s = d->ctx->settings;
	enum level none = wants_torch(s) ? MISSING : WARN;
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_torch_info t;
	struct pike_python p;

	if (pike_python_find(&p, s ? s->python : NULL, &err)) {
		row(d, none, "python", "", "%s", err.text);
		return;
	}
	row(d, OK, "python", "", "Python %s, %s", p.version, p.exe);
	if (!p.torch[0])
		row(d, none, "pytorch",
		    "for PyTorch models: install it for that Python, or name "
		    "another: git config pike.python /path/to/python3",
		    "none for %s", p.exe);
	else if (pike_torch_probe(&t, &p, PIKE_I2, &err))
		row(d, none, "pytorch", "see the message", "%s", err.text);
	else
		row(d, OK, "pytorch", "",
		    "%s%s%s in %s, matrices by %s; starts in its sandbox in "
		    "%.1f s, with %d thread%s",
		    t.version, t.cuda[0] ? ", CUDA " : "", t.cuda, p.torch,
		    t.blas, (double)t.took_ns / 1e9, t.threads,
		    t.threads == 1 ? "" : "s");
	pike_python_release(&p);
}

static void check_disk(struct doctor *d, const char *name, const char *path)
{
	struct statvfs v;
	double mib;

	if (statvfs(path, &v)) {
		row(d, WARN, "disk", "", "%s: cannot ask for free space", name);
		return;
	}
	mib = (double)v.f_bavail * (double)v.f_frsize / MIB;
	row(d,
	    mib < DISK_LEAST_MIB  ? MISSING
	    : mib < DISK_WARN_MIB ? WARN
				  : OK,
	    "disk", mib < DISK_WARN_MIB ? "make room there" : "",
	    "%s: %.0f MiB free", name, mib);
}

static void check_backend(struct doctor *d, const struct pike_target *t,
			  size_t nfiles, const struct pike_oid *base)
{
	bool gpu = pike_backend_rules_find(t->backend)->gpu;

	d->wants_gpu = d->wants_gpu || gpu;
	if (!pike_runner_name(t->backend))
		row(d, WARN, "target", "use another backend",
		    "%s: %s: backend '%s' is not in this version", t->origin,
		    t->name, t->backend);
	else if (gpu && !d->gpu_usable)
		row(d, MISSING, "target",
		    "see the gpu rows; here `pike-git bench --compile-only` "
		    "is what can be done",
		    "%s: needs a GPU that can be used", t->name);
	else
		row(d, OK, "target", "", "%s: %zu files at base %.12s", t->name,
		    nfiles, base->hex);
}

/* One that a target names. */
static void check_compiler(struct doctor *d, const struct pike_target *t)
{
	struct pike_device_info info = { 0 };
	struct pike_err err = PIKE_ERR_INIT;

	if (!t->compiler || !strcmp(t->compiler, "cc"))
		return;
	if (pike_device_compiler(&info, t, &err))
		row(d, MISSING, "compiler", "install it, or name another", "%s",
		    err.text);
	else
		row(d, OK, "compiler", "", "%s, of target %s", info.toolchain,
		    t->name);
}

/* Files that the target names, at the base commit, where they are read. */
static void check_target(struct doctor *d, const struct pike_target *t,
			 const struct pike_oid *base)
{
	const struct pike_strs *const groups[] = { &t->sources, &t->headers,
						   &t->references };
	size_t n = 0;

	for (size_t i = 0; i < PIKE_ARRAY_LEN(groups); i++) {
		struct pike_files f = { 0 };
		struct pike_err err = PIKE_ERR_INIT;
		bool may_miss =
		    groups[i] == &t->sources && pike_target_absent(t);
		int ret = pike_repo_read(&f, d->ctx->repo, base, groups[i],
					 may_miss, &err);

		n += f.n;
		pike_files_release(&f);
		if (ret) {
			row(d, MISSING, "target",
			    "commit the file on the base branch, or mend the "
			    "path",
			    "%s: %s: %s", t->origin, t->name, err.text);
			return;
		}
	}
	check_compiler(d, t);
	check_backend(d, t, n, base);
}

static void check_targets(struct doctor *d)
{
	const struct pike_settings *s = d->ctx->settings;
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_preset preset;
	struct pike_oid base;

	if (pike_repo_base(&base, d->ctx->repo, s->base, &err)) {
		row(d, MISSING, "base", "commit something, or set `base`", "%s",
		    err.text);
		return;
	}
	if (!s->ntargets)
		row(d, MISSING, "target",
		    "add a [target \"name\"] section, see `pike-git init`",
		    "none is declared");
	for (size_t i = 0; i < s->ntargets; i++)
		check_target(d, &s->targets[i], &base);
	if (!pike_strategy_choose(&preset, s, s->strategy))
		row(d, MISSING, "strategy",
		    "`pike-git strategies` lists what there is",
		    "there is no strategy '%s'", s->strategy);
}

/* ---- models ---- */

static void check_program(struct doctor *d, const struct pike_llm *l,
			  enum level level)
{
	const char *root = pike_repo_workdir(d->ctx->repo);
	size_t n = strcspn(l->command, " \t");
	char *path = l->command[0] == '/'
			 ? pike_xasprintf("%.*s", (int)n, l->command)
			 : pike_xasprintf("%s/%.*s", root ? root : "", (int)n,
					  l->command);

	/* One without a slash is looked for when it is run. */
	if (memchr(l->command, '/', n) && access(path, X_OK))
		row(d, level, "llm", "put it there, or set another `command`",
		    "%s: no program '%s'", l->name, path);
	else
		row(d, OK, "llm", "", "%s: the program %.*s", l->name, (int)n,
		    l->command);
	free(path);
}

/* Of a coding CLI, for which a weaker one will not do. */
static void check_box(struct doctor *d, const struct pike_llm *l,
		      enum level level)
{
	struct pike_isolation_info info;

	if (pike_isolation_probe(&info, NULL) || info.level >= PIKE_I2)
		return;
	row(d, level, "llm", info.remedy,
	    "%s: a coding CLI works in a sandbox of level I2 only", l->name);
}

static void check_llm(struct doctor *d, const struct pike_llm *l,
		      enum level level)
{
	const char *key = pike_llm_key_name(l);
	const char *value = key ? getenv(key) : NULL;

	if (l->provider->program || l->provider->works)
		check_program(d, l, level);
	if (l->provider->works)
		check_box(d, l, level);
	if (l->provider->program)
		return;
	if (key && (!value || !*value))
		row(d, level, "llm", "set that variable, here and in CI",
		    "%s: the environment variable %s has no key", l->name, key);
	else
		row(d, OK, "llm", "", "%s: %s%s%s, %s%s", l->name,
		    l->provider->name, l->model ? ", model " : "",
		    l->model ? l->model : "", key ? "key in " : "no key",
		    key ? key : "");
}

/* Not asked: that would cost. */
static void check_models(struct doctor *d)
{
	const struct pike_settings *s = d->ctx->settings;
	struct pike_preset preset;
	bool needed =
	    pike_strategy_choose(&preset, s, s->strategy) && preset.asks;

	for (size_t i = 0; i < s->nllms; i++)
		check_llm(d, &s->llms[i], needed ? MISSING : WARN);
	if (needed && !s->nllms)
		row(d, MISSING, "llm",
		    "add one to .pike/config, or set `strategy = tune`",
		    "strategy '%s' asks models, and there is no [llm] section",
		    s->strategy);
}

/* Not asked either. Only `publish` needs one. */
static void check_forge(struct doctor *d)
{
	const struct pike_settings *s = d->ctx->settings;
	struct pike_repo *repo = d->ctx->repo;
	struct pike_place place = { 0 };
	struct pike_err err = PIKE_ERR_INIT;

	if (!pike_sync_remote(repo, s->remote))
		row(d, OK, "forge", "",
		    "no remote '%s': there is nowhere to publish to",
		    s->remote);
	else if (pike_run_forge(&place, repo, s, 0, d->ctx->stop, &err))
		row(d, WARN, "forge", "only `pike-git publish` needs it", "%s",
		    err.text);
	else
		row(d, OK, "forge", "", "%s at %s, with a token%s",
		    pike_forge_place(place.forge),
		    pike_forge_title(place.forge),
		    place.lent.secret ? " of git's credential helpers" : "");
	pike_run_forge_close(&place, repo);
}

static void check_signing(struct doctor *d)
{
	struct pike_err err = PIKE_ERR_INIT;
	bool signs;

	if (pike_repo_signs(&signs, d->ctx->repo, &err))
		error_row(d, "signing", &err);
	else if (signs)
		row(d, OK, "signing", "",
		    "generations and notes are signed, as commit.gpgsign asks "
		    "for");
}

/* Optional: a search needs none. */
static void check_remote(struct doctor *d)
{
	const struct pike_settings *s = d->ctx->settings;
	const struct pike_sync o = { .remote = s->remote,
				     .stop = d->ctx->stop };
	struct pike_err err = PIKE_ERR_INIT;
	bool blocked;
	size_t n;

	if (!pike_sync_remote(d->ctx->repo, s->remote))
		row(d, OK, "remote", "", "none named '%s': nothing is synced",
		    s->remote);
	else if (!s->sync)
		row(d, OK, "remote", "", "%s, with which nothing is synced",
		    s->remote);
	else if (pike_sync_look(&n, &blocked, d->ctx->repo, &o, &err))
		row(d, WARN, "remote",
		    "mend it (`git ls-remote` says more), or `git config "
		    "pike.sync false`",
		    "%s: %s", s->remote, err.text);
	else if (blocked)
		row(d, WARN, "remote",
		    "rename it there, since pike/evo/... cannot be beside it",
		    "%s has a branch named 'pike'", s->remote);
	else
		row(d, OK, "remote", "",
		    "%s answers, with %zu refs of searches", s->remote, n);
}

static void check_repo(struct doctor *d, const void *opts)
{
	struct pike_strs problems = PIKE_STRS_INIT;
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_ctx *ctx = d->ctx;

	if (pike_repo_view(&ctx->repo, ".", &err)) {
		error_row(d, "repository", &err);
		return;
	}
	if (pike_repo_problems(&problems, ctx->repo, &err))
		row(d, MISSING, "repository", "see the message", "%s",
		    err.text);
	for (size_t i = 0; i < problems.n; i++)
		row(d, WARN, "repository", "", "%s", problems.v[i]);
	if (!problems.n && !err.text[0])
		row(d, OK, "repository", "", "%s",
		    pike_repo_workdir(ctx->repo) ? "with a working tree"
						 : "bare");
	pike_strs_release(&problems);
	check_signing(d);
	check_disk(d, "repository", pike_repo_commondir(ctx->repo));
	if (pike_ctx_config(ctx, opts, &err)) {
		row(d, MISSING, "config",
		    "mend the line, or write a first one: `pike-git init`",
		    "%s", err.text);
		return;
	}
	row(d, OK, "config", "", ".pike/config is well-formed");
	check_remote(d);
	check_targets(d);
	check_models(d);
	check_forge(d);
}

static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	static const struct pike_column cols[] = { { .title = "state" },
						   { .title = "check" },
						   { .title = "found" } };
	struct doctor d = { .ctx = ctx, .list = pike_json_array() };
	struct pike_json *gpus = pike_json_array();
	const char *tmp = getenv("TMPDIR");
	int ret = pike_operands(rest, 0, 0, err);

	ctx->doc = pike_json_object();
	pike_json_set(ctx->doc, "checks", d.list);
	pike_json_set(ctx->doc, "gpus", gpus);
	if (ret)
		return ret;
	pike_table_init(&d.table, cols, PIKE_ARRAY_LEN(cols));
	check_device(&d);
	check_helpers(&d);
	check_git(&d);
	check_sandbox(&d);
	check_disk(&d, "temporary files", tmp ? tmp : "/tmp");
	d.gpu_usable = pike_gpu_findings(&d.gpus, gpus);
	check_repo(&d, opts);
	check_gpus(&d);
	/* Where the CPU's own box is too weak there is nothing to try. */
	if (d.boxed && d.gpu_usable)
		check_gpu_sandbox(&d);
	else if (d.boxed)
		check_nvrtc(&d);
	if (d.boxed)
		check_torch(&d);
	pike_findings_release(&d.gpus);
	pike_table_print(&ctx->out, &d.table, PIKE_WIDTH);
	pike_table_release(&d.table);
	pike_json_set_bool(ctx->doc, "ready", !d.count[MISSING]);
	if (d.count[MISSING])
		pike_buf_adds(&ctx->out, "\nevolve cannot run before what is "
					 "missing is there\n");
	return d.count[MISSING] ? PIKE_EXIT_NO : PIKE_EXIT_OK;
}

const struct pike_cmd pike_cmd_doctor = {
	.name = "doctor",
	.summary = "what works here, what does not, and the exact remedy",
	.usage = "",
	.text = "Exits with 1 when something that evolve needs is missing. "
		"Where a GPU can be used, its sandbox is tried for real, and "
		"NVIDIA's tools in theirs, in some seconds.",
	.opts_size = sizeof(struct pike_common),
	.run = run,
};
