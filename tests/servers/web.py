#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A web server that answers well, badly, slowly or not at all, by path.

Prints its port, then serves until its stdin ends. Paths:

  /echo                what was asked, as JSON
  /status/N[/SECONDS]  status N with an error message, and Retry-After
  /flaky/KEY/N         429 for the first N requests with this KEY, then /echo
  /half                half of the body that it announced
  /close               hangs up without an answer
  /slow/SECONDS        headers at once, the body after SECONDS
  /endless             a body without an end
  /moved               a redirect to /echo
  /garbage             something that is no HTTP
  /headers/N           a header of N bytes, X-Odd, and an informational answer
                       before it
  /v1/chat/completions an answer in OpenAI's form that repeats the question
  /think/SECONDS/chat/completions
                       one after SECONDS, which says how many were being
                       thought about at once
"""
import collections
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

seen = collections.Counter()
lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def send(self, status, text, headers=()):
        data = text.encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def echo(self):
        self.send(200, json.dumps({
            "method": self.command,
            "path": self.path,
            "headers": dict(self.headers.items()),
            "body": self.body().decode(),
        }))

    def status(self, code, seconds=None):
        headers = [("Retry-After", seconds)] if seconds else []
        self.body()
        self.send(int(code), '{"error":{"message":"as you wish"}}', headers)

    def flaky(self, key, n, then=None):
        with lock:
            seen[key] += 1
            again = seen[key] <= int(n)
        if again:
            self.status(429, "1")
        else:
            (then or self.echo)()

    def half(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"x" * 500)
        self.close_connection = True

    def close(self):
        self.close_connection = True

    def slow(self, seconds):
        self.body()
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.flush()
        time.sleep(float(seconds))
        self.wfile.write(b"late")

    def endless(self):
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"x" * 65536)
        except OSError:
            self.close_connection = True

    def moved(self):
        self.body()
        self.send(302, "", [("Location", "/echo")])

    def headers_of(self, size):
        self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nX-Odd: early\r\n\r\n")
        self.send(200, "{}", [("X-Odd", "  two words\t"),
                              ("x-odder", ""), ("X-Large", "y" * int(size))])

    def garbage(self):
        self.wfile.write(b"\0\1\2 what?\r\n\r\n")
        self.close_connection = True

    def completions(self, said=None):
        asked = json.loads(self.body())
        said = said or asked["messages"][-1]["content"]
        self.send(200, json.dumps({
            "model": asked["model"],
            "choices": [{"finish_reason": "stop",
                         "message": {"role": "assistant", "content": said}}],
            "usage": {"prompt_tokens": len(said), "completion_tokens": 1},
        }))

    def think(self, seconds):
        with lock:
            seen["thinking"] += 1
            said = str(seen["thinking"])
        time.sleep(float(seconds))
        with lock:
            seen["thinking"] -= 1
        self.completions(said)

    def do_GET(self):
        name, *words = self.path.strip("/").split("/")
        if self.path.endswith("/chat/completions"):
            return self.openai()
        do = {"echo": self.echo, "status": self.status, "flaky": self.flaky,
              "half": self.half, "close": self.close, "slow": self.slow,
              "endless": self.endless, "moved": self.moved,
              "garbage": self.garbage,
              "headers": self.headers_of}.get(name)
        if do:
            return do(*words)
        return self.status(404)

    # What stands before /chat/completions is how: /v1, /flaky/KEY/N, ...
    def openai(self):
        how, *rest = self.path.strip("/").split("/")[:-2]
        if how == "v1":
            return self.completions()
        if how == "flaky":
            return self.flaky(*rest, then=self.completions)
        return {"status": self.status, "half": self.half, "close": self.close,
                "slow": self.slow, "garbage": self.garbage,
                "think": self.think}[how](*rest)

    do_POST = do_PUT = do_DELETE = do_PATCH = do_GET


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # of connections that come at once

    def handle_error(self, *_):
        pass  # who hangs up on us is being tested


server = Server(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
