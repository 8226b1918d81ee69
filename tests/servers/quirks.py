#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A model behind gateways that follow the protocol in ways of their own.

Prints its port, then serves until its stdin ends. POST
/QUIRK/v1/chat/completions answers with one of REPLIES, as a JSON reply of
OpenAI's form with what QUIRKS changes of it; `flaky` refuses each second
request, `query` all without ?version=7.
"""
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATH = "kernels/scale.c"
OLD = "y[i] = x[i] * 1.5f + x[i] * x[i];"
NEW = "y[i] = x[i] * (1.5f + x[i]);"
DRAFT = "y[i] = x[i] * (x[i] + 1.5f);"


def edit(new):
    return (f"{PATH}\n<<<<<<< SEARCH\n{OLD}\n=======\n{new}\n"
            ">>>>>>> REPLACE\n")


GOOD = "Factors out x.\n\n" + edit(NEW)
REPLIES = {
    "thoughts": f"<think>\nPerhaps:\n{edit(DRAFT)}\nNo.\n</think>\n\n{GOOD}",
    "ideas": "<think>\n- a table: silly\n</think>\n\n- Unroll by eight.\n",
    "nothing": "Nothing to do.\n\n" + edit(OLD),
    "diff": f"Factors out x.\n\n```diff\n--- a/{PATH}\n+++ b/{PATH}\n"
            f"@@ -9,1 +9,1 @@\n-{OLD}\n+{NEW}\n```\n",
    "hunk": f"Factors out x.\n\n@@ -9,1 +9,1 @@\n-{OLD}\n+{NEW}\n",
    "open": "Factors out x.\n\n" + PATH + "\n```c\nvoid scale(const float *x",
}
FINISH = {"limit": "model_length", "unknown": "no idea", "broken": "error"}

seen = {}
lock = threading.Lock()


def reply(quirk):
    message = {"role": "assistant", "content": REPLIES.get(quirk, GOOD)}
    choice = {"index": 0, "finish_reason": FINISH.get(quirk, "stop"),
              "message": message}
    tokens = 0 if quirk == "free" else 1000
    if quirk == "refusal":
        message["refusal"] = ""
    if quirk == "upstream":
        choice["error"] = {"code": 502, "message": "upstream is gone"}
    if quirk == "parts":
        message["content"] = [
            {"type": "thinking", "thinking": [
                {"type": "text", "text": edit(DRAFT)}]},
            {"type": "text", "text": GOOD}]
    return {"model": "quirky-1", "choices": [choice], "usage": {
        "prompt_tokens": tokens, "completion_tokens": tokens}}


def stream(whole, end):
    for letter in GOOD:
        yield {"choices": [{"index": 0, "delta": {"content": letter}}]}
    if end:
        yield {"choices": [{"index": 0, "delta": {},
                            "finish_reason": "stop"}]}


def body(quirk):
    whole = reply(quirk)
    if quirk not in ("stream", "torn"):
        tail = "\n\ndata: [DONE]\n\n" if quirk == "done" else ""
        return json.dumps(whole) + tail
    return "".join(f"data: {json.dumps(piece)}\n\n"
                   for piece in stream(whole, quirk == "stream"))


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def send(self, status, text):
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        ask = json.loads(self.rfile.read(
            int(self.headers.get("Content-Length") or 0)))
        path, _, query = self.path.partition("?")
        quirk, tail = path[1:].split("/", 1)
        with lock:
            seen[quirk] = seen.get(quirk, 0) + 1
        if tail != "v1/chat/completions" or ask.get("stream") is not False:
            return self.send(400, '{"error":{"message":"what is that?"}}')
        if quirk == "query" and query != "version=7":
            return self.send(404, '{"error":{"message":"no version"}}')
        if quirk == "flaky" and seen[quirk] % 2:
            return self.send(503, '{"error":{"message":"busy"}}')
        return self.send(200, body(quirk))


class Server(ThreadingHTTPServer):
    daemon_threads = True


server = Server(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
