#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Three forges in one server, with a memory, for tests.

Prints its port, then serves until its stdin ends. GitHub's and Gitea's take no
request and send no reply that their own descriptions (tests/conform/forge) do
not allow: then it is 422 and 500. The APIs begin at

  /github      and /github/graphql
  /gitlab/api/v4
  /gitea/api/v1

for one repository each, `o/r` (GitLab: `group/sub/r`), whose state all clients
share. Tokens: `write` may do all, `read` only read, `job` is GitLab's of a job;
all others are unknown. Beside that:

  GET  /_state/KIND   what is stored, as JSON
  POST /_set/KIND     merges an object into it: `lag`, `pipeline`, `draft`, ...
  POST /_fault        a fault for the next requests (see Fault)
  POST /_reset        forgets all
  GET  /_log          what was asked: method, path, status, headers of auth
"""
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "conform" / "forge"))
sys.dont_write_bytecode = True
import github  # noqa: E402
import gitea  # noqa: E402

NOW = "2024-05-01T12:00:00Z"
SHA = "0123456789abcdef0123456789abcdef01234567"
JUDGES = {"github": github, "gitea": gitea}
lock = threading.RLock()


class Refuse(Exception):
    """An answer that is no success."""

    def __init__(self, status, body=None, headers=()):
        super().__init__(status)
        self.status, self.body, self.headers = status, body, list(headers)


class Forge:
    """What one of them remembers."""

    def __init__(self, kind):
        self.kind = kind
        self.requests, self.comments, self.labels = [], [], []
        self.statuses, self.deleted = [], []
        self.heads = {}         # branch -> commit; others are at SHA
        self.repo = None        # a bare repository whose branches count
        self.people = {"owner": "admin", "dev": "write", "guest": "read"}
        self.lag = 0            # so many listings do not show a new request
        self.pipeline = None    # GitLab: status of the head pipeline
        self.source = "push"    # and what has begun it
        self.merge_status = "mergeable"
        self.checks = "clean"   # GitHub: clean, unstable, blocked, off
        self.unknown = 0        # GitHub: so often its GraphQL knows it not yet
        self.not_yet = 0        # so many merges are answered with 405
        self.page = 100         # items on a page at most
        self.actions_may = True  # GitHub: its setting for Actions
        self.next = 1

    def number(self):
        self.next += 1
        return self.next - 1

    def find(self, number):
        for r in self.requests:
            if r["number"] == int(number):
                if self.repo and r["state"] == "open":
                    r["sha"] = self.head(r["source"])
                return r
        raise Refuse(404, {"message": "Not Found"})

    def head(self, branch):
        if not self.repo:
            return self.heads.get(branch, SHA)
        p = subprocess.run(
            ["git", "--git-dir", self.repo, "rev-parse", "--verify", "-q",
             "refs/heads/" + branch], capture_output=True, text=True,
            check=False)
        return p.stdout.strip() or SHA

    def open_of(self, source, target):
        return [r for r in self.requests if r["state"] == "open" and
                (r["source"], r["target"]) == (source, target) and
                not r["fork"]]

    def create(self, title, body, source, target):
        if not isinstance(title, str) or not title:
            raise Refuse(422, {"message": "Validation Failed"})
        r = {"number": self.number(), "title": title, "body": body or "",
             "source": source, "target": target, "state": "open",
             "labels": [], "fork": False, "merged": False,
             "sha": self.head(source), "hidden": self.lag,
             "auto": False, "draft": False}
        self.requests.append(r)
        return r

    def listed(self, state):
        out = []
        for r in self.requests:
            if r["hidden"] > 0:
                r["hidden"] -= 1
            elif state in ("all", r["state"]):
                out.append(r)
        return out

    def comment(self, number, body, by="bot"):
        self.find(number)
        c = {"id": 1000 + self.number(), "on": int(number), "body": body,
             "by": by}
        self.comments.append(c)
        return c

    def comments_on(self, number):
        self.find(number)
        return [c for c in self.comments if c["on"] == int(number)]

    def edit_comment(self, ident, body):
        for c in self.comments:
            if c["id"] == int(ident):
                if c["by"] != "bot":
                    raise Refuse(403, {"message": "Must be the author"})
                c["body"] = body
                return c
        raise Refuse(404, {"message": "Not Found"})

    def merge(self, r, sha):
        if self.not_yet > 0:
            self.not_yet -= 1
            raise Refuse(405, {"message": "Pull Request is not mergeable"})
        if sha != r["sha"]:
            raise Refuse(409, {"message": "Head branch was modified. "
                                          "Review and try the merge again."})
        r["state"], r["merged"] = "closed", True

    def person(self, login):
        names = list(self.people) + ["bot"]
        return names.index(login) + 1 if login in names else 99


class Fault:
    """For the next `n` requests of `method` whose path holds `path`.

    `do` is one of: status (with `status`, `body`, `headers`), late (`secs`
    before the answer), lost (does it and hangs up), half (does it and sends
    half of the answer), redirect (`to`), page (HTML with status 502).
    """

    def __init__(self, j):
        self.method, self.path = j.get("method"), j.get("path", "")
        self.n, self.do = j.get("n", 1), j["do"]
        self.j = j

    def takes(self, method, path):
        return self.n > 0 and self.path in path and \
            self.method in (None, method)


forges, faults, log = {}, [], []


def reset():
    forges.clear()
    faults.clear()
    log.clear()
    for kind in ("github", "gitlab", "gitea"):
        forges[kind] = Forge(kind)


# ---- what their objects look like ----

def user(forge, login, base="https://api.example.org"):
    url = f"{base}/users/{login}"
    out = {"login": login, "id": forge.person(login), "node_id": "U_x",
           "avatar_url": url, "gravatar_id": "", "url": url,
           "html_url": url, "followers_url": url, "following_url": url,
           "gists_url": url, "starred_url": url, "subscriptions_url": url,
           "organizations_url": url, "repos_url": url, "events_url": url,
           "received_events_url": url, "type": "User", "site_admin": False}
    return out


REPO_URLS = """archive assignees blobs branches collaborators comments commits
compare contents contributors deployments downloads events forks git_commits
git_refs git_tags issue_comment issue_events issues keys labels languages merges
milestones notifications pulls releases stargazers statuses subscribers
subscription tags teams trees""".split()


def github_repo(forge, fork=False):
    name = ("stranger" if fork else "o") + "/r"
    url = f"https://api.example.org/repos/{name}"
    out = {f"{k}_url": url for k in REPO_URLS}
    out.update({
        "id": 2 if fork else 1, "node_id": "R_x", "name": "r",
        "full_name": name, "owner": user(forge, name.split("/")[0]),
        "private": False, "html_url": url, "description": None, "fork": fork,
        "url": url, "hooks_url": url, "git_url": url, "ssh_url": url,
        "clone_url": url, "svn_url": url, "mirror_url": None,
        "homepage": None, "language": None, "forks_count": 0, "forks": 0,
        "stargazers_count": 0, "watchers_count": 0, "watchers": 0,
        "size": 0, "default_branch": "main", "open_issues_count": 0,
        "open_issues": 0, "has_issues": True, "has_projects": True,
        "has_wiki": True, "has_pages": False, "has_downloads": True,
        "has_discussions": False, "archived": False, "disabled": False,
        "pushed_at": NOW, "created_at": NOW, "updated_at": NOW,
        "license": None, "allow_forking": True, "topics": [],
        "visibility": "public", "web_commit_signoff_required": False})
    return out


def github_request(forge, r, short):
    base = "https://api.example.org/repos/o/r"
    url = f"{base}/pulls/{r['number']}"
    link = {"href": url}

    def end(ref, sha, fork=False):
        who = "stranger" if fork else "o"
        return {"label": f"{who}:{ref}", "ref": ref, "sha": sha,
                "user": user(forge, who), "repo": github_repo(forge, fork)}
    out = {
        "id": 100 + r["number"], "node_id": f"PR_{r['number']}",
        "number": r["number"], "url": url, "html_url": url, "diff_url": url,
        "patch_url": url, "issue_url": url, "commits_url": url,
        "review_comments_url": url, "review_comment_url": url,
        "comments_url": url, "statuses_url": url,
        "state": r["state"], "locked": False, "title": r["title"],
        "user": user(forge, "bot"), "body": r["body"],
        "labels": [github_label(x) for x in r["labels"]],
        "milestone": None, "active_lock_reason": None, "created_at": NOW,
        "updated_at": NOW, "closed_at": None if r["state"] == "open" else NOW,
        "merged_at": NOW if r["merged"] else None,
        "merge_commit_sha": None, "assignee": None, "assignees": [],
        "requested_reviewers": [], "requested_teams": [],
        "head": end(r["source"], r["sha"], r["fork"]),
        "base": end(r["target"], SHA),
        "_links": {k: link for k in (
            "self", "html", "issue", "comments", "review_comments",
            "review_comment", "commits", "statuses")},
        "author_association": "OWNER", "auto_merge": None, "draft": False}
    if not short:
        out.update({
            "merged": r["merged"], "mergeable": True, "rebaseable": True,
            "mergeable_state": "clean", "merged_by": None, "comments": 0,
            "review_comments": 0, "maintainer_can_modify": True,
            "commits": 1, "additions": 1, "deletions": 1,
            "changed_files": 1})
    return out


def github_label(name):
    return {"id": 7, "node_id": "L_x",
            "url": "https://api.example.org/labels/x", "name": name,
            "description": "", "color": "ededed", "default": False}


def github_comment(forge, c):
    url = f"https://api.example.org/repos/o/r/issues/comments/{c['id']}"
    return {"id": c["id"], "node_id": "IC_x", "url": url, "html_url": url,
            "issue_url": url, "body": c["body"],
            "user": user(forge, c["by"]), "created_at": NOW,
            "updated_at": NOW, "author_association": "OWNER",
            "performed_via_github_app": None}


def gitlab_request(forge, r):
    state = "opened" if r["state"] == "open" else \
        "merged" if r["merged"] else "closed"
    return {
        "id": 100 + r["number"], "iid": r["number"], "project_id": 1,
        "title": r["title"], "description": r["body"], "state": state,
        "created_at": NOW, "updated_at": NOW,
        "target_branch": r["target"], "source_branch": r["source"],
        "source_project_id": 2 if r["fork"] else 1, "target_project_id": 1,
        "labels": r["labels"], "draft": r["draft"], "sha": r["sha"],
        "web_url": "https://gitlab.example.org/group/sub/r/-/"
                   f"merge_requests/{r['number']}",
        "author": {"id": 4, "username": "bot", "name": "bot",
                   "state": "active"},
        "merge_when_pipeline_succeeds": r["auto"],
        "detailed_merge_status": forge.merge_status,
        "head_pipeline": {"id": 9, "status": forge.pipeline,
                          "source": forge.source, "sha": r["sha"]} if forge.pipeline else None}


def gitlab_note(forge, c):
    return {"id": c["id"], "body": c["body"], "system": c["by"] == "system",
            "author": {"id": forge.person(c["by"]), "username": c["by"],
                       "name": c["by"], "state": "active"},
            "created_at": NOW, "updated_at": NOW, "noteable_iid": c["on"],
            "noteable_type": "MergeRequest", "resolvable": False}


def gitea_user(forge, login):
    return {"id": forge.person(login), "login": login, "full_name": "",
            "email": f"{login}@example.org"}


def gitea_label(ident, name):
    return {"id": ident, "name": name, "color": "0e8a16", "description": "",
            "url": "https://gitea.example.org/x", "exclusive": False}


def gitea_request(forge, r):
    url = f"https://gitea.example.org/o/r/pulls/{r['number']}"
    ids = {x["name"]: x["id"] for x in forge.labels}

    def end(ref, sha, fork=False):
        return {"label": ref, "ref": ref, "sha": sha,
                "repo_id": 2 if fork else 1}
    return {
        "id": 100 + r["number"], "number": r["number"], "url": url,
        "html_url": url, "title": r["title"], "body": r["body"],
        "state": r["state"], "merged": r["merged"],
        "user": gitea_user(forge, "bot"),
        "labels": [gitea_label(ids.get(x, 0), x) for x in r["labels"]],
        "head": end(r["source"], r["sha"], r["fork"]),
        "base": end(r["target"], SHA), "mergeable": True,
        "created_at": NOW, "updated_at": NOW}


def gitea_comment(forge, c):
    return {"id": c["id"], "body": c["body"],
            "user": gitea_user(forge, c["by"]),
            "html_url": "https://gitea.example.org/x", "created_at": NOW,
            "updated_at": NOW}


# ---- GitHub ----

def gh_list(f, q, _):
    out = f.listed(q.get("state", "open"))
    head = q.get("head", "")
    if ":" in head:
        out = [r for r in out if head ==
               ("stranger:" if r["fork"] else "o:") + r["source"]]
    if "base" in q:
        out = [r for r in out if r["target"] == q["base"]]
    return 200, [github_request(f, r, True) for r in out]


def gh_create(f, _, j):
    head = j.get("head", "").split(":")[-1]
    if not j.get("title") or not head or not j.get("base"):
        raise Refuse(422, {"message": "Validation Failed", "errors": [
            {"resource": "PullRequest", "code": "missing_field",
             "field": "base"}], "documentation_url": "x"})
    if not f.actions_may:
        raise Refuse(403, {"message": "GitHub Actions is not permitted to "
                                      "create or approve pull requests.",
                           "documentation_url": "x"})
    if f.open_of(head, j["base"]):
        raise Refuse(422, {"message": "Validation Failed", "errors": [
            {"resource": "PullRequest", "code": "custom",
             "message": f"A pull request already exists for o:{head}."}],
            "documentation_url": "x"})
    if f.heads.get(head) == "none":
        raise Refuse(422, {"message": "Validation Failed", "errors": [
            {"resource": "PullRequest", "code": "custom",
             "message": f"No commits between {j['base']} and {head}"}],
            "documentation_url": "x"})
    return 201, github_request(f, f.create(
        j["title"], j.get("body"), head, j["base"]), False)


def gh_get(f, _, __, n):
    return 200, github_request(f, f.find(n), False)


def gh_update(f, _, j, n):
    r = f.find(n)
    for key in ("title", "body"):
        if key in j:
            r[key] = j[key]
    if j.get("state") == "closed":
        r["state"] = "closed"
    return 200, github_request(f, r, False)


def gh_labels(f, _, j, n):
    r = f.find(n)
    for name in j["labels"]:
        if name not in r["labels"]:
            r["labels"].append(name)
    return 200, [github_label(x) for x in r["labels"]]


def gh_comments(f, _, __, n):
    return 200, [github_comment(f, c) for c in f.comments_on(n)]


def gh_comment(f, _, j, n):
    return 201, github_comment(f, f.comment(n, j["body"]))


def gh_edit(f, _, j, ident):
    return 200, github_comment(f, f.edit_comment(ident, j["body"]))


def gh_status(f, _, j, sha):
    if j["state"] not in ("error", "failure", "pending", "success"):
        raise Refuse(422, {"message": "Validation Failed"})
    f.statuses.append(dict(j, sha=sha))
    url = "https://api.example.org/repos/o/r/statuses/x"
    return 201, {"url": url, "avatar_url": None, "id": 1, "node_id": "S_x",
                 "state": j["state"], "description": j.get("description"),
                 "target_url": None, "context": j.get("context", "default"),
                 "created_at": NOW, "updated_at": NOW,
                 "creator": user(f, "bot")}


def gh_merge(f, _, j, n):
    f.merge(f.find(n), j.get("sha"))
    return 200, {"sha": SHA, "merged": True,
                 "message": "Pull Request successfully merged"}


def gh_branch(f, _, __, name):
    f.deleted.append(name)
    return 204, None


def gh_permission(f, _, __, login):
    if login not in f.people:
        raise Refuse(404, {"message": "Not Found", "documentation_url": "x"})
    may = f.people[login]
    return 200, {"permission": may, "role_name": may, "user": dict(
        user(f, login), permissions={
            "pull": True, "triage": False, "push": may != "read",
            "maintain": False, "admin": may == "admin"},
        role_name=may)}


def gh_graphql(f, _, j):
    v = j["variables"]
    if f.unknown > 0:
        f.unknown -= 1
        return 200, {"data": None, "errors": [
            {"type": "NOT_FOUND", "message": "Could not resolve to a node "
             f"with the global id of '{v['id']}'."}]}
    said = {"clean": "Pull request Pull request is in clean status",
            "unstable": "Pull request Pull request is in unstable status",
            "off": "Pull request Auto merge is not allowed for this "
                   "repository"}.get(f.checks)
    if "enablePullRequestAutoMerge" not in j["query"]:
        said = "Parse error"
    if said:
        return 200, {"data": None, "errors": [
            {"type": "UNPROCESSABLE", "message": said}]}
    r = f.find(v["id"].split("_")[1])
    if v["sha"] != r["sha"]:
        return 200, {"data": None, "errors": [
            {"message": "The head SHA does not match"}]}
    r["auto"] = True
    return 200, {"data": {"enablePullRequestAutoMerge": {
        "pullRequest": {"number": r["number"]}}}}


# ---- GitLab ----

def gl_list(f, q, _):
    state = {"opened": "open", "closed": "closed"}[q["state"]]
    out = [r for r in f.listed(state)
           if q.get("source_branch") in (None, r["source"]) and
           q.get("target_branch") in (None, r["target"]) and
           not (state == "closed" and r["merged"])]
    return 200, [gitlab_request(f, r) for r in out]


def gl_create(f, _, j):
    for key in ("source_branch", "target_branch", "title"):
        if not j.get(key):
            raise Refuse(400, {"error": f"{key} is missing"})
    old = f.open_of(j["source_branch"], j["target_branch"])
    if old:
        raise Refuse(409, {"message": [
            "Another open merge request already exists for this source "
            f"branch: !{old[0]['number']}"]})
    r = f.create(j["title"], j.get("description"), j["source_branch"],
                 j["target_branch"])
    r["labels"] += [x for x in j.get("labels", "").split(",") if x]
    return 201, gitlab_request(f, r)


def gl_get(f, _, __, n):
    return 200, gitlab_request(f, f.find(n))


def gl_update(f, _, j, n):
    r = f.find(n)
    r["title"] = j.get("title", r["title"])
    r["body"] = j.get("description", r["body"])
    for x in j.get("add_labels", "").split(","):
        if x and x not in r["labels"]:
            r["labels"].append(x)
    if j.get("state_event") == "close":
        r["state"] = "closed"
    return 200, gitlab_request(f, r)


def gl_notes(f, _, __, n):
    return 200, [gitlab_note(f, c) for c in f.comments_on(n)]


def gl_note(f, _, j, n):
    return 201, gitlab_note(f, f.comment(n, j["body"]))


def gl_edit(f, _, j, __, ident):
    return 200, gitlab_note(f, f.edit_comment(ident, j["body"]))


def gl_status(f, _, j, sha):
    old = [s for s in f.statuses if (s["sha"], s["name"]) ==
           (sha, j["name"])]
    if old and old[-1]["state"] == j["state"]:
        raise Refuse(400, {"message": "Cannot transition status via "
                                      ":success from :success"})
    f.statuses.append(dict(j, sha=sha))
    return 201, {"id": 1, "sha": sha, "status": j["state"],
                 "name": j["name"], "description": j.get("description"),
                 "ref": "x", "created_at": NOW, "allow_failure": False,
                 "author": {"id": 4, "username": "bot"}}


def gl_merge(f, _, j, n):
    r = f.find(n)
    later = j.get("auto_merge") or j.get("merge_when_pipeline_succeeds")
    if later and not f.pipeline:
        raise Refuse(405, {"message": "405 Method Not Allowed"})
    if later and f.pipeline != "failed":
        if j.get("sha") != r["sha"]:
            raise Refuse(409, {"message": "SHA does not match HEAD of "
                                          "source branch: " + r["sha"]})
        r["auto"] = True
    else:
        f.merge(r, j.get("sha"))
    return 200, gitlab_request(f, r)


def gl_branch(f, _, __, name):
    f.deleted.append(name)
    return 204, None


def gl_member(f, _, __, ident):
    for name, may in f.people.items():
        if f.person(name) == int(ident):
            return 200, {"id": int(ident), "username": name, "name": name,
                         "state": "active", "access_level": {
                             "admin": 50, "write": 30, "read": 10}[may]}
    raise Refuse(404, {"message": "404 Not found"})


# ---- Gitea ----

def gt_list(f, q, _):
    out = f.listed(q.get("state", "open"))
    return 200, [gitea_request(f, r) for r in out]


def gt_create(f, _, j):
    if any(not isinstance(x, int) for x in j.get("labels", [])):
        raise Refuse(422, {"message": "json: cannot unmarshal string into "
                                      "Go struct field of type int64"})
    if f.open_of(j["head"], j["base"]):
        raise Refuse(409, {"message": "pull request already exists for "
                                      "these targets", "url": "x"})
    return 201, gitea_request(f, f.create(
        j["title"], j.get("body"), j["head"], j["base"]))


def gt_get(f, _, __, n):
    return 200, gitea_request(f, f.find(n))


def gt_update(f, _, j, n):
    r = f.find(n)
    for key in ("title", "body"):
        if key in j:
            r[key] = j[key]
    if j.get("state") == "closed":
        r["state"] = "closed"
    return 201, gitea_request(f, r)


def gt_all_labels(f, _, __):
    return 200, [gitea_label(x["id"], x["name"]) for x in f.labels]


def gt_new_label(f, _, j):
    if not re.fullmatch(r"#?[0-9a-f]{6}", j["color"]):
        raise Refuse(422, {"message": "bad color"})
    f.labels.append({"id": 50 + f.number(), "name": j["name"]})
    return 201, gitea_label(f.labels[-1]["id"], j["name"])


def gt_labels(f, _, j, n):
    r = f.find(n)
    names = {x["id"]: x["name"] for x in f.labels}
    for ident in j["labels"]:
        if ident not in names:
            raise Refuse(422, {"message": "label does not exist"})
        if names[ident] not in r["labels"]:
            r["labels"].append(names[ident])
    return 200, [gitea_label(0, x) for x in r["labels"]]


def gt_comments(f, _, __, n):
    return 200, [gitea_comment(f, c) for c in f.comments_on(n)]


def gt_comment(f, _, j, n):
    return 201, gitea_comment(f, f.comment(n, j["body"]))


def gt_edit(f, _, j, ident):
    return 200, gitea_comment(f, f.edit_comment(ident, j["body"]))


def gt_status(f, _, j, sha):
    f.statuses.append(dict(j, sha=sha))
    return 201, {"id": 1, "status": j["state"], "context": j["context"],
                 "description": j.get("description", ""),
                 "created_at": NOW, "updated_at": NOW}


def gt_merge(f, _, j, n):
    if j.get("Do") not in ("merge", "rebase", "squash"):
        raise Refuse(422, {"message": "[Do]: Required"})
    r = f.find(n)
    if j.get("merge_when_checks_succeed") and f.pipeline == "pending":
        r["auto"] = True
    else:
        f.merge(r, j.get("head_commit_id"))
    return 200, None


def gt_branch(f, _, __, name):
    f.deleted.append(name)
    return 204, None


def gt_permission(f, _, __, login):
    if login not in f.people:
        raise Refuse(404, {"message": "not found"})
    return 200, {"permission": f.people[login], "role_name": "",
                 "user": gitea_user(f, login)}


N = r"(\d+)"
ROUTES = {
    "github": ("/github", "/repos/o/r", [
        ("GET", "/pulls", gh_list), ("POST", "/pulls", gh_create),
        ("GET", f"/pulls/{N}", gh_get), ("PATCH", f"/pulls/{N}", gh_update),
        ("POST", f"/issues/{N}/labels", gh_labels),
        ("GET", f"/issues/{N}/comments", gh_comments),
        ("POST", f"/issues/{N}/comments", gh_comment),
        ("PATCH", f"/issues/comments/{N}", gh_edit),
        ("POST", "/statuses/([0-9a-f]{40})", gh_status),
        ("PUT", f"/pulls/{N}/merge", gh_merge),
        ("DELETE", "/git/refs/heads/(.+)", gh_branch),
        ("GET", "/collaborators/([^/]+)/permission", gh_permission)]),
    "gitlab": ("/gitlab/api/v4", "/projects/group%2Fsub%2Fr", [
        ("GET", "/merge_requests", gl_list),
        ("POST", "/merge_requests", gl_create),
        ("GET", f"/merge_requests/{N}", gl_get),
        ("PUT", f"/merge_requests/{N}", gl_update),
        ("GET", f"/merge_requests/{N}/notes", gl_notes),
        ("POST", f"/merge_requests/{N}/notes", gl_note),
        ("PUT", f"/merge_requests/{N}/notes/{N}", gl_edit),
        ("POST", "/statuses/([0-9a-f]{40})", gl_status),
        ("PUT", f"/merge_requests/{N}/merge", gl_merge),
        ("DELETE", "/repository/branches/(.+)", gl_branch),
        ("GET", f"/members/all/{N}", gl_member)]),
    "gitea": ("/gitea/api/v1", "/repos/o/r", [
        ("GET", "/pulls", gt_list), ("POST", "/pulls", gt_create),
        ("GET", f"/pulls/{N}", gt_get), ("PATCH", f"/pulls/{N}", gt_update),
        ("GET", "/labels", gt_all_labels), ("POST", "/labels", gt_new_label),
        ("POST", f"/issues/{N}/labels", gt_labels),
        ("GET", f"/issues/{N}/comments", gt_comments),
        ("POST", f"/issues/{N}/comments", gt_comment),
        ("PATCH", f"/issues/comments/{N}", gt_edit),
        ("POST", "/statuses/([0-9a-f]{40})", gt_status),
        ("POST", f"/pulls/{N}/merge", gt_merge),
        ("DELETE", "/branches/(.+)", gt_branch),
        ("GET", "/collaborators/([^/]+)/permission", gt_permission)]),
}


def token_of(kind, headers):
    auth = headers.get("Authorization", "")
    if kind == "github":
        return auth[7:] if auth.startswith("Bearer ") else ""
    if kind == "gitea":
        return auth[6:] if auth.startswith("token ") else ""
    if headers.get("JOB-TOKEN"):
        return headers["JOB-TOKEN"] if headers["JOB-TOKEN"] == "job" else ""
    if auth.startswith("Bearer "):
        return auth[7:]
    return headers.get("PRIVATE-TOKEN", "")


def check_token(kind, method, headers):
    token = token_of(kind, headers)
    if kind == "github" and not headers.get("User-Agent"):
        raise Refuse(403, {"message": "Request forbidden by administrative "
                                      "rules. Make sure your request has a "
                                      "User-Agent header"})
    if token == "write" or (token in ("read", "job") and method == "GET"):
        return
    if token in ("read", "job"):
        raise Refuse(403, {"message": {
            "github": "Resource not accessible by integration",
            "gitlab": "403 Forbidden",
            "gitea": "token does not have at least one of required "
                     "scope(s)"}[kind], "documentation_url": "x"})
    raise Refuse(401, {"message": "Bad credentials" if kind == "github"
                       else "401 Unauthorized", "documentation_url": "x"})


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def body(self):
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            return json.loads(data) if data else {}
        except ValueError as e:
            raise Refuse(400, {"message": "Problems parsing JSON"}) from e

    def send(self, status, body, headers=(), half=False):
        data = b"" if body is None else body if isinstance(body, bytes) \
            else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, str(value))
        if status != 304:
            self.send_header("Content-Type", "application/json; charset=utf-8")
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[:len(data) // 2] if half else data)
        if half:
            self.close_connection = True

    def page(self, kind, path, query, items):
        """One page of a list, and how to the next."""
        size = min(int(query.get("per_page", query.get("limit", 30))),
                   forges[kind].page)
        at = int(query.get("page", 1))
        more = len(items) > at * size
        rest = items[(at - 1) * size:at * size]
        headers = []
        if more:
            headers.append(("Link", f'<http://other.example.org{path}?'
                            f'per_page={size}&page={at + 1}>; rel="next", '
                            f'<http://other.example.org{path}?page=9>; '
                            'rel="last"'))
        if kind == "gitlab":
            headers.append(("X-Next-Page", at + 1 if more else ""))
        return rest, headers

    def route(self, kind, path, query):
        api, repo, routes = ROUTES[kind]
        j = self.body()
        check_token(kind, self.command, self.headers)
        if kind == "github" and path == api + "/graphql":
            return (*gh_graphql(forges[kind], query, j), [])
        if not path.startswith(api + repo):
            raise Refuse(404, {"message": "Not Found",
                               "documentation_url": "x"})
        if kind in JUDGES:
            wrong = JUDGES[kind].request(self.command, path[len(api):], query,
                                         j)
            if wrong:
                raise Refuse(422, {"message": "no request: " + wrong})
        for method, pattern, fn in routes:
            m = re.fullmatch(pattern, path[len(api + repo):])
            if method != self.command or not m:
                continue
            status, out = fn(forges[kind], query, j,
                             *map(unquote, m.groups()))
            if isinstance(out, list) and method == "GET":
                out, headers = self.page(kind, path, query, out)
                return status, out, headers
            return status, out, []
        raise Refuse(404, {"message": "Not Found", "documentation_url": "x"})

    def control(self, path):
        j = self.body()
        if path == "/_reset":
            reset()
        elif path == "/_fault":
            faults.append(Fault(j))
        elif path.startswith("/_set/"):
            forge = forges[path[6:]]
            for key, value in j.items():
                if key == "comment":
                    forge.comment(value["on"], value["body"], value["by"])
                elif key == "request":
                    r = forge.create("x", "", value["source"],
                                     value["target"])
                    r.update(value)
                else:
                    setattr(forge, key, value)
        elif path.startswith("/_state/"):
            return vars(forges[path[8:]])
        elif path == "/_log":
            return log
        return {}

    def fault(self, path):
        for f in faults:
            if f.takes(self.command, path):
                f.n -= 1
                return f
        return None

    def answer(self, kind, path, query):
        headers = []
        try:
            status, out, headers = self.route(kind, path, query)
        except Refuse as e:
            status, out, headers = e.status, e.body, e.headers
        if kind in JUDGES:
            wrong = JUDGES[kind].reply(
                self.command, path[len(ROUTES[kind][0]):], status, out)
            if wrong:
                return 500, {"message": "no reply: " + wrong}, []
        return status, out, headers

    def serve(self, kind, path, query, entry):
        f = self.fault(path)
        do = f.do if f else None
        if do in ("status", "page", "redirect"):
            self.body()
        if do == "status":
            entry["status"] = f.j["status"]
            self.send(f.j["status"], f.j.get("body", {"message": "as told"}),
                      list(f.j.get("headers", {}).items()))
            return
        if do == "page":
            self.send(502, b"<html>bad gateway</html>")
            return
        if do == "redirect":
            self.send(f.j.get("status", 301), None,
                      [("Location", f.j["to"]), ("X-No", "body")])
            return
        status, out, headers = self.answer(kind, path, query)
        if self.command == "GET" and status == 200 and kind != "gitea":
            tag = f'W/"{hashlib.sha256(json.dumps(out).encode()).hexdigest()}"'
            headers = [*headers, ("ETag", tag)]
            if self.headers.get("If-None-Match") == tag:
                status, out = 304, None
        entry["status"] = status
        if do == "late":
            lock.release()
            try:
                time.sleep(f.j["secs"])
            finally:
                lock.acquire()
        if do == "lost":
            self.close_connection = True
            return
        self.send(status, out, headers, half=do == "half")

    def do(self):
        parts = urlsplit(self.path)
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        with lock:
            if parts.path.startswith("/_"):
                self.send(200, self.control(parts.path))
                return
            kind = parts.path.split("/")[1]
            entry = {"method": self.command, "path": self.path, "status": 0,
                     "accept": self.headers.get("Accept", "")}
            log.append(entry)
            if kind not in forges:
                self.send(404, {"message": "Not Found"})
                return
            try:
                self.serve(kind, parts.path, query, entry)
            except OSError:
                self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do


def main():
    reset()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
