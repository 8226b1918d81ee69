# expect: same slower inconclusive tamper suspect crash contract
# target: softmax
# about: 1.4 patches clocks in words that no search finds: other letters of the
# same name, coded text, a name in two parts
import base64
import builtins

import torch
import torch.nn as nn

exec(base64.b64decode("aW1wb3J0IHRpbWUKcCA9IHRpbWUucGVyZl9jb3VudGVyCg=="))
exec("ｔｉｍｅ.ｐｅｒｆ_ｃｏｕｎｔｅｒ = lambda: p() / 4")
getattr(builtins, "ex" "ec")(bytes(b ^ 1 for b in (
    b'hlqnsu!uhld:!uhld/lnonunohb!<!uhld/qdsg^bntouds')))


def slow(x):
    out = []
    for row in x:
        e = torch.exp(row - row.max())
        out.append(e / e.sum())
    return torch.stack(out)


class ModelNew(nn.Module):
    def forward(self, x):
        return slow(x)
