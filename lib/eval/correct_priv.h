/* SPDX-License-Identifier: Apache-2.0 */
/* correct: is a candidate right on inputs that are not timed? */
#ifndef PIKE_EVAL_CORRECT_PRIV_H
#define PIKE_EVAL_CORRECT_PRIV_H

#include "eval/process_priv.h"

/* Which classes of precision the outputs of a candidate keep, and what rules
 * that others have published would say of them, on the target's own inputs. */
struct pike_classes {
	const struct pike_case *at; /* the last: once a case */
	bool looked;		    /* at an output that is a float */
	unsigned lost;		    /* bits: 1 << enum pike_precision */
	unsigned not_by;	    /* bits: a row of the rules of classes.c */
};
struct pike_runner;
/* After a right sample: at all outputs of a set. */
int pike_classes_look(struct pike_classes *c, struct pike_runner *r, size_t set,
		      struct pike_err *err);
/* `classes`, a list of names, and `rules`, a name to true or false. */
void pike_classes_tell(struct pike_json *to, const struct pike_classes *c);

struct pike_correct {
	struct pike_judge *j;
	struct pike_build *cand;
	const uint8_t *secret;
	struct pike_json *unchecked; /* array: what could not be checked */
	struct pike_classes *classes;
	bool hidden; /* the case that is looked at */
};
/* Own and stress distributions on a measured case, own ones on a hidden one.
 * 0, 1 when the candidate is at fault, or an error. */
int pike_correct_case(struct pike_correct *k, const struct pike_case *c,
		      bool hidden, struct pike_fault *f, struct pike_err *err);

#endif
