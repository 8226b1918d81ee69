/* SPDX-License-Identifier: Apache-2.0 */
/* show: one candidate: results, lineage, cost, and how to read them. */
#include "cmd.h"

#include "base/mem.h"
#include "git/lessons.h"
#include "model/exchange.h"
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

struct opts {
	struct pike_common common;
	bool chat;
};

static const struct pike_opt opts_table[] = {
	{ .name = "chat",
	  .type = PIKE_OPT_BOOL,
	  .offset = offsetof(struct opts, chat),
	  .help = "with the prompt and the reply of the model" },
	{ .name = NULL },
};

/* Ancestors shown; the family tree is git's own to show. */
#define LINEAGE_MAX 20

static void field(struct pike_buf *b, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	pike_buf_addf(b, "%-10s ", name);
	pike_clean(b, value, 400);
	pike_buf_addc(b, '\n');
}

static void text_record(struct pike_buf *b, const struct pike_history *h,
			const struct pike_record *r)
{
	pike_buf_addf(b, "search     %s on %s\n", h->target, h->lane);
	field(b, "by", r->agent->name);
	field(b, "model", r->model);
	field(b, "slot", r->slot);
	field(b, "idea", r->idea);
	pike_buf_addf(
	    b, "generation %lld%s%s\n", (long long)r->generation,
	    r->settled < 0 ? ", not settled yet" : "",
	    pike_oid_eq(&r->id, &h->champion) ? ", the champion of now" : "");
	if (r->past)
		pike_buf_addf(
		    b,
		    "past       made for base %.12s; since generation "
		    "%lld all is measured again\n",
		    pike_history_epoch(h, r)->base.hex,
		    (long long)pike_history_left(h, r));
	if (r->again && r->nparents > 1)
		pike_buf_addf(b, "again      what %.12s was, on base %.12s\n",
			      r->parents[1].hex, r->parents[0].hex);
	if (r->cost > 0 || r->tokens_in || r->tokens_out)
		pike_buf_addf(
		    b, "cost       %.4f USD, tokens %lld in %lld out%s\n",
		    r->cost, (long long)r->tokens_in, (long long)r->tokens_out,
		    r->guessed ? ", estimated" : "");
}

/* First parents up to the base, the nearest first. */
static void text_lineage(struct pike_buf *b, const struct pike_history *h,
			 const struct pike_record *r)
{
	char ratio[64];
	int depth = 0;

	pike_buf_adds(b, "made from\n");
	for (; r && r->nparents && depth < LINEAGE_MAX; depth++) {
		const struct pike_oid *id =
		    &r->parents[r->again && r->nparents > 1];
		const struct pike_oid *base = &pike_history_epoch(h, r)->base;

		r = pike_find_record(h, id);
		if (!r) {
			pike_buf_addf(b, "  %.12s  %s\n", id->hex,
				      pike_oid_eq(id, base) ? "the base" : "");
			continue;
		}
		pike_buf_addf(
		    b, "  %.12s  %s  ", id->hex,
		    pike_ratio_text(ratio, r->confirm.verdict == PIKE_V_PENDING
					       ? &r->screen.ratio
					       : &r->confirm.ratio));
		pike_clean(b, r->idea ? r->idea : "", 44);
		pike_buf_addc(b, '\n');
	}
}

/* The searches that know this commit; one content may stand in several. */
static int show_records(struct pike_ctx *ctx, const struct pike_oid *id,
			struct pike_json *list, struct pike_err *err)
{
	static const struct pike_strs all = PIKE_STRS_INIT;
	struct pike_founds f = { 0 };
	int ret = pike_find_searches(&f, ctx, &all, NULL, err);

	for (size_t i = 0; !ret && i < f.n; i++) {
		const struct pike_history *h = f.v[i].history;
		const struct pike_record *r = pike_find_record(h, id);

		if (!r)
			continue;
		text_record(&ctx->out, h, r);
		text_lineage(&ctx->out, h, r);
		pike_json_push(list, pike_json_record(h, r));
	}
	pike_founds_release(&f);
	return ret;
}

static int show_results(struct pike_ctx *ctx, const struct pike_oid *id,
			struct pike_json *list, struct pike_err *err)
{
	struct pike_result *res = NULL;
	size_t n = 0;
	int ret = pike_results_of(&res, &n, ctx->repo, id, err);

	for (size_t i = 0; i < n; i++) {
		const struct pike_target *t = NULL;
		struct pike_json *j = pike_json_result(&res[i]);

		if (ctx->settings && res[i].target)
			t = pike_settings_target(ctx->settings, res[i].target);
		pike_buf_addc(&ctx->out, '\n');
		pike_text_result(&ctx->out, &res[i], t);
		pike_resources_text(&ctx->out, &res[i]);
		pike_profile_text(&ctx->out, &res[i]);
		if (res[i].log && *res[i].log) {
			pike_buf_adds(&ctx->out, "log:\n");
			pike_clean_lines(&ctx->out, res[i].log);
		}
		if (j)
			pike_json_push(list, j);
		pike_result_release(&res[i]);
	}
	if (!ret && !n)
		pike_buf_adds(&ctx->out, "\nno result yet; `pike-git evaluate` "
					 "measures candidates,\n`pike-git "
					 "bench` any revision\n");
	free(res);
	return ret;
}

static void text_exchange(struct pike_buf *b, const struct pike_exchange *x,
			  bool chat)
{
	pike_buf_addf(b,
		      "\nexchange   %s, llm '%s' (%s): %.1f s, %d %s, ended "
		      "%s\n",
		      x->model, x->llm, x->provider, x->secs, x->tries,
		      x->tries == 1 ? "try" : "tries", x->ending);
	if (!chat)
		return;
	pike_buf_adds(b, "prompt:\n");
	pike_clean_lines(b, x->prompt);
	pike_buf_adds(b, "reply:\n");
	pike_clean_lines(b, x->reply);
}

static struct pike_json *json_exchange(const struct pike_exchange *x, bool chat)
{
	struct pike_json *j = pike_json_object();

	pike_json_set_str(j, "agent", x->agent);
	pike_json_set_str(j, "model", x->model);
	pike_json_set_str(j, "llm", x->llm);
	pike_json_set_str(j, "provider", x->provider);
	pike_json_set_str(j, "ending", x->ending);
	pike_json_set_i64(j, "tries", x->tries);
	pike_json_set_bool(j, "counted", x->counted);
	pike_json_set_f64(j, "secs", x->secs);
	pike_json_set_i64(j, "ts", x->ts);
	if (chat) {
		pike_json_set_str(j, "prompt", x->prompt);
		pike_json_set_str(j, "reply", x->reply);
	}
	return j;
}

/* What a model was asked and said, where the chat was kept. */
static int show_chat(struct pike_ctx *ctx, const struct pike_oid *id, bool chat,
		     struct pike_json *list, struct pike_err *err)
{
	struct pike_strs lines = PIKE_STRS_INIT;
	int ret = pike_chats_of(&lines, ctx->repo, id, err);

	for (size_t i = 0; !ret && i < lines.n; i++) {
		struct pike_exchange x;

		if (pike_exchange_parse(&x, lines.v[i], strlen(lines.v[i]),
					NULL))
			continue;
		text_exchange(&ctx->out, &x, chat);
		pike_json_push(list, json_exchange(&x, chat));
		pike_exchange_release(&x);
	}
	pike_strs_release(&lines);
	return ret;
}

/* ---- lessons ---- */

static struct pike_json *json_lesson(const struct pike_lesson *l)
{
	struct pike_json *j;
	struct pike_buf b;

	pike_buf_init(&b, 1 << 20);
	pike_lesson_print(&b, l);
	j = pike_json_parse(b.s, b.len, NULL);
	pike_buf_release(&b);
	return j;
}

/* "wrong results; bound by memory; kernels/softmax.c +3 -1" */
static void text_lesson(struct pike_buf *out, const struct pike_lesson *l)
{
	struct pike_buf b;

	pike_buf_init(&b, 1 << 16);
	pike_lesson_outcome(&b, l);
	pike_lesson_bounds(&b, l->bounds);
	for (size_t i = 0; i < l->nfiles; i++)
		pike_buf_addf(&b, "; %s +%lld -%lld", l->files[i].path,
			      (long long)l->files[i].added,
			      (long long)l->files[i].deleted);
	pike_buf_addf(out, "%-10s ", "lesson");
	pike_wrap_from(out, b.s, 11, 11, PIKE_WIDTH);
	pike_buf_addc(out, '\n');
	pike_buf_release(&b);
}

/* What others learn of it, if its generation is closed. `idea`: with it, where
 * several candidates follow one another. */
static int show_lessons(struct pike_ctx *ctx, const struct pike_oid *id,
			bool idea, struct pike_json *list, struct pike_err *err)
{
	struct pike_lessons v = { 0 };
	int ret = pike_lessons_of(&v, ctx->repo, id, err);

	for (size_t i = 0; i < v.n; i++) {
		const struct pike_lesson *l = &v.v[i];
		struct pike_json *j = json_lesson(l);

		if (idea && !i) {
			pike_buf_addf(&ctx->out, "%.10s ", id->hex);
			pike_clean(&ctx->out, *l->idea ? l->idea : l->tried,
				   66);
			pike_buf_addc(&ctx->out, '\n');
		}
		text_lesson(&ctx->out, l);
		if (j)
			pike_json_push(list, j);
	}
	pike_lessons_release(&v);
	return ret;
}

/* Candidates that a generation's trailers list, each once. */
static void listed(struct pike_strs *out, const char *msg)
{
	static const char key[] = "\nPike-Result: ";

	for (const char *p = msg; (p = strstr(p, key));) {
		char hex[41] = "";

		p += strlen(key);
		memcpy(hex, p, strnlen(p, 40));
		if (strspn(hex, "0123456789abcdef") == 40 &&
		    !pike_strs_has(out, hex))
			pike_strs_push(out, hex);
	}
}

static int show_learnt(struct pike_ctx *ctx, const struct pike_strs *ids,
		       struct pike_json *list, struct pike_err *err)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < ids->n; i++) {
		struct pike_oid id;

		memcpy(id.hex, ids->v[i], sizeof(id.hex));
		ret = show_lessons(ctx, &id, true, list, err);
	}
	return ret;
}

/* A generation is described by its own message: the table of those that it
 * settled, and the champion. False for other commits. */
static bool show_generation(struct pike_ctx *ctx, char *body)
{
	static const char key[] = "\nPike-Champion: ";
	char *trailers = strstr(body, "\nPike-Generation: ");
	char *champion = trailers ? strstr(trailers, key) : NULL;

	if (!champion)
		return false;
	champion += strlen(key);
	champion[strcspn(champion, "\n")] = '\0';
	*trailers = '\0';
	body += strspn(body, "\n");
	field(&ctx->out, "champion", champion);
	pike_json_set_str(ctx->doc, "champion", champion);
	pike_json_set_str(ctx->doc, "table", body);
	pike_buf_addf(&ctx->out, "settled%s\n", *body ? "" : " nothing");
	pike_clean_lines(&ctx->out, body);
	return true;
}

static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	struct pike_json *records = pike_json_array();
	struct pike_json *results = pike_json_array();
	struct pike_json *chats = pike_json_array();
	struct pike_json *lessons = pike_json_array();
	struct pike_strs ids = PIKE_STRS_INIT;
	const struct opts *o = opts;
	struct pike_err ignored = PIKE_ERR_INIT;
	struct pike_oid id;
	char *msg = NULL, *body;
	int ret = pike_operands(rest, 1, 1, err);

	ctx->doc = pike_json_object();
	pike_json_set(ctx->doc, "searches", records);
	pike_json_set(ctx->doc, "results", results);
	pike_json_set(ctx->doc, "exchanges", chats);
	pike_json_set(ctx->doc, "lessons", lessons);
	if (!ret)
		ret = pike_repo_resolve(&id, ctx->repo, rest->v[0], err);
	if (!ret)
		ret = pike_repo_message(&msg, ctx->repo, &id, err);
	if (ret)
		return ret;
	/* A broken config shall not hide a result. */
	pike_ctx_config(ctx, opts, &ignored);
	listed(&ids, msg);
	body = msg + strcspn(msg, "\n");
	if (*body)
		*body++ = '\0';
	pike_json_set_str(ctx->doc, "commit", id.hex);
	pike_json_set_str(ctx->doc, "subject", msg);
	pike_buf_addf(&ctx->out, "commit     %s\n", id.hex);
	field(&ctx->out, "subject", msg);
	ret = show_records(ctx, &id, records, err);
	if (!ret)
		ret = show_chat(ctx, &id, o->chat, chats, err);
	if (!ret && show_generation(ctx, body)) {
		ret = show_learnt(ctx, &ids, lessons, err);
	} else if (!ret) {
		ret = show_lessons(ctx, &id, false, lessons, err);
		if (!ret)
			ret = show_results(ctx, &id, results, err);
	}
	pike_strs_release(&ids);
	free(msg);
	return ret;
}

const struct pike_cmd pike_cmd_show = {
	.name = "show",
	.summary = "show one candidate: results, lineage, cost",
	.usage = "REV",
	.text = "Says for each result what was measured, how to read it and, "
		"in one line, what was not checked; of a GPU also what each "
		"launch needs, the share of the measured ceilings, and what "
		"--profile found; of a model's candidate the exchange that it "
		"came from. What others learn of it (`git log "
		"--notes=pike/lessons`) is told in a line. Of a generation the "
		"table of what it settled, and those lines.",
	.opts = opts_table,
	.opts_size = sizeof(struct opts),
	.flags = PIKE_NEED_REPO | PIKE_READS | PIKE_TOOL,
	.run = run,
};
