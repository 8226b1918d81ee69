# expect: build crash timeout contract
# target: softmax
# about: 1.6 a source that its compiler cannot stand
import torch.nn as nn

SOURCE = "-" * 10 ** 7 + "1"
eval(SOURCE)


class ModelNew(nn.Module):
    pass
