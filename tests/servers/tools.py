#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A model that works with tools, in OpenAI's form: it answers the first
questions that offer a tool for a shell with a call of it, a command of its
arguments each, and then with its last words.

  tools.py LAST-WORDS COMMAND...

Prints its port, then serves until its stdin ends; what tools have answered goes
to stderr, a line each.
"""
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WORDS, COMMANDS = sys.argv[1], sys.argv[2:]
SHELL = "run_shell_command"
USAGE = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
state = {"called": 0}


def message(body):
    """What it says, and why it stops there."""
    names = [t["function"]["name"] for t in body.get("tools", [])]
    n = state["called"]
    if SHELL not in names or n >= len(COMMANDS):
        return {"role": "assistant", "content": WORDS}, "stop"
    state["called"] = n + 1
    arguments = {"command": COMMANDS[n], "is_background": False,
                 "description": "a step"}
    call = {"index": 0, "id": f"call_{n}", "type": "function",
            "function": {"name": SHELL, "arguments": json.dumps(arguments)}}
    return {"role": "assistant", "content": None, "tool_calls": [call]}, \
        "tool_calls"


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        body = json.loads(self.rfile.read(length))
        last = body["messages"][-1]
        if last["role"] == "tool":
            print(json.dumps(last["content"]), file=sys.stderr, flush=True)
        said, why = message(body)
        head = {"id": "x", "created": 1, "model": body["model"]}
        if body.get("stream"):
            self.stream(head, said, why)
        else:
            choice = {"index": 0, "message": said, "finish_reason": why}
            self.send("application/json", json.dumps(dict(
                head, object="chat.completion", choices=[choice],
                usage=USAGE)))

    def stream(self, head, said, why):
        head = dict(head, object="chat.completion.chunk")
        parts = [
            dict(head, choices=[{"index": 0, "delta": said,
                                 "finish_reason": None}]),
            dict(head, choices=[{"index": 0, "delta": {},
                                 "finish_reason": why}]),
            dict(head, choices=[], usage=USAGE),
        ]
        self.send("text/event-stream", "".join(
            f"data: {json.dumps(p)}\n\n" for p in parts) + "data: [DONE]\n\n")

    def send(self, kind, text):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
