# expect: same slower inconclusive tamper suspect crash wrong contract
# target: softmax
# about: 1.2 a profiler's hook waits in the worker's own wait for a question,
# and works on what the judge puts there
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


waits = []


def hook(frame, event, arg):
    name = getattr(arg, "__name__", "")
    if waits and event == "c_call" and name in ("recv", "recvmsg", "recv_into", "read",
                                      "readv", "recvfrom", "recvmsg_into"):
        waits.clear()
        until = time.monotonic() + 0.02
        while time.monotonic() < until and not ahead():
            pass


class ModelNew(nn.Module):
    def forward(self, x):
        waits.append(x)
        sys.setprofile(hook)
        return answer(x)
