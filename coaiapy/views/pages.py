"""One self-contained page of HTML that shows traces or a report: it asks nothing of any server.

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
from coaiapy.views import report_data
from coaiapy.views.page_data import page_data, report_of

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
    "report.js",
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


def stats_page(found: Any, utc: bool = False) -> str:
    """Return a page with the figures of groups: ``found`` are the rows of ``stats``, and the field
    that they are grouped by.
    """
    rows, by = found
    facts = [("by", by or ""), ("groups", len(rows) if by else "")]
    facts += [("observations", "{:,}".format(sum(row["count"] for row in rows)))]
    title = "Figures by {}".format(by) if by else "Figures"
    return _page(report_of(title, facts, report_data.stats_sections(rows, by), utc))


def worst_page(found: List[Body], utc: bool = False) -> str:
    """Return a page with the worst observations."""
    return _page(report_of("Worst observations", [], report_data.worst_sections(found), utc))


def diff_page(found: Body, utc: bool = False) -> str:
    """Return a page with what differs between two traces, as ``diff`` returns it."""
    title = "{} → {}".format(found["a"], found["b"])
    facts = report_data.diff_facts(found)
    return _page(report_of(title, facts, report_data.diff_sections(found), utc))


def compare_page(found: List[Body], utc: bool = False) -> str:
    """Return a page that compares runs of experiments, each with the first one."""
    title = "Compared with {}".format(found[0]["base"])
    facts = [("run", "{}: {}".format(one["run"], one["told"])) for one in found]
    return _page(report_of(title, facts, list(report_data.compare_sections(found)), utc))


PAGES: Dict[str, Callable[[Any, bool], str]] = {
    "trace": trace_page,
    "session": session_page,
    "list": list_page,
    "stats": stats_page,
    "worst": worst_page,
    "diff": diff_page,
    "compare": compare_page,
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
