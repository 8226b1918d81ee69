/* SPDX-License-Identifier: Apache-2.0 */
/* python: see python.h. */
#include "device/python.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/kept.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/rand.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ASK_MS 30000
#define PROBE_MS 120000
#define PROBE_MEMORY (8LL << 30)
/* An answer is good for a day: what a library is found by may change in ways
 * that no name tells. */
#define PROBE_KEPT_S 86400

/* Isolated (-I): neither the current folder nor the user's variables and
 * packages count. A package is found without importing it. */
static const char question[] =
    "import json, sys, importlib.util, os\n"
    "try: spec = importlib.util.find_spec('torch')\n"
    "except Exception: spec = None\n"
    "torch = os.path.dirname(spec.origin) if spec and spec.origin else ''\n"
    "real = os.path.realpath\n"
    "print(json.dumps({'exe': real(sys.executable), 'torch': torch and "
    "real(torch),\n"
    " 'version': '%d.%d.%d' % sys.version_info[:3],\n"
    " 'programs': real(os.path.dirname(sys.executable)),\n"
    " 'path': [real(p) for p in sys.path if p and os.path.exists(p)],\n"
    " 'roots': [real(os.path.join(p, 'lib')) for p in "
    "(sys.prefix, sys.base_prefix)]}))\n";

static const char remedy[] =
    "install Python 3.8 or later with PyTorch, and name it: git config "
    "pike.python /path/to/python3";

static void take(char *to, size_t size, const struct pike_json *j,
		 const char *key)
{
	snprintf(to, size, "%s", pike_json_str(j, key, ""));
}

/* Absolute paths alone, each once; what lies in another is there with it. */
static void add_needs(struct pike_strs *to, const char *path)
{
	if (*path != '/')
		return;
	for (size_t i = 0; i < to->n; i++) {
		size_t n = strlen(to->v[i]);

		if (!strncmp(path, to->v[i], n) && (!path[n] || path[n] == '/'))
			return;
	}
	pike_strs_push(to, path);
}

static void take_list(struct pike_strs *to, const struct pike_json *j,
		      const char *key)
{
	const struct pike_json *list = pike_json_get(j, key);

	for (size_t i = 0; i < pike_json_len(list); i++) {
		const char *path =
		    pike_json_as_str(pike_json_at(list, i), NULL);

		if (path)
			pike_strs_push(to, path);
	}
}

static int read_answer(struct pike_python *out, const char *name,
		       const char *text, size_t len, struct pike_err *err)
{
	struct pike_json *j = pike_json_parse(text, len, NULL);
	struct pike_strs roots = PIKE_STRS_INIT;
	int major = 0, minor = 0;

	take(out->exe, sizeof(out->exe), j, "exe");
	take(out->version, sizeof(out->version), j, "version");
	take(out->torch, sizeof(out->torch), j, "torch");
	take(out->programs, sizeof(out->programs), j, "programs");
	take_list(&out->path, j, "path");
	take_list(&roots, j, "roots");
	pike_json_free(j);
	add_needs(&out->needs, out->exe);
	/* Debian's BLAS is found by way of that */
	add_needs(&out->needs, "/etc/alternatives");
	for (size_t i = 0; i < roots.n; i++)
		add_needs(&out->needs, roots.v[i]);
	for (size_t i = 0; i < out->path.n; i++)
		add_needs(&out->needs, out->path.v[i]);
	pike_strs_release(&roots);
	if (sscanf(out->version, "%d.%d", &major, &minor) == 2 &&
	    out->exe[0] == '/' && (major > 3 || (major == 3 && minor >= 8)))
		return 0;
	return pike_fail(err, PIKE_FAILED,
			 "'%s' is not a Python of version 3.8 or later; %s",
			 name, remedy);
}

/* The one of an environment that is active comes before PATH's. */
static char *program(const char *name)
{
	const char *env = getenv("VIRTUAL_ENV");
	char *path;

	if (name && *name && strcmp(name, "python3") != 0)
		return pike_xstrdup(name);
	if (env && *env) {
		path = pike_xasprintf("%s/bin/python3", env);
		if (!access(path, X_OK))
			return path;
		free(path);
	}
	return pike_xstrdup("python3");
}

int pike_python_find(struct pike_python *out, const char *name,
		     struct pike_err *err)
{
	char *exe = program(name);
	const char *const argv[] = { exe, "-I", "-c", question, NULL };
	struct pike_proc_opts o = { .argv = argv, .timeout_ms = ASK_MS };
	struct pike_proc_result res = { 0 };
	int ret = pike_proc_run(&res, &o, NULL);

	memset(out, 0, sizeof(*out));
	if (ret || res.status)
		ret = pike_fail(err, PIKE_FAILED,
				"'%s' cannot be asked for its version; %s", exe,
				remedy);
	else
		ret = read_answer(out, exe, res.out.s, res.out.len, err);
	pike_proc_result_release(&res);
	if (ret)
		pike_python_release(out);
	free(exe);
	return ret;
}

void pike_python_release(struct pike_python *p)
{
	pike_strs_release(&p->path);
	pike_strs_release(&p->needs);
	memset(p, 0, sizeof(*p));
}

static struct {
	pthread_mutex_t lock;
	char *name;
	bool found;
	struct pike_python python;
} here = { .lock = PTHREAD_MUTEX_INITIALIZER };

void pike_python_use(const char *name)
{
	pthread_mutex_lock(&here.lock);
	free(here.name);
	here.name = name ? pike_xstrdup(name) : NULL;
	if (here.found)
		pike_python_release(&here.python);
	here.found = false;
	pthread_mutex_unlock(&here.lock);
}

int pike_python_here(const struct pike_python **out, struct pike_err *err)
{
	int ret = 0;

	pthread_mutex_lock(&here.lock);
	if (!here.found)
		ret = pike_python_find(&here.python, here.name, err);
	here.found = !ret;
	*out = ret ? NULL : &here.python;
	pthread_mutex_unlock(&here.lock);
	return ret;
}

static void add_words(struct pike_strs *argv, const struct pike_python *p,
		      const char *what, const char *more)
{
	pike_strs_push(argv, what);
	if (more)
		pike_strs_push(argv, more);
	for (size_t i = 0; i < p->path.n; i++)
		pike_strs_push(argv, p->path.v[i]);
}

/* Isolated, without site packages and compiled files: what counts is named. */
void pike_python_command(struct pike_strs *argv, const struct pike_python *p,
			 const char *what, const char *more)
{
	pike_strs_push(argv, p->exe);
	pike_strs_push(argv, "-ISB");
	pike_strs_push(argv, "/runner");
	add_words(argv, p, what, more);
}

void pike_python_warm(struct pike_strs *argv, const struct pike_python *p)
{
	/* With the name that a box has it by, for what it says. */
	static const char script[] =
	    "exec(compile(open(0).read(), '/runner', 'exec'))";

	pike_strs_push(argv, p->exe);
	pike_strs_push(argv, "-ISBc");
	pike_strs_push(argv, script);
	add_words(argv, p, "--warm", NULL);
}

/* ---- in its sandbox ---- */

static int start(struct pike_box **out, const struct pike_python *p,
		 const char *const *argv, const char *worker,
		 enum pike_isolation require, struct pike_err *err)
{
	const struct pike_box_opts o = { .kind = PIKE_BOX_PYTHON,
					 .argv = argv,
					 .runner = worker,
					 .folders =
					     (const char *const *)p->needs.v,
					 .out_fd = -1,
					 .sock = -1,
					 .wall_ms = PROBE_MS,
					 .memory = PROBE_MEMORY,
					 .require = require };

	return pike_box_start(out, &o, err);
}

/* Its last line; what a library has printed stands before it. */
static const char *last_line(const char *log)
{
	const char *nl;

	while ((nl = strchr(log, '\n')) && nl[1])
		log = nl + 1;
	return log;
}

static int read_probe(struct pike_torch_info *out, const char *last,
		      struct pike_err *err)
{
	struct pike_json *j = pike_json_parse(last, strcspn(last, "\n"), NULL);
	bool right;

	take(out->version, sizeof(out->version), j, "version");
	take(out->blas, sizeof(out->blas), j, "blas");
	take(out->cuda, sizeof(out->cuda), j, "cuda");
	out->threads = (int)pike_json_i64(j, "threads", 0);
	right = pike_json_bool(j, "right", false);
	pike_json_free(j);
	if (!out->version[0])
		return pike_fail(err, PIKE_FAILED,
				 "PyTorch did not say what it is: %.300s",
				 last);
	if (!right)
		return pike_fail(err, PIKE_FAILED,
				 "PyTorch %s multiplies two matrices wrongly",
				 out->version);
	return 0;
}

static int read_end(struct pike_torch_info *out, struct pike_box *b,
		    struct pike_err *err)
{
	struct pike_box_end end;
	struct pike_buf said;
	int ret = pike_box_wait(&end, b, -1, err);

	if (ret)
		return ret;
	pike_buf_init(&said, 1024);
	pike_box_say(&said, &end);
	if (end.why == PIKE_BOX_EXITED && !end.status)
		ret = read_probe(out, last_line(end.log.s), err);
	else
		ret = pike_fail(
		    err, PIKE_FAILED,
		    "PyTorch's process %s in its sandbox: %.400s", said.s,
		    end.log.len > 400 ? end.log.s + end.log.len - 400
				      : end.log.s);
	pike_buf_release(&said);
	pike_box_end_release(&end);
	return ret;
}

int pike_torch_probe(struct pike_torch_info *out, const struct pike_python *p,
		     enum pike_isolation require, struct pike_err *err)
{
	struct pike_strs argv = PIKE_STRS_INIT;
	struct pike_box *box = NULL;
	struct pike_buf worker;
	int64_t t0 = pike_now_ns();
	int ret;

	memset(out, 0, sizeof(*out));
	if (!p->torch[0])
		return pike_fail(err, PIKE_FAILED,
				 "%s (Python %s) has no PyTorch", p->exe,
				 p->version);
	pike_buf_init(&worker, 4096);
	ret = pike_box_helper(&worker, "pike-run-torch.py", err);
	pike_python_command(&argv, p, "--probe", NULL);
	if (!ret)
		ret = start(&box, p, (const char *const *)argv.v, worker.s,
			    require, err);
	if (!ret)
		ret = read_end(out, box, err);
	out->took_ns = pike_now_ns() - t0;
	pike_box_free(box);
	pike_strs_release(&argv);
	pike_buf_release(&worker);
	return ret;
}

/* ---- kept ---- */

static void add_stat(struct pike_buf *b, const char *folder, const char *name)
{
	char *path = pike_xasprintf("%s%s", folder, name);
	struct stat st;

	memset(&st, 0, sizeof(st));
	stat(path, &st);
	pike_buf_addf(b, "%s %lld %lld.%09ld\n", path, (long long)st.st_size,
		      (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	free(path);
}

/* All that decides what PyTorch says: programs, its version, which BLAS. */
static int name_of(char out[65], const struct pike_python *p,
		   enum pike_isolation require, struct pike_err *err)
{
	struct pike_buf b, worker;
	int ret;

	pike_buf_init(&b, 1 << 14);
	pike_buf_init(&worker, 4096);
	ret = pike_box_helper(&worker, "pike-run-torch.py", err);
	pike_buf_addf(&b, "pike-git probe 1 I%d\n", (int)require);
	add_stat(&b, p->exe, "");
	add_stat(&b, p->torch, "");
	add_stat(&b, p->torch, "/version.py");
	add_stat(&b, p->torch, "/lib");
	add_stat(&b, "/etc/alternatives", "");
	add_stat(&b, "/etc/ld.so.cache", "");
	if (!ret)
		add_stat(&b, worker.s, "");
	pike_sha256_hex(out, b.s, b.len);
	pike_buf_release(&worker);
	pike_buf_release(&b);
	return ret;
}

static bool find_kept(struct pike_torch_info *out, const char *name)
{
	char *path = pike_kept_file(PIKE_KEPT_KNOWN, name, false);
	struct pike_json *j = NULL;
	struct pike_buf b;
	int64_t age;
	bool found;

	pike_buf_init(&b, 4096);
	if (path && !pike_read_file(&b, path, NULL))
		j = pike_json_parse(b.s, b.len, NULL);
	age = pike_unix_time() - pike_json_i64(j, "at", 0);
	found =
	    j && age >= 0 && age < PROBE_KEPT_S && !read_probe(out, b.s, NULL);
	pike_json_free(j);
	pike_buf_release(&b);
	free(path);
	return found;
}

static void keep(const char *name, const struct pike_torch_info *t)
{
	struct pike_json *j = pike_json_object();
	struct pike_buf b;

	pike_buf_init(&b, 4096);
	pike_json_set_i64(j, "at", pike_unix_time());
	pike_json_set_str(j, "version", t->version);
	pike_json_set_str(j, "blas", t->blas);
	pike_json_set_str(j, "cuda", t->cuda);
	pike_json_set_i64(j, "threads", t->threads);
	pike_json_set_bool(j, "right", true);
	pike_json_print(&b, j);
	pike_kept_write(PIKE_KEPT_KNOWN, name, b.s, b.len);
	pike_json_free(j);
	pike_buf_release(&b);
}

int pike_torch_known(struct pike_torch_info *out, const struct pike_python *p,
		     enum pike_isolation require, struct pike_err *err)
{
	char name[65];
	int ret = name_of(name, p, require, err);

	memset(out, 0, sizeof(*out));
	if (ret || find_kept(out, name))
		return ret;
	ret = pike_torch_probe(out, p, require, err);
	if (!ret)
		keep(name, out);
	return ret;
}
