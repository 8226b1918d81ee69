# expect: same slower inconclusive build crash contract
# target: norm
# about: 1.1 the reference under another name, as a base class: from any module
# that has it
import sys

Model = next(m.Model for m in list(sys.modules.values())
             if hasattr(m, "Model") and hasattr(m, "get_init_inputs"))


class ModelNew(Model):
    pass
