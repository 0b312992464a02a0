"""``coaia fuse prompts render``: a prompt of a server or of a file with values for its variables."""

import argparse
import os
from typing import Any, Dict

from coaiapy.cli.options import add_json, positive
from coaiapy.cli.output import print_json
from coaiapy.cli.parser import add_command
from coaiapy.cli.streams import Context
from coaiapy.config import settings
from coaiapy.errors import UsageError
from coaiapy.langfuse.prompts import files, prompts
from coaiapy.langfuse.prompts.compiled import compiled, missing, unused, values_from, variables_of
from coaiapy.langfuse.prompts.content import LATEST, content_text
from coaiapy.langfuse.prompts.references import references_in
from coaiapy.langfuse.records.body import Body


def build(group: Any) -> None:
    """Add ``render`` to ``coaia fuse prompts``."""
    render = add_command(
        group,
        "render",
        render_prompt,
        "print a prompt with values for its variables",
        """coaia fuse prompts render team/greeting --var name=Ada --label production
        coaia fuse prompts render prompts/team/greeting.md --var name=Ada""",
    )
    render.add_argument(
        "name", metavar="NAME", help="name of a prompt, or path of a prompt file, which ends in .md"
    )
    render.add_argument(
        "--var",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="value of a variable, or JSON messages of a placeholder; repeatable",
    )
    chosen = render.add_mutually_exclusive_group()
    chosen.add_argument(
        "--label", default=LATEST, help="render the version with this label (default: latest)"
    )
    chosen.add_argument("--version", type=positive, metavar="N", help="render this version")
    render.add_argument(
        "--offline", action="store_true", help="render the copy on disk and ask no server"
    )
    add_json(render)


def render_prompt(args: argparse.Namespace, context: Context) -> None:
    """Print a prompt with values in place of its variables."""
    texts = _texts(args)
    prompt = _prompt(args, context)
    content = prompt["prompt"]
    for one in references_in(content_text(content)):
        context.warn("a reference to {!r} is left as it is".format(one.name))
    idle, lacking = unused(content, texts), missing(content, texts)
    if lacking:
        also = "; it has no {}".format(", ".join(idle)) if idle else ""
        needed = " ".join("--var {}=VALUE".format(name) for name in lacking)
        raise UsageError("the prompt needs more values: add {}{}".format(needed, also))
    for name in idle:
        context.warn("the prompt has no variable {}: its value is not used".format(name))
    rendered = compiled(content, values_from(content, texts))
    if not args.json:
        return context.say(content_text(rendered))
    shown = {key: prompt.get(key) for key in ("name", "version", "type", "config")}
    variables = {"variables": variables_of(content), "unused": idle}
    return print_json(context, dict(shown, prompt=rendered, **variables))


def _texts(args: argparse.Namespace) -> Dict[str, str]:
    texts = {}
    for given in args.var:
        name, equals, value = given.partition("=")
        if not equals or not name:
            raise UsageError("--var {!r} is not of the form NAME=VALUE".format(given))
        texts[name.strip()] = value
    return texts


def _prompt(args: argparse.Namespace, context: Context) -> Body:
    """Return the prompt of a file, if the name is the path of one, or of the server."""
    if args.name.endswith(files.ENDING) and os.path.exists(args.name):
        return files.read_file(args.name).body()
    known = settings.load(context.env_file)
    label = None if args.version else args.label
    fetched = prompts.fetch_prompt(known, args.name, label, args.version, args.offline)
    if fetched.note:
        context.warn(fetched.note)
    return fetched.prompt
