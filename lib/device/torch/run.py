# SPDX-License-Identifier: Apache-2.0
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


# Where on the stack a call is made decides about a third of its time, for some
# kernels (stores and loads of the same low address bits). A process would have
# one place for all its life, so each timed sample gets another, of some 600
# bytes a level (Mytkowicz et al., "Producing Wrong Data Without Doing Anything
# Obviously Wrong!", 2009; Curtsinger and Berger, "Stabilizer", 2013).
LEVELS = 16


def deeper(k, act):
    """Calls it k levels down the stack of C, which map uses, as Python does
    not."""
    return next(map(lambda _: deeper(k - 1, act), (0,))) if k else act()


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
    def __init__(self, torch, channel, nthreads, device, asked=None):
        self.torch, self.channel, self.asked = torch, channel, asked
        self.nthreads, self.device = nthreads, device
        self.region = GpuRegion if device == "cuda" else Region
        self.wait = torch.cuda.synchronize if device == "cuda" \
            else lambda: None
        self.watch = Watch()
        self.parameters = Parameters(torch)
        self.dtypes = dtypes(torch)
        self.regions, self.calls, self.kept, self.inputs = [], [], [], {}
        self.model, self.tensors, self.state = None, {"outputs": []}, []
        self.real, self.is_reference = REAL_NONE, False
        self.seen = self.alive = 0
        # Of its own: the model's are seeded.
        self.random = random.Random(os.urandom(16))
        self.answers = {F_LOAD: self.load, F_CASE: self.case, F_MAP: self.map,
                        F_GPU_MAP: self.map,
                        F_CALLS: self.bind, F_DRAW: self.draw}

    def guard(self, kind, act, *args):
        """Code of the candidate: what it raises is told in the log."""
        try:
            return act(*args)
        except Fault:
            raise
        except BaseException as e:
            traceback.print_exc()
            again = self.watch.tried or compiles(e)
            raise Fault(PROGRAM if again else kind) from None

    # -- load --

    def load(self, data, fds):
        self.real, train, tf32, _ = struct.unpack("<IIII", data)
        self.is_reference = self.real != REAL_NONE
        reference = read_object(fds[1])
        own = self.built() or read_object(fds[0])
        restrict()
        self.open(own, reference, bool(train), bool(tf32))

    def built(self):
        """What was built by running it; None: it was not."""
        if not os.path.exists(OBJECT):
            return None
        self.asked.read()
        extensions = Extensions()
        if extensions.made:
            extensions.patch()
        with open(OBJECT, encoding="utf-8") as f:
            return json.load(f)

    def open(self, own, reference, train, tf32):
        """Reads the modules of a model, and of its reference."""
        self.train = train
        # PyTorch's own defaults differ: convolutions round, products do not.
        backends = self.torch.backends
        backends.cuda.matmul.allow_tf32 = tf32
        backends.cudnn.allow_tf32 = tf32
        self.parameters.patch()
        self.reference = load(reference["names"], reference["files"])
        # Not for a candidate, which is to be of use without this program.
        if "pike_baseline.py" in own["names"]:
            sys.modules["pike_reference"] = self.reference
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
        self.make(self.tensors["sizes"], weights)

    def make(self, sizes, weights):
        """The model of a case, with parameters as the seed says."""
        torch = self.torch
        self.release()
        set_sizes(self.reference, sizes)
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
        self.state = self.changed(model)
        reseed(torch, 0)
        self.values = self.shapes()
        if self.real == REAL_DOUBLE:
            torch.set_default_dtype(torch.float64)

    def shapes(self):
        """Inputs whose tensors hold nothing: what is no tensor is used. Drawn
        where that is quick, and dropped. The meta device, which draws nothing,
        imports a library of algebra first, which takes three seconds."""
        drawn = self.drawn(0)
        held = []
        leaves(self.torch, drawn, "", held)
        none = self.torch.empty(0)
        values = replace(self.torch, drawn, iter([none] * len(held)))
        if self.device == "cuda":
            del drawn, held
            self.torch.cuda.empty_cache()
        return values

    def exact(self, model):
        """In double precision; plain attributes too, which are neither
        parameters nor buffers."""
        for m in model.modules():
            for name, value in list(vars(m).items()):
                if isinstance(value, self.torch.Tensor) and \
                        value.is_floating_point():
                    setattr(m, name, value.double())
        return model.double()

    def changed(self, model):
        """The buffers that a call changes, which are outputs: where they are
        kept, and their values before, which each call begins with."""
        names = [t["name"][len(BUFFER):] for t in self.tensors["outputs"]
                 if t["name"].startswith(BUFFER)]
        kept = buffers(self.torch, model) if names else {}
        for name in names:
            if name not in kept:
                print(f"the model has no buffer '{name}', which the "
                      "reference changes in train mode", file=sys.stderr)
                raise Fault(COUNT)
        at = [(*kept[n], getattr(*kept[n])) for n in names]
        return [(m, n, t, t.clone()) for m, n, t in at]

    def call(self, args):
        """Tensors that one call gives."""
        for module, name, own, before in self.state:
            # Forward may have put another tensor in its place.
            module._buffers[name] = own
            own.copy_(before)
        results = flat(self.torch, self.model(*args), [])
        return results + [getattr(module, name)
                          for module, name, _, _ in self.state]

    def release(self):
        self.state = []
        self.calls, self.kept, self.values, self.model = [], [], None, None
        self.inputs = {}
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

    def given(self, number, t):
        """The same tensor for the same memory: a caller that has new values
        for a model puts them where the old ones were, and a candidate that
        put another memory below its input never sees them."""
        key = number, t["name"]
        if key not in self.inputs:
            self.inputs[key] = self.view(number, t)
        return self.inputs[key]

    def bind(self, data, fds):
        first, n, nargs = struct.unpack_from("<III", data)
        ins, outs = self.tensors["inputs"], self.tensors["outputs"]
        if first != len(self.calls) or nargs != len(ins) + len(outs):
            raise Fault(0, code=FAULT_REQUEST)
        for i in range(n):
            words = struct.unpack_from(f"<{nargs}Q", data, 12 + 8 * nargs * i)
            given = [self.given(w, t) for w, t in zip(words, ins)]
            taken = [self.view(w, t) for w, t in zip(words[len(ins):], outs)]
            self.calls.append(
                (replace(self.torch, self.values, iter(given)), taken, given))

    # -- a reference --

    def draw(self, data, fds):
        seed, call, _ = struct.unpack("<QII", data)
        reseed(self.torch, seed)
        self.defaults()
        drawn = []
        leaves(self.torch, self.drawn(seed), "", drawn)
        given = self.calls[call][2]
        if [t.shape for _, t in drawn] != [t.shape for t in given]:
            raise Fault(DRAW)
        for to, (_, t) in zip(given, drawn):
            to.copy_(t)
        self.wait()

    def drawn(self, seed):
        """On the GPU where that can be: the host takes a hundred times as
        long."""
        if self.device == "cuda" and hasattr(self.torch, "set_default_device"):
            try:
                with self.torch.device(self.device):
                    return inputs_of(self.reference)
            except Exception:
                reseed(self.torch, seed)
        return inputs_of(self.reference)

    # -- calls --

    def run(self, data):
        first, n = struct.unpack("<II", data)
        if not self.model or first + n > len(self.calls):
            raise Fault(0, code=FAULT_REQUEST)
        if self.seen < WATCHED and not self.is_reference:
            return self.guard(CALL, self.watched, first, n)
        level = 0 if self.is_reference else self.random.randrange(LEVELS)
        return self.guard(CALL, deeper, level, lambda: self.timed(first, n))

    def timed(self, first, n):
        model, torch, results = self.model, self.torch, None
        clock, raw = time.clock_gettime_ns, time.CLOCK_MONOTONIC_RAW
        wait = self.wait
        wait()
        cpu, start = time.thread_time_ns(), clock(raw)
        for args, taken, _ in self.calls[first:first + n]:
            results = self.call(args) if self.state else \
                flat(torch, model(*args), [])
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
            forms = [form(t) for t in copies]
            results = flat(torch, self.model(
                *replace(torch, args, iter(copies))), [])
            for i, (a, b) in enumerate(zip(copies, given)):
                if form(a) != forms[i] or \
                        not torch.equal(bits(torch, a), bits(torch, b)):
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
