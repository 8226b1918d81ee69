/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stamp: says of a result what it is of, by whom and when. The one place that
 * does: the judge adds what only it knows (pike_judge_identify) and measures.
 */
#include "run/run_priv.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"

#include <stdlib.h>

const char *pike_runner(void)
{
	const char *name = getenv("PIKE_RUNNER");

	return name && pike_is_name(name) ? name : "local";
}

static void set_text(char **s, const char *text)
{
	free(*s);
	*s = pike_xstrdup(text);
}

void pike_result_stamp(struct pike_result *res, const struct pike_stamp *s)
{
	unsigned char raw[12];
	char id[25];

	pike_random_bytes(raw, sizeof(raw));
	pike_hex(id, raw, sizeof(raw));
	set_text(&res->id, id);
	set_text(&res->by, pike_runner());
	set_text(&res->target, s->target->name);
	set_text(&res->lane, s->lane);
	set_text(&res->precision, pike_precision_name(s->target->precision));
	if (s->source)
		set_text(&res->source, s->source->hex);
	res->base = *s->base;
	res->champion = *s->champion;
	res->commit = *s->commit;
	res->stage = s->stage;
	res->ts = pike_unix_time();
}

struct pike_stamp pike_run_stamp(const struct pike_run *run,
				 const struct pike_record *r,
				 enum pike_stage stage)
{
	return (struct pike_stamp){
		.target = run->target,
		.lane = run->lane,
		.base = &run->history->base,
		.champion = &run->history->champion,
		.commit = &r->id,
		.source = pike_oid_set(&r->source) ? &r->source : NULL,
		.stage = stage,
	};
}
