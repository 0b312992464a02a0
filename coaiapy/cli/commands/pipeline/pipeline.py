"""``coaia pipeline``: templates, and the traces that are made from them."""

import argparse
from typing import Any, Dict, List, Mapping

from coaiapy import pipeline
from coaiapy.cli.commands.pipeline import galleries, install, options, run, schedule, trust
from coaiapy.cli.commands.pipeline.authoring import compare, init, show, test, validate
from coaiapy.cli.commands.pipeline.authoring.show import print_pipeline
from coaiapy.cli.options import add_dry_run, add_export_env, add_json
from coaiapy.cli.output import add_listing_options, show_listing
from coaiapy.cli.parser import Parser, add_command, subcommands
from coaiapy.cli.streams import Context
from coaiapy.errors import ExitCode, UsageError
from coaiapy.templating.files import COLUMNS


def build(parser: Parser, words: List[str]) -> None:
    """Fill the parser of ``coaia pipeline``."""
    group = subcommands(
        parser,
        words,
        """coaia pipeline list
        coaia pipeline create simple-trace --var trace_name=Interview""",
    )
    _build_list(group)
    show.build(group)
    creation = add_command(
        group,
        "create",
        create,
        "create a trace with all its observations from a template",
        """coaia pipeline create data-pipeline --var pipeline_name="ETL" --var data_source=sales
        coaia pipeline create parallel-processing --var job_name=resize --var worker_count=8
        eval "$(coaia pipeline create llm-chain --var model=gpt-4 --export-env)\"""",
    )
    init.build(group)
    trust.build(group)
    validate.build(group)
    test.build(group)
    compare.build(group)
    install.build(group)
    galleries.build(group)
    _build_schema(group)
    running = add_command(
        group,
        "run",
        run.run,
        "run the commands of a template, and record them as a trace",
        run.EXAMPLE,
    )
    for made in (creation, running, schedule.build(group)):
        options.take_variables(made)
    if "create" in words:
        _add_creation_options(creation)
    if "run" in words:
        run.add_options(running)


def _build_schema(group: Any) -> None:
    add_command(
        group,
        "schema",
        schema,
        "print the JSON Schema of templates, for use in editors",
        "coaia pipeline schema > .coaia/template.schema.json",
        local=True,
    )


def _build_list(group: Any) -> None:
    parser = add_command(
        group,
        "list",
        list_templates,
        "list the available templates",
        "coaia pipeline list --path",
        local=True,
    )
    parser.add_argument("--path", action="store_true", help="also show the path of each template")
    parser.add_argument(
        "--installed",
        action="store_true",
        help="list those that coaia pipeline install has written, and where they came from",
    )
    add_listing_options(parser)


def _add_creation_options(parser: Parser) -> None:
    """What writes and sends is loaded only by the command that does."""
    from coaiapy.cli.delivery import add_delivery_options

    options.add_variable_options(parser)
    add_export_env(parser)
    parser.add_argument(
        "--enable-judge",
        action="store_true",
        help="mark the trace for evaluation by a judge (coaia calls none itself)",
    )
    add_dry_run(parser, "show the trace without writing it")
    add_json(parser)
    add_delivery_options(parser)


def list_templates(args: argparse.Namespace, context: Context) -> None:
    """List the templates, and say which files are broken."""
    if args.installed:
        return _list_installed(args, context)
    listing = pipeline.list_templates()
    for complaint in listing.complaints:
        context.note("not listed: " + complaint)
    rows = [_without_path(entry, args.path) for entry in listing.templates]
    show_listing(args, context, rows, _without_path(COLUMNS, args.path), "template")


def _list_installed(args: argparse.Namespace, context: Context) -> None:
    from coaiapy.gallery import installing, lockfile

    homes = {home.base: home for home in (lockfile.home(True), lockfile.home(False))}
    listed = [row for _, home in sorted(homes.items()) for row in installing.listed(home)]
    rows = [_without_path(row, args.path) for row in listed]
    columns = _without_path(installing.COLUMNS, args.path)
    show_listing(args, context, rows, columns, "installed template")


def _without_path(entry: Mapping[str, Any], keep: bool) -> Dict[str, Any]:
    return {key: value for key, value in entry.items() if keep or key != "path"}


def create(args: argparse.Namespace, context: Context) -> int:
    """Make a trace from a template, write it, and print it or its export lines."""
    from coaiapy.cli.delivery import check_export, export_variables, submit_and_report

    if args.json and args.export_env:
        raise UsageError("--json and --export-env cannot be combined: choose one")
    made = pipeline.create(
        pipeline.load(args.template),
        options.given_variables(args),
        trace_id=args.trace_id,
        enable_judge=args.enable_judge,
    )
    if args.dry_run:
        if not args.export_env:
            print_pipeline(args, context, made)
        context.note("dry run: nothing was written, sent or exported")
        return ExitCode.OK
    check_export(args)
    code = submit_and_report(args, context, made.trace, made.observations)
    if not args.export_env:
        print_pipeline(args, context, made)
    elif code != ExitCode.REFUSED:
        export_variables(context, made.environment(), args.shell)
    return code


def schema(args: argparse.Namespace, context: Context) -> None:
    """Print the schema that an editor can check templates with while they are written."""
    from coaiapy.templating.document import schema_text

    context.say(schema_text().rstrip())
