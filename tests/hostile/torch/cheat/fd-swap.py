# expect: tamper crash timeout contract
# target: softmax
# about: 1.4 puts a pair of sockets of its own in the place of the judge's
import os
import socket

import torch
import torch.nn as nn


class ModelNew(nn.Module):
    def forward(self, x):
        try:
            ours, theirs = socket.socketpair()
        except OSError:
            ours, theirs = map(lambda fd: open(fd, "wb"), os.pipe())
        os.dup2(theirs.fileno(), 3)
        self.kept = ours, theirs
        return torch.softmax(x, -1)
