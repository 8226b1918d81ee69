#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A model that answers by a script, in OpenAI's form, one question at a time
in the order in which they come.

Prints its port, then serves until its stdin ends. It makes candidates of the
kernel `scale` (tests/cli/lib.sh), all of them slower than the base, each by
more than noise can hide: some work, some do not compile and need so many
attempts, some are no candidates at all.

  POST /v1/chat/completions    the next answer; waits PIKE_MODEL_DELAY seconds
  GET  /count                  questions answered so far
  GET  /reset                  begins anew
"""
import json
import os
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

IDEAS = 7
DELAY = float(os.environ.get("PIKE_MODEL_DELAY", "0"))
# What the n-th optimization is like: a variant that works, "no" code, or
# (variant, attempts until it compiles).
SCRIPT = ("a", "b", ("c", 1), "no", "d", ("e", 6), "f", ("g", 2), "a", "h")

state = {"optimized": 0, "answered": 0}


SLOWER = "abcdefgh"
LINE = re.compile(r"#define AGAIN .*|#error broken (\w) (\d+) of (\d+)")


def line(variant, left=0, needs=0):
    """So many passes more than the base's one; the last is the slowest."""
    if left:
        return f"#error broken {variant} {left} of {needs}"
    return f"#define AGAIN {SLOWER.index(variant) + 2} // variant {variant}"


def changed(text, old, new):
    return (f"{text}\n\nkernels/scale.c\n<<<<<<< SEARCH\n{old}\n=======\n"
            f"{new}\n>>>>>>> REPLACE\n")


def parent_line(prompt):
    """Of the version that is to be changed, else of the base."""
    _, mark, after = prompt.partition("A version of it that works")
    if not mark:
        _, mark, after = prompt.partition("The version that fails:")
    return LINE.search(after if mark else prompt)


def mended(prompt):
    old = parent_line(prompt)
    variant, left, needs = old.groups()
    return changed("One error less.", old.group(0),
                   line(variant, int(left) - 1, needs))


def optimized(prompt):
    step = SCRIPT[state["optimized"] % len(SCRIPT)]
    state["optimized"] += 1
    if step == "no":
        return "I would rather talk about the weather."
    variant, needs = step if isinstance(step, tuple) else (step, 0)
    return changed(f"This is variant {variant}.", parent_line(prompt).group(0),
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
        self.send(str(state["answered"]))

    def do_POST(self):
        size = int(self.headers.get("Content-Length") or 0)
        ask = json.loads(self.rfile.read(size))
        text = answer(ask["messages"][-1]["content"])
        time.sleep(DELAY)
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
