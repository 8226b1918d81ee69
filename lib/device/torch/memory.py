# SPDX-License-Identifier: Apache-2.0
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


def form(t):
    """What a caller's tensor is, beside its values."""
    return address(t), t.data_ptr(), t.shape, t.stride(), t.dtype
