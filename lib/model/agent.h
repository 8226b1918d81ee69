/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent: who makes a candidate, or the ideas for some. A row says by name what
 * the rest of the program wants to know of an agent; the trailer Pike-Agent
 * and the sections [agent "NAME"] name it.
 */
#ifndef PIKE_MODEL_AGENT_H
#define PIKE_MODEL_AGENT_H

#include <stdbool.h>
#include <stddef.h>

struct pike_agent {
	const char *name;  /* and of its prompt's template, if it asks */
	bool asks;	   /* a model: its commits are paid exchanges */
	bool query;	   /* counts against a budget of queries */
	bool ideas;	   /* a reply is a list of ideas, no candidate */
	bool sample;	   /* makes the samples of rounds and islands */
	bool mends;	   /* its parent is the failed candidate */
	bool sets_numbers; /* changes values of tunables, nothing else */
};
extern const struct pike_agent pike_agent_brainstorm, pike_agent_optimize,
    pike_agent_fix, pike_agent_tune, pike_agent_human;
/* Whom this version does not know: what it made is measured like a person's.
 * Not among the rows below. */
extern const struct pike_agent pike_agent_unknown;

/* The i-th row; NULL past the last. */
const struct pike_agent *pike_agent_at(size_t i);
/* Never NULL. */
const struct pike_agent *pike_agent_find(const char *name);

#endif
