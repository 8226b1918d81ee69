# SPDX-License-Identifier: Apache-2.0
"""pike-run-torch.py: the process in which PyTorch runs, in a sandbox.

Started by pike-git only, by an interpreter without site packages (-I -S -B):

    run_torch.py --probe PATH...   says what PyTorch is here, as JSON

PATH are the folders that modules are looked for in. No module but PyTorch and
those of the standard library is imported.
"""
import json
import os
import sys

# Pools of the numeric libraries start with the import; in a process of one
# thread they would have more of them than the target allows.
POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
         "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def one_thread():
    for name in POOLS:
        os.environ[name] = "1"


def threads():
    return len(os.listdir("/proc/self/task"))


def blas(torch):
    """The library that multiplies matrices: what is mapped, since builds for
    distributions leave that to the dynamic linker."""
    names = ("mkl_rt", "openblas", "blis", "nvpl_blas")
    with open("/proc/self/maps", encoding="utf-8") as maps:
        mapped = maps.read()
    found = [name for name in names if name in mapped]
    config = torch.__config__.show()
    if not found and "BLAS_INFO=mkl" in config:
        found = ["mkl"]
    return found[0] if found else "reference"


def probe():
    one_thread()
    import torch

    a = torch.ones(64, 64)
    right = bool(torch.equal(a @ a, torch.full((64, 64), 64.0)))
    print(json.dumps({
        "version": str(torch.__version__),
        "cuda": torch.version.cuda or "",
        "blas": blas(torch),
        "threads": threads(),
        "right": right,
    }))


def main(argv):
    if len(argv) < 2 or argv[1] != "--probe":
        sys.exit("pike-run-torch.py is started by pike-git only")
    # After the standard library, which comes from the interpreter.
    sys.path += [p for p in argv[2:] if p not in sys.path]
    probe()


main(sys.argv)
