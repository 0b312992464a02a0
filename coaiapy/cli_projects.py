"""``coaia fuse projects``: the project that the keys belong to."""

import argparse
from typing import Any, Dict, List

from coaiapy.cli_common import add_timeout, example_text
from coaiapy.cli_listing import add_listing_options, show_listing
from coaiapy.cli_streams import Context
from coaiapy.config import settings
from coaiapy.langfuse.client import project as current_project

_COLUMNS = {"id": "Project", "name": "Name", "organization": "Organization"}


def build(parser: argparse.ArgumentParser, words: List[str]) -> None:
    """Make ``parser`` the command."""
    parser.epilog = example_text("coaia fuse projects --json")
    add_timeout(parser)
    parser.set_defaults(handler=list_projects)
    add_listing_options(parser)


def list_projects(args: argparse.Namespace, context: Context) -> None:
    """Show the projects, by themselves in JSON, with their organization's name in tables."""
    found = current_project.list_projects(settings.load(context.env_file))
    is_data = args.json or args.jsonl
    show_listing(args, context, found if is_data else _with_names(found), _COLUMNS, "project")


def _with_names(found: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """Return projects with the name of their organization in its place."""
    return [
        dict(project, organization=(project.get("organization") or {}).get("name", ""))
        for project in found
    ]
