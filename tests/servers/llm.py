#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The three kinds of model servers, on good days and bad ones.

Prints its port, then serves until its stdin ends. A base URL is /HOW/ID; what
follows it, and every header and body, must be as the vendor's SDK has it, else
the answer is 400 and says why. The text of a good reply is the question.

  whole cut refused  a good reply, to its end, to the limit of tokens, refused
  status-N           status N; the message quotes the key
  seconds date info  429 and Retry-After, in either form, or Google's way to
                     say so; sooner is 400
  half chunk         half a body: of a length, in chunks
  close reset        no answer at all
  garbage empty none 200 with no JSON, with nothing, with no answer in it
  error              200 with an error in it
  denied loaded      200 with an error of one's own, by number or by word
  upstream           200 with an error in a choice
  late               200 with half a text, and an error behind it
  done               a whole reply, and the end of a stream behind it
  mega long huge     1 MiB, 5 MiB and 33 MiB of text
  bytes nul lone     text that is no UTF-8, has a NUL, half a surrogate pair
  drip stall         slowly for half a second; headers, and no body
  moved-N            a redirect to another server
  gzip blank         compressed; blank lines before the reply

HOW-once is so for the first request of an ID, then whole. GET /seen/ID tells
how many there were, GET /strangers how many the other server has got.
"""
import collections
import email.utils
import gzip
import json
import pathlib
import re
import socket
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "conform" / "llm")]
sys.dont_write_bytecode = True
import official  # noqa: E402
import replies  # noqa: E402

seen = collections.Counter()
not_before = {}
lock = threading.Lock()


def provider_of(path):
    for name, sent in official.SENT.items():
        tail = re.escape(sent["path"]).replace("MODEL", ".*")
        if re.fullmatch(tail, path):
            return name
    return None


def question(provider, body):
    """The system prompt, a bar, and the prompt."""
    if provider == "openai":
        parts = [m["content"] for m in body["messages"]]
    elif provider == "anthropic":
        parts = [m["content"] for m in body["messages"]]
        parts[:0] = [body["system"]] if "system" in body else []
    else:
        said = [body.get("systemInstruction"), *body["contents"]]
        parts = [c["parts"][0]["text"] for c in said if c]
    return "|".join(parts)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, status, data, headers=()):
        self.head(status, [*headers, ("Content-Length", str(len(data)))])
        self.wfile.write(data)

    def head(self, status, headers):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def refuse(self, status, text, headers=()):
        body = replies.error(self.provider, status, text)
        self.send(status, json.dumps(body).encode(), headers)

    def reply(self, text=None, kind="whole"):
        if text is None:
            text = self.text
        body = replies.make(self.provider, text, kind, self.model)
        wrong = official.judge_reply(self.provider, body)
        assert not wrong, wrong
        return json.dumps(body).encode()

    # ---- each HOW ----

    def whole(self):
        self.send(200, self.reply())

    def cut(self):
        self.send(200, self.reply(kind="cut"))

    def refused(self):
        self.send(200, self.reply(kind="refused"))

    def status(self, code):
        self.refuse(int(code), "as you wish, " + self.key)

    def seconds(self):
        with lock:
            not_before[self.id] = time.time() + 1
        self.refuse(429, "slowly", [("Retry-After", "1")])

    def date(self):
        at = int(time.time()) + 2
        with lock:
            not_before[self.id] = at
        self.refuse(429, "slowly", [
            ("Retry-After", email.utils.formatdate(at, usegmt=True))])

    def info(self):
        with lock:
            not_before[self.id] = time.time() + 0.8
        body = replies.error(self.provider, 429, "slowly")
        body["error"]["details"] = [{
            "@type": "type.googleapis.com/google.rpc.RetryInfo",
            "retryDelay": "0.8s"}]
        self.send(429, json.dumps(body).encode())

    def half(self):
        data = self.reply()
        self.head(200, [("Content-Length", str(len(data)))])
        self.wfile.write(data[:len(data) // 2])
        self.close_connection = True

    def chunk(self):
        data = self.reply()
        data = data[:len(data) // 2]
        self.head(200, [("Transfer-Encoding", "chunked")])
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.close_connection = True

    def close(self):
        self.close_connection = True

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   struct.pack("ii", 1, 0))
        self.close_connection = True

    def garbage(self):
        self.send(200, b"<html>\x1b[31m Please log in, " +
                  self.key.encode() + b"</html>")

    def empty(self):
        self.send(200, b"")

    def none(self):
        self.send(200, b'{"id": "1"}')

    def error(self):
        self.send(200, json.dumps({"error": {
            "code": 502, "message": "upstream broke, " + self.key}}).encode())

    def denied(self):
        self.send(200, b'{"error":{"code":"400","message":"too odd"}}')

    def loaded(self):
        self.send(200, b'{"type":"error","error":{"type":"overloaded_error"}}')

    def upstream(self):
        self.send(200, json.dumps({"choices": [{
            "finish_reason": "error", "message": {"content": ""},
            "error": {"code": 502, "message": "gone, " + self.key}}]}).encode())

    def late(self):
        body = json.loads(self.reply())
        body["error"] = {"code": 502, "message": "gone, " + self.key}
        self.send(200, json.dumps(body).encode())

    def done(self):
        self.send(200, self.reply() + b"\n\ndata: [DONE]\n\n")

    def mega(self):
        self.send(200, self.reply("no code here\n" * (2**20 // 13)))

    def long(self):
        self.send(200, self.reply("x" * (5 * 2**20)))

    def huge(self):
        self.head(200, [])
        for _ in range(33):
            self.wfile.write(b"x" * 2**20)
        self.close_connection = True

    def bytes(self):
        data = self.reply("caf@ and @ tea")
        self.send(200, data.replace(b"caf@", b"caf\xe9").replace(b"@",
                                                                b"\xff\xfe"))

    def nul(self):
        self.send(200, self.reply("one\0two"))

    def lone(self):
        self.send(200, self.reply("one\ud83dtwo\udc00, \U0001f600"))

    def drip(self):
        data = self.reply()
        self.head(200, [("Content-Length", str(len(data)))])
        step = len(data) // 10 + 1
        for i in range(0, len(data), step):
            self.wfile.write(data[i:i + step])
            time.sleep(0.05)

    def stall(self):
        self.head(200, [("Content-Length", "1000")])
        time.sleep(30)

    def moved(self, code):
        self.send(int(code), b"", [("Location", "http://localhost:%d%s" % (
            stranger.server_address[1], self.path))])

    def gzip(self):
        self.send(200, gzip.compress(self.reply()),
                  [("Content-Encoding", "gzip")])

    def blank(self):
        self.send(200, b"\n" * 50 + self.reply())

    # ---- any request ----

    def take(self, path, body):
        """What is wrong with it, in words."""
        headers = {k.lower(): v for k, v in self.headers.items()}
        wrong = official.judge(self.provider, self.command, path, headers,
                               body)
        if wrong:
            return wrong
        body = json.loads(body)
        self.model = official.model_of(self.provider, path, body)
        self.text = question(self.provider, body)
        keys = [headers.get(n, "").split(" ")[-1] for n in
                ("authorization", "x-api-key", "x-goog-api-key")]
        self.key = "".join(keys)
        early = not_before.get(self.id, 0) - time.time()
        return f"{early:.2f} s too early" if early > 0.01 else ""

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        _, how, self.id, rest = self.path.split("/", 3)
        with lock:
            seen[self.id] += 1
            first = seen[self.id] == 1
        self.provider = provider_of("/" + rest)
        if not self.provider:
            return self.send(400, b'{"error":"no such path"}')
        wrong = self.take("/" + rest, body)
        if wrong:
            return self.refuse(400, wrong)
        name, *words = how.split("-")
        if words and words[-1] == "once" and not first:
            return self.whole()
        return getattr(self, name)(*[w for w in words if w != "once"])

    def do_GET(self):
        name, *rest = self.path.strip("/").split("/")
        with lock:
            n = seen[rest[0]] if name == "seen" else seen["a stranger"]
        self.send(200, b"%d" % n)


class Stranger(BaseHTTPRequestHandler):
    def do_POST(self):
        with lock:
            seen["a stranger"] += 1
        self.send_error(418)

    do_GET = do_POST


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256  # of connections that come at once

    def handle_error(self, *_):
        pass  # who hangs up on us is being tested


def serve(handler):
    s = Server(("127.0.0.1", 0), handler)
    threading.Thread(target=s.serve_forever, daemon=True).start()
    return s


stranger = serve(Stranger)
server = serve(Handler)
print(server.server_address[1], flush=True)
sys.stdin.read()
