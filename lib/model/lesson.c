/* SPDX-License-Identifier: Apache-2.0 */
/* lesson: lines of lesson notes. What is read of one may be anybody's. */
#include "model/lesson.h"
#include "model/model_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 65536
#define VERSION 1
#define FILES_MAX 16
#define PATH_MAX_BYTES 256
#define TEXT_BYTES 400 /* as much as a trailer holds */
#define GAIN_MAX 1e6

/* The members that are texts: one row each. */
static const struct {
	const char *key;
	size_t offset;
	bool name;  /* else any line */
	bool empty; /* may be "" */
} texts[] = {
	{ .key = "agent",
	  .offset = offsetof(struct pike_lesson, agent),
	  .name = true },
	{ .key = "backend",
	  .offset = offsetof(struct pike_lesson, backend),
	  .name = true },
	{ .key = "env",
	  .offset = offsetof(struct pike_lesson, env),
	  .name = true,
	  .empty = true },
	{ .key = "idea",
	  .offset = offsetof(struct pike_lesson, idea),
	  .empty = true },
	{ .key = "lane",
	  .offset = offsetof(struct pike_lesson, lane),
	  .name = true },
	{ .key = "run",
	  .offset = offsetof(struct pike_lesson, run),
	  .name = true,
	  .empty = true },
	{ .key = "target",
	  .offset = offsetof(struct pike_lesson, target),
	  .name = true },
	{ .key = "tried",
	  .offset = offsetof(struct pike_lesson, tried),
	  .empty = true },
};

static const struct {
	const char *key;
	size_t offset;
} oids[] = {
	{ .key = "base", .offset = offsetof(struct pike_lesson, base) },
	{ .key = "commit", .offset = offsetof(struct pike_lesson, commit) },
	{ .key = "parent", .offset = offsetof(struct pike_lesson, parent) },
};

static const struct {
	const char *key;
	size_t offset;
} counts[] = {
	{ .key = "diff", .offset = offsetof(struct pike_lesson, diff) },
	{ .key = "epoch", .offset = offsetof(struct pike_lesson, epoch) },
	{ .key = "generation",
	  .offset = offsetof(struct pike_lesson, generation) },
	{ .key = "ts", .offset = offsetof(struct pike_lesson, ts) },
};

static const char *const bound_names[PIKE_BOUNDS] = {
	[PIKE_BOUND_MEMORY] = "memory",
	[PIKE_BOUND_COMPUTE] = "compute",
	[PIKE_BOUND_LATENCY] = "latency",
};

static void *at(const struct pike_lesson *l, size_t offset)
{
	return (char *)(uintptr_t)l + offset;
}

void pike_lesson_release(struct pike_lesson *l)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(texts); i++)
		free(*(char **)at(l, texts[i].offset));
	for (size_t i = 0; i < l->nfiles; i++)
		free(l->files[i].path);
	free(l->files);
	memset(l, 0, sizeof(*l));
}

/* One line, cleaned, at most `max` bytes and no half character. */
static char *one_line(const char *s, size_t max)
{
	struct pike_buf b;

	pike_buf_init(&b, max);
	pike_sanitize(&b, s, strlen(s));
	for (size_t i = 0; i < b.len; i++)
		if (b.s[i] == '\n' || b.s[i] == '\t')
			b.s[i] = ' ';
	while (b.len && (b.s[b.len - 1] == ' ' || !pike_utf8_valid(b.s, b.len)))
		b.s[--b.len] = '\0';
	return pike_buf_detach(&b);
}

void pike_lesson_file_add(struct pike_lesson *l, const char *path,
			  int64_t added, int64_t deleted)
{
	if (l->nfiles == FILES_MAX)
		return;
	if (!l->files)
		l->files = pike_xcalloc(FILES_MAX, sizeof(*l->files));
	l->files[l->nfiles++] = (struct pike_lesson_file){
		.path = one_line(path, PATH_MAX_BYTES),
		.added = added,
		.deleted = deleted,
	};
}

/* ---- in words ---- */

static void add_class(struct pike_buf *b, const struct pike_lesson *l)
{
	pike_buf_adds(b, pike_verdict_words(l->verdict));
	if (l->verdict == PIKE_V_WRONG && l->stage == PIKE_CONFIRM)
		pike_buf_adds(b, " for other sizes or inputs than those tried "
				 "first");
}

void pike_lesson_outcome(struct pike_buf *b, const struct pike_lesson *l)
{
	bool confirmed = l->stage == PIKE_CONFIRM;

	if (pike_verdict_measured(l->verdict) && l->gain.mid > 0)
		pike_buf_addf(b, "%.2fx [%.2f, %.2f] over the %s%s",
			      l->gain.mid, l->gain.lo, l->gain.hi,
			      confirmed ? "base" : "best of that time",
			      confirmed ? ", confirmed" : "");
	else
		add_class(b, l);
}

void pike_lesson_bounds(struct pike_buf *b, unsigned bounds)
{
	if (!bounds)
		return;
	pike_buf_addf(b, "; bound by %s%s",
		      bound_names[!(bounds & 1u << PIKE_BOUND_MEMORY)],
		      bounds & 1u << PIKE_BOUND_LATENCY ? ", which is far"
							: "");
}

/* ---- out ---- */

static void print_files(struct pike_json *j, const struct pike_lesson *l)
{
	struct pike_json *list = pike_json_array();

	for (size_t i = 0; i < l->nfiles; i++) {
		struct pike_json *f = pike_json_object();

		pike_json_set_str(f, "path", l->files[i].path);
		pike_json_set_i64(f, "added", l->files[i].added);
		pike_json_set_i64(f, "deleted", l->files[i].deleted);
		pike_json_push(list, f);
	}
	pike_json_set(j, "files", list);
}

static void print_bounds(struct pike_json *j, const struct pike_lesson *l)
{
	struct pike_json *list = pike_json_array();

	for (size_t i = 0; i < PIKE_BOUNDS; i++)
		if (l->bounds & 1u << i)
			pike_json_push_str(list, bound_names[i]);
	pike_json_set(j, "bound", list);
}

static void print_texts(struct pike_json *j, const struct pike_lesson *l)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(texts); i++) {
		const char *s = *(char **)at(l, texts[i].offset);
		char *line = one_line(s ? s : "", TEXT_BYTES);

		pike_json_set_str(j, texts[i].key, line);
		free(line);
	}
}

void pike_lesson_print(struct pike_buf *b, const struct pike_lesson *l)
{
	struct pike_json *j = pike_json_object();
	struct pike_buf why;

	print_texts(j, l);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(oids); i++) {
		const struct pike_oid *id = at(l, oids[i].offset);

		if (pike_oid_set(id))
			pike_json_set_str(j, oids[i].key, id->hex);
	}
	for (size_t i = 0; i < PIKE_ARRAY_LEN(counts); i++)
		pike_json_set_i64(j, counts[i].key,
				  *(int64_t *)at(l, counts[i].offset));
	print_files(j, l);
	print_bounds(j, l);
	if (l->gain.mid > 0)
		pike_json_set(j, "gain", pike_ratio_json(&l->gain));
	if (!pike_verdict_measured(l->verdict)) {
		pike_buf_init(&why, TEXT_BYTES);
		add_class(&why, l);
		pike_json_set_str(j, "why", why.s);
		pike_buf_release(&why);
	}
	pike_json_set_str(j, "stage", pike_stage_name(l->stage));
	pike_json_set_i64(j, "v", VERSION);
	pike_json_set_str(j, "verdict", pike_verdict_name(l->verdict));
	pike_json_print(b, j);
	pike_json_free(j);
}

/* ---- in ---- */

static int bad_line(struct pike_err *err, const char *what)
{
	return pike_fail(err, PIKE_FAILED, "not a lesson: %s", what);
}

static int read_texts(struct pike_lesson *l, const struct pike_json *j,
		      struct pike_err *err)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(texts); i++) {
		const char *s = pike_json_str(j, texts[i].key, "");

		if (!*s ? !texts[i].empty : texts[i].name && !pike_is_name(s))
			return bad_line(err, "a name is malformed");
		*(char **)at(l, texts[i].offset) = one_line(s, TEXT_BYTES);
	}
	return 0;
}

static bool is_hex(const char *s)
{
	return strlen(s) == 40 && strspn(s, "0123456789abcdef") == 40;
}

static int read_oids(struct pike_lesson *l, const struct pike_json *j,
		     struct pike_err *err)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(oids); i++) {
		const char *s = pike_json_str(j, oids[i].key, "");

		if (*s && !is_hex(s))
			return bad_line(err, "an object id is malformed");
		if (*s)
			memcpy(((struct pike_oid *)at(l, oids[i].offset))->hex,
			       s, 41);
	}
	return pike_oid_set(&l->commit) ? 0 : bad_line(err, "no commit");
}

static int64_t positive(const struct pike_json *j, const char *key)
{
	int64_t v = pike_json_i64(j, key, 0);

	return v < 0 ? 0 : v;
}

static int read_files(struct pike_lesson *l, const struct pike_json *list,
		      struct pike_err *err)
{
	size_t n = list ? pike_json_len(list) : 0;

	if (n > FILES_MAX)
		return bad_line(err, "too many files");
	for (size_t i = 0; i < n; i++) {
		const struct pike_json *f = pike_json_at(list, i);

		pike_lesson_file_add(l, pike_json_str(f, "path", ""),
				     positive(f, "added"),
				     positive(f, "deleted"));
	}
	return 0;
}

static void read_bounds(struct pike_lesson *l, const struct pike_json *list)
{
	size_t n = list ? pike_json_len(list) : 0;

	for (size_t i = 0; i < n && i < PIKE_BOUNDS; i++) {
		const char *s = pike_json_as_str(pike_json_at(list, i), "");

		for (size_t k = 0; k < PIKE_BOUNDS; k++)
			if (!strcmp(s, bound_names[k]))
				l->bounds |= 1u << k;
	}
	/* Far from what is not said? */
	if (l->bounds == 1u << PIKE_BOUND_LATENCY)
		l->bounds = 0;
}

static int read_head(struct pike_lesson *l, const struct pike_json *j,
		     struct pike_err *err)
{
	int stage, verdict;

	if (pike_json_i64(j, "v", 0) != VERSION)
		return bad_line(err, "not of version 1");
	stage = pike_stage_parse(pike_json_str(j, "stage", ""));
	verdict = pike_verdict_parse(pike_json_str(j, "verdict", ""));
	if (stage != PIKE_SCREEN && stage != PIKE_CONFIRM)
		return bad_line(err, "unknown stage");
	if (verdict <= PIKE_V_PENDING)
		return bad_line(err, "unknown verdict");
	l->stage = (enum pike_stage)stage;
	l->verdict = (enum pike_verdict)verdict;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(counts); i++)
		*(int64_t *)at(l, counts[i].offset) =
		    positive(j, counts[i].key);
	if (pike_ratio_read(&l->gain, pike_json_get(j, "gain"), err) ||
	    l->gain.hi > GAIN_MAX)
		return bad_line(err, "a gain that cannot be");
	return 0;
}

int pike_lesson_parse(struct pike_lesson *out, const char *line, size_t len,
		      struct pike_err *err)
{
	struct pike_json *j;
	int ret;

	memset(out, 0, sizeof(*out));
	if (len > LINE_MAX_BYTES)
		return bad_line(err, "longer than 64 KiB");
	j = pike_json_parse(line, len, err);
	if (!j)
		return PIKE_FAILED;
	ret = read_head(out, j, err);
	if (!ret)
		ret = read_oids(out, j, err);
	if (!ret)
		ret = read_texts(out, j, err);
	if (!ret)
		ret = read_files(out, pike_json_get(j, "files"), err);
	if (!ret)
		read_bounds(out, pike_json_get(j, "bound"));
	if (ret)
		pike_lesson_release(out);
	pike_json_free(j);
	return ret;
}
