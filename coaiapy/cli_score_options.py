"""What the commands that write scores have in common: targets, a value, and how it is told."""

import argparse
from typing import Any, Dict, Optional

from coaiapy.cli_arguments import ENVIRONMENT_HELP, add_id, add_json, json_value, time
from coaiapy.cli_delivery import add_delivery_options, report
from coaiapy.cli_output import print_json
from coaiapy.cli_streams import Context
from coaiapy.config.settings import Settings
from coaiapy.errors import UsageError
from coaiapy.langfuse.records.records import Score
from coaiapy.langfuse.scores import scores


def add_target_options(parser: argparse.ArgumentParser, about: str = "score this") -> None:
    """Add the options that name what a score is about; their help begins with ``about``."""
    add_id(parser, "trace", help=about + " trace")
    add_id(parser, "observation", help="with --trace-id: {} observation of it".format(about))
    add_id(parser, "session", help=about + " session")
    parser.add_argument(
        "--run",
        metavar="ID|NAME",
        help=about + " dataset run: its id, or its name with --dataset",
    )
    parser.add_argument("--dataset", metavar="NAME", help="with --run NAME: dataset of the run")


def add_score_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every score may have besides its name, value and target."""
    parser.add_argument("-c", "--comment", help="comment on the score")
    parser.add_argument(
        "-m", "--metadata", type=json_value, metavar="JSON", help="metadata as JSON"
    )
    parser.add_argument("--environment", metavar="NAME", help=ENVIRONMENT_HELP)
    parser.add_argument(
        "--timestamp",
        type=time,
        metavar="TIME",
        help="time of the score (default: now; formats: coaia help times)",
    )
    add_json(parser)
    add_delivery_options(parser)


def run_of(args: argparse.Namespace, known: Settings) -> Optional[str]:
    """Return the id of the dataset run that the options name."""
    if not args.dataset:
        return str(args.run) if args.run else None
    if not args.run:
        raise UsageError(
            "--dataset needs --run: name a run of the dataset {!r}".format(args.dataset)
        )
    return scores.run_id(known, args.dataset, args.run)


def score_fields(args: argparse.Namespace, known: Settings) -> Dict[str, Any]:
    """Return the fields of a score that the options of this module give."""
    return {
        "trace_id": args.trace_id,
        "observation_id": args.observation_id,
        "session_id": args.session_id,
        "dataset_run_id": run_of(args, known),
        "value": args.value,
        "comment": args.comment,
        "metadata": args.metadata,
        "environment": args.environment,
        "timestamp": args.timestamp,
    }


def show_written(args: argparse.Namespace, context: Context, score: Score, outcome: Any) -> int:
    """Print the score's id or JSON, say what became of it, and return the exit code."""
    if args.json:
        print_json(context, score.body())
    else:
        context.say(score.id)
    return report(args, context, outcome)
