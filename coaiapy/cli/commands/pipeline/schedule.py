"""``coaia pipeline schedule``: prints a definition for a scheduler, which starts a pipeline then."""

import argparse
from typing import Any, Dict

from coaiapy.cli.commands.pipeline import options
from coaiapy.cli.commands.pipeline.trust import is_trusted
from coaiapy.cli.parser import Parser, add_command
from coaiapy.cli.streams import Context
from coaiapy.errors import ExitCode, UsageError
from coaiapy.util.masking import looks_secret

FORMATS = ("crontab", "systemd", "github-actions", "kubernetes")
_EXAMPLE = """coaia pipeline schedule nightly --cron "0 6 * * *" --format crontab
        coaia pipeline schedule nightly --cron @daily --format systemd --var source=sales
        coaia pipeline schedule nightly --cron "0 6 * * 1-5" --format kubernetes --image IMAGE"""


def build(group: Any) -> Parser:
    """Add the command to ``coaia pipeline``."""
    parser = add_command(
        group,
        "schedule",
        schedule,
        "print a definition with which a scheduler runs a template",
        _EXAMPLE,
        local=True,
    )
    options.add_variables(parser)
    parser.add_argument(
        "--cron",
        metavar="EXPRESSION",
        required=True,
        help="when to run: minute, hour, day of the month, month, day of the week; or @daily",
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        metavar="FORMAT",
        required=True,
        help="the scheduler: {}".format(", ".join(FORMATS)),
    )
    parser.add_argument("--image", help="container image with coaiapy and the project (kubernetes)")
    return parser


def schedule(args: argparse.Namespace, context: Context) -> int:
    """Print the definition; nothing is started or installed."""
    from coaiapy.running.pipelines import tasks
    from coaiapy.running.pipelines.schedules import cloud, cron, job, machine
    from coaiapy.templating import files, trusted

    when = cron.parse(args.cron)
    if args.image and args.format != "kubernetes":
        raise UsageError("--image is for --format kubernetes: leave it out")
    given = _given(args)
    runnable = trusted.load(args.template)
    tasks.preview(tasks.Task(runnable.template, given))
    if not is_trusted(context, args.template, runnable, yes=False):
        return ExitCode.FAILED
    for name in tasks.names_in_environment(runnable.template, given):
        context.note(
            "{0} comes from COAIA_{1} of this shell, which the job does not have: add --var "
            "{0}=VALUE, or use coaia env set COAIA_{1} VALUE".format(name, name.upper())
        )
    words = ["pipeline", "run", args.template]
    for name, value in given.items():
        words += ["--var", "{}={}".format(name, value)]
    place = files.need(args.template).place
    planned = job.Job(args.template, when, words, job.here(), place, args.image)
    makers = (machine.crontab, machine.systemd, cloud.github, cloud.kubernetes)
    context.say(dict(zip(FORMATS, makers))[args.format](planned).rstrip("\n"))
    return ExitCode.OK


def _given(args: argparse.Namespace) -> Dict[str, Any]:
    given = dict(args.variables)
    for name in given:
        if looks_secret(name):
            raise UsageError(
                "the value of {} would stand in the definition: set it where the job runs, as the "
                "environment variable COAIA_{}".format(name, name.upper())
            )
    return given
