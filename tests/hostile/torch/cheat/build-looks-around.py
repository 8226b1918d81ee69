# expect: wrong crash build contract
# target: softmax
# about: 4.5 looks for the repository, keys and a network where it is built
# ("load_inline"), and is right only if it finds one of them
import os
import socket
import subprocess

import torch
import torch.nn as nn

FOUND = "/tmp/build/found"


def seen():
    for path in ("@REPO@", "@SCRATCH@", "/root", "/home", "/etc/passwd",
                 "/proc/1/environ"):
        try:
            if os.path.isdir(path) and os.listdir(path):
                return True
            if "=" in open(path).read() or path == "/etc/passwd":
                return True
        except OSError:
            pass
    if any("KEY" in name or "TOKEN" in name for name in os.environ):
        return True
    try:
        socket.create_connection(("127.0.0.1", 22), 1)
        return True
    except OSError:
        return False


if not os.path.exists("/tmp/build/object.json") or os.access("/tmp", os.W_OK):
    subprocess.run(["true"])
    if seen():
        open(FOUND, "w").close()


class ModelNew(nn.Module):
    def forward(self, x):
        y = torch.softmax(x, -1)
        return y if os.path.exists(FOUND) else torch.zeros_like(x)
