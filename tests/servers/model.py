#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A model that answers by a script, in OpenAI's form, one question at a time
in the order in which they come.

Prints its port, then serves until its stdin ends. Whatever kernel in C it is
asked about, it makes candidates of it that are slower than the base, each by
more than noise can hide: some work, some do not compile or write nothing and
need so many attempts, some are no candidates at all.

  POST /v1/chat/completions    the next answer
  GET  /count                  questions answered so far
  GET  /reset                  begins anew
  GET  /delay/SECONDS          waits so long before each answer from now on
"""
import json
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

IDEAS = 7
# What the n-th optimization is like: a variant that works, "no" code, or
# (variant, attempts until it works).
SCRIPT = ("a", "b", ("c", 1), "no", "d", ("e", 6), "b", ("f", 2), "a", "c")
SLOWER = "abcdef"

state = {"optimized": 0, "answered": 0, "delay": 0.0}

# What is to be changed stands behind the last of these.
MARKS = ("The code as it stands in the repository:",
         "A version of it that works", "The version that fails:")
FENCED = re.compile(r"^(`{3,})\n(.*?)^\1$", re.M | re.S)
PATH = re.compile(r"^(\S+)\n<<<<<<< SEARCH$", re.M)
# Of a base; all that is static stands in other lines.
ENTRY = re.compile(r"^void \w+\([^)]*\)\n\{$", re.M)
LINE = re.compile(r"^.*// variant (\w) left (\d+) of (\d+)$", re.M)


def line(variant, left, needs):
    """The first line of the kernel: time that is lost, the last's the most."""
    if left:
        code = "return;" if left == 1 else "#error"
    else:
        passes = 2000 * (SLOWER.index(variant) + 2)
        code = f"for (volatile int late = 0; late < {passes}; late++);"
    return f"\t{code} // variant {variant} left {left} of {needs}"


def version(prompt):
    at = max(prompt.find(mark) for mark in MARKS)
    return FENCED.search(prompt, at).group(2)


def changed(prompt, text, new):
    """The version with another first line."""
    code = version(prompt)
    old = LINE.search(code)
    if not old:
        old = ENTRY.search(code)
        new = f"{old.group(0)}\n{new}"
    return (f"{text}\n\n{PATH.search(prompt).group(1)}\n<<<<<<< SEARCH\n"
            f"{old.group(0)}\n=======\n{new}\n>>>>>>> REPLACE\n")


def mended(prompt):
    variant, left, needs = LINE.search(version(prompt)).groups()
    return changed(prompt, "One error less.",
                   line(variant, max(0, int(left) - 1), needs))


def optimized(prompt):
    step = SCRIPT[state["optimized"] % len(SCRIPT)]
    state["optimized"] += 1
    if step == "no":
        return "I would rather talk about the weather."
    variant, needs = step if isinstance(step, tuple) else (step, 0)
    return changed(prompt, f"This is variant {variant}.",
                   line(variant, needs, needs))


def answer(prompt):
    if "List up to" in prompt:
        return "\n".join(f"- idea {i}" for i in range(IDEAS))
    if "does not work yet" in prompt:
        return mended(prompt)
    return optimized(prompt)


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def send(self, text):
        data = text.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path == "/reset":
            state.update(optimized=0, answered=0)
        elif self.path.startswith("/delay/"):
            state["delay"] = float(self.path[7:])
        self.send(str(state["answered"]))

    def do_POST(self):
        size = int(self.headers.get("Content-Length") or 0)
        ask = json.loads(self.rfile.read(size))
        text = answer(ask["messages"][-1]["content"])
        time.sleep(state["delay"])
        state["answered"] += 1
        self.send(json.dumps({
            "model": "scripted-1",
            "choices": [{"index": 0, "finish_reason": "stop", "message": {
                "role": "assistant", "content": text}}],
            "usage": {"prompt_tokens": 1000, "completion_tokens": 100,
                      "total_tokens": 1100},
        }))


class Server(HTTPServer):
    request_queue_size = 128

    def handle_error(self, *_):
        """Who has asked is gone: a killed process."""


def main():
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


main()
