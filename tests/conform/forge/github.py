# SPDX-License-Identifier: Apache-2.0
"""What GitHub's own OpenAPI description says of a request and of a reply.

`github.json` is the part of it that is used here (see `trim.py`).
"""
import json
import os
import pathlib
import re
import sys

PACKAGED = "/usr/bin/python3"
try:
    import jsonschema
except ImportError:  # another Python than the one that has packages
    if sys.executable == PACKAGED:
        raise
    os.execv(PACKAGED, [PACKAGED, *sys.argv])

HERE = pathlib.Path(__file__).parent
SPEC = json.loads((HERE / "github.json").read_text())


def _nullable(x):
    """OpenAPI 3.0 to JSON Schema, which says of null what else it may be."""
    if isinstance(x, list):
        for v in x:
            _nullable(v)
    if not isinstance(x, dict):
        return
    for v in list(x.values()):
        _nullable(v)
    if x.get("nullable") is not True:
        return
    del x["nullable"]
    rest = dict(x)
    x.clear()
    x["anyOf"] = [{"type": "null"}, rest]


_nullable(SPEC)


def _resolve(x):
    while "$ref" in x:
        at = SPEC
        for key in x["$ref"][2:].split("/"):
            at = at[key]
        x = at
    return x


def _first(schema, what):
    """The first complaint in words, '' for none."""
    v = jsonschema.Draft7Validator({**schema, "components":
                                    SPEC["components"]})
    e = jsonschema.exceptions.best_match(v.iter_errors(what))
    return f"{'/'.join(map(str, e.absolute_path))}: {e.message[:300]}" \
        if e else ""


def _operation(method, path):
    for pattern, item in SPEC["paths"].items():
        # A ref's name has slashes.
        regex = re.sub(r"\{[^}]*\}", "[^/]+", pattern.replace(
            "{ref}", "\0")).replace("\0", ".+")
        if re.fullmatch(regex, path) and method.lower() in item:
            return item[method.lower()]
    return None


def _parameters(op, query):
    known = {}
    for p in map(_resolve, op.get("parameters", [])):
        if p["in"] == "query":
            known[p["name"]] = p["schema"]
    for name, value in query.items():
        if name not in known:
            return f"?{name} is not a parameter"
        kind = known[name].get("type")
        wrong = _first(known[name], int(value) if kind == "integer" and
                       value.isdigit() else value)
        if wrong:
            return f"?{name}: {wrong}"
    return ""


def _schema(content):
    return content.get("content", {}).get("application/json",
                                          {}).get("schema")


def request(method, path, query, body):
    """What is wrong with it; '' for nothing."""
    op = _operation(method, path)
    if not op:
        return f"there is no {method} {path}"
    wrong = _parameters(op, query)
    schema = _schema(op.get("requestBody", {}))
    if wrong or not schema:
        return wrong or ("a body where none belongs" if body else "")
    named = schema.get("properties")
    odd = [k for k in body if named and k not in named]
    return f"{odd[0]} is not a member" if odd else _first(schema, body)


def reply(method, path, status, body):
    """What is wrong with a reply to a request that is none; '' for nothing."""
    op = _operation(method, path)
    if not op:
        return ""
    described = op["responses"].get(str(status))
    if described is None:
        # These come from whatever is in front of it.
        return "" if status in (400, 401, 403, 404, 429) or status >= 500 \
            else f"{method} {path} never answers {status}"
    schema = _schema(_resolve(described))
    if not schema:
        return "a body where none belongs" if body else ""
    return _first(schema, body)
