/* SPDX-License-Identifier: Apache-2.0 */
/* prompt: the fields of prompts, and how each comes about. */
#include "llm/prompt_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* What a compiler says is longer; its end says most. */
#define LOG_MAX 10000

typedef void (*fill_t)(struct pike_buf *out, const struct pike_prompt *p);

static void add(struct pike_buf *out, const char *s)
{
	pike_buf_adds(out, s ? s : "");
}

static void add_target(struct pike_buf *out, const struct pike_prompt *p)
{
	add(out, p->target->name);
}

static void add_subject(struct pike_buf *out, const struct pike_prompt *p)
{
	if (p->target->entry)
		pike_buf_addf(out, "the kernel `%s`", p->target->entry);
	else
		add(out, "the PyTorch model");
}

static void add_entry(struct pike_buf *out, const struct pike_prompt *p)
{
	add(out, p->target->entry);
}

/* Words that are not quoted: one line, which cannot begin another. */
static void add_line(struct pike_buf *out, const char *s)
{
	struct pike_buf clean;

	pike_buf_init(&clean, LOG_MAX);
	if (s)
		pike_sanitize(&clean, s, strlen(s));
	for (size_t i = 0; i < clean.len; i++)
		if (clean.s[i] == '\n' || clean.s[i] == '\t')
			clean.s[i] = ' ';
	add(out, clean.s);
	pike_buf_release(&clean);
}

static void add_hardware(struct pike_buf *out, const struct pike_prompt *p)
{
	add_line(out, p->hardware);
}

static void add_arch(struct pike_buf *out, const struct pike_prompt *p)
{
	add(out, p->arch);
}

static void add_compiler(struct pike_buf *out, const struct pike_prompt *p)
{
	add(out, p->compiler);
}

static void add_cflags(struct pike_buf *out, const struct pike_prompt *p)
{
	add(out, p->target->cflags);
}

static void add_threads(struct pike_buf *out, const struct pike_prompt *p)
{
	pike_buf_addf(out, "%lld", (long long)p->target->threads);
}

static void add_mode(struct pike_buf *out, const struct pike_prompt *p)
{
	add(out, p->target->mode ? p->target->mode : "eval");
}

/* The hidden ones are not for a model to know. */
static void add_cases(struct pike_buf *out, const struct pike_prompt *p)
{
	for (size_t i = 0; i < p->target->ncases; i++)
		pike_buf_addf(out, "%s%s", i ? "; " : "",
			      p->target->cases[i].text);
}

static void add_tolerance(struct pike_buf *out, const struct pike_prompt *p)
{
	if (p->target->tolerance > 0)
		pike_buf_addf(out, "a relative error of %g",
			      p->target->tolerance);
	else if (p->target->precision == PIKE_P_AS_REFERENCE)
		add(out, "the precision of the arguments' own types");
	else
		pike_buf_addf(out, "what %s arithmetic gives",
			      pike_precision_name(p->target->precision));
}

static void add_argument(struct pike_buf *out, const struct pike_arg *a)
{
	static const char *const dirs[] = { [PIKE_SCALAR] = "",
					    [PIKE_IN] = "in ",
					    [PIKE_OUT] = "out ",
					    [PIKE_INOUT] = "inout " };

	pike_buf_addf(out, "%s%s %s", dirs[a->dir], pike_dtype_name(a->dtype),
		      a->name);
	for (size_t i = 0; i < a->ndims; i++)
		pike_buf_addf(out, "[%s]", pike_expr_text(a->dims[i]));
	pike_buf_addc(out, '\n');
}

static void add_arguments(struct pike_buf *out, const struct pike_prompt *p)
{
	struct pike_buf list;

	if (!p->target->nargs)
		return;
	pike_buf_init(&list, 1 << 16);
	for (size_t i = 0; i < p->target->nargs; i++)
		add_argument(&list, &p->target->args[i]);
	pike_prompt_fence(out, "", list.s);
	pike_buf_release(&list);
}

static void add_files(struct pike_buf *out, const struct pike_files *f)
{
	for (size_t i = 0; f && i < f->n; i++) {
		pike_buf_addf(out, "%s%s\n", i ? "\n" : "", f->v[i].path);
		pike_prompt_fence(out, "", f->v[i].data);
	}
}

static void add_reference(struct pike_buf *out, const struct pike_prompt *p)
{
	add_files(out, p->reference);
}

static void add_base(struct pike_buf *out, const struct pike_prompt *p)
{
	add_files(out, p->base);
}

static void add_parent(struct pike_buf *out, const struct pike_prompt *p)
{
	add_files(out, p->parent);
}

/* ---- what only some presets tell ---- */

static void add_tells(struct pike_buf *out, const struct pike_prompt *p)
{
	add(out, p->tells ? "yes" : "");
}

static void add_tuned(struct pike_buf *out, const struct pike_prompt *p)
{
	add(out, p->tuned ? "yes" : "");
}

static void add_cold(struct pike_buf *out, const struct pike_prompt *p)
{
	add(out, p->target->cold ? "yes" : "");
}

static void add_card(struct pike_buf *out, const struct pike_prompt *p)
{
	add(out, p->card);
}

static void add_limits(struct pike_buf *out, const struct pike_prompt *p)
{
	add(out, p->limits);
}

static void add_headers(struct pike_buf *out, const struct pike_prompt *p)
{
	add_files(out, p->headers);
}

/* In the words of other models. */
static void add_tried(struct pike_buf *out, const struct pike_prompt *p)
{
	if (p->tried && *p->tried)
		pike_prompt_fence(out, "", p->tried);
}

/* Likewise. */
static void add_lessons(struct pike_buf *out, const struct pike_prompt *p)
{
	if (p->lessons && *p->lessons)
		pike_prompt_fence(out, "", p->lessons);
}

static void add_lessons_file(struct pike_buf *out, const struct pike_prompt *p)
{
	if (p->lessons_file && *p->lessons_file)
		pike_prompt_fence(out, "", p->lessons_file);
}

static void add_bound(struct pike_buf *out, const struct pike_prompt *p,
		      enum pike_bound b)
{
	add(out, !p->bounds || p->bounds & 1u << b ? "yes" : "");
}

static void add_memory(struct pike_buf *out, const struct pike_prompt *p)
{
	add_bound(out, p, PIKE_BOUND_MEMORY);
}

static void add_compute(struct pike_buf *out, const struct pike_prompt *p)
{
	add_bound(out, p, PIKE_BOUND_COMPUTE);
}

static void add_latency(struct pike_buf *out, const struct pike_prompt *p)
{
	add_bound(out, p, PIKE_BOUND_LATENCY);
}

static void add_parent_result(struct pike_buf *out, const struct pike_prompt *p)
{
	add(out, p->parent_result);
}

static void add_others(struct pike_buf *out, const struct pike_prompt *p)
{
	add(out, p->others);
}

static void add_roofline(struct pike_buf *out, const struct pike_prompt *p)
{
	add(out, p->roofline);
}

static void add_idea(struct pike_buf *out, const struct pike_prompt *p)
{
	add_line(out, p->idea);
}

static void add_ideas(struct pike_buf *out, const struct pike_prompt *p)
{
	pike_buf_addf(out, "%lld", (long long)p->ideas);
}

static void add_hints(struct pike_buf *out, const struct pike_prompt *p)
{
	add(out, p->hints);
}

static void add_reason(struct pike_buf *out, const struct pike_prompt *p)
{
	add_line(out, p->reason);
}

static void add_log(struct pike_buf *out, const struct pike_prompt *p)
{
	struct pike_buf clean;
	const char *s = p->log ? p->log : "";
	size_t n = strlen(s), skip = n > LOG_MAX ? n - LOG_MAX : 0;

	if (!n)
		return;
	/* From a whole line on, unless there is only one. */
	if (skip && strchr(s + skip, '\n') && strchr(s + skip, '\n')[1])
		skip = (size_t)(strchr(s + skip, '\n') + 1 - s);
	pike_buf_init(&clean, LOG_MAX + 1);
	pike_sanitize(&clean, s + skip, n - skip);
	pike_prompt_fence(out, "", clean.s);
	pike_buf_release(&clean);
}

static void add_paths(struct pike_buf *out, const struct pike_prompt *p)
{
	for (size_t i = 0; i < p->target->sources.n; i++)
		pike_buf_addf(out, "%s`%s`", i ? ", " : "",
			      p->target->sources.v[i]);
}

static void add_first_path(struct pike_buf *out, const struct pike_prompt *p)
{
	add(out, p->target->sources.n ? p->target->sources.v[0] : "");
}

/* ---- the table ---- */

/* Filled in first: templates themselves. */
enum {
	RULES,
	DIRECTION
};

static const struct {
	struct pike_field field; /* its value here: one line of help */
	fill_t fill;
} rows[] = {
	{ { "rules", "what the backend asks of a kernel (rules-BACKEND.md)" },
	  NULL },
	{ { "direction", "one item of the list directions-BACKEND.md" }, NULL },
	{ { "target", "name of the target" }, add_target },
	{ { "subject", "the kernel and its function's name, or the model" },
	  add_subject },
	{ { "entry", "name of the function; nothing for a model" }, add_entry },
	{ { "hardware", "the device that is measured on" }, add_hardware },
	{ { "arch", "architecture that is built for (cuda)" }, add_arch },
	{ { "compiler", "the compiler and its version" }, add_compiler },
	{ { "cflags", "flags of the target" }, add_cflags },
	{ { "threads", "threads that a kernel may use (cpu)" }, add_threads },
	{ { "mode", "eval or train, of a model" }, add_mode },
	{ { "cases", "the sizes that are measured" }, add_cases },
	{ { "tolerance", "how close the results must be" }, add_tolerance },
	{ { "arguments", "the arguments, quoted" }, add_arguments },
	{ { "reference", "the reference of a model, quoted" }, add_reference },
	{ { "base", "the evolvable files of the base, quoted" }, add_base },
	{ { "parent", "those of what is to be changed, quoted" }, add_parent },
	{ { "parent-result", "what was measured of it" }, add_parent_result },
	{ { "others", "other candidates and their results" }, add_others },
	{ { "roofline", "work, floors and measured times of the cases" },
	  add_roofline },
	{ { "idea", "what to try" }, add_idea },
	{ { "ideas", "how many ideas a brainstorm may list" }, add_ideas },
	{ { "hints", "what people of the repository say, quoted" }, add_hints },
	{ { "reason", "why a candidate failed" }, add_reason },
	{ { "log", "what the compiler or the program said, quoted" }, add_log },
	{ { "paths", "the files that may change" }, add_paths },
	{ { "first-path", "the first of them" }, add_first_path },
	{ { "tells", "\"yes\" where the preset's prompts tell what follows" },
	  add_tells },
	{ { "tuned", "\"yes\" where a tuner tries the values of tunables" },
	  add_tuned },
	{ { "card", "the machine in numbers" }, add_card },
	{ { "limits", "the class of precision in numbers" }, add_limits },
	{ { "inputs", "how inputs are drawn" }, pike_fact_inputs },
	{ { "stress", "other distributions that inputs are drawn from" },
	  pike_fact_stress },
	{ { "headers", "files that the code may include, quoted" },
	  add_headers },
	{ { "tried", "what was tried, and what came of it, quoted" },
	  add_tried },
	{ { "lessons", "what earlier generations teach, quoted" },
	  add_lessons },
	{ { "lessons-file", "what people wrote in .pike/lessons.md, quoted" },
	  add_lessons_file },
	{ { "cold", "\"yes\" where caches are emptied before each call" },
	  add_cold },
	{ { "bound-memory", "\"yes\" where memory may be what binds" },
	  add_memory },
	{ { "bound-compute", "\"yes\" where arithmetic may be" }, add_compute },
	{ { "bound-latency", "\"yes\" where neither ceiling is near" },
	  add_latency },
};

bool pike_prompt_field(struct pike_field *out, size_t i)
{
	if (i >= PIKE_ARRAY_LEN(rows))
		return false;
	*out = rows[i].field;
	return true;
}

struct fields {
	struct pike_field v[PIKE_ARRAY_LEN(rows)];
	struct pike_buf text[PIKE_ARRAY_LEN(rows)];
};

static void fields_make(struct fields *f, const struct pike_prompt *p)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(rows); i++) {
		pike_buf_init(&f->text[i], PIKE_PROMPT_MAX);
		if (rows[i].fill)
			rows[i].fill(&f->text[i], p);
		f->v[i] =
		    (struct pike_field){ rows[i].field.name, f->text[i].s };
	}
}

static void fields_release(struct fields *f)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(rows); i++)
		pike_buf_release(&f->text[i]);
}

static int fill_field(struct fields *f, size_t at, const char *origin,
		      const char *text, struct pike_err *err)
{
	int ret = pike_template_fill(&f->text[at], origin, text, f->v,
				     PIKE_ARRAY_LEN(rows), err);

	f->v[at].value = f->text[at].s;
	return ret;
}

/* Those that are fit for what binds come before the others: a round may have
 * more samples than there are of them. */
static int choose_direction(struct fields *f, const char *list,
			    const struct pike_prompt *p, struct pike_err *err)
{
	struct pike_prompt any = *p;
	struct pike_buf chosen;
	struct fields all;
	int ret = fill_field(f, DIRECTION, "directions", list, err);

	any.bounds = 0;
	fields_make(&all, &any);
	if (!ret)
		ret = fill_field(&all, DIRECTION, "directions", list, err);
	pike_buf_init(&chosen, PIKE_PROMPT_MAX);
	if (!ret)
		pike_fact_direction(&chosen, f->text[DIRECTION].s,
				    all.text[DIRECTION].s, p);
	pike_buf_release(&f->text[DIRECTION]);
	f->text[DIRECTION] = chosen;
	f->v[DIRECTION].value = chosen.s;
	fields_release(&all);
	return ret;
}

int pike_prompt_make(struct pike_buf *out,
		     const struct pike_prompt_forms *forms,
		     const struct pike_prompt *p, struct pike_err *err)
{
	struct fields f;
	int ret;

	fields_make(&f, p);
	ret = fill_field(&f, RULES, "rules", forms->rules, err);
	if (!ret && forms->directions)
		ret = choose_direction(&f, forms->directions, p, err);
	if (!ret)
		ret = pike_template_fill(out, forms->origin, forms->text, f.v,
					 PIKE_ARRAY_LEN(rows), err);
	fields_release(&f);
	return ret;
}
