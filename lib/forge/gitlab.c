/* SPDX-License-Identifier: Apache-2.0 */
/* gitlab: GitLab, its own and others' servers. */
#include "forge/forge_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	MERGE_TRIES = 6,
	LEVEL_DEVELOPER = 30,
};

#define JOB_TOKEN "CI_JOB_TOKEN"

static void api(struct pike_buf *out, const char *server)
{
	pike_buf_addf(out, "%s/api/v4", server);
}

static void headers(struct pike_strs *out, const struct pike_forge *f)
{
	/* Helpers that speak OAuth have tokens of another kind; as a bearer's
	 * GitLab takes both. */
	pike_strs_pushf(out, "%s%s",
			f->lent ? "Authorization: Bearer "
			: strcmp(f->token_name, JOB_TOKEN) != 0
			    ? "PRIVATE-TOKEN: "
			    : "JOB-TOKEN: ",
			f->token);
	pike_strs_push(out, "Accept: application/json");
}

/* "/projects/group%2Frepo" with what follows. Caller frees. */
static char *path_of(const struct pike_forge *f, const char *rest)
{
	struct pike_buf b;

	pike_buf_init(&b, 16384);
	pike_buf_adds(&b, "/projects/");
	pike_url_encode(&b, f->place);
	pike_buf_adds(&b, rest);
	return pike_buf_detach(&b);
}

static char *request_path(const struct pike_forge *f, int64_t number,
			  const char *rest)
{
	char *tail =
	    pike_xasprintf("/merge_requests/%lld%s", (long long)number, rest);
	char *path = path_of(f, tail);

	free(tail);
	return path;
}

/* ---- requests ---- */

static enum pike_request_state state_of(const char *s)
{
	if (!strcmp(s, "opened") || !strcmp(s, "locked"))
		return PIKE_REQUEST_OPEN;
	return strcmp(s, "merged") != 0 ? PIKE_REQUEST_CLOSED
					: PIKE_REQUEST_MERGED;
}

static void read_one(struct pike_request *q, const struct pike_json *j)
{
	const struct pike_json *labels = pike_json_get(j, "labels");

	q->number = pike_json_i64(j, "iid", 0);
	q->url = pike_xstrdup(pike_json_str(j, "web_url", ""));
	q->title = pike_xstrdup(pike_json_str(j, "title", ""));
	q->body = pike_xstrdup(pike_json_str(j, "description", ""));
	q->source = pike_xstrdup(pike_json_str(j, "source_branch", ""));
	q->target = pike_xstrdup(pike_json_str(j, "target_branch", ""));
	q->sha = pike_xstrdup(pike_json_str(j, "sha", ""));
	for (size_t i = 0; i < pike_json_len(labels) && i < 100; i++)
		pike_strs_push(&q->labels,
			       pike_json_as_str(pike_json_at(labels, i), ""));
	q->state = state_of(pike_json_str(j, "state", ""));
}

struct listing {
	struct pike_requests *out;
	const struct pike_query *q;
};

/* A branch of that name in somebody's fork is not ours. */
static int take(void *ctx, const struct pike_json *j, struct pike_err *err)
{
	const struct listing *l = ctx;
	struct pike_request q = { 0 };

	(void)err;
	read_one(&q, j);
	if (pike_query_takes(l->q, &q) && q.number > 0 &&
	    pike_json_i64(j, "source_project_id", -1) ==
		pike_json_i64(j, "target_project_id", -2))
		*pike_requests_add(l->out) = q;
	else
		pike_request_release(&q);
	return 0;
}

static int list(struct pike_requests *out, struct pike_forge *f,
		const struct pike_query *q, struct pike_err *err)
{
	struct listing l = { out, q };
	struct pike_buf rest;
	char *path;
	int ret;

	pike_buf_init(&rest, 8192);
	pike_buf_addf(&rest, "/merge_requests?state=%s&per_page=100",
		      q->closed ? "closed" : "opened");
	if (q->source) {
		pike_buf_adds(&rest, "&source_branch=");
		pike_url_encode(&rest, q->source);
	}
	if (q->target) {
		pike_buf_adds(&rest, "&target_branch=");
		pike_url_encode(&rest, q->target);
	}
	path = path_of(f, rest.s);
	ret = pike_forge_each(f, PIKE_NEED_READ, path, take, &l, err);
	free(path);
	pike_buf_release(&rest);
	return ret;
}

static int get(struct pike_forge_reply *a, struct pike_forge *f, int64_t number,
	       struct pike_err *err)
{
	char *path = request_path(f, number, "");
	const struct pike_forge_question q = { .need = PIKE_NEED_READ,
					       .method = "GET",
					       .path = path };
	int ret = pike_forge_ask(a, f, &q, err);

	free(path);
	return ret;
}

static void set_labels(struct pike_json *body, const char *key,
		       const struct pike_strs *labels)
{
	struct pike_buf b;

	pike_buf_init(&b, 16384);
	for (size_t i = 0; labels && i < labels->n; i++)
		pike_buf_addf(&b, "%s%s", i ? "," : "", labels->v[i]);
	pike_json_set_str(body, key, b.s);
	pike_buf_release(&b);
}

static int create(struct pike_request *out, struct pike_forge *f,
		  const struct pike_wanted *w, struct pike_err *err)
{
	struct pike_json *body = pike_json_object();
	char *path = path_of(f, "/merge_requests");
	const struct pike_forge_question q = { .need = PIKE_NEED_REQUESTS,
					       .method = "POST",
					       .path = path,
					       .body = body,
					       .once = true,
					       .takes = { 409 } };
	struct pike_forge_reply a;
	int ret;

	pike_json_set_str(body, "source_branch", w->source);
	pike_json_set_str(body, "target_branch", w->target);
	pike_json_set_str(body, "title", w->title);
	pike_json_set_str(body, "description", w->body);
	pike_json_set_bool(body, "remove_source_branch", true);
	set_labels(body, "labels", w->labels);
	ret = pike_forge_ask(&a, f, &q, err);
	if (!ret && a.status == 409)
		ret = 1;
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
					       .method = "PUT" };
	struct pike_json *body = pike_json_object();

	if (title)
		pike_json_set_str(body, "title", title);
	if (text)
		pike_json_set_str(body, "description", text);
	if (close)
		pike_json_set_str(body, "state_event", "close");
	return pike_forge_tell(f, q, request_path(f, number, ""), body, err);
}

static int label(struct pike_forge *f, int64_t number,
		 const struct pike_strs *labels, struct pike_err *err)
{
	const struct pike_forge_question q = { .need = PIKE_NEED_LABELS,
					       .method = "PUT" };
	struct pike_json *body = pike_json_object();

	set_labels(body, "add_labels", labels);
	return pike_forge_tell(f, q, request_path(f, number, ""), body, err);
}

/* ---- comments ---- */

/* What GitLab itself notes of events is no comment. */
static int take_comment(void *ctx, const struct pike_json *j,
			struct pike_err *err)
{
	const struct pike_json *by = pike_json_get(j, "author");

	(void)err;
	if (!pike_json_bool(j, "system", false))
		pike_comments_add(ctx, pike_json_i64(j, "id", 0),
				  pike_json_i64(by, "id", 0),
				  pike_json_str(by, "username", ""),
				  pike_json_str(j, "body", ""));
	return 0;
}

static int comments(struct pike_comments *out, struct pike_forge *f,
		    int64_t number, struct pike_err *err)
{
	char *path = request_path(f, number,
				  "/notes?sort=asc&order_by=created_at&"
				  "per_page=100");
	int ret =
	    pike_forge_each(f, PIKE_NEED_READ, path, take_comment, out, err);

	free(path);
	return ret;
}

static int comment(struct pike_forge *f, int64_t number, int64_t id,
		   const char *text, struct pike_err *err)
{
	const struct pike_forge_question q = { .need = PIKE_NEED_COMMENTS,
					       .method = id ? "PUT" : "POST",
					       .once = !id,
					       .takes = { id ? 403 : 0,
							  id ? 404 : 0 } };
	struct pike_json *body = pike_json_object();
	char rest[64] = "/notes";

	if (id)
		snprintf(rest, sizeof(rest), "/notes/%lld", (long long)id);
	pike_json_set_str(body, "body", text);
	return pike_forge_tell(f, q, request_path(f, number, rest), body, err);
}

static int may_write(bool *out, struct pike_forge *f,
		     const struct pike_comment *by, struct pike_err *err)
{
	char *rest =
	    pike_xasprintf("/members/all/%lld", (long long)by->author_id);
	char *path = path_of(f, rest);
	const struct pike_forge_question q = { .need = PIKE_NEED_MEMBERS,
					       .method = "GET",
					       .path = path,
					       .takes = { 404 } };
	struct pike_forge_reply a;
	int ret = pike_forge_ask(&a, f, &q, err);

	*out = !ret && a.status == 200 &&
	       pike_json_i64(a.json, "access_level", 0) >= LEVEL_DEVELOPER;
	pike_forge_reply_release(&a);
	free(path);
	free(rest);
	return ret;
}

/* ---- status, branch, merge ---- */

/* The same again is refused as a transition that is none. */
static int succeed(struct pike_forge *f, const char *sha, const char *name,
		   const char *text, struct pike_err *err)
{
	char *rest = pike_xasprintf("/statuses/%s", sha), *path;
	struct pike_json *body = pike_json_object();
	struct pike_forge_question q = { .need = PIKE_NEED_STATUSES,
					 .method = "POST",
					 .body = body,
					 .takes = { 400 } };
	struct pike_forge_reply a;
	int ret;

	q.path = path = path_of(f, rest);
	pike_json_set_str(body, "state", "success");
	pike_json_set_str(body, "name", name);
	pike_json_set_str(body, "description", text);
	ret = pike_forge_ask(&a, f, &q, err);
	if (!ret && a.status == 400 &&
	    !strstr(a.message, "Cannot transition status"))
		ret = pike_forge_refused(f, PIKE_NEED_STATUSES, &a, err);
	pike_forge_reply_release(&a);
	pike_json_free(body);
	free(path);
	free(rest);
	return ret;
}

static int drop_branch(struct pike_forge *f, const char *branch,
		       struct pike_err *err)
{
	const struct pike_forge_question q = { .need = PIKE_NEED_BRANCHES,
					       .method = "DELETE",
					       .takes = { 404 } };
	struct pike_buf rest;
	int ret;

	pike_buf_init(&rest, 4096);
	pike_buf_adds(&rest, "/repository/branches/");
	pike_url_encode(&rest, branch);
	ret = pike_forge_tell(f, q, path_of(f, rest.s), NULL, err);
	pike_buf_release(&rest);
	return ret < 0 ? ret : 0;
}

/* ---- merging ---- */

static bool is_word(const char *s, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(s, *words))
			return true;
	return false;
}

enum pipeline {
	PIPE_NONE,
	PIPE_GREEN,
	PIPE_GOING,
	PIPE_RED,
	PIPE_CHECKING, /* GitLab does not know yet whether it can be merged */
};

static enum pipeline pipeline_of(const struct pike_json *j)
{
	static const char *const checking[] = { "checking", "unchecked",
						"preparing",
						"approvals_syncing", NULL };
	static const char *const red[] = { "failed", "canceled", "canceling",
					   NULL };
	static const char *const green[] = { "success", "skipped", NULL };
	const struct pike_json *head = pike_json_get(j, "head_pipeline");
	const char *s = pike_json_str(head, "status", NULL);

	if (is_word(pike_json_str(j, "detailed_merge_status", ""), checking))
		return PIPE_CHECKING;
	/* One of statuses from outside, as ours is, has run nothing. */
	if (!s || !strcmp(pike_json_str(head, "source", ""), "external"))
		return PIPE_NONE;
	if (is_word(s, red))
		return PIPE_RED;
	return is_word(s, green) ? PIPE_GREEN : PIPE_GOING;
}

static int put_merge(struct pike_forge_reply *a, struct pike_forge *f,
		     const struct pike_request *r, const char *sha, bool later,
		     struct pike_err *err)
{
	struct pike_json *body = pike_json_object();
	char *path = request_path(f, r->number, "/merge");
	const struct pike_forge_question q = { .need = PIKE_NEED_MERGE,
					       .method = "PUT",
					       .path = path,
					       .body = body,
					       .takes = { 405, 406, 409,
							  422 } };
	int ret;

	pike_json_set_str(body, "sha", sha);
	pike_json_set_bool(body, "should_remove_source_branch", true);
	if (later) {
		pike_json_set_bool(body, "auto_merge", true);
		/* As it was called before 17.11. */
		pike_json_set_bool(body, "merge_when_pipeline_succeeds", true);
	}
	ret = pike_forge_ask(a, f, &q, err);
	pike_json_free(body);
	free(path);
	return ret;
}

/* One look and at most one try. 1: look again later. */
static int merge_once(enum pike_merge *out, char why[300], struct pike_forge *f,
		      const struct pike_request *r, const char *sha, bool last,
		      struct pike_err *err)
{
	enum pipeline pipe = PIPE_CHECKING;
	struct pike_forge_reply a;
	int ret = get(&a, f, r->number, err);

	if (!ret)
		pipe = pipeline_of(a.json);
	pike_forge_reply_release(&a);
	/* GitLab would merge at once over a pipeline that has failed. */
	if (pipe == PIPE_RED)
		snprintf(why, 300, "its pipeline has failed");
	if (ret || pipe == PIPE_RED)
		return ret;
	/* Just after a push there is no pipeline yet. */
	snprintf(why, 300, "it is still being checked");
	if (pipe == PIPE_CHECKING || (pipe == PIPE_NONE && !last))
		return 1;
	ret = put_merge(&a, f, r, sha, pipe == PIPE_GOING, err);
	if (ret)
		return ret;
	if (a.status / 100 == 2)
		*out = state_of(pike_json_str(a.json, "state", "")) ==
			       PIKE_REQUEST_MERGED
			   ? PIKE_MERGE_DONE
			   : PIKE_MERGE_LATER;
	else
		snprintf(why, 300, "%.280s (%d)",
			 *a.message ? a.message : "it cannot be merged",
			 a.status);
	/* For some seconds after it was created. */
	ret = a.status == 405 || a.status == 422;
	pike_forge_reply_release(&a);
	return ret;
}

static int merge(enum pike_merge *out, char why[300], struct pike_forge *f,
		 const struct pike_request *r, const char *sha,
		 struct pike_err *err)
{
	int ret = 1;

	*out = PIKE_MERGE_NOT;
	for (int i = 0; ret == 1 && i < MERGE_TRIES; i++) {
		if (i && (ret = pike_forge_pause(f, i, err)))
			return ret;
		ret =
		    merge_once(out, why, f, r, sha, i + 1 == MERGE_TRIES, err);
	}
	return ret == 1 ? 0 : ret;
}

/* Of a request's pipeline the source is another project. */
static bool is_fork(char why[200])
{
	const char *from = getenv("CI_MERGE_REQUEST_SOURCE_PROJECT_ID");
	const char *here = getenv("CI_PROJECT_ID");
	const char *of = getenv("CI_MERGE_REQUEST_PROJECT_ID");

	if (!from || !*from ||
	    (here && !strcmp(from, here) && (!of || !strcmp(from, of))))
		return false;
	snprintf(why, 200,
		 "this pipeline is of a merge request from another "
		 "project");
	return true;
}

static const char *const hosts[] = { "gitlab", NULL };
static const char *const tokens[] = { "PIKE_GITLAB_TOKEN", "GITLAB_TOKEN",
				      JOB_TOKEN, NULL };
static const char *const weak[] = { JOB_TOKEN, NULL };
static const char *const not_in[] = { NULL };

const struct pike_forge_kind pike_forge_gitlab = {
	.name = "gitlab",
	.title = "GitLab",
	.aka = NULL,
	.hosts = hosts,
	.tokens = tokens,
	.weak = weak,
	.in_ci = "GITLAB_CI",
	.not_in = not_in,
	.ci_api = "CI_API_V4_URL",
	.ci_server = "CI_SERVER_URL",
	.ci_repo = "CI_PROJECT_PATH",
	.nested = true,
	.needs = { [PIKE_NEED_READ] = "the scope `read_api`",
		   [PIKE_NEED_REQUESTS] = "the scope `api` and the role "
					  "Developer (a project access token, "
					  "in PIKE_GITLAB_TOKEN)",
		   [PIKE_NEED_LABELS] = "the scope `api` and the role "
					"Developer",
		   [PIKE_NEED_COMMENTS] = "the scope `api` and the role "
					  "Developer",
		   [PIKE_NEED_STATUSES] = "the scope `api` and the role "
					  "Developer",
		   [PIKE_NEED_MERGE] = "the scope `api` and a role that may "
				       "merge to this branch",
		   [PIKE_NEED_BRANCHES] = "the scope `api` and the role "
					  "Developer",
		   [PIKE_NEED_MEMBERS] = "the scope `read_api`" },
	.api = api,
	.headers = headers,
	.why = NULL,
	.is_fork = is_fork,
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
