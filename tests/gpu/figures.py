#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Short tables from what the steps of tests/gpu/run have written.

    figures.py aa|gain|hang FILE       lines of build/bench/aa
    figures.py gpus FOLDER N [UUID...]
    figures.py speed EVOLVE LINES BUILDS BACKEND
    figures.py champion EVOLVE         its commit
    figures.py profile BENCH NAME=TOOL:VERDICT,...  of planted faults
    figures.py examples FOLDER BACKEND TARGET...
    figures.py latency FILE BACKEND
    figures.py torch FILE
    figures.py rate BENCH SECONDS RECIPE
    figures.py crowd FOLDER PROCESSES RUNS

Exits with 1 when a figure misses what it must reach.
"""
import json
import statistics
import sys
from pathlib import Path

GOAL_LOCK = 0.80      # share of wall time
GOAL_COPY = 0.90      # of the copy bandwidth, where memory is the bound
GOAL_TIMES = 10       # gemm and attention over their start
GOAL_SECONDS = {"right": 15, "wrong": 15}  # of a `bench`; else:
GOAL_EXAMPLE = 20
GOAL_TRY = {"mlp": 10, "rmsnorm": 2}
COMPUTE = ("gemm", "attention")
MEASURED = ("faster", "same", "slower", "inconclusive")


def json_lines(path):
    """Documents, one a line; what is none is skipped."""
    for line in Path(path).read_text().splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue


def rate_upper(n):
    """Upper bound (95 %) of a rate when none of n was one."""
    return 1 - 0.05 ** (1 / n) if n else 1


def aa(path):
    lines = list(json_lines(path))
    print(f"{'kernel':>10} {'noise':>7}  what         n  faster same slower "
          "inconclusive")
    for x in lines:
        print(f"{x['us']:7.1f} us {100 * x['noise']:5.2f} %  {x['bench']:<10}"
              f" {x['n']:>3} {x['faster']:>7} {x['same']:>4} {x['slower']:>6}"
              f" {x['inconclusive']:>12}")
    bad = 0
    for x in lines:
        if x["bench"].startswith("gain"):
            print(f"{x['bench']} of {x['us']:.1f} us: {x['faster']} of "
                  f"{x['n']} confirmed")
        elif "by_mean" in x:
            print(f"other rules on {x['bench']} of {x['us']:.1f} us: any gain "
                  f"of the mean {x['by_mean']}, two ABBA repeats "
                  f"{x['by_two_abba']} of {x['n']}")
    for what in ("aa-screen", "aa-confirm"):
        n = sum(x["n"] for x in lines if x["bench"] == what)
        k = sum(x["faster"] for x in lines if x["bench"] == what)
        bad += k > 0 or n == 0
        bound = f"at most {100 * rate_upper(n):.2f} % (95 %)" if not k else "-"
        print(f"{what}: {k} of {n} called faster; rate {bound}")
    return bad


def gain(path):
    x = next(json_lines(path), None)
    if not x:
        print("gain: nothing measured")
        return 1
    print(f"{x['bench']} of {x['us']:.1f} us: {x['faster']} of {x['n']} "
          f"confirmed (at least 9 of 10), noise {100 * x['noise']:.2f} %")
    return x["faster"] < 0.9 * x["n"]


def hang(path):
    x = next(json_lines(path), None)
    if not x:
        print("hang: nothing measured")
        return 1
    print(f"{x['timeout']} of {x['n']} hung kernels ended at their limit of "
          f"{x['limit_ms']} ms; device measured again {x['over_ms']:.0f} ms "
          "after it at most (goal 1000 ms)")
    return (x["over_ms"] > 1000 or x["timeout"] < x["n"]
            or x["healthy_after"] < x["n"])


def gpus(folder, n, *uuids):
    folder, n = Path(folder), int(n)
    seen = [{d["device"] for d in s["devices"]
             if d["measuring"] and (d["device"] != "cpu-0" or not uuids)}
            for s in json_lines(folder / "gpus.seen")]
    screens = [r["source"] for r in json_lines(folder / "gpus.lines")
               if r.get("stage") == "screen"]
    ended = [s["targets"][0] for f in folder.glob("gpus.evolve.*")
             for s in json_lines(f)]
    at_once = max(map(len, seen), default=0)
    used = len(set().union(*seen))
    print(f"{n} GPU{'s' * (n > 1)}, {n + 1} processes: {used} used, "
          f"{at_once} at once, in {sum(len(s) == n for s in seen)} of "
          f"{len(seen)} looks all of them; {len(screens)} screenings, "
          f"{len(screens) - len(set(screens))} twice; "
          + ", ".join(str(s["screened"]) for s in ended) + " by process")
    text = (folder / "gpus.doctor").read_text()
    told = [u for u in uuids if u in text]
    if uuids:
        print(f"by its UUID: {len(told)} of {len(uuids)} seen")
    return (at_once != n or used != n or len(ended) != n + 1 or not screens
            or len(screens) != len(set(screens))
            or told != list(uuids[-1:]))


def speed(evolve, lines, builds, backend):
    s = next(json_lines(evolve))["targets"][0]
    screens = [r["secs"] for r in json_lines(lines)
               if r.get("stage") == "screen" and r["verdict"] in MEASURED]
    built = [r["secs"] for d in json_lines(builds) for r in d["results"]]
    wall = s["secs"]
    rows = (
        ("median build, alone", statistics.median(built), "s", 0.3),
        ("median screening", statistics.median(screens), "s", 0.5),
        ("candidates per hour", s["screened"] * 3600 / wall, "", 3000),
        ("lock held", 100 * s["lock_secs"] / wall, "%", 100 * GOAL_LOCK),
        ("kernels alone", 100 * s["kernel_secs"] / wall, "%", None),
    )
    print(f"{s['target']}: {s['screened']} candidates screened, "
          f"{s['confirmed']} confirmed, {wall:.0f} s in all")
    for what, value, unit, goal in rows:
        print(f"  {what:<22} {value:8.3g} {unit:<2}"
              f"{f'  goal {goal:g} {unit}' if goal and backend == 'cuda' else ''}")
    # Goals are goals; what cannot be is a fault.
    return not (0 < s["lock_secs"] <= wall and built and screens)


def phases(path):
    """(name, speedup over the start, candidates) after each phase."""
    for line in path.read_text().splitlines():
        doc, name = line.rsplit(" ", 1)
        s = json.loads(doc)["searches"][0]
        yield name, (s["speedup"] or [1, 1, 1])[1], s["candidates"]


def confirmed_case(show):
    """Base and candidate time of the last confirmation, and its verdict."""
    done = [r for r in show["results"]
            if r["stage"] == "confirm" and r["verdict"] in MEASURED]
    return done[-1]["cases"][0] if done else None


def of_ceiling(r):
    """What a kernel makes of its ceiling. That of arithmetic is measured with
    multiply-adds of f32: tensor cores have another, which is not measured."""
    if r["ceiling"] == "fma" and r["after"] > 1:
        return (f"{r['before']:.2f} -> {r['after']:.1f} times what f32 "
                "multiply-adds reach here, by tensor cores")
    return (f"{100 * r['before']:.1f} -> {100 * r['after']:.1f} % of the "
            f"{r['ceiling']} ceiling measured here")


def example(folder, t, backend, torch_gemm):
    s = next(json_lines(folder / f"{t}.json"))["targets"][0]
    c = confirmed_case(json.loads((folder / f"{t}.show").read_text()))
    lo, mid, hi = s["speedup"] or [1, 1, 1]
    print(f"{t}: {mid:.2f}x [{lo:.2f}, {hi:.2f}] confirmed"
          + (f", {c['base_ns'] / 1e3:.1f} -> {c['cand_ns'] / 1e3:.1f} us"
             if c else "")
          + f", {s['candidates']} candidates")
    before = 1
    for name, times, candidates in phases(folder / f"{t}.phases"):
        print(f"    {name:<20} {times:8.2f}x  (x{times / before:.2f} by it, "
              f"{candidates} candidates until then)")
        before = times
    bad = c is None
    for r in s["roofline"]:
        print(f"    {of_ceiling(r)}, {r['case']}")
        if backend == "cuda" and t not in COMPUTE:
            bad = bad or r["after"] < GOAL_COPY
    if backend == "cuda" and t in COMPUTE:
        bad = bad or mid < GOAL_TIMES
    if t == "gemm" and c and torch_gemm:
        print(f"    {100 * torch_gemm / c['cand_ns']:.1f} % of cuBLAS "
              f"(torch.matmul, {torch_gemm / 1e3:.1f} us)")
    if bad:
        print(f"    {t} MISSES its goal")
    return bad


def examples(folder, backend, *names):
    folder = Path(folder)
    gemm = next((x["ns"] for x in json_lines(folder / "ceilings.json")
                 if x["bench"] == "torch-gemm"), None)
    bad = 0
    for t in names:
        if (folder / f"{t}.show").exists():
            bad += example(folder, t, backend, gemm)
        else:
            print(f"{t}: not evolved")
            bad += 1
    return bad


TOOLS = ("memcheck", "initcheck", "racecheck", "synccheck")


def profile(path, *names):
    """Each name's result in turn: TOOL alone may find something ("": none)."""
    results = next(json_lines(path), {"results": []})["results"]
    bad = len(results) != len(names)
    print(f"{'candidate':<10} {'verdict':<9} {'metrics':>7} {'secs':>6}  "
          "what the tools say")
    for r, spec in zip(results, names):
        name, want = spec.split("=")
        tool, verdicts = want.split(":")
        got = r["resources"]
        ncu, san = got.get("profile", {}), got.get("sanitizer", {})
        metrics = len(ncu.get("launches", [{}])[0]) - 1
        found = [t for t in TOOLS if san.get(t, "").endswith(("error",
                                                              "errors"))]
        works = "unavailable" not in ncu and all(
            san.get(t, "unavailable")[:11] != "unavailable" for t in TOOLS)
        ok = (works and found == ([tool] if tool else [])
              and r["verdict"] in verdicts.split(",") and metrics >= 14)
        bad += not ok
        said = ncu.get("unavailable") or san.get("unavailable") or ", ".join(
            f"{t} {san.get(t, '-')}" for t in TOOLS)
        print(f"{name:<10} {r['verdict']:<9} {max(metrics, 0):>7} "
              f"{ncu.get('secs', 0) + san.get('secs', 0):>6.1f}  {said}"
              f"{'' if ok else '  NOT AS PLANTED'}")
        for x in san.get("reports", []):
            print(f"{'':<10} {x['tool']}: {x['kind']} in {x['kernel']} "
                  f"{x['place']}")
    return bad


def latency(path, backend):
    """One `bench` a line: its document, a name, seconds of wall time."""
    bad = 0
    print(f"{'bench':<14} {'verdict':<12} {'wall':>6} {'goal':>5}  phases")
    for line in Path(path).read_text().splitlines():
        document, name, secs = line.split("\t")
        r = json.loads(document)["results"][0]
        goal = GOAL_SECONDS.get(name, GOAL_EXAMPLE)
        want = ("wrong",) if name == "wrong" else MEASURED
        late = backend == "cuda" and float(secs) > goal
        bad += r["verdict"] not in want
        phases = ", ".join(f"{k} {v:.2f}" for k, v in
                           r.get("phases", {}).items())
        print(f"{name:<14} {r['verdict']:<12} {float(secs):>6.2f} {goal:>5}  "
              f"{phases}{'  MISSED' if late else ''}"
              f"{'' if r['verdict'] in want else '  ' + r['reason']}")
    return bad


def tries(path):
    """One `try` a line: its document, a name, seconds of wall time."""
    seen = {}
    for line in Path(path).read_text().splitlines():
        document, name, secs = line.split("\t")
        r = json.loads(document)["results"][0]
        seen.setdefault(name, []).append((float(secs), r["verdict"],
                                          r.get("phases", {})))
    print(f"{'try':<10} {'n':>3} {'median':>7} {'p95':>6} {'first':>6} "
          f"{'goal':>5}  verdicts; phases of the median")
    bad = 0
    for name, v in seen.items():
        secs = [s for s, _, _ in v]
        middle = sorted(v, key=lambda x: x[0])[len(v) // 2]
        phases = ", ".join(f"{k} {s:.2f}" for k, s in middle[2].items())
        verdicts = sorted({w for _, w, _ in v})
        bad += any(w not in MEASURED for w in verdicts)
        p95 = sorted(secs)[min(len(secs) - 1, int(0.95 * len(secs)))]
        print(f"{name:<10} {len(v):>3} {statistics.median(secs):>7.2f} "
              f"{p95:>6.2f} {secs[0]:>6.2f} {GOAL_TRY.get(name, 0):>5}  "
              f"{' '.join(verdicts)}; {phases}")
    return bad


def torch(path):
    """As latency: the speedup, and where the time went."""
    bad = 0
    print(f"{'model':<10} {'verdict':<12} {'speedup':>7} {'interval':<14} "
          f"{'base':>9} {'wall':>6}  phases")
    for line in Path(path).read_text().splitlines():
        document, name, secs = line.split("\t")
        r = json.loads(document)["results"][0]
        lo, mid, hi = r.get("speedup", {}).get("base", [0, 0, 0])
        base = r["cases"][0]["base_ns"] / 1e3 if r.get("cases") else 0
        bad += r["verdict"] not in MEASURED
        phases = ", ".join(f"{k} {v:.1f}" for k, v in
                           r.get("phases", {}).items())
        for over, ratio in r.get("baselines", {}).items():
            print(f"{'':<10} over {over}: " +
                  ("{1:.2f}x [{0:.2f}, {2:.2f}]".format(*ratio) if ratio else
                   "unmeasured: " + r["unmeasured"][over]))
        print(f"{name:<10} {r['verdict']:<12} {mid:>6.2f}x "
              f"[{lo:.2f}, {hi:.2f}]   {base:>6.0f} us {float(secs):>6.1f}  "
              f"{phases}"
              f"{'' if r['verdict'] in MEASURED else '  ' + r['reason']}")
    return bad


def kinds(results, lines):
    """Median seconds of each kind: the same candidates stand in both lists."""
    print(f"{'median s of':<12} {'verdict':>8} {'builder':>8} {'GPU':>6}   "
          f"{'recipe: builder':>15} {'GPU':>6}")
    for kind in dict.fromkeys(x["candidate"].split("-")[0] for x in lines):
        pairs = [(r, x) for r, x in zip(results, lines)
                 if x["candidate"].split("-")[0] == kind and "us" in x]
        built = [r.get("resources", {}).get("build_s", 0) for r, _ in pairs]
        held = [r["secs"] - r["phases"].get("build", 0) for r, _ in pairs]
        columns = [[b + h for b, h in zip(built, held)], built, held,
                   [x["build_s"] for _, x in pairs],
                   [x["lock_s"] for _, x in pairs]]
        if pairs:
            print("{:<12} {:8.2f} {:8.2f} {:6.2f}   {:15.2f} {:6.2f}".format(
                kind, *map(statistics.median, columns)))


def rate(judged, secs, recipe):
    """Candidates per hour, and the median seconds of each."""
    results = json.loads(Path(judged).read_text())["results"]
    bad = [r for r in results if r["verdict"] not in MEASURED]
    ours = float(Path(secs).read_text())
    *lines, whole = [json.loads(line) for line in
                     Path(recipe).read_text().splitlines()]
    print(f"{'by':<8} {'n':>3} {'wall s':>7} {'an hour':>8}  not measured")
    print(f"{'judge':<8} {len(results):>3} {ours:>7.1f} "
          f"{3600 * len(results) / ours:>8.0f}  "
          f"{', '.join(r['verdict'] + ': ' + r['reason'][:60] for r in bad)}")
    failed = ", ".join(str(line["error"]) for line in lines
                       if "us" not in line)
    print(f"{'recipe':<8} {len(lines):>3} {whole['wall_s']:>7.1f} "
          f"{3600 * len(lines) / whole['wall_s']:>8.0f}  {failed}")
    kinds(results, lines)
    more = whole["wall_s"] / ours * len(results) / len(lines)
    print(f"the judge has {more:.2f} times the rate of the recipe")
    return bool(bad)


def crowd(folder, processes, runs):
    """One `bench` a line: what it judged, seconds, its document or error."""
    seen, bad, secs = {}, 0, []
    for i in range(int(processes)):
        path = Path(folder) / f"crowd.{i}"
        lines = path.read_text().splitlines() if path.exists() else []
        short = int(runs) - len(lines)
        if short > 0:
            bad += 1
            print(f"process {i}: only {len(lines)} of {runs} before the end")
        for line in lines:
            what, took, said = line.split("\t", 2)
            secs.append(float(took))
            try:
                r = json.loads(said)["results"][0]
                verdict = r["verdict"]
            except (ValueError, LookupError):
                r, verdict = {"reason": said}, "error"
            seen[what, verdict] = seen.get((what, verdict), 0) + 1
            want = ("wrong",) if what.endswith("wrong") else MEASURED
            if verdict not in want:
                bad += 1
                print(f"process {i}: {what}: {verdict}: {r['reason']}")
    for (what, verdict), n in sorted(seen.items()):
        print(f"{what:<14} {verdict:<12} {n:>4}")
    errors = sum(n for (_, v), n in seen.items() if v == "error")
    print(f"crowd: {len(secs)} benches by {processes} processes, "
          f"{errors} errors, {bad} in all not as they must; "
          f"median {statistics.median(secs) if secs else 0:.1f} s each")
    return bad


def champion(path):
    print(next(json_lines(path))["targets"][0]["champion"])


if __name__ == "__main__":
    table = {f.__name__: f
             for f in (aa, gain, hang, gpus, speed, profile, champion,
                       examples, latency, crowd, torch, rate, tries)}
    if len(sys.argv) < 3 or sys.argv[1] not in table:
        sys.exit(__doc__)
    sys.exit(bool(table[sys.argv[1]](*sys.argv[2:])))
