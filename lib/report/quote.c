/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quote: numbers that others have published, from a small file of a user's.
 * They are drawn beside what was measured, and never reckoned with.
 */
#include "report/page_priv.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_COLUMNS 40 /* of the legend */
#define SOURCE_COLUMNS 200
/* What lies further out would leave no room for what was measured. */
#define LEAST 0.01
#define MOST 1000.0

struct reading {
	const char *name; /* of the file */
	size_t at;	  /* entry, from 1 */
	struct pike_err *err;
};

static int wrong(const struct reading *in, const char *what)
{
	return pike_fail(in->err, PIKE_USAGE, "%s: entry %zu: %s", in->name,
			 in->at, what);
}

/* One line, without control bytes and marks that nobody sees. NULL: it is none,
 * or too long. */
static char *text_of(const struct pike_json *one, const char *key, size_t max)
{
	const char *s = pike_json_str(one, key, NULL);
	struct pike_buf raw, b;
	size_t len;

	if (!s || !*s || pike_text_width(s) > max)
		return NULL;
	pike_buf_init(&raw, 4 * max + 1);
	pike_buf_init(&b, 4 * max + 1);
	pike_sanitize(&raw, s, strlen(s));
	for (const char *at = raw.s; *at; at += len)
		if (pike_is_hidden(pike_code_point(at, &len)))
			pike_buf_addc(&b, '?');
		else if (*at == '\n' || *at == '\t')
			pike_buf_addc(&b, ' ');
		else
			pike_buf_add(&b, at, len);
	pike_buf_release(&raw);
	return pike_buf_detach(&b);
}

static bool has_label(const struct pike_quotes *r, const char *label)
{
	for (size_t i = 0; i < r->n; i++)
		if (!strcmp(r->v[i].label, label))
			return true;
	return false;
}

static int read_words(struct pike_quotes *out, const struct pike_json *one,
		      const struct reading *in)
{
	struct pike_quote *r = &out->v[out->n];

	r->label = text_of(one, "label", LABEL_COLUMNS);
	r->source = text_of(one, "source", SOURCE_COLUMNS);
	if (!r->label)
		return wrong(in, "\"label\" is a text of 1 to 40 characters");
	if (!r->source)
		return wrong(in, "\"source\" is a text of 1 to 200 characters: "
				 "where the number stands");
	if (has_label(out, r->label))
		return wrong(in, "an earlier one has the same \"label\"");
	return 0;
}

static int read_one(struct pike_quotes *out, const struct pike_json *one,
		    const struct reading *in)
{
	static const char *const known[] = { "label", "source", "value" };
	double value = pike_json_f64(one, "value", NAN);
	const char *key;
	int ret;

	for (size_t i = 0; (key = pike_json_key(one, i)); i++) {
		size_t k = 0;

		while (k < PIKE_ARRAY_LEN(known) && strcmp(known[k], key) != 0)
			k++;
		if (k == PIKE_ARRAY_LEN(known))
			return wrong(in, "it has \"label\", \"source\" and "
					 "\"value\", and no more");
	}
	ret = read_words(out, one, in);
	if (!ret && !(value >= LEAST && value <= MOST))
		ret = wrong(in, "\"value\" is a speedup from 0.01 to 1000");
	if (ret) {
		free(out->v[out->n].label);
		free(out->v[out->n].source);
		return ret;
	}
	out->v[out->n++].value = value;
	return 0;
}

int pike_quotes_parse(struct pike_quotes *out, const char *s, size_t len,
		      const char *name, struct pike_err *err)
{
	struct pike_json *j = pike_json_parse(s, len, err);
	struct reading in = { .name = name, .err = err };
	size_t n = pike_json_len(j);
	int ret = 0;

	memset(out, 0, sizeof(*out));
	if (!j) {
		pike_err_prefix(err, "%s", name);
		return PIKE_USAGE;
	}
	if (!n || n > PIKE_QUOTES)
		ret = pike_fail(err, PIKE_USAGE,
				"%s: is a list of 1 to %d entries like "
				"{\"label\": \"...\", \"source\": \"...\", "
				"\"value\": 1.8}",
				name, PIKE_QUOTES);
	for (size_t i = 0; !ret && i < n; i++) {
		in.at = i + 1;
		ret = read_one(out, pike_json_at(j, i), &in);
	}
	pike_json_free(j);
	if (ret)
		pike_quotes_release(out);
	return ret;
}

void pike_quotes_release(struct pike_quotes *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->v[i].label);
		free(r->v[i].source);
	}
	memset(r, 0, sizeof(*r));
}
