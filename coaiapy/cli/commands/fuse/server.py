"""``coaia fuse doctor``, ``health`` and ``projects``: the settings, the server and its project."""

import argparse
from typing import Any, Dict, List

from coaiapy.checks import doctor
from coaiapy.checks.finding import Finding, worst
from coaiapy.cli.options import add_json
from coaiapy.cli.output import add_listing_options, print_json, show_listing, show_record
from coaiapy.cli.parser import as_command
from coaiapy.cli.streams import Context
from coaiapy.config import settings
from coaiapy.langfuse.client import project as current_project
from coaiapy.langfuse.client import server as servers

_WIDTH = len("credentials")


def build_doctor(parser: argparse.ArgumentParser, words: List[str]) -> None:
    """Make ``parser`` the command."""
    add_json(parser)
    as_command(
        parser,
        examine,
        "coaia fuse doctor\ncoaia fuse doctor --json",
    )


def examine(args: argparse.Namespace, context: Context) -> int:
    """Show the findings; the exit code is that of the worst."""
    findings = doctor.examine(context.env_file)
    code = worst(findings)
    if args.json:
        verdicts = [_verdict(one) for one in findings]
        print_json(context, {"verdicts": verdicts, "exit_code": int(code)})
        return code
    for one in findings:
        context.say("{:<7}  {:<{}}  {}".format(one.state, one.name, _WIDTH, one.text))
    return code


def _verdict(one: Finding) -> Dict[str, Any]:
    return {
        "check": one.name,
        "state": one.state,
        "text": one.text,
        "code": int(one.code),
        "facts": one.facts,
    }


def build_health(parser: argparse.ArgumentParser, words: List[str]) -> None:
    """Make ``parser`` the command."""
    add_json(parser)
    as_command(
        parser,
        show_health,
        "coaia fuse health --json",
    )


def show_health(args: argparse.Namespace, context: Context) -> None:
    """Show what the server says of itself."""
    found = servers.check_health(settings.load(context.env_file))
    show_record(args, context, found)


def build_projects(parser: argparse.ArgumentParser, words: List[str]) -> None:
    """Make ``parser`` the command."""
    add_listing_options(parser)
    as_command(
        parser,
        list_projects,
        "coaia fuse projects --json",
    )


def list_projects(args: argparse.Namespace, context: Context) -> None:
    """Show the projects, by themselves in JSON, with their organization's name in tables."""
    found = current_project.list_projects(settings.load(context.env_file))
    is_data = args.json or args.jsonl
    show_listing(
        args, context, found if is_data else _with_names(found), current_project.COLUMNS, "project"
    )


def _with_names(found: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Return projects with the name of their organization in its place."""
    return [
        dict(project, organization=(project.get("organization") or {}).get("name", ""))
        for project in found
    ]
