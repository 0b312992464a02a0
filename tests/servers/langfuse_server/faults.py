"""Faults on demand: failures between a client and a server, simulated on real sockets."""

import json
import random
import threading
import time
from typing import Any, Callable, Dict, List, Optional

from .messages import HTML_TYPE, NOT_FOUND_PAGE, Answer
from .request import Request

BAD_GATEWAY_PAGE = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
LOGIN_PAGE = "<!DOCTYPE html><html><body>Sign in to the network</body></html>"


class Fault:
    """A fault and how often it will still happen; see LangfuseServer.fail for the options."""

    def __init__(
        self,
        name: str,
        times: Optional[int],
        path: Optional[str],
        method: Optional[str],
        after: int,
        options: Dict[str, Any],
    ) -> None:
        self.name = name
        self.times = times
        self.path = path
        self.method = method
        self.after = after
        self.share = options.pop("share", 1)
        self.drawn = random.Random(options.pop("seed", 0))
        self.options = options

    def fits(self, request: Request) -> bool:
        return (
            (self.path is None or self.path in request.path)
            and (self.method is None or self.method == request.method)
            and (self.share == 1 or self.drawn.random() < self.share)
        )


class Faults:
    """The planned faults; a request gets the first one that fits, in the order of `fail`."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.planned: List[Fault] = []
        self.gates: List[threading.Event] = []  # one per request that a fault was played on

    def add(self, fault: Fault) -> None:
        known = sorted(list(PLAYS) + list(STATUSES))
        if fault.name not in known:
            raise ValueError("no fault %r; there are: %s" % (fault.name, ", ".join(known)))
        with self.lock:
            self.planned.append(fault)

    def take(self, request: Request) -> Optional[Fault]:
        """Return the fault for this request, or None; `release` will open the request's gate."""
        with self.lock:
            fault = self._next(request)
            if fault is not None:
                request.fault = fault.name
                self.gates.append(request.gate)
            return fault

    def _next(self, request: Request) -> Optional[Fault]:
        for fault in self.planned:
            if not fault.fits(request):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.planned.remove(fault)
            return fault
        return None

    def release(self) -> None:
        """Let the requests that hang now continue."""
        with self.lock:
            gates, self.gates = self.gates, []
        for gate in gates:
            gate.set()

    def clear(self) -> None:
        """Remove all faults and let hanging requests continue."""
        with self.lock:
            self.planned = []
        self.release()


def play(fault: Fault, exchange: Any) -> None:
    """Carry out the fault on `exchange` (see transport.Exchange)."""
    if fault.name in PLAYS:
        PLAYS[fault.name](exchange, fault.options)
    else:
        exchange.send(STATUSES[fault.name](exchange.request, fault.options))


def reset(exchange: Any, options: Dict[str, Any]) -> None:
    """The request is carried out; the connection is reset in the middle of the answer's body."""
    data = exchange.encoded(exchange.answer())
    head, _, body = data.partition(b"\r\n\r\n")
    exchange.write(head + b"\r\n\r\n" + body[: len(body) // 2])
    exchange.abort()


def answer_lost(exchange: Any, options: Dict[str, Any]) -> None:
    """The request is carried out; the connection ends before the first byte of an answer."""
    exchange.answer()
    exchange.close()


def hang(exchange: Any, options: Dict[str, Any]) -> None:
    """Nothing happens until `release` or `heal`. Then the request is carried out and answered, if
    its client still waits; otherwise it never happened."""
    exchange.request.gate.wait()
    if exchange.server.running and exchange.client_waits():
        exchange.send(exchange.answer())
    else:
        exchange.close()


def drip(exchange: Any, options: Dict[str, Any]) -> None:
    """The answer is sent one byte every `delay` seconds (0.05)."""
    data = exchange.encoded(exchange.answer())
    for index in range(len(data)):
        exchange.write(data[index : index + 1])
        if exchange.request.gate.wait(options.get("delay", 0.05)):
            exchange.write(data[index + 1 :])
            return


def truncated_json(exchange: Any, options: Dict[str, Any]) -> None:
    """The request is carried out; the answer is complete for HTTP, but only half a JSON text."""
    answer = exchange.answer()
    text = answer.payload().decode("utf-8")
    exchange.send(Answer(answer.status, text[: len(text) // 2], answer.content_type), raw=True)


def half_refused(exchange: Any, options: Dict[str, Any]) -> None:
    """Every second event of an ingestion batch is refused with `status` (400 or 500) inside the
    207; the others are carried out. Other requests are answered as usual."""
    request = exchange.request
    body = request.body if request.path.endswith("/ingestion") else None
    if not isinstance(body, dict) or not isinstance(body.get("batch"), list):
        exchange.send(exchange.answer())
        return
    refused = body["batch"][1::2]
    kept = dict(body, batch=body["batch"][0::2])
    answer = exchange.answer(json.dumps(kept).encode("utf-8"))
    if answer.status != 207:
        exchange.send(answer)
        return
    status = options.get("status", 400)
    message = "Invalid request data" if status == 400 else "Internal Server Error"
    for event in refused:
        entry = {"id": event.get("id"), "status": status, "message": message}
        answer.body["errors"].append(dict(entry, error="refused on demand"))
    exchange.send(answer)


def changed(exchange: Any, options: Dict[str, Any]) -> None:
    """The request is carried out; `change` gets the answer's body and returns another one."""
    answer = exchange.answer()
    exchange.send(Answer(answer.status, options["change"](answer.body), answer.content_type))


def rate_limited(request: Request, options: Dict[str, Any]) -> Answer:
    """429 with `retry_after` seconds (1), in the `shape` "json" (newer) or "text" (older)."""
    seconds = options.get("retry_after", 1)
    stamp = time.strftime("%a %b %d %Y %H:%M:%S GMT+0000", time.gmtime(time.time() + seconds))
    headers = {"Retry-After": str(seconds), "X-RateLimit-Limit": "1000"}
    headers.update({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": stamp})
    if options.get("shape", "json") == "text":
        return Answer(429, "429 - rate limit exceeded", None, headers)
    reset_at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + seconds))
    details = {"retryAfterSeconds": seconds, "limit": 1000, "remaining": 0, "resetAt": reset_at}
    body = {"message": "Rate limit exceeded", "code": "rate_limited", "details": details}
    return Answer(429, body, headers=headers)


def internal_error(request: Request, options: Dict[str, Any]) -> Answer:
    if request.path.endswith("/ingestion"):
        body: Any = {"message": "Invalid request data", "errors": ["Failed to upload JSON to S3"]}
    else:
        body = {"message": "Internal Server Error", "error": "Internal Server Error"}
    return Answer(500, body)


def fixed(status: int, body: Any, content_type: Optional[str] = None) -> Callable[..., Answer]:
    answer = Answer(status, body) if content_type is None else Answer(status, body, content_type)
    return lambda request, options: answer


QUOTA = "Ingestion suspended: Usage threshold exceeded. Please upgrade your plan."
WRONG_KEY = "Invalid credentials. Confirm that you've configured the correct host."

PLAYS: Dict[str, Callable[..., None]] = {
    "reset": reset,
    "answer lost": answer_lost,
    "hang": hang,
    "drip": drip,
    "truncated json": truncated_json,
    "half refused": half_refused,
    "changed": changed,
}
# Answers that are sent without carrying out the request.
STATUSES: Dict[str, Callable[..., Answer]] = {
    "429": rate_limited,
    "422": fixed(422, {"message": "Please narrow your request", "error": "Request timed out"}),
    "500": internal_error,
    "401": fixed(401, {"message": WRONG_KEY}),
    "403": fixed(403, {"message": QUOTA, "error": "ForbiddenError"}),
    "404 html": fixed(404, NOT_FOUND_PAGE, HTML_TYPE),
    "408": fixed(408, {"message": "Request Timeout"}),
    "413": lambda request, options: Answer(413, "Body exceeded 4.5mb limit", None),
    "502 html": fixed(502, BAD_GATEWAY_PAGE, HTML_TYPE),
    "503": fixed(503, {"message": "Service Unavailable"}),
    "200 html": fixed(200, LOGIN_PAGE, HTML_TYPE),
}
