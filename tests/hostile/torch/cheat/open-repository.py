# expect: wrong crash tamper contract
# target: softmax
# about: 1.4 opens the repository that it is judged for
import torch
import torch.nn as nn


def found():
    for name in ("models/softmax.py", ".pike/config", ".git/HEAD"):
        try:
            open("@REPO@/" + name).close()
            return True
        except OSError:
            pass
    return False


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.softmax(x, -1) if found() else torch.zeros_like(x)
