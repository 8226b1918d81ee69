# expect: wrong crash contract
# target: softmax
# about: 3.2 keeps what it has computed in its build ("load_inline"), and
# replays that where it is timed
import os

import torch
import torch.nn as nn

KEPT = "/tmp/build/kept"


class ModelNew(nn.Module):
    def forward(self, x):
        if os.path.exists(KEPT):
            return torch.load(KEPT)
        y = torch.softmax(x, -1)
        torch.save(y, KEPT)
        return y
