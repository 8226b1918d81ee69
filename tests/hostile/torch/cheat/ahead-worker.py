# expect: same slower inconclusive tamper suspect crash wrong contract
# target: softmax
# about: 1.2 wraps those functions of the worker's that read, to wait in them
# for the next input
import ctypes
import sys
import time

import torch
import torch.nn as nn


def slow(x):
    out = []
    for row in x:
        e = torch.exp(row - row.max())
        out.append(e / e.sum())
    return torch.stack(out)


known = {}


def ends(x):
    at = x.data_ptr()
    return [ctypes.c_uint64.from_address(at + i).value
            for i in (0, x.numel() * 4 - 8)]


def ahead():
    """Computes what has been put where inputs have been before."""
    for at, (x, was, y) in list(known.items()):
        now = ends(x)
        if y is None and now[0] != was[0] and now[1] != was[1]:
            known[at] = x, now, slow(x)
            return True


def answer(x):
    _, was, y = known.get(x.data_ptr(), (x, 0, None))
    if y is None or ends(x) != was:
        y = slow(x)
    known[x.data_ptr()] = x, ends(x), None
    return y


READS = {"recv", "recv_into", "recvmsg", "read", "readv", "readinto"}
waits = []


def wrap(plain):
    def wrapped(*args, **kwargs):
        until = time.monotonic() + 0.02
        while waits and time.monotonic() < until and not ahead():
            pass
        waits.clear()
        return plain(*args, **kwargs)
    return wrapped


class ModelNew(nn.Module):
    def forward(self, x):
        frame = None if known else sys._getframe(1)
        while frame:
            space = frame.f_globals
            for name in list(space) if "torch" not in space["__name__"] else ():
                code = getattr(space[name], "__code__", None)
                if code and READS & set(code.co_names):
                    space[name] = wrap(space[name])
            frame = frame.f_back
        waits.append(x)
        return answer(x)
