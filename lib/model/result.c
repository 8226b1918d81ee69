/* SPDX-License-Identifier: Apache-2.0 */
/* result: verdicts, files, and result lines (lib/git/README.md). */
#include "model/result.h"
#include "model/model_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 65536
#define TEXT_BYTES 4096 /* of one string but the log */
#define CASES_MAX 256
#define VERSION 1

bool pike_oid_eq(const struct pike_oid *a, const struct pike_oid *b)
{
	return !strcmp(a->hex, b->hex);
}

bool pike_oid_set(const struct pike_oid *a)
{
	return a->hex[0] != 0;
}

/* ---- files ---- */

void pike_files_release(struct pike_files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		free(f->v[i].path);
		free(f->v[i].data);
	}
	free(f->v);
	memset(f, 0, sizeof(*f));
}

void pike_files_add(struct pike_files *f, const char *path, const char *data,
		    size_t len)
{
	struct pike_file *file;

	PIKE_GROW(f->v, f->n, f->cap);
	file = &f->v[f->n++];
	file->path = pike_xstrdup(path);
	file->data = pike_xmalloc(len + 1);
	if (len)
		memcpy(file->data, data, len);
	file->data[len] = 0;
	file->len = len;
}

const struct pike_file *pike_files_find(const struct pike_files *f,
					const char *path)
{
	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->v[i].path, path))
			return &f->v[i];
	return NULL;
}

/* ---- names ---- */

static const char *const verdict_names[PIKE_V_COUNT] = {
	[PIKE_V_PENDING] = "pending",
	[PIKE_V_FASTER] = "faster",
	[PIKE_V_SAME] = "same",
	[PIKE_V_SLOWER] = "slower",
	[PIKE_V_INCONCLUSIVE] = "inconclusive",
	[PIKE_V_WRONG] = "wrong",
	[PIKE_V_CONTRACT] = "contract",
	[PIKE_V_BUILD] = "build",
	[PIKE_V_CRASH] = "crash",
	[PIKE_V_TIMEOUT] = "timeout",
	[PIKE_V_TAMPER] = "tamper",
	[PIKE_V_SUSPECT] = "suspect",
	[PIKE_V_NONE] = "none",
	[PIKE_V_UNUSABLE] = "unusable",
};

static const char *const stage_names[PIKE_STAGE_COUNT] = {
	[PIKE_SCREEN] = "screen",
	[PIKE_CONFIRM] = "confirm",
	[PIKE_VERIFY] = "verify",
	[PIKE_MODEL] = "model",
};

static int find_name(const char *const *names, int n, const char *s)
{
	for (int i = 0; s && i < n; i++)
		if (!strcmp(names[i], s))
			return i;
	return -1;
}

const char *pike_verdict_name(enum pike_verdict v)
{
	return verdict_names[v];
}

int pike_verdict_parse(const char *s)
{
	return find_name(verdict_names, PIKE_V_COUNT, s);
}

const char *pike_verdict_words(enum pike_verdict v)
{
	static const char *const words[PIKE_V_COUNT] = {
		[PIKE_V_PENDING] = "not measured yet",
		[PIKE_V_FASTER] = "faster",
		[PIKE_V_SAME] = "the same",
		[PIKE_V_SLOWER] = "slower",
		[PIKE_V_INCONCLUSIVE] = "too noisy to tell",
		[PIKE_V_WRONG] = "wrong results",
		[PIKE_V_CONTRACT] = "against the rules",
		[PIKE_V_BUILD] = "did not compile",
		[PIKE_V_CRASH] = "crashed",
		[PIKE_V_TIMEOUT] = "did not end",
		[PIKE_V_TAMPER] = "against the rules",
		[PIKE_V_SUSPECT] = "against the rules",
		[PIKE_V_NONE] = "no candidate",
		[PIKE_V_UNUSABLE] = "no candidate",
	};

	return words[v];
}

bool pike_verdict_measured(enum pike_verdict v)
{
	return v >= PIKE_V_FASTER && v <= PIKE_V_INCONCLUSIVE;
}

const char *pike_stage_name(enum pike_stage s)
{
	return stage_names[s];
}

int pike_stage_parse(const char *s)
{
	return find_name(stage_names, PIKE_STAGE_COUNT, s);
}

/* ---- members ---- */

/* The members that are plain texts and names: one row each. */
static const struct {
	const char *key;
	size_t offset;
} texts[] = {
	{ .key = "by", .offset = offsetof(struct pike_result, by) },
	{ .key = "env", .offset = offsetof(struct pike_result, env) },
	{ .key = "id", .offset = offsetof(struct pike_result, id) },
	{ .key = "isolation",
	  .offset = offsetof(struct pike_result, isolation) },
	{ .key = "lane", .offset = offsetof(struct pike_result, lane) },
	{ .key = "precision",
	  .offset = offsetof(struct pike_result, precision) },
	{ .key = "reason", .offset = offsetof(struct pike_result, reason) },
	{ .key = "source", .offset = offsetof(struct pike_result, source) },
	{ .key = "target", .offset = offsetof(struct pike_result, target) },
	{ .key = "task", .offset = offsetof(struct pike_result, task) },
};

static const struct {
	const char *key;
	size_t offset;
} oids[] = {
	{ .key = "base", .offset = offsetof(struct pike_result, base) },
	{ .key = "champion", .offset = offsetof(struct pike_result, champion) },
	{ .key = "commit", .offset = offsetof(struct pike_result, commit) },
};

static const char *const other_keys[] = {
	"cases",   "env_info", "log", "phases", "resources", "secs",
	"speedup", "stage",    "ts",  "v",	"verdict",
};

static char **text_at(const struct pike_result *r, size_t i)
{
	return (char **)((char *)(uintptr_t)r + texts[i].offset);
}

static struct pike_oid *oid_at(const struct pike_result *r, size_t i)
{
	return (struct pike_oid *)((char *)(uintptr_t)r + oids[i].offset);
}

static bool is_own_key(const char *key)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(texts); i++)
		if (!strcmp(texts[i].key, key))
			return true;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(oids); i++)
		if (!strcmp(oids[i].key, key))
			return true;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(other_keys); i++)
		if (!strcmp(other_keys[i], key))
			return true;
	return false;
}

void pike_result_init(struct pike_result *r)
{
	memset(r, 0, sizeof(*r));
}

void pike_result_release(struct pike_result *r)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(texts); i++)
		free(*text_at(r, i));
	free(r->log);
	for (size_t i = 0; i < r->ncases; i++)
		free(r->cases[i].name);
	free(r->cases);
	pike_json_free(r->env_info);
	pike_json_free(r->resources);
	pike_json_free(r->extra);
	pike_json_free(r->phases);
	memset(r, 0, sizeof(*r));
}

int pike_result_cmp(const struct pike_result *a, const struct pike_result *b)
{
	if (a->ts != b->ts)
		return a->ts < b->ts ? -1 : 1;
	return strcmp(a->id ? a->id : "", b->id ? b->id : "");
}

/* ---- phases ---- */

#define PHASES_MAX 32

static double tenths(double secs)
{
	return secs > 0 && secs < 1e9 ? round(secs * 1e4) / 1e4 : 0;
}

void pike_result_spent(struct pike_result *r, const char *phase, double secs)
{
	double now = tenths(secs);
	const char *key;

	if (!(now > 0))
		return;
	if (!r->phases)
		r->phases = pike_json_object();
	now = tenths(now + pike_json_f64(r->phases, phase, 0));
	pike_json_set_f64(r->phases, phase, now);
	r->secs = 0;
	for (size_t i = 0; (key = pike_json_key(r->phases, i)); i++)
		r->secs += pike_json_f64(r->phases, key, 0);
}

void pike_result_took(struct pike_result *r, double secs)
{
	pike_result_spent(r, "other", secs - (r->phases ? r->secs : 0));
}

static struct pike_json *read_phases(const struct pike_json *j)
{
	struct pike_json *phases = NULL;
	const char *key;

	for (size_t i = 0; j && (key = pike_json_key(j, i)); i++) {
		double secs = pike_json_f64(j, key, 0);

		if (i >= PHASES_MAX)
			break;
		if (!(secs > 0))
			continue;
		if (!phases)
			phases = pike_json_object();
		pike_json_set_f64(phases, key, secs);
	}
	return phases;
}

/* ---- printing ---- */

/* JSON knows no infinity: a broken output's error saturates. */
static double saturate(double v)
{
	return isfinite(v) ? v : DBL_MAX;
}

struct pike_json *pike_ratio_json(const struct pike_ratio *r)
{
	struct pike_json *a = pike_json_array();

	pike_json_push_f64(a, saturate(r->lo));
	pike_json_push_f64(a, saturate(r->mid));
	pike_json_push_f64(a, saturate(r->hi));
	return a;
}

static void set_text(struct pike_json *j, const char *key, const char *s,
		     size_t len, size_t max)
{
	struct pike_buf b;

	if (!s || !len)
		return;
	pike_buf_init(&b, max);
	pike_sanitize(&b, s, len < max ? len : max);
	pike_json_set_str(j, key, b.s);
	pike_buf_release(&b);
}

static struct pike_json *clone(const struct pike_json *j)
{
	struct pike_json *copy;
	struct pike_buf b;

	if (!j)
		return NULL;
	pike_buf_init(&b, LINE_MAX_BYTES);
	pike_json_print(&b, j);
	copy = b.full ? NULL : pike_json_parse(b.s, b.len, NULL);
	pike_buf_release(&b);
	return copy;
}

static void set_clone(struct pike_json *j, const char *key,
		      const struct pike_json *v)
{
	struct pike_json *copy = clone(v);

	if (copy)
		pike_json_set(j, key, copy);
}

static struct pike_json *print_cases(const struct pike_result *r)
{
	struct pike_json *a = pike_json_array();

	for (size_t i = 0; i < r->ncases && i < CASES_MAX; i++) {
		const struct pike_case_result *c = &r->cases[i];
		struct pike_json *j = pike_json_object();

		set_text(j, "case", c->name, c->name ? strlen(c->name) : 0,
			 1024);
		pike_json_set_i64(j, "base_ns", c->base_ns);
		pike_json_set_i64(j, "cand_ns", c->cand_ns);
		pike_json_set_i64(j, "pairs", c->pairs);
		pike_json_set(j, "ratio", pike_ratio_json(&c->ratio));
		pike_json_set_f64(j, "max_abs", saturate(c->max_abs));
		pike_json_set_f64(j, "rel_l2", saturate(c->rel_l2));
		pike_json_push(a, j);
	}
	return a;
}

static void print_extra(struct pike_json *j, const struct pike_json *extra)
{
	const char *key;

	for (size_t i = 0; extra && (key = pike_json_key(extra, i)); i++)
		if (!is_own_key(key))
			set_clone(j, key, pike_json_get(extra, key));
}

static void print_speedup(struct pike_json *j, const struct pike_result *r)
{
	struct pike_json *s;

	if (r->vs_base.mid <= 0 && r->vs_champion.mid <= 0)
		return;
	s = pike_json_object();
	if (r->vs_base.mid > 0)
		pike_json_set(s, "base", pike_ratio_json(&r->vs_base));
	if (r->vs_champion.mid > 0)
		pike_json_set(s, "champion", pike_ratio_json(&r->vs_champion));
	pike_json_set(j, "speedup", s);
}

/* What a line can lose when it does not fit, the least needed first. */
enum part {
	PART_RESOURCES = 1,
	PART_EXTRA = 2,
	PART_ENV_INFO = 4,
	PART_CASES = 8,
	PART_ALL = 15
};

static struct pike_json *to_json(const struct pike_result *r, unsigned parts)
{
	struct pike_json *j = pike_json_object();

	for (size_t i = 0; i < PIKE_ARRAY_LEN(texts); i++) {
		const char *s = *text_at(r, i);

		set_text(j, texts[i].key, s, s ? strlen(s) : 0, TEXT_BYTES);
	}
	for (size_t i = 0; i < PIKE_ARRAY_LEN(oids); i++)
		if (pike_oid_set(oid_at(r, i)))
			pike_json_set_str(j, oids[i].key, oid_at(r, i)->hex);
	if ((parts & PART_CASES) && r->ncases)
		pike_json_set(j, "cases", print_cases(r));
	if (parts & PART_ENV_INFO)
		set_clone(j, "env_info", r->env_info);
	if (parts & PART_RESOURCES)
		set_clone(j, "resources", r->resources);
	if (parts & PART_EXTRA)
		print_extra(j, r->extra);
	if (parts & PART_EXTRA)
		set_clone(j, "phases", r->phases);
	print_speedup(j, r);
	pike_json_set_f64(j, "secs", saturate(r->secs));
	pike_json_set_str(j, "stage", pike_stage_name(r->stage));
	pike_json_set_i64(j, "ts", r->ts);
	pike_json_set_i64(j, "v", VERSION);
	pike_json_set_str(j, "verdict", pike_verdict_name(r->verdict));
	return j;
}

static bool try_print(struct pike_buf *b, const struct pike_json *j)
{
	pike_buf_reset(b);
	b->full = false;
	pike_json_print(b, j);
	return !b->full;
}

/* Adds as much of the log's tail as leaves the line within its limit. */
static void print_log(struct pike_buf *b, struct pike_json *j, const char *log)
{
	size_t len = log ? strlen(log) : 0;
	size_t keep = len < LINE_MAX_BYTES ? len : LINE_MAX_BYTES;

	for (; keep; keep -= keep / 4 + 1) {
		const char *tail = log + (len - keep);

		/* Not in the middle of a UTF-8 sequence. */
		while (((unsigned char)*tail & 0xc0) == 0x80)
			tail++;
		set_text(j, "log", tail, strlen(tail), LINE_MAX_BYTES);
		if (try_print(b, j))
			return;
	}
	pike_json_set_str(j, "log", "");
	try_print(b, j);
}

void pike_result_print(struct pike_buf *out, const struct pike_result *r)
{
	unsigned parts = PART_ALL, drop = PART_RESOURCES;
	struct pike_json *j = to_json(r, parts);
	struct pike_buf b;

	pike_buf_init(&b, LINE_MAX_BYTES - 32); /* room for an empty log */
	while (!try_print(&b, j) && parts) {
		parts &= ~drop;
		drop <<= 1;
		pike_json_free(j);
		j = to_json(r, parts);
	}
	if (r->log && *r->log)
		print_log(&b, j, r->log);
	pike_buf_add(out, b.s, b.len);
	pike_buf_release(&b);
	pike_json_free(j);
}

/* ---- parsing ---- */

static int bad_line(struct pike_err *err, const char *what)
{
	return pike_fail(err, PIKE_FAILED, "not a result line: %s", what);
}

static bool is_hex(const char *s)
{
	return strlen(s) == 40 && strspn(s, "0123456789abcdef") == 40;
}

static int read_oids(struct pike_result *r, const struct pike_json *j,
		     struct pike_err *err)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(oids); i++) {
		const char *s = pike_json_str(j, oids[i].key, "");

		if (!*s)
			continue;
		if (!is_hex(s))
			return bad_line(err, "an object id is malformed");
		memcpy(oid_at(r, i)->hex, s, 41);
	}
	if (!pike_oid_set(&r->commit))
		return bad_line(err, "no commit");
	return 0;
}

int pike_ratio_read(struct pike_ratio *out, const struct pike_json *a,
		    struct pike_err *err)
{
	struct pike_ratio r;

	memset(out, 0, sizeof(*out));
	if (!a)
		return 0;
	r.lo = pike_json_as_f64(pike_json_at(a, 0), -1);
	r.mid = pike_json_as_f64(pike_json_at(a, 1), -1);
	r.hi = pike_json_as_f64(pike_json_at(a, 2), -1);
	if (pike_json_len(a) != 3 || !(r.lo >= 0 && r.lo <= r.mid) ||
	    !(r.mid <= r.hi))
		return bad_line(err, "a ratio is not [lo,mid,hi]");
	*out = r;
	return 0;
}

static int64_t positive(const struct pike_json *j, const char *key)
{
	int64_t v = pike_json_i64(j, key, 0);

	return v < 0 ? 0 : v;
}

static int read_case(struct pike_case_result *c, const struct pike_json *j,
		     struct pike_err *err)
{
	int64_t pairs = positive(j, "pairs");

	c->name = pike_xstrdup(pike_json_str(j, "case", ""));
	c->base_ns = positive(j, "base_ns");
	c->cand_ns = positive(j, "cand_ns");
	c->pairs = pairs > INT32_MAX ? INT32_MAX : (int)pairs;
	c->max_abs = pike_json_f64(j, "max_abs", 0);
	c->rel_l2 = pike_json_f64(j, "rel_l2", 0);
	return pike_ratio_read(&c->ratio, pike_json_get(j, "ratio"), err);
}

static int read_cases(struct pike_result *r, const struct pike_json *a,
		      struct pike_err *err)
{
	size_t n = a ? pike_json_len(a) : 0;
	int ret = 0;

	if (n > CASES_MAX)
		return bad_line(err, "too many cases");
	r->cases = n ? pike_xcalloc(n, sizeof(*r->cases)) : NULL;
	for (; !ret && r->ncases < n; r->ncases++)
		ret = read_case(&r->cases[r->ncases],
				pike_json_at(a, r->ncases), err);
	return ret;
}

static int read_head(struct pike_result *r, const struct pike_json *j,
		     struct pike_err *err)
{
	int stage, verdict;

	if (pike_json_i64(j, "v", 0) != VERSION)
		return bad_line(err, "not of version 1");
	stage = pike_stage_parse(pike_json_str(j, "stage", ""));
	verdict = pike_verdict_parse(pike_json_str(j, "verdict", ""));
	if (stage < 0)
		return bad_line(err, "unknown stage");
	if (verdict <= PIKE_V_PENDING)
		return bad_line(err, "unknown verdict");
	r->stage = (enum pike_stage)stage;
	r->verdict = (enum pike_verdict)verdict;
	r->secs = pike_json_f64(j, "secs", 0);
	r->ts = positive(j, "ts");
	return 0;
}

/* Figures, all positive, that people look at later. */
static const char *const kept[] = {
	"copy_bps", "delta", "fma_flops", "gbps", "gflops", "noise",
};

/* Lists and small tables of names; who prints them expects anything. */
static const char *const kept_whole[] = { "classes", "rules",	   "baselines",
					  "claimed", "unmeasured", "start" };

static struct pike_json *read_extra(const struct pike_json *j)
{
	struct pike_json *extra = NULL;

	for (size_t i = 0; i < PIKE_ARRAY_LEN(kept_whole); i++) {
		struct pike_json *v = clone(pike_json_get(j, kept_whole[i]));

		if (!v)
			continue;
		if (!extra)
			extra = pike_json_object();
		pike_json_set(extra, kept_whole[i], v);
	}

	for (size_t i = 0; i < PIKE_ARRAY_LEN(kept); i++) {
		double v = pike_json_f64(j, kept[i], 0);

		if (!(v > 0))
			continue;
		if (!extra)
			extra = pike_json_object();
		pike_json_set_f64(extra, kept[i], v);
	}
	return extra;
}

static int from_json(struct pike_result *r, const struct pike_json *j,
		     struct pike_err *err)
{
	const struct pike_json *speedup = pike_json_get(j, "speedup");
	int ret;

	for (size_t i = 0; i < PIKE_ARRAY_LEN(texts); i++)
		*text_at(r, i) =
		    pike_xstrdup(pike_json_str(j, texts[i].key, ""));
	r->log = pike_xstrdup(pike_json_str(j, "log", ""));
	if ((ret = read_head(r, j, err)) || (ret = read_oids(r, j, err)) ||
	    (ret = read_cases(r, pike_json_get(j, "cases"), err)) ||
	    (ret = pike_ratio_read(&r->vs_base, pike_json_get(speedup, "base"),
				   err)) ||
	    (ret = pike_ratio_read(&r->vs_champion,
				   pike_json_get(speedup, "champion"), err)))
		return ret;
	r->env_info = clone(pike_json_get(j, "env_info"));
	r->resources = clone(pike_json_get(j, "resources"));
	r->extra = read_extra(j);
	r->phases = read_phases(pike_json_get(j, "phases"));
	return 0;
}

int pike_result_parse(struct pike_result *r, const char *line, size_t len,
		      struct pike_err *err)
{
	struct pike_json *j;
	int ret;

	pike_result_init(r);
	if (len > LINE_MAX_BYTES)
		return bad_line(err, "longer than 64 KiB");
	j = pike_json_parse(line, len, err);
	if (!j)
		return bad_line(err, "not JSON");
	ret = from_json(r, j, err);
	pike_json_free(j);
	if (ret)
		pike_result_release(r);
	return ret;
}
