# SPDX-License-Identifier: Apache-2.0
"""pike-run-torch.py: the process in which PyTorch runs, in a sandbox.

Started by pike-git only, by an interpreter without site packages (-I -S -B):

    --probe PATH...           says what PyTorch is here, as JSON
    --build PATH...           reads the sources in the working folder, and
                              leaves them in `object`; a reference is also run
                              and described
    --prime N:DEVICE PATH...  also runs a candidate that compiles only then, and
                              leaves all that in the folder `build`
    --warm PATH...            imports PyTorch, and forks when it is asked to:
                              children answer as of --run
    --run N:DEVICE PATH...    answers the judge's questions, on descriptor 3,
                              with one model; N threads, on cpu or cuda

PATH are the folders that modules are looked for in. No module but PyTorch and
those of the standard library is imported.

A candidate runs in the process of --run and can change all that stands here.
Nothing that this process says is believed: the judge has a clock of its own,
puts the inputs, and reads the outputs. What is checked here only tells an
honest candidate what is wrong with it.

The layout of questions and answers is that of frame_priv.h. The program is put
together from the files of this folder: model, build, memory, run, prime, warm,
main.
"""
import ctypes
import gc
import glob
import inspect
import json
import os
import random
import signal
import socket
import struct
import sys
import tempfile
import time
import traceback
import types

# Pools of the numeric libraries start with the import; in a process of one
# thread they would have more of them than the target allows.
POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
         "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def set_pools(n):
    for name in POOLS:
        os.environ[name] = str(n)


def threads():
    return len(os.listdir("/proc/self/task"))


def leave(status):
    """What a library has started does not keep it here."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


# ---- what PyTorch is ----


def blas(torch):
    """The library that multiplies matrices: what is mapped, since builds for
    distributions leave that to the dynamic linker."""
    names = ("mkl_rt", "openblas", "blis", "nvpl_blas")
    with open("/proc/self/maps", encoding="utf-8") as maps:
        mapped = maps.read()
    found = [name for name in names if name in mapped]
    config = torch.__config__.show()
    if not found and "BLAS_INFO=mkl" in config:
        found = ["mkl"]
    return found[0] if found else "reference"


def probe():
    set_pools(1)
    import torch

    a = torch.ones(64, 64)
    right = bool(torch.equal(a @ a, torch.full((64, 64), 64.0)))
    print(json.dumps({
        "version": str(torch.__version__),
        "cuda": torch.version.cuda or "",
        "blas": blas(torch),
        "threads": threads(),
        "right": right,
    }))


# ---- modules from text ----


class Sources:
    """The files of a candidate or a reference, as modules that may import one
    another by their names without folder."""

    def __init__(self, files):
        self.files = {n[:-3]: t for n, t in files.items() if n.endswith(".py")}

    def find_spec(self, name, path=None, target=None):
        from importlib.machinery import ModuleSpec

        return ModuleSpec(name, self) if name in self.files else None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        name = module.__name__
        text = self.files[name]
        file = f"<{name}.py>"
        module.__file__ = file
        # Tracebacks and inspect show its lines.
        import linecache

        linecache.cache[file] = (len(text), None, text.splitlines(True), file)
        exec(compile(text, file, "exec"), module.__dict__)

    def main(self, names):
        """The module of the first file that is one."""
        name = next(n[:-3] for n in names if n.endswith(".py"))
        unique = name
        while unique in sys.modules:
            unique += "_"
        self.files[unique] = self.files[name]
        module = types.ModuleType(unique)
        sys.modules[unique] = module
        self.exec_module(module)
        return module


def load(names, files):
    sources = Sources(files)
    sys.meta_path.append(sources)
    return sources.main(names)


# ---- parameters ----


def reseed(torch, seed):
    torch.manual_seed(seed)
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed & 0xffffffff)


class Parameters:
    """Parameters that would all be the same number are drawn instead, alike
    for the reference and for a candidate that makes the same layers in the
    same order: a scale of ones, a bias of zeros or fresh running statistics
    could be left out, and nobody would notice."""

    def __init__(self, torch):
        self.torch = torch
        self.seed = self.made = 0

    def begin(self, seed):
        reseed(self.torch, seed)
        self.seed, self.made = seed, 0

    def draw(self, t, near):
        """Around a scale that is no zero, else around 0."""
        with self.torch.no_grad():
            if near:
                t.uniform_(0.5, 1.5).mul_(near)
            else:
                t.normal_(0, 0.5)
        return t

    def patch(self):
        norm = self.torch.nn.modules.batchnorm
        for where in (self.torch.nn.init, self.torch.nn.modules.activation):
            where.ones_ = lambda t, **_: self.draw(t, 1.0)
            where.zeros_ = lambda t, **_: self.draw(t, 0.0)
            where.constant_ = lambda t, val, **_: self.draw(t, float(val))
        parameter = self.torch.nn.Parameter
        made = parameter.__new__

        def new(cls, data=None, requires_grad=True):
            p = made(cls, data, requires_grad)
            self.made += 1
            self.constant(p)
            return p

        parameter.__new__ = new
        reset = norm._NormBase.reset_running_stats

        def statistics(module):
            reset(module)
            if module.running_mean is not None:
                self.draw(module.running_mean, 0.0)
                self.draw(module.running_var, 1.0)

        norm._NormBase.reset_running_stats = statistics

    def constant(self, p):
        """Of an explicit torch.ones(n), say. What memory holds before it is
        filled must not change what is drawn next: its generator is its own."""
        if p.numel() < 2 or not p.is_floating_point() or p.is_meta:
            return
        first = p.flatten()[0].item()
        if first not in (0.0, 1.0) or not bool((p == first).all()):
            return
        own = self.torch.Generator(device=p.device)
        own.manual_seed(self.seed * 1000003 + self.made & 0x7fffffffffffffff)
        with self.torch.no_grad():
            if first:
                p.uniform_(0.5, 1.5, generator=own)
            else:
                p.normal_(0, 0.5, generator=own)


def construct(torch, parameters, cls, reference, seed):
    """A model, and how its constructor was called."""
    reseed(torch, seed)
    args = reference.get_init_inputs() \
        if hasattr(reference, "get_init_inputs") else []
    parameters.begin(seed)
    return cls(**args) if isinstance(args, dict) else cls(*args)


def take_state(model, other):
    """Where they have the same names and shapes, the same parameters."""
    mine, theirs = model.state_dict(), other.state_dict()
    if mine.keys() == theirs.keys() and \
            all(getattr(mine[k], "shape", None) ==
                getattr(theirs[k], "shape", None) for k in mine):
        model.load_state_dict(theirs, strict=True)


# ---- nested inputs and outputs ----


def leaves(torch, value, name, out):
    """Tensors in it, by a name each; what is left are constants."""
    if isinstance(value, torch.Tensor):
        out.append((name, value))
        return None
    if isinstance(value, (list, tuple)):
        kept = [leaves(torch, v, f"{name}.{i}", out)
                for i, v in enumerate(value)]
        return [type(value).__name__, kept]
    if isinstance(value, dict):
        return ["dict", {str(k): leaves(torch, v, f"{name}.{k}", out)
                         for k, v in value.items()}]
    return repr(value)


def replace(torch, value, tensors):
    """The same with the tensors of an iterator in the place of its own."""
    if isinstance(value, torch.Tensor):
        return next(tensors)
    if isinstance(value, (list, tuple)):
        new = [replace(torch, v, tensors) for v in value]
        return type(value)(*new) if hasattr(value, "_fields") \
            else type(value)(new)
    if isinstance(value, dict):
        return {k: replace(torch, v, tensors) for k, v in value.items()}
    return value


def flat(torch, value, out):
    """Tensors of an output, in order; numbers are tensors of one element."""
    if isinstance(value, torch.Tensor):
        out.append(value)
    elif isinstance(value, (list, tuple)):
        for v in value:
            flat(torch, v, out)
    elif isinstance(value, dict):
        for v in value.values():
            flat(torch, v, out)
    elif isinstance(value, bool):
        out.append(torch.tensor(value))
    elif isinstance(value, int):
        out.append(torch.tensor(value, dtype=torch.int64))
    elif isinstance(value, float):
        out.append(torch.tensor(value, dtype=torch.float64))
    elif value is not None:
        raise TypeError(f"an output is a {type(value).__name__}, which is "
                        "neither a tensor nor a number")
    return out


# What a name of an output begins with that is a buffer of the model.
BUFFER = "buffer "


def buffers(torch, model):
    """Buffers by their paths: where each is kept, under which name."""
    return {f"{path}.{name}" if path else name: (m, name)
            for path, m in model.named_modules()
            for name, t in m._buffers.items()
            if isinstance(t, torch.Tensor)}


def inputs_of(reference):
    """What forward is called with."""
    value = reference.get_inputs()
    return list(value) if isinstance(value, (list, tuple)) else [value]


def set_sizes(module, sizes):
    for name, value in sizes.items():
        if not isinstance(getattr(module, name, None), int):
            raise NameError(f"case: the reference has no module-level "
                            f"integer '{name}'")
        setattr(module, name, value)


def dtypes(torch):
    return {"f64": torch.float64, "f32": torch.float32, "f16": torch.float16,
            "bf16": torch.bfloat16, "i8": torch.int8, "u8": torch.uint8,
            "i32": torch.int32, "i64": torch.int64, "bool": torch.bool}
