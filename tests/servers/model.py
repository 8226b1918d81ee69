#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A model that answers by a script, in OpenAI's form, one question at a time
in the order in which they come.

Prints its port, then serves until its stdin ends. It makes candidates of the
kernel `scale` (tests/cli/lib.sh): some are fine, some do not compile and need
so many attempts, some are no candidates at all.

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


def code(variant, left=0, needs=0):
    """The base with a mark, or with one that no compiler takes."""
    mark = f"broken {variant} {left} of {needs}" if left else f"variant {variant}"
    line = "#error" if left else "//"
    return (f"This is {mark}.\n\nkernels/scale.c\n<<<<<<< SEARCH\n"
            "#include <stdint.h>\n=======\n#include <stdint.h>\n"
            f"{line} {mark}\n>>>>>>> REPLACE\n")


def mended(prompt):
    failing = re.findall(r"#error broken (\w) (\d+) of (\d+)", prompt)
    variant, left, needs = failing[-1]
    left = int(left) - 1
    new = f"#error broken {variant} {left} of {needs}" if left else (
        f"// variant {variant}")
    return (f"One error less.\n\n<<<<<<< SEARCH\n#error broken {variant} "
            f"{left + 1} of {needs}\n=======\n{new}\n>>>>>>> REPLACE\n")


def optimized(prompt):
    step = SCRIPT[state["optimized"] % len(SCRIPT)]
    state["optimized"] += 1
    if step == "no":
        return "I would rather talk about the weather."
    if isinstance(step, tuple):
        text = code(step[0], step[1], step[1])
    else:
        text = code(step)
    # Of a version that is marked, the mark is what changes.
    marked = re.findall(r"// variant \w", prompt)
    if not marked:
        return text
    return text.replace("#include <stdint.h>\n=======\n#include <stdint.h>\n",
                        f"{marked[-1]}\n=======\n")


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
