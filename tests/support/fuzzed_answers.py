"""A test server's answers without sockets, of which one at a time can be changed at random."""

import io
import json
import random

import requests
from langfuse_server import routes
from langfuse_server.request import Request
from requests.packages.urllib3.response import HTTPResponse

HALF = "\ud83d"
DEEP = json.loads("[" * 300 + "]" * 300)
# Any of them takes the place of any value.
WRONG = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    1e308,
    10**25,
    2**63,
    "",
    "x",
    "5",
    HALF,
    "\x00\x1b[2J",
    "../x",
)
WRONG += ([], {}, [[]], [None], [{}], {"a": {"b": [1]}}, ["x", 1], DEEP, "x" * 5000, {"": None})
BODIES = (
    b"",
    b" ",
    b"null",
    b"[]",
    b"{}",
    b"5",
    b'"x"',
    b"<title",
    b"<html>",
    b"\xff",
    b"{",
    b"[1",
)
BODIES += (b'{"data": 1}', b'{"data": [NaN]}', b'{"message": ["a", {}], "error": 7}', b"[" * 5000)
STATUSES = (200, 201, 204, 207, 301, 400, 401, 403, 404, 405, 409, 422, 429, 500, 503, 600)
MOMENTS = ("-5", "1e400", "nan", "x", "Fri, 31 Dec 99999 23:59:59 GMT", "1 Jan 2026 00:00 +999999")


class InProcess:
    """Plays ``server`` to every client of ``requests`` in this process.

    The next answer that ``changed`` accepts is changed by it: a function of status and body that
    returns those and more headers, or ``None`` for no change.
    """

    def __init__(self, server, monkeypatch):
        self.server = server
        self.changed = None
        self.asked = 0
        send = requests.adapters.HTTPAdapter.send

        def answer(adapter, request, **options):
            if request.url.startswith(server.url + "/api/"):
                return self.answer(request, adapter)
            return send(adapter, request, **options)

        monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", answer)

    def answer(self, request, adapter):
        headers = {
            name.lower(): value.decode("utf-8") if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
        body = request.body or b""
        raw = body.encode("utf-8") if isinstance(body, str) else body
        target = request.url[len(self.server.url) :]
        given = routes.answer(self.server, Request(request.method, target, headers, raw))
        self.asked += 1
        status, data, more = given.status, given.payload(), {}
        found = self.changed(status, data) if self.changed else None
        if found is not None:
            self.changed = None
            status, data, more = found
        headers = dict({"content-length": str(len(data))}, **more)
        response = HTTPResponse(
            io.BytesIO(data), headers, status, preload_content=False, reason="OK"
        )
        return adapter.build_response(request, response)


def change_of(rng, place):
    """Return a change of the answer number ``place`` from now on."""
    left = [place]

    def change(status, data):
        left[0] -= 1
        if left[0] >= 0:
            return None
        kind = rng.random()
        if kind < 0.1:
            return status, rng.choice(BODIES), {}
        if kind < 0.2:
            return rng.choice(STATUSES), data, {"retry-after": rng.choice(MOMENTS)}
        return status, mutated(rng, data), {}

    return change


def mutated(rng, data):
    """Return JSON with one or two values replaced, left out or repeated."""
    try:
        value = [json.loads(data.decode("utf-8"))]
    except ValueError:
        return rng.choice(BODIES)
    for _ in range(rng.choice((1, 1, 2))):
        places = list(_places(value))
        holder, key = rng.choice(places)
        deed = rng.random()
        if deed < 0.2 and holder is not value:
            del holder[key]
        elif deed < 0.25 and isinstance(holder[key], list):
            holder[key] = holder[key] * 2
        elif deed < 0.35:
            other, name = rng.choice(places)
            holder[key] = json.loads(json.dumps(other[name]))
        else:
            holder[key] = rng.choice(WRONG)
    return json.dumps(value[0]).encode("ascii")


def _places(value):
    """Yield each place in a value as the list or object and the key in it."""
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        keys = holder if isinstance(holder, dict) else range(len(holder))
        for key in list(keys):
            yield holder, key
            if isinstance(holder[key], (dict, list)):
                waiting.append(holder[key])


def generator(*seed):
    """Return random numbers that are the same in each run."""
    return random.Random(repr(seed))
