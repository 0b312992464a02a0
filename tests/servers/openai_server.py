"""An OpenAI-compatible service on loopback: chat, transcriptions, images, and faults on demand.

It answers as the API reference says. ``requests`` are those that it got. Each of ``faults`` is used
for one request: the name of a fault, the JSON object to answer with, or a list of events. A
transcription is answered when ``wait_for`` requests are there. Tones in recordings are really recognized, see ``hearing``.
"""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import ThreadingMixIn

import pytest
from hearing import heard, multipart

KEY = "sk-test-0123456789abcdef"
PAGE = b"<html><head><title>Sign in</title></head><body>Please sign in</body></html>"


class Asked:
    """One request: path, headers (lower case), JSON body or form fields and file."""

    def __init__(self, path, headers, body=None, fields=None, file=None):
        self.path = path
        self.headers = headers
        self.body = body
        self.fields = fields
        self.file = file


class OpenaiServer(ThreadingMixIn, HTTPServer):
    """The service; with ``key`` None it accepts every request, as a local server does."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, key=KEY):
        HTTPServer.__init__(self, ("127.0.0.1", 0), Handler)
        self.key = key
        self.requests = []
        self.faults = []
        self.wait_for = 0
        self.released = threading.Event()

    @property
    def url(self):
        return "http://127.0.0.1:{}/v1".format(self.server_port)

    def handle_error(self, request, client_address):
        """Ignore clients that close the connection."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_POST(self):  # noqa: N802
        headers = {name.lower(): value for name, value in self.headers.items()}
        content = self.rfile.read(int(headers.get("content-length", 0)))
        asked = Asked(self.path, headers)
        if headers.get("content-type", "").startswith("multipart/"):
            asked.fields, asked.file = multipart(headers["content-type"], content)
        else:
            asked.body = json.loads(content.decode("utf-8"))
        self.server.requests.append(asked)
        fault = self.server.faults.pop(0) if self.server.faults else None
        if isinstance(fault, dict):
            return self.send_value(200, fault)
        if isinstance(fault, list):
            return self.send_events(fault)
        if fault and getattr(self, "fault_" + fault)(asked) is not False:
            return
        if self.server.key and headers.get("authorization") != "Bearer " + self.server.key:
            return self.fault_401(asked)
        self.answer(asked)

    def answer(self, asked):
        route = asked.path.split("?")[0]
        if route.endswith("/chat/completions"):
            return self.chat(asked.body)
        if route.endswith("/audio/transcriptions"):
            return self.transcription(asked)
        if route.endswith("/images/generations"):
            pictures = [{"url": "http://pictures/{}.png".format(n)} for n in range(asked.body["n"])]
            return self.send_value(200, {"created": 1, "data": pictures})
        return self.send_body(404, "text/html", b"<html><title>Not Found</title></html>")

    def chat(self, body):
        text = reply_to(body)
        usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
        whole = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "model": body["model"] + "-2024",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "stop",
                    "message": {"role": "assistant", "content": text},
                }
            ],
            "usage": usage,
        }
        if not body.get("stream"):
            return self.send_value(200, whole)
        parts = [text[at : at + 4] for at in range(0, len(text), 4)]
        events = [{"choices": [{"index": 0, "delta": {"content": part}}]} for part in parts]
        events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        events.append({"choices": [], "usage": usage})
        self.send_events([dict(event, model=whole["model"]) for event in events])

    def transcription(self, asked):
        until = time.monotonic() + 200
        while len(self.server.requests) < self.server.wait_for and time.monotonic() < until:
            time.sleep(0.01)
        said = heard(asked.file)
        text = " ".join(one["text"] for one in said)
        form = asked.fields.get("response_format", "json")
        if form == "text":
            return self.send_body(200, "text/plain", (text + "\n").encode("utf-8"))
        if form in ("srt", "vtt"):
            return self.send_body(200, "text/plain", b"WEBVTT\n\n" if form == "vtt" else b"")
        value = {"text": text}
        if form == "verbose_json":
            value.update(language="english", task="transcribe", segments=said)
        self.send_value(200, value)

    def send_value(self, status, value, headers=()):
        self.send_body(status, "application/json", json.dumps(value).encode("utf-8"), headers)

    def send_body(self, status, kind, body, headers=()):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def send_events(self, events, end=b"data: [DONE]\n\n"):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for event in events:
            self.wfile.write(b"data: " + json.dumps(event).encode("utf-8") + b"\n\n")
            self.wfile.flush()
        self.wfile.write(end)
        self.close_connection = True

    def refuse(self, status, message, code=None, headers=()):
        error = {"message": message, "type": "an_error", "param": None, "code": code}
        self.send_value(status, {"error": error}, headers)

    def fault_401(self, asked):
        given = asked.headers.get("authorization", "nothing")
        self.refuse(401, "Incorrect API key provided: {}".format(given), "invalid_api_key")

    def fault_400(self, asked):
        self.refuse(400, "Unsupported value: 'temperature'")

    def fault_429(self, asked):
        self.refuse(429, "Rate limit reached", "rate_limit_exceeded", [("Retry-After", "7")])

    def fault_429_long(self, asked):
        self.refuse(429, "Rate limit reached", "rate_limit_exceeded", [("Retry-After", "3600")])

    def fault_quota(self, asked):
        self.refuse(429, "You exceeded your current quota", "insufficient_quota")

    def fault_500(self, asked):
        self.refuse(500, "The server had an error")

    def fault_html(self, asked):
        self.send_body(200, "text/html", PAGE)

    def fault_html_502(self, asked):
        self.send_body(502, "text/html", b"<html><title>Bad gateway</title></html>")

    def fault_redirect(self, asked):
        self.send_body(302, "text/plain", b"", [("Location", "http://127.0.0.1:1/elsewhere")])

    def fault_no_text(self, asked):
        self.send_value(200, {"choices": [{"message": {"role": "assistant", "content": None}}]})

    def fault_list(self, asked):
        self.send_value(200, [])

    def fault_hang(self, asked):
        self.server.released.wait(200)
        self.close_connection = True

    def fault_drip(self, asked):
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        while not self.server.released.wait(0.05):
            self.wfile.write(b" " * 64)

    def fault_hang_up(self, asked):
        self.close_connection = True
        self.connection.shutdown(2)

    def fault_truncated(self, asked):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b'{"choices": [{"mess')
        self.close_connection = True

    def fault_stream_ends(self, asked):
        self.send_events([{"choices": [{"delta": {"content": "half"}}]}], b"")

    def fault_stream_error(self, asked):
        half = {"choices": [{"delta": {"content": "half"}}]}
        self.send_events([half, {"error": {"message": "the model is overloaded"}}])

    def fault_stream_not_done(self, asked):
        last = {"choices": [{"delta": {"content": "whole"}, "finish_reason": "stop"}]}
        self.send_events([last], b"")

    def fault_whole_instead(self, asked):
        asked.body["stream"] = False
        return False

    def fault_length(self, asked):
        message = {"role": "assistant", "content": "cut"}
        self.send_value(200, {"choices": [{"message": message, "finish_reason": "length"}]})


def reply_to(body):
    """Return the model's reply: the system message and the text, so that tests can check them."""
    asked = ["{}: {}".format(one["role"], one["content"]) for one in body["messages"]]
    return " | ".join(asked + ["temperature {}".format(body.get("temperature"))])


@pytest.fixture
def openai(monkeypatch):
    """A running service, named in the test's settings, with its key."""
    server = OpenaiServer()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()
