/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel built in the compile box, loaded into the runner in its box, and
 * called through an arm: honest kernels of all argument kinds, and what a
 * hostile one can try .
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "left_out.h"

#include "device/device.h"
#include "device/device_priv.h"
#include "device/frame_priv.h"
#include "sandbox/sandbox.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"

#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define N 1000
#define PAGE 4096
#define MS 20000

static void must(int rc, const struct pike_err *err)
{
	if (rc)
		print_message("%s\n", err->text);
	assert_int_equal(rc, 0);
}

/* A target of these arguments; "in f32 x[n]" and so on, NULL ends. */
static struct pike_target *make_target(const char *const *args)
{
	struct pike_target *t = pike_xcalloc(1, sizeof(*t));
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_case c;

	t->name = pike_xstrdup("t");
	t->backend = pike_xstrdup("cpu");
	t->entry = pike_xstrdup("kernel");
	t->threads = 1;
	for (; args[t->nargs]; t->nargs++) {
		t->args =
		    pike_xrealloc(t->args, t->nargs + 1, sizeof(*t->args));
		must(pike_arg_parse(&t->args[t->nargs], args[t->nargs], &err),
		     &err);
	}
	must(pike_case_parse(&c, "n=1000", &err), &err);
	t->cases = pike_xmemdup(&c, sizeof(c));
	t->ncases = 1;
	return t;
}

/* Builds `code` as the judge would; the object's memory file. */
static int build(const struct pike_target *t, const char *code,
		 enum pike_real real)
{
	struct pike_files src = { NULL, 0, 0 };
	struct pike_build_plan plan;
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_box_opts o = { .kind = PIKE_BOX_COMPILE,
				   .sock = -1,
				   .wall_ms = 60000,
				   .require = level_here(PIKE_I2) };
	struct pike_box_end end;
	struct pike_box *b;
	int fd;

	pike_files_add(&src, "kernels/k.c", code, strlen(code));
	must(pike_build_plan(&plan, t, NULL, &src, NULL, real, &err), &err);
	must(pike_memfd(&fd, "object", 0, &err), &err);
	o.argv = (const char *const *)plan.argv.v;
	o.files = &plan.files;
	o.output = plan.output;
	o.out_fd = fd;
	must(pike_box_start(&b, &o, &err), &err);
	must(pike_box_wait(&end, b, -1, &err), &err);
	assert_string_equal(end.log.s, "");
	assert_int_equal(end.why, PIKE_BOX_EXITED);
	pike_box_free(b);
	must(pike_memfd_seal(fd, &err), &err);
	pike_box_end_release(&end);
	pike_build_plan_release(&plan);
	pike_files_release(&src);
	return fd;
}

/* One buffer: its data ends where its last page ends. */
struct mem {
	struct pike_region r;
	char *map;
	size_t len;
	void *data;
};

static void mem_make(struct mem *m, size_t bytes, bool input)
{
	struct pike_err err = PIKE_ERR_INIT;

	m->len = (bytes + PAGE - 1) / PAGE * PAGE;
	m->r.bytes = bytes;
	m->r.offset = (m->len - bytes) / 64 * 64;
	must(pike_memfd(&m->r.fd, "arg", m->len, &err), &err);
	m->map =
	    mmap(NULL, m->len, PROT_READ | PROT_WRITE, MAP_SHARED, m->r.fd, 0);
	assert_ptr_not_equal(m->map, MAP_FAILED);
	m->data = m->map + m->r.offset;
	if (!input)
		return;
	for (size_t i = 0; i < bytes / 4; i++)
		((float *)m->data)[i] = (float)i;
	munmap(m->map, m->len);
	must(pike_memfd_seal(m->r.fd, &err), &err);
	m->map = mmap(NULL, m->len, PROT_READ, MAP_PRIVATE, m->r.fd, 0);
	assert_ptr_not_equal(m->map, MAP_FAILED);
	m->data = m->map + m->r.offset;
}

static void mem_release(struct mem *m)
{
	munmap(m->map, m->len);
	close(m->r.fd);
}

/* A runner in its box with the kernel loaded. */
struct rig {
	struct pike_target *t;
	struct pike_box *box;
	struct pike_conn *conn;
	struct mem in, out;
	struct pike_region args[3];
	struct pike_call call;
	int object;
};

static const char *const plain_args[] = { "in f32 x[n]", "out f32 y[n]",
					  "i32 n", NULL };

static const struct pike_device_info dev = { .backend = &pike_backend_cpu };

static const struct pike_target *loaded; /* by the last connection */

static int load(struct pike_conn **out, int sock, const struct pike_target *t,
		int object, enum pike_real real, struct pike_err *err)
{
	const struct pike_object o = { .fd = object, .real = real };
	enum pike_verdict how;
	int rc = pike_conn_open(out, sock, t, &dev, -1, false, err);

	loaded = t;
	if (rc)
		return rc;
	rc = pike_conn_load(*out, &o, MS, &how, err);
	if (rc) {
		pike_conn_close(*out);
		*out = NULL;
	}
	return rc;
}

static int bind_calls(struct pike_conn *a, const struct pike_call *calls,
		      size_t n, struct pike_err *err)
{
	static struct pike_tensor v[PIKE_CALL_ARGS];
	const struct pike_target *t = loaded;
	struct pike_bind bind = { .v = v, .n = t->nargs };
	enum pike_verdict how;

	for (size_t i = 0; i < t->nargs && i < PIKE_CALL_ARGS; i++)
		v[i] = (struct pike_tensor){ .name = t->args[i].name,
					     .dir = t->args[i].dir };
	return pike_conn_bind(a, &bind, calls, n, MS, &how, err);
}

static int rig_open(struct rig *g, const char *code, int threads,
		    struct pike_err *err)
{
	struct pike_buf path;
	const char *argv[] = { NULL, NULL };
	struct pike_box_opts o = { .kind = PIKE_BOX_RUN,
				   .argv = argv,
				   .out_fd = -1,
				   .wall_ms = 30000,
				   .memory = 64 << 20,
				   .threads = threads,
				   .require = level_here(PIKE_I2) };
	int pair[2], rc;

	*g = (struct rig){ .t = make_target(plain_args) };
	g->t->threads = threads;
	g->object = build(g->t, code, PIKE_REAL_NONE);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	pike_buf_init(&path, 8192);
	must(pike_box_helper(&path, pike_runner_name("cpu"), err), err);
	argv[0] = path.s;
	o.sock = pair[1];
	must(pike_box_start(&g->box, &o, err), err);
	close(pair[1]);
	pike_buf_release(&path);
	mem_make(&g->in, N * sizeof(float), true);
	mem_make(&g->out, N * sizeof(float), false);
	g->args[0] = g->in.r;
	g->args[1] = g->out.r;
	g->args[2] = (struct pike_region){ .fd = -1, .offset = N };
	g->call.args = g->args;
	rc = load(&g->conn, pair[0], g->t, g->object, PIKE_REAL_NONE, err);
	return rc;
}

static void rig_close(struct rig *g)
{
	pike_conn_close(g->conn);
	pike_box_free(g->box);
	mem_release(&g->in);
	mem_release(&g->out);
	close(g->object);
	pike_target_free(g->t);
}

/* Runs the kernel's body once; the verdict that ends it, PENDING for none. */
static enum pike_verdict run_once(struct rig *g, struct pike_timed *s,
				  int deadline_ms, struct pike_err *err)
{
	enum pike_verdict how = PIKE_V_PENDING;

	if (pike_conn_run(s, g->conn, 0, 1, PIKE_FINDS_COLD, deadline_ms, &how,
			  err))
		assert_int_not_equal(how, PIKE_V_PENDING);
	return how;
}

#define KERNEL(body)                                                           \
	"#define _GNU_SOURCE\n#include <stdlib.h>\n#include <string.h>\n"      \
	"#include <unistd.h>\n#include <signal.h>\n#include <fcntl.h>\n"       \
	"#include <stdio.h>\n#include <sys/socket.h>\n"                        \
	"#include <sys/mman.h>\n#include <sys/ptrace.h>\n"                     \
	"#include <sys/syscall.h>\n#include <pthread.h>\n#include <sched.h>\n" \
	"#include <time.h>\n#include <errno.h>\n#include <sys/prctl.h>\n"      \
	"void kernel(const float *x, float *y, int n)\n{\n" body "\n}\n"

/* What becomes of a kernel, and of its box; KILLED: left to us to kill. */
static void expect(const char *code, enum pike_verdict want,
		   enum pike_box_why why, const char *reason)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_timed s;
	struct pike_box_end end;
	struct rig g;

	must(rig_open(&g, code, 1, &err), &err);
	must(bind_calls(g.conn, &g.call, 1, &err), &err);
	assert_int_equal(run_once(&g, &s, 2000, &err), want);
	if (reason && !strstr(err.text, reason)) {
		print_message("%s\n", err.text);
		fail();
	}
	if (why != PIKE_BOX_KILLED) {
		must(pike_box_wait(&end, g.box, MS, &err), &err);
		assert_int_equal(end.why, why);
		pike_box_end_release(&end);
	}
	rig_close(&g);
}

static void honest_kernel_runs(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_timed s;
	struct rig g;

	(void)state;
	must(rig_open(&g,
		      KERNEL("for (int i = 0; i < n; i++) y[i] = 2 * x[i];"), 1,
		      &err),
	     &err);
	must(bind_calls(g.conn, &g.call, 1, &err), &err);
	for (int i = 0; i < 3; i++) {
		memset(g.out.data, 0x55, g.out.r.bytes);
		assert_int_equal(run_once(&g, &s, MS, &err), PIKE_V_PENDING);
		for (int k = 0; k < N; k++)
			assert_true(((float *)g.out.data)[k] ==
				    2.0f * (float)k);
		assert_true(s.claim_ns > 0);
		assert_true(s.claim_ns <= s.wall_ns);
		assert_int_equal(s.threads, 1);
	}
	/* Bound anew: the old calls are forgotten. */
	must(bind_calls(g.conn, &g.call, 1, &err), &err);
	assert_int_equal(run_once(&g, &s, MS, &err), PIKE_V_PENDING);
	must(pike_box_freeze(g.box, true, &err), &err);
	must(pike_box_freeze(g.box, false, &err), &err);
	assert_int_equal(run_once(&g, &s, MS, &err), PIKE_V_PENDING);
	rig_close(&g);
}

static void many_calls_share_slots(void **state)
{
	enum {
		CALLS = 3000
	};
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_call *calls = pike_xcalloc(CALLS, sizeof(*calls));
	struct pike_region(*args)[3] = pike_xcalloc(CALLS, sizeof(*args));
	enum pike_verdict how;
	struct pike_timed s;
	struct rig g;

	(void)state;
	must(rig_open(&g, KERNEL("y[0] += n; (void)x;"), 1, &err), &err);
	for (int i = 0; i < CALLS; i++) {
		memcpy(args[i], g.args, sizeof(g.args));
		args[i][2].offset = (size_t)i;
		calls[i].args = args[i];
	}
	must(bind_calls(g.conn, calls, CALLS, &err), &err);
	((float *)g.out.data)[0] = 0;
	must(pike_conn_run(&s, g.conn, 10, 5, 0, MS, &how, &err), &err);
	assert_true(((float *)g.out.data)[0] == 10 + 11 + 12 + 13 + 14);
	must(pike_conn_run(&s, g.conn, CALLS - 1, 1, 0, MS, &how, &err), &err);
	assert_int_equal(
	    pike_conn_run(&s, g.conn, CALLS - 1, 2, 0, MS, &how, &err),
	    PIKE_FATAL);
	free(calls);
	free(args);
	rig_close(&g);
}

/* Every register class, and integers that go to the stack. */
static const char *const all_args[] = { "out f64 y[n]", "i8 a",	 "u8 b",
					"f32 c",	"i32 d", "u32 e",
					"f64 f",	"i64 g", "bool h",
					"i32 i",	"f32 j", "i64 k",
					"out f64 z[n]", NULL };
static const char *const all_code =
    "#include <stdint.h>\n#include <stdbool.h>\n#ifndef real\n"
    "#define real float\n#endif\n"
    "void kernel(double *y, int8_t a, uint8_t b, real c, int32_t d,\n"
    "uint32_t e, TYPE64 f, int64_t g, bool h, int32_t i, real j, int64_t k,\n"
    "double *z)\n"
    "{ double v[] = { a, b, c, d, e, f, g, h, i, j, k };\n"
    "for (int q = 0; q < 11; q++) y[q] = z[q] = v[q]; }\n";

static void check_all_kinds(enum pike_real real)
{
	static const int64_t values[] = { -3,	      250, 7,		-70000,
					  3000000000, 11,  -5000000000, 5,
					  -9,	      13,  1ll << 50 };
	static const double want[] = {
		-3, 250, 7, -70000, 3e9, 11, -5e9, 1, -9, 13, 1125899906842624.0
	};
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_target *t = make_target(all_args);
	struct pike_region args[13];
	struct pike_call call = { args };
	struct pike_buf code, path;
	const char *argv[] = { NULL, NULL };
	struct pike_box_opts o = { .kind = PIKE_BOX_RUN,
				   .argv = argv,
				   .out_fd = -1,
				   .wall_ms = 30000,
				   .require = level_here(PIKE_I2) };
	enum pike_verdict how;
	struct pike_timed s;
	struct pike_box *box;
	struct pike_conn *conn;
	struct mem y, z;
	int object, pair[2];

	pike_buf_init(&code, 65536);
	pike_buf_init(&path, 8192);
	pike_buf_addf(&code, "#define TYPE64 %s\n%s",
		      real == PIKE_REAL_NONE ? "double" : "real", all_code);
	object = build(t, code.s, real);
	mem_make(&y, N * 8, false);
	mem_make(&z, N * 8, false);
	args[0] = y.r;
	args[12] = z.r;
	for (int i = 0; i < 11; i++)
		args[i + 1] =
		    (struct pike_region){ .fd = -1,
					  .offset = (size_t)values[i] };
	/* A stream is served as well as packets. */
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	must(pike_box_helper(&path, pike_runner_name("cpu"), &err), &err);
	argv[0] = path.s;
	o.sock = pair[1];
	must(pike_box_start(&box, &o, &err), &err);
	close(pair[1]);
	must(load(&conn, pair[0], t, object, real, &err), &err);
	must(bind_calls(conn, &call, 1, &err), &err);
	must(pike_conn_run(&s, conn, 0, 1, 0, MS, &how, &err), &err);
	for (int i = 0; i < 11; i++) {
		assert_true(((double *)y.data)[i] == want[i]);
		assert_true(((double *)z.data)[i] == want[i]);
	}
	pike_conn_close(conn);
	pike_box_free(box);
	mem_release(&y);
	mem_release(&z);
	close(object);
	pike_buf_release(&code);
	pike_buf_release(&path);
	pike_target_free(t);
}

static void all_kinds_of_arguments(void **state)
{
	(void)state;
	check_all_kinds(PIKE_REAL_NONE);
	check_all_kinds(PIKE_REAL_DOUBLE);
}

static void writing_an_input_is_a_breach(void **state)
{
	(void)state;
	expect(KERNEL("((float *)x)[3] = 1;"), PIKE_V_CONTRACT, PIKE_BOX_EXITED,
	       "input 'x'");
}

static void crashes_are_told(void **state)
{
	(void)state;
	expect(KERNEL("*(volatile int *)8 = 1;"), PIKE_V_CRASH, PIKE_BOX_EXITED,
	       "signal 11");
	expect(KERNEL("for (int i = 0; i < 4 * n; i++) y[i] = 0;"),
	       PIKE_V_CRASH, PIKE_BOX_EXITED, "bounds of 'y'");
	expect(KERNEL("float s = 0; for (int i = 0; i < 4 * n; i++) s += "
		      "((volatile float *)x)[i]; y[0] = s;"),
	       PIKE_V_CRASH, PIKE_BOX_EXITED, "bounds of 'x'");
	expect(KERNEL("abort();"), PIKE_V_CRASH, PIKE_BOX_EXITED, "signal 6");
	expect(KERNEL("__builtin_trap();"), PIKE_V_CRASH, PIKE_BOX_EXITED,
	       "signal 4");
	expect(KERNEL("exit(0);"), PIKE_V_CRASH, PIKE_BOX_EXITED, "died");
}

static void endless_is_a_timeout(void **state)
{
	(void)state;
	expect(KERNEL("for (;;) __asm__ volatile(\"\");"), PIKE_V_TIMEOUT,
	       PIKE_BOX_KILLED, "deadline");
}

static void forged_frames_are_tampering(void **state)
{
	(void)state;
	expect(KERNEL("write(3, \"faster\", 6); for (;;) pause();"),
	       PIKE_V_TAMPER, PIKE_BOX_KILLED, NULL);
	/* A head as the runner's, but without the nonce. */
	expect(KERNEL("unsigned h[10] = { 0x524b4950, 65, 16 }; h[6] = 1;\n"
		      "write(3, h, 40); for (;;) pause();"),
	       PIKE_V_TAMPER, PIKE_BOX_KILLED, NULL);
	expect(KERNEL("char b[3000] = { 0 }; write(3, b, sizeof(b));"),
	       PIKE_V_TAMPER, PIKE_BOX_KILLED, NULL);
}

/* The process is killed at the call, and the box knows why. */
static void forbidden_calls_die(void **state)
{
	static const char *const codes[] = {
		KERNEL("socket(AF_INET, SOCK_STREAM, 0);"),
		KERNEL("socket(AF_UNIX, SOCK_STREAM, 0);"),
		KERNEL("if (!fork()) for (;;) pause();"),
		KERNEL("vfork();"),
		KERNEL("execl(\"/runner\", \"runner\", NULL);"),
		KERNEL("execl(\"/bin/sh\", \"sh\", NULL);"),
		KERNEL("ptrace(PTRACE_ATTACH, 1, 0, 0);"),
		KERNEL("kill(-1, SIGKILL);"),
		KERNEL("kill(getppid(), SIGKILL);"),
		KERNEL("syscall(SYS_process_vm_readv, 1, 0, 0, 0, 0, 0);"),
		KERNEL("syscall(SYS_bpf, 0, 0, 0);"),
		KERNEL("syscall(SYS_mount, 0, 0, 0, 0, 0);"),
		KERNEL("syscall(SYS_pidfd_getfd, 0, 0, 0);"),
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(codes); i++)
		expect(codes[i], PIKE_V_CRASH, PIKE_BOX_FORBIDDEN, "died");
}

/* These fail without harm: y[0] says 1 when nothing was got. */
static void refused(const char *code)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_timed s;
	struct rig g;

	must(rig_open(&g, code, 1, &err), &err);
	must(bind_calls(g.conn, &g.call, 1, &err), &err);
	((float *)g.out.data)[0] = 0;
	if (run_once(&g, &s, MS, &err) != PIKE_V_PENDING ||
	    ((float *)g.out.data)[0] != 1) {
		print_message("%s%s\n", code, err.text);
		fail();
	}
	rig_close(&g);
}

static void refused_calls_fail(void **state)
{
	static const char *const codes[] = {
		KERNEL(
		    "y[0] = open(\"/tmp/x\", O_CREAT | O_WRONLY, 0600) < 0;"),
		KERNEL("y[0] = open(\"/proc/self/mem\", O_RDWR) < 0;"),
		KERNEL("y[0] = open(\"/etc/passwd\", O_RDONLY) < 0;"),
		KERNEL("y[0] = open(\"/proc/1/environ\", O_RDONLY) < 0;"),
		KERNEL("y[0] = open(\"/home\", O_RDONLY) < 0;"),
		KERNEL("y[0] = memfd_create(\"x\", 0) < 0;"),
		KERNEL("y[0] = malloc(1ul << 40) == NULL;"),
		KERNEL("y[0] = syscall(SYS_perf_event_open, 0, 0, 0, 0, 0) "
		       "< 0 && errno == EPERM;"),
		KERNEL("extern char **environ; y[0] = !getenv(\"SECRET_KEY\") "
		       "&& environ[7] == NULL;"),
		KERNEL("struct timespec t = { 1, 0 }; "
		       "y[0] = clock_settime(CLOCK_REALTIME, &t) < 0;"),
		KERNEL("errno = 0; y[0] = nice(-5) < 0 && errno;"),
		KERNEL("pthread_t t; y[0] = pthread_create(&t, NULL, "
		       "(void *(*)(void *))pause, NULL) != 0;"),
	};

	(void)state;
	setenv("SECRET_KEY", "x", 1);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(codes); i++) {
#ifdef __SANITIZE_ADDRESS__
		/* No address-space limit beside a shadow; its own message. */
		if (strstr(codes[i], "1ul << 40"))
			continue;
#endif
		refused(codes[i]);
	}
	unsetenv("SECRET_KEY");
}

/* Of the other processes it sees none. */
static void processes_are_hidden(void **state)
{
	(void)state;
	needs_i2();
	refused(KERNEL("int d = open(\"/proc\", O_RDONLY | O_DIRECTORY); char "
		       "b[32]; int k = 0; for (int p = 3; p < 3000; p++) { "
		       "snprintf(b, sizeof(b), \"/proc/%d\", p); k += "
		       "!access(b, F_OK); } y[0] = k == 0; close(d);"));
}

static void threads_as_allowed(void **state)
{
	static const char *const code = KERNEL(
	    "pthread_t t[4]; int made = 0;\n"
	    "for (int i = 0; i < 4; i++) made += !pthread_create(&t[i], NULL,\n"
	    "(void *(*)(void *))sleep, (void *)1000);\n"
	    "y[0] = made; (void)x; (void)n;");
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_timed s;
	struct rig g;

	(void)state;
	/* Root has no limit of its own but in a namespace. */
	needs_i2();
	must(rig_open(&g, code, 2, &err), &err);
	must(bind_calls(g.conn, &g.call, 1, &err), &err);
	assert_int_equal(run_once(&g, &s, MS, &err), PIKE_V_PENDING);
	assert_int_equal((int)((float *)g.out.data)[0], 2);
	assert_int_equal(s.threads, 3);
	rig_close(&g);
}

/* It may choose its own core, and nobody else's. */
static void threads_place_themselves(void **state)
{
	static const char *const code =
	    KERNEL("cpu_set_t c; sched_getaffinity(0, sizeof(c), &c);\n"
		   "y[0] = !sched_setaffinity(0, sizeof(c), &c) +\n"
		   "2 * !sched_setaffinity(1, sizeof(c), &c) +\n"
		   "4 * !sched_setaffinity(getpid(), sizeof(c), &c); (void)x, "
		   "(void)n;");
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_timed s;
	struct rig g;

	(void)state;
	for (int threads = 1; threads <= 2; threads++) {
		must(rig_open(&g, code, threads, &err), &err);
		must(bind_calls(g.conn, &g.call, 1, &err), &err);
		assert_int_equal(run_once(&g, &s, MS, &err), PIKE_V_PENDING);
		assert_int_equal((int)((float *)g.out.data)[0], threads - 1);
		rig_close(&g);
	}
}

/* A constructor runs before any call, and under the same filter. */
static void constructors_are_confined(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_box_end end;
	struct rig g;

	(void)state;
	assert_int_equal(
	    rig_open(&g,
		     "#include <unistd.h>\n__attribute__((constructor)) static "
		     "void f(void) { if (!fork()) pause(); }\n"
		     "void kernel(void) {}\n",
		     1, &err),
	    PIKE_FAILED);
	must(pike_box_wait(&end, g.box, MS, &err), &err);
	assert_int_equal(end.why, PIKE_BOX_FORBIDDEN);
	pike_box_end_release(&end);
	rig_close(&g);
}

static void missing_entry_is_told(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct rig g;

	(void)state;
	assert_int_equal(rig_open(&g, "void other(void) {}\n", 1, &err),
			 PIKE_FAILED);
	assert_non_null(strstr(err.text, "no function 'kernel'"));
	rig_close(&g);
}

static void flush_to_zero_is_reset(void **state)
{
	static const char *const code = KERNEL(
	    "volatile float tiny = 1e-39f; y[0] = tiny * 0.5f > 0;\n"
	    "(void)x; (void)n;\n"
	    "#ifdef __x86_64__\n__builtin_ia32_ldmxcsr(0x9fc0);\n#endif");
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_timed s;
	struct rig g;

	(void)state;
	must(rig_open(&g, code, 1, &err), &err);
	must(bind_calls(g.conn, &g.call, 1, &err), &err);
	for (int i = 0; i < 2; i++) {
		((float *)g.out.data)[0] = 0;
		assert_int_equal(run_once(&g, &s, MS, &err), PIKE_V_PENDING);
		assert_true(((float *)g.out.data)[0] == 1);
	}
	rig_close(&g);
}

/* The runner as it is, without a box: what it says to nonsense. */
static void runner_refuses_nonsense(void **state)
{
	static const uint32_t types[] = { PIKE_F_MAP,  PIKE_F_CALLS, PIKE_F_RUN,
					  PIKE_F_LOAD, PIKE_F_DONE,  99 };
	struct pike_frame *f = pike_xmalloc(sizeof(*f));
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_frame_fault fault;
	struct pike_buf path;

	(void)state;
	pike_buf_init(&path, 8192);
	must(pike_box_helper(&path, pike_runner_name("cpu"), &err), &err);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(types); i++) {
		char arg[] = "--unsandboxed", name[] = "pike-run-cpu";
		char *argv[] = { name, arg, NULL }, *env[] = { NULL };
		uint32_t junk[4] = { 0, 1, 7, 1 };
		posix_spawn_file_actions_t acts;
		int pair[2], status;
		pid_t pid;

		assert_int_equal(
		    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair),
		    0);
		posix_spawn_file_actions_init(&acts);
		/* dup2 onto itself would leave close-on-exec set. */
		posix_spawn_file_actions_adddup2(&acts, pair[1], 200);
		posix_spawn_file_actions_adddup2(&acts, 200, PIKE_RUN_SOCK);
		assert_int_equal(
		    posix_spawn(&pid, path.s, &acts, NULL, argv, env), 0);
		posix_spawn_file_actions_destroy(&acts);
		close(pair[1]);
		pike_frame_make(f, (enum pike_frame_type)types[i], 42, junk,
				sizeof(junk));
		assert_int_equal(pike_frame_send(pair[0], f, NULL, -1), 0);
		assert_int_equal(pike_frame_recv(f, pair[0], false,
						 pike_now_ns() + 10000000000),
				 PIKE_FRAME_OK);
		assert_true(pike_frame_is_fault(&fault, f));
		assert_int_equal(fault.code, PIKE_FAULT_REQUEST);
		assert_int_equal(f->head.nonce, 42);
		close(pair[0]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 70);
	}
	pike_buf_release(&path);
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(honest_kernel_runs),
		cmocka_unit_test(many_calls_share_slots),
		cmocka_unit_test(all_kinds_of_arguments),
		cmocka_unit_test(writing_an_input_is_a_breach),
		cmocka_unit_test(crashes_are_told),
		cmocka_unit_test(endless_is_a_timeout),
		cmocka_unit_test(forged_frames_are_tampering),
		cmocka_unit_test(forbidden_calls_die),
		cmocka_unit_test(refused_calls_fail),
		cmocka_unit_test(processes_are_hidden),
		cmocka_unit_test(threads_as_allowed),
		cmocka_unit_test(threads_place_themselves),
		cmocka_unit_test(constructors_are_confined),
		cmocka_unit_test(missing_entry_is_told),
		cmocka_unit_test(flush_to_zero_is_reset),
		cmocka_unit_test(runner_refuses_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
