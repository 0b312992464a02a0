"""Answers of servers changed at random: what no service would send, in every place of an answer."""

import copy
import json
import os
import random

SEED = os.environ.get("FUZZ_SEED", "")

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
HEADERS = ("", "-1", "x", "text/html", "1e9", "\xe9", "a/b; charset=x")
MOMENTS = ("-5", "1e400", "nan", "x", "Fri, 31 Dec 99999 23:59:59 GMT", "1 Jan 2026 00:00 +999999")


def changed(rng, answer):
    """Return an answer (status, body, headers) with another status or body."""
    status, data, headers = answer
    kind = rng.random()
    if kind < 0.1:
        return status, rng.choice(BODIES), headers
    if kind < 0.2:
        moment = rng.choice(MOMENTS)
        return rng.choice(STATUSES), data, dict(headers, **{"retry-after": moment})
    if kind < 0.25 and headers:
        name = rng.choice(sorted(headers))
        return status, data, dict(headers, **{name: rng.choice(HEADERS)})
    return status, mutated(rng, data), headers


def mutated(rng, data):
    """Return JSON, or a stream with JSON in its events, with one or two values changed."""
    if not data.startswith(b"data: "):
        return _mutated_json(rng, data)
    events = data.split(b"\n\n")
    place = rng.randrange(len(events))
    events[place] = b"data: " + _mutated_json(rng, events[place][6:])
    return b"\n\n".join(events)


def _mutated_json(rng, data):
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
            holder[key] = copy.deepcopy(rng.choice(WRONG))  # the next change may be in it
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
    """Return random numbers that are the same in each run with the same ``FUZZ_SEED``."""
    return random.Random(repr((SEED, seed)))
