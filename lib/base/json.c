/* SPDX-License-Identifier: Apache-2.0 */
/* json: the only door to cJSON. Strict in, canonical out. */
#include "base/json.h"

#include "base/mem.h"
#include "base/text.h"

#include <cjson/cJSON.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64
#define INT_MAX_EXACT 9007199254740992.0 /* 2^53 */

/* struct pike_json is cJSON under a name of our own. */
static cJSON *node(const struct pike_json *j)
{
	return (cJSON *)j;
}

static struct pike_json *wrap(cJSON *c)
{
	return (struct pike_json *)c;
}

static cJSON *must(cJSON *c)
{
	if (!c) {
		fputs("pike-git: out of memory\n", stderr);
		exit(128);
	}
	return c;
}

/* ---- in ---- */

/* cJSON keeps duplicate keys (the first wins) and reads 1e400 as infinity:
 * both are refused here. */
static int check(const cJSON *c, int depth, struct pike_err *err)
{
	if (depth > DEPTH_MAX)
		return pike_fail(err, PIKE_FAILED, "JSON nested deeper than %d",
				 DEPTH_MAX);
	if (cJSON_IsNumber(c) && !isfinite(c->valuedouble))
		return pike_fail(err, PIKE_FAILED, "JSON number out of range");
	for (const cJSON *i = c->child; i; i = i->next) {
		int ret = check(i, depth + 1, err);

		if (ret)
			return ret;
		for (const cJSON *k = i->next; i->string && k; k = k->next)
			if (!strcmp(i->string, k->string))
				return pike_fail(err, PIKE_FAILED,
						 "JSON key '%s' twice",
						 k->string);
	}
	return 0;
}

/* cJSON's \u0000 would cut a string short; an even run of backslashes before
 * the u means that it is no escape. Also bounds the nesting, which cJSON
 * recurses into before `check` can see it, and the number of members, since
 * `check` is quadratic in them. */
static int prescan(const char *s, size_t len, struct pike_err *err)
{
	bool string = false;
	int depth = 0;

	for (size_t i = 0; i < len; i++) {
		if (!s[i])
			return pike_fail(err, PIKE_FAILED, "JSON with a NUL");
		if (string && s[i] == '\\') {
			if (i + 6 <= len && !memcmp(s + i, "\\u0000", 6))
				return pike_fail(err, PIKE_FAILED,
						 "JSON with a NUL");
			i++;
		} else if (s[i] == '"') {
			string = !string;
		} else if (!string && (s[i] == '{' || s[i] == '[')) {
			if (++depth > DEPTH_MAX)
				return pike_fail(err, PIKE_FAILED,
						 "JSON nested deeper than %d",
						 DEPTH_MAX);
		} else if (!string && (s[i] == '}' || s[i] == ']')) {
			depth--;
		}
	}
	return 0;
}

struct pike_json *pike_json_parse(const char *s, size_t len,
				  struct pike_err *err)
{
	const char *end = NULL;
	cJSON *c;

	if (!pike_utf8_valid(s, len)) {
		pike_fail(err, PIKE_FAILED, "JSON is not UTF-8");
		return NULL;
	}
	if (prescan(s, len, err))
		return NULL;
	c = cJSON_ParseWithLengthOpts(s, len, &end, 0);
	while (c && end < s + len && strchr(" \t\r\n", *end))
		end++;
	if (!c || end != s + len) {
		pike_fail(err, PIKE_FAILED, "not JSON at byte %zu",
			  end ? (size_t)(end - s) : (size_t)0);
		cJSON_Delete(c);
		return NULL;
	}
	if (check(c, 0, err)) {
		cJSON_Delete(c);
		return NULL;
	}
	return wrap(c);
}

void pike_json_free(struct pike_json *j)
{
	cJSON_Delete(node(j));
}

/* ---- out ---- */

/* One code point of valid UTF-8; moves *s past it. */
static unsigned next_point(const unsigned char **s)
{
	const unsigned char *p = *s;
	unsigned c = *p++;
	int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;

	if (more)
		c &= 0x3fu >> more;
	while (more-- && (*p & 0xc0) == 0x80)
		c = c << 6 | (*p++ & 0x3fu);
	*s = p;
	return c;
}

static void print_string(struct pike_buf *b, const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	pike_buf_addc(b, '"');
	while (*p) {
		unsigned c = next_point(&p);

		if (c == '"' || c == '\\')
			pike_buf_addf(b, "\\%c", (char)c);
		else if (c == '\n')
			pike_buf_adds(b, "\\n");
		else if (c == '\t')
			pike_buf_adds(b, "\\t");
		else if (c >= 0x20 && c < 0x7f)
			pike_buf_addc(b, (char)c);
		else if (c < 0x10000)
			pike_buf_addf(b, "\\u%04x", c);
		else
			pike_buf_addf(b, "\\u%04x\\u%04x",
				      0xd800 + ((c - 0x10000) >> 10),
				      0xdc00 + ((c - 0x10000) & 0x3ff));
	}
	pike_buf_addc(b, '"');
}

static void print_number(struct pike_buf *b, double v)
{
	char text[40];

	if (v == floor(v) && fabs(v) <= INT_MAX_EXACT) {
		pike_buf_addf(b, "%.0f", v == 0 ? 0.0 : v);
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	pike_buf_adds(b, text);
}

static int by_key(const void *a, const void *b)
{
	const cJSON *const *x = a, *const *y = b;

	return strcmp((*x)->string, (*y)->string);
}

static void print(struct pike_buf *b, const cJSON *c);

static void print_members(struct pike_buf *b, const cJSON *c)
{
	size_t n = 0, cap = 0;
	const cJSON **v = NULL;

	for (const cJSON *i = c->child; i; i = i->next) {
		PIKE_GROW(v, n, cap);
		v[n++] = i;
	}
	if (n && cJSON_IsObject(c))
		qsort(v, n, sizeof(*v), by_key);
	for (size_t i = 0; i < n; i++) {
		if (i)
			pike_buf_addc(b, ',');
		if (cJSON_IsObject(c)) {
			print_string(b, v[i]->string);
			pike_buf_addc(b, ':');
		}
		print(b, v[i]);
	}
	free(v);
}

static void print(struct pike_buf *b, const cJSON *c)
{
	if (cJSON_IsString(c)) {
		print_string(b, c->valuestring);
	} else if (cJSON_IsNumber(c) && isfinite(c->valuedouble)) {
		print_number(b, c->valuedouble);
	} else if (cJSON_IsBool(c)) {
		pike_buf_adds(b, cJSON_IsTrue(c) ? "true" : "false");
	} else if (cJSON_IsObject(c) || cJSON_IsArray(c)) {
		pike_buf_addc(b, cJSON_IsObject(c) ? '{' : '[');
		print_members(b, c);
		pike_buf_addc(b, cJSON_IsObject(c) ? '}' : ']');
	} else {
		pike_buf_adds(b, "null");
	}
}

void pike_json_print(struct pike_buf *b, const struct pike_json *j)
{
	print(b, node(j));
}

/* ---- getters ---- */

const struct pike_json *pike_json_get(const struct pike_json *j,
				      const char *key)
{
	return wrap(cJSON_GetObjectItemCaseSensitive(node(j), key));
}

const char *pike_json_as_str(const struct pike_json *j, const char *def)
{
	return cJSON_IsString(node(j)) ? node(j)->valuestring : def;
}

double pike_json_as_f64(const struct pike_json *j, double def)
{
	return cJSON_IsNumber(node(j)) ? node(j)->valuedouble : def;
}

const char *pike_json_str(const struct pike_json *j, const char *key,
			  const char *def)
{
	return pike_json_as_str(pike_json_get(j, key), def);
}

double pike_json_f64(const struct pike_json *j, const char *key, double def)
{
	return pike_json_as_f64(pike_json_get(j, key), def);
}

int64_t pike_json_as_i64(const struct pike_json *j, int64_t def)
{
	double v = pike_json_as_f64(j, NAN);

	if (!(fabs(v) <= INT_MAX_EXACT) || v != floor(v))
		return def;
	return (int64_t)v;
}

int64_t pike_json_i64(const struct pike_json *j, const char *key, int64_t def)
{
	return pike_json_as_i64(pike_json_get(j, key), def);
}

bool pike_json_bool(const struct pike_json *j, const char *key, bool def)
{
	const cJSON *c = node(pike_json_get(j, key));

	return cJSON_IsBool(c) ? (bool)cJSON_IsTrue(c) : def;
}

size_t pike_json_len(const struct pike_json *arr)
{
	return (size_t)cJSON_GetArraySize(node(arr));
}

const struct pike_json *pike_json_at(const struct pike_json *arr, size_t i)
{
	return wrap(cJSON_GetArrayItem(node(arr), (int)i));
}

const char *pike_json_key(const struct pike_json *obj, size_t i)
{
	const cJSON *c = cJSON_GetArrayItem(node(obj), (int)i);

	return c ? c->string : NULL;
}

/* ---- setters ---- */

struct pike_json *pike_json_object(void)
{
	return wrap(must(cJSON_CreateObject()));
}

struct pike_json *pike_json_array(void)
{
	return wrap(must(cJSON_CreateArray()));
}

struct pike_json *pike_json_copy(const struct pike_json *j)
{
	return wrap(must(cJSON_Duplicate(node(j), true)));
}

void pike_json_set(struct pike_json *j, const char *key, struct pike_json *v)
{
	cJSON_DeleteItemFromObjectCaseSensitive(node(j), key);
	if (!cJSON_AddItemToObject(node(j), key, node(v)))
		must(NULL);
}

/* Strings are kept valid UTF-8: what is not becomes '?'. */
static cJSON *string(const char *v)
{
	struct pike_buf b;
	cJSON *c;

	if (pike_utf8_valid(v, strlen(v)))
		return must(cJSON_CreateString(v));
	pike_buf_init(&b, strlen(v) + 1);
	pike_sanitize(&b, v, strlen(v));
	c = must(cJSON_CreateString(b.s));
	pike_buf_release(&b);
	return c;
}

void pike_json_set_str(struct pike_json *j, const char *key, const char *v)
{
	pike_json_set(j, key, wrap(string(v ? v : "")));
}

void pike_json_set_i64(struct pike_json *j, const char *key, int64_t v)
{
	pike_json_set_f64(j, key, (double)v);
}

void pike_json_set_f64(struct pike_json *j, const char *key, double v)
{
	pike_json_set(j, key, wrap(must(cJSON_CreateNumber(v))));
}

void pike_json_set_bool(struct pike_json *j, const char *key, bool v)
{
	pike_json_set(j, key, wrap(must(cJSON_CreateBool(v))));
}

void pike_json_set_null(struct pike_json *j, const char *key)
{
	pike_json_set(j, key, wrap(must(cJSON_CreateNull())));
}

void pike_json_push(struct pike_json *arr, struct pike_json *v)
{
	if (!cJSON_AddItemToArray(node(arr), node(v)))
		must(NULL);
}

void pike_json_push_str(struct pike_json *arr, const char *v)
{
	pike_json_push(arr, wrap(string(v ? v : "")));
}

void pike_json_push_f64(struct pike_json *arr, double v)
{
	pike_json_push(arr, wrap(must(cJSON_CreateNumber(v))));
}
