#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what `pike-git report` wrote by other means than its own.

  page FILE      elements are closed in order, ids are unique and links lead to
                 them, nothing is loaded from anywhere, no script but its own
  svg FILE...    well-formed, titled, no script, no reference
  schema SCHEMA JSON...  each is by the schema, which names all that is in them
  junit FILE     what Jenkins and GitLab read of tests, and sums that are right
  numbers JSON   the repository in which it runs, recomputed from `git log` and
                 `git notes` alone: prints what differs, nothing if all is equal
"""
import functools
import html.parser
import json
import math
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

PACKAGED = "/usr/bin/python3"
try:
    import jsonschema
except ImportError:  # another Python than the one that has packages
    if sys.executable == PACKAGED:
        raise
    os.execv(PACKAGED, [PACKAGED, *sys.argv])

EMPTY = {"meta", "br", "img", "link", "hr", "input"}
LOADS = {"src", "srcset", "xlink:href", "action", "poster", "data", "formaction"}


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.wrong = [], [], [], []
        self.scripts = 0

    def handle_starttag(self, tag, attrs):
        self.look(tag, attrs)
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.look(tag, attrs)

    def look(self, tag, attrs):
        self.scripts += tag == "script"
        for key, value in attrs:
            if key == "id":
                self.ids.append(value)
            if key == "href":
                self.links.append(value)
            if key in LOADS or key.startswith("on"):
                self.wrong.append(f"{tag} has {key}={value}")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> closes another element")


def page(path):
    p = Page()
    p.feed(open(path, encoding="utf-8").read())
    p.wrong += [f"{t} is not closed" for t in p.open]
    p.wrong += [f"id {i} twice" for i in set(p.ids) if p.ids.count(i) > 1]
    for link in p.links:
        if link.startswith("#") and link[1:] in p.ids:
            continue
        if not link.startswith("data:text/csv;"):
            p.wrong.append(f"a link to {link}")
    if p.scripts != 1:
        p.wrong.append(f"{p.scripts} scripts")
    return p.wrong


def svg(path):
    wrong = []
    root = ET.parse(path).getroot()
    space = "{http://www.w3.org/2000/svg}"
    if root.tag != space + "svg" or root.find(space + "title") is None:
        wrong.append(f"{path}: no svg with a title")
    for e in root.iter():
        if e.tag in (space + "script", space + "foreignObject"):
            wrong.append(f"{path}: {e.tag}")
        wrong += [f"{path}: {k}" for k in e.attrib
                  if k.startswith("on") or k.endswith("href")]
    return wrong


def closed(schema):
    """The schema without leave to say more than it names."""
    if isinstance(schema, list):
        return [closed(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    tight = {k: closed(v) for k, v in schema.items()}
    if tight.get("type") == "object":
        tight.setdefault("additionalProperties", False)
    return tight


def schema(path, *documents):
    tight = closed(json.load(open(path, encoding="utf-8")))
    jsonschema.Draft7Validator.check_schema(tight)
    wrong = []
    for name in documents:
        document = json.load(open(name, encoding="utf-8"))
        for e in jsonschema.Draft7Validator(tight).iter_errors(document):
            where = "/".join(str(p) for p in e.absolute_path)
            wrong.append(f"{where or 'all of it'}: {e.message[:200]}")
    return wrong


# After junit-10.xsd of Jenkins's xunit plugin; `file` is GitLab's.
JUNIT = {
    "testsuites": ({"name", "time", "tests", "failures", "errors"},
                   set(), {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors", "skipped", "time",
                   "timestamp", "hostname", "id", "package"},
                  {"name", "tests", "failures", "errors"},
                  {"testcase", "properties", "system-out", "system-err"}),
    "testcase": ({"name", "classname", "time", "status", "file"},
                 {"name", "classname"},
                 {"skipped", "failure", "error", "system-out", "system-err"}),
    "skipped": ({"message", "type"}, set(), set()),
    "failure": ({"message", "type"}, set(), set()),
    "system-out": (set(), set(), set()),
}


def junit_element(e):
    may, must, inside = JUNIT[e.tag]
    yield from (f"{e.tag} has {a}" for a in set(e.attrib) - may)
    yield from (f"{e.tag} has no {a}" for a in must - set(e.attrib))
    yield from (f"{c.tag} in {e.tag}" for c in e if c.tag not in inside)
    if "time" in e.attrib and not re.fullmatch(r"\d+(\.\d+)?", e.get("time")):
        yield f"time {e.get('time')}"
    for c in e:
        if c.tag in JUNIT:
            yield from junit_element(c)


def junit(path):
    root = ET.parse(path).getroot()
    wrong = [] if root.tag == "testsuites" else [f"{root.tag} for a root"]
    wrong += junit_element(root)
    for suite in root.iter("testsuite"):
        cases = suite.findall("testcase")
        for key, n in (
                ("tests", len(cases)),
                ("failures", len(suite.findall("testcase/failure"))),
                ("skipped", len(suite.findall("testcase/skipped")))):
            if int(suite.get(key)) != n:
                wrong.append(f"{suite.get(key)} {key}, not {n}")
        names = [c.get("name") for c in cases]
        wrong += [f"{n} twice" for n in set(names) if names.count(n) > 1]
    return wrong


def git(*args):
    return subprocess.run(("git",) + args, check=True, text=True,
                          stdout=subprocess.PIPE).stdout


@functools.lru_cache(maxsize=None)
def trailers(commit):
    text = git("show", "-s", "--format=%(trailers:only,unfold)", commit)
    pairs = [line.split(": ", 1) for line in text.splitlines() if ": " in line]
    return [(k, v.strip()) for k, v in pairs]


@functools.lru_cache(maxsize=None)
def is_candidate(commit):
    """An agent made it, and it changes a file."""
    if "Pike-Agent" not in dict(trailers(commit)):
        return False
    trees = git("rev-parse", commit + "^{tree}", commit + "^^{tree}")
    return len(set(trees.split())) == 2


def search(ref):
    """Generations first to last, by their trailers."""
    tips = git("rev-list", "--reverse", "--first-parent", ref).split()
    found = {"speedup": (1, 1, 1), "queries": 0, "tried": 0, "usd": 0,
             "gains": [], "last": {}}
    for commit in tips:
        lines = trailers(commit)
        names = dict(lines)
        if "Pike-Champion" not in names:
            continue
        for v in (v.split() for k, v in lines if k == "Pike-Result"):
            oid, verdict, how, when = v[0], v[1], v[5], v[-1]
            if oid not in found["last"]:
                t = dict(trailers(oid))
                found["queries"] += ("Pike-Model" in t and
                                     t.get("Pike-Agent") != "brainstorm")
                found["tried"] += is_candidate(oid)
            # A confirmation outweighs a screening, a later one an earlier.
            weight = (how.startswith("confirm"), when)
            if weight >= found["last"].get(oid, (weight,))[0]:
                found["last"][oid] = (weight, verdict)
        found["usd"] = float(names.get("Pike-Spent", 0))
        words = re.findall(r"[0-9.]+", names.get("Pike-Speedup", "1 1 1"))
        lo, mid, hi = (float(w) for w in (words * 3)[:3])
        found["speedup"] = (lo, mid, hi)
        found["champion"] = names["Pike-Champion"].split()[0]
        found["gains"].append({"candidates": found["tried"], "y": mid,
                               "queries": found["queries"],
                               "dollars": found["usd"]})
    return found


def candidates(ref):
    """Commits of a ladder that an agent made and that change a file."""
    n = 0
    ladder = ref.replace("refs/heads/pike/evo/", "refs/pike/open/")
    for commit in set(git("rev-list", ref, ladder).split()):
        n += is_candidate(commit)
    return n


def notes():
    """Result lines by commit."""
    by = {}
    for line in git("notes", "--ref=pike/results", "list").splitlines():
        blob, commit = line.split()
        by[commit] = [json.loads(v)
                      for v in git("cat-file", "blob", blob).splitlines()]
    return by


def phases(by, refs):
    """Seconds by phase of all candidates of these searches."""
    spent = {}
    for commit in {c for ref in refs for c in git("rev-list", ref).split()}:
        for line in by.get(commit, ()):
            if "Pike-Agent" not in dict(trailers(commit)):
                continue
            for name, secs in line.get("phases", {}).items():
                if secs > 0:
                    spent[name] = spent.get(name, 0) + secs
    return spent


def floor(by, row):
    """Share of the way to the floor, by the first case's rates."""
    lines = [v for v in by.get(row["champion"], ()) if v["stage"] == "confirm"]
    if not lines or len(lines[-1]["cases"]) != 1:
        return None
    last = max(lines, key=lambda v: (v["ts"], v["id"]))
    case = last["cases"][0]
    after = max(last.get("gbps", 0) * 1e9 / last.get("copy_bps", math.inf),
                last.get("gflops", 0) * 1e9 / last.get("fma_flops", math.inf))
    least = after * case["cand_ns"]
    if not after or after > 1:
        return None
    return (case["base_ns"] - case["cand_ns"]) / (case["base_ns"] - least)


def figure(report, name):
    return next((f for f in report["figures"] if f["id"] == name), None)


def parts(report, refs):
    """Figures that are recomputed from notes."""
    by = notes()
    for s in figure(report, "time")["series"]:
        want = phases(by, refs[s["name"]])
        got = {p["x"]: p["y"] for p in s["points"] if p["y"]}
        if got.keys() != want.keys() or not all(
                math.isclose(got[k], want[k], abs_tol=1e-6) for k in want):
            yield f"{s['name']}: phases {got}, not {want}"
    for s in (figure(report, "floor") or {"series": []})["series"]:
        for point in s["points"]:
            row = next((t for t in report["targets"] if
                        (t["target"], t["run"]) == (point["x"], s["name"])),
                       None)
            if not row or row["champion"] == row["base"]:
                continue
            want = floor(by, row)
            if (want is None) != (point["y"] is None) or (
                    want and not close(want, point["y"])):
                yield f"{point['x']}: closed {point['y']}, not {want}"


def curves(report, runs, targets):
    """Each point of each line: what all targets had come to at its x."""
    for f in report["figures"]:
        if f["id"] not in ("candidates", "queries", "dollars"):
            continue
        for s in f["series"]:
            for p in s["points"]:
                logs = [0.0]
                for one in runs[s["name"]].values():
                    ys = [g["y"] for g in one["gains"]
                          if g[f["id"]] <= p["x"] + 1e-9]
                    logs.append(math.log(max(1, ys[-1])) if ys else 0)
                want = math.exp(sum(logs) / len(targets))
                if not close(p["y"], want):
                    yield f"{f['id']} {s['name']}: {p['y']} at {p['x']}, " \
                          f"not {want}"


def verdicts(report, runs):
    for row in report["runs"]:
        want = {}
        for one in runs[row["run"]].values():
            for oid, (_, verdict) in one["last"].items():
                if is_candidate(oid):
                    want[verdict] = want.get(verdict, 0) + 1
        got = {k: v for k, v in row["verdicts"].items() if k != "waiting"}
        if got != want:
            yield f"{row['run']}: verdicts {got}, not {want}"


def close(a, b):
    return math.isclose(a, b, rel_tol=2e-3)


def numbers(path):
    wrong = []
    report = json.load(open(path, encoding="utf-8"))
    runs, refs = {}, {}
    for ref in git("for-each-ref", "--format=%(refname)",
                   "refs/heads/pike/evo/").split():
        target, lane = ref.split("/")[-2:]
        run = lane.split(".")[1] if "." in lane else "main"
        runs.setdefault(run, {})[target] = search(ref)
        refs.setdefault(run, []).append(ref)
        runs[run][target]["all"] = candidates(ref)
    targets = {t for r in runs.values() for t in r}
    for row in report["targets"]:
        by_git = runs[row["run"]][row["target"]]
        if row["champion"] != by_git["champion"]:
            wrong.append(f"{row['target']}: champion {row['champion']}")
        if row["speedup"] and not all(
                close(a, b) for a, b in zip(row["speedup"], by_git["speedup"])):
            wrong.append(f"{row['target']}: {row['speedup']} is not "
                         f"{by_git['speedup']}")
    for row in report["runs"]:
        mine = runs[row["run"]]
        logs = [math.log(max(1, s["speedup"][1])) for s in mine.values()]
        want = math.exp(sum(logs) / len(targets))
        if not close(row["published_rule"], want):
            wrong.append(f"{row['run']}: rule {row['published_rule']}, {want}")
        n = sum(s["all"] for s in mine.values())
        if row["candidates"] != n:
            wrong.append(f"{row['run']}: {row['candidates']} candidates, not {n}")
        queries = sum(s["queries"] for s in mine.values())
        if row["queries"] != queries:
            wrong.append(f"{row['run']}: {row['queries']} not {queries} queries")
        line = next(f for f in report["figures"] if f["id"] == "candidates")
        mark = next(s for s in line["series"] if s["name"] == row["run"])
        if not close(mark["points"][-1]["y"], want):
            wrong.append(f"the line of {row['run']} ends at "
                         f"{mark['points'][-1]['y']}, not {want}")
    return (wrong + list(parts(report, refs)) + list(verdicts(report, runs)) +
            list(curves(report, runs, targets)))


def main():
    sys.stderr = sys.stdout  # what goes wrong here is no empty answer
    how, *paths = sys.argv[1:]
    each = {"page": page, "svg": svg, "numbers": numbers, "junit": junit}
    wrong = (schema(*paths) if how == "schema" else
             [w for p in paths for w in each[how](p)])
    print("\n".join(wrong), end="")


main()
