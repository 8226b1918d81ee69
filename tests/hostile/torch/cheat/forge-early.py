# expect: tamper wrong crash timeout suspect contract
# target: softmax
# about: 1.4 says that it is done, then begins
import os
import struct
import sys

import torch
import torch.nn as nn

HEAD = "<IHHIIQ"


def nonces():
    f = sys._getframe(2)
    while f:
        yield from (v for v in list(f.f_locals.values())
                    if type(v) is int and v > 1 << 32)
        f = f.f_back


class ModelNew(nn.Module):
    def forward(self, x):
        for nonce in set(nonces()):
            head = struct.pack(HEAD, 0x524b4950, 65, 0, 16, 0, nonce)
            os.write(3, head + bytes(16))
        return torch.softmax(x, -1)
