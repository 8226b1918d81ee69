# SPDX-License-Identifier: Apache-2.0
# ---- what compiles only by running ----
#
# Triton, torch.compile and extensions compile at the first call. A candidate
# that uses them is run once where there are compilers; what that has left is
# sealed, and is all that there is of them where the candidate is timed.

# Alike where it is made and where it is used: paths are kept in it.
BUILD = "/tmp/build"
OBJECT = BUILD + "/object.json"
CACHES = {"TRITON_CACHE_DIR": BUILD + "/triton",
          "TORCHINDUCTOR_CACHE_DIR": BUILD + "/inductor",
          "TORCH_EXTENSIONS_DIR": BUILD + "/extensions"}
# Calls of a model: a graph is captured at the third.
CALLS = 4


def keep(path, value):
    """What an earlier run has left cannot be written to."""
    if os.path.exists(path):
        os.unlink(path)
    with open(path, "w", encoding="utf-8") as f:
        json.dump(value, f)


def cuda_home():
    """The folder of CUDA's headers; the box has those, by their real path, and
    the rest only where something is built."""
    found = glob.glob("/usr/local/cuda*/targets/*/include") + \
        glob.glob("/usr/local/cuda*/include")
    return os.path.dirname(found[0]) if found else "/usr/local/cuda"


def set_caches():
    os.environ.update(CACHES)
    os.environ["CUDA_HOME"] = cuda_home()
    # In this process: others would have to be started.
    os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"
    # PyTorch asks for the name alone; there may be nothing to write to.
    tempfile.tempdir = "/tmp"
    # Asked for by name where there are no names of users.
    os.environ["LOGNAME"] = "pike"


class Answers:
    """What programs have said of themselves. A cache is looked up by the
    versions of compilers, which cannot be started where it is used."""

    FILE = BUILD + "/answers.json"
    LONGEST = 1 << 20

    def __init__(self, record):
        import subprocess

        self.said = {}
        self.asked = subprocess.check_output
        subprocess.check_output = self.ask if record else self.repeat

    def ask(self, words, *args, **more):
        said = self.asked(words, *args, **more)
        if len(said) < self.LONGEST:
            self.said[repr(words)] = said if isinstance(said, str) else \
                {"bytes": said.decode("latin-1")}
        return said

    def repeat(self, words, *args, **more):
        said = self.said.get(repr(words))
        if said is None:
            return self.asked(words, *args, **more)
        return said["bytes"].encode("latin-1") if isinstance(said, dict) \
            else said

    def keep(self):
        keep(self.FILE, self.said)

    def read(self):
        with open(self.FILE, encoding="utf-8") as f:
            self.said = json.load(f)


class Extensions:
    """load_inline: what was compiled from the same text, with the same
    options, is loaded; PyTorch itself would write and ask a compiler."""

    FILE = BUILD + "/extensions.json"

    def __init__(self):
        self.made, self.now = {}, None
        if os.path.exists(self.FILE):
            with open(self.FILE, encoding="utf-8") as f:
                self.made = json.load(f)

    def patch(self):
        try:
            import torch.utils.cpp_extension as e
        except ImportError:
            return
        build, load = e.load_inline, e._import_module_from_library

        def load_inline(*args, **more):
            import hashlib

            key = hashlib.sha256(repr(
                (args, sorted(more.items()))).encode()).hexdigest()
            if key in self.made:
                return load(*self.made[key])
            self.now = key
            return build(*args, **more)

        def loaded(*args):
            self.made[self.now] = args
            return load(*args)

        e.load_inline, e._import_module_from_library = load_inline, loaded

    def keep(self):
        if self.made:
            keep(self.FILE, self.made)


def compiles(e):
    """Whether an exception comes from writing to sealed caches."""
    seen = 0
    while e is not None and seen < 16:
        if isinstance(e, OSError) and \
                str(e.filename or "").startswith(BUILD):
            return True
        e, seen = e.__cause__ or e.__context__, seen + 1
    return False


def set_compilers(task):
    """Where they are, and what they compile for: asked later, PyTorch would
    open the GPU for that."""
    folders = [task["programs"], "/usr/local/cuda/bin", os.environ["PATH"]]
    os.environ["PATH"] = ":".join(folders)
    os.environ["CUDA_HOME"] = "/usr/local/cuda"
    os.environ["TORCH_CUDA_ARCH_LIST"] = task["arch"]
    # One file is compiled by one process: others may be building beside.
    os.environ["MAX_JOBS"] = "2"


def await_device():
    """From now on the GPU is used: whoever builds this has to have it."""
    sock = socket.socket(fileno=SOCK)
    sock.sendall(b"?")
    if not sock.recv(1):
        sys.exit("the GPU was not given")


def model_inputs(w):
    """Inputs as a caller's, and then as those that are timed: parts of a
    larger memory."""
    drawn, values = w.drawn(1), []
    leaves(w.torch, drawn, "", values)
    owned = [t.to(w.device) for _, t in values]
    parts = []
    for t in owned:
        raw = w.torch.empty(t.numel() * t.element_size() + 64,
                            dtype=w.torch.uint8, device=w.device)[64:]
        parts.append(raw.view(t.dtype).view(t.shape).copy_(t))
    return [replace(w.torch, drawn, iter(of)) for of in (owned, parts)]


def prime_case(w, case):
    w.make(case["sizes"], 1)
    for args in model_inputs(w):
        for _ in range(CALLS):
            w.model(*args)
    w.wait()


def prime_cases(w, cases):
    """What fails without a compiler fails where it is judged, too, and is
    told there."""
    for case in cases:
        w.watch.tried = False
        try:
            prime_case(w, case)
        except BaseException:
            traceback.print_exc()
            if w.watch.tried:
                sys.exit(1)


def prime(nthreads, device):
    with open("task.json", encoding="utf-8") as f:
        task = json.load(f)
    with open("reference.json", encoding="utf-8") as f:
        reference = json.load(f)
    os.makedirs(BUILD, exist_ok=True)
    own = read_sources(task["main"])
    keep(OBJECT, own)
    set_pools(nthreads)
    set_compilers(task)
    answers, extensions = Answers(record=True), Extensions()
    import torch

    torch.set_num_threads(nthreads)
    extensions.patch()
    w = Worker(torch, None, nthreads, device)
    try:
        w.open(own, reference, task["mode"] == "train", task["tf32"])
    except Fault as f:
        if f.detail == CLASS:
            sys.exit("the module has no class ModelNew, nor Model")
        if f.detail != SETTING:
            sys.exit(1)
    else:
        if device == "cuda":
            await_device()
        prime_cases(w, task["cases"])
    answers.keep()
    extensions.keep()
