"""``coaia pipeline install``, ``update``, ``outdated`` and ``uninstall``: templates from elsewhere."""

import argparse
from typing import Any, Dict, List

from coaiapy.cli.options import add_dry_run, add_json
from coaiapy.cli.output import add_listing_options, print_json, show_listing
from coaiapy.cli.parser import Parser, add_command
from coaiapy.cli.streams import Context, is_terminal
from coaiapy.errors import ExitCode, UsageError
from coaiapy.util.text.wording import counted

_INSTALL = """coaia pipeline install gallery audio-note
        coaia pipeline install https://example.com/team/templates.git@v2 nightly
        coaia pipeline install git@example.com:team/tools.git#templates
        coaia pipeline install https://example.com/templates.zip --sha256 HEX
        coaia pipeline install"""
_UPDATE = """coaia pipeline update --dry-run
        coaia pipeline update nightly"""


def build(group: Any) -> None:
    """Add the commands to ``coaia pipeline``."""
    parser = add_command(
        group, "install", install, "install templates from a source, or as locked", _INSTALL
    )
    parser.add_argument(
        "source",
        metavar="SOURCE",
        nargs="?",
        help="a git repository, a folder, an archive or a file, or the name of a gallery; with @REF "
        "and #FOLDER for a repository (default: what the lock file says)",
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="template (default: all)")
    parser.add_argument("--sha256", metavar="HEX", help="hash that the archive or file must have")
    parser.add_argument("--force", action="store_true", help="replace what is in the way")
    _add_place(parser)
    add_json(parser)
    _build_update(group)
    parser = add_command(
        group,
        "outdated",
        outdated,
        "list the installed templates whose source has a newer one",
        "coaia pipeline outdated",
    )
    _add_place(parser)
    add_listing_options(parser)
    parser = add_command(
        group,
        "uninstall",
        uninstall,
        "remove installed templates",
        "coaia pipeline uninstall nightly",
        local=True,
    )
    parser.add_argument("names", metavar="NAME", nargs="+")
    parser.add_argument("--force", action="store_true", help="also if edited or extended")
    _add_place(parser)


def _build_update(group: Any) -> None:
    parser = add_command(
        group, "update", update, "update installed templates and keep what was edited", _UPDATE
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="template (default: all)")
    add_dry_run(parser, "show the differences without writing them")
    _add_place(parser)
    add_json(parser)


def _add_place(parser: Parser) -> None:
    parser.add_argument(
        "--global",
        dest="is_global",
        action="store_true",
        help="in ~/.coaia/templates, for all projects (default: ./.coaia/templates)",
    )


def install(args: argparse.Namespace, context: Context) -> None:
    """Install what a source has, or what the lock file says; print the paths of the files."""
    from coaiapy.config import values
    from coaiapy.gallery import index, installing, lockfile, sources

    home = lockfile.home(args.is_global)
    options = installing.InstallOptions(args.force, is_terminal(context.stdin), args.sha256 or "")
    if args.source is None:
        if args.sha256:
            raise UsageError("--sha256 is for a source: name it")
        restored = installing.restore(home, options)
        _show(args, context, home, restored.written)
        context.note(
            "{} as locked, {} written".format(
                counted(len(restored.written + restored.kept), "template"), len(restored.written)
            )
        )
        return
    known = index.galleries(values.load(context.env_file))
    source = sources.parse(args.source, known)
    if args.is_global:
        source = sources.anywhere(source)
    done = installing.install(home, source, args.names, options)
    _show(args, context, home, [one.entry for one in done.picked])
    _note_installed(context, source, done)
    for one in done.picked:
        _advise(context, home, one)


def _note_installed(context: Context, source: Any, done: Any) -> None:
    commit = done.picked[0].entry.commit if done.picked else ""
    at = " (commit {})".format(commit[:12]) if commit else ""
    installed = counted(len(done.picked), "template")
    context.note("installed {} from {}{}".format(installed, source, at))
    if source.asked != source.address and not source.is_local:
        context.note("what is secret in the address was not recorded: {}".format(source.address))
    for why in done.left_out:
        context.note("left out: {}".format(why))


def _advise(context: Context, home: Any, one: Any) -> None:
    from coaiapy.templating import files

    name = one.entry.name
    hidden = [place.name for place in files.places() if files.find_in(place, name)]
    if "built-in" in hidden:
        context.note("{} takes the place of the built-in template of this name".format(name))
    if any(step.get("run") for step in one.document["steps"]) and home.place == "project":
        context.note("{0} runs commands: read it, then coaia pipeline trust {0}".format(name))


def _show(args: argparse.Namespace, context: Context, home: Any, entries: List[Any]) -> None:
    rows = [dict(entry._asdict(), path=home.path_of(entry.file_name)) for entry in entries]
    if args.json:
        print_json(context, rows)
    else:
        for row in rows:
            context.say(row["path"])


def update(args: argparse.Namespace, context: Context) -> int:
    """Show the differences that the update makes, and make them; return 1 for a conflict."""
    from coaiapy.gallery import installing, lockfile, updating

    home = lockfile.home(args.is_global)
    done = updating.update(home, args.names, args.dry_run, is_terminal(context.stdin))
    if args.json:
        print_json(context, [_told(one) for one in done])
    for one in done:
        if not args.json:
            for line in updating.diff(one):
                context.say(line)
        if one.state == installing.CONFLICT:
            said = "{}: {} to solve in {}: look for <<<<<<<"
            if args.dry_run and one.new != one.old:
                said = "{}: {} would be marked in {}"
            conflicts = counted(one.conflicts, "conflict")
            context.warn(said.format(one.name, conflicts, home.path_of(one.file_name)))
        elif one.state != updating.CURRENT:
            context.note("{}: {}".format(one.name, one.state))
    if all(one.state == updating.CURRENT for one in done):
        context.note("everything is up to date" if done else "nothing is installed")
    if args.dry_run:
        context.note("dry run: nothing was written")
    is_torn = any(one.state == installing.CONFLICT for one in done)
    return ExitCode.FAILED if is_torn else ExitCode.OK


def _told(one: Any) -> Dict[str, Any]:
    from coaiapy.gallery import updating

    return {
        "name": one.name,
        "state": one.state,
        "from": one.before.version if one.before else "",
        "to": one.after.version if one.after else "",
        "conflicts": one.conflicts,
        "diff": "\n".join(updating.diff(one)),
    }


def outdated(args: argparse.Namespace, context: Context) -> None:
    """List what is not the newest of its source."""
    from coaiapy.gallery import lockfile, updating

    rows = updating.outdated(lockfile.home(args.is_global), is_terminal(context.stdin))
    show_listing(args, context, rows, updating.OUTDATED_COLUMNS, "outdated template")


def uninstall(args: argparse.Namespace, context: Context) -> None:
    """Remove templates with their entries in the lock file."""
    from coaiapy.gallery import installing, lockfile

    home = lockfile.home(args.is_global)
    gone = installing.uninstall(home, args.names, args.force)
    context.note("removed {}".format(", ".join(entry.name for entry in gone)))
