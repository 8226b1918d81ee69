/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kept: what the forge has said before, with its ETag (RFC 9110, 8.8.3), so
 * that the same question can be asked on condition that it has changed: GitHub
 * does not count what it then answers with 304. The file is a convenience: one
 * that is missing, somebody else's or damaged is as good as none, and whatever
 * is in it the forge is asked each time.
 */
#include "forge/forge_priv.h"

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	KEPT_MAX = 40,
	ETAG_MAX = 200,
	URL_MAX = 1000,
	BODY_MAX = 1 << 20,
	FILE_MAX = 4 << 20,
};

void pike_kept_release(struct pike_kept_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].url);
		free(l->v[i].etag);
		free(l->v[i].body);
	}
	free(l->v);
	free(l->path);
	memset(l, 0, sizeof(*l));
}

/* A tag is sent back in a header of ours. */
static bool is_tag(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] <= ' ' || (unsigned char)s[i] >= 0x7f)
			return false;
	return n > 1 && n <= ETAG_MAX && s[n - 1] == '"';
}

/* At the end, which is the oldest. */
static void append(struct pike_kept_list *l, const char *url, const char *etag,
		   int64_t next, const char *body)
{
	struct pike_kept k = { .next = next };

	if (l->n == KEPT_MAX || !is_tag(etag) || strlen(url) > URL_MAX ||
	    strlen(body) > BODY_MAX)
		return;
	k.url = pike_xstrdup(url);
	k.etag = pike_xstrdup(etag);
	k.body = pike_xstrdup(body);
	if (!l->v)
		l->v = pike_xcalloc(KEPT_MAX, sizeof(*l->v));
	l->v[l->n++] = k;
}

static bool is_own(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISREG(st.st_mode) &&
	       st.st_uid == geteuid() && st.st_size <= FILE_MAX;
}

static void load(struct pike_kept_list *l)
{
	const struct pike_json *list;
	struct pike_json *j = NULL;
	struct pike_buf b;

	l->loaded = true;
	if (!is_own(l->path))
		return;
	pike_buf_init(&b, FILE_MAX);
	if (!pike_read_file(&b, l->path, NULL))
		j = pike_json_parse(b.s, b.len, NULL);
	list = pike_json_get(j, "kept");
	for (size_t i = 0; i < pike_json_len(list); i++) {
		const struct pike_json *k = pike_json_at(list, i);

		append(l, pike_json_str(k, "url", ""),
		       pike_json_str(k, "etag", ""),
		       pike_json_i64(k, "next", 0),
		       pike_json_str(k, "body", ""));
	}
	pike_json_free(j);
	pike_buf_release(&b);
}

const struct pike_kept *pike_kept_find(struct pike_kept_list *l,
				       const char *url)
{
	if (l->path && !l->loaded)
		load(l);
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->v[i].url, url))
			return &l->v[i];
	return NULL;
}

static void drop_at(struct pike_kept_list *l, size_t i)
{
	free(l->v[i].url);
	free(l->v[i].etag);
	free(l->v[i].body);
	memmove(&l->v[i], &l->v[i + 1], (l->n - i - 1) * sizeof(*l->v));
	l->n--;
	l->changed = true;
}

void pike_kept_drop(struct pike_kept_list *l, const char *url)
{
	for (size_t i = l->n; i-- > 0;)
		if (!strcmp(l->v[i].url, url))
			drop_at(l, i);
}

void pike_kept_put(struct pike_kept_list *l, const char *url, const char *etag,
		   int64_t next, const char *body)
{
	struct pike_kept newest;
	size_t before;

	if (!l->path)
		return;
	pike_kept_find(l, url);
	pike_kept_drop(l, url);
	if (!etag)
		return;
	if (l->n == KEPT_MAX)
		drop_at(l, KEPT_MAX - 1);
	before = l->n;
	append(l, url, etag, next, body);
	if (l->n == before)
		return;
	newest = l->v[before];
	memmove(l->v + 1, l->v, before * sizeof(*l->v));
	l->v[0] = newest;
	l->changed = true;
}

void pike_kept_save(struct pike_kept_list *l)
{
	struct pike_json *j, *list;
	struct pike_err err = PIKE_ERR_INIT;
	struct pike_buf b;
	size_t size = 0;

	if (!l->path || !l->changed)
		return;
	j = pike_json_object();
	list = pike_json_array();
	pike_json_set(j, "kept", list);
	for (size_t i = 0; i < l->n; i++) {
		struct pike_json *k;

		/* Escaped it may be longer. */
		size += strlen(l->v[i].body);
		if (size > FILE_MAX / 2)
			break;
		k = pike_json_object();
		pike_json_set_str(k, "url", l->v[i].url);
		pike_json_set_str(k, "etag", l->v[i].etag);
		pike_json_set_i64(k, "next", l->v[i].next);
		pike_json_set_str(k, "body", l->v[i].body);
		pike_json_push(list, k);
	}
	pike_buf_init(&b, FILE_MAX);
	pike_json_print(&b, j);
	if (!b.full && pike_write_file(l->path, b.s, b.len, &err))
		pike_debug("what the forge said is not kept: %s", err.text);
	pike_buf_release(&b);
	pike_json_free(j);
	l->changed = false;
}
