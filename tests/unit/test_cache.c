/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of builds: found again by content only, and never when it is
 * torn, changed, or lies where others may write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/kept.h"
#include "base/mem.h"
#include "eval/cache_priv.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OBJECT_MAX 65536
#define OBJECT "\177ELF machine\0code\n"
#define LOG "ptxas info : Used 31 registers\n"

static char home[64], *builds;

static int begin(void **state)
{
	(void)state;
	snprintf(home, sizeof(home), "/tmp/pike-cache.XXXXXX");
	assert_non_null(mkdtemp(home));
	assert_return_code(setenv("XDG_CACHE_HOME", home, 1), 0);
	builds = pike_xasprintf("%s/pike-git/builds", home);
	return 0;
}

static int end(void **state)
{
	(void)state;
	free(builds);
	return pike_rm_rf(home, NULL);
}

static void plan_make(struct pike_build_plan *p, const char *source)
{
	memset(p, 0, sizeof(*p));
	snprintf(p->tools, sizeof(p->tools), "nvrtc 13");
	snprintf(p->output, sizeof(p->output), "kernel.bin");
	pike_strs_push(&p->argv, "pike-nvrtc");
	pike_strs_push(&p->argv, "sm_90a");
	pike_files_add(&p->files, "k.cu", source, strlen(source));
}

static void key_of(char out[65], const char *source)
{
	struct pike_build_plan p;

	plan_make(&p, source);
	pike_cache_key(out, &p, "/bin/true");
	pike_build_plan_release(&p);
}

static void keep(const char *key)
{
	struct pike_buf log;
	int fd;

	pike_buf_init(&log, 4096);
	pike_buf_adds(&log, LOG);
	assert_int_equal(pike_memfd(&fd, "object", 0, NULL), 0);
	assert_int_equal(pike_write_all(fd, OBJECT, sizeof(OBJECT) - 1, NULL),
			 0);
	assert_int_equal(pike_memfd_seal(fd, NULL), 0);
	pike_cache_keep(key, fd, &log, OBJECT_MAX);
	close(fd);
	pike_buf_release(&log);
}

/* Found, and then whole. */
static bool is_there(const char *key)
{
	char got[sizeof(OBJECT)];
	struct pike_buf log;
	bool found;
	int fd;

	pike_buf_init(&log, 4096);
	assert_int_equal(pike_memfd(&fd, "object", 0, NULL), 0);
	found = pike_cache_find(fd, &log, key, OBJECT_MAX);
	assert_string_equal(log.s, found ? LOG : "");
	assert_int_equal(pread(fd, got, sizeof(got), 0),
			 found ? sizeof(OBJECT) - 1 : 0);
	if (found)
		assert_memory_equal(got, OBJECT, sizeof(OBJECT) - 1);
	close(fd);
	pike_buf_release(&log);
	return found;
}

static void test_found_again(void **state)
{
	char a[65], b[65];

	(void)state;
	key_of(a, "void a() {}");
	key_of(b, "void b() {}");
	assert_false(is_there(a));
	keep(a);
	assert_true(is_there(a));
	assert_true(is_there(a));
	assert_false(is_there(b));
}

/* Each part of a plan decides; what two parts hold cannot be moved between
 * them. */
static void test_key(void **state)
{
	char keys[7][65];
	struct pike_build_plan p;

	(void)state;
	key_of(keys[0], "void a() {}");
	for (int i = 1; i < 7; i++) {
		plan_make(&p, i == 1 ? "void a() { }" : "void a() {}");
		if (i == 2)
			snprintf(p.tools, sizeof(p.tools), "nvrtc 14");
		if (i == 3)
			pike_strs_push(&p.argv, "-lineinfo");
		if (i == 4)
			pike_files_add(&p.files, "h.cuh", "", 0);
		if (i == 5)
			snprintf(p.output, sizeof(p.output), "other.bin");
		pike_cache_key(keys[i], &p, i == 6 ? "/bin/sh" : "/bin/true");
		pike_build_plan_release(&p);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(keys[i], keys[k]);
	}
	plan_make(&p, "void a() {}");
	pike_cache_key(keys[1], &p, "/bin/true");
	assert_string_equal(keys[0], keys[1]);
	pike_build_plan_release(&p);
}

/* Every single byte that is missing or another makes it somebody else's. */
static void test_torn(void **state)
{
	struct pike_buf whole;
	char key[65], *path;

	(void)state;
	key_of(key, "void torn() {}");
	keep(key);
	path = pike_xasprintf("%s/%s", builds, key);
	pike_buf_init(&whole, 65536);
	assert_int_equal(pike_read_file(&whole, path, NULL), 0);
	for (size_t i = 0; i < whole.len; i++) {
		assert_int_equal(pike_write_file(path, whole.s, i, NULL), 0);
		assert_false(is_there(key));
		whole.s[i] ^= 1;
		assert_int_equal(
		    pike_write_file(path, whole.s, whole.len, NULL), 0);
		assert_false(is_there(key));
		whole.s[i] ^= 1;
	}
	assert_int_equal(pike_write_file(path, whole.s, whole.len, NULL), 0);
	assert_true(is_there(key));
	pike_buf_addc(&whole, '\n');
	assert_int_equal(pike_write_file(path, whole.s, whole.len, NULL), 0);
	assert_false(is_there(key));
	keep(key);
	assert_true(is_there(key));
	pike_buf_release(&whole);
	free(path);
}

static void test_others_may_write(void **state)
{
	char key[65], *away;

	(void)state;
	key_of(key, "void theirs() {}");
	keep(key);
	assert_true(is_there(key));
	assert_return_code(chmod(builds, 0777), 0);
	assert_false(is_there(key));
	assert_return_code(chmod(builds, 0700), 0);
	assert_true(is_there(key));
	/* A link to a folder that is ours is still not that folder. */
	away = pike_xasprintf("%s/away", home);
	assert_return_code(rename(builds, away), 0);
	assert_return_code(symlink(away, builds), 0);
	assert_false(is_there(key));
	assert_return_code(unlink(builds), 0);
	assert_return_code(rename(away, builds), 0);
	free(away);
}

/* No home, or a home that is a file: builds go on without. */
static void test_nowhere(void **state)
{
	char key[65], *old_home = getenv("HOME");

	(void)state;
	key_of(key, "void nowhere() {}");
	old_home = old_home ? pike_xstrdup(old_home) : NULL;
	unsetenv("XDG_CACHE_HOME");
	unsetenv("HOME");
	keep(key);
	assert_false(is_there(key));
	setenv("XDG_CACHE_HOME", "/dev/null", 1);
	keep(key);
	assert_false(is_there(key));
	setenv("XDG_CACHE_HOME", "relative", 1);
	keep(key);
	assert_false(is_there(key));
	setenv("XDG_CACHE_HOME", home, 1);
	if (old_home)
		setenv("HOME", old_home, 1);
	free(old_home);
}

static int64_t bytes_kept(void)
{
	DIR *d = opendir(builds);
	const struct dirent *e;
	int64_t sum = 0;
	struct stat st;

	assert_non_null(d);
	while ((e = readdir(d)))
		if (!fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
		    S_ISREG(st.st_mode))
			sum += st.st_size;
	closedir(d);
	return sum;
}

/* A file of any size without that many blocks, last used at `when`. */
static void add_old(const char *name, int64_t bytes, time_t when)
{
	const struct timespec t[2] = { { when, 0 }, { when, 0 } };
	char *path = pike_xasprintf("%s/%s", builds, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_return_code(ftruncate(fd, bytes), 0);
	close(fd);
	assert_return_code(utimensat(AT_FDCWD, path, t, 0), 0);
	free(path);
}

static bool file_is_there(const char *name)
{
	char *path = pike_xasprintf("%s/%s", builds, name);
	bool is = !access(path, F_OK);

	free(path);
	return is;
}

static void test_bounded(void **state)
{
	char key[65];

	(void)state;
	key_of(key, "void bounded() {}");
	add_old("oldest", PIKE_KEPT_BUILDS_BYTES / 2, 1000);
	add_old("older", PIKE_KEPT_BUILDS_BYTES / 2, 2000);
	add_old("old", PIKE_KEPT_BUILDS_BYTES / 8, 3000);
	/* It looks now and then. */
	for (int i = 0; i < 256; i++)
		keep(key);
	assert_true(bytes_kept() <= PIKE_KEPT_BUILDS_BYTES);
	assert_false(file_is_there("oldest"));
	assert_true(file_is_there("older"));
	assert_true(file_is_there("old"));
	assert_true(is_there(key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found_again),
		cmocka_unit_test(test_key),
		cmocka_unit_test(test_torn),
		cmocka_unit_test(test_others_may_write),
		cmocka_unit_test(test_nowhere),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
