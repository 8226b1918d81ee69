/* SPDX-License-Identifier: Apache-2.0 */
/* strategies: lists what `strategy =` may say. */
#include "cmd.h"

#include "report/report.h"
#include "search/search.h"

static void add_text(struct pike_buf *b, const struct pike_preset *k)
{
	pike_strategy_of(k)->describe(b, k);
	if (!k->asks)
		return;
	if (!k->fixes)
		pike_buf_adds(b, "; what fails is not mended");
	else
		pike_buf_addf(b, "; %lld attempts to mend%s",
			      (long long)k->fixes,
			      k->cheap_fixes ? ", by [llm \"cheap\"]" : "");
	if (k->elitism)
		pike_buf_adds(b, "; the champion stays a parent");
	if (k->profile)
		pike_buf_adds(b, "; prompts tell the machine, and what was "
				 "measured and tried");
	if (k->lessons)
		pike_buf_adds(b, "; and what earlier candidates and people "
				 "teach");
	if (k->hybrid)
		pike_buf_adds(b, "; a tuner settles numbers");
}

static void add_row(struct pike_table *t, struct pike_json *list,
		    const char *name, const char *what, bool models)
{
	struct pike_json *j = pike_json_object();

	pike_table_cell(t, name);
	pike_table_cell(t, what);
	pike_json_set_str(j, "name", name);
	pike_json_set_str(j, "summary", what);
	pike_json_set_bool(j, "models", models);
	pike_json_push(list, j);
}

static void add_all(struct pike_table *t, struct pike_json *list)
{
	const struct pike_preset *k;

	for (size_t i = 0; (k = pike_preset_at(i)); i++) {
		struct pike_buf what;

		pike_buf_init(&what, 400);
		add_text(&what, k);
		add_row(t, list, k->name, what.s, k->asks);
		pike_buf_release(&what);
	}
}

static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	static const struct pike_column cols[] = { { .title = "strategy" },
						   { .title = "what" } };
	struct pike_json *list = pike_json_array();
	struct pike_table t;
	int ret = pike_operands(rest, 0, 0, err);

	(void)opts;
	ctx->doc = pike_json_object();
	pike_json_set(ctx->doc, "strategies", list);
	if (ret)
		return ret;
	pike_table_init(&t, cols, 2);
	add_all(&t, list);
	pike_table_print(&ctx->out, &t, PIKE_WIDTH);
	pike_table_release(&t);
	pike_buf_adds(&ctx->out, "\nAll with a number of attempts ask models, "
				 "which an [llm] section names.\n");
	return 0;
}

const struct pike_cmd pike_cmd_strategies = {
	.name = "strategies",
	.summary = "list the search strategies of this version",
	.usage = "",
	.text = "One of them is chosen by `strategy` in [pike] or by the "
		"option --strategy of evolve. A section [strategy \"name\"] "
		"with `preset` and settings of its own is one more.",
	.opts_size = sizeof(struct pike_common),
	.run = run,
};
