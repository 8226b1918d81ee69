/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smoke_ways: is what must not be reached from a GPU's box out of reach? Each
 * way is tried outside first: only one that leads somewhere can show that the
 * box closes it.
 */
#include "eval/smoke_priv.h"

#include "base/mem.h"
#include "base/text.h"
#include "sandbox/sandbox.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BOX_MS 10000
#define OTHER_GPUS 64

/* What is listened on, and the pairs of words for pike-smoke. */
struct ways {
	int tcp, socket;
	struct pike_strs argv; /* the program first */
};

static void add(struct ways *w, const char *way, const char *where)
{
	if (!pike_reach(way, where))
		return;
	pike_strs_push(&w->argv, way);
	pike_strs_push(&w->argv, where);
}

static void add_tcp(struct ways *w)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	char port[16];

	w->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (w->tcp < 0 || bind(w->tcp, (struct sockaddr *)&a, len) ||
	    listen(w->tcp, 4) ||
	    getsockname(w->tcp, (struct sockaddr *)&a, &len))
		return;
	snprintf(port, sizeof(port), "%d", ntohs(a.sin_port));
	add(w, "tcp", port);
}

static void add_socket(struct ways *w)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char name[64];
	size_t n;

	snprintf(name, sizeof(name), "pike-smoke-%d", (int)getpid());
	n = strlen(name);
	memcpy(a.sun_path + 1, name, n);
	n += offsetof(struct sockaddr_un, sun_path) + 1;
	w->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (w->socket < 0 ||
	    bind(w->socket, (struct sockaddr *)&a, (socklen_t)n) ||
	    listen(w->socket, 4))
		return;
	add(w, "socket", name);
}

/* The nodes of GPUs that are not for this box. */
static void add_nodes(struct ways *w, const struct pike_strs *own)
{
	char path[32];

	for (int i = 0; i < OTHER_GPUS; i++) {
		snprintf(path, sizeof(path), "/dev/nvidia%d", i);
		if (!pike_strs_has(own, path))
			add(w, "node", path);
	}
}

/* A variable that the box does not set itself. */
static void add_env(struct ways *w)
{
	static const char *const own[] = { "PATH=",   "LANG=",	 "LC_ALL=",
					   "HOME=",   "TMPDIR=", "CUDA_",
					   "LD_LIBR", "LD_PRELO" };

	for (char *const *e = environ; *e; e++) {
		bool is_own = false;
		char *name;

		for (size_t i = 0; i < PIKE_ARRAY_LEN(own); i++)
			is_own = is_own || pike_starts_with(*e, own[i]);
		if (is_own || !strchr(*e, '='))
			continue;
		name = pike_xstrndup(*e, strcspn(*e, "="));
		add(w, "env", name);
		free(name);
	}
}

static void add_all(struct ways *w, const struct pike_strs *nodes,
		    const char *repository)
{
	const char *tmp = getenv("TMPDIR");
	char pid[16];

	add_tcp(w);
	add_socket(w);
	if (repository)
		add(w, "file", repository);
	add(w, "file", "/etc/passwd");
	add(w, "write", tmp ? tmp : "/tmp");
	add(w, "write", "/dev/shm");
	add_nodes(w, nodes);
	add_env(w);
	/* Smaller numbers are those of processes inside, too. */
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	if (getpid() > 16)
		add(w, "process", pid);
}

/* The numbers that the program has printed; false: it did not get through. */
static bool read_log(struct pike_smoke *out, const struct ways *w,
		     const char *log)
{
	struct pike_strs lines = PIKE_STRS_INIT;
	struct pike_buf b;
	bool done = false;

	pike_buf_init(&b, sizeof(out->open));
	pike_strs_split(&lines, log, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		int64_t n;

		if (!strcmp(lines.v[i], "done"))
			done = true;
		else if (pike_parse_i64(lines.v[i], &n) && n >= 0 &&
			 (size_t)n < w->argv.n / 2)
			pike_buf_addf(&b, "%s%s %s", b.len ? ", " : "",
				      w->argv.v[1 + 2 * n],
				      w->argv.v[2 + 2 * n]);
	}
	snprintf(out->open, sizeof(out->open), "%s", b.len ? b.s : "");
	if (b.full)
		snprintf(out->open, sizeof(out->open), "many ways");
	pike_buf_release(&b);
	pike_strs_release(&lines);
	return done;
}

static int try_inside(struct pike_smoke *out, const struct ways *w,
		      const struct pike_device_info *dev,
		      const struct pike_strs *folders,
		      const struct pike_strs *nodes, struct pike_err *err)
{
	struct pike_box_opts o = {
		.kind = PIKE_BOX_GPU,
		.device_code_only = true,
		.argv = (const char *const *)w->argv.v,
		.folders = (const char *const *)folders->v,
		.devices = (const char *const *)nodes->v,
		.visible = dev->uuid,
		.out_fd = -1,
		.sock = -1,
		.wall_ms = BOX_MS,
		.require = PIKE_I2,
	};
	struct pike_box *box = NULL;
	struct pike_box_end end;
	int ret = pike_box_start(&box, &o, err);

	if (!ret)
		ret = pike_box_wait(&end, box, -1, err);
	if (ret) {
		pike_box_free(box);
		return ret;
	}
	if (end.why != PIKE_BOX_EXITED || end.status ||
	    !read_log(out, w, end.log.s)) {
		struct pike_buf said;

		pike_buf_init(&said, 512);
		pike_box_say(&said, &end);
		ret = pike_fail(err, PIKE_FAILED,
				"the probe of the sandbox %s: %.200s", said.s,
				end.log.s);
		pike_buf_release(&said);
	}
	pike_box_end_release(&end);
	pike_box_free(box);
	return ret;
}

int pike_smoke_ways(struct pike_smoke *out, const struct pike_device_info *dev,
		    const char *repository, struct pike_err *err)
{
	struct pike_strs folders = PIKE_STRS_INIT, nodes = PIKE_STRS_INIT;
	struct ways w = { -1, -1, PIKE_STRS_INIT };
	struct pike_buf path;
	int ret;

	pike_buf_init(&path, 4096);
	ret = pike_box_helper(&path, "pike-smoke", err);
	if (!ret) {
		pike_strs_push(&w.argv, path.s);
		pike_device_needs(&folders, &nodes, dev);
		add_all(&w, &nodes, repository);
		out->ways = (int)(w.argv.n / 2);
		ret = try_inside(out, &w, dev, &folders, &nodes, err);
	}
	if (w.tcp >= 0)
		close(w.tcp);
	if (w.socket >= 0)
		close(w.socket);
	pike_strs_release(&w.argv);
	pike_strs_release(&folders);
	pike_strs_release(&nodes);
	pike_buf_release(&path);
	return ret;
}
