# SPDX-License-Identifier: Apache-2.0
"""The plain recipe of evaluators in the manner of KernelBench, to compare with:

    recipe.py REFERENCE LOCK BUILDERS SIZES CANDIDATE...

Each candidate in a fresh interpreter, BUILDERS of them at once: its module is
read, which compiles extensions; then, under one lock of the GPU, one check
against the reference with a tolerance, 1 s of warm-up, 5 s of timing. SIZES
("rows=2048 cols=4096") are set in the reference's module. Prints a JSON line
for each and one for all. Nothing here is distrusted, nor measured twice.
"""
import concurrent.futures
import fcntl
import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path

WARM_S, TIME_S = 1.0, 5.0


def module(path):
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    m = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(m)
    return m


def timed(torch, call, wait, seconds):
    """Mean seconds of a call, as many as fit."""
    spent, n = 0.0, 0
    while spent < seconds:
        start = time.perf_counter()
        call()
        wait()
        spent += time.perf_counter() - start
        n += 1
    return spent / n


def one(reference, lock, sizes, candidate):
    began = time.perf_counter()
    import torch

    gpu = torch.cuda.is_available()
    device = "cuda" if gpu else "cpu"
    wait = torch.cuda.synchronize if gpu else lambda: None
    r, c = module(reference), module(candidate)
    for pair in sizes.split():
        name, value = pair.split("=")
        setattr(r, name, int(value))
    built = time.perf_counter()
    with open(lock, "w") as f, torch.no_grad():
        fcntl.flock(f, fcntl.LOCK_EX)
        held = time.perf_counter()
        models = []
        for cls in (r.Model, c.ModelNew):
            torch.manual_seed(42)
            models.append(cls(*r.get_init_inputs()).to(device).eval())
        torch.manual_seed(43)
        args = [a.to(device) for a in r.get_inputs()]
        right = torch.allclose(models[0](*args), models[1](*args), 1e-4, 1e-4)
        timed(torch, lambda: models[1](*args), wait, WARM_S)
        mean = timed(torch, lambda: models[1](*args), wait, TIME_S)
        end = time.perf_counter()
    print(json.dumps({"candidate": Path(candidate).stem, "right": right,
                      "us": 1e6 * mean, "build_s": built - began,
                      "lock_s": end - held}))


def main(reference, lock, builders, sizes, *candidates):
    began = time.perf_counter()

    def run(candidate):
        return subprocess.run(
            [sys.executable, __file__, "--one", reference, lock, sizes,
             candidate], capture_output=True, text=True)

    with concurrent.futures.ThreadPoolExecutor(int(builders)) as pool:
        done = list(pool.map(run, candidates))
    bad = 0
    for candidate, p in zip(candidates, done):
        line = p.stdout.strip().splitlines()[-1:] if not p.returncode else []
        bad += not line or not json.loads(line[0])["right"]
        print(line[0] if line else json.dumps(
            {"candidate": Path(candidate).stem,
             "error": p.stderr.strip().splitlines()[-1:]}))
    print(json.dumps({"candidates": len(candidates), "bad": bad,
                      "wall_s": time.perf_counter() - began}))


if sys.argv[1] == "--one":
    one(*sys.argv[2:])
else:
    main(*sys.argv[1:])
