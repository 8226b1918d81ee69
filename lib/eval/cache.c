/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache: see cache_priv.h. A file is a line, the diagnostics and the object:
 *
 *   pike-git build 1 SHA256 LOG_BYTES OBJECT_BYTES
 *
 * The hash is of all that follows the line, so that a torn or a changed file
 * is told from a good one, and nothing need be flushed to the disk.
 */
#include "eval/cache_priv.h"

#include "base/fs.h"
#include "base/kept.h"
#include "base/mem.h"
#include "base/rand.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "pike-git build 1 "
#define HEAD_MAX 160

/* ---- what decides ---- */

static void add(struct pike_sha256 *c, const void *p, size_t n)
{
	uint64_t len = n;

	pike_sha256_add(c, &len, sizeof(len));
	pike_sha256_add(c, p, n);
}

static void add_text(struct pike_sha256 *c, const char *s)
{
	add(c, s, strlen(s));
}

/* A program that was replaced has another time of change. */
static void add_program(struct pike_sha256 *c, const char *path)
{
	struct stat st;

	memset(&st, 0, sizeof(st));
	if (!stat(path, &st))
		add(c, &st.st_size, sizeof(st.st_size));
	add(c, &st.st_mtim, sizeof(st.st_mtim));
}

void pike_cache_key(char out[65], const struct pike_build_plan *plan,
		    const char *helper)
{
	struct pike_sha256 c;
	uint8_t digest[32];

	pike_sha256_init(&c);
	add_text(&c, HEAD);
	add_text(&c, plan->tools);
	add_program(&c, helper);
	add_text(&c, plan->output);
	for (size_t i = 0; i < plan->argv.n; i++)
		add_text(&c, plan->argv.v[i]);
	add_text(&c, "");
	for (size_t i = 0; i < plan->files.n; i++) {
		add_text(&c, plan->files.v[i].path);
		add(&c, plan->files.v[i].data, plan->files.v[i].len);
	}
	pike_sha256_end(&c, digest);
	pike_hex(out, digest, sizeof(digest));
}

/* ---- one file ---- */

static bool parse(const struct pike_buf *b, size_t *log_len, size_t *at)
{
	const char *end = memchr(b->s, '\n', b->len);
	char hash[65], want[65];
	size_t log, object;
	int used = 0;

	if (!end || end - b->s >= HEAD_MAX ||
	    sscanf(b->s, HEAD "%64[0-9a-f] %zu %zu%n", want, &log, &object,
		   &used) != 3 ||
	    b->s + used != end)
		return false;
	*at = (size_t)used + 1;
	*log_len = log;
	if (!object || log > b->len || object > b->len ||
	    *at + log + object != b->len)
		return false;
	pike_sha256_hex(hash, b->s + *at, b->len - *at);
	return !strcmp(hash, want);
}

/* A half-filled memory file is cut by whoever fills it next. */
static bool fill(int fd, struct pike_buf *log, const struct pike_buf *b)
{
	size_t log_len, at;

	if (!parse(b, &log_len, &at) ||
	    pike_write_all(fd, b->s + at + log_len, b->len - at - log_len,
			   NULL))
		return false;
	pike_buf_add(log, b->s + at, log_len);
	return true;
}

bool pike_cache_find(int fd, struct pike_buf *log, const char *key,
		     size_t object_max)
{
	char *path = pike_kept_file(PIKE_KEPT_BUILDS, key, false);
	struct pike_buf b;
	bool found;

	if (!path)
		return false;
	pike_buf_init(&b, object_max + log->max + HEAD_MAX);
	found = !pike_read_file(&b, path, NULL) && fill(fd, log, &b);
	/* Used just now: among the last to go */
	if (found)
		utimensat(AT_FDCWD, path, NULL, 0);
	pike_buf_release(&b);
	free(path);
	return found;
}

void pike_cache_keep(const char *key, int fd, const struct pike_buf *log,
		     size_t object_max)
{
	char hash[65], self[32];
	struct pike_buf body, all;

	pike_buf_init(&body, log->len + object_max + 1);
	pike_buf_init(&all, body.max + HEAD_MAX);
	pike_buf_add(&body, log->s, log->len);
	/* Under another descriptor: where `fd` stands is its owner's. */
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (!pike_read_file(&body, self, NULL) && body.len > log->len) {
		pike_sha256_hex(hash, body.s, body.len);
		pike_buf_addf(&all, HEAD "%s %zu %zu\n", hash, log->len,
			      body.len - log->len);
		pike_buf_add(&all, body.s, body.len);
		pike_kept_write(PIKE_KEPT_BUILDS, key, all.s, all.len);
	}
	pike_buf_release(&body);
	pike_buf_release(&all);
}
