# expect: wrong crash tamper timeout contract
# target: softmax
# about: 1.6 runs another program
import subprocess

import torch
import torch.nn as nn


def found():
    for argv in (["/bin/sh", "-c", "exit 0"], ["/usr/bin/true"],
                 ["/proc/self/exe", "--version"]):
        try:
            return subprocess.run(argv, timeout=5).returncode == 0
        except (OSError, subprocess.SubprocessError):
            pass
    return False


class ModelNew(nn.Module):
    def forward(self, x):
        return torch.softmax(x, -1) if found() else torch.zeros_like(x)
