"""What is shown while an experiment runs, and of what has become of it."""

import argparse
from contextlib import contextmanager
from typing import Any, Iterator, List

from coaiapy.cli.commands.fuse.experiments.options import Judging
from coaiapy.cli.delivery import report
from coaiapy.cli.output import new_bar, print_json
from coaiapy.cli.streams import Context
from coaiapy.errors import ExitCode
from coaiapy.util.text.wording import counted, one_line


@contextmanager
def place(context: Context, known: Any) -> Iterator[Any]:
    """Yield where records go; what becomes of items is shown as a bar on a terminal."""
    from coaiapy.experiments.runs import Place

    bars: List[Any] = []
    errors = [0]

    def began(total: int) -> None:
        bar = new_bar(context, total=total, desc="items", unit="item")
        bars.extend([bar] if bar is not None else [])

    def changed(result: Any) -> None:
        errors[0] += result.state != "ok"
        for bar in bars:
            if errors[0]:
                bar.set_postfix_str(counted(errors[0], "error"), refresh=False)
            bar.update()

    try:
        yield Place(known, context.env_file, context.note, began, changed)
    finally:
        for bar in bars:
            bar.close()


def tell(
    args: argparse.Namespace, context: Context, judging: Judging, base: Any, found: Any
) -> int:
    """Show the summary and what the gates say; return the exit code."""
    from coaiapy.cli.commands.fuse.experiments import summary

    if args.json:
        print_json(context, summary.report_body(found, args.aggregate))
    else:
        for line in summary.summary_lines(found, args.aggregate):
            context.say(one_line(line))
    for sentence in summary.link_notes(found):
        context.note(sentence)
    code = report(args, context, found.delivery)
    if found.signal:
        context.note("interrupted: the same command goes on with what is missing")
        return ExitCode.INTERRUPTED
    passed = _pass_gates(context, judging.gates, base, found)
    if found.summary.errors:
        context.note(
            "{} did not end well: coaia fuse experiments show {} --failed".format(
                counted(found.summary.errors, "item"), summary.reference(found.plan)
            )
        )
    return code if passed and not found.summary.errors else ExitCode.FAILED


def _pass_gates(context: Context, held_to: Any, base: Any, found: Any) -> bool:
    """Say which gates have failed, each in a sentence; tell whether none has."""
    from coaiapy.experiments import gates

    verdict = gates.judge(held_to, found.summary, base)
    for sentence in verdict.warnings:
        context.warn("warning: " + sentence)
    for sentence in verdict.failures:
        context.warn(sentence)
    return not verdict.failures
