"""``--html``: a page that shows what a command would print, and ``--open``, which looks at it."""

import argparse
import os
from typing import Any

from coaiapy.cli.output import check_output, put_text
from coaiapy.cli.streams import Context
from coaiapy.errors import UsageError


def add_page(parser: Any, **options: Any) -> None:
    """Add ``--html`` and ``--open``."""
    parser.add_argument(
        "--html",
        metavar="FILE",
        help="write one page that shows it in a browser, without a server",
        **options,
    )
    parser.add_argument(
        "--open", action="store_true", help="with --html: open the page in a browser", **options
    )


def check_page(args: argparse.Namespace) -> None:
    """Raise an error if a page is wanted that cannot be written, before anything is read for it."""
    if args.open and not args.html:
        raise UsageError("--open shows the page that --html writes: add --html FILE")
    for form in ("json", "jsonl", "csv", "columns", "markdown"):
        if args.html and getattr(args, form, None):
            raise UsageError("--html writes a page instead: leave out --{}".format(form))
    check_output(args.html)


def write_page(args: argparse.Namespace, context: Context, kind: str, shown: Any) -> None:
    """Write a page of a kind of ``PAGES``, and open it if wanted."""
    from coaiapy.views.pages import PAGES

    put_text(context, PAGES[kind](shown, context.utc), args.html)
    if args.open and not _open(args.html):
        context.warn("no browser can be started here: open {} in one".format(args.html))


def _open(path: str) -> bool:
    import webbrowser
    from pathlib import Path

    try:
        return webbrowser.open(Path(os.path.abspath(path)).as_uri())
    except webbrowser.Error:
        return False
