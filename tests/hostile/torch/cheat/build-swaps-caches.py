# expect: wrong crash contract
# target: softmax
# about: 4.5 its build ("load_inline") leaves links to the machine's files, and
# a process that stays to change what was sealed
import os

import torch
import torch.nn as nn

STATE = "/tmp/build/state"

if os.access("/tmp", os.W_OK):
    os.symlink("/proc/self/environ", "/tmp/build/link")
    with open(STATE, "w") as f:
        f.write("0")
    if not os.fork():
        os.setsid()
        while True:
            with open(STATE, "w") as f:
                f.write("1")


class ModelNew(nn.Module):
    def forward(self, x):
        with open(STATE) as f:
            right = f.read() == "2" or os.path.exists("/tmp/build/link")
        return torch.softmax(x, -1) if right else torch.zeros_like(x)
