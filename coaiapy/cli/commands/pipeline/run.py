"""``coaia pipeline run``: does what a template says; the trace is the record of it."""

import argparse
import os
from typing import Any

from coaiapy.cli.commands.pipeline import options, progress
from coaiapy.cli.commands.pipeline.trust import is_trusted
from coaiapy.cli.commands.pipeline.worker import add_queue
from coaiapy.cli.options import add_dry_run, add_json, add_yes, positive
from coaiapy.cli.output import print_json
from coaiapy.cli.parser import Parser
from coaiapy.cli.streams import Context
from coaiapy.errors import ExitCode, UsageError
from coaiapy.running.pipelines.steps import FAILED, SUCCEEDED

EXAMPLE = """coaia pipeline run nightly --var source=sales
        coaia pipeline run nightly --dry-run
        coaia pipeline run nightly --from "Load Data" --jobs 4
        coaia pipeline run nightly --on redis
        coaia pipeline run --resume 764ede533c05b6aa3307b089c110b41f"""


def add_options(parser: Parser) -> None:
    """Give ``parser`` what follows ``coaia pipeline run``."""
    from coaiapy.cli.delivery import add_delivery_options

    options.add_variable_options(parser, nargs="?")
    parser.add_argument(
        "--resume",
        metavar="TRACE_ID",
        help="go on with the run that this trace records: what has succeeded is not repeated",
    )
    parser.add_argument(
        "--jobs",
        type=positive,
        metavar="N",
        help="run at most this many commands at a time (default: the number of processors; with --on "
        "redis what there is)",
    )
    parser.add_argument(
        "--on",
        choices=("here", "redis"),
        default="here",
        help="where commands run: here (default), or on the workers that take them from the Redis in "
        "the settings (coaia worker)",
    )
    add_queue(parser)
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--only", metavar="STEP", help="run this step only")
    part.add_argument(
        "--from", dest="first", metavar="STEP", help="run this step and those after it"
    )
    add_dry_run(parser, "print the commands, run nothing")
    add_yes(parser, help="trust the template without asking, if it has changed")
    add_json(parser)
    add_delivery_options(parser)


def run(args: argparse.Namespace, context: Context) -> int:
    """Run a template; return 1 if a step has failed, 130 if it was interrupted."""
    from coaiapy.cli.delivery import settings_for
    from coaiapy.running.pipelines import tasks
    from coaiapy.templating import trusted

    known = settings_for(args, context)
    past = _past(args, known)
    name = past.plan["template"] if past else args.template
    runnable = trusted.load(name)
    selection = tasks.Selection(args.only, args.first)
    is_here = args.on == "here"
    task = tasks.Task(
        runnable.template,
        options.given_variables(args),
        selection,
        past,
        trace_id=args.trace_id,
        jobs=args.jobs or (is_here and os.cpu_count()) or None,
    )
    previewed = tasks.preview(task)
    for difference in tasks.differences(task):
        context.note("{}; what has succeeded is not repeated".format(difference))
    if args.dry_run:
        return _show(args, context, previewed)
    if not is_trusted(context, name, runnable, args.yes):
        return ExitCode.FAILED
    if not any(one.command for one in previewed):
        context.note("no step has a command to run: the others are marked as done")
    watcher = progress.watcher(context)
    done = tasks.run(
        task,
        known,
        context.env_file,
        watcher,
        watcher.note,
        executor_for=None if is_here else _workers(args, context),
    )
    watcher.end()
    return _tell(args, context, done)


def _tell(args: argparse.Namespace, context: Context, done: Any) -> int:
    """Tell what became of a run, and return the exit code; raise what has ended it."""
    from coaiapy.cli.delivery import report

    if args.json:
        print_json(context, done.result.body())
    context.note("{}: trace {}".format(done.result.status, done.result.trace.id))
    if done.result.status != SUCCEEDED:
        again = "--resume {}".format(done.result.trace.id) + (
            "" if args.on == "here" else " --on redis"
        )
        context.note("to go on: coaia pipeline run " + again)
    code = ExitCode.OK if done.outcome is None else report(args, context, done.outcome)
    if done.result.error and not done.result.signal:
        raise done.result.error
    if done.result.signal:
        return ExitCode.INTERRUPTED
    return ExitCode.FAILED if done.result.status == FAILED else code


def _workers(args: argparse.Namespace, context: Context) -> Any:
    """Return what makes, for a run, the executor that has its attempts made by workers."""
    from coaiapy.fleet import executor, redis_access

    server = redis_access.server_for(context.env_file)
    return lambda order: executor.WorkerExecutor(server, args.queue, order)


def _past(args: argparse.Namespace, known: Any) -> Any:
    """Return the run to go on with, ``None`` for a new one."""
    from coaiapy.running.pipelines import earlier_run

    if args.resume is None:
        if args.template is None:
            raise UsageError("name the template to run, or the trace to go on with (--resume)")
        return None
    if args.trace_id is not None:
        raise UsageError("--resume names the trace already: leave --trace-id out")
    past = earlier_run.find(known, args.resume)
    if args.template not in (None, past.plan["template"]):
        raise UsageError(
            "the trace {} was made by the template {!r}, not {!r}: leave the template out".format(
                args.resume, past.plan["template"], args.template
            )
        )
    return past


def _show(args: argparse.Namespace, context: Context, previewed: Any) -> int:
    if args.json:
        print_json(context, [{"name": one.name, "command": one.command} for one in previewed])
        return ExitCode.OK
    for one in previewed:
        if one.command is not None:
            context.say("# {}\n{}".format(one.name.replace("\n", " "), one.command))
    context.note("dry run: nothing was run or written")
    return ExitCode.OK
