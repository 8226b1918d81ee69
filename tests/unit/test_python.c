/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interpreter of PyTorch models: which one is found, what its box holds,
 * and what a script in it can do. What needs PyTorch is left out by name where
 * there is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "left_out.h"

#include "device/python.h"

#include "base/fs.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SYSTEM "/usr/bin/python3"

static char folder[] = "/tmp/pike-python-XXXXXX";
static char path[128];

static int begin(void **state)
{
	(void)state;
	unsetenv("VIRTUAL_ENV");
	return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	return pike_rm_rf(folder, NULL);
}

static const char *script(const char *text, mode_t mode)
{
	FILE *f;

	snprintf(path, sizeof(path), "%s/python3", folder);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

static void answers(const char *json)
{
	char *text = pike_xasprintf("#!/bin/sh\ncat <<'END'\n%s\nEND\n", json);

	script(text, 0755);
	free(text);
}

static void refuse(const char *name, const char *part)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_python p;

	assert_int_equal(pike_python_find(&p, name, &err), PIKE_FAILED);
	if (!strstr(err.text, part))
		fail_msg("'%s' does not say '%s'", err.text, part);
	assert_non_null(strstr(err.text, "git config pike.python"));
}

static void what_is_no_python_is_refused(void **state)
{
	(void)state;
	refuse("/nonexistent/python3", "cannot be asked");
	refuse(script("#!/bin/sh\nexit 3\n", 0755), "cannot be asked");
	answers("hello");
	refuse(path, "not a Python of version 3.8");
	answers("{\"exe\":\"/x\",\"version\":\"2.7.18\"}");
	refuse(path, "not a Python of version 3.8");
	answers("{\"exe\":\"x\",\"version\":\"3.11.2\"}");
	refuse(path, "not a Python of version 3.8");
}

static void what_lies_in_another_is_needed_once(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_python p;

	(void)state;
	answers("{\"exe\":\"/opt/py/bin/python3.12\",\"version\":\"3.12.1\","
		"\"torch\":\"/v/site/torch\",\"roots\":[\"/v/lib\","
		"\"/opt/py/lib\"],\"path\":[\"/opt/py/lib/python3.12\","
		"\"/v/lib/python3.12/site\",\"/v/libs\",\"relative\"]}");
	if (pike_python_find(&p, path, &err))
		fail_msg("%s", err.text);
	assert_string_equal(p.torch, "/v/site/torch");
	assert_int_equal(p.path.n, 4);
	assert_int_equal(p.needs.n, 5);
	assert_string_equal(p.needs.v[0], "/opt/py/bin/python3.12");
	assert_string_equal(p.needs.v[2], "/v/lib");
	assert_string_equal(p.needs.v[3], "/opt/py/lib");
	assert_string_equal(p.needs.v[4], "/v/libs");
	pike_python_release(&p);
}

static void the_environment_that_is_active_comes_first(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_python p;
	char bin[160];

	(void)state;
	answers("{\"exe\":\"/venv\",\"version\":\"3.12.1\"}");
	snprintf(bin, sizeof(bin), "%s/bin", folder);
	assert_int_equal(symlink(".", bin), 0);
	setenv("VIRTUAL_ENV", folder, 1);
	if (pike_python_find(&p, NULL, &err))
		fail_msg("%s", err.text);
	unsetenv("VIRTUAL_ENV");
	assert_string_equal(p.exe, "/venv");
	pike_python_release(&p);
}

/* ---- in the box ---- */

static const char tries[] =
    "import os, socket, subprocess, sys\n"
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
    "can('connect', lambda: socket.create_connection(('127.0.0.1', 22), 1))\n"
    "can('resolve', lambda: socket.getaddrinfo('example.org', 80))\n"
    "can('run', lambda: subprocess.run(['/bin/sh', '-c', 'true']))\n"
    "for name in os.environ:\n"
    "    if name not in ('PATH', 'LANG', 'LC_ALL', 'HOME', 'TMPDIR',\n"
    "                    'LD_PRELOAD', 'ASAN_OPTIONS', 'LC_CTYPE'):\n"
    "        print('knows', name)\n"
    "print('end')\n";

static void a_script_reads_and_computes_only(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_python p;
	struct pike_box *box = NULL;
	struct pike_box_end got;

	(void)state;
	needs_i2();
	if (access(SYSTEM, X_OK))
		left_out("no " SYSTEM ": apt-get install python3");
	setenv("PIKE_TEST_SECRET", "x", 1);
	if (pike_python_find(&p, SYSTEM, &err))
		fail_msg("%s", err.text);
	{
		const char *argv[] = { p.exe, "-ISB", "/runner", NULL };
		struct pike_box_opts o = { .kind = PIKE_BOX_PYTHON,
					   .argv = argv,
					   .runner = script(tries, 0644),
					   .folders =
					       (const char *const *)p.needs.v,
					   .out_fd = -1,
					   .sock = -1,
					   .wall_ms = 30000,
					   .memory = 1LL << 30,
					   .require = PIKE_I2 };

		if (pike_box_start(&box, &o, &err) ||
		    pike_box_wait(&got, box, -1, &err))
			fail_msg("%s", err.text);
	}
	assert_string_equal(got.log.s, "end\n");
	assert_int_equal(got.why, PIKE_BOX_EXITED);
	pike_box_end_release(&got);
	pike_box_free(box);
	pike_python_release(&p);
}

static void pytorch_starts_with_one_thread(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_torch_info t;
	struct pike_python p;

	(void)state;
	needs_i2();
	if (pike_python_find(&p, SYSTEM, NULL))
		left_out("no " SYSTEM ": apt-get install python3");
	if (!p.torch[0]) {
		pike_python_release(&p);
		left_out("no PyTorch for " SYSTEM
			 ": apt-get install python3-torch");
	}
	if (pike_torch_probe(&t, &p, PIKE_I2, &err))
		fail_msg("%s", err.text);
	assert_true(t.version[0] >= '1' && t.version[0] <= '9');
	assert_int_equal(t.threads, 1);
	assert_true(t.took_ns > 0);
	pike_python_release(&p);
}

static void what_has_no_pytorch_says_so(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_torch_info t;
	struct pike_python p;

	(void)state;
	answers("{\"exe\":\"/usr/bin/true\",\"version\":\"3.12.1\"}");
	if (pike_python_find(&p, path, &err))
		fail_msg("%s", err.text);
	assert_int_equal(pike_torch_probe(&t, &p, PIKE_I2, &err), PIKE_FAILED);
	assert_non_null(strstr(err.text, "has no PyTorch"));
	/* One that ends without a word */
	snprintf(p.torch, sizeof(p.torch), "/t");
	assert_int_not_equal(pike_torch_probe(&t, &p, PIKE_I2, &err), 0);
	pike_python_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_python_is_refused),
		cmocka_unit_test(what_lies_in_another_is_needed_once),
		cmocka_unit_test(the_environment_that_is_active_comes_first),
		cmocka_unit_test(a_script_reads_and_computes_only),
		cmocka_unit_test(pytorch_starts_with_one_thread),
		cmocka_unit_test(what_has_no_pytorch_says_so),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
