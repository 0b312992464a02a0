"""One self-contained page of HTML that shows traces: it asks nothing of any server.

The page is put together from the files in ``coaiapy/views/page``. What the traces say stands in it as
data and never as markup: the page's own script makes texts of it, and the page's policy lets no
other script run and nothing be loaded.
"""

import hashlib
import os
import re
from base64 import b64encode
from typing import Any, Callable, Dict, List

from coaiapy.langfuse.records.body import Body
from coaiapy.util.files import read_text
from coaiapy.views.page_data import page_data

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page")
_SCRIPTS = (
    "dom.js",
    "times.js",
    "values.js",
    "markdown.js",
    "messages.js",
    "pane.js",
    "tree.js",
    "axis.js",
    "list.js",
    "trace.js",
    "overview.js",
    "start.js",
)
_PLACES = re.compile(r"\{\{(\w+)\}\}")


def trace_page(trace: Body, utc: bool = False) -> str:
    """Return the page of one trace; with ``utc`` it shows times in UTC, else in local time."""
    return _page(page_data("trace", "", [], [trace], utc))


def session_page(session: Body, utc: bool = False) -> str:
    """Return the page of a session: a list of its traces, and the page of each of them."""
    facts = [("session", session["id"]), ("started", session.get("createdAt", ""))]
    title = "Session {}".format(session["id"])
    return _page(page_data("session", title, facts, session["traces"], utc))


def list_page(traces: List[Body], utc: bool = False) -> str:
    """Return a page with a list of traces, each with its observations, and the page of each."""
    return _page(page_data("traces", "Traces", [("traces", str(len(traces)))], traces, utc))


PAGES: Dict[str, Callable[[Any, bool], str]] = {
    "trace": trace_page,
    "session": session_page,
    "list": list_page,
}


def _page(data: str) -> str:
    style, script = _file("page.css"), "".join(map(_file, _SCRIPTS))
    parts = {
        "policy": "; ".join(
            (
                "default-src 'none'",
                "script-src " + _hash(script),
                "style-src " + _hash(style),
                "img-src data:",
                "base-uri 'none'",
                "form-action 'none'",
            )
        ),
        "style": style,
        "script": script,
        "data": data,
    }
    return _PLACES.sub(lambda place: parts[place.group(1)], _file("page.html"))


def _file(name: str) -> str:
    return read_text(os.path.join(_FOLDER, name))


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return "'sha256-{}'".format(b64encode(digest).decode("ascii"))
