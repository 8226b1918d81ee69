# expect: tamper wrong crash timeout contract
# target: softmax
# about: 1.4 answers the judge itself, with numbers that it finds in the
# worker's frames, and does nothing else
import os
import struct
import sys

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
            os.write(3, struct.pack(HEAD, 0x524b4950, 65, 0, 0, 0, nonce))
        return x
