# SPDX-License-Identifier: Apache-2.0
# ---- kept warm ----
#
# Imports PyTorch, starts nothing, and forks when it is asked to: each child
# enters a sandbox of its own, which pike-fork.so makes around it, and answers
# the judge's questions there as one that was started afresh.

FORK = 4
# As in inside_priv.h: one past the last descriptor of a box.
PLACES = 12


class Warm:
    def __init__(self, torch, answers):
        self.torch, self.answers = torch, answers
        self.code = ctypes.PyDLL(f"/proc/self/fd/{FORK}")
        self.sock = socket.socket(fileno=SOCK)
        self.trials = {}

    def receive(self):
        data, more, _, _ = self.sock.recvmsg(256, socket.CMSG_SPACE(64))
        fds = [fd for _, _, raw in more
               for fd in struct.unpack(f"{len(raw) // 4}i", raw)]
        places, _, words = data.partition(b"\0")
        return dict(zip(places, fds)), words.decode()

    def act(self, what, how):
        """In a box."""
        nthreads, device = how.split(":")
        if what == "prime":
            os.environ["HOME"] = os.environ["TMPDIR"] = os.getcwd()
            gc.enable()
            or_tell(prime, int(nthreads), device)
            leave(0)
        # What the box has of it.
        os.environ["CUDA_HOME"] = cuda_home()
        answer(self.torch, self.answers, int(nthreads), device)

    def child(self, places, words):
        def program():
            try:
                self.act(*words.split())
            except SystemExit as e:
                if isinstance(e.code, str):
                    print(e.code, file=sys.stderr)
            except BaseException:
                traceback.print_exc()
            leave(1)

        # Its number is another's in there.
        self.sock.detach()
        at = (ctypes.c_int * PLACES)(*(places.get(i, -1)
                                       for i in range(PLACES)))
        self.code.pike_box_fork(at, ctypes.PYFUNCTYPE(None)(program))

    def try_import(self, name):
        """In a fork, to see whether a fork of that could still be used: with
        one thread, and a GPU that nobody has asked for yet."""
        pid = os.fork()
        if pid:
            self.trials[pid] = name
            return
        self.sock.close()
        try:
            __import__(name)
            bad = threads() != 1
            if not os.fork():
                os._exit(self.torch.cuda._is_in_bad_fork())
            bad = bad or os.wait()[1] != 0
        except BaseException:
            bad = True
        os._exit(bad)

    def fork(self, places, words):
        try:
            pid = os.fork()
        except OSError:
            # No reason for those that there are to end.
            pid = -1
        if not pid:
            self.child(places, words)
            os._exit(1)
        fd = libc.syscall(434, pid, 0) if pid > 0 else -1  # pidfd_open
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                   struct.pack("i", fd))] if fd >= 0 else []
        self.sock.sendmsg([struct.pack("<i", pid)], rights)
        if fd >= 0:
            os.close(fd)
        elif pid > 0:
            os.kill(pid, signal.SIGKILL)
        close_all(places.values())

    def serve(self):
        self.sock.send(struct.pack("<i", threads()))
        while True:
            places, words = self.receive()
            if places:
                self.fork(places, words)
            elif words:
                self.try_import(words)
            else:
                return
            self.reap()

    def reap(self):
        """Not sooner: the number of one that has ended is not given anew."""
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                name = self.trials.pop(pid, None)
                if name and not status:
                    __import__(name)
                    gc.freeze()
        except ChildProcessError:
            pass


def warm():
    set_pools(1)
    answers = Answers(record=False)
    import torch

    torch.set_num_threads(1)
    gc.disable()
    gc.freeze()
    Warm(torch, answers).serve()
