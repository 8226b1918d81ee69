/* SPDX-License-Identifier: Apache-2.0 */
/* github: GitHub and GitHub Enterprise Server. */
#include "forge/forge_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	MERGE_TRIES = 5
};

static void api(struct pike_buf *out, const char *server)
{
	size_t len = 0;
	const char *host = pike_url_host(server, &len);

	if (host && len == 10 && !memcmp(host, "github.com", 10))
		pike_buf_adds(out, "https://api.github.com");
	else
		pike_buf_addf(out, "%s/api/v3", server);
}

/* The second type is for a proxy that knows no vendor's. */
static void headers(struct pike_strs *out, const struct pike_forge *f)
{
	pike_strs_pushf(out, "Authorization: Bearer %s", f->token);
	pike_strs_push(out, "Accept: application/vnd.github+json, "
			    "application/json;q=0.9");
	pike_strs_push(out, "X-GitHub-Api-Version: 2022-11-28");
}

static const char *why(const char *message)
{
	if (strstr(message, "not permitted to create or approve"))
		return "allow it under Settings, Actions, General, \"Allow "
		       "GitHub Actions to create and approve pull requests\"";
	if (strstr(message, "Resource not accessible by integration"))
		return "add the right to the job's `permissions:`";
	if (strstr(message, "Resource not accessible by personal access"))
		return "edit the token's permissions";
	return NULL;
}

/* ---- requests ---- */

static void read_one(struct pike_request *q, const struct pike_json *j)
{
	const struct pike_json *head = pike_json_get(j, "head");
	const struct pike_json *labels = pike_json_get(j, "labels");
	bool merged = pike_json_bool(j, "merged", false) ||
		      pike_json_str(j, "merged_at", NULL);

	q->number = pike_json_i64(j, "number", 0);
	q->url = pike_xstrdup(pike_json_str(j, "html_url", ""));
	q->title = pike_xstrdup(pike_json_str(j, "title", ""));
	q->body = pike_xstrdup(pike_json_str(j, "body", ""));
	q->source = pike_xstrdup(pike_json_str(head, "ref", ""));
	q->sha = pike_xstrdup(pike_json_str(head, "sha", ""));
	q->target =
	    pike_xstrdup(pike_json_str(pike_json_get(j, "base"), "ref", ""));
	q->node = pike_xstrdup(pike_json_str(j, "node_id", NULL));
	for (size_t i = 0; i < pike_json_len(labels) && i < 100; i++)
		pike_strs_push(
		    &q->labels,
		    pike_json_str(pike_json_at(labels, i), "name", ""));
	q->state = !strcmp(pike_json_str(j, "state", ""), "open")
		       ? PIKE_REQUEST_OPEN
		   : merged ? PIKE_REQUEST_MERGED
			    : PIKE_REQUEST_CLOSED;
}

struct listing {
	struct pike_requests *out;
	const struct pike_query *q;
};

static int64_t repo_of(const struct pike_json *j, const char *end)
{
	return pike_json_i64(pike_json_get(pike_json_get(j, end), "repo"), "id",
			     0);
}

/* A branch of that name in somebody's fork is not ours; a fork that is gone
 * has no number. */
static int take(void *ctx, const struct pike_json *j, struct pike_err *err)
{
	const struct listing *l = ctx;
	struct pike_request q = { 0 };

	(void)err;
	read_one(&q, j);
	if (pike_query_takes(l->q, &q) && q.number > 0 && repo_of(j, "head") &&
	    repo_of(j, "head") == repo_of(j, "base"))
		*pike_requests_add(l->out) = q;
	else
		pike_request_release(&q);
	return 0;
}

static int list(struct pike_requests *out, struct pike_forge *f,
		const struct pike_query *q, struct pike_err *err)
{
	struct listing l = { out, q };
	struct pike_buf path;
	int ret;

	pike_buf_init(&path, 8192);
	pike_buf_addf(&path, "/repos/%s/pulls?state=%s&per_page=100", f->place,
		      q->closed ? "closed" : "open");
	/* Without the owner GitHub ignores the filter. */
	if (q->source) {
		pike_buf_addf(&path, "&head=%s%%3A", f->owner);
		pike_url_encode(&path, q->source);
	}
	if (q->target) {
		pike_buf_adds(&path, "&base=");
		pike_url_encode(&path, q->target);
	}
	ret = pike_forge_each(f, PIKE_NEED_READ, path.s, take, &l, err);
	pike_buf_release(&path);
	return ret;
}

/* 422 is said of a request that is there, and of much else. */
static int not_created(struct pike_forge *f, const struct pike_forge_reply *a,
		       const struct pike_wanted *w, struct pike_err *err)
{
	if (strstr(a->message, "already exists"))
		return 1;
	if (strstr(a->message, "No commits between"))
		return pike_fail(err, PIKE_FAILED,
				 "GitHub sees no commit of '%s' that '%s' "
				 "lacks: nothing to merge",
				 w->source, w->target);
	return pike_forge_refused(f, PIKE_NEED_REQUESTS, a, err);
}

static int create(struct pike_request *out, struct pike_forge *f,
		  const struct pike_wanted *w, struct pike_err *err)
{
	struct pike_json *body = pike_json_object();
	char *path = pike_xasprintf("/repos/%s/pulls", f->place);
	const struct pike_forge_question q = { .need = PIKE_NEED_REQUESTS,
					       .method = "POST",
					       .path = path,
					       .body = body,
					       .once = true,
					       .takes = { 422 } };
	struct pike_forge_reply a;
	int ret;

	pike_json_set_str(body, "title", w->title);
	pike_json_set_str(body, "head", w->source);
	pike_json_set_str(body, "base", w->target);
	pike_json_set_str(body, "body", w->body);
	pike_json_set_bool(body, "maintainer_can_modify", true);
	ret = pike_forge_ask(&a, f, &q, err);
	if (!ret && a.status == 422)
		ret = not_created(f, &a, w, err);
	else if (!ret)
		read_one(out, a.json);
	pike_forge_reply_release(&a);
	pike_json_free(body);
	free(path);
	return ret;
}

static int update(struct pike_forge *f, int64_t number, const char *title,
		  const char *text, bool close, struct pike_err *err)
{
	const struct pike_forge_question q = { .need = PIKE_NEED_REQUESTS,
					       .method = "PATCH" };
	struct pike_json *body = pike_json_object();

	if (title)
		pike_json_set_str(body, "title", title);
	if (text)
		pike_json_set_str(body, "body", text);
	if (close)
		pike_json_set_str(body, "state", "closed");
	return pike_forge_tell(
	    f, q,
	    pike_xasprintf("/repos/%s/pulls/%lld", f->place, (long long)number),
	    body, err);
}

/* Those that the repository has not are made on the way. */
static int label(struct pike_forge *f, int64_t number,
		 const struct pike_strs *labels, struct pike_err *err)
{
	const struct pike_forge_question q = { .need = PIKE_NEED_LABELS,
					       .method = "POST" };
	struct pike_json *body = pike_json_object(), *l = pike_json_array();

	for (size_t i = 0; i < labels->n; i++)
		pike_json_push_str(l, labels->v[i]);
	pike_json_set(body, "labels", l);
	return pike_forge_tell(f, q,
			       pike_xasprintf("/repos/%s/issues/%lld/labels",
					      f->place, (long long)number),
			       body, err);
}

/* ---- comments ---- */

static int take_comment(void *ctx, const struct pike_json *j,
			struct pike_err *err)
{
	const struct pike_json *user = pike_json_get(j, "user");

	(void)err;
	pike_comments_add(
	    ctx, pike_json_i64(j, "id", 0), pike_json_i64(user, "id", 0),
	    pike_json_str(user, "login", ""), pike_json_str(j, "body", ""));
	return 0;
}

static int comments(struct pike_comments *out, struct pike_forge *f,
		    int64_t number, struct pike_err *err)
{
	char *path = pike_xasprintf("/repos/%s/issues/%lld/comments"
				    "?per_page=100",
				    f->place, (long long)number);
	int ret =
	    pike_forge_each(f, PIKE_NEED_READ, path, take_comment, out, err);

	free(path);
	return ret;
}

static int comment(struct pike_forge *f, int64_t number, int64_t id,
		   const char *text, struct pike_err *err)
{
	const struct pike_forge_question q = { .need = PIKE_NEED_COMMENTS,
					       .method = id ? "PATCH" : "POST",
					       .once = !id,
					       .takes = { id ? 403 : 0,
							  id ? 404 : 0 } };
	struct pike_json *body = pike_json_object();
	char *path = id ? pike_xasprintf("/repos/%s/issues/comments/%lld",
					 f->place, (long long)id)
			: pike_xasprintf("/repos/%s/issues/%lld/comments",
					 f->place, (long long)number);

	pike_json_set_str(body, "body", text);
	return pike_forge_tell(f, q, path, body, err);
}

static int may_write(bool *out, struct pike_forge *f,
		     const struct pike_comment *by, struct pike_err *err)
{
	struct pike_buf path;
	struct pike_forge_question q = { .need = PIKE_NEED_MEMBERS,
					 .method = "GET",
					 .takes = { 404 } };
	struct pike_forge_reply a;
	const char *p;
	int ret;

	pike_buf_init(&path, 4096);
	pike_buf_addf(&path, "/repos/%s/collaborators/", f->place);
	pike_url_encode(&path, by->author);
	pike_buf_adds(&path, "/permission");
	q.path = path.s;
	ret = pike_forge_ask(&a, f, &q, err);
	p = pike_json_str(a.json, "permission", "none");
	*out = !ret && a.status == 200 &&
	       (!strcmp(p, "admin") || !strcmp(p, "write"));
	pike_forge_reply_release(&a);
	pike_buf_release(&path);
	return ret;
}

/* ---- status, branch, merge ---- */

static int succeed(struct pike_forge *f, const char *sha, const char *name,
		   const char *text, struct pike_err *err)
{
	const struct pike_forge_question q = { .need = PIKE_NEED_STATUSES,
					       .method = "POST" };
	struct pike_json *body = pike_json_object();

	pike_json_set_str(body, "state", "success");
	pike_json_set_str(body, "context", name);
	pike_json_set_str(body, "description", text);
	return pike_forge_tell(
	    f, q, pike_xasprintf("/repos/%s/statuses/%s", f->place, sha), body,
	    err);
}

/* The slashes of its name stay as they are. */
static int drop_branch(struct pike_forge *f, const char *branch,
		       struct pike_err *err)
{
	const struct pike_forge_question q = { .need = PIKE_NEED_BRANCHES,
					       .method = "DELETE",
					       .takes = { 404, 422 } };
	int ret = pike_forge_tell(
	    f, q,
	    pike_xasprintf("/repos/%s/git/refs/heads/%s", f->place, branch),
	    NULL, err);

	return ret < 0 ? ret : 0;
}

/* 405 also while GitHub still finds out whether it can be merged. */
static int merge_now(enum pike_merge *out, char why_not[300],
		     struct pike_forge *f, const struct pike_request *r,
		     const char *sha, struct pike_err *err)
{
	struct pike_json *body = pike_json_object();
	char *path = pike_xasprintf("/repos/%s/pulls/%lld/merge", f->place,
				    (long long)r->number);
	const struct pike_forge_question q = { .need = PIKE_NEED_MERGE,
					       .method = "PUT",
					       .path = path,
					       .body = body,
					       .takes = { 405, 409, 422 } };
	struct pike_forge_reply a = { 0 };
	int ret = 0;

	pike_json_set_str(body, "sha", sha);
	for (int i = 0; !ret && i < MERGE_TRIES; i++) {
		if (i)
			ret = pike_forge_pause(f, i, err);
		pike_forge_reply_release(&a);
		if (!ret)
			ret = pike_forge_ask(&a, f, &q, err);
		if (!ret && a.status != 405)
			break;
	}
	*out = a.status == 200 ? PIKE_MERGE_DONE : PIKE_MERGE_NOT;
	if (!ret && a.status != 200)
		snprintf(why_not, 300, "%.280s (%d)",
			 *a.message ? a.message : "it cannot be merged",
			 a.status);
	pike_forge_reply_release(&a);
	pike_json_free(body);
	free(path);
	return ret;
}

/* It is told apart from the API: api.github.com/graphql, HOST/api/graphql. */
static char *graphql_path(const struct pike_forge *f)
{
	return pike_xstrdup(pike_ends_with(f->url, "/v3") ? "/../graphql"
							  : "/graphql");
}

static int enable(struct pike_forge_reply *a, struct pike_forge *f,
		  const struct pike_request *r, const char *sha,
		  struct pike_err *err)
{
	struct pike_json *body = pike_json_object(), *v = pike_json_object();
	char *path = graphql_path(f);
	const struct pike_forge_question q = { .need = PIKE_NEED_MERGE,
					       .method = "POST",
					       .path = path,
					       .body = body };
	int ret;

	pike_json_set_str(body, "query",
			  "mutation($id:ID!,$sha:GitObjectID!){"
			  "enablePullRequestAutoMerge(input:{pullRequestId:$id,"
			  "expectedHeadOid:$sha}){pullRequest{number}}}");
	pike_json_set_str(v, "id", r->node ? r->node : "");
	pike_json_set_str(v, "sha", sha);
	pike_json_set(body, "variables", v);
	ret = pike_forge_ask(a, f, &q, err);
	pike_json_free(body);
	free(path);
	return ret;
}

/* Not every server of GitHub knows at once what was just created. */
static int enable_soon(struct pike_forge_reply *a, struct pike_forge *f,
		       const struct pike_request *r, const char *sha,
		       struct pike_err *err)
{
	int ret = enable(a, f, r, sha, err);

	for (int i = 1; !ret && i < MERGE_TRIES &&
			strstr(a->message, "Could not resolve to a node");
	     i++) {
		pike_forge_reply_release(a);
		ret = pike_forge_pause(f, i, err);
		if (!ret)
			ret = enable(a, f, r, sha, err);
	}
	return ret;
}

/* Where nothing is waited for there is nothing to enable: then it is merged.
 * While a check that nobody requires has failed, it is not. */
static int merge(enum pike_merge *out, char why_not[300], struct pike_forge *f,
		 const struct pike_request *r, const char *sha,
		 struct pike_err *err)
{
	struct pike_forge_reply a;
	int ret = enable_soon(&a, f, r, sha, err);

	*out = PIKE_MERGE_NOT;
	if (ret)
		return ret;
	if (!pike_json_len(pike_json_get(a.json, "errors")))
		*out = PIKE_MERGE_LATER;
	else if (strstr(a.message, "clean status"))
		ret = merge_now(out, why_not, f, r, sha, err);
	else if (strstr(a.message, "not allowed for this repository"))
		snprintf(why_not, 300,
			 "tick Settings, General, \"Allow auto-merge\"");
	else if (strstr(a.message, "not accessible by integration"))
		snprintf(why_not, 300,
			 "GITHUB_TOKEN may not do this; give an App's token "
			 "that has %s",
			 f->kind->needs[PIKE_NEED_MERGE]);
	else
		snprintf(why_not, 300, "%.290s", a.message);
	pike_forge_reply_release(&a);
	return ret;
}

static const char *const hosts[] = { "github", NULL };
static const char *const tokens[] = { "PIKE_GITHUB_TOKEN", "GITHUB_TOKEN",
				      "GH_TOKEN", NULL };
static const char *const weak[] = { NULL };
/* Others imitate its CI, and say so. */
static const char *const not_in[] = { "GITEA_ACTIONS", "FORGEJO_ACTIONS",
				      NULL };

const struct pike_forge_kind pike_forge_github = {
	.name = "github",
	.title = "GitHub",
	.aka = NULL,
	.hosts = hosts,
	.tokens = tokens,
	.weak = weak,
	.in_ci = "GITHUB_ACTIONS",
	.not_in = not_in,
	.ci_api = "GITHUB_API_URL",
	.ci_server = "GITHUB_SERVER_URL",
	.ci_repo = "GITHUB_REPOSITORY",
	.nested = false,
	.needs = { [PIKE_NEED_READ] = "`pull-requests: read`",
		   [PIKE_NEED_REQUESTS] = "`pull-requests: write`",
		   [PIKE_NEED_LABELS] = "`pull-requests: write` and, for "
					"labels that are new, `issues: write`",
		   [PIKE_NEED_COMMENTS] = "`pull-requests: write`",
		   [PIKE_NEED_STATUSES] = "`statuses: write`",
		   [PIKE_NEED_MERGE] = "`contents: write` and "
				       "`pull-requests: write`",
		   [PIKE_NEED_BRANCHES] = "`contents: write`",
		   [PIKE_NEED_MEMBERS] = "`metadata: read`" },
	.api = api,
	.headers = headers,
	.why = why,
	.is_fork = pike_event_is_fork,
	.list = list,
	.parse = read_one,
	.create = create,
	.update = update,
	.label = label,
	.comments = comments,
	.comment = comment,
	.succeed = succeed,
	.merge = merge,
	.drop_branch = drop_branch,
	.may_write = may_write,
};
