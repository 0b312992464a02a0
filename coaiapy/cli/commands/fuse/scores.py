"""``coaia fuse scores``: creating, listing, importing and deleting scores."""

import argparse
from typing import Any, Dict, List, Optional

from coaiapy.cli import references
from coaiapy.cli.delivery import add_delivery_options, report, settings_for, summary
from coaiapy.cli.input import open_input
from coaiapy.cli.options import (
    add_columns,
    add_dry_run,
    add_environment,
    add_id,
    add_json,
    add_limit,
    add_period,
    add_reference,
    add_time,
    json_value,
)
from coaiapy.cli.output import add_listing_options, show_listing, show_record, show_written
from coaiapy.cli.parser import add_command, subcommands
from coaiapy.cli.streams import Context
from coaiapy.config import settings
from coaiapy.config.settings import Settings
from coaiapy.errors import UsageError
from coaiapy.langfuse.records.display import with_note
from coaiapy.langfuse.records.fields import SCORE_TYPES
from coaiapy.langfuse.records.records import Score
from coaiapy.langfuse.scores import files as score_files
from coaiapy.langfuse.scores import scores
from coaiapy.langfuse.scores.display import COLUMNS
from coaiapy.langfuse.scores.readers import ScoreFilter
from coaiapy.util.formats.columns import map_of
from coaiapy.util.text.wording import counted

DEFAULT_NAME = "New Score"
DEFAULT_VALUE = "1.0"


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
    add_environment(parser)
    add_time(parser, "--timestamp", "time of the score")
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


def report_written(args: argparse.Namespace, context: Context, score: Score, outcome: Any) -> int:
    """Print the score's id or JSON, say what became of it, and return the exit code."""
    show_written(args, context, score.body())
    return report(args, context, outcome)


def build(parser: argparse.ArgumentParser, words: List[str]) -> None:
    """Add the commands of ``coaia fuse scores``."""
    group = subcommands(
        parser, words, "coaia fuse scores apply --trace-id my-run --name quality -v 0.9"
    )
    _build_writes(group)
    _build_list(group)
    _build_one(group)
    _build_import(group)


def _build_writes(group: Any) -> None:
    create = add_command(
        group,
        "create",
        create_score,
        "create or update the score with this id",
        "coaia fuse scores create quality-7 -n quality -v 0.9 --trace-id $COAIA_TRACE_ID",
    )
    create.add_argument("score_id", metavar="SCORE_ID")
    create.add_argument(
        "-n", "--name", help="name (default: that of the config, else {})".format(DEFAULT_NAME)
    )
    _add_value(create)
    apply = add_command(
        group,
        "apply",
        apply_score,
        "score a trace, an observation, a session or a dataset run",
        """coaia fuse scores apply --trace-id my-run --name quality -v 0.9 -c "well done"
        coaia fuse scores apply --session-id s-1 --config Helpfulness -v "Solves it\"""",
    )
    apply.add_argument(
        "-n", "--name", help="name (default: that of the config, else the --score-id)"
    )
    add_score_id(apply)
    _add_value(apply)


def _add_value(parser: argparse.ArgumentParser) -> None:
    add_target_options(parser)
    parser.add_argument(
        "-v",
        "--value",
        help="number, label or text (default: {}; required with --config)".format(DEFAULT_VALUE),
    )
    _add_type(parser, "type of the value (default: NUMERIC for a number, else CATEGORICAL)")
    _add_config(parser, "check the score against this config")
    add_score_options(parser)


def _add_type(parser: argparse.ArgumentParser, help: str) -> None:
    parser.add_argument("--data-type", "--type", type=str.upper, choices=SCORE_TYPES, help=help)


def _add_config(parser: argparse.ArgumentParser, help: str) -> None:
    parser.add_argument("--config", metavar="NAME|ID", help=help)


def add_score_id(parser: argparse.ArgumentParser) -> None:
    """Add ``--score-id``."""
    parser.add_argument("--score-id", metavar="ID", help="id of the score (default: a new id)")


def _build_list(group: Any) -> None:
    listing = add_command(
        group,
        "list",
        list_scores,
        "list scores, newest first",
        "coaia fuse scores list --trace-id my-run --columns name,value,comment",
    )
    add_target_options(listing, "only scores of this")
    listing.add_argument("--name", help="only scores with this name")
    _add_type(listing, "only scores of this type")
    _add_config(listing, "only scores of this score config")
    add_environment(listing, "only scores of this Langfuse environment")
    add_period(listing)
    add_limit(listing)
    listing.add_argument("--all", action="store_true", help="list all scores; --limit is ignored")
    add_listing_options(listing)


def _build_one(group: Any) -> None:
    get = add_command(
        group, "get", get_score, "show one score", "coaia fuse scores get quality-7 --json"
    )
    add_reference(get, "score")
    add_json(get)
    delete = add_command(
        group, "delete", delete_scores, "delete scores", "coaia fuse scores delete quality-7"
    )
    delete.add_argument("score_ids", metavar="SCORE_ID", nargs="+", type=references.score)


def _build_import(group: Any) -> None:
    bulk = add_command(
        group,
        "import",
        import_scores,
        "import scores from a CSV, JSON or JSON Lines file",
        """coaia fuse scores import scores.csv
        cat scores.jsonl | coaia fuse scores import - --config Helpfulness --dry-run""",
    )
    bulk.add_argument("file", metavar="FILE", help="file to read (- for standard input)")
    bulk.add_argument(
        "--format",
        choices=score_files.FORMATS,
        help="format of the file (default: by its extension)",
    )
    add_columns(bulk, score_files.COLUMNS)
    bulk.add_argument("--name", help="name for rows without one")
    _add_config(bulk, "score config for rows without one")
    add_dry_run(bulk, "check and show the scores without writing them")
    add_listing_options(bulk)
    add_delivery_options(bulk)


def create_score(args: argparse.Namespace, context: Context) -> int:
    """Write a score under the user's own id."""
    name = None if args.config else args.name or DEFAULT_NAME
    return _write(args, context, {"id": args.score_id, "name": name})


def apply_score(args: argparse.Namespace, context: Context) -> int:
    """Write a score; its name may be that of its config, or its id."""
    name = None if args.config else args.name or args.score_id
    if name is None and not args.config:
        raise UsageError("the score has no name: give --name or --config")
    return _write(args, context, {"id": args.score_id, "name": name})


def _write(args: argparse.Namespace, context: Context, named: Any) -> int:
    known = settings_for(args, context)
    values = dict(score_fields(args, known), data_type=args.data_type, config=args.config, **named)
    if args.value is None and not args.config:
        values["value"] = DEFAULT_VALUE
    score = scores.from_values(known, values, context.warn)
    return report_written(args, context, score, scores.submit(known, [score]))


def list_scores(args: argparse.Namespace, context: Context) -> None:
    """Show the scores that the options ask for."""
    known = settings.load(context.env_file)
    found = references.read_some(lambda: _found(args, context, known), args, context, known)
    show_listing(args, context, found, with_note(COLUMNS, found), "score")


def _found(args: argparse.Namespace, context: Context, known: Settings) -> List[Dict[str, Any]]:
    wanted = ScoreFilter(
        trace_id=args.trace_id,
        session_id=args.session_id,
        observation_id=args.observation_id,
        run_id=run_of(args, known),
        name=args.name,
        data_type=args.data_type,
        environment=args.environment,
        from_time=args.from_time,
        to_time=args.to_time,
    )
    if args.config:
        wanted = scores.of_config(known, wanted, args.config, context.warn)
    return scores.list_scores(known, wanted, None if args.all else args.limit, context.note)


def get_score(args: argparse.Namespace, context: Context) -> None:
    """Show one score field by field."""
    known = settings.load(context.env_file)
    score = references.read_one(
        lambda score_id: scores.get_score(known, score_id, context.note),
        known,
        "score",
        args.score_id,
    )
    show_record(args, context, score)


def delete_scores(args: argparse.Namespace, context: Context) -> None:
    """Delete scores one after the other."""
    known = settings.load(context.env_file)
    for score_id in args.score_ids:
        scores.delete_score(known, score_id)
        context.note("deleted {}".format(score_id))


def import_scores(args: argparse.Namespace, context: Context) -> int:
    """Check the whole file, then write all of it."""
    known = settings_for(args, context)
    defaults = {"name": args.name, "config": args.config}
    with open_input(args.file, context) as stream:
        found = score_files.read_scores(
            known, stream, args.file, args.format, defaults, context.warn, map_of(args.renamed)
        )
    if args.dry_run:
        show_listing(args, context, [score.body() for score in found], COLUMNS, "score")
        context.note("dry run: nothing was written")
        return 0
    outcome = scores.submit(known, found)
    context.note(summary(counted(len(found), "score"), len(found), outcome))
    return report(args, context, outcome)
