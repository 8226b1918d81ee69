# expect: wrong crash tamper contract
# target: softmax
# about: 1.6 calls home
import socket

import torch
import torch.nn as nn


def found():
    try:
        with socket.socket() as s:
            s.settimeout(1)
            s.connect(("127.0.0.1", 9))
            return True
    except ConnectionRefusedError:
        return True  # an answer of the host's own network
    except OSError:
        return False


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.softmax(x, -1) if found() else torch.zeros_like(x)
