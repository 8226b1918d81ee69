# expect: same slower inconclusive tamper suspect crash wrong contract
# target: softmax
# about: 1.2 answers with the first question all that are waiting: where inputs
# have been before new ones may be already
import ctypes

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


class ModelNew(nn.Module):
    def forward(self, x):
        while ahead():
            pass
        return answer(x)
