"""``coaia pipeline init``: new template files, to edit."""

import argparse
from typing import Any

from coaiapy import pipeline
from coaiapy.cli import references
from coaiapy.cli.options import add_json
from coaiapy.cli.output import note_source, print_json
from coaiapy.cli.parser import add_command
from coaiapy.cli.streams import Context


def build(group: Any) -> None:
    """Add the command to ``coaia pipeline``."""
    parser = add_command(
        group,
        "init",
        init,
        "create a template file to edit",
        """coaia pipeline init my-template
        coaia pipeline init company-etl --from data-pipeline --location project
        coaia pipeline init nightly --from-trace latest""",
    )
    parser.add_argument("name", metavar="NAME")
    origin = parser.add_mutually_exclusive_group()
    origin.add_argument(
        "--from", dest="base", metavar="TEMPLATE", help="extend this existing template"
    )
    origin.add_argument(
        "--from-trace",
        metavar="TRACE_ID",
        type=references.trace,
        help="make the tree of this trace; its input, prompts and models become variables",
    )
    parser.add_argument(
        "--location",
        choices=("user", "project"),
        default="user",
        help="user: ~/.coaia/templates, project: ./.coaia/templates (default: %(default)s)",
    )
    parser.add_argument(
        "--format",
        choices=("json", "yaml"),
        default="json",
        help="format of the file (default: %(default)s)",
    )
    parser.add_argument("--force", action="store_true", help="overwrite an existing template")
    add_json(parser)


def init(args: argparse.Namespace, context: Context) -> None:
    """Write a new template and say where to edit it."""
    if args.from_trace is None:
        path = pipeline.init(args.name, args.base, args.location, args.format, args.force)
    else:
        path = _init_from_trace(args, context)
    if args.json:
        print_json(context, {"name": args.name, "path": path})
    else:
        context.say(path)
    template = pipeline.load(args.name)
    context.note("edit this file, then: coaia pipeline create {}".format(args.name))
    if template.extends:
        context.note(
            "it extends {}: to change a variable ({}) or a step ({}), define it again under the "
            'same name; to remove one, add "remove": true; to add one, use a new name'.format(
                template.extends,
                ", ".join(template.get_variable_names()),
                ", ".join(repr(step.name) for step in template.steps),
            )
        )


def _init_from_trace(args: argparse.Namespace, context: Context) -> str:
    from coaiapy.authoring.from_trace.document import document_from
    from coaiapy.config import settings
    from coaiapy.langfuse.traces import reads
    from coaiapy.templating import files

    files.check_name(args.name)
    known = settings.load(context.env_file)
    trace = references.read_one(
        lambda trace_id: reads.get_trace(known, trace_id, context.note),
        known,
        "trace",
        args.from_trace,
    )
    note_source(context, known)
    document = document_from(trace, args.name)
    return files.write(document, args.name, args.location, args.format, args.force)
