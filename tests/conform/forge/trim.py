#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trims GitHub's OpenAPI description to what is asked of it.

    trim.py api.github.com.json >github.json

Keeps the paths below, of each the requests and replies that are used, and what
those refer to; drops words for people. What is left is an OpenAPI description
still, for whatever tool reads one.
"""
import json
import sys

PATHS = {
    "/repos/{owner}/{repo}/pulls": ("get", "post"),
    "/repos/{owner}/{repo}/pulls/{pull_number}": ("get", "patch"),
    "/repos/{owner}/{repo}/pulls/{pull_number}/merge": ("put",),
    "/repos/{owner}/{repo}/issues/{issue_number}/labels": ("post",),
    "/repos/{owner}/{repo}/issues/{issue_number}/comments": ("get", "post"),
    "/repos/{owner}/{repo}/issues/comments/{comment_id}": ("patch",),
    "/repos/{owner}/{repo}/statuses/{sha}": ("post",),
    "/repos/{owner}/{repo}/git/refs/{ref}": ("delete",),
    "/repos/{owner}/{repo}/collaborators/{username}/permission": ("get",),
}
WORDS = ("description", "summary", "example", "examples", "externalDocs",
         "x-github", "x-github-breaking-changes", "operationId", "tags",
         "title", "deprecated", "x-multi-segment", "headers")


def trimmed(x, names=False):
    """Without words; `names`: the keys are of somebody's own choice."""
    if isinstance(x, list):
        return [trimmed(v) for v in x]
    if not isinstance(x, dict):
        return x
    return {k: trimmed(v, k in ("properties", "schemas", "parameters",
                                "responses") and isinstance(v, dict))
            for k, v in x.items() if names or k not in WORDS}


def refs_in(x):
    if isinstance(x, dict):
        if isinstance(x.get("$ref"), str):
            yield x["$ref"]
        x = x.values()
    elif not isinstance(x, list):
        return
    for v in x:
        yield from refs_in(v)


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        spec = json.load(f)
    out = {"openapi": spec["openapi"],
           "info": {"title": "GitHub", "version": spec["info"]["version"],
                    "license": spec["info"]["license"]},
           "paths": {}, "components": {}}
    for path, methods in PATHS.items():
        item = {m: trimmed(spec["paths"][path][m]) for m in methods}
        for m in item.values():
            # Response objects must have one.
            for r in m["responses"].values():
                if "$ref" not in r:
                    r["description"] = ""
        out["paths"][path] = item
    todo = list(refs_in(out["paths"]))
    while todo:
        _, _, kind, name = todo.pop().split("/", 3)
        have = out["components"].setdefault(kind, {})
        if name in have:
            continue
        have[name] = trimmed(spec["components"][kind][name])
        if kind == "responses":
            have[name]["description"] = ""
        todo += refs_in(have[name])
    json.dump(out, sys.stdout, sort_keys=True, separators=(",", ":"))
    print()


main()
