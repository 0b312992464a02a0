"""Observations with times that are easy to write: seconds since the start of a run."""

import datetime

START = 1769860800  # 2026-01-31T12:00:00Z


def moment(seconds):
    """A time in the stored form, ``seconds`` after the start."""
    when = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=START + seconds)
    return when.isoformat(timespec="milliseconds") + "Z"


def step(name, start, end=None, parent=None, **more):
    """An observation from ``start`` to ``end``, in seconds, that is its own id."""
    body = {"id": name, "name": name, "type": "SPAN", "startTime": moment(start)}
    if end is not None:
        body["endTime"] = moment(end)
    if parent:
        body["parentObservationId"] = parent
    return dict(body, **more)


def trace(*observations):
    """A trace with these observations."""
    return {"id": "t", "name": "run", "timestamp": moment(0), "observations": list(observations)}
