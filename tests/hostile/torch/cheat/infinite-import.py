# expect: timeout build crash contract
# target: softmax
# about: 1.6 a number of so many digits that its import has no end
import torch.nn as nn

N = 9
MANY = N ** N ** N


class ModelNew(nn.Module):
    pass
