"""``coaia init`` and ``coaia config``: make coaia.json, show what counts, check it."""

import argparse
import os
from typing import Any, Dict, List, Optional

from coaiapy import patience
from coaiapy.checks import settings as settings_check
from coaiapy.checks.finding import COLUMNS, Finding, has_failed, worst
from coaiapy.cli.input import read_answer
from coaiapy.cli.output import add_listing_options, show_listing
from coaiapy.cli.parser import Parser, add_command, as_command, subcommands
from coaiapy.cli.streams import Context
from coaiapy.config import files as config_files
from coaiapy.config import values as config_values
from coaiapy.config.keys import TEXTS, Key, checked
from coaiapy.config.schema import KEY_OF
from coaiapy.config.values import ConfigValues, Layer

# What most people want to set; the file itself names the rest.
QUESTIONS = (
    "langfuse_public_key",
    "langfuse_secret_key",
    "langfuse_base_url",
    "openai_api_key",
    "openai_base_url",
    "model",
    "pollyconf.key",
    "pollyconf.secret",
    "pollyconf.region",
    "redis_url",
    "github.api_token",
)


def init(args: argparse.Namespace, context: Context) -> Optional[int]:
    """Make a coaia.json; one that is there stays as it is."""
    path = config_files.project_path() if args.project else config_files.home_path()
    if _is_there(path):
        context.note("{} already exists and was not changed (see: coaia config show)".format(path))
        return None
    answers = _answers(context) if args.interactive else {}
    if not config_files.create(path, answers):
        context.note("{} was just created by another process and was not changed".format(path))
        return None
    context.note("created {}: fill in what you need (only you can read it)".format(path))
    return _test(answers, path, context) if answers else None


def show(args: argparse.Namespace, context: Context) -> None:
    """Show what is set, and where each value comes from."""
    found = settings_check.shown(config_values.load(context.env_file), args.all)
    show_listing(args, context, [one._asdict() for one in found], settings_check.COLUMNS, "setting")


def check(args: argparse.Namespace, context: Context) -> int:
    """Check the settings, and with ``--online`` the services that they name."""
    findings = settings_check.check(context.env_file)
    if args.online and not has_failed(findings):
        from coaiapy.checks import services

        said = services.check(config_values.load(context.env_file))
        findings += said
        if not said:
            context.note("the settings name no service, so none was asked")
    if findings or args.json or args.jsonl or args.csv:
        show_listing(args, context, [_row(one) for one in findings], COLUMNS, "finding")
    else:
        context.note("the settings are valid")
    return worst(findings)


def _row(one: Finding) -> Dict[str, Any]:
    return {"state": one.state, "place": one.name, "text": one.text, "code": int(one.code)}


def _is_there(path: str) -> bool:
    return os.path.lexists(path)


def _answers(context: Context) -> Dict[str, Any]:
    context.note("Press Enter to skip a setting; none is required.")
    answers = {}
    for name in QUESTIONS:
        answer = _ask(KEY_OF[name], context)
        if answer != "":
            answers[name] = answer
    return answers


def _ask(key: Key, context: Context) -> Any:
    """Return the answer in the type of ``key``, "" when nobody gives one."""
    hint = "" if key.default is None else " [{}]".format(key.default)
    prompt = "{} - {}{}: ".format(key.name, key.description, hint)
    for _ in range(patience.QUESTIONS):
        answer = read_answer(prompt, key.secret, context)
        try:
            return checked(key, answer) if answer or key.kind in TEXTS else ""
        except ValueError as error:
            context.note("{!r} {}".format(answer, error))
    return ""


def _test(answers: Dict[str, Any], path: str, context: Context) -> int:
    """Ask each service whose settings were given, and say what it answered."""
    from coaiapy.checks import services

    values = ConfigValues([Layer(path, config_files.sample(answers), True)])
    findings = services.check(values)
    for one in findings:
        context.note("{}: {}".format(one.name, one.text))
    return worst(findings)


def build_init(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia init``."""
    parser.add_argument(
        "--interactive",
        action="store_true",
        help="ask for the most important settings, and test them",
    )
    parser.add_argument(
        "--project", action="store_true", help="create ./coaia.json instead of ~/coaia.json"
    )
    as_command(
        parser,
        init,
        """coaia init
        coaia init --interactive
        coaia init --project""",
        local=True,
    )


def build_config(parser: Parser, words: List[str]) -> None:
    """Give ``parser`` what follows ``coaia config``."""
    group = subcommands(parser, words, "coaia config show")
    shown = add_command(
        group,
        "show",
        show,
        "show every setting that has a value and where it comes from",
        """coaia config show
        coaia config show --all --json""",
        local=True,
    )
    shown.add_argument("--all", action="store_true", help="also show settings without a value")
    add_listing_options(shown)
    checking = add_command(
        group,
        "check",
        check,
        "check the settings for unknown keys, wrong values and contradictions",
        """coaia config check
        coaia config check --online""",
    )
    checking.add_argument(
        "--online", action="store_true", help="also check that each configured service can be used"
    )
    add_listing_options(checking)
