/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Boxes that are forks of an interpreter: as closed as those that are started
 * afresh, and they end as those do. The interpreter here imports nothing; the
 * one of PyTorch models is left out by name where there is no PyTorch.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "left_out.h"

#include "device/python.h"
#include "sandbox/warm.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYSTEM "/usr/bin/python3"

static char folder[] = "/tmp/pike-warm-XXXXXX";
static struct pike_python python;

static int begin(void **state)
{
	(void)state;
	unsetenv("VIRTUAL_ENV");
	setenv("PIKE_TEST_SECRET", "x", 1);
	pike_python_find(&python, SYSTEM, NULL);
	return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	pike_python_release(&python);
	return pike_rm_rf(folder, NULL);
}

/* A fork runs what lies at /runner in its box, and is told `words`. */
static const char waits[] =
    "import ctypes, os, socket, struct, sys, threading, time\n"
    "code = ctypes.PyDLL('/proc/self/fd/4')\n"
    "sock = socket.socket(fileno=3)\n"
    "sock.send(struct.pack('<i', len(os.listdir('/proc/self/task'))))\n"
    "while True:\n"
    "    data, more, _, _ = sock.recvmsg(256, 64)\n"
    "    if not data: os._exit(0)\n"
    "    fds = [f for _, _, r in more\n"
    "           for f in struct.unpack(f'{len(r) // 4}i', r)]\n"
    "    places, _, words = data.partition(b'\\0')\n"
    "    at = dict(zip(places, fds))\n"
    "    pid = os.fork()\n"
    "    if not pid:\n"
    "        def program():\n"
    "            try:\n"
    "                exec(open('/runner').read(), globals())\n"
    "                sys.stdout.flush()\n"
    "                os._exit(0)\n"
    "            except BaseException as e:\n"
    "                print(type(e).__name__, e, flush=True)\n"
    "                os._exit(3)\n"
    "        code.pike_box_fork((ctypes.c_int * 12)(\n"
    "            *(at.get(i, -1) for i in range(12))),\n"
    "            ctypes.PYFUNCTYPE(None)(program))\n"
    "    fd = ctypes.CDLL(None).syscall(434, pid, 0)\n"
    "    sock.sendmsg([struct.pack('<i', pid)], [(socket.SOL_SOCKET,\n"
    "        socket.SCM_RIGHTS, struct.pack('i', fd))])\n"
    "    for f in [fd, *fds]: os.close(f)\n";

/* Each call another: a box may still be reading the last. */
static const char *file(const char *text)
{
	static char path[160];
	static int n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%d", folder, n++);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return path;
}

static struct pike_warm *start(const char *script)
{
	const char *argv[] = { python.exe, "-ISBc",
			       "exec(compile(open(0).read(), '/runner', "
			       "'exec'))",
			       NULL };
	struct pike_warm_opts o = { .kind = PIKE_BOX_PYTHON,
				    .argv = argv,
				    .script = file(script) };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_warm *w;

	if (!python.exe[0])
		left_out("no " SYSTEM ": apt-get install python3");
	if (pike_warm_start(&w, &o, &err))
		fail_msg("%s", err.text);
	return w;
}

static struct pike_warm *started(void)
{
	struct pike_warm *w = start(waits);
	struct pike_err err = PIKE_ERR_INIT;

	if (pike_warm_ready(w, &err))
		fail_msg("%s", err.text);
	return w;
}

static struct pike_box_opts opts(struct pike_warm *w, const char *script)
{
	/* Of the command only that it is there counts. */
	static const char *const argv[] = { "/nonexistent", NULL };

	return (struct pike_box_opts){ .kind = PIKE_BOX_PYTHON,
				       .argv = argv,
				       .runner = file(script),
				       .folders =
					   (const char *const *)python.needs.v,
				       .out_fd = -1,
				       .sock = -1,
				       .wall_ms = 30000,
				       .memory = 1LL << 30,
				       .require = PIKE_I2,
				       .warm = w,
				       .words = "told" };
}

static struct pike_box *fork_of(struct pike_warm *w, const char *script)
{
	struct pike_box_opts o = opts(w, script);
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_box *b;

	if (pike_box_start(&b, &o, &err))
		fail_msg("%s", err.text);
	return b;
}

static enum pike_box_why ended(struct pike_box_end *got, struct pike_box *b)
{
	struct pike_err err = PIKE_ERR_INIT;

	if (pike_box_wait(got, b, 20000, &err))
		fail_msg("%s", err.text);
	return got->why;
}

/* What a script in a fork says. */
static void says(struct pike_warm *w, const char *script, const char *want)
{
	struct pike_box *b = fork_of(w, script);
	struct pike_box_end got;

	ended(&got, b);
	assert_string_equal(got.log.s, want);
	assert_int_equal(got.why, PIKE_BOX_EXITED);
	assert_int_equal(got.status, 0);
	pike_box_end_release(&got);
	pike_box_free(b);
}

/* The file that it is from is on the machine, and may be its user's. */
static const char own_file[] =
    "def can(what, f):\n"
    "    try:\n"
    "        f()\n"
    "        print('can', what)\n"
    "    except OSError as e:\n"
    "        print(e.errno == 30)\n"
    "exe = '/proc/self/exe'\n"
    "print(bool(os.statvfs(exe).f_flag & os.ST_RDONLY))\n"
    "can('chmod', lambda: os.chmod(exe, 0o777))\n"
    "can('utime', lambda: os.utime(exe, (0, 0)))\n"
    "can('setxattr', lambda: os.setxattr(exe, 'user.x', b'x'))\n";

static const char tries[] =
    "def can(what, f):\n"
    "    try:\n"
    "        f()\n"
    "        print('can', what)\n"
    "    except Exception:\n"
    "        pass\n"
    "for p in ('/tmp/x', '/x', '/runner', sys.executable, '/usr/lib/x'):\n"
    "    can('write ' + p, lambda: open(p, 'a').close())\n"
    "for p in ('/root', '/home', '/etc/passwd', '/usr/include', '/bin/sh'):\n"
    "    can('see ' + p, lambda: os.stat(p))\n"
    "for p in ('mem', 'fd/3', 'root', 'cwd'):\n"
    "    can('look into init: ' + p, lambda: os.stat(f'/proc/1/{p}/.'))\n"
    "can('connect', lambda: socket.create_connection(('127.0.0.1', 22), 1))\n"
    "can('run', lambda: os.execv(sys.executable, ['x', '-c', 'pass']) if 0\n"
    "    else os.posix_spawn('/bin/sh', ['sh', '-c', 'true'], {}))\n"
    "can('signal', lambda: os.kill(os.getppid(), 0) or 1 / 0)\n"
    "can('be root', lambda: os.setuid(0))\n"
    "for name in os.environ:\n"
    "    if name not in ('PATH', 'LANG', 'LC_ALL', 'HOME', 'TMPDIR',\n"
    "                    'LC_CTYPE'):\n"
    "        print('knows', name)\n"
    "print([os.readlink(f'/proc/self/fd/{f}')[:6] for f in (0, 1, 2)],\n"
    "      sorted(int(f) for f in os.listdir('/proc/self/fd'))[3:],\n"
    "      [p for p in os.listdir('/proc') if p.isdigit()],\n"
    "      len(os.listdir('/proc/self/task')))\n"
    "print([l.split()[1] for l in open('/proc/self/status')\n"
    "       if l.split(':')[0] in ('Uid', 'CapEff', 'CapBnd', 'NoNewPrivs',\n"
    "                              'Seccomp')])\n"
    "print(words.decode(), 'end')\n";

/* Descriptor 4 is the filter that a worker has to put on, 3 the list's own. */
static void a_fork_is_in_a_box(void **state)
{
	struct pike_warm *w;

	(void)state;
	needs_i2();
	w = started();
	says(w, tries,
	     "['/dev/n', 'pipe:[', 'pipe:['] [3, 4] ['1', '2'] 1\n"
	     "['65534', '0000000000000000', '0000000000000000', '1', '2']\n"
	     "told end\n");
	pike_warm_free(w);
}

static void a_fork_cannot_change_its_program(void **state)
{
	struct pike_warm *w;

	(void)state;
	needs_i2();
	w = started();
	says(w, own_file, "True\nTrue\nTrue\nTrue\n");
	pike_warm_free(w);
}

static void forks_are_strangers(void **state)
{
	struct pike_warm *w;
	struct pike_box *other;

	(void)state;
	needs_i2();
	w = started();
	other = fork_of(w, "secret = 'mine'\ntime.sleep(60)\n");
	says(w, "print(globals().get('secret'), os.getpid())\nx = 1\n",
	     "None 2\n");
	says(w, "print(globals().get('x'))\n", "None\n");
	assert_false(pike_box_ended(other));
	pike_box_free(other);
	pike_warm_free(w);
}

static void forks_end_as_others_do(void **state)
{
	static const struct {
		const char *script;
		enum pike_box_why why;
		int status, signal;
	} ways[] = {
		{ "os._exit(7)", PIKE_BOX_EXITED, 7, 0 },
		{ "1 / 0", PIKE_BOX_EXITED, 3, 0 },
		{ "ctypes.string_at(8)", PIKE_BOX_SIGNALED, 0, SIGSEGV },
		{ "x = bytearray(4 << 30)\nx[::4096] = bytes(1 << 20)\n",
		  PIKE_BOX_KILLED, 0, 0 },
	};
	struct pike_warm *w;

	(void)state;
	needs_i2();
	w = started();
	for (size_t i = 0; i < PIKE_ARRAY_LEN(ways); i++) {
		struct pike_box *b = fork_of(w, ways[i].script);
		struct pike_box_end got;

		assert_int_equal(ended(&got, b), ways[i].why);
		assert_int_equal(got.status, ways[i].status);
		assert_int_equal(got.signal, ways[i].signal);
		pike_box_end_release(&got);
		pike_box_free(b);
	}
	pike_warm_free(w);
}

static int packed(const char *bytes, size_t len)
{
	struct pike_err err = PIKE_ERR_INIT;
	int fd;

	assert_int_equal(pike_memfd(&fd, "pack", 0, &err), 0);
	assert_int_equal(pike_write_all(fd, bytes, len, &err), 0);
	return fd;
}

/* What was built may come when the box runs, once. */
static void a_folder_may_come_later(void **state)
{
	static const char good[] = "lib/a\0\3\0\0\0\0\0\0\0one";
	static const char bad[] = "../a\0\3\0\0\0\0\0\0\0one";
	static const char script[] =
	    "print(os.listdir('/tmp/build'))\n"
	    "try: open('/tmp/build/x', 'w')\n"
	    "except OSError: print('closed')\n"
	    "while not os.path.exists('/tmp/build/lib/a'): time.sleep(0.01)\n"
	    "print(open('/tmp/build/lib/a').read())\n"
	    "for p in ('x', 'lib/a', 'lib/b'):\n"
	    "    try: open('/tmp/build/' + p, 'w')\n"
	    "    except OSError: print('closed')\n"
	    "time.sleep(float(words == b'told') * 0.2)\n";
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_box_end got;
	struct pike_warm *w;
	struct pike_box *b;
	int fd = packed(good, sizeof(good) - 1);

	(void)state;
	needs_i2();
	w = started();
	b = fork_of(w, script);
	/* The first lines are for an empty one. */
	usleep(300000);
	assert_int_equal(pike_box_give(b, fd, &err), 0);
	assert_int_equal(ended(&got, b), PIKE_BOX_EXITED);
	assert_string_equal(got.log.s,
			    "[]\nclosed\none\nclosed\nclosed\nclosed\n");
	pike_box_end_release(&got);
	pike_box_free(b);
	/* Not twice, and nothing that leads out of it. */
	b = fork_of(w, "time.sleep(60)");
	assert_int_equal(pike_box_give(b, fd, &err), 0);
	assert_int_equal(pike_box_give(b, fd, &err), PIKE_FAILED);
	pike_box_free(b);
	close(fd);
	fd = packed(bad, sizeof(bad) - 1);
	b = fork_of(w, "time.sleep(60)");
	assert_int_equal(pike_box_give(b, fd, &err), PIKE_FAILED);
	pike_box_free(b);
	close(fd);
	pike_warm_free(w);
}

/* Whether the program of a box is gone soon. */
static bool gone(pid_t pid)
{
	for (int i = 0; i < 500 && !kill(pid, 0); i++)
		usleep(10000);
	return kill(pid, 0) != 0;
}

static pid_t program_of(struct pike_box *b)
{
	pid_t pid = -1;

	for (int i = 0; i < 500 && (pid = pike_box_program(b)) < 0; i++)
		usleep(10000);
	assert_true(pid > 0);
	return pid;
}

static void they_are_ended_and_stopped(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_warm *w;
	struct pike_box *b;
	struct pike_box_end got;
	pid_t pid;

	(void)state;
	needs_i2();
	w = started();
	b = fork_of(w, "time.sleep(60)");
	pid = program_of(b);
	assert_int_equal(pike_box_freeze(b, true, &err), 0);
	assert_int_equal(pike_box_freeze(b, false, &err), 0);
	pike_box_kill(b);
	assert_int_equal(ended(&got, b), PIKE_BOX_KILLED);
	assert_true(gone(pid));
	pike_box_end_release(&got);
	pike_box_free(b);
	/* With what they are forks of. */
	b = fork_of(w, "time.sleep(60)");
	pid = program_of(b);
	pike_warm_free(w);
	assert_true(gone(pid));
	ended(&got, b);
	pike_box_end_release(&got);
	pike_box_free(b);
}

static void they_die_with_their_user(void **state)
{
	int pipe_fd[2];
	pid_t user, pid = 0;

	(void)state;
	needs_i2();
	assert_int_equal(pipe(pipe_fd), 0);
	user = fork();
	if (!user) {
		struct pike_box *b = fork_of(started(), "time.sleep(60)");

		pid = program_of(b);
		if (write(pipe_fd[1], &pid, sizeof(pid)) < 0)
			_exit(1);
		pause();
	}
	close(pipe_fd[1]);
	assert_int_equal(read(pipe_fd[0], &pid, sizeof(pid)), sizeof(pid));
	close(pipe_fd[0]);
	kill(user, SIGKILL);
	waitpid(user, NULL, 0);
	assert_true(gone(pid));
}

static void refused(const char *script, const char *part)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_warm *w = start(script);

	assert_int_equal(pike_warm_ready(w, &err), PIKE_FAILED);
	if (!strstr(err.text, part))
		fail_msg("'%s' does not say '%s'", err.text, part);
	/* Every time. */
	assert_int_equal(pike_warm_ready(w, &err), PIKE_FAILED);
	pike_warm_free(w);
}

static void what_cannot_be_forked_from_says_so(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_box_opts o;
	struct pike_warm *w;
	struct pike_box *b;

	(void)state;
	needs_i2();
	refused("import nothing_of_that_name\n", "nothing_of_that_name");
	refused("import socket, struct\n"
		"socket.socket(fileno=3).send(struct.pack('<i', 16))\n"
		"input()\n",
		"16 threads");
	refused("import socket\nsocket.socket(fileno=3).send(b'?')\n",
		"does not get ready");
	/* One that ends later. */
	w = start("import socket, struct\n"
		  "s = socket.socket(fileno=3)\n"
		  "s.send(struct.pack('<i', 1))\ns.recv(256)\n");
	assert_int_equal(pike_warm_ready(w, &err), 0);
	o = opts(w, "");
	assert_int_equal(pike_box_start(&b, &o, &err), PIKE_FAILED);
	assert_int_equal(pike_warm_ready(w, &err), PIKE_FAILED);
	pike_warm_free(w);
}

/* A worker of which nobody asks anything ends. */
static void answers_nothing(struct pike_warm *w, const char *worker)
{
	struct pike_box_opts o = opts(w, "");
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_box *b;
	struct pike_box_end got;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	o.runner = worker;
	o.words = "run 1:cpu";
	o.sock = pair[1];
	if (pike_box_start(&b, &o, &err))
		fail_msg("%s", err.text);
	close(pair[0]);
	close(pair[1]);
	ended(&got, b);
	assert_string_equal(got.log.s, "");
	assert_int_equal(got.why, PIKE_BOX_EXITED);
	assert_int_equal(got.status, 0);
	pike_box_end_release(&got);
	pike_box_free(b);
}

/* PyTorch itself: with one thread, whatever libraries it brings. */
static void pytorch_waits_with_one_thread(void **state)
{
	struct pike_warm_opts o = { .kind = PIKE_BOX_PYTHON };
	struct pike_strs argv = PIKE_STRS_INIT;
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_warm *w;
	struct pike_buf worker;

	(void)state;
	needs_i2();
	if (!python.torch[0])
		left_out("no PyTorch for " SYSTEM
			 ": apt-get install python3-torch");
	pike_buf_init(&worker, 4096);
	assert_int_equal(pike_box_helper(&worker, "pike-run-torch.py", &err),
			 0);
	pike_python_warm(&argv, &python);
	o.argv = (const char *const *)argv.v;
	o.script = worker.s;
	if (pike_warm_start(&w, &o, &err) || pike_warm_ready(w, &err))
		fail_msg("%s", err.text);
	/* Still so with what it is told to import, if that can be. */
	pike_warm_import(w, "torch.utils.benchmark");
	pike_warm_import(w, "torch.nothing_of_that_name");
	for (int i = 0; i < 3; i++)
		answers_nothing(w, worker.s);
	pike_warm_free(w);
	pike_strs_release(&argv);
	pike_buf_release(&worker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fork_is_in_a_box),
		cmocka_unit_test(a_fork_cannot_change_its_program),
		cmocka_unit_test(forks_are_strangers),
		cmocka_unit_test(forks_end_as_others_do),
		cmocka_unit_test(a_folder_may_come_later),
		cmocka_unit_test(they_are_ended_and_stopped),
		cmocka_unit_test(they_die_with_their_user),
		cmocka_unit_test(what_cannot_be_forked_from_says_so),
		cmocka_unit_test(pytorch_waits_with_one_thread),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
