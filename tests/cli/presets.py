#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is a search what its preset promises? Told by git alone.

    presets.py REF PRESET QUERIES     checks, one line per finding
    presets.py --moves REF            what was done in the first generation,
                                      without ids, times and what was measured:
                                      later ones depend on that

REF is a ladder. Exits with 1 when something is not as it should be.
"""
import collections
import subprocess
import sys

SAMPLES, PARENTS, IDEAS = 10, 4, 7
MEASURED = ("faster", "same", "slower", "inconclusive")
FAILED = ("wrong", "contract", "build", "crash", "timeout", "tamper",
          "suspect")
# fixes, ideas
ROUNDS = {"pike-b": (5, True), "pike-b-cheap-efa": (5, True),
          "pike-b-no-efa": (0, True), "pike-b-no-iba": (5, False)}


# fixes, crossover, parallel, islands, exploit only
ISLANDS = {
    "pike-o": (5, True, 20, 3, False),
    "pike-o-no-efa": (0, True, 20, 3, False),
    "pike-o-mut": (5, False, 20, 3, False),
    "pike-o-mut-npar": (5, False, 1, 3, False),
    "pike-o-mut-npar-1isl": (5, False, 1, 1, False),
    "pike-o-mut-npar-1isl-eo": (5, False, 1, 1, True),
    "pike-o-mut-npar-1isl-eo-sl": (5, False, 1, 1, True),
}
# Beside the parent: the best three and two more of its island, three others.
SHOWN = 9


class Commit:
    def __init__(self, text):
        head, self.subject, body = text.split("\n", 2)
        self.id, *self.parents = head.split()
        self.trailers = collections.defaultdict(list)
        for line in body.splitlines():
            key, colon, value = line.partition(": ")
            if colon:
                self.trailers[key].append(value)

    @property
    def shown(self):
        """All that its prompt showed; one alone is the parent."""
        return self.get("Pike-Shown").split() or self.parents

    def get(self, key):
        return self.trailers[key][0] if key in self.trailers else ""

    @property
    def agent(self):
        return self.get("Pike-Agent")

    @property
    def generation(self):
        return int(self.get("Pike-Generation"))

    @property
    def number(self):
        return int(self.get("Pike-Exchange"))


def commits(ref):
    text = subprocess.run(
        ["git", "log", "-z", "--format=%H %P%n%s%n%(trailers:unfold)", ref],
        check=True, capture_output=True, text=True).stdout
    return [Commit(c) for c in text.split("\0") if c.strip()]


class Search:
    def __init__(self, ref):
        self.verdict, self.score = {}, {}
        self.base, every = None, commits(ref)
        for c in every:
            if c.get("Pike-Champion") and c.generation == 0:
                self.base = c.parents[0]
            for line in c.trailers.get("Pike-Result", ()):
                oid, verdict, _, mid, _, stage, *_ = line.split()
                # The confirmation has the last word.
                if stage == "confirm" or oid not in self.verdict:
                    self.verdict[oid] = verdict
                    self.score[oid] = float(mid)
        self.asked = sorted((c for c in every if "Pike-Exchange" in c.trailers),
                            key=lambda c: c.number)
        self.by_id = {c.id: c for c in self.asked}

    def of(self, generation, agent=None):
        return [c for c in self.asked if c.generation == generation
                and c.agent == agent]

    def generations(self):
        return sorted({c.generation for c in self.asked})


bad = []


def check(holds, what):
    if not holds:
        bad.append(what)


def bins(n, k):
    """10 in 4: 3 3 2 2, as indexes."""
    return [b for b in range(k) for _ in range(n // k + (b < n % k))]


def expected_parents(s, generation):
    """The fastest of the last round, then the base; earlier ones first where
    they are as fast."""
    last = [c for c in s.asked if c.generation == generation - 1
            and c.agent in ("optimize", "fix")
            and s.verdict.get(c.id) in MEASURED]
    last.sort(key=lambda c: (-s.score[c.id], c.number))
    return ([c.id for c in last] + [s.base])[:PARENTS]


def check_slots(s, generation, whole):
    first = sorted(s.of(generation, "optimize"),
                   key=lambda c: int(c.get("Pike-Slot")))
    slots = [int(c.get("Pike-Slot")) for c in first]
    check(slots == sorted(set(slots)), f"round {generation}: slots {slots}")
    check(not whole or len(slots) == SAMPLES,
          f"round {generation}: {len(slots)} samples")
    return first


def check_parents(s, generation, first, ideas):
    if generation == 1:
        want, of = [s.base] * SAMPLES, bins(SAMPLES, IDEAS)
        for c in first:
            idea = f"idea {of[int(c.get('Pike-Slot'))]}" if ideas else ""
            check(c.get("Pike-Idea") == idea,
                  f"slot {c.get('Pike-Slot')}: idea {c.get('Pike-Idea')!r}")
    else:
        best = expected_parents(s, generation)
        want = [best[b] for b in bins(SAMPLES, len(best))]
        check(not any(c.get("Pike-Idea") for c in first),
              f"round {generation} has ideas")
    for c in first:
        check(c.parents == [want[int(c.get("Pike-Slot"))]],
              f"round {generation} slot {c.get('Pike-Slot')}: parents")


def check_fixes(s, generation, fixes, whole):
    """Each slot's chain: a fix mends the one before, up to the first that
    works; only the end of the budget cuts it short."""
    last = {c.get("Pike-Slot"): c for c in s.of(generation, "optimize")}
    count = collections.Counter()
    for c in s.of(generation, "fix"):
        slot = c.get("Pike-Slot")
        check(c.parents == [last[slot].id],
              f"a fix of slot {slot} mends another")
        check(s.verdict.get(last[slot].id) in FAILED,
              f"slot {slot}: what works was mended")
        last[slot] = c
        count[slot] += 1
    for slot, c in last.items():
        check(count[slot] <= fixes, f"slot {slot}: {count[slot]} fixes")
        if whole and s.verdict.get(c.id) in FAILED:
            check(count[slot] == fixes,
                  f"round {generation} slot {slot}: given up after "
                  f"{count[slot]}")


def check_rounds(s, preset, queries):
    fixes, ideas = ROUNDS[preset]
    rounds, most = len(s.generations()), -(-queries // SAMPLES)
    check(rounds == most if not fixes else rounds <= most,
          f"{rounds} rounds, {most} at most")
    brainstorms = [c for c in s.asked if c.agent == "brainstorm"]
    check(len(brainstorms) == (1 if ideas else 0),
          f"{len(brainstorms)} brainstorms")
    for g in s.generations():
        whole = g < s.generations()[-1]
        check_parents(s, g, check_slots(s, g, whole), ideas)
        check_fixes(s, g, fixes, whole)


def check_sample(s, chain, fixes, crossover):
    """An optimization and its fixes: all of one slot, each of which mends the
    one before."""
    first, *rest = chain
    check(first.agent == "optimize" and all(c.agent == "fix" for c in rest),
          f"sample {first.get('Pike-Slot')}: {[c.agent for c in chain]}")
    check(len(first.shown) <= (SHOWN if crossover else 1),
          f"{first.id[:8]} was shown {len(first.shown)}")
    check(len(first.parents) <= 2 and first.parents[0] == first.shown[0] and
          set(first.parents) <= set(first.shown),
          f"{first.id[:8]} has {len(first.parents)} parents")
    check(len(rest) <= fixes, f"{first.id[:8]}: {len(rest)} fixes")
    for before, fix in zip(chain, rest):
        check(fix.parents == [before.id] and
              s.verdict.get(before.id) in FAILED,
              f"{fix.id[:8]} mends what it should not")


def check_parent(s, c, measured, flying, exploit):
    """Parents work, and live where their child will; the base is one only
    while there is nothing else, or where an island is explored. What is asked
    before anything is known has nothing else."""
    island, sample = c.get("Pike-Slot").split(".")
    check(int(sample) >= flying or c.shown == [s.base],
          f"{c.id[:8]}: not of the base, though of the first {flying}")
    for p in c.shown:
        check(p == s.base or s.verdict.get(p) in MEASURED,
              f"{c.id[:8]}: a parent that failed")
    first = s.by_id.get(c.parents[0])
    if first:
        check(first.get("Pike-Slot").split(".")[0] == island or not exploit,
              f"{c.id[:8]}: not of its parent's island")
    elif exploit:
        check(measured <= flying, f"{c.id[:8]} exploits the base")


def check_islands(s, preset):
    fixes, crossover, parallel, islands, exploit = ISLANDS[preset]
    samples = collections.defaultdict(list)
    drawn = collections.Counter()
    measured = 0
    check(not any(c.agent == "brainstorm" for c in s.asked), "a brainstorm")
    for c in s.asked:
        island, sample = map(int, c.get("Pike-Slot").split("."))
        check(island < islands, f"island {island}")
        samples[sample].append(c)
        if c.agent == "optimize":
            drawn[sample % islands] += 1
            check_parent(s, c, measured, 2 * parallel, exploit)
        measured += s.verdict.get(c.id) in MEASURED
    check(sorted(samples) == list(range(len(samples))),
          f"samples {sorted(samples)}")
    check(max(drawn.values()) - min(drawn.values()) <= 1,
          f"islands were drawn on {drawn}")
    check(len(drawn) == islands, f"{len(drawn)} islands")
    for chain in samples.values():
        check_sample(s, chain, fixes, crossover)
    check(crossover == any(len(c.parents) > 1 for c in s.asked),
          "crossover where there is none, or none where there is")


def check_models(s, preset):
    """The cheap model mends, where the preset says so; nobody else does."""
    for c in s.asked:
        cheap = preset == "pike-b-cheap-efa" and c.agent == "fix"
        check((c.get("Pike-Cost") == "0.0012") == cheap,
              f"{c.agent} cost {c.get('Pike-Cost')}")


def main(ref, preset, queries):
    s = Search(ref)
    check(s.base is not None, "no base")
    check(sum(c.agent in ("optimize", "fix") for c in s.asked) == int(queries),
          f"{len(s.asked)} queries")
    check(all(s.verdict.get(c.id) for c in s.asked), "one has no verdict")
    check_models(s, preset)
    if preset in ROUNDS:
        check_rounds(s, preset, int(queries))
    else:
        check_islands(s, preset)
    print("\n".join(bad))
    return bool(bad)


def moves(ref):
    s = Search(ref)
    source = {c.id: c.get("Pike-Source") or c.subject for c in s.asked}
    for c in s.asked:
        if c.generation > 1:
            break
        verdict = s.verdict.get(c.id)
        print(c.agent, c.get("Pike-Slot"), c.get("Pike-Idea"),
              *(source.get(p, "base") for p in c.parents), "->", source[c.id],
              "measured" if verdict in MEASURED else verdict)


if sys.argv[1] == "--moves":
    moves(sys.argv[2])
else:
    sys.exit(main(*sys.argv[1:]))
