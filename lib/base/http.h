/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http: the only door to libcurl. Many requests at once in one thread, bounded
 * in size and time, each an object of its own that may be dropped at any time.
 *
 * http and https only, no redirects (a key would follow them). Names and
 * values of headers are bounded as bodies are. Proxies and
 * private authorities as users of curl expect: http_proxy, https_proxy,
 * no_proxy, CURL_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR. Nothing is printed.
 */
#ifndef PIKE_BASE_HTTP_H
#define PIKE_BASE_HTTP_H

#include "buf.h"
#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pike_http; /* what runs them */
int pike_http_open(struct pike_http **out, struct pike_err *err);
/* Ends those that still run; their objects stay to be freed. */
void pike_http_close(struct pike_http *h);

struct pike_http_request {
	const char *method; /* "GET", "POST", ... */
	const char *url;
	const struct pike_strs *headers; /* "Name: value"; NULL: none */
	const void *body;		 /* copied; NULL: none */
	size_t len;
	int64_t timeout_ms; /* for all of it; 0: none */
	int64_t connect_ms; /* 0: 30 s */
	size_t reply_max;   /* bytes of the body; 0: 16 MiB */
};

struct pike_fetch;
/* Does not wait. PIKE_FATAL: neither http nor https. */
int pike_http_start(struct pike_fetch **out, struct pike_http *h,
		    const struct pike_http_request *r, struct pike_err *err);
/* Lets all of them go on for at most wait_ms (0: as far as they can without
 * waiting); returns at once when one has ended. */
void pike_http_run(struct pike_http *h, int wait_ms);
/* Ends such a wait; from any thread. */
void pike_http_wake(struct pike_http *h);
size_t pike_http_running(const struct pike_http *h);
bool pike_fetch_ended(const struct pike_fetch *c);
/* 0: the server has answered, with whatever status. PIKE_RETRY: it could not
 * be reached, did not answer in time, broke off; PIKE_FAILED: more than
 * `reply_max`, or 64 KiB of headers; PIKE_FATAL: no request to there will ever
 * do (a name that does not exist, a certificate that is not trusted, a URL that
 * is none). */
int pike_fetch_result(const struct pike_fetch *c, struct pike_err *err);
int pike_fetch_status(const struct pike_fetch *c); /* 0: none came */
const struct pike_buf *pike_fetch_body(const struct pike_fetch *c);
/* What Retry-After says, in milliseconds; -1: nothing. */
int64_t pike_fetch_retry_after(const struct pike_fetch *c);
/* The value of the first header of this name, in whatever case, without blanks
 * around it; NULL: there is none. Lives until the next call. */
const char *pike_fetch_header(struct pike_fetch *c, const char *name);
/* Seconds from start to end. */
double pike_fetch_secs(const struct pike_fetch *c);
void pike_fetch_free(struct pike_fetch *c); /* ends it where it still runs */

#endif
