/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent: a box of the kind PIKE_BOX_AGENT, in which a program of the user's
 * (any coding CLI) works by itself on files that it is given.
 *
 * It starts at PIKE_DESK, which has the files: those named may change, all
 * else is read-only, by mounts. Its home is empty, its network a loopback of
 * its own. Two doors lead out, listeners that were made inside and are served
 * by this process: PIKE_DOOR_PROXY, where a proxy (pike_proxy_start) lets it
 * reach hosts by name, and PIKE_DOOR_JUDGE, which the command `pike-git try`
 * in there asks. Nothing that lies on this machine's disks is a part of it, so
 * that nothing is left of a process that was killed.
 */
#ifndef PIKE_SANDBOX_AGENT_H
#define PIKE_SANDBOX_AGENT_H

#include "sandbox/sandbox.h"

#define PIKE_DOORS "/pike"
#define PIKE_DESK PIKE_DOORS "/work"
#define PIKE_DOOR_JUDGE PIKE_DOORS "/judge"
#define PIKE_DOOR_PROXY 3128
/* Of what it prints so much is kept, half of its beginning and half of its end;
 * it ends when it has printed more than the second. */
#define PIKE_BOX_TALK_MAX (1u << 20)
#define PIKE_BOX_FLOOD (64u << 20)
/* Of one file that it may change. */
#define PIKE_LEFT_MAX (1u << 20)
/* Names of other files that it touched, at most. */
#define PIKE_TOUCHED_MAX 100

struct pike_box_agent {
	const char *prompt; /* its stdin, and a file of PIKE_DOORS */
	/* "NAME=VALUE" each, besides PATH, HOME, TMPDIR, LANG and what names
	 * the proxy; a PATH instead of that one. May hold the key. Ends with
	 * NULL. */
	const char *const *env;
	const struct pike_strs *edits; /* of `files`: those that may change */
};

/* The listeners, which do not block; the caller closes both. Waits until the
 * box has made them. PIKE_FATAL: it ended before, and pike_box_wait says why.
 */
struct pike_doors {
	int proxy, judge;
};
int pike_box_doors(struct pike_doors *out, struct pike_box *b,
		   struct pike_err *err);

/* What it leaves. */
struct pike_left {
	struct pike_files files;  /* those that may change, as they are now */
	struct pike_strs touched; /* others that it changed, made or removed */
	size_t ntouched;	  /* how many; `touched` may have fewer */
	char *broken; /* what is wrong with one that may change, or NULL */
};
/* Of a memory file that was given as `out_fd`. PIKE_FAILED: there is none. */
int pike_left_read(struct pike_left *out, int fd, struct pike_err *err);
void pike_left_release(struct pike_left *left);

/* ---- the proxy ---- */

/*
 * Takes CONNECT (RFC 9110, 9.3.6) at a listener and nothing else, in a thread
 * of its own, and connects to the hosts named only: "NAME" (port 443) or
 * "NAME:PORT", letter for letter but for their case. Names are looked up here,
 * so that a box needs no DNS; what is sent is not looked at.
 */
struct pike_proxy;
/* Takes the listener. */
int pike_proxy_start(struct pike_proxy **out, int listener,
		     const struct pike_strs *hosts, struct pike_err *err);
/* How many calls were refused, and the first of them in words (NULL: none);
 * after pike_proxy_stop. */
size_t pike_proxy_refused(const struct pike_proxy *p, const char **what);
void pike_proxy_stop(struct pike_proxy *p);
void pike_proxy_free(struct pike_proxy *p); /* NULL is legal */

/* ---- a call at the judge's door ---- */

/*
 * What the client sends, before it shuts its side: PIKE_CALL, "json\n" or
 * "text\n", and for each file its name, a newline, its length in digits, a
 * newline and its bytes. What comes back is one digit, the exit status
 * of the command (0 or 1), and what it prints.
 */
#define PIKE_CALL "pike-try 1\n"
#define PIKE_CALL_MAX (8u << 20)
/* PIKE_FAILED: it is none. Hostile: files are those of `edits`, each once. */
int pike_call_read(struct pike_files *out, bool *json,
		   const struct pike_strs *edits, const char *text, size_t len,
		   struct pike_err *err);

#endif
