/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The box of an agent: what it may change, what it leaves, its two doors, and
 * what it cannot reach. Agents here are shell scripts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "left_out.h"

#include "sandbox/agent.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WALL_MS 20000

/* What a script has left and said. */
struct told {
	struct pike_box_end end;
	struct pike_left left;
	size_t refused;
	char first[160];
};

static void told_release(struct told *t)
{
	pike_box_end_release(&t->end);
	pike_left_release(&t->left);
}

static void must(int rc, const struct pike_err *err)
{
	if (rc)
		print_message("%s\n", err->text);
	assert_int_equal(rc, 0);
}

/* One call at the judge's door, answered with what it holds. */
static void answer(int door, const struct pike_strs *edits)
{
	int sock = accept(door, NULL, NULL);
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_files files = { 0 };
	struct pike_buf b;
	bool json;

	if (sock < 0)
		return;
	pike_buf_init(&b, PIKE_CALL_MAX);
	pike_read_fd(&b, sock, NULL);
	if (pike_call_read(&files, &json, edits, b.s, b.len, &err))
		dprintf(sock, "1%s\n", err.text);
	else
		dprintf(sock, "0%s %s: %s\n", json ? "json" : "text",
			files.v[0].path, files.v[0].data);
	pike_files_release(&files);
	pike_buf_release(&b);
	close(sock);
}

/* Runs a script on a.c, which may change, and three files that may not. */
static void run(struct told *out, const char *script, const char *host,
		int64_t wall_ms)
{
	const char *const argv[] = { "sh", "-c", script, NULL };
	const char *const env[] = { "OWN_API_KEY=s3cret", NULL };
	struct pike_strs edits = PIKE_STRS_INIT, hosts = PIKE_STRS_INIT;
	struct pike_files files = { 0 };
	struct pike_box_agent agent = { .prompt = "make it fast\n",
					.env = env,
					.edits = &edits };
	struct pike_box_opts o = { .kind = PIKE_BOX_AGENT,
				   .argv = argv,
				   .files = &files,
				   .agent = &agent,
				   .output = "left",
				   .sock = -1,
				   .wall_ms = wall_ms,
				   .require = level_here(PIKE_I2) };
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_proxy *proxy = NULL;
	struct pike_box *b = NULL;
	struct pike_doors doors;
	const char *what;
	int ret;

	needs_i2();
	memset(out, 0, sizeof(*out));
	pike_strs_push(&edits, "k/a.c");
	if (host)
		pike_strs_push(&hosts, host);
	pike_files_add(&files, "k/a.c", "old\n", 4);
	pike_files_add(&files, "k/b.h", "header\n", 7);
	pike_files_add(&files, "k/deep/c.h", "deep\n", 5);
	pike_files_add(&files, "top.txt", "top\n", 4);
	must(pike_memfd(&o.out_fd, "left", 0, &err), &err);
	must(pike_box_start(&b, &o, &err), &err);
	must(pike_box_doors(&doors, b, &err), &err);
	must(pike_proxy_start(&proxy, doors.proxy, &hosts, &err), &err);
	do {
		answer(doors.judge, &edits);
		ret = pike_box_wait(&out->end, b, 20, &err);
	} while (ret == PIKE_RETRY);
	must(ret, &err);
	must(pike_left_read(&out->left, o.out_fd, &err), &err);
	pike_proxy_stop(proxy);
	out->refused = pike_proxy_refused(proxy, &what);
	snprintf(out->first, sizeof(out->first), "%s", what ? what : "");
	pike_proxy_free(proxy);
	pike_box_free(b);
	close(doors.judge);
	close(o.out_fd);
	pike_files_release(&files);
	pike_strs_release(&edits);
	pike_strs_release(&hosts);
}

static const char *changed(const struct told *t)
{
	return t->left.files.n ? t->left.files.v[0].data : NULL;
}

static void works_on_its_files(void **state)
{
	struct told t;

	(void)state;
	run(&t,
	    "script -qc tty /dev/null </dev/null | tr -d '\\r'; cat; pwd; sed "
	    "-i s/old/new/ k/a.c; cat k/b.h; echo $HOME; ls "
	    "-A $HOME; echo $OWN_API_KEY; env | cut -d= -f1 | sort | tr "
	    "'\\n' ' '",
	    NULL, WALL_MS);
	assert_string_equal(
	    t.end.log.s,
	    "/dev/pts/0\nmake it fast\n/pike/work\nheader\n/tmp/home\n"
	    "s3cret\nALL_PROXY HOME HTTPS_PROXY HTTP_PROXY "
	    "LANG NODE_USE_ENV_PROXY OWN_API_KEY PATH PWD TERM "
	    "TMPDIR https_proxy ");
	assert_int_equal(t.end.why, PIKE_BOX_EXITED);
	assert_string_equal(changed(&t), "new\n");
	assert_int_equal(t.left.ntouched, 0);
	assert_null(t.left.broken);
	told_release(&t);
}

static void changes_nothing_else(void **state)
{
	struct told t;

	(void)state;
	run(&t,
	    "exec 2>/dev/null; echo x >k/b.h || echo no; echo x >top.txt "
	    "|| echo no; rm -f k/b.h || echo no; mv k/deep k/d || echo no; "
	    "chmod 600 k/b.h || echo no; mv k q || echo no; "
	    "ln -sf /etc/passwd top.txt || echo no; mkdir .git && echo x "
	    ">.git/config; echo x >k/more.c; echo x >'k/a\nb'; echo x >/y "
	    "|| echo no; echo x >/usr/y || echo no; rm -f "
	    "/pike/pike-git || echo no",
	    NULL, WALL_MS);
	assert_string_equal(t.end.log.s,
			    "no\nno\nno\nno\nno\nno\nno\nno\nno\nno\n");
	assert_int_equal(t.left.ntouched, 3);
	assert_true(pike_strs_has(&t.left.touched, ".git/config"));
	assert_true(pike_strs_has(&t.left.touched, "k/more.c"));
	assert_true(pike_strs_has(&t.left.touched, "k/a b"));
	assert_string_equal(changed(&t), "old\n");
	told_release(&t);
}

/* What is no file any more is said, and not followed. */
static void leaves_files_only(void **state)
{
	static const struct {
		const char *script, *says;
	} cases[] = {
		{ "rm k/a.c", "'k/a.c' was removed" },
		{ "ln -sf /etc/passwd k/a.c",
		  "'k/a.c' is a link, or lies behind one" },
		{ "rm k/a.c; mkfifo k/a.c",
		  "'k/a.c' is not a regular file any more" },
		{ "rm k/a.c; mkdir k/a.c",
		  "'k/a.c' is not a regular file any more" },
		{ "head -c 2000000 /dev/zero >k/a.c",
		  "'k/a.c' is larger than 1 MiB" },
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(cases); i++) {
		struct told t;

		run(&t, cases[i].script, NULL, WALL_MS);
		assert_non_null(t.left.broken);
		assert_string_equal(t.left.broken, cases[i].says);
		assert_null(changed(&t));
		told_release(&t);
	}
}

static void asks_the_judge(void **state)
{
	struct told t;

	(void)state;
	run(&t,
	    "pike-git try; echo $?; echo 1 >k/a.c; pike-git try --json; rm "
	    "k/a.c; pike-git try 2>/dev/null; echo $?; pike-git evolve "
	    "2>/dev/null; echo $?; echo 2 >k/a.c",
	    NULL, WALL_MS);
	assert_string_equal(t.end.log.s,
			    "text k/a.c: old\n\n0\njson k/a.c: 1\n\n128\n"
			    "129\n");
	assert_string_equal(changed(&t), "2\n");
	told_release(&t);
}

/* Its end is the end of all, however it comes. */
static void ends_as_a_whole(void **state)
{
	struct told t;
	int64_t t0 = pike_now_ns();

	(void)state;
	run(&t, "(setsid sleep 1000 &) ; echo 3 >k/a.c; exit 3", NULL, WALL_MS);
	assert_int_equal(t.end.why, PIKE_BOX_EXITED);
	assert_int_equal(t.end.status, 3);
	assert_string_equal(changed(&t), "3\n");
	told_release(&t);
	run(&t, "echo 4 >k/a.c; trap '' TERM; sleep 1000", NULL, 500);
	assert_int_equal(t.end.why, PIKE_BOX_TIMED_OUT);
	assert_string_equal(changed(&t), "4\n");
	told_release(&t);
	assert_true(pike_now_ns() - t0 < 15000000000LL);
}

static void talks_within_bounds(void **state)
{
	struct told t;

	(void)state;
	run(&t,
	    "echo first; head -c 3000000 /dev/zero | tr '\\0' x; echo; "
	    "echo last",
	    NULL, WALL_MS);
	assert_int_equal(t.end.why, PIKE_BOX_EXITED);
	assert_memory_equal(t.end.log.s, "first\n", 6);
	assert_string_equal(t.end.log.s + t.end.log.len - 6, "\nlast\n");
	assert_non_null(strstr(t.end.log.s, " bytes are left out]\n"));
	assert_true(t.end.log.len < PIKE_BOX_TALK_MAX + 100);
	told_release(&t);
	run(&t, "echo 5 >k/a.c; cat /dev/zero", NULL, WALL_MS);
	assert_int_equal(t.end.why, PIKE_BOX_FLOODED);
	assert_string_equal(changed(&t), "5\n");
	told_release(&t);
}

/* ---- the network ---- */

/* A server on this machine that answers one call with a line. */
static int serve(char host[32])
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(sock, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(sock, 4), 0);
	getsockname(sock, (struct sockaddr *)&a, &len);
	snprintf(host, 32, "127.0.0.1:%d", ntohs(a.sin_port));
	return sock;
}

#define DIAL                                                                   \
	"import os,socket,sys\n"                                               \
	"def dial(to):\n"                                                      \
	"  s=socket.create_connection(('127.0.0.1',3128),5)\n"                 \
	"  s.sendall(('CONNECT '+to+' HTTP/1.1\\r\\n\\r\\n').encode())\n"      \
	"  return s,s.recv(1000).decode().split()[1]\n"

static void reaches_listed_hosts_only(void **state)
{
	char host[32], *script;
	int server = serve(host);
	struct told t;

	(void)state;
	if (access("/usr/bin/python3", X_OK)) {
		close(server);
		skip();
	}
	/* The kernel answers for the server: connected is enough. */
	script = pike_xasprintf("python3 -c \"" DIAL "print(dial('%s')[1])\n"
				"print(dial('127.0.0.1:1')[1])\n"
				"print(dial('localhost%s')[1])\n"
				"print(dial('example.org:443')[1])\"",
				host, strchr(host, ':'));
	run(&t, script, host, WALL_MS);
	assert_string_equal(t.end.log.s, "200\n403\n403\n403\n");
	assert_int_equal(t.refused, 3);
	assert_string_equal(t.first, "127.0.0.1:1");
	told_release(&t);
	free(script);
	/* By address, by another port, by name, raw, and as a server. */
	script = pike_xasprintf(
	    "python3 -c \"import socket\n"
	    "def no(f):\n"
	    "  try: f(); print('yes')\n"
	    "  except OSError: print('no')\n"
	    "no(lambda: socket.create_connection(('127.0.0.1', %s), 2))\n"
	    "no(lambda: socket.create_connection(('192.0.2.1', 80), 2))\n"
	    "no(lambda: socket.create_connection(('localhost', 22), 2))\n"
	    "no(lambda: socket.getaddrinfo('example.org', 80))\n"
	    "no(lambda: socket.socket(socket.AF_INET6))\n"
	    "no(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))\n"
	    "no(lambda: socket.socket(socket.AF_NETLINK, "
	    "socket.SOCK_RAW))\"",
	    strchr(host, ':') + 1);
	run(&t, script, host, WALL_MS);
	assert_string_equal(t.end.log.s, "no\nno\nno\nno\nno\nno\nno\n");
	told_release(&t);
	free(script);
	close(server);
}

static void calls_are_read_strictly(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{ PIKE_CALL "text\na\n2\nxy", true },
		{ PIKE_CALL "json\na\n0\n", true },
		{ "pike-try 2\ntext\na\n2\nxy", false },
		{ PIKE_CALL "text\n", false },
		{ PIKE_CALL "text\na\n2\nx", false },
		{ PIKE_CALL "text\na\n2\nxyz", false },
		{ PIKE_CALL "text\nb\n2\nxy", false },
		{ PIKE_CALL "text\na\n1\nxa\n1\ny", false },
		{ PIKE_CALL "text\na\n-1\n", false },
		{ PIKE_CALL "text\na\n9999999999\nxy", false },
		{ "", false },
	};
	struct pike_strs edits = PIKE_STRS_INIT;

	(void)state;
	pike_strs_push(&edits, "a");
	for (size_t i = 0; i < PIKE_ARRAY_LEN(cases); i++) {
		struct pike_files files = { 0 };
		bool json;
		int ret = pike_call_read(&files, &json, &edits, cases[i].text,
					 strlen(cases[i].text), NULL);

		assert_int_equal(ret, cases[i].good ? 0 : PIKE_FAILED);
		pike_files_release(&files);
	}
	pike_strs_release(&edits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_are_read_strictly),
		cmocka_unit_test(works_on_its_files),
		cmocka_unit_test(changes_nothing_else),
		cmocka_unit_test(leaves_files_only),
		cmocka_unit_test(asks_the_judge),
		cmocka_unit_test(ends_as_a_whole),
		cmocka_unit_test(talks_within_bounds),
		cmocka_unit_test(reaches_listed_hosts_only),
	};

	/* A client that gives up before it was answered. */
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
