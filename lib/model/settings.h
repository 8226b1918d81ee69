/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings: every key of .pike/config as a row of one table; parsing,
 * validation, `pike-git config`, the manual and completion read the rows.
 * Plain data: where the entries come from is lib/git's business.
 */
#ifndef PIKE_MODEL_SETTINGS_H
#define PIKE_MODEL_SETTINGS_H

#include "base/buf.h"
#include "base/err.h"
#include "model/agent.h"
#include "model/provider.h"
#include "model/target.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One `key = value` as read, lowest precedence first. */
struct pike_entry {
	char *section, *sub, *key; /* sub "" where there is none */
	char *value;		   /* NULL: `key` alone, without '=' */
	char *origin; /* "file:line", "git config", "--threshold" */
	bool trusted; /* not from the tracked file */
};
struct pike_entries {
	struct pike_entry *v;
	size_t n, cap;
};
/* `section` is "pike", or with a name "target.softmax". */
void pike_entries_add(struct pike_entries *e, const char *section,
		      const char *key, const char *value, const char *origin,
		      bool trusted);
void pike_entries_release(struct pike_entries *e);

struct pike_budget { /* 0: no limit */
	int64_t queries, minutes, candidates;
	double usd;
};

struct pike_forge_own { /* NULL: guessed */
	char *kind, *url, *token, *labels;
	int64_t max_open;
	bool auto_merge, publish;
};

struct pike_llm {
	char *name;
	const struct pike_provider *provider;
	char *url, *model, *key, *reasoning, *command;
	char *record; /* file with exchanges, for `replay` */
	double temperature, price_in, price_out;
	double top_p; /* 0: not sent */
	int64_t max_tokens, timeout;
	struct pike_strs hosts; /* of `cli`: what it may reach */
	int64_t tries;		/* of `cli`: how often it may ask the judge */
};
struct pike_agent_own { /* what a section says of an agent */
	char *name, *llm;
	int64_t attempts;
};
/* Numbers are -1 and texts NULL where the preset's own value holds. */
struct pike_strategy {
	char *name, *preset, *selector, *prompt;
	int64_t samples, parents, islands, population, archive;
	int64_t migration_interval, parallel, fix_attempts, ideas, history;
	int64_t elitism, profile, lessons; /* 0, 1, or -1 */
	double explore, exploit, migration_rate;
};

struct pike_settings {
	double threshold;
	char *strategy, *base, *remote, *chat, *lane, *python;
	int64_t confirmations, generation_size, seed;
	int64_t plateau; /* generations without a gain; 0: no matter */
	int64_t lessons, lessons_file; /* tokens of a prompt; 0: none */
	bool sync, fsync;
	struct pike_budget budget;
	struct pike_forge_own forge;
	struct pike_llm *llms;
	struct pike_agent_own *agents;
	struct pike_strategy *strategies;
	struct pike_target *targets;
	size_t nllms, nagents, nstrategies, ntargets;
};

/* Applies the entries over the defaults and checks the whole. The first error
 * is "FILE:LINE: what is wrong; what to do" (PIKE_USAGE). */
int pike_settings_make(struct pike_settings **out, const struct pike_entries *e,
		       struct pike_err *err);
void pike_settings_free(struct pike_settings *s);
const struct pike_target *pike_settings_target(const struct pike_settings *s,
					       const char *name);

/* The rows, for `config`, the manual and completion. */
struct pike_setting_row {
	const char *section; /* "pike", "budget", "llm", ... */
	const char *key;
	const char *type; /* "integer", "number", "bool", "text", "list" */
	const char *def;  /* default as text, "" where there is none */
	const char *help; /* one line */
	/* The rest drives the parsing and is lib/model's own. */
	int (*set)(void *obj, const struct pike_setting_row *row,
		   const char *value, struct pike_err *err);
	size_t offset;	     /* of the field in the section's struct */
	double min, max;     /* numbers */
	const char *choices; /* words, separated by spaces; NULL: any */
	/* Instead of `choices`: the i-th name of a table's rows, NULL past the
	 * last. */
	const char *(*name_at)(size_t i);
	bool runs;   /* names a program: trusted entries only */
	bool unread; /* changes nothing yet; ci/gates/settings sees to that */
};
const struct pike_setting_row *pike_setting_rows(size_t *n);

#endif
