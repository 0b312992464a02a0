"""Listings: one set of rows as a table, as JSON, JSON Lines or CSV, with the columns asked for."""

import argparse
import csv
import shutil
from typing import Any, Dict, List, Mapping, Sequence

from coaiapy.cli_output import print_json, print_json_lines
from coaiapy.cli_streams import Context, is_terminal
from coaiapy.errors import UsageError
from coaiapy.langfuse.records.display import cell, fitted_listing, listing
from coaiapy.util.text import counted


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
