"""``coaia fuse experiments run`` and ``score``: a command for every item of a dataset."""

import argparse
import os
import shlex
from contextlib import contextmanager
from typing import Any, Iterator, List, Tuple

from coaiapy.cli.delivery import add_delivery_options, report, settings_for
from coaiapy.cli.options import add_json, add_words, positive, seconds, time
from coaiapy.cli.output import new_bar, print_json
from coaiapy.cli.parser import Parser, add_command
from coaiapy.cli.streams import Context
from coaiapy.errors import ExitCode, UsageError
from coaiapy.util.text import counted

_USAGE = "coaia fuse experiments run DATASET --name RUN [options] -- COMMAND [ARG ...]"


def build_run(group: Any) -> None:
    """Add ``run``."""
    parser = add_command(
        group,
        "run",
        run,
        "run a command for every item of a dataset, record and score what it puts out",
        """coaia fuse experiments run questions.jsonl --name first --eval exact -- python answer.py
        coaia fuse experiments run questions --name mini --jobs 8 --timeout 60 -- ./answer.sh
        coaia fuse experiments run questions --name mini --rerun-failed -- ./answer.sh""",
        local=True,
    )
    add_words(parser, _USAGE)
    parser.add_argument(
        "dataset", metavar="DATASET", help="a Langfuse dataset, or a file: .jsonl, .csv, .yaml"
    )
    _add_run(parser)
    _add_items(parser)
    _add_execution(parser)
    _add_evaluators(parser)
    _add_gates(parser)
    add_json(parser, help="print the summary as JSON")
    add_delivery_options(parser)


def build_score(group: Any) -> None:
    """Add ``score``."""
    parser = add_command(
        group,
        "score",
        score,
        "score the outputs of a run again, without running it",
        """coaia fuse experiments score first --eval exact
        coaia fuse experiments score first --eval-cmd 'python judge.py' --jobs 4""",
        local=True,
    )
    parser.add_argument("run", metavar="RUN", help="name or id of the run, or latest")
    add_dataset(parser)
    _add_pace(parser)
    _add_evaluators(parser)
    _add_gates(parser)
    add_json(parser, help="print the summary as JSON")
    add_delivery_options(parser)


def add_dataset(parser: Parser) -> None:
    """Add ``--dataset``, for a run whose name is not unique."""
    parser.add_argument(
        "--dataset", metavar="NAME", help="dataset of the run, if several runs have its name"
    )


def _add_run(parser: Parser) -> None:
    parser.add_argument(
        "--name",
        required=True,
        metavar="RUN",
        help="name of the run; the same name again runs only what is missing",
    )
    parser.add_argument("--description", metavar="TEXT", help="description of the run")
    parser.add_argument(
        "--metadata",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="metadata of the run, besides its command and the commit; repeatable",
    )
    parser.add_argument(
        "--rerun-failed", action="store_true", help="run what has failed again, too"
    )


def _add_items(parser: Parser) -> None:
    parser.add_argument(
        "--filter",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="only items with this value, such as metadata.topic=math; repeatable",
    )
    parser.add_argument("--sample", type=positive, metavar="N", help="a random choice of N items")
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="makes another choice (default: 0)"
    )
    parser.add_argument("--limit", type=positive, metavar="N", help="only the first N items")
    parser.add_argument(
        "--version",
        type=time,
        metavar="TIME",
        help="the dataset as it was at this time, where the server can tell (default: now)",
    )


def _add_execution(parser: Parser) -> None:
    parser.add_argument(
        "--input-as",
        choices=("stdin", "arg", "env", "json"),
        default="stdin",
        help="how the command gets the input: on standard input, texts as they are and others as "
        "JSON (default); as its last argument; in COAIA_ITEM_INPUT; as JSON in any case",
    )
    parser.add_argument(
        "--repeat", type=positive, default=1, metavar="K", help="run each item K times (default: 1)"
    )
    parser.add_argument(
        "--retries", type=positive, default=0, metavar="N", help="try what fails up to N more times"
    )
    _add_pace(parser)


def _add_pace(parser: Parser) -> None:
    parser.add_argument(
        "--jobs",
        type=positive,
        metavar="N",
        help="work on at most this many items at a time (default: the number of processors)",
    )
    parser.add_argument(
        "--rate",
        type=_rate,
        metavar="N/min",
        help="start at most N commands a minute",
    )
    parser.add_argument(
        "--timeout",
        dest="limit_seconds",
        type=seconds,
        metavar="SECONDS",
        help="end a command after this many seconds: with TERM, then with KILL",
    )


def _rate(text: str) -> float:
    number, _, unit = text.partition("/")
    if unit not in ("min", "s", "") or positive(number) < 1:
        raise argparse.ArgumentTypeError("{!r} is not a rate such as 60/min".format(text))
    return positive(number) * (60.0 if unit == "s" else 1.0)


def _add_evaluators(parser: Parser) -> None:
    parser.add_argument(
        "--eval",
        action="append",
        default=[],
        metavar="RULE",
        help="score each output: exact, contains, regex=PATTERN, json, number=0.01, levenshtein, "
        "length<500; NAME:RULE names the score; repeatable",
    )
    parser.add_argument(
        "--eval-cmd",
        action="append",
        default=[],
        metavar="COMMAND",
        help="score each output by a command: it reads input, output, expected and metadata as "
        "JSON and prints a number, a word or JSON; NAME:COMMAND names the score; repeatable",
    )
    parser.add_argument(
        "--judge",
        action="append",
        default=[],
        metavar="TAG",
        help="score each output by a language model, asked by this process tag (coaia p --list); it "
        "reads and answers as a command does; repeatable",
    )


def _add_gates(parser: Parser) -> None:
    for option, does in (("--fail-under", "fail"), ("--warn-under", "warn")):
        parser.add_argument(
            option,
            action="append",
            default=[],
            metavar="SCORE=LEAST",
            help="{} if the mean of a score is below this; repeatable".format(does),
        )
    parser.add_argument(
        "--fail-on-regression",
        action="append",
        default=[],
        metavar="SCORE=MOST",
        help="fail if the mean of a score is more than this below that of the baseline; with "
        ":significant behind it only if chance does not explain that; repeatable",
    )
    parser.add_argument(
        "--baseline",
        metavar="RUN|FILE",
        help="run to compare with, latest (the one before of this dataset), or what --json printed",
    )
    add_aggregate(parser)


def add_aggregate(parser: Parser) -> None:
    """Add ``--aggregate``."""
    parser.add_argument(
        "--aggregate",
        default="mean",
        metavar="HOW",
        help="what counts of the repetitions of an item: mean (default), majority, all (each has "
        "passed), or pass@K (at least one of K would pass)",
    )


def run(args: argparse.Namespace, context: Context) -> int:
    """Run an experiment; return 1 if an item did not end well, 130 if it was interrupted."""
    if not args.command:
        raise UsageError("the command is missing: " + _USAGE)
    from coaiapy.experiments import items, plans, runs
    from coaiapy.experiments.work import Order
    from coaiapy.running.system import check_system

    check_system()
    held_to = _gates(args)
    known = settings_for(args, context)
    choice = items.Choice(
        [items.parsed_filter(one) for one in args.filter], args.sample, args.seed, args.limit
    )
    rules, commands = _evaluators(args, context)
    dataset = items.load(known, args.dataset, args.version, context.note)
    chosen = choice.of(dataset.items)
    if not chosen:
        raise UsageError("no item of {!r} is chosen: nothing was run".format(args.dataset))
    plan = plans.checked(
        plans.Plan(
            args.name,
            dataset.name,
            dataset.id,
            args.description,
            plans.metadata_of(args.command, plans.commit(), _metadata(args.metadata)),
            args.version,
            len(chosen),
            args.repeat,
        )
    )
    order = Order(
        plan, args.command, args.input_as, rules, commands, args.limit_seconds, args.retries
    )
    base = runs.baseline(known, args.baseline, plan) if args.baseline else None
    with _place(context, known) as place:
        found = runs.run(place, order, chosen, _limits(args), args.rerun_failed)
    return _tell(args, context, held_to, base, found)


def score(args: argparse.Namespace, context: Context) -> int:
    """Score a run again; return as ``run`` does."""
    from coaiapy.experiments import runs
    from coaiapy.experiments.work import Order
    from coaiapy.running.system import check_system

    check_system()
    held_to = _gates(args)
    known = settings_for(args, context)
    rules, commands = _evaluators(args, context)
    if not rules and not commands:
        raise UsageError("say how to score: --eval RULE, --eval-cmd COMMAND or --judge TAG")
    plan = runs.find(known, args.run, args.dataset)
    order = Order(plan, (), "stdin", rules, commands, args.limit_seconds)
    base = runs.baseline(known, args.baseline, plan) if args.baseline else None
    with _place(context, known) as place:
        found = runs.score(place, order, _limits(args))
    return _tell(args, context, held_to, base, found)


def _limits(args: argparse.Namespace) -> Any:
    from coaiapy.experiments.runner import Limits

    return Limits(args.jobs or os.cpu_count() or 1, args.rate)


def _metadata(given: List[str]) -> Any:
    from coaiapy.cli.options import json_or_text

    found = {}
    for one in given:
        key, sign, value = one.partition("=")
        if not sign or not key:
            raise UsageError("--metadata: {!r} is not KEY=VALUE".format(one))
        found[key] = json_or_text(value)
    return found


def _evaluators(args: argparse.Namespace, context: Context) -> Tuple[List[Any], List[Any]]:
    from coaiapy.experiments import evaluators

    rules = [evaluators.rule(one) for one in args.eval]
    commands = [evaluators.command(one) for one in args.eval_cmd]
    commands += [evaluators.judge(tag, context.env_file) for tag in args.judge]
    evaluators.check_names(rules + commands)
    return rules, commands


@contextmanager
def _place(context: Context, known: Any) -> Iterator[Any]:
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


def _gates(args: argparse.Namespace) -> Any:
    from coaiapy.experiments import gates

    if args.fail_on_regression and not args.baseline:
        raise UsageError("--fail-on-regression needs a --baseline: a run, latest, or a file")
    return gates.Gates(
        [gates.floor("--fail-under", one) for one in args.fail_under],
        [gates.drop(one) for one in args.fail_on_regression],
        [gates.floor("--warn-under", one) for one in args.warn_under],
        gates.check_aggregate(args.aggregate),
    )


def _tell(args: argparse.Namespace, context: Context, held_to: Any, base: Any, found: Any) -> int:
    """Show the summary and what the gates say; return the exit code."""
    from coaiapy.cli.commands.fuse.experiments import shown

    if args.json:
        print_json(context, shown.report_body(found, args.aggregate))
    else:
        for line in shown.summary_lines(found, args.aggregate):
            context.say(line)
    for sentence in shown.link_notes(found):
        context.note(sentence)
    code = report(args, context, found.delivery)
    if found.signal:
        context.note("interrupted: the same command goes on with what is missing")
        return ExitCode.INTERRUPTED
    passed = _pass_gates(context, held_to, base, found)
    if found.summary.errors:
        context.note(
            "{} did not end well: coaia fuse experiments show {} --failed".format(
                counted(found.summary.errors, "item"), shlex.quote(found.plan.name)
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
