/* SPDX-License-Identifier: Apache-2.0 */
/* gitea: Gitea and Forgejo, whose APIs are the same in what is used here. */
#include "forge/forge_priv.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	MERGE_TRIES = 5
};

static void api(struct pike_buf *out, const char *server)
{
	pike_buf_addf(out, "%s/api/v1", server);
}

static void headers(struct pike_strs *out, const struct pike_forge *f)
{
	pike_strs_pushf(out, "Authorization: token %s", f->token);
	pike_strs_push(out, "Accept: application/json");
}

static char *path_of(const struct pike_forge *f, const char *kind,
		     int64_t number, const char *rest)
{
	return pike_xasprintf("/repos/%s/%s/%lld%s", f->place, kind,
			      (long long)number, rest);
}

/* ---- requests ---- */

static void read_one(struct pike_request *q, const struct pike_json *j)
{
	const struct pike_json *head = pike_json_get(j, "head");
	const struct pike_json *labels = pike_json_get(j, "labels");

	q->number = pike_json_i64(j, "number", 0);
	q->url = pike_xstrdup(pike_json_str(j, "html_url", ""));
	q->title = pike_xstrdup(pike_json_str(j, "title", ""));
	q->body = pike_xstrdup(pike_json_str(j, "body", ""));
	q->source = pike_xstrdup(pike_json_str(head, "ref", ""));
	q->sha = pike_xstrdup(pike_json_str(head, "sha", ""));
	q->target =
	    pike_xstrdup(pike_json_str(pike_json_get(j, "base"), "ref", ""));
	for (size_t i = 0; i < pike_json_len(labels) && i < 100; i++)
		pike_strs_push(
		    &q->labels,
		    pike_json_str(pike_json_at(labels, i), "name", ""));
	q->state = !strcmp(pike_json_str(j, "state", ""), "open")
		       ? PIKE_REQUEST_OPEN
		   : pike_json_bool(j, "merged", false) ? PIKE_REQUEST_MERGED
							: PIKE_REQUEST_CLOSED;
}

struct listing {
	struct pike_requests *out;
	const struct pike_query *q;
};

/* A branch of that name in somebody's fork is not ours. */
static int take(void *ctx, const struct pike_json *j, struct pike_err *err)
{
	const struct listing *l = ctx;
	const struct pike_json *head = pike_json_get(j, "head");
	const struct pike_json *base = pike_json_get(j, "base");
	struct pike_request q = { 0 };

	(void)err;
	read_one(&q, j);
	if (pike_query_takes(l->q, &q) && q.number > 0 &&
	    pike_json_i64(head, "repo_id", -1) ==
		pike_json_i64(base, "repo_id", -2))
		*pike_requests_add(l->out) = q;
	else
		pike_request_release(&q);
	return 0;
}

/* There is no filter by branch that all versions have. */
static int list(struct pike_requests *out, struct pike_forge *f,
		const struct pike_query *q, struct pike_err *err)
{
	struct listing l = { out, q };
	char *path = pike_xasprintf("/repos/%s/pulls?state=%s&limit=50",
				    f->place, q->closed ? "closed" : "open");
	int ret = pike_forge_each(f, PIKE_NEED_READ, path, take, &l, err);

	free(path);
	return ret;
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
					       .takes = { 409 } };
	struct pike_forge_reply a;
	int ret;

	pike_json_set_str(body, "title", w->title);
	pike_json_set_str(body, "head", w->source);
	pike_json_set_str(body, "base", w->target);
	pike_json_set_str(body, "body", w->body);
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
					       .method = "PATCH" };
	struct pike_json *body = pike_json_object();

	if (title)
		pike_json_set_str(body, "title", title);
	if (text)
		pike_json_set_str(body, "body", text);
	if (close)
		pike_json_set_str(body, "state", "closed");
	return pike_forge_tell(f, q, path_of(f, "pulls", number, ""), body,
			       err);
}

/* ---- labels: by their numbers ---- */

struct ids {
	const struct pike_strs *names;
	int64_t *v; /* 0: the repository has it not */
};

static int take_label(void *ctx, const struct pike_json *j,
		      struct pike_err *err)
{
	const struct ids *ids = ctx;

	(void)err;
	for (size_t i = 0; i < ids->names->n; i++)
		if (!strcmp(pike_json_str(j, "name", ""), ids->names->v[i]))
			ids->v[i] = pike_json_i64(j, "id", 0);
	return 0;
}

static int make_label(int64_t *id, struct pike_forge *f, const char *name,
		      struct pike_err *err)
{
	struct pike_json *body = pike_json_object();
	char *path = pike_xasprintf("/repos/%s/labels", f->place);
	const struct pike_forge_question q = { .need = PIKE_NEED_LABELS,
					       .method = "POST",
					       .path = path,
					       .body = body };
	struct pike_forge_reply a;
	int ret;

	pike_json_set_str(body, "name", name);
	pike_json_set_str(body, "color", "#0e8a16");
	ret = pike_forge_ask(&a, f, &q, err);
	*id = ret ? 0 : pike_json_i64(a.json, "id", 0);
	pike_forge_reply_release(&a);
	pike_json_free(body);
	free(path);
	return ret;
}

static int find_labels(struct ids *ids, struct pike_forge *f,
		       struct pike_err *err)
{
	char *path = pike_xasprintf("/repos/%s/labels?limit=50", f->place);
	int ret =
	    pike_forge_each(f, PIKE_NEED_READ, path, take_label, ids, err);

	for (size_t i = 0; !ret && i < ids->names->n; i++)
		if (!ids->v[i])
			ret = make_label(&ids->v[i], f, ids->names->v[i], err);
	free(path);
	return ret;
}

static int label(struct pike_forge *f, int64_t number,
		 const struct pike_strs *labels, struct pike_err *err)
{
	const struct pike_forge_question q = { .need = PIKE_NEED_LABELS,
					       .method = "POST" };
	struct ids ids = { labels,
			   pike_xcalloc(labels->n + 1, sizeof(*ids.v)) };
	int ret = find_labels(&ids, f, err);

	if (!ret) {
		struct pike_json *body = pike_json_object();
		struct pike_json *l = pike_json_array();

		for (size_t i = 0; i < labels->n; i++)
			pike_json_push_f64(l, (double)ids.v[i]);
		pike_json_set(body, "labels", l);
		ret = pike_forge_tell(
		    f, q, path_of(f, "issues", number, "/labels"), body, err);
	}
	free(ids.v);
	return ret;
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
	char *path = path_of(f, "issues", number, "/comments?limit=50");
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
	char *path = id ? path_of(f, "issues/comments", id, "")
			: path_of(f, "issues", number, "/comments");

	pike_json_set_str(body, "body", text);
	return pike_forge_tell(f, q, path, body, err);
}

static int may_write(bool *out, struct pike_forge *f,
		     const struct pike_comment *by, struct pike_err *err)
{
	static const char *const rights[] = { "write", "admin", "owner" };
	struct pike_buf path;
	struct pike_forge_question q = { .need = PIKE_NEED_MEMBERS,
					 .method = "GET",
					 .takes = { 404 } };
	struct pike_forge_reply a;
	int ret;

	pike_buf_init(&path, 4096);
	pike_buf_addf(&path, "/repos/%s/collaborators/", f->place);
	pike_url_encode(&path, by->author);
	pike_buf_adds(&path, "/permission");
	q.path = path.s;
	ret = pike_forge_ask(&a, f, &q, err);
	*out = false;
	for (size_t i = 0; !ret && a.status == 200 && i < 3; i++)
		*out = *out || !strcmp(pike_json_str(a.json, "permission", ""),
				       rights[i]);
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

static int drop_branch(struct pike_forge *f, const char *branch,
		       struct pike_err *err)
{
	const struct pike_forge_question q = { .need = PIKE_NEED_BRANCHES,
					       .method = "DELETE",
					       .takes = { 404 } };
	struct pike_buf path;
	int ret;

	pike_buf_init(&path, 4096);
	pike_buf_addf(&path, "/repos/%s/branches/", f->place);
	pike_url_encode(&path, branch);
	ret = pike_forge_tell(f, q, pike_buf_detach(&path), NULL, err);
	pike_buf_release(&path);
	return ret < 0 ? ret : 0;
}

static int post_merge(struct pike_forge_reply *a, struct pike_forge *f,
		      const struct pike_request *r, const char *sha,
		      struct pike_err *err)
{
	struct pike_json *body = pike_json_object();
	char *path = path_of(f, "pulls", r->number, "/merge");
	const struct pike_forge_question q = { .need = PIKE_NEED_MERGE,
					       .method = "POST",
					       .path = path,
					       .body = body,
					       .once = true,
					       .takes = { 405, 409, 423 } };
	int ret;

	pike_json_set_str(body, "Do", "merge");
	pike_json_set_str(body, "head_commit_id", sha);
	pike_json_set_bool(body, "merge_when_checks_succeed", true);
	pike_json_set_bool(body, "delete_branch_after_merge", true);
	ret = pike_forge_ask(a, f, &q, err);
	pike_json_free(body);
	free(path);
	return ret;
}

/* Merged, or to be merged, is told by the request itself; a lost answer too. */
static int look_after(enum pike_merge *out, struct pike_forge *f,
		      const struct pike_request *r, struct pike_err *err)
{
	struct pike_request now = { 0 };
	int ret =
	    pike_forge_read(&now, f, path_of(f, "pulls", r->number, ""), err);

	if (!ret)
		*out = now.state == PIKE_REQUEST_MERGED ? PIKE_MERGE_DONE
							: PIKE_MERGE_LATER;
	pike_request_release(&now);
	return ret;
}

/* 405: also while it is still checked whether it can be merged. */
static int merge(enum pike_merge *out, char why[300], struct pike_forge *f,
		 const struct pike_request *r, const char *sha,
		 struct pike_err *err)
{
	struct pike_forge_reply a = { 0 };
	int ret = 0;

	*out = PIKE_MERGE_NOT;
	for (int i = 0; i < MERGE_TRIES; i++) {
		if (i && (ret = pike_forge_pause(f, i, err)))
			break;
		pike_forge_reply_release(&a);
		ret = post_merge(&a, f, r, sha, err);
		if (!ret && a.status / 100 == 2)
			return look_after(out, f, r, err);
		if (ret == PIKE_RETRY) {
			ret = look_after(out, f, r, err);
			if (ret || *out == PIKE_MERGE_DONE)
				break;
			*out = PIKE_MERGE_NOT;
		} else if (ret || a.status != 405) {
			break;
		}
	}
	if (!ret && *out == PIKE_MERGE_NOT)
		snprintf(why, 300, "%.280s (%d)",
			 *a.message ? a.message : "it cannot be merged",
			 a.status);
	pike_forge_reply_release(&a);
	return ret;
}

static const char *const hosts[] = { "gitea", "forgejo", "codeberg.org", NULL };
static const char *const tokens[] = { "PIKE_GITEA_TOKEN", "GITEA_TOKEN",
				      "FORGEJO_TOKEN", "GITHUB_TOKEN", NULL };
static const char *const weak[] = { "GITHUB_TOKEN", NULL };
static const char *const not_in[] = { NULL };

const struct pike_forge_kind pike_forge_gitea = {
	.name = "gitea",
	.title = "Gitea",
	.aka = "forgejo",
	.hosts = hosts,
	.tokens = tokens,
	.weak = weak,
	.in_ci = "GITEA_ACTIONS",
	.not_in = not_in,
	.ci_api = NULL,
	.ci_server = "GITHUB_SERVER_URL",
	.ci_repo = "GITHUB_REPOSITORY",
	.nested = false,
	.needs = { [PIKE_NEED_READ] = "the scope `read:repository`",
		   [PIKE_NEED_REQUESTS] = "the scopes `write:repository` and "
					  "`write:issue`",
		   [PIKE_NEED_LABELS] = "the scopes `write:repository` and "
					"`write:issue`",
		   [PIKE_NEED_COMMENTS] = "the scope `write:issue`",
		   [PIKE_NEED_STATUSES] = "the scope `write:repository`",
		   [PIKE_NEED_MERGE] = "the scope `write:repository` of "
				       "somebody who may merge",
		   [PIKE_NEED_BRANCHES] = "the scope `write:repository`",
		   [PIKE_NEED_MEMBERS] = "the scope `read:repository` of an "
					 "administrator" },
	.api = api,
	.headers = headers,
	.why = NULL,
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
