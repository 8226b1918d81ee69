/* SPDX-License-Identifier: Apache-2.0 */
/* strategies: lists what `strategy =` may say. */
#include "cmd.h"

#include "report/report.h"
#include "search/search.h"

static void as_json(struct pike_ctx *ctx,
		    const struct pike_strategy_ops *const *s, size_t n)
{
	struct pike_json *list = pike_json_array();

	for (size_t i = 0; i < n; i++) {
		struct pike_json *j = pike_json_object();

		pike_json_set_str(j, "name", s[i]->name);
		pike_json_set_str(j, "summary", s[i]->summary);
		pike_json_push(list, j);
	}
	ctx->doc = pike_json_object();
	pike_json_set(ctx->doc, "strategies", list);
}

static int run(struct pike_ctx *ctx, const void *opts,
	       const struct pike_strs *rest, struct pike_err *err)
{
	static const struct pike_column cols[] = { { .title = "strategy" },
						   { .title = "what" } };
	size_t n;
	const struct pike_strategy_ops *const *s = pike_strategies(&n);
	struct pike_table t;
	int ret = pike_operands(rest, 0, 0, err);

	(void)opts;
	if (ret)
		return ret;
	if (ctx->json) {
		as_json(ctx, s, n);
		return 0;
	}
	pike_table_init(&t, cols, 2);
	for (size_t i = 0; i < n; i++) {
		pike_table_cell(&t, s[i]->name);
		pike_table_cell(&t, s[i]->summary);
	}
	pike_table_print(&ctx->out, &t, PIKE_WIDTH);
	pike_table_release(&t);
	return 0;
}

const struct pike_cmd pike_cmd_strategies = {
	.name = "strategies",
	.summary = "list the search strategies of this version",
	.usage = "",
	.text = "One of them is chosen by `strategy` in [pike] or by the "
		"option --strategy of evolve.",
	.opts_size = sizeof(struct pike_common),
	.run = run,
};
