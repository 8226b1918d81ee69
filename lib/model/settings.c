/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings: entries over defaults, by the table in settings_rows.c, and the
 * checks that take more than one key.
 */
#include "model/settings.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/backend.h"
#include "model/baseline.h"
#include "model/model_priv.h"
#include "model/preset.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define OBJECTS_MAX 4096
#define ROWS_MAX 128

void pike_entries_add(struct pike_entries *e, const char *section,
		      const char *key, const char *value, const char *origin,
		      bool trusted)
{
	size_t len = strcspn(section, ".");
	struct pike_entry *n;

	PIKE_GROW(e->v, e->n, e->cap);
	n = &e->v[e->n++];
	n->section = pike_xstrndup(section, len);
	n->sub = pike_xstrdup(section[len] ? section + len + 1 : "");
	n->key = pike_xstrdup(key);
	n->value = pike_xstrdup(value);
	n->origin = pike_xstrdup(origin);
	n->trusted = trusted;
}

void pike_entries_release(struct pike_entries *e)
{
	for (size_t i = 0; i < e->n; i++) {
		free(e->v[i].section);
		free(e->v[i].sub);
		free(e->v[i].key);
		free(e->v[i].value);
		free(e->v[i].origin);
	}
	free(e->v);
	memset(e, 0, sizeof(*e));
}

/* ---- sections ---- */

struct maker;
struct section {
	const char *name;
	size_t size;	    /* of one object; 0: there is one, not named */
	size_t list, count; /* offsets in struct pike_settings */
	/* NULL: any name will do. */
	int (*check_name)(struct maker *m, const struct pike_entry *e);
};

static int check_agent_name(struct maker *m, const struct pike_entry *e);
static int check_strategy_name(struct maker *m, const struct pike_entry *e);

static const struct section sections[] = {
	{ .name = "pike", .list = 0 },
	{ .name = "budget", .list = offsetof(struct pike_settings, budget) },
	{ .name = "forge", .list = offsetof(struct pike_settings, forge) },
	{ .name = "llm",
	  .size = sizeof(struct pike_llm),
	  .list = offsetof(struct pike_settings, llms),
	  .count = offsetof(struct pike_settings, nllms) },
	{ .name = "agent",
	  .size = sizeof(struct pike_agent_own),
	  .list = offsetof(struct pike_settings, agents),
	  .count = offsetof(struct pike_settings, nagents),
	  .check_name = check_agent_name },
	{ .name = "strategy",
	  .size = sizeof(struct pike_strategy),
	  .list = offsetof(struct pike_settings, strategies),
	  .count = offsetof(struct pike_settings, nstrategies),
	  .check_name = check_strategy_name },
	{ .name = "target",
	  .size = sizeof(struct pike_target),
	  .list = offsetof(struct pike_settings, targets),
	  .count = offsetof(struct pike_settings, ntargets) },
};

enum {
	S_PIKE,
	S_BUDGET,
	S_FORGE,
	S_LLM,
	S_AGENT,
	S_STRATEGY,
	S_TARGET
};

/* One object of a section and where its values came from. */
struct object {
	const struct section *sec;
	size_t index;
	const struct pike_entry *first;
	const struct pike_entry *last[ROWS_MAX]; /* by row; NULL: default */
};

struct maker {
	struct pike_settings *s;
	const struct pike_entries *e;
	const struct pike_setting_row *rows;
	size_t nrows;
	struct object **objs;
	size_t n, cap;
	struct pike_err *err;
};

static void *at_offset(struct pike_settings *s, size_t offset)
{
	return (char *)s + offset;
}

static void *object_data(struct maker *m, const struct object *o)
{
	char *list;

	if (!o->sec->size)
		return at_offset(m->s, o->sec->list);
	memcpy(&list, at_offset(m->s, o->sec->list), sizeof(list));
	return list + o->index * o->sec->size;
}

/* Every named object begins with its name. */
static const char *object_name(struct maker *m, const struct object *o)
{
	const char *name;

	if (!o->sec->size)
		return "";
	memcpy(&name, object_data(m, o), sizeof(name));
	return name;
}

static void unset_strategy(struct pike_strategy *s)
{
	s->samples = s->parents = s->islands = s->population = -1;
	s->archive = s->migration_interval = s->parallel = -1;
	s->fix_attempts = s->ideas = s->history = -1;
	s->elitism = s->profile = s->lessons = -1;
	s->explore = s->exploit = s->migration_rate = -1;
}

static void set_defaults(struct maker *m, const struct object *o)
{
	void *data = object_data(m, o);

	if (o->sec == &sections[S_STRATEGY])
		unset_strategy(data);
	if (o->sec == &sections[S_AGENT])
		((struct pike_agent_own *)data)->attempts = -1;
	for (size_t i = 0; i < m->nrows; i++)
		if (*m->rows[i].def &&
		    !strcmp(m->rows[i].section, o->sec->name))
			m->rows[i].set(data, &m->rows[i], m->rows[i].def, NULL);
}

static struct object *add_object(struct maker *m, const struct section *sec,
				 const char *name)
{
	struct object *o = pike_xcalloc(1, sizeof(*o));

	o->sec = sec;
	if (sec->size) {
		size_t *n = at_offset(m->s, sec->count);
		char *list, *copy = pike_xstrdup(name);

		memcpy(&list, at_offset(m->s, sec->list), sizeof(list));
		list = pike_xrealloc(list, *n + 1, sec->size);
		memset(list + *n * sec->size, 0, sec->size);
		memcpy(list + *n * sec->size, &copy, sizeof(copy));
		memcpy(at_offset(m->s, sec->list), &list, sizeof(list));
		o->index = (*n)++;
	}
	PIKE_GROW(m->objs, m->n, m->cap);
	m->objs[m->n++] = o;
	set_defaults(m, o);
	return o;
}

/* ---- messages ---- */

/* The origin of another value of this key, as "FILE:LINE" or "git config". */
static size_t layer_len(const char *origin)
{
	size_t len = strlen(origin), n = len;

	while (n && isdigit((unsigned char)origin[n - 1]))
		n--;
	return n && n < len && origin[n - 1] == ':' ? n - 1 : len;
}

static bool same_layer(const struct pike_entry *a, const struct pike_entry *b)
{
	size_t n = layer_len(a->origin);

	return n == layer_len(b->origin) && !memcmp(a->origin, b->origin, n);
}

static int unknown(struct maker *m, const struct pike_entry *e,
		   const char *near, bool key)
{
	char tail[160];

	if (near)
		snprintf(tail, sizeof(tail), "did you mean '%s'?", near);
	else
		snprintf(tail, sizeof(tail),
			 "`pike-git config` lists what there is");
	if (key)
		return pike_fail(m->err, PIKE_USAGE,
				 "%s: unknown key '%s' in [%s]; %s", e->origin,
				 e->key, e->section, tail);
	return pike_fail(m->err, PIKE_USAGE, "%s: unknown section [%s]; %s",
			 e->origin, e->section, tail);
}

static int unknown_key(struct maker *m, const struct pike_entry *e)
{
	const char *keys[ROWS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < m->nrows; i++)
		if (!strcmp(m->rows[i].section, e->section))
			keys[n++] = m->rows[i].key;
	return unknown(m, e, pike_nearest(e->key, keys, n), true);
}

static int unknown_section(struct maker *m, const struct pike_entry *e)
{
	const char *names[PIKE_ARRAY_LEN(sections)];

	for (size_t i = 0; i < PIKE_ARRAY_LEN(sections); i++)
		names[i] = sections[i].name;
	return unknown(m, e,
		       pike_nearest(e->section, names, PIKE_ARRAY_LEN(names)),
		       false);
}

/* ---- applying entries ---- */

/* An agent's section says whom it asks: of those that ask somebody. */
static int check_agent_name(struct maker *m, const struct pike_entry *e)
{
	struct pike_buf names;
	const struct pike_agent *a;

	if (pike_agent_find(e->sub)->asks)
		return 0;
	pike_buf_init(&names, 400);
	for (size_t i = 0; (a = pike_agent_at(i)); i++)
		if (a->asks)
			pike_buf_addf(&names, " %s", a->name);
	pike_fail(m->err, PIKE_USAGE,
		  "%s: there is no agent '%s'; agents that ask models are:%s",
		  e->origin, e->sub, names.s);
	pike_buf_release(&names);
	return PIKE_USAGE;
}

static int check_strategy_name(struct maker *m, const struct pike_entry *e)
{
	const struct pike_preset *k;

	for (size_t i = 0; (k = pike_preset_at(i)); i++)
		if (!strcmp(k->name, e->sub))
			return pike_fail(m->err, PIKE_USAGE,
					 "%s: '%s' is a preset; give this "
					 "strategy another name",
					 e->origin, e->sub);
	return 0;
}

static int check_name(struct maker *m, const struct section *sec,
		      const struct pike_entry *e)
{
	if (!sec->size)
		return *e->sub ? pike_fail(m->err, PIKE_USAGE,
					   "%s: [%s] takes no name; write it "
					   "without \"%s\"",
					   e->origin, sec->name, e->sub)
			       : 0;
	if (!*e->sub)
		return pike_fail(m->err, PIKE_USAGE,
				 "%s: [%s] needs a name; write [%s \"NAME\"]",
				 e->origin, sec->name, sec->name);
	if (!pike_is_name(e->sub))
		return pike_fail(m->err, PIKE_USAGE,
				 "%s: [%s \"%s\"]: a name is 1 to 64 "
				 "lower-case letters, digits, '-' and '_'",
				 e->origin, sec->name, e->sub);
	return sec->check_name ? sec->check_name(m, e) : 0;
}

static const struct section *find_section(const char *name)
{
	for (size_t i = 0; i < PIKE_ARRAY_LEN(sections); i++)
		if (!strcmp(sections[i].name, name))
			return &sections[i];
	return NULL;
}

static struct object *find_object(struct maker *m, const struct section *sec,
				  const char *name)
{
	/* Entries of one section mostly stand together: newest first. */
	for (size_t i = m->n; i-- > 0;)
		if (m->objs[i]->sec == sec &&
		    !strcmp(object_name(m, m->objs[i]), name))
			return m->objs[i];
	return NULL;
}

static int object_for(struct object **out, struct maker *m,
		      const struct pike_entry *e)
{
	const struct section *sec = find_section(e->section);
	int ret;

	if (!sec)
		return unknown_section(m, e);
	if ((ret = check_name(m, sec, e)))
		return ret;
	*out = find_object(m, sec, e->sub);
	if (*out)
		return 0;
	if (m->n == OBJECTS_MAX)
		return pike_fail(m->err, PIKE_USAGE,
				 "%s: more than %d sections", e->origin,
				 OBJECTS_MAX);
	*out = add_object(m, sec, e->sub);
	(*out)->first = e;
	return 0;
}

static int refuse_untrusted(struct maker *m, const struct pike_entry *e,
			    const char *what)
{
	return pike_fail(m->err, PIKE_USAGE,
			 "%s: %s: %s, and this file is not trusted; read it, "
			 "then run `pike-git config --trust`",
			 e->origin, e->key, what);
}

static int apply_row(struct maker *m, struct object *o, size_t i,
		     const struct pike_entry *e)
{
	const struct pike_setting_row *row = &m->rows[i];
	void *data = object_data(m, o);
	const char *value = e->value;
	int ret;

	if (row->runs && !e->trusted)
		return refuse_untrusted(m, e, "names a program to run");
	if (!value && !strcmp(row->type, "bool"))
		value = "true";
	if (!value)
		return pike_fail(m->err, PIKE_USAGE,
				 "%s: '%s' has no value; write `%s = ...`",
				 e->origin, e->key, e->key);
	/* A layer above replaces the whole list of the one below. */
	if (pike_row_is_list(row) && o->last[i] && !same_layer(o->last[i], e))
		row->set(data, row, NULL, NULL);
	ret = row->set(data, row, value, m->err);
	if (ret)
		pike_err_prefix(m->err, "%s: %s", e->origin, e->key);
	o->last[i] = e;
	return ret;
}

static int apply_entry(struct maker *m, const struct pike_entry *e)
{
	struct object *o = NULL;
	int ret = object_for(&o, m, e);

	if (ret)
		return ret;
	for (size_t i = 0; i < m->nrows; i++)
		if (!strcmp(m->rows[i].section, e->section) &&
		    !strcmp(m->rows[i].key, e->key))
			return apply_row(m, o, i, e);
	return unknown_key(m, e);
}

/* ---- checks that take more than one key ---- */

static const struct pike_entry *last_of(const struct maker *m,
					const struct object *o, const char *key)
{
	for (size_t i = 0; i < m->nrows; i++)
		if (!strcmp(m->rows[i].section, o->sec->name) &&
		    !strcmp(m->rows[i].key, key))
			return o->last[i];
	return NULL;
}

static const char *origin_of(const struct maker *m, const struct object *o,
			     const char *key)
{
	const struct pike_entry *e = last_of(m, o, key);

	return e ? e->origin : o->first->origin;
}

/* The index-th of the values of a list key that count. */
static const char *origin_of_item(const struct maker *m, const struct object *o,
				  const struct pike_where *w)
{
	const struct pike_entry *last = w->key ? last_of(m, o, w->key) : NULL;
	size_t left = w->index;

	for (size_t i = 0; last && i < m->e->n; i++) {
		const struct pike_entry *e = &m->e->v[i];

		if (!strcmp(e->key, last->key) && !strcmp(e->sub, last->sub) &&
		    !strcmp(e->section, last->section) && same_layer(e, last) &&
		    left-- == 0)
			return e->origin;
	}
	return last ? last->origin : o->first->origin;
}

static int check_llm(struct maker *m, const struct object *o)
{
	const struct pike_llm *l = object_data(m, o);
	const struct pike_entry *key = last_of(m, o, "key");
	const struct pike_entry *url = last_of(m, o, "url");

	if ((l->provider->program || l->provider->works) && !l->command)
		return pike_fail(m->err, PIKE_USAGE,
				 "%s: llm '%s' has no program; add `command = "
				 "PROGRAM`",
				 origin_of(m, o, "provider"), l->name);
	if (!key || !url || pike_url_is_own(l->provider, l->url))
		return 0;
	if (!key->trusted)
		return refuse_untrusted(m, key,
					"would go to a host that is not the "
					"provider's own");
	if (!url->trusted)
		return refuse_untrusted(m, url,
					"would be sent a key, and is not the "
					"provider's own host");
	return 0;
}

/* A token goes where the remote is, or where somebody says who is trusted. */
static int check_forge(struct maker *m, const struct object *o)
{
	const struct pike_entry *url = last_of(m, o, "url");
	size_t len = 0;
	const char *host =
	    url && url->value ? pike_url_host(url->value, &len) : NULL;

	if (!url || url->trusted || (host && pike_host_is_loopback(host, len)))
		return 0;
	return refuse_untrusted(m, url, "would be sent the forge's token");
}

static int check_agent(struct maker *m, const struct object *o)
{
	const struct pike_agent_own *a = object_data(m, o);

	struct pike_strs names = PIKE_STRS_INIT;
	int ret = 0;

	pike_strs_split(&names, a->llm ? a->llm : "", " ");
	for (size_t i = 0; !ret && i < names.n; i++)
		if (!find_object(m, &sections[S_LLM], names.v[i]))
			ret = pike_fail(m->err, PIKE_USAGE,
					"%s: there is no [llm \"%s\"]; add "
					"that section or name another",
					origin_of(m, o, "llm"), names.v[i]);
	pike_strs_release(&names);
	return ret;
}

static int check_strategy(struct maker *m, const struct object *o)
{
	const struct pike_strategy *s = object_data(m, o);

	if (s->preset)
		return 0;
	return pike_fail(m->err, PIKE_USAGE,
			 "%s: strategy '%s' does not say where it starts from; "
			 "add `preset = NAME` (`pike-git strategies` lists "
			 "them)",
			 o->first->origin, s->name);
}

/* The class that the outputs' own type stands for. */
static enum pike_precision own_precision(const struct pike_target *t)
{
	static const enum pike_precision of[PIKE_DTYPE_COUNT] = {
		[PIKE_F64] = PIKE_P_FP64,  [PIKE_F32] = PIKE_P_FP32,
		[PIKE_F16] = PIKE_P_FP16,  [PIKE_BF16] = PIKE_P_BF16,
		[PIKE_I8] = PIKE_P_EXACT,  [PIKE_U8] = PIKE_P_EXACT,
		[PIKE_I32] = PIKE_P_EXACT, [PIKE_U32] = PIKE_P_EXACT,
		[PIKE_I64] = PIKE_P_EXACT, [PIKE_BOOL] = PIKE_P_EXACT,
	};
	enum pike_precision p = PIKE_P_EXACT;

	for (size_t i = 0; i < t->nargs; i++) {
		const struct pike_arg *a = &t->args[i];

		/* Of several floating outputs the most exact one decides. */
		if ((a->dir == PIKE_OUT || a->dir == PIKE_INOUT) &&
		    of[a->dtype] < p)
			p = of[a->dtype];
	}
	return p;
}

static int set_baselines(struct maker *m, const struct object *o,
			 struct pike_target *t,
			 const struct pike_backend_rules *rules)
{
	if (t->baselines.n && !rules->baselines)
		return pike_fail(m->err, PIKE_USAGE,
				 "%s: baseline is for PyTorch models, not for "
				 "backend = %s; remove the line",
				 origin_of(m, o, "baseline"), t->backend);
	return t->baselines.n || !rules->baselines
		   ? 0
		   : pike_baselines_add(&t->baselines, rules->baselines,
					m->err);
}

static int set_compiler(struct maker *m, const struct object *o,
			struct pike_target *t,
			const struct pike_backend_rules *rules)
{
	if (rules->compiler)
		return 0;
	if (last_of(m, o, "compiler"))
		return pike_fail(m->err, PIKE_USAGE,
				 "%s: compiler is for backend = cpu, not for "
				 "%s; remove the line",
				 origin_of(m, o, "compiler"), t->backend);
	free(t->compiler);
	t->compiler = NULL;
	return 0;
}

static int check_target(struct maker *m, const struct object *o)
{
	struct pike_target *t = object_data(m, o);
	struct pike_where where = { .key = NULL };
	const struct pike_backend_rules *rules;
	int ret;

	t->origin = pike_xstrdup(o->first->origin);
	t->cflags_at = pike_xstrdup(origin_of(m, o, "cflags"));
	t->compiler_at = pike_xstrdup(origin_of(m, o, "compiler"));
	ret = pike_target_check_at(&where, t, m->err);
	if (ret) {
		pike_err_prefix(m->err, "%s", origin_of_item(m, o, &where));
		return ret;
	}
	rules = pike_backend_rules_find(t->backend);
	if (!t->ncases) {
		t->cases = pike_xcalloc(1, sizeof(*t->cases));
		pike_case_default(&t->cases[t->ncases++]);
	}
	if (!last_of(m, o, "cache"))
		t->cold = rules->cold;
	if (!last_of(m, o, "baseline-gate"))
		t->baseline_gate = rules->baselines != NULL;
	if (!last_of(m, o, "cflags") && !rules->cflags) {
		free(t->cflags);
		t->cflags = NULL;
	}
	ret = set_compiler(m, o, t, rules);
	if (!ret)
		ret = set_baselines(m, o, t, rules);
	if (ret)
		return ret;
	if (t->precision == PIKE_P_AS_REFERENCE && t->nargs)
		t->precision = own_precision(t);
	return 0;
}

static int check_all(struct maker *m)
{
	static int (*const checks[])(struct maker *, const struct object *) = {
		[S_FORGE] = check_forge,   [S_LLM] = check_llm,
		[S_AGENT] = check_agent,   [S_STRATEGY] = check_strategy,
		[S_TARGET] = check_target,
	};
	int ret = 0;

	for (size_t i = 0; !ret && i < m->n; i++) {
		size_t k = (size_t)(m->objs[i]->sec - sections);

		if (checks[k])
			ret = checks[k](m, m->objs[i]);
	}
	return ret;
}

/* ---- whose host is it ---- */

bool pike_url_is_own(const struct pike_provider *provider, const char *url)
{
	size_t len, n;
	const char *host = pike_url_host(url, &len);
	const char *own =
	    provider->url ? pike_url_host(provider->url, &n) : NULL;

	if (!host)
		return false;
	if (pike_host_is_loopback(host, len))
		return true;
	/* Without TLS anybody on the way could read the key. */
	return own && pike_starts_with(url, "https://") && len == n &&
	       !strncasecmp(own, host, n);
}

/* ---- public ---- */

int pike_settings_make(struct pike_settings **out, const struct pike_entries *e,
		       struct pike_err *err)
{
	struct maker m = { .e = e, .err = err };
	int ret = 0;

	*out = NULL;
	m.s = pike_xcalloc(1, sizeof(*m.s));
	m.rows = pike_setting_rows(&m.nrows);
	add_object(&m, &sections[S_PIKE], "");
	add_object(&m, &sections[S_BUDGET], "");
	add_object(&m, &sections[S_FORGE], "");
	for (size_t i = 0; !ret && i < e->n; i++)
		ret = apply_entry(&m, &e->v[i]);
	if (!ret)
		ret = check_all(&m);
	for (size_t i = 0; i < m.n; i++)
		free(m.objs[i]);
	free(m.objs);
	if (ret)
		pike_settings_free(m.s);
	else
		*out = m.s;
	return ret;
}

static void free_llm(struct pike_llm *l)
{
	free(l->name);
	free(l->url);
	free(l->model);
	free(l->key);
	free(l->reasoning);
	free(l->command);
	pike_strs_release(&l->hosts);
}

static void free_strategy(struct pike_strategy *s)
{
	free(s->name);
	free(s->preset);
	free(s->selector);
	free(s->prompt);
}

void pike_settings_free(struct pike_settings *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->nllms; i++)
		free_llm(&s->llms[i]);
	for (size_t i = 0; i < s->nagents; i++) {
		free(s->agents[i].name);
		free(s->agents[i].llm);
	}
	for (size_t i = 0; i < s->nstrategies; i++)
		free_strategy(&s->strategies[i]);
	for (size_t i = 0; i < s->ntargets; i++)
		pike_target_release(&s->targets[i]);
	free(s->llms);
	free(s->agents);
	free(s->strategies);
	free(s->targets);
	free(s->strategy);
	free(s->base);
	free(s->remote);
	free(s->chat);
	free(s->lane);
	free(s->python);
	free(s->forge.kind);
	free(s->forge.url);
	free(s->forge.token);
	free(s->forge.labels);
	free(s);
}

const struct pike_target *pike_settings_target(const struct pike_settings *s,
					       const char *name)
{
	for (size_t i = 0; name && i < s->ntargets; i++)
		if (!strcmp(s->targets[i].name, name))
			return &s->targets[i];
	return NULL;
}
