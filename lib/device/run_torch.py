# SPDX-License-Identifier: Apache-2.0
"""pike-run-torch.py: the process in which PyTorch runs, in a sandbox.

Started by pike-git only, by an interpreter without site packages (-I -S -B):

    run_torch.py --probe PATH...          says what PyTorch is here, as JSON
    run_torch.py --build PATH...          reads the sources in the working
                                          folder, and leaves them in `object`;
                                          a reference is also run and described
    run_torch.py --run N:DEVICE PATH...   answers the judge's questions, on
                                          descriptor 3, with one model; N
                                          threads, on cpu or cuda

PATH are the folders that modules are looked for in. No module but PyTorch and
those of the standard library is imported.

A candidate runs in the process of --run and can change all that stands here.
Nothing that this process says is believed: the judge has a clock of its own,
puts the inputs, and reads the outputs. What is checked here only tells an
honest candidate what is wrong with it.

The layout of questions and answers is that of frame_priv.h.
"""
import ctypes
import gc
import inspect
import json
import os
import socket
import struct
import sys
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
    import random

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


# ---- build ----


def how_drawn(torch, t):
    """As which distribution the judge may draw an input anew: normal only
    where its values look so; else within its own bounds."""
    if t.dtype is torch.bool:
        return {"init": "randint", "a": 0, "b": 1}
    lo, hi = t.min().item(), t.max().item()
    if not t.is_floating_point():
        return {"init": "randint", "a": lo, "b": hi}
    # Of a large one a part tells as much.
    f = t.flatten()[::max(1, t.numel() >> 16)].double()
    n = f.numel()
    spread = f.std(unbiased=False).item()
    if n >= 64 and lo < 0 < hi and abs(f.mean().item()) < 0.2 * spread and \
            f.unique().numel() > n // 2 and hi > 2.2 * spread:
        return {"init": "normal"}
    return {"init": "uniform", "a": lo, "b": hi if hi > lo else lo + 1}


def describe_tensor(torch, name, t):
    kinds = {v: k for k, v in dtypes(torch).items()}
    if t.layout is not torch.strided or t.dtype not in kinds:
        raise TypeError(f"'{name}' is a {t.layout} tensor of {t.dtype}, which "
                        "cannot be judged")
    if not t.numel() or t.dim() > 8:
        raise ValueError(f"'{name}' is empty, or has more than 8 dimensions")
    return {"name": name, "dtype": kinds[t.dtype], "dims": list(t.shape)}


def named_inputs(torch, model, values):
    """With the names that forward gives them."""
    names = [p.name for p in inspect.signature(model.forward)
             .parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    out = []
    rest = [leaves(torch, v, names[i] if i < len(names) else f"in{i}", out)
            for i, v in enumerate(values)]
    return out, rest


def describe(torch, reference, sizes, mode):
    """What goes into a model of this case and what comes out."""
    set_sizes(reference, sizes)
    model = construct(torch, Parameters(torch), reference.Model, reference, 1)
    model.train(mode == "train")
    drawn = []
    for seed in (1, 2):
        reseed(torch, seed)
        ins, rest = named_inputs(torch, model, inputs_of(reference))
        drawn.append(([(n, t.shape, t.dtype) for n, t in ins], rest))
    if drawn[0] != drawn[1]:
        raise ValueError("get_inputs gives other shapes or constants at each "
                         "call; only the values of tensors may change")
    described = []
    for name, t in ins:
        d = describe_tensor(torch, name, t)
        d.update(how_drawn(torch, t))
        described.append(d)
    values = inputs_of(reference)
    with torch.no_grad():
        outs = flat(torch, model(*values), [])
    if not outs:
        raise ValueError("forward returns no tensor")
    return {"inputs": described,
            "outputs": [describe_tensor(torch, f"out{i}", t)
                        for i, t in enumerate(outs)]}


def build():
    set_pools(1)
    with open("task.json", encoding="utf-8") as f:
        task = json.load(f)
    files, names = {}, []
    for name in sorted(os.listdir(".")):
        if name.endswith(".py"):
            with open(name, encoding="utf-8") as f:
                files[name] = f.read()
            # Syntax alone: what stands in it runs elsewhere.
            compile(files[name], f"<{name}>", "exec")
            names.append(name)
    done = {"files": files, "names": names, "described": {}}
    if task["reference"]:
        if not names:
            sys.exit("the reference is no Python file: one must end in .py")
        import torch

        module = load(names, files)
        for need in ("Model", "get_inputs"):
            if not hasattr(module, need):
                sys.exit(f"the reference defines no {need}")
        for case in task["cases"]:
            done["described"][case["case"]] = describe(
                torch, module, case["sizes"], task["mode"])
    with open("object", "w", encoding="utf-8") as f:
        json.dump(done, f)


def build_or_tell():
    try:
        build()
    except SystemExit:
        raise
    except SyntaxError as e:
        sys.exit("".join(traceback.format_exception_only(type(e), e)))
    except BaseException:
        traceback.print_exc()
        sys.exit(1)


# ---- questions and answers ----

SOCK, FILTER = 3, 4
HEAD = struct.Struct("<IHHIIQ")
MAGIC = 0x524b4950
FRAME_MAX, FDS_MAX = 65536, 64
F_MAP, F_CALLS, F_RUN = 2, 3, 4
F_GPU_MAP, F_LOAD, F_CASE, F_DRAW = 18, 32, 33, 34
F_OK, F_DONE, F_FAULT = 64, 65, 66
FAULT_REQUEST, FAULT_MAP, FAULT_MODEL = 1, 4, 14
SOURCE, CLASS, MAKE, CALL, PROGRAM, COUNT, TYPE, SHAPE, DEVICE, INPUT, VIEW, \
    KEPT, DRAW, SETTING = range(1, 15)
REAL_NONE, REAL_DOUBLE = 0, 1
SAID_WHY = 70
# The first calls of a process are looked at more closely than those that
# follow, which are timed.
WATCHED = 4


class Fault(Exception):
    def __init__(self, kind, tensor=0, code=FAULT_MODEL):
        super().__init__()
        self.code, self.detail = code, kind | tensor << 8


class Channel:
    def __init__(self):
        self.sock = socket.socket(fileno=SOCK)
        self.sock.setblocking(True)
        self.nonce = 0

    def receive(self):
        """Type, data and descriptors of a question; None: there are no more."""
        room = socket.CMSG_SPACE(4 * FDS_MAX)
        data, fds = b"", []
        while len(data) < HEAD.size or len(data) < need:
            part, more, _, _ = self.sock.recvmsg(HEAD.size + FRAME_MAX, room)
            if not part:
                return None
            for level, kind, raw in more:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                    fds += struct.unpack(f"{len(raw) // 4}i", raw)
            data += part
            if len(data) >= HEAD.size:
                magic, kind, _, size, _, nonce = HEAD.unpack_from(data)
                need = HEAD.size + size
                if magic != MAGIC or size > FRAME_MAX:
                    sys.exit(74)
        self.nonce = nonce
        return kind, data[HEAD.size:], fds

    def send(self, kind, data=b""):
        self.sock.sendall(HEAD.pack(MAGIC, kind, 0, len(data), 0, self.nonce) +
                          data)


# ---- memory ----

PAGE = os.sysconf("SC_PAGESIZE")
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int,
                      ctypes.c_int, ctypes.c_int, ctypes.c_long)
libc.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
PROT_READ, PROT_WRITE = 1, 2
SHARED, PRIVATE, FIXED, ANONYMOUS, NORESERVE, POPULATE = \
    1, 2, 0x10, 0x20, 0x4000, 0x8000
FAILED = ctypes.c_void_p(-1).value


class Region:
    """Memory that the judge shares, between pages that are not mapped."""

    def __init__(self, fd, offset, size, writable):
        start = offset & ~(PAGE - 1)
        end = (offset + size + PAGE - 1) & ~(PAGE - 1)
        if os.fstat(fd).st_size < end:
            raise Fault(22, code=FAULT_MAP)
        self.length = end - start + 2 * PAGE
        self.base = libc.mmap(None, self.length, 0,
                              PRIVATE | ANONYMOUS | NORESERVE, -1, 0)
        at = FAILED
        if self.base != FAILED:
            at = libc.mmap(self.base + PAGE, end - start,
                           PROT_READ | (PROT_WRITE if writable else 0),
                           FIXED | POPULATE | (SHARED if writable else PRIVATE),
                           fd, start)
        if at == FAILED:
            raise Fault(ctypes.get_errno(), code=FAULT_MAP)
        self.data, self.size = at + (offset - start), size

    def tensor(self, torch, dtype, dims):
        count = 1
        for d in dims:
            count *= d
        raw = (ctypes.c_char * self.size).from_address(self.data)
        return torch.frombuffer(raw, dtype=dtype, count=count).view(dims)

    def release(self):
        libc.munmap(self.base, self.length)

    LAYOUT = struct.Struct("<QQII")

    @classmethod
    def read(cls, data, i, fd):
        offset, size, writable, _ = cls.LAYOUT.unpack_from(
            data, 8 + cls.LAYOUT.size * i)
        return cls(fd, offset, size, writable)


class Located(ctypes.Structure):
    """CUmemAccessDesc: where memory may be reached from, and how."""
    _fields_ = [("kind", ctypes.c_int), ("device", ctypes.c_int),
                ("flags", ctypes.c_int)]


class GpuRegion:
    """The same on a GPU: an allocation of the judge's own context."""

    LAYOUT = struct.Struct("<QQQII")
    GUARD = 2 << 20
    POSIX_FD, ON_DEVICE, READ, READ_WRITE = 1, 1, 1, 3
    cuda = None

    def __init__(self, fd, mapped, offset, size, writable):
        cls = type(self)
        cls.cuda = cls.cuda or ctypes.CDLL("libcuda.so.1")
        handle, base = ctypes.c_uint64(), ctypes.c_uint64()
        self.mapped, self.reserved = mapped, mapped + 2 * self.GUARD
        self.check("cuMemImportFromShareableHandle", ctypes.byref(handle),
                   ctypes.c_void_p(fd), self.POSIX_FD)
        self.check("cuMemAddressReserve", ctypes.byref(base),
                   ctypes.c_size_t(self.reserved), ctypes.c_size_t(0),
                   ctypes.c_uint64(0), ctypes.c_uint64(0))
        self.base = base.value
        at = ctypes.c_uint64(self.base + self.GUARD)
        self.check("cuMemMap", at, ctypes.c_size_t(mapped), ctypes.c_size_t(0),
                   handle, ctypes.c_uint64(0))
        access = Located(self.ON_DEVICE, 0,
                         self.READ_WRITE if writable else self.READ)
        self.check("cuMemSetAccess", at, ctypes.c_size_t(mapped),
                   ctypes.byref(access), ctypes.c_size_t(1))
        # The mapping keeps it.
        self.check("cuMemRelease", handle)
        self.data, self.size = at.value + offset, size

    def check(self, name, *args):
        rc = getattr(self.cuda, name)(*args)
        if rc:
            print(f"{name}: error {rc}", file=sys.stderr)
            raise Fault(rc & 0xfff, code=FAULT_MAP)

    def tensor(self, torch, dtype, dims):
        raw = types.SimpleNamespace(__cuda_array_interface__={
            "shape": (self.size,), "typestr": "|u1", "strides": None,
            "data": (self.data, False), "version": 3})
        return torch.as_tensor(raw, device="cuda").view(dtype).view(dims)

    def release(self):
        self.check("cuMemUnmap", ctypes.c_uint64(self.base + self.GUARD),
                   ctypes.c_size_t(self.mapped))
        self.check("cuMemAddressFree", ctypes.c_uint64(self.base),
                   ctypes.c_size_t(self.reserved))

    @classmethod
    def read(cls, data, i, fd):
        mapped, offset, size, writable, _ = cls.LAYOUT.unpack_from(
            data, 8 + cls.LAYOUT.size * i)
        return cls(fd, mapped, offset, size, writable)


def close_all(fds):
    for fd in fds:
        os.close(fd)


def bits(torch, t):
    """As whole numbers: a NaN equals itself."""
    sizes = {2: torch.int16, 4: torch.int32, 8: torch.int64}
    return t.view(sizes[t.element_size()]) if t.is_floating_point() else t


def address(t):
    """Where the memory of a tensor begins, of which it may be a part."""
    untyped = getattr(t, "untyped_storage", None) or t.storage
    return untyped().data_ptr()


# ---- the filter of system calls ----


def restrict():
    """Puts on the filter of descriptor 4, in every thread."""
    calls = {"x86_64": 317, "aarch64": 277}
    text = os.pread(FILTER, 1 << 20, 0)
    raw = ctypes.create_string_buffer(text, len(text))

    class Program(ctypes.Structure):
        _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    program = Program(len(text) // 8, ctypes.addressof(raw))
    tsync, spec_allow = 1, 4
    if not text or libc.syscall(calls[os.uname().machine], 1,
                                tsync | spec_allow, ctypes.byref(program)):
        sys.exit("cannot restrict the system calls of this process")
    os.close(FILTER)


class Watch:
    """Whether somebody has tried to start a program."""

    def __init__(self):
        self.tried = False
        sys.addaudithook(self.hook)

    def hook(self, event, _):
        if event in ("subprocess.Popen", "os.posix_spawn", "os.exec",
                     "os.fork", "os.forkpty", "os.system"):
            self.tried = True


# ---- one model ----


def read_object(fd):
    text = b""
    while True:
        part = os.pread(fd, 1 << 20, len(text))
        if not part:
            return json.loads(text)
        text += part


class Worker:
    def __init__(self, torch, channel, nthreads, device):
        self.torch, self.channel = torch, channel
        self.nthreads, self.device = nthreads, device
        self.region = GpuRegion if device == "cuda" else Region
        self.wait = torch.cuda.synchronize if device == "cuda" \
            else lambda: None
        self.watch = Watch()
        self.parameters = Parameters(torch)
        self.dtypes = dtypes(torch)
        self.regions, self.calls, self.kept = [], [], []
        self.model = None
        self.seen = self.alive = 0
        self.answers = {F_LOAD: self.load, F_CASE: self.case, F_MAP: self.map,
                        F_GPU_MAP: self.map,
                        F_CALLS: self.bind, F_DRAW: self.draw}

    def guard(self, kind, act, *args):
        """Code of the candidate: what it raises is told in the log."""
        try:
            return act(*args)
        except Fault:
            raise
        except BaseException:
            traceback.print_exc()
            raise Fault(PROGRAM if self.watch.tried else kind) from None

    # -- load --

    def load(self, data, fds):
        self.real, train, tf32, _ = struct.unpack("<IIII", data)
        self.train = bool(train)
        # PyTorch's own defaults differ: convolutions round, products do not.
        backends = self.torch.backends
        backends.cuda.matmul.allow_tf32 = bool(tf32)
        backends.cudnn.allow_tf32 = bool(tf32)
        own, reference = read_object(fds[0]), read_object(fds[1])
        self.is_reference = self.real != REAL_NONE
        restrict()
        self.parameters.patch()
        self.reference = load(reference["names"], reference["files"])
        self.cls = self.reference.Model
        if not self.is_reference and own["names"]:
            self.cls = self.guard(SOURCE, self.candidate, own)
        self.unchanged()
        self.defaults()

    def candidate(self, own):
        module = load(own["names"], own["files"])
        for name in ("ModelNew", "Model"):
            if hasattr(module, name):
                return getattr(module, name)
        raise Fault(CLASS)

    def unchanged(self):
        """In use nobody would put it back."""
        if not self.is_reference and \
                self.torch.get_default_dtype() is not self.torch.float32:
            raise Fault(SETTING)

    def defaults(self):
        """What a module has changed for the whole process."""
        torch = self.torch
        torch.set_default_dtype(torch.float32)
        torch.set_flush_denormal(False)
        if torch.get_num_threads() != self.nthreads:
            torch.set_num_threads(self.nthreads)
        torch.set_grad_enabled(False)

    # -- bind --

    def case(self, data, fds):
        weights, size, _ = struct.unpack_from("<QII", data)
        self.tensors = json.loads(data[16:16 + size])
        torch = self.torch
        self.release()
        set_sizes(self.reference, self.tensors["sizes"])
        torch.set_default_dtype(torch.float32)
        model = construct(torch, self.parameters, self.reference.Model,
                          self.reference, weights)
        if self.cls is not self.reference.Model:
            other = self.guard(MAKE, construct, torch, self.parameters,
                               self.cls, self.reference, weights)
            self.guard(MAKE, take_state, other, model)
            self.unchanged()
            model = other
        if self.real == REAL_DOUBLE:
            model = self.exact(model)
        # Made on the host, where both get the same random numbers.
        model = self.guard(MAKE, model.to, self.device)
        # As in use: a candidate may have an eval of its own.
        self.guard(MAKE, model.train if self.train else model.eval)
        self.defaults()
        self.model = model
        reseed(torch, 0)
        # Of the values only what is no tensor is used.
        self.values = inputs_of(self.reference)
        if self.real == REAL_DOUBLE:
            torch.set_default_dtype(torch.float64)

    def exact(self, model):
        """In double precision; plain attributes too, which are neither
        parameters nor buffers."""
        for m in model.modules():
            for name, value in list(vars(m).items()):
                if isinstance(value, self.torch.Tensor) and \
                        value.is_floating_point():
                    setattr(m, name, value.double())
        return model.double()

    def release(self):
        self.calls, self.kept, self.values, self.model = [], [], None, None
        self.seen = 0
        for r in self.regions:
            r.release()
        self.regions = []

    def map(self, data, fds):
        first, n = struct.unpack_from("<II", data)
        if not self.model or first != len(self.regions) or n != len(fds):
            raise Fault(0, code=FAULT_REQUEST)
        for i, fd in enumerate(fds):
            self.regions.append(self.region.read(data, i, fd))

    def view(self, number, t):
        dtype = self.dtypes[t["dtype"]]
        if self.real == REAL_DOUBLE and dtype.is_floating_point:
            dtype = self.torch.float64
        return self.regions[number].tensor(self.torch, dtype, t["dims"])

    def bind(self, data, fds):
        first, n, nargs = struct.unpack_from("<III", data)
        ins, outs = self.tensors["inputs"], self.tensors["outputs"]
        if first != len(self.calls) or nargs != len(ins) + len(outs):
            raise Fault(0, code=FAULT_REQUEST)
        for i in range(n):
            words = struct.unpack_from(f"<{nargs}Q", data, 12 + 8 * nargs * i)
            given = [self.view(w, t) for w, t in zip(words, ins)]
            taken = [self.view(w, t) for w, t in zip(words[len(ins):], outs)]
            self.calls.append(
                (replace(self.torch, self.values, iter(given)), taken, given))

    # -- a reference --

    def draw(self, data, fds):
        seed, call, _ = struct.unpack("<QII", data)
        reseed(self.torch, seed)
        self.defaults()
        drawn = []
        leaves(self.torch, inputs_of(self.reference), "", drawn)
        given = self.calls[call][2]
        if [t.shape for _, t in drawn] != [t.shape for t in given]:
            raise Fault(DRAW)
        for to, (_, t) in zip(given, drawn):
            to.copy_(t)

    # -- calls --

    def run(self, data):
        first, n = struct.unpack("<II", data)
        if not self.model or first + n > len(self.calls):
            raise Fault(0, code=FAULT_REQUEST)
        if self.seen < WATCHED and not self.is_reference:
            return self.guard(CALL, self.watched, first, n)
        return self.guard(CALL, self.timed, first, n)

    def timed(self, first, n):
        model, torch, results = self.model, self.torch, None
        clock, raw = time.clock_gettime_ns, time.CLOCK_MONOTONIC_RAW
        wait = self.wait
        wait()
        cpu, start = time.thread_time_ns(), clock(raw)
        for args, taken, _ in self.calls[first:first + n]:
            results = flat(torch, model(*args), [])
            if len(results) != len(taken):
                self.other_shape(results, taken)
            for to, t in zip(taken, results):
                if t.shape != to.shape or t.dtype != to.dtype or \
                        t.device != to.device:
                    self.other_shape(results, taken)
                to.copy_(t)
        wait()
        return clock(raw) - start, time.thread_time_ns() - cpu

    def other_shape(self, results, taken):
        n = len(self.tensors["inputs"])
        if len(results) != len(taken):
            print(f"forward returns {len(results)} tensors; the reference "
                  f"{len(taken)}", file=sys.stderr)
            raise Fault(COUNT)
        for i, (t, to) in enumerate(zip(results, taken)):
            # The exact one has more precision than the model has.
            same = t.dtype == to.dtype or (self.is_reference and
                                           t.dtype.is_floating_point)
            if same and t.device != to.device:
                raise Fault(DEVICE, n + i)
            if same and t.shape == to.shape:
                continue
            print(f"out{i} is {t.dtype} of shape {tuple(t.shape)}; the "
                  f"reference's is {to.dtype} of shape {tuple(to.shape)}",
                  file=sys.stderr)
            raise Fault(TYPE if not same else SHAPE, n + i)

    def watched(self, first, n):
        """Untimed calls, on inputs that may be written, to see whether they
        are, and where outputs lie."""
        torch = self.torch
        for args, taken, given in self.calls[first:first + n]:
            copies = [t.clone() for t in given]
            results = flat(torch, self.model(
                *replace(torch, args, iter(copies))), [])
            for i, (a, b) in enumerate(zip(copies, given)):
                if not torch.equal(bits(torch, a), bits(torch, b)):
                    raise Fault(INPUT, i)
            self.where(results, copies)
            self.seen += 1
        if self.seen >= WATCHED:
            self.kept = []
        return self.timed(first, n)

    def where(self, results, given):
        n = len(given)
        inputs = {address(t) for t in given}
        for i, t in enumerate(results):
            at = address(t)
            if at in inputs:
                raise Fault(VIEW, n + i)
            if any(at == address(old) for old in self.kept):
                raise Fault(KEPT, n + i)
        self.kept += results

    # -- the loop --

    def answer(self, question):
        kind, data, fds = question
        try:
            if kind == F_RUN:
                claim, cpu = self.run(data)
                self.channel.send(F_DONE, struct.pack(
                    "<qqII", claim, cpu, self.alive or 1, 0))
                self.alive = threads()
                return
            if kind not in self.answers:
                raise Fault(0, code=FAULT_REQUEST)
            self.answers[kind](data, fds)
            self.channel.send(F_OK)
        finally:
            close_all(fds)

    def serve(self):
        while True:
            question = self.channel.receive()
            if question is None:
                os._exit(0)
            try:
                self.answer(question)
            except Fault as f:
                sys.stderr.flush()
                self.channel.send(F_FAULT, struct.pack("<II", f.code,
                                                       f.detail))
                os._exit(SAID_WHY)


def run(nthreads, device):
    set_pools(nthreads)
    import torch

    torch.set_num_threads(nthreads)
    if device == "cuda":
        # Before the filter: the driver is opened here.
        torch.zeros(1, device="cuda")
    gc.disable()
    Worker(torch, Channel(), nthreads, device).serve()


def main(argv):
    what = argv[1] if len(argv) > 1 else ""
    more = 1 if what == "--run" else 0
    if what not in ("--probe", "--build", "--run"):
        sys.exit("pike-run-torch.py is started by pike-git only")
    # After the standard library, which comes from the interpreter.
    sys.path += [p for p in argv[2 + more:] if p not in sys.path]
    if what == "--probe":
        probe()
    elif what == "--build":
        build_or_tell()
    else:
        nthreads, device = argv[2].split(":")
        run(int(nthreads), device)


main(sys.argv)
