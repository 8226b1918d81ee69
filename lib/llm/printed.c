/* SPDX-License-Identifier: Apache-2.0 */
/*
 * printed: what coding CLIs print, where they are told to print JSON, of tokens
 * and cost. From their documentation; a row each. What is not there is not
 * guessed here.
 */
#include "llm/ask_priv.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Lines of JSON that are looked at, from the end. */
#define LINES_MOST 2000
#define LINE_MOST (1u << 20)
/* Of both kinds of figures, in a line and in all of them. */
#define FIGURE_MOST 1e12
#define USD_MOST 1e6

/* Paths are keys with dots between, "*": all members, summed; NULL: it does not
 * say. */
struct printed {
	const char *type; /* of the lines with the figures; NULL: any */
	const char *in, *cached, *out, *thought, *cost, *text;
	bool sums; /* each line counts, not the last alone */
};
static const struct printed rows[] = {
	/* claude -p --output-format json, stream-json */
	{ .type = "result",
	  .in = "usage.input_tokens",
	  .cached = "usage.cache_read_input_tokens",
	  .out = "usage.output_tokens",
	  .cost = "total_cost_usd",
	  .text = "result" },
	/* codex exec --json; what is cached is a part of the input */
	{ .type = "turn.completed",
	  .in = "usage.input_tokens",
	  .out = "usage.output_tokens",
	  .sums = true },
	/* opencode run --format json */
	{ .type = "step_finish",
	  .in = "part.tokens.input",
	  .cached = "part.tokens.cache.read",
	  .out = "part.tokens.output",
	  .thought = "part.tokens.reasoning",
	  .cost = "part.cost",
	  .sums = true },
	/* gemini -o json, qwen -o json */
	{ .in = "stats.models.*.tokens.prompt",
	  .out = "stats.models.*.tokens.candidates",
	  .thought = "stats.models.*.tokens.thoughts",
	  .text = "response" },
};

static double number_at(const struct pike_json *j, const char *path)
{
	size_t n = path ? strcspn(path, ".") : 0;
	const char *rest = path && path[n] ? path + n + 1 : NULL;
	char key[64];
	double sum = NAN;

	if (!j || !path || n >= sizeof(key))
		return NAN;
	memcpy(key, path, n);
	key[n] = '\0';
	if (strcmp(key, "*") != 0) {
		j = pike_json_get(j, key);
		return rest ? number_at(j, rest) : pike_json_as_f64(j, NAN);
	}
	for (size_t i = 0; pike_json_key(j, i); i++) {
		double v =
		    number_at(pike_json_get(j, pike_json_key(j, i)), rest);

		if (!isnan(v))
			sum = isnan(sum) ? v : sum + v;
	}
	return sum;
}

/* Of a stranger: no figure that nobody can have meant. */
static bool figure(double *out, const struct pike_json *j, const char *path)
{
	double v = number_at(j, path);

	*out = v >= 0 && v <= FIGURE_MOST ? v : 0;
	return *out == v;
}

static int64_t sum(int64_t so_far, double more)
{
	return (int64_t)fmin((double)so_far + more, FIGURE_MOST);
}

/* Is it a line of this row with figures? They are added. */
static bool take(struct pike_answer *a, const struct printed *row,
		 const struct pike_json *j)
{
	double in, out, cached, thought, usd;
	bool has_in, has_out;

	if (row->type && strcmp(pike_json_str(j, "type", ""), row->type) != 0)
		return false;
	has_in = figure(&in, j, row->in);
	has_out = figure(&out, j, row->out);
	if (!has_in && !has_out && !figure(&usd, j, row->cost))
		return false;
	figure(&cached, j, row->cached);
	figure(&thought, j, row->thought);
	a->tokens_in = sum(a->tokens_in, in + cached);
	a->tokens_out = sum(a->tokens_out, out + thought);
	a->counted = a->counted || (has_in && has_out);
	if (figure(&usd, j, row->cost)) {
		a->usd = fmin(a->usd + usd, USD_MOST);
		a->priced = true;
	}
	return true;
}

static struct pike_json *parse(const char *at, size_t len)
{
	return len && len <= LINE_MOST && strchr("{[", *at)
		   ? pike_json_parse(at, len, NULL)
		   : NULL;
}

/* Of the line [at, at + len), or, where only "{" stands there, of all that
 * follows. */
static struct pike_json *json_at(const char *at, size_t len)
{
	if (len == 1 && *at == '{')
		return parse(at, strlen(at));
	return parse(at, len);
}

/* The row that has figures there: `row`, or where that is NULL any. */
static const struct printed *read_line(struct pike_answer *a, char **text,
				       const struct printed *row,
				       const struct pike_json *j)
{
	/* All that was said, as one array; the end stands last. */
	if (!pike_json_key(j, 0) && pike_json_len(j))
		j = pike_json_at(j, pike_json_len(j) - 1);
	for (size_t k = 0; j && k < PIKE_ARRAY_LEN(rows); k++) {
		if ((row && row != &rows[k]) || !take(a, &rows[k], j))
			continue;
		if (rows[k].text && !*text)
			*text =
			    pike_xstrdup(pike_json_str(j, rows[k].text, NULL));
		return &rows[k];
	}
	return row;
}

char *pike_answer_printed(struct pike_answer *a, const char *printed)
{
	const struct printed *row = NULL;
	const char *end = printed + strlen(printed);
	char *text = NULL;

	for (int i = 0; i < LINES_MOST && end > printed; i++) {
		const char *nl =
		    memrchr(printed, '\n', (size_t)(end - printed));
		const char *at = nl ? nl + 1 : printed;
		struct pike_json *j = json_at(at, (size_t)(end - at));

		row = read_line(a, &text, row, j);
		pike_json_free(j);
		if (row && !row->sums)
			break;
		end = nl ? nl : printed;
	}
	return text;
}
