# SPDX-License-Identifier: Apache-2.0
"""What the vendors' SDKs say of a request and of a reply.

The schemas are of their types, sdk.json is what they send themselves; what
their comments say beyond types is in RULES.
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
SENT = json.loads((HERE / "sdk.json").read_text())
PROVIDERS = tuple(SENT)


def _validator(name):
    schema = json.loads((HERE / "schemas" / (name + ".json")).read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


_REQUEST = {p: _validator(p.title() + "Request") for p in PROVIDERS}
_REPLY = {p: _validator(p.title() + "Reply") for p in PROVIDERS}


def _first(validator, what):
    """The first complaint in words, '' for none."""
    error = jsonschema.exceptions.best_match(validator.iter_errors(what))
    if not error:
        return ""
    where = "/".join(str(p) for p in error.absolute_path)
    return f"{where or 'the body'}: {error.message[:200]}"


def judge_reply(provider, body):
    return _first(_REPLY[provider], body)


# ---- what the types cannot say ----

def _whole(value, least=1):
    return isinstance(value, int) and value >= least


def _of_openai(model, b):
    thinks = re.fullmatch(r"o\d.*|gpt-([5-9]|\d\d)\b.*", model)
    limits = [n for n in ("max_tokens", "max_completion_tokens") if n in b]
    yield len(limits) == 1, "one limit of tokens"
    yield all(_whole(b[n]) for n in limits), "a whole limit"
    yield 0 <= b.get("temperature", 0) <= 2, "a temperature of 0 to 2"
    if thinks:
        yield "max_tokens" not in b, "max_tokens is not of reasoning models"
        yield not {"temperature", "top_p"} & set(b), "no sampling when it thinks"


def _of_anthropic(model, b):
    old = re.match(r"claude-([23]|instant|(opus|sonnet)-4(-[0-6]|-\d{8})?$|"
                   r"(opus|sonnet|haiku)-4-[0-6](-|$)|haiku-4-5)", model)
    thinking = b.get("thinking", {})
    kind = thinking.get("type")
    yield _whole(b["max_tokens"]), "a whole limit"
    yield 0 <= b.get("temperature", 0) <= 1, "a temperature of 0 to 1"
    yield not {"temperature", "top_p"} <= set(b), "temperature or top_p"
    if kind == "enabled":
        n = thinking["budget_tokens"]
        yield _whole(n, 1024) and n < b["max_tokens"], "a budget of 1024 or more"
    if kind in ("enabled", "adaptive"):
        yield "temperature" not in b, "no temperature when it thinks"
    if model.startswith("claude-") and not old:
        yield not {"temperature", "top_p"} & set(b), "no sampling after Opus 4.6"
        yield kind != "enabled", "no budget after Opus 4.6"


def _of_gemini(model, b):
    config = b.get("generationConfig", {})
    thinking = config.get("thinkingConfig", {})
    budget = thinking.get("thinkingBudget", 0)
    yield _whole(config["maxOutputTokens"]), "a whole limit"
    yield 0 <= config.get("temperature", 0) <= 2, "a temperature of 0 to 2"
    yield len(thinking) <= 1, "a level or a budget"
    yield _whole(budget, -1) and budget <= 24576, "a budget of at most 24576"
    if re.match(r"gemini-([3-9]|\d\d)", model):
        yield "thinkingBudget" not in thinking, "levels since Gemini 3"


RULES = {"openai": _of_openai, "anthropic": _of_anthropic, "gemini": _of_gemini}


# ---- a whole request ----

def model_of(provider, path, body):
    if provider != "gemini":
        return body["model"]
    head, tail = SENT[provider]["path"].split("MODEL")
    return path[len(head):len(path) - len(tail)]


def _judge_head(sent, method, path, headers):
    want = re.escape(sent["path"]).replace("MODEL", "[A-Za-z0-9._-]+")
    if method != sent["method"]:
        return f"method {method}, not {sent['method']}"
    if not re.fullmatch(want, path):
        return f"path {path}, not {sent['path']}"
    for name, value in sent["headers"].items():
        want = re.escape(value).replace("KEY", "[!-~]+")
        if not re.fullmatch(want, headers.get(name, "")):
            return f"header {name}: not of the form '{value}'"
    return ""


def judge(provider, method, path, headers, body):
    """What is wrong with a request (names of headers in small letters, the
    body's bytes); '': nothing."""
    wrong = _judge_head(SENT[provider], method, path, headers)
    if wrong:
        return wrong
    try:
        body = json.loads(body)
    except ValueError as e:
        return f"the body is not a JSON: {e}"
    wrong = _first(_REQUEST[provider], body)
    if wrong:
        return wrong
    for right, rule in RULES[provider](model_of(provider, path, body), body):
        if not right:
            return f"the rule is broken: {rule}"
    return ""
