/* SPDX-License-Identifier: Apache-2.0 */
/* text: small checks and conversions of strings. */
#ifndef PIKE_BASE_TEXT_H
#define PIKE_BASE_TEXT_H

#include "buf.h"

#include <stdbool.h>
#include <stdint.h>

/* TARGET, LANE, JOB and run names: [a-z0-9][a-z0-9_-]{0,63} */
bool pike_is_name(const char *s);
/* "NVIDIA H200" -> "nvidia-h200": a valid name made of any text. */
void pike_slug(char out[65], const char *s);
bool pike_parse_i64(const char *s, int64_t *out); /* whole string, decimal */
bool pike_parse_f64(const char *s, double *out);  /* whole string, finite */
/* "api.example.org", "127.0.0.1:8080": a host's name or IPv4 address, and
 * perhaps a port. */
bool pike_is_host_port(const char *s);
bool pike_utf8_valid(const char *s, size_t len);
/* How much of s is no more than `max` bytes: up to its last whole line there,
 * or, where that would be less than half, its last whole character. */
size_t pike_cut_text(const char *s, size_t len, size_t max);
/* Appends s with control bytes (but \n and \t) and invalid UTF-8 as '?', for
 * text of a candidate, a compiler or a model that reaches a terminal, a log
 * or a record. Stops quietly at `b->max`. */
void pike_sanitize(struct pike_buf *b, const char *s, size_t len);
/* The same as one line of at most `max` bytes; the caller frees it. */
char *pike_clean_line(const char *s, size_t len, size_t max);
/* Where the host of an http or https URL begins, and how long it is, without
 * its port; NULL: it is no such URL, or names a user. */
const char *pike_url_host(const char *url, size_t *len);
/* "localhost", [::1], or 127.x.y.z in four numbers: other spellings of it are
 * taken for foreign. */
bool pike_host_is_loopback(const char *host, size_t len);
/* Writes "..." over the user name and the password of every URL in `s`. */
void pike_redact_urls(char *s);
bool pike_starts_with(const char *s, const char *prefix);
bool pike_ends_with(const char *s, const char *suffix);
/* "1h 02m", "3m 20s", "4.1s", "820ms", "13.2us": for people. */
const char *pike_human_ns(char out[32], double ns);

/* The word of `words` that `s` was most likely meant to be, or NULL. */
const char *pike_nearest(const char *s, const char *const *words, size_t n);

#endif
