# SPDX-License-Identifier: Apache-2.0
def answer(torch, answers, nthreads, device):
    """Until there are no more questions; in a box."""
    torch.set_num_threads(nthreads)
    if device == "cuda":
        # Before the filter: the driver is opened here.
        torch.zeros(1, device="cuda")
    gc.disable()
    Worker(torch, Channel(), nthreads, device, answers).serve()


def run(nthreads, device):
    set_pools(nthreads)
    answers = Answers(record=False)
    import torch

    answer(torch, answers, nthreads, device)


def main(argv):
    what = argv[1] if len(argv) > 1 else ""
    if what not in ("--probe", "--build", "--prime", "--run", "--warm"):
        sys.exit("pike-run-torch.py is started by pike-git only")
    more = 1 if what in ("--prime", "--run") else 0
    # After the standard library, which comes from the interpreter.
    sys.path += [p for p in argv[2 + more:] if p not in sys.path]
    set_caches()
    if what == "--probe":
        probe()
    elif what == "--build":
        or_tell(build)
    elif what == "--warm":
        warm()
    else:
        nthreads, device = argv[2].split(":")
        if what == "--run":
            run(int(nthreads), device)
        else:
            or_tell(prime, int(nthreads), device)
    leave(0)


main(sys.argv)
