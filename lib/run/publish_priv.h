/* SPDX-License-Identifier: Apache-2.0 */
/* publish_priv: what is claimed of a champion, and the text that claims it. */
#ifndef PIKE_RUN_PUBLISH_PRIV_H
#define PIKE_RUN_PUBLISH_PRIV_H

#include "git/offer.h"
#include "llm/llm.h"
#include "model/result.h"
#include "model/settings.h"

/* The newest confirmation of the champion by one runner. */
struct pike_vote {
	const struct pike_result *res;
	bool counts;  /* faster by the threshold, and vouched for if asked */
	bool vouched; /* its notes commit is signed by a known runner */
};
/* All that is known of a champion. */
struct pike_claim {
	struct pike_result *lines, *base_lines;
	size_t nlines, nbase_lines;
	struct pike_vote *votes;
	size_t nvotes, counted;
	bool known; /* .pike/runners says whose signature counts */
	/* Of those that count the one with the lowest interval; NULL: none. */
	const struct pike_result *res;
	/* What the whole model takes, measured last; NULL: nobody knows. */
	const struct pike_result *model;
};
int pike_claim_read(struct pike_claim *out, struct pike_repo *repo,
		    const struct pike_settings *s, const struct pike_history *h,
		    const struct pike_oid *base, struct pike_err *err);
void pike_claim_release(struct pike_claim *c);
/* Why it is not offered yet, with what to do; "" : it may be. */
void pike_claim_missing(struct pike_buf *b, const struct pike_claim *c,
			const struct pike_settings *s,
			const struct pike_history *h,
			const struct pike_target *t);

/* What the texts are made of. */
struct pike_pitch {
	const struct pike_target *target;
	const struct pike_settings *settings;
	const struct pike_history *history;
	const struct pike_claim *claim;
	struct pike_diffstat stat;
	const char *marker; /* first line of the body */
};
char *pike_pitch_title(const struct pike_pitch *p);
char *pike_pitch_commit(const struct pike_pitch *p);
/* By the template merge-request.md. Caller frees `*out`. */
int pike_pitch_body(char **out, const struct pike_pitch *p,
		    struct pike_err *err);

#endif
