/* SPDX-License-Identifier: Apache-2.0 */
/* left: what an agent leaves, and what it calls for, as this process reads it:
 * bytes of a stranger. */
#include "sandbox/agent.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEFT_MAX (128u << 20)

/* ---- what it leaves (desk.c) ---- */

static void take_record(struct pike_left *out, char kind, const char *name,
			const char *data, uint64_t len)
{
	char *clean;

	switch (kind) {
	case 'f':
		pike_files_add(&out->files, name, data, len);
		break;
	case 'x':
		if (!out->broken)
			out->broken =
			    pike_xasprintf("'%s' %.*s", name, (int)len, data);
		break;
	case 't':
		clean = pike_clean_line(name, strlen(name), 200);
		pike_strs_take(&out->touched, clean);
		break;
	case 'n':
		if (len == sizeof(uint64_t)) {
			uint64_t n;

			memcpy(&n, data, sizeof(n));
			out->ntouched = (size_t)n;
		}
		break;
	default:
		break;
	}
}

int pike_left_read(struct pike_left *out, int fd, struct pike_err *err)
{
	struct pike_buf b;
	const char *at, *end;
	int ret;

	memset(out, 0, sizeof(*out));
	pike_buf_init(&b, LEFT_MAX);
	ret = lseek(fd, 0, SEEK_SET) ? -1 : pike_read_fd(&b, fd, err);
	at = b.s;
	end = b.s + b.len;
	while (!ret && at < end) {
		const char *name = at + 1,
			   *nul = memchr(name, 0, (size_t)(end - name));
		uint64_t len;

		if (!nul || (size_t)(end - nul) < 1 + sizeof(len))
			break;
		memcpy(&len, nul + 1, sizeof(len));
		nul += 1 + sizeof(len);
		if (len > (uint64_t)(end - nul))
			break;
		take_record(out, *at, name, nul, len);
		at = nul + len;
	}
	if (!ret && (at < end || !b.len))
		ret = pike_fail(err, PIKE_FAILED,
				"the sandbox has left no files");
	pike_buf_release(&b);
	return ret;
}

void pike_left_release(struct pike_left *left)
{
	pike_files_release(&left->files);
	pike_strs_release(&left->touched);
	free(left->broken);
	memset(left, 0, sizeof(*left));
}

/* ---- a call at the judge's door ---- */

/* A line, without its end; NULL: there is none. */
static char *take_line(const char **at, const char *end)
{
	const char *nl = memchr(*at, '\n', (size_t)(end - *at));
	char *line;

	if (!nl || memchr(*at, 0, (size_t)(nl - *at)))
		return NULL;
	line = pike_xstrndup(*at, (size_t)(nl - *at));
	*at = nl + 1;
	return line;
}

static int take_file(struct pike_files *out, const struct pike_strs *edits,
		     const char **at, const char *end)
{
	char *name = take_line(at, end), *digits = take_line(at, end);
	int64_t len = -1;
	bool ok = name && digits && pike_parse_i64(digits, &len) && len >= 0 &&
		  len <= (int64_t)PIKE_LEFT_MAX && len <= end - *at &&
		  pike_strs_has(edits, name) && !pike_files_find(out, name);

	if (ok) {
		pike_files_add(out, name, *at, (size_t)len);
		*at += len;
	}
	free(name);
	free(digits);
	return ok ? 0 : -1;
}

int pike_call_read(struct pike_files *out, bool *json,
		   const struct pike_strs *edits, const char *text, size_t len,
		   struct pike_err *err)
{
	const size_t head = sizeof(PIKE_CALL) - 1;
	const char *at = text + head, *end = text + len;
	char *how;
	int bad = 0;

	*json = false;
	if (len < head || memcmp(text, PIKE_CALL, head) != 0)
		return pike_fail(err, PIKE_FAILED,
				 "this is not a call of `pike-git try`");
	how = take_line(&at, end);
	*json = how && !strcmp(how, "json");
	free(how);
	while (!bad && at < end)
		bad = take_file(out, edits, &at, end);
	if (bad || out->n != edits->n)
		return pike_fail(err, PIKE_FAILED,
				 "the call has not the files that may change, "
				 "each once and of at most 1 MiB");
	return 0;
}
