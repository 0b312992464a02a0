"""``coaia fuse score-configs``: what a project's scores may say, and applying it."""

import argparse
import shlex
from typing import Any, Dict, List

from coaiapy.cli.commands.fuse import score_config_files
from coaiapy.cli.commands.fuse.scores import (
    add_score_id,
    add_score_options,
    add_target_options,
    report_written,
    score_fields,
)
from coaiapy.cli.delivery import settings_for
from coaiapy.cli.options import add_json
from coaiapy.cli.output import add_listing_options, print_json, show_listing, show_written
from coaiapy.cli.parser import add_command, subcommands
from coaiapy.cli.streams import Context
from coaiapy.config import settings
from coaiapy.langfuse.scores import configs as score_configs
from coaiapy.langfuse.scores import presets, scores
from coaiapy.langfuse.scores import values as score_values
from coaiapy.langfuse.scores.config_fields import categories_from_text
from coaiapy.langfuse.scores.display import CONFIG_COLUMNS
from coaiapy.util.text.parsing import number


def build(parser: argparse.ArgumentParser, words: List[str]) -> None:
    """Add the commands of ``coaia fuse score-configs``."""
    group = subcommands(
        parser,
        words,
        """coaia fuse score-configs list
        coaia fuse score-configs presets install Helpfulness""",
    )
    _build_list(group)
    _build_get(group)
    _build_available(group)
    _build_show(group)
    _build_create(group)
    _build_update(group)
    _build_archive(group)
    _build_apply(group)
    score_config_files.build(group, words)


def _build_list(group: Any) -> None:
    listing = add_command(
        group,
        "list",
        list_configs,
        "list the score configs on the server",
        "coaia fuse score-configs list --columns name,dataType,categories",
    )
    score_config_files.add_archived(listing)
    add_listing_options(listing)


def _build_get(group: Any) -> None:
    get = add_command(
        group,
        "get",
        get_config,
        "show a score config as it is on the server",
        "coaia fuse score-configs get Helpfulness --json",
    )
    get.add_argument("config", metavar="NAME|ID")
    add_json(get)


def _build_available(group: Any) -> None:
    available = add_command(
        group,
        "available",
        list_available,
        "list the score configs that can be applied, from a cache of at most a day",
        "coaia fuse score-configs available --category narrative",
    )
    available.add_argument(
        "--category", help="a preset category, or a part of the name, description or type"
    )
    available.add_argument(
        "--cached-only", action="store_true", help="use the cache, however old, and ask no server"
    )
    add_listing_options(available)


def _build_show(group: Any) -> None:
    show = add_command(
        group,
        "show",
        show_config,
        "show a score config, from a cache of at most a day",
        "coaia fuse score-configs show Helpfulness --requirements",
    )
    show.add_argument("config", metavar="NAME|ID")
    show.add_argument(
        "--requirements", action="store_true", help="show what a value must be, with an example"
    )
    add_json(show)


def _build_create(group: Any) -> None:
    create = add_command(
        group,
        "create",
        create_config,
        "create a score config",
        """coaia fuse score-configs create Rating NUMERIC --min-value 0 --max-value 10
        coaia fuse score-configs create Verdict CATEGORICAL --categories Good:1,Bad:0""",
    )
    create.add_argument("name", metavar="NAME")
    create.add_argument(
        "data_type",
        metavar="TYPE",
        type=str.upper,
        choices=score_values.CONFIG_TYPES,
        help=", ".join(score_values.CONFIG_TYPES),
    )
    _add_fields(create)
    score_config_files.add_duplicates(create)
    add_json(create)


def _build_update(group: Any) -> None:
    update = add_command(
        group,
        "update",
        update_config,
        "change a score config",
        'coaia fuse score-configs update Rating --description "From 0 to 10"',
    )
    update.add_argument("config", metavar="NAME|ID")
    update.add_argument("--name", help="new name")
    _add_fields(update)
    state = update.add_mutually_exclusive_group()
    state.add_argument(
        "--archive",
        dest="archived",
        action="store_true",
        default=None,
        help="take the score config out of use",
    )
    state.add_argument(
        "--unarchive", dest="archived", action="store_false", help="put it back into use"
    )
    add_json(update)


def _build_archive(group: Any) -> None:
    archive = add_command(
        group,
        "archive",
        archive_configs,
        "take score configs out of use (Langfuse cannot delete them)",
        "coaia fuse score-configs archive Rating",
    )
    archive.add_argument("configs", metavar="NAME|ID", nargs="+")
    archive.add_argument("--undo", action="store_true", help="put them back into use")


def _add_fields(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--description", help="description")
    for name, which in (("--min-value", "smallest"), ("--max-value", "largest")):
        parser.add_argument(
            name, type=_number, metavar="NUMBER", help=which + " value of a NUMERIC score"
        )
    parser.add_argument(
        "--categories",
        type=categories_from_text,
        metavar="LABEL:NUMBER,...",
        help="labels and values of a CATEGORICAL score, or a JSON list of {label, value}",
    )


def _number(text: str) -> Any:
    found = number(text)
    if found is None:
        raise argparse.ArgumentTypeError("{!r} is not a number".format(text))
    return found


def _build_apply(group: Any) -> None:
    apply = add_command(
        group,
        "apply",
        apply_config,
        "write a score and check it against a score config",
        'coaia fuse score-configs apply Helpfulness --trace-id my-run -v "Solves it"',
    )
    apply.add_argument("config", metavar="NAME|ID")
    add_target_options(apply)
    apply.add_argument(
        "-v", "--value", required=True, help="label or number that the config allows"
    )
    add_score_id(apply)
    add_score_options(apply)


def list_configs(args: argparse.Namespace, context: Context) -> None:
    """Show every score config."""
    found = score_configs.list_all(settings.load(context.env_file), args.archived)
    columns = dict(CONFIG_COLUMNS, isArchived="Archived") if args.archived else CONFIG_COLUMNS
    show_listing(args, context, found, columns, "score config")


def get_config(args: argparse.Namespace, context: Context) -> None:
    """Show one score config as the server has it."""
    config = score_configs.get_from_server(settings.load(context.env_file), args.config)
    _show(args, context, config)


def list_available(args: argparse.Namespace, context: Context) -> None:
    """Show the score configs that can be applied."""
    known = settings.load(context.env_file)
    found = presets.list_available(known, args.category, args.cached_only, context.warn)
    show_listing(args, context, found, CONFIG_COLUMNS, "score config")


def show_config(args: argparse.Namespace, context: Context) -> None:
    """Show one score config, or what it requires of a value."""
    config = score_configs.get(settings.load(context.env_file), args.config, context.warn)
    if args.requirements and args.json:
        return print_json(context, presets.requirements(config))
    _show(args, context, config)
    if args.requirements:
        example = shlex.quote(presets.example_value(config))
        context.say(
            "\nexample:\n  coaia fuse score-configs apply {} --trace-id TRACE_ID -v {}".format(
                shlex.quote(config["name"]), example
            )
        )


def _show(args: argparse.Namespace, context: Context, config: Dict[str, Any]) -> None:
    if args.json:
        return print_json(context, config)
    archived = " (archived)" if config.get("isArchived") else ""
    context.say("{}  {}  {}{}".format(config["name"], config["dataType"], config["id"], archived))
    if config.get("description"):
        context.say(config["description"])
    context.say("takes {}".format(score_values.takes(config)))


def create_config(args: argparse.Namespace, context: Context) -> None:
    """Create a score config and print its id."""
    values = dict(_fields(args), name=args.name, dataType=args.data_type)
    known = settings.load(context.env_file)
    show_written(args, context, score_configs.create(known, values, args.allow_duplicates))


def update_config(args: argparse.Namespace, context: Context) -> None:
    """Change a score config and print its id."""
    changes = dict(_fields(args), name=args.name, isArchived=args.archived)
    known = settings.load(context.env_file)
    show_written(args, context, score_configs.update(known, args.config, changes))


def _fields(args: argparse.Namespace) -> Dict[str, Any]:
    return {
        "description": args.description,
        "minValue": args.min_value,
        "maxValue": args.max_value,
        "categories": args.categories,
    }


def archive_configs(args: argparse.Namespace, context: Context) -> None:
    """Archive score configs, or bring them back."""
    known = settings.load(context.env_file)
    for name_or_id in args.configs:
        config = score_configs.update(known, name_or_id, {"isArchived": not args.undo})
        done = "in use again" if args.undo else "archived"
        context.note("{} ({}) is {}".format(config["name"], config["id"], done))


def apply_config(args: argparse.Namespace, context: Context) -> int:
    """Check a value against a score config, and write it as a score."""
    known = settings_for(args, context)
    values = dict(score_fields(args, known), id=args.score_id, config=args.config)
    score = scores.from_values(known, values, context.warn)
    return report_written(args, context, score, scores.submit(known, [score]))
