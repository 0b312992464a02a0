"""Plays services to the clients in this process, without sockets; one answer at a time is changed."""

import io
import json

import requests
from hypothesis import settings
from langfuse_server import routes
from langfuse_server.request import Request
from mutations import changed
from places import TESTS
from requests.packages.urllib3.response import HTTPResponse

from coaiapy.util.formats import json_values

RECORDINGS = TESTS / "data" / "langfuse"
TEXTS = ("x", "2026-11-22T12:04:46.636Z", "{}", "DEFAULT", "NUMERIC", "\u00e9 \U0001f600")


class InProcess:
    """Gives ``answer(method, url, headers, body)`` to every client of ``requests`` and of AWS.

    An answer is a status, bytes and headers with names in lower case; ``None`` asks the network.
    After ``change(rng, place)`` the answer number ``place`` from then on is changed.
    """

    def __init__(self, answer, monkeypatch):
        self.answer = answer
        self.rng = None
        self.left = 0
        send = requests.adapters.HTTPAdapter.send

        def sent(adapter, request, **options):
            response = self.response(request)
            if response is None:
                return send(adapter, request, **options)
            return adapter.build_response(request, response)

        monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", sent)

    def play_aws(self, monkeypatch):
        """Answer the clients of boto3, too."""
        from botocore import awsrequest, httpsession

        def sent(session, request):
            raw = self.response(request)
            response = awsrequest.AWSResponse(request.url, raw.status, raw.headers, raw)
            if not request.stream_output:
                assert response.content is not None  # reads it
            return response

        monkeypatch.setattr(httpsession.URLLib3Session, "send", sent)

    def change(self, rng, place):
        """Change the answer number ``place`` from now on, if there are so many."""
        self.rng, self.left = rng, place

    def change_nothing(self):
        """Give all answers as they are from now on."""
        self.rng = None

    def response(self, request):
        found = self.answer(request.method, request.url, _headers(request), _body(request))
        if found is None:
            return None
        rng = self.rng
        if rng is not None:
            self.left -= 1
            if self.left < 0:
                self.rng = None
                found = changed(rng, self.instead(rng, request, found))
        status, data, headers = found
        headers = dict({"content-length": str(len(data))}, **headers)
        return HTTPResponse(io.BytesIO(data), headers, status, preload_content=False, reason="OK")

    def instead(self, rng, request, answer):
        """Return what is changed in place of an answer: itself."""
        return answer


class Langfuse(InProcess):
    """Plays ``server``; what is changed is its answer, or one that a real server gave there."""

    def __init__(self, server, monkeypatch):
        InProcess.__init__(self, self.of_server, monkeypatch)
        self.server = server
        self.recorded = Recorded(server.kind)

    def of_server(self, method, url, headers, body):
        if not url.startswith(self.server.url + "/api/"):
            return None
        target = url[len(self.server.url) :]
        given = routes.answer(self.server, Request(method, target, headers, body))
        return given.status, given.payload(), {}

    def instead(self, rng, request, answer):
        target = request.url[len(self.server.url) :]
        known = self.recorded.answers(Request(request.method, target, {}, b""))
        if not known or rng.random() < 0.6:
            return answer
        status, shape = rng.choice(known)
        return status, json.dumps(filled(rng, shape)).encode("ascii"), {}


class Recorded:
    """The recorded answers of servers of a kind, by their routes."""

    def __init__(self, kind):
        self.kind = kind
        self.known = {}
        generation = kind.version.split(".")[0]
        for path in sorted(RECORDINGS.glob("v{}*.json".format(generation))):
            for one in json.loads(path.read_text("utf-8"))["exchanges"]:
                asked = one["request"]
                route = self.route(Request(asked["method"], asked["path"], {}, b""))
                shape = one["body"] if "body" in one else one["shape"]
                self.known.setdefault(route, []).append((one["status"], shape))

    def route(self, request):
        found = [route for route, _ in routes.matching(self.kind, request)]
        return next(
            (one.path for one in found if one.method == request.method), None
        ), request.method

    def answers(self, request):
        """Return the status and the shape of each answer to such a request."""
        route = self.route(request)
        return self.known.get(route, []) if route[0] else []


def filled(rng, shape):
    """Return a value of a recorded shape (see ``langfuse_server/shapes.py``)."""
    if isinstance(shape, dict):
        return {key: filled(rng, one) for key, one in shape.items()}
    if isinstance(shape, list):
        return [filled(rng, one) for one in shape]
    if shape == "number":
        return rng.choice((0, 1, 2.5, 17))
    if shape == "boolean":
        return rng.random() < 0.5
    if shape == "null":
        return None
    if shape == "string":
        return rng.choice(TEXTS)
    return shape[3:] if isinstance(shape, str) and shape.startswith("id:") else shape


def _body(request):
    """Return the body of a request, which may still be sent afterwards."""
    body = request.body or b""
    if not hasattr(body, "read"):
        return body.encode("utf-8") if isinstance(body, str) else body
    data = body.read()
    body.seek(0)
    return data


def _headers(request):
    return {
        name.lower(): value.decode("utf-8") if isinstance(value, bytes) else value
        for name, value in request.headers.items()
    }


def rounds():
    """Return how many rounds to make: 2, and 20 with ``--hypothesis-profile=thorough``."""
    return settings.default.max_examples // 15


def problem_of(line, result):
    """Return what is wrong with the end of a command that got a wrong answer."""
    said = result.out + result.err
    if not 0 <= result.code <= 6:
        return "exit code {}".format(result.code)
    if any(word in said for word in ("unexpected", "Traceback", "not enough memory")):
        return "not a stated error"
    if result.code and not said.strip():
        return "fails without a word"
    if result.code == 0 and line.endswith("--json"):
        try:
            json_values.parse(json_values.plain_text(result.out))
        except ValueError as error:
            return "prints what is not JSON: {}".format(error)
    return ""
