/* SPDX-License-Identifier: Apache-2.0 */
/* http: see http.h. */
#include "base/http.h"

#include "base/mem.h"
#include "base/text.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define REPLY_MAX ((size_t)16 << 20)
#define CONNECT_MS 30000
#define HEADERS_MAX ((size_t)64 << 10)

struct pike_http {
	CURLM *multi;
	struct pike_fetch *calls;
	size_t running;
};

struct pike_fetch {
	struct pike_http *http; /* NULL once it has ended */
	struct pike_fetch *next;
	CURL *easy;
	struct curl_slist *headers;
	struct pike_buf body;
	struct pike_buf head;  /* header lines of the reply, as they came */
	struct pike_buf asked; /* value of the header last asked for */
	char *sent, *method, *host;
	char why[CURL_ERROR_SIZE];
	CURLcode code;
	bool ended;
};

static int global(struct pike_err *err)
{
	static bool done;

	if (!done && curl_global_init(CURL_GLOBAL_DEFAULT))
		return pike_fail(err, PIKE_FATAL, "libcurl does not start");
	done = true;
	return 0;
}

int pike_http_open(struct pike_http **out, struct pike_err *err)
{
	struct pike_http *h;
	int ret = global(err);

	*out = NULL;
	if (ret)
		return ret;
	h = pike_xcalloc(1, sizeof(*h));
	h->multi = curl_multi_init();
	if (!h->multi) {
		free(h);
		return pike_fail(err, PIKE_FATAL, "libcurl does not start");
	}
	*out = h;
	return 0;
}

static void detach(struct pike_fetch *c)
{
	struct pike_fetch **at;

	if (!c->http)
		return;
	for (at = &c->http->calls; *at != c; at = &(*at)->next)
		;
	*at = c->next;
	curl_multi_remove_handle(c->http->multi, c->easy);
	c->http->running--;
	c->http = NULL;
}

static void end(struct pike_fetch *c, CURLcode code)
{
	c->code = code;
	c->ended = true;
	detach(c);
}

void pike_http_close(struct pike_http *h)
{
	if (!h)
		return;
	while (h->calls)
		end(h->calls, CURLE_ABORTED_BY_CALLBACK);
	curl_multi_cleanup(h->multi);
	free(h);
}

/* ---- one request ---- */

static size_t take_body(char *data, size_t size, size_t n, void *ctx)
{
	struct pike_fetch *c = ctx;

	return pike_buf_add(&c->body, data, size * n) ? 0 : size * n;
}

/* What came before is not of this reply: a `100 Continue`, or what a proxy
 * said. */
static size_t take_header(char *data, size_t size, size_t n, void *ctx)
{
	struct pike_fetch *c = ctx;

	if (n >= 5 && !memcmp(data, "HTTP/", 5))
		pike_buf_reset(&c->head);
	return pike_buf_add(&c->head, data, size * n) ? 0 : size * n;
}

/* The program `curl` reads these, its library does not. */
static void set_authorities(CURL *easy)
{
	const char *file = getenv("CURL_CA_BUNDLE");
	const char *dir = getenv("SSL_CERT_DIR");

	if (!file || !*file)
		file = getenv("SSL_CERT_FILE");
	if (file && *file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, file);
	if (dir && *dir)
		curl_easy_setopt(easy, CURLOPT_CAPATH, dir);
}

static void set_limits(struct pike_fetch *c, const struct pike_http_request *r)
{
	CURL *e = c->easy;

	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)r->timeout_ms);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS,
			 r->connect_ms ? (long)r->connect_ms
				       : (long)CONNECT_MS);
	/* A proxy or a firewall must not forget a request that takes minutes
	 * to answer. */
	curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
	/* On a connection that was used before, libcurl itself sends a request
	 * again that got no answer, up to five times. */
	if (strcmp(r->method, "GET") != 0) {
		curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
		curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
	}
	curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(e, CURLOPT_USERAGENT, "pike-git");
	curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "");
	set_authorities(e);
}

static void set_request(struct pike_fetch *c, const struct pike_http_request *r)
{
	CURL *e = c->easy;

	for (size_t i = 0; r->headers && i < r->headers->n; i++)
		c->headers = curl_slist_append(c->headers, r->headers->v[i]);
	/* Some servers never answer the question whether to go on. */
	c->headers = curl_slist_append(c->headers, "Expect:");
	curl_easy_setopt(e, CURLOPT_URL, r->url);
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, c->headers);
	if (r->body) {
		c->sent = pike_xmemdup(r->body, r->len);
		curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)r->len);
		curl_easy_setopt(e, CURLOPT_POSTFIELDS, c->sent);
	}
	curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, c->method);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, c);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, c->why);
	curl_easy_setopt(e, CURLOPT_PRIVATE, c);
}

/* For messages: neither a path nor a query of it need be told. */
static char *host_of(const char *url)
{
	const char *p = strstr(url, "://");

	p = p ? p + 3 : url;
	return pike_xstrndup(p, strcspn(p, "/?#"));
}

int pike_http_start(struct pike_fetch **out, struct pike_http *h,
		    const struct pike_http_request *r, struct pike_err *err)
{
	struct pike_fetch *c;

	*out = NULL;
	if (!pike_starts_with(r->url, "http://") &&
	    !pike_starts_with(r->url, "https://"))
		return pike_fail(err, PIKE_FATAL,
				 "'%s' is neither http nor https", r->url);
	c = pike_xcalloc(1, sizeof(*c));
	c->easy = curl_easy_init();
	c->method = pike_xstrdup(r->method);
	c->host = host_of(r->url);
	pike_buf_init(&c->body, r->reply_max ? r->reply_max : REPLY_MAX);
	pike_buf_init(&c->head, HEADERS_MAX);
	pike_buf_init(&c->asked, HEADERS_MAX);
	if (c->easy) {
		set_limits(c, r);
		set_request(c, r);
	}
	if (!c->easy || curl_multi_add_handle(h->multi, c->easy)) {
		pike_fetch_free(c);
		return pike_fail(err, PIKE_FATAL,
				 "cannot begin another request");
	}
	c->http = h;
	c->next = h->calls;
	h->calls = c;
	h->running++;
	*out = c;
	return 0;
}

/* ---- all of them ---- */

static bool collect(struct pike_http *h)
{
	bool any = false;
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(h->multi, &left))) {
		struct pike_fetch *c = NULL;
		CURLcode code = m->data.result;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &c);
		end(c, code);
		any = true;
	}
	return any;
}

void pike_http_run(struct pike_http *h, int wait_ms)
{
	int busy = 0;

	curl_multi_perform(h->multi, &busy);
	if (collect(h) || !busy || wait_ms <= 0)
		return;
	curl_multi_poll(h->multi, NULL, 0, wait_ms, NULL);
	curl_multi_perform(h->multi, &busy);
	collect(h);
}

void pike_http_wake(struct pike_http *h)
{
	curl_multi_wakeup(h->multi);
}

size_t pike_http_running(const struct pike_http *h)
{
	return h->running;
}

bool pike_fetch_ended(const struct pike_fetch *c)
{
	return c->ended;
}

/* ---- what came of it ---- */

/* Those that asking again does not change; all others may. */
static const struct {
	CURLcode code;
	const char *means;
} hopeless[] = {
	{ CURLE_URL_MALFORMAT, "is not a URL" },
	{ CURLE_PEER_FAILED_VERIFICATION,
	  "shows a certificate that is not trusted here; a private authority "
	  "is named by CURL_CA_BUNDLE" },
	{ CURLE_SSL_CACERT_BADFILE,
	  "cannot be trusted: the file of authorities cannot be read" },
	{ CURLE_COULDNT_RESOLVE_PROXY, "is behind a proxy whose name does not "
				       "exist; check https_proxy" },
	{ CURLE_COULDNT_RESOLVE_HOST, "is not known by this name" },
};

int pike_fetch_result(const struct pike_fetch *c, struct pike_err *err)
{
	if (!c->ended)
		return pike_fail(err, PIKE_RETRY, "'%s' has not answered yet",
				 c->host);
	if (!c->code)
		return 0;
	if (c->body.full)
		return pike_fail(err, PIKE_FAILED,
				 "'%s' sends more than %zu bytes", c->host,
				 c->body.max);
	if (c->head.full)
		return pike_fail(err, PIKE_FAILED,
				 "'%s' sends more than %zu bytes of headers",
				 c->host, c->head.max);
	for (size_t i = 0; i < PIKE_ARRAY_LEN(hopeless); i++)
		if (hopeless[i].code == c->code)
			return pike_fail(err, PIKE_FATAL, "'%s' %s", c->host,
					 hopeless[i].means);
	return pike_fail(err, PIKE_RETRY, "'%s': %s", c->host,
			 *c->why ? c->why : curl_easy_strerror(c->code));
}

int pike_fetch_status(const struct pike_fetch *c)
{
	long status = 0;

	curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

const struct pike_buf *pike_fetch_body(const struct pike_fetch *c)
{
	return &c->body;
}

int64_t pike_fetch_retry_after(const struct pike_fetch *c)
{
	curl_off_t s = 0;

	curl_easy_getinfo(c->easy, CURLINFO_RETRY_AFTER, &s);
	return s > 0 && s < 86400 ? s * 1000 : -1;
}

const char *pike_fetch_header(struct pike_fetch *c, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = c->head.s; *p;) {
		size_t n = strcspn(p, "\r\n");
		const char *v = p + len + 1, *end = p + n;

		if (n > len && p[len] == ':' && !strncasecmp(p, name, len)) {
			while (v < end && (*v == ' ' || *v == '\t'))
				v++;
			while (end > v && (end[-1] == ' ' || end[-1] == '\t'))
				end--;
			pike_buf_reset(&c->asked);
			pike_buf_add(&c->asked, v, (size_t)(end - v));
			return c->asked.s;
		}
		p += n + strspn(p + n, "\r\n");
	}
	return NULL;
}

double pike_fetch_secs(const struct pike_fetch *c)
{
	double s = 0;

	curl_easy_getinfo(c->easy, CURLINFO_TOTAL_TIME, &s);
	return s;
}

void pike_fetch_free(struct pike_fetch *c)
{
	if (!c)
		return;
	detach(c);
	curl_easy_cleanup(c->easy);
	curl_slist_free_all(c->headers);
	pike_buf_release(&c->body);
	pike_buf_release(&c->head);
	pike_buf_release(&c->asked);
	free(c->sent);
	free(c->method);
	free(c->host);
	free(c);
}
