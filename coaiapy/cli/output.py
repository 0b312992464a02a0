"""What a command shows: texts, JSON, listings as a table or as data, records, trees, progress."""

import argparse
import json
import os
from contextlib import contextmanager
from typing import (
    IO,
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
)

from coaiapy.cli.streams import Context, is_terminal
from coaiapy.config.settings import Settings
from coaiapy.errors import ConfigError, ExitCode, StateError, UsageError
from coaiapy.langfuse.records.body import Body
from coaiapy.langfuse.records.display import cell, fields, fitted_listing, listing
from coaiapy.util.files import write_output
from coaiapy.util.formats.json_values import json_line
from coaiapy.util.text.wording import counted

if TYPE_CHECKING:
    from coaiapy.util.formats.problems import Problem
    from coaiapy.views.tree import Line, Look

_MINUTES = "{desc}: {percentage:3.0f}%|{bar}| {n:.1f}/{total:.1f} min [{elapsed}<{remaining}]"
_COLORS = {"ERROR": "\x1b[31m", "WARNING": "\x1b[33m"}


def print_json(context: Context, value: Any) -> None:
    """Print ``value`` as JSON, for people and programs."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    if not _can_show(context.stdout, text):
        text = json.dumps(value, indent=2)
    context.say(text)


def print_json_lines(context: Context, values: Iterable[Any]) -> None:
    """Print each of ``values`` as JSON on a line of its own."""
    for value in values:
        line = json_line(value)
        context.say(line if _can_show(context.stdout, line) else json.dumps(value))


def _can_show(stream: IO[str], text: str) -> bool:
    try:
        text.encode(getattr(stream, "encoding", None) or "utf-8")
    except UnicodeError:
        return False
    return True


def check_output(path: Optional[str]) -> None:
    """Raise ``StateError`` if ``path`` cannot be written; asked before a service is paid for."""
    if path is None:
        return
    folder = os.path.dirname(os.path.realpath(path))
    if os.path.isdir(path):
        raise StateError("cannot write {}: it is a folder".format(path))
    if not os.path.isdir(folder):
        raise StateError("cannot write {}: there is no folder {}".format(path, folder))
    if not os.access(path if os.path.exists(path) else folder, os.W_OK):
        raise StateError("cannot write {}: permission denied".format(path))


def put_text(context: Context, text: str, path: Optional[str]) -> None:
    """Write ``text`` with one line break at its end to the file, else to stdout."""
    text = text if text.endswith("\n") else text + "\n"
    if path is None:
        context.say(text[:-1])
    else:
        write_output(path, text)
        context.note("written to {}".format(path))


def note_source(context: Context, settings: Settings) -> None:
    """Say so if what is shown comes from no server."""
    if settings.is_local:
        context.note("read from the local journal")


def add_listing_options(
    parser: argparse.ArgumentParser,
    json_shows: str = "a JSON list",
    form_default: Any = False,
    columns_default: Any = None,
) -> None:
    """Add the options that every listing has."""
    forms = parser.add_mutually_exclusive_group()
    for form, shown in (
        ("--json", json_shows),
        ("--jsonl", "one JSON object per line"),
        ("--csv", "comma-separated values"),
    ):
        forms.add_argument(form, action="store_true", default=form_default, help="print " + shown)
    parser.add_argument(
        "--columns",
        metavar="A,B",
        default=columns_default,
        help="show only these fields, named as in --json",
    )


def show_listing(
    args: argparse.Namespace,
    context: Context,
    rows: Sequence[Mapping[str, Any]],
    columns: Mapping[str, str],
    what: str,
) -> None:
    """Print ``rows`` in the form that ``args`` ask for, and how many there are to stderr.

    ``columns`` are the fields of the table with their headings; ``what`` names one row
    ("prompt"). JSON forms hold every field, unless ``--columns`` chooses.
    """
    chosen = _chosen(args.columns, rows, columns)
    if args.json or args.jsonl:
        objects = [_only(row, chosen) for row in rows] if args.columns else [dict(r) for r in rows]
        (print_json_lines if args.jsonl else print_json)(context, objects)
    elif args.csv:
        import csv  # few want it

        writer = csv.writer(_Lines(context), lineterminator="")
        writer.writerow(chosen)
        for row in rows:
            writer.writerow([cell(row.get(name)) for name in chosen])
    else:
        show_table(context, rows, {name: columns.get(name, name) for name in chosen})
    context.note(counted(len(rows), what))


def show_table(
    context: Context, rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]
) -> None:
    """Print ``rows`` as a table that fits the terminal."""
    if not is_terminal(context.stdout):  # what is piped is never cut
        return context.say(listing(rows, columns))
    import shutil

    width = shutil.get_terminal_size().columns
    shown = fitted_listing(rows, columns, width, context.local_times)
    context.say(shown.text)
    if shown.hidden:
        context.note("not shown, because empty: {}".format(", ".join(shown.hidden)))


def _chosen(text: str, rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> List[str]:
    if not text:
        return list(columns)
    chosen = [name.strip() for name in text.split(",") if name.strip()]
    known = set(columns).union(*rows) if rows else set(chosen)
    for name in chosen:
        if name not in known:
            raise UsageError(
                "--columns: there is no field {!r}: choose from {}".format(
                    name, ", ".join(sorted(known))
                )
            )
    return chosen


def _only(row: Mapping[str, Any], names: Sequence[str]) -> Dict[str, Any]:
    return {name: row.get(name) for name in names}


class _Lines:
    """What ``csv`` writes to: each row becomes a line on stdout."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def write(self, text: str) -> None:
        """Print one row."""
        self.context.say(text)


@contextmanager
def seconds_bar(context: Context, name: str) -> Iterator[Callable[[float, Optional[float]], None]]:
    """Yield what is told how many seconds of how many are done (of ``None``: not known).

    The bar shows minutes.
    """
    bar = new_bar(context, desc=name, bar_format="{desc}: {n:.1f} min [{elapsed}]")

    def update(done: float, whole: Optional[float]) -> None:
        if bar is not None:
            if whole:
                bar.total, bar.bar_format = whole / 60, _MINUTES
            bar.n = done / 60
            bar.refresh()

    try:
        yield update
    finally:
        if bar is not None:
            bar.close()


@contextmanager
def steps_bar(
    context: Context, name: str, unit: str = "part"
) -> Iterator[Callable[[int, int], None]]:
    """Yield what is told how many steps of how many are done."""
    with _bar(context, name, unit) as update:
        yield update


@contextmanager
def _bar(context: Context, name: str, unit: str) -> Iterator[Any]:
    bar = new_bar(context, desc=name, unit=unit)

    def update(done: float, whole: Optional[float]) -> None:
        if bar is not None:
            bar.total = whole
            bar.update(done - bar.n)

    try:
        yield update
    finally:
        if bar is not None:
            bar.close()


def new_bar(context: Context, **options: Any) -> Any:
    """Return a ``tqdm`` bar on stderr, or ``None``: nobody watches or wants to, or the package is missing."""
    if context.quiet or not is_terminal(context.stderr):
        return None
    from coaiapy.util.packages import require

    try:
        tqdm = require("tqdm").tqdm
    except ConfigError:
        return None  # a bar is no reason to fail
    # The thread that watches over idle bars would outlive the command.
    kind = type("Bar", (tqdm,), {"monitor_interval": 0})
    return kind(file=context.stderr, leave=False, **options)


def show_record(args: argparse.Namespace, context: Context, body: Body) -> None:
    """Show a record as JSON if that is wished for, else with one field on each line."""
    if args.json:
        print_json(context, body)
    else:
        context.say(fields(body, context.local_times))


def show_written(args: argparse.Namespace, context: Context, body: Body, key: str = "id") -> None:
    """Print a record that was written as JSON if that is wished for, else its id, which is at ``key``."""
    if args.json:
        print_json(context, body)
    else:
        context.say(str(body[key]))


def show_trace(context: Context, trace: Body) -> None:
    """Show a trace as a plain tree; for a person also what it cost."""
    from coaiapy.views.tree import trace_lines

    show_lines(context, trace_lines(trace, tree_look(context)))


def show_problems(
    context: Context, form: str, problems: Iterable["Problem"], rules: Mapping[str, str]
) -> int:
    """Print the problems of files in a form of ``--format``; return 2 if there are any, else 0.

    ``rules`` has a sentence on each kind of problem.
    """
    from coaiapy.util.formats.problems import as_github, as_sarif

    found = sorted(problems)
    if form == "json":
        print_json(context, [one._asdict() for one in found])
    elif form == "sarif":
        print_json(context, as_sarif(found, rules))
    else:
        for line in as_github(found) if form == "github" else [one.text() for one in found]:
            context.say(line)
    if found:
        files = counted(len({one.path for one in found}), "file")
        context.note("{} in {}".format(counted(len(found), "problem"), files))
    return ExitCode.USAGE if found else ExitCode.OK


def tree_look(context: Context, contents: bool = False) -> "Look":
    """Return how a plain tree is drawn here; with ``contents`` inputs, outputs and costs are shown."""
    from coaiapy.views.outline import strokes_for
    from coaiapy.views.tree import Look

    costs = contents or is_terminal(context.stdout)
    return Look(strokes_for(context.stdout), context.local_times, costs, contents)


def show_lines(context: Context, lines: Iterable["Line"]) -> None:
    """Print the lines of a picture, errors and warnings in color."""
    for line in lines:
        color = _COLORS.get(line.level) if context.colored else None
        if color is None:
            context.say(line.text)
        else:
            context.paint(line.text, color)
