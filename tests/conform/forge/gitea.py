# SPDX-License-Identifier: Apache-2.0
"""What Gitea's own types say of a request and of a reply.

`gitea.json` has them as JSON Schemas (see `make-gitea`); what is not in the
types stands in ROUTES: which belongs to which question.
"""
import json
import pathlib
import re

import jsonschema  # github.py, which is read first, sees to it

SPEC = json.loads((pathlib.Path(__file__).parent / "gitea.json").read_text())
REPO = "/repos/[^/]+/[^/]+"
# Method, path, type of the request, status and type of the reply; a list has
# its type in brackets.
ROUTES = [
    ("GET", "/pulls", None, 200, ["pull"]),
    ("POST", "/pulls", "createPull", 201, "pull"),
    ("GET", r"/pulls/\d+", None, 200, "pull"),
    ("PATCH", r"/pulls/\d+", "editPull", 201, "pull"),
    ("POST", r"/pulls/\d+/merge", "merge", 200, None),
    ("GET", "/labels", None, 200, ["label"]),
    ("POST", "/labels", "createLabel", 201, "label"),
    ("POST", r"/issues/\d+/labels", "addLabels", 200, ["label"]),
    ("GET", r"/issues/\d+/comments", None, 200, ["comment"]),
    ("POST", r"/issues/\d+/comments", "createComment", 201, "comment"),
    ("PATCH", r"/issues/comments/\d+", "editComment", 200, "comment"),
    ("POST", "/statuses/[0-9a-f]{40}", "createStatus", 201, "status"),
    ("DELETE", "/branches/.+", None, 204, None),
    ("GET", "/collaborators/[^/]+/permission", None, 200, "permission"),
]


def _first(name, what):
    schema = {"definitions": SPEC["definitions"], **SPEC["types"][name]}
    e = jsonschema.exceptions.best_match(
        jsonschema.Draft7Validator(schema).iter_errors(what))
    return f"{'/'.join(map(str, e.absolute_path))}: {e.message[:300]}" \
        if e else ""


def _route(method, path):
    for r in ROUTES:
        if r[0] == method and re.fullmatch(REPO + r[1], path):
            return r
    return None


def request(method, path, _query, body):
    """What is wrong with it; '' for nothing."""
    r = _route(method, path)
    if not r:
        return f"there is no {method} {path}"
    if not r[2]:
        return "a body where none belongs" if body else ""
    return _first(r[2], body)


def reply(method, path, status, body):
    """What is wrong with a reply to a request that is none; '' for nothing."""
    r = _route(method, path)
    if not r or status >= 400:
        return ""
    if status != r[3]:
        return f"{method} {path} never answers {status}"
    if not r[4]:
        return "a body where none belongs" if body else ""
    if isinstance(r[4], str):
        return _first(r[4], body)
    return next(filter(None, (_first(r[4][0], x) for x in body)), "")
