/* SPDX-License-Identifier: Apache-2.0 */
/* The tools: text, buffers, JSON, hashes, files, processes, options. */
#include "base/buf.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/opts.h"
#include "base/proc.h"
#include "base/rand.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void buffer_keeps_its_maximum(void **state)
{
	struct pike_buf b;

	(void)state;
	pike_buf_init(&b, 5);
	assert_int_equal(pike_buf_adds(&b, "abc"), 0);
	assert_int_equal(pike_buf_adds(&b, "def"), -1);
	assert_true(b.full);
	assert_string_equal(b.s, "abc");
	assert_int_equal(pike_buf_addf(&b, "%d", 42), 0);
	assert_string_equal(b.s, "abc42");
	pike_buf_release(&b);
	pike_buf_release(&b);
	assert_string_equal(b.s, "");
}

static void lists_split_and_end_in_null(void **state)
{
	struct pike_strs l = PIKE_STRS_INIT;

	(void)state;
	pike_strs_split(&l, "  a b,,c ", " ,");
	assert_int_equal(l.n, 3);
	assert_string_equal(l.v[2], "c");
	assert_null(l.v[3]);
	assert_true(pike_strs_has(&l, "b"));
	assert_false(pike_strs_has(&l, "d"));
	pike_strs_release(&l);
}

static void names_and_slugs(void **state)
{
	char slug[65], longest[66];

	(void)state;
	assert_true(pike_is_name("a"));
	assert_true(pike_is_name("0b_c-d"));
	assert_false(pike_is_name(""));
	assert_false(pike_is_name("-a"));
	assert_false(pike_is_name("A"));
	assert_false(pike_is_name("a/b"));
	assert_false(pike_is_name("a..b"));
	memset(longest, 'a', 65);
	longest[65] = '\0';
	assert_false(pike_is_name(longest));
	longest[64] = '\0';
	assert_true(pike_is_name(longest));
	pike_slug(slug, "NVIDIA H200 (SXM)");
	assert_string_equal(slug, "nvidia-h200-sxm");
	pike_slug(slug, "***");
	assert_true(pike_is_name(slug));
}

static void numbers_are_whole_strings(void **state)
{
	int64_t i;
	double d;

	(void)state;
	assert_true(pike_parse_i64("-42", &i));
	assert_int_equal(i, -42);
	assert_false(pike_parse_i64("42x", &i));
	assert_false(pike_parse_i64("", &i));
	assert_false(pike_parse_i64(" 1", &i));
	assert_false(pike_parse_i64("9223372036854775808", &i));
	assert_true(pike_parse_f64("1.5", &d));
	assert_true(d == 1.5);
	assert_false(pike_parse_f64("nan", &d));
	assert_false(pike_parse_f64("1e999", &d));
}

static void utf8_is_strict(void **state)
{
	static const char *const bad[] = {
		"\x80",		"\xc0\xaf",	    "\xe0\x80\xaf",
		"\xed\xa0\x80", "\xf5\x80\x80\x80", "\xf4\x90\x80\x80",
		"\xe2\x82",
	};

	(void)state;
	assert_true(pike_utf8_valid("gr\xc3\xbc\xc3\x9f", 6));
	assert_true(pike_utf8_valid("\xf0\x9f\x90\x9f", 4));
	for (size_t i = 0; i < PIKE_ARRAY_LEN(bad); i++)
		assert_false(pike_utf8_valid(bad[i], strlen(bad[i])));
}

static void text_is_cut_where_it_ends(void **state)
{
	(void)state;
	assert_int_equal(pike_cut_text("one\ntwo\n", 8, 8), 8);
	assert_int_equal(pike_cut_text("one\ntwo\n", 8, 7), 4);
	/* Of one long line as much as there is room for. */
	assert_int_equal(pike_cut_text("a\nbcdefghij", 11, 9), 9);
	assert_int_equal(pike_cut_text("gr\xc3\xbc\xc3\x9f", 6, 5), 4);
	assert_int_equal(pike_cut_text("\x9f\x9f\x9f\x9f", 4, 2), 0);
	assert_int_equal(pike_cut_text("abc", 3, 0), 0);
}

static void hosts_of_urls(void **state)
{
	static const struct {
		const char *url, *host;
		bool loopback;
	} t[] = {
		{ "http://127.0.0.1:80/x", "127.0.0.1", true },
		{ "https://[::1]/", "[::1]", true },
		{ "http://localhost", "localhost", true },
		{ "https://api.github.com/x", "api.github.com", false },
		{ "http://127.0.0.1.evil.org", "127.0.0.1.evil.org", false },
		{ "http://2130706433/", "2130706433", false },
		{ "http://localhost@evil.org/", NULL, false },
		{ "https://[::1", NULL, false },
		{ "ftp://localhost/", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(t); i++) {
		size_t len = 0;
		const char *host = pike_url_host(t[i].url, &len);

		assert_int_equal(!host, !t[i].host);
		if (!host)
			continue;
		assert_int_equal(len, strlen(t[i].host));
		assert_memory_equal(host, t[i].host, len);
		assert_int_equal(pike_host_is_loopback(host, len),
				 t[i].loopback);
	}
}

static void urls_lose_their_users(void **state)
{
	char s[] = "fatal: 'https://bot:s3cr3t@host/x' and "
		   "ssh://git@host:22/y, http://u@a/b@c, https://plain/z";

	(void)state;
	pike_redact_urls(s);
	assert_string_equal(s, "fatal: 'https://...@host/x' and "
			       "ssh://...@host:22/y, http://.@a/b@c, "
			       "https://plain/z");
}

static void terminals_get_no_escape(void **state)
{
	const char text[] = "a\x1b[31m\x9b\xc2\x9b\x7f\n\tb\0c";
	struct pike_buf b;

	(void)state;
	pike_buf_init(&b, 100);
	pike_sanitize(&b, text, sizeof(text) - 1);
	assert_string_equal(b.s, "a?[31m???\n\tb?c");
	pike_buf_release(&b);
}

static void hash_is(const char *text, size_t n, const char *want)
{
	char hex[65];

	pike_sha256_hex(hex, text, n);
	assert_string_equal(hex, want);
}

/* FIPS 180-4 examples; the million letters check the block arithmetic. */
static void sha256_vectors(void **state)
{
	char *million = pike_xmalloc(1000000);

	(void)state;
	memset(million, 'a', 1000000);
	hash_is("", 0,
		"e3b0c44298fc1c149afbf4c8996fb924"
		"27ae41e4649b934ca495991b7852b855");
	hash_is("abc", 3,
		"ba7816bf8f01cfea414140de5dae2223"
		"b00361a396177a9cb410ff61f20015ad");
	hash_is("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
		"248d6a61d20638b8e5c026930c3e6039"
		"a33ce45964ff2167f6ecedd419db06c1");
	hash_is(million, 1000000,
		"cdc76e5c9914fb9281a1c7e284d73e67"
		"f1809a48a497200e046d39ccc7112cd0");
	free(million);
}

/* RFC 4231, test cases 2 and 6. */
static void hmac_vectors(void **state)
{
	const char *text = "Test Using Larger Than Block-Size Key - "
			   "Hash Key First";
	uint8_t mac[32], key[131];
	char hex[65];

	(void)state;
	pike_hmac_sha256(mac, "Jefe", 4, "what do ya want for nothing?", 28);
	pike_hex(hex, mac, 32);
	assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c7"
				 "5a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	pike_hmac_sha256(mac, key, sizeof(key), text, strlen(text));
	pike_hex(hex, mac, 32);
	assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f"
				 "8e0bc6213728c5140546040f0ee37f54");
}

static void generator_is_seeded_and_fair(void **state)
{
	struct pike_rng a, b;
	size_t count[5] = { 0 };
	double sum = 0, square = 0;

	(void)state;
	pike_rng_seed(&a, 7);
	pike_rng_seed(&b, 7);
	for (int i = 0; i < 100; i++)
		assert_true(pike_rng_u64(&a) == pike_rng_u64(&b));
	for (int i = 0; i < 50000; i++) {
		double x = pike_rng_normal(&a);

		count[pike_rng_below(&a, 5)]++;
		sum += x;
		square += x * x;
	}
	for (int i = 0; i < 5; i++)
		assert_in_range(count[i], 9500, 10500);
	assert_true(sum / 50000 < 0.02 && sum / 50000 > -0.02);
	assert_true(square / 50000 < 1.03 && square / 50000 > 0.97);
}

static void round_trip(const char *in, const char *want)
{
	struct pike_json *j = pike_json_parse(in, strlen(in), NULL);
	struct pike_buf b;

	assert_non_null(j);
	pike_buf_init(&b, 1000);
	pike_json_print(&b, j);
	assert_string_equal(b.s, want);
	pike_buf_release(&b);
	pike_json_free(j);
}

static void json_is_canonical(void **state)
{
	(void)state;
	round_trip("{\"b\":1,\"a\":[true,null, \"x\"]}",
		   "{\"a\":[true,null,\"x\"],\"b\":1}");
	round_trip("0.30000000000000004", "0.30000000000000004");
	round_trip("0.1", "0.1");
	round_trip("9007199254740992", "9007199254740992");
	round_trip("-0", "0");
	round_trip("\"\\u00e9\\ud83d\\udc1f\\u0007\"",
		   "\"\\u00e9\\ud83d\\udc1f\\u0007\"");
	round_trip("\"gr\xc3\xbc\xc3\x9f\"", "\"gr\\u00fc\\u00df\"");
}

static void json_refuses(void **state)
{
	static const char *const bad[] = {
		"",	    "{",	   "{} x",  "{\"a\":1,\"a\":2}",
		"\"\x80\"", "\"\\u0000\"", "1e999", "nul",
		"[1,]",	    "{\"a\"}",
	};
	char deep[200];

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(bad); i++) {
		struct pike_err err = PIKE_ERR_INIT;

		assert_null(pike_json_parse(bad[i], strlen(bad[i]), &err));
		assert_true(err.text[0]);
	}
	memset(deep, '[', 100);
	memset(deep + 100, ']', 100);
	assert_null(pike_json_parse(deep, sizeof(deep), NULL));
}

static void json_getters_give_defaults(void **state)
{
	const char *text = "{\"n\":3,\"f\":1.5,\"s\":\"x\",\"big\":1e300}";
	struct pike_json *j = pike_json_parse(text, strlen(text), NULL);

	(void)state;
	assert_int_equal(pike_json_i64(j, "n", -1), 3);
	assert_int_equal(pike_json_i64(j, "N", -1), -1);
	assert_int_equal(pike_json_i64(j, "f", -1), -1);
	assert_int_equal(pike_json_i64(j, "big", -1), -1);
	assert_string_equal(pike_json_str(j, "n", "none"), "none");
	assert_string_equal(pike_json_str(NULL, "n", "none"), "none");
	pike_json_set_i64(j, "n", 4);
	assert_int_equal(pike_json_i64(j, "n", -1), 4);
	pike_json_free(j);
}

static char *scratch(void)
{
	char *dir = pike_xstrdup("/tmp/pike-test-base-XXXXXX");

	assert_non_null(mkdtemp(dir));
	return dir;
}

static void files_are_whole_and_bounded(void **state)
{
	char *dir = scratch(), *path = pike_xasprintf("%s/f", dir);
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_buf b;

	(void)state;
	assert_int_equal(pike_write_file(path, "hello", 5, &err), 0);
	assert_int_equal(pike_write_file(path, "again", 5, &err), 0);
	pike_buf_init(&b, 4);
	assert_int_equal(pike_read_file(&b, path, &err), PIKE_FAILED);
	b.max = 5;
	pike_buf_reset(&b);
	assert_int_equal(pike_read_file(&b, path, &err), 0);
	assert_string_equal(b.s, "again");
	pike_buf_release(&b);
	assert_int_equal(pike_rm_rf(dir, &err), 0);
	assert_int_equal(access(dir, F_OK), -1);
	free(path);
	free(dir);
}

static void removing_never_follows(void **state)
{
	char *keep = scratch(), *gone = scratch();
	char *file = pike_xasprintf("%s/precious", keep);
	char *link = pike_xasprintf("%s/link", gone);
	char *deep = pike_xasprintf("%s/a/b/c", gone);

	(void)state;
	assert_int_equal(pike_write_file(file, "x", 1, NULL), 0);
	assert_int_equal(symlink(keep, link), 0);
	assert_int_equal(pike_mkdir_p(deep, 0700, NULL), 0);
	assert_int_equal(pike_rm_rf(gone, NULL), 0);
	assert_int_equal(access(gone, F_OK), -1);
	assert_int_equal(access(file, F_OK), 0);
	assert_int_equal(pike_rm_rf(keep, NULL), 0);
	free(deep);
	free(link);
	free(file);
	free(gone);
	free(keep);
}

static void a_held_lock_is_retry(void **state)
{
	char *dir = scratch(), *path = pike_xasprintf("%s/lock", dir);
	struct pike_err err = PIKE_ERR_INIT;
	int a, b;

	(void)state;
	assert_int_equal(pike_flock(&a, path, 0, &err), 0);
	assert_int_equal(pike_flock(&b, path, 0, &err), PIKE_RETRY);
	assert_int_equal(b, -1);
	close(a);
	assert_int_equal(pike_flock(&b, path, 0, &err), 0);
	close(b);
	pike_rm_rf(dir, NULL);
	free(path);
	free(dir);
}

static void sealed_memory_stays(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(pike_memfd(&fd, "t", 4096, NULL), 0);
	assert_int_equal(pwrite(fd, "x", 1, 0), 1);
	assert_int_equal(pike_memfd_seal(fd, NULL), 0);
	assert_int_equal(pwrite(fd, "y", 1, 0), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	close(fd);
}

static void processes_are_bounded(void **state)
{
	const char *const cat[] = { "cat", NULL };
	const char *const much[] = { "head", "-c", "100000", "/dev/zero",
				     NULL };
	const char *const hang[] = { "sh", "-c", "sleep 30 & wait", NULL };
	const char *const none[] = { "/nonexistent/program", NULL };
	struct pike_proc_opts o = { .argv = cat, .in = "abc", .in_len = 3 };
	struct pike_proc_result res;
	struct pike_err err = PIKE_ERR_INIT;

	(void)state;
	assert_int_equal(pike_proc_run(&res, &o, &err), 0);
	assert_int_equal(res.status, 0);
	assert_string_equal(res.out.s, "abc");
	pike_proc_result_release(&res);
	o = (struct pike_proc_opts){ .argv = much, .out_max = 1000 };
	assert_int_equal(pike_proc_run(&res, &o, &err), 0);
	assert_int_equal(res.status, 0);
	assert_int_equal(res.out.len, 1000);
	assert_true(res.out.full);
	pike_proc_result_release(&res);
	o = (struct pike_proc_opts){ .argv = hang, .timeout_ms = 50 };
	assert_int_equal(pike_proc_run(&res, &o, &err), 0);
	assert_true(res.timed_out);
	pike_proc_result_release(&res);
	o = (struct pike_proc_opts){ .argv = none };
	assert_int_equal(pike_proc_run(&res, &o, &err), PIKE_FAILED);
	assert_non_null(strstr(err.text, "/nonexistent/program"));
	pike_proc_result_release(&res);
}

/* One that writes without an end, one that says nothing, one that has closed
 * its ends and lives on: a step comes back, and dropping them ends them. */
static void a_step_never_waits(void **state)
{
	const char *const endless[] = { "yes", NULL };
	const char *const silent[] = { "sleep", "30", NULL };
	const char *const shut[] = { "sh", "-c", "exec >&- 2>&-; sleep 0.2",
				     NULL };
	const char *const *const all[] = { endless, silent, shut };

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(all); i++) {
		const struct pike_proc_opts o = { .argv = all[i],
						  .in = "abc",
						  .in_len = 3,
						  .out_max = 1 << 20 };
		struct pike_proc *p;

		assert_int_equal(pike_proc_start(&p, &o, NULL), 0);
		for (int k = 0; k < 10; k++)
			assert_false(pike_proc_step(p));
		while (all[i] == endless && !pike_proc_result(p)->out.full)
			assert_false(pike_proc_step(p));
		while (all[i] == shut && !pike_proc_step(p))
			usleep(1000);
		assert_int_equal(pike_proc_result(p)->status, 0);
		pike_proc_free(p);
	}
}

struct options {
	bool yes, no;
	int64_t n;
	double f;
	const char *s;
	struct pike_strs many;
};

static const struct pike_opt table[] = {
	{ "yes", 'y', PIKE_OPT_BOOL, offsetof(struct options, yes), NULL, "",
	  false },
	{ "no-op", 0, PIKE_OPT_BOOL, offsetof(struct options, no), NULL, "",
	  false },
	{ "count", 'n', PIKE_OPT_I64, offsetof(struct options, n), "N", "",
	  false },
	{ "factor", 0, PIKE_OPT_F64, offsetof(struct options, f), "F", "",
	  false },
	{ "text", 0, PIKE_OPT_STR, offsetof(struct options, s), "T", "",
	  false },
	{ "item", 'i', PIKE_OPT_STRS, offsetof(struct options, many), "I", "",
	  false },
	{ NULL, 0, PIKE_OPT_BOOL, 0, NULL, NULL, false },
};

static int parse(struct options *o, struct pike_strs *rest, const char *line,
		 struct pike_err *err)
{
	struct pike_strs argv = PIKE_STRS_INIT;
	int ret;

	pike_strs_split(&argv, line, " ");
	ret = pike_opts_parse(table, o, (int)argv.n, argv.v, false, rest, err);
	o->s = o->s ? "seen" : NULL; /* it pointed into argv */
	pike_strs_release(&argv);
	return ret;
}

static void options_are_read_by_table(void **state)
{
	struct pike_strs rest = PIKE_STRS_INIT;
	struct options o = { 0 };

	(void)state;
	assert_int_equal(parse(&o, &rest,
			       "x --yes -n5 --factor=2.5 --text t -i a -ib c "
			       "-- --yes",
			       NULL),
			 0);
	assert_true(o.yes);
	assert_int_equal(o.n, 5);
	assert_true(o.f == 2.5);
	assert_non_null(o.s);
	assert_int_equal(o.many.n, 2);
	assert_int_equal(rest.n, 2);
	assert_string_equal(rest.v[1], "--yes");
	assert_int_equal(parse(&o, &rest, "x --no-yes --no-op", NULL), 0);
	assert_false(o.yes);
	assert_true(o.no);
	pike_strs_release(&rest);
	pike_strs_release(&o.many);
}

static void wrong_options_are_usage(void **state)
{
	static const char *const bad[] = { "x --nope",	    "x -z",
					   "x --count",	    "x --count=x",
					   "x --factor=1x", "x --yes=1",
					   "x --ye" };
	struct pike_strs rest = PIKE_STRS_INIT;
	struct options o = { 0 };

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(bad); i++) {
		struct pike_err err = PIKE_ERR_INIT;

		assert_int_equal(parse(&o, &rest, bad[i], &err), PIKE_USAGE);
		assert_true(err.text[0]);
	}
	assert_int_equal(parse(&o, &rest, "x -h", NULL), 1);
	pike_strs_release(&rest);
}

/* --word alone, or --word=W; what follows is an operand. */
static void an_option_may_have_a_word(void **state)
{
	static const struct pike_opt words[] = { { .name = "word",
						   .type = PIKE_OPT_WORD,
						   .arg = "W",
						   .help = "" },
						 { .name = NULL } };
	static char name[] = "x", alone[] = "--word", with[] = "--word=some",
		    operand[] = "other";
	char *argv[] = { name, alone, operand };
	struct pike_strs rest = PIKE_STRS_INIT;
	const char *word = NULL;

	(void)state;
	assert_int_equal(
	    pike_opts_parse(words, &word, 1, argv, false, &rest, NULL), 0);
	assert_null(word);
	assert_int_equal(
	    pike_opts_parse(words, &word, 3, argv, false, &rest, NULL), 0);
	assert_string_equal(word, "");
	assert_int_equal(rest.n, 1);
	argv[1] = with;
	assert_int_equal(
	    pike_opts_parse(words, &word, 2, argv, false, &rest, NULL), 0);
	assert_string_equal(word, "some");
	pike_strs_release(&rest);
}

static void errors_chain(void **state)
{
	struct pike_err err = PIKE_ERR_INIT;

	(void)state;
	assert_int_equal(pike_fail(&err, PIKE_FAILED, "no %s", "fish"),
			 PIKE_FAILED);
	assert_int_equal(pike_err_prefix(&err, "'%s'", "pond"), PIKE_FAILED);
	assert_string_equal(err.text, "'pond': no fish");
	assert_int_equal(pike_fail(NULL, PIKE_RETRY, "x"), PIKE_RETRY);
}

/* What three calls print to a file, with so many ns between two lines. */
static void tell_thrice(char *out, size_t size, int64_t between)
{
	FILE *f = tmpfile();
	int kept = dup(STDERR_FILENO);
	size_t n;

	assert_non_null(f);
	assert_true(dup2(fileno(f), STDERR_FILENO) >= 0);
	pike_progress_every(between);
	for (int i = 0; i < 3; i++)
		pike_progress("at %d of 3\nand more", i);
	fflush(stderr);
	dup2(kept, STDERR_FILENO);
	close(kept);
	rewind(f);
	n = fread(out, 1, size - 1, f);
	out[n] = '\0';
	fclose(f);
}

static void tells_how_far_off_a_terminal(void **state)
{
	char text[400];

	(void)state;
	tell_thrice(text, sizeof(text), 3600 * 1000000000LL);
	assert_string_equal(text, "");
	tell_thrice(text, sizeof(text), 0);
	assert_string_equal(text, "pike-git: at 0 of 3 and more\n"
				  "pike-git: at 1 of 3 and more\n"
				  "pike-git: at 2 of 3 and more\n");
	pike_log_set(PIKE_QUIET);
	tell_thrice(text, sizeof(text), 0);
	pike_log_set(PIKE_NORMAL);
	assert_string_equal(text, "");
}

static void names_of_hosts(void **state)
{
	static const char *const good[] = { "api.example.org", "a:1",
					    "127.0.0.1:8080", "x_y-z" };
	static const char *const bad[] = { "",	 "a b",	 "a:",	"a:0",
					   ":1", "a:+1", "-a",	"a:65536",
					   "*",	 "a/b",	 "a:1x" };

	(void)state;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(good); i++)
		assert_true(pike_is_host_port(good[i]));
	for (size_t i = 0; i < PIKE_ARRAY_LEN(bad); i++)
		assert_false(pike_is_host_port(bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_hosts),
		cmocka_unit_test(buffer_keeps_its_maximum),
		cmocka_unit_test(lists_split_and_end_in_null),
		cmocka_unit_test(names_and_slugs),
		cmocka_unit_test(numbers_are_whole_strings),
		cmocka_unit_test(utf8_is_strict),
		cmocka_unit_test(text_is_cut_where_it_ends),
		cmocka_unit_test(hosts_of_urls),
		cmocka_unit_test(urls_lose_their_users),
		cmocka_unit_test(terminals_get_no_escape),
		cmocka_unit_test(sha256_vectors),
		cmocka_unit_test(hmac_vectors),
		cmocka_unit_test(generator_is_seeded_and_fair),
		cmocka_unit_test(json_is_canonical),
		cmocka_unit_test(json_refuses),
		cmocka_unit_test(json_getters_give_defaults),
		cmocka_unit_test(files_are_whole_and_bounded),
		cmocka_unit_test(removing_never_follows),
		cmocka_unit_test(a_held_lock_is_retry),
		cmocka_unit_test(sealed_memory_stays),
		cmocka_unit_test(processes_are_bounded),
		cmocka_unit_test(a_step_never_waits),
		cmocka_unit_test(options_are_read_by_table),
		cmocka_unit_test(wrong_options_are_usage),
		cmocka_unit_test(an_option_may_have_a_word),
		cmocka_unit_test(errors_chain),
		cmocka_unit_test(tells_how_far_off_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
