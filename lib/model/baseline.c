/* SPDX-License-Identifier: Apache-2.0 */
/* baseline: names of what a model is measured beside. */
#include "model/baseline.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/model_priv.h"

#include <string.h>

static const char *const names[] = { "eager", "compile", "max-autotune" };
static const char graphs[] = "+graphs";

bool pike_baseline_read(struct pike_baseline *out, const char *name)
{
	size_t len = strlen(name), tail = strlen(graphs);

	*out = (struct pike_baseline){ .kind = PIKE_BASELINE_MODULE };
	if (pike_ends_with(name, ".py"))
		return true;
	out->graphs = pike_ends_with(name, graphs);
	if (out->graphs)
		len -= tail;
	for (size_t i = 0; i < PIKE_ARRAY_LEN(names); i++) {
		if (strlen(names[i]) != len || memcmp(names[i], name, len) != 0)
			continue;
		out->kind = (enum pike_baseline_kind)i;
		return true;
	}
	return false;
}

static int add(struct pike_strs *out, const char *name, struct pike_err *err)
{
	struct pike_baseline b;

	if (!pike_baseline_read(&b, name))
		return pike_fail(err, PIKE_USAGE,
				 "'%s' is not a baseline; say off, or some of: "
				 "eager compile max-autotune, each also with "
				 "+graphs, or the path of a module that ends "
				 "in .py",
				 name);
	if (b.kind == PIKE_BASELINE_MODULE && pike_path_check(name, err))
		return PIKE_USAGE;
	if (!pike_strs_has(out, name))
		pike_strs_push(out, name);
	return 0;
}

int pike_baselines_add(struct pike_strs *out, const char *text,
		       struct pike_err *err)
{
	struct pike_strs words = PIKE_STRS_INIT;
	int ret = 0;

	pike_strs_split(&words, text, " ,\t");
	if (!words.n)
		ret = pike_fail(err, PIKE_USAGE,
				"is empty; say off for no baseline");
	if (words.n == 1 && !strcmp(words.v[0], PIKE_BASELINES_OFF))
		pike_strs_push(out, PIKE_BASELINES_OFF);
	else
		for (size_t i = 0; !ret && i < words.n; i++)
			ret = add(out, words.v[i], err);
	if (!ret && out->n > PIKE_BASELINES_MAX)
		ret = pike_fail(err, PIKE_USAGE, "%d baselines are the most",
				PIKE_BASELINES_MAX);
	pike_strs_release(&words);
	return ret;
}

bool pike_baselines_off(const struct pike_strs *list)
{
	return pike_strs_has(list, PIKE_BASELINES_OFF);
}

void pike_baseline_modules(struct pike_strs *out, const struct pike_strs *list)
{
	struct pike_baseline b;

	for (size_t i = 0; i < list->n; i++)
		if (pike_baseline_read(&b, list->v[i]) &&
		    b.kind == PIKE_BASELINE_MODULE)
			pike_strs_push(out, list->v[i]);
}

/* ---- of a result ---- */

static const char measured[] = "baselines", unmeasured[] = "unmeasured";

bool pike_result_baseline(const char **name, struct pike_ratio *over,
			  const char **why, const struct pike_result *r,
			  size_t i)
{
	const struct pike_json *all = pike_json_get(r->extra, measured);

	*name = pike_json_key(all, i);
	if (!*name || i >= PIKE_BASELINES_MAX)
		return false;
	*why = NULL;
	/* What a note says may be anything. */
	if (pike_ratio_read(over, pike_json_get(all, *name), NULL) ||
	    !(over->lo > 0))
		*why = pike_json_str(pike_json_get(r->extra, unmeasured), *name,
				     "it is not known why");
	return true;
}

bool pike_result_best_baseline(const char **name, struct pike_ratio *over,
			       const struct pike_result *r)
{
	const char *other, *why;
	struct pike_ratio o;
	bool any = false;

	for (size_t i = 0; pike_result_baseline(&other, &o, &why, r, i); i++) {
		if (why || (any && o.mid >= over->mid))
			continue;
		*name = other;
		*over = o;
		any = true;
	}
	return any;
}

static struct pike_json *member(struct pike_result *r, const char *key)
{
	if (!r->extra)
		r->extra = pike_json_object();
	if (!pike_json_get(r->extra, key))
		pike_json_set(r->extra, key, pike_json_object());
	return (struct pike_json *)(uintptr_t)pike_json_get(r->extra, key);
}

void pike_result_add_baseline(struct pike_result *r, const char *name,
			      const struct pike_ratio *over, const char *why)
{
	if (!over) {
		pike_json_set_null(member(r, measured), name);
		pike_json_set_str(member(r, unmeasured), name, why);
		return;
	}
	pike_json_set(member(r, measured), name, pike_ratio_json(over));
}
