"""``coaia pipeline test``: runs the tests that stand beside templates."""

import argparse
from typing import Any, List

from coaiapy.cli.options import add_json
from coaiapy.cli.output import check_output, print_json
from coaiapy.cli.parser import add_command
from coaiapy.cli.streams import Context
from coaiapy.errors import ExitCode, NotFoundError
from coaiapy.util.files import write_output
from coaiapy.util.text.wording import one_line


def build(group: Any) -> None:
    """Add the command to ``coaia pipeline``."""
    parser = add_command(
        group,
        "test",
        test,
        "run the tests of templates, which are in NAME.test.yaml beside them",
        """coaia pipeline test
        coaia pipeline test data-pipeline -k sales
        coaia pipeline test templates/ --junit report.xml
        coaia pipeline test etl --update""",
        local=True,
    )
    parser.add_argument(
        "templates",
        metavar="TEMPLATE",
        nargs="*",
        help="name, file or folder of templates or tests (default: those of the project)",
    )
    parser.add_argument(
        "-k", dest="word", metavar="WORD", default="", help="only cases with this in their title"
    )
    parser.add_argument(
        "--update",
        action="store_true",
        help="keep what cases without expectations make as snapshots in their file",
    )
    parser.add_argument(
        "--junit", metavar="FILE", help="write each case as a test case, as JUnit XML"
    )
    add_json(parser)


def test(args: argparse.Namespace, context: Context) -> int:
    """Run tests of templates; return 1 if one fails."""
    from coaiapy.authoring.testing import document, runner

    check_output(args.junit)
    reports = [
        runner.run(suite, args.word, args.update) for suite in document.named(args.templates)
    ]
    outcomes = [outcome for report in reports for outcome in report.outcomes]
    if not outcomes:
        raise NotFoundError("there is no case{}".format(_with_word(args.word)))
    for report in reports:
        if report.text is not None:
            write_output(report.suite.path, report.text)
            context.note("snapshots written to {}".format(report.suite.path))
    if args.junit:
        _write_junit(args.junit, outcomes)
        context.note("written to {}".format(args.junit))
    failed = [outcome for outcome in outcomes if outcome.problems]
    _show(args, context, reports)
    context.note("{} passed, {} failed".format(len(outcomes) - len(failed), len(failed)))
    return ExitCode.FAILED if failed else ExitCode.OK


def _with_word(word: str) -> str:
    return " with {!r} in its title".format(word) if word else " in these files"


def _show(args: argparse.Namespace, context: Context, reports: List[Any]) -> None:
    if args.json:
        body = {
            "cases": [outcome.body() for report in reports for outcome in report.outcomes],
            "coverage": {report.suite.template: report.coverage._asdict() for report in reports},
        }
        return print_json(context, body)
    for report in reports:
        for outcome in report.outcomes:
            state = "failed" if outcome.problems else "ok"
            context.say("{}  {}".format(state, one_line(outcome.title)))
            for problem in outcome.problems:
                context.say("    " + one_line(problem))
        for line in [] if args.word else report.coverage.lines():
            context.say("{}: {}".format(report.suite.template, one_line(line)))


def _write_junit(path: str, outcomes: List[Any]) -> None:
    from coaiapy.util.formats import junit

    cases = [
        junit.Case(
            one.title,
            one.seconds,
            one.problems[0] if one.problems else None,
            output="\n".join(one.problems),
        )
        for one in outcomes
    ]
    write_output(path, junit.suite("coaia pipeline test", cases))
