"""``coaia fuse score-configs export``, ``import`` and ``presets``."""

import argparse
from typing import Any, Callable, Dict, List

from coaiapy.cli.input import agrees
from coaiapy.cli.options import add_json, add_output
from coaiapy.cli.output import add_listing_options, print_json, show_listing
from coaiapy.cli.parser import add_command, add_group
from coaiapy.cli.streams import Context
from coaiapy.config import settings
from coaiapy.errors import CoaiaError, ExitCode
from coaiapy.langfuse.scores import config_files as score_config_files
from coaiapy.langfuse.scores import configs as score_configs
from coaiapy.langfuse.scores import presets as score_presets
from coaiapy.langfuse.scores import values as score_values
from coaiapy.langfuse.scores.config_cache import folded
from coaiapy.langfuse.scores.configs import Made
from coaiapy.langfuse.scores.display import MADE_COLUMNS, PRESET_COLUMNS, PREVIEW_COLUMNS
from coaiapy.langfuse.scores.presets import CATEGORIES
from coaiapy.util.text.wording import counted


def add_archived(parser: argparse.ArgumentParser) -> None:
    """Add ``--archived``."""
    parser.add_argument("--archived", action="store_true", help="include archived score configs")


def add_duplicates(parser: argparse.ArgumentParser) -> None:
    """Add ``--allow-duplicates``."""
    parser.add_argument(
        "--allow-duplicates",
        action="store_true",
        help="create a score config even if its name is taken",
    )


def build(group: Any, words: List[str]) -> None:
    """Add the commands to ``coaia fuse score-configs``."""
    export = add_command(
        group,
        "export",
        export_configs,
        "export the score configs as JSON",
        "coaia fuse score-configs export -o score-configs.json",
    )
    add_output(export, "-o")
    export.add_argument("--no-metadata", action="store_true", help="leave out ids and times")
    add_archived(export)
    export.add_argument(
        "--force", action="store_true", help="overwrite the file even without score configs"
    )
    bulk = add_command(
        group,
        "import",
        import_configs,
        "create score configs from an exported file",
        """coaia fuse score-configs import score-configs.json --preview
        coaia fuse score-configs import score-configs.json --select Helpfulness 3""",
    )
    bulk.add_argument("file", metavar="FILE", help="file to read")
    bulk.add_argument(
        "--select", nargs="*", metavar="NAME|#", help="only these, by name or number in the file"
    )
    add_duplicates(bulk)
    bulk.add_argument("--preview", action="store_true", help="show what would be created")
    bulk.add_argument("--no-guidance", action="store_true", help="do not print the closing hint")
    add_listing_options(bulk)
    _build_presets(group, words)


def _build_presets(group: Any, words: List[str]) -> None:
    presets = add_group(
        group,
        "presets",
        "show and install the score configs that come with coaia",
        words,
        "coaia fuse score-configs presets list --category narrative",
    )
    listing = add_command(
        presets,
        "list",
        list_presets,
        "list the presets",
        "coaia fuse score-configs presets list --category narrative",
        local=True,
    )
    listing.add_argument("--category", choices=CATEGORIES, help="only presets of this category")
    add_listing_options(listing)
    show = add_command(
        presets,
        "show",
        show_preset,
        "show a preset",
        "coaia fuse score-configs presets show Helpfulness",
        local=True,
    )
    show.add_argument("preset", metavar="PRESET")
    add_json(show)
    _build_install(presets)


def _build_install(presets: Any) -> None:
    install = add_command(
        presets,
        "install",
        install_presets,
        "create score configs from presets",
        """coaia fuse score-configs presets install Helpfulness Accuracy
        coaia fuse score-configs presets install --category narrative""",
    )
    install.add_argument(
        "presets", metavar="PRESET", nargs="*", help="name of a preset (default: all presets)"
    )
    install.add_argument("--category", choices=CATEGORIES, help="all presets of this category")
    add_duplicates(install)
    install.add_argument("--interactive", action="store_true", help="ask before each one")
    add_listing_options(install)


def export_configs(args: argparse.Namespace, context: Context) -> None:
    """Write all score configs to a file, or print them."""
    known = settings.load(context.env_file)
    export = score_config_files.export(known, not args.no_metadata, args.archived)
    if not args.output:
        return print_json(context, export)
    score_config_files.write(args.output, export, args.force)
    written = counted(export["totalConfigs"], "score config")
    context.note("{} written to {}".format(written, args.output))


def import_configs(args: argparse.Namespace, context: Context) -> int:
    """Create the configs of a file, or show what would become of them."""
    configs = score_config_files.read(args.file)
    chosen = score_config_files.select(configs, args.select)
    known = settings.load(context.env_file)
    if args.preview:
        taken = {folded(config["name"]) for config in score_configs.list_all(known)}
        rows = [
            dict(
                config,
                number=configs.index(config) + 1,
                outcome="exists" if folded(config["name"]) in taken else "new",
            )
            for config in chosen
        ]
        show_listing(args, context, rows, PREVIEW_COLUMNS, "score config")
        context.note("preview: nothing was created")
        return ExitCode.OK

    def create(on_made: Callable[[Made], None]) -> None:
        score_configs.create_all(known, chosen, args.allow_duplicates, on_made)

    code = _show_made(args, context, create)
    if code == ExitCode.OK and not args.no_guidance:
        context.note("to use one: coaia fuse score-configs apply NAME --trace-id ID -v VALUE")
    return code


def list_presets(args: argparse.Namespace, context: Context) -> None:
    """Show the presets of a category, or all."""
    found = [dict(one, range=_range(one)) for one in score_presets.list_presets(args.category)]
    show_listing(args, context, found, PRESET_COLUMNS, "preset")


def _range(preset: Dict[str, Any]) -> str:
    values = [one["value"] for one in preset.get("categories") or []]
    values = values or [preset[name] for name in ("minValue", "maxValue") if name in preset]
    return " to ".join(map(score_values.spelled, (values[0], values[-1]))) if values else "0 or 1"


def show_preset(args: argparse.Namespace, context: Context) -> None:
    """Show one preset."""
    preset = score_presets.get(args.preset)
    if args.json:
        return print_json(context, preset)
    context.say("{}  {}  {}".format(preset["name"], preset["dataType"], preset["category"]))
    context.say(preset["description"])
    context.say("takes {}".format(score_values.takes(preset)))


def install_presets(args: argparse.Namespace, context: Context) -> int:
    """Create score configs of the chosen presets."""
    wanted = [score_presets.get(name) for name in args.presets]
    if args.category or not wanted:
        listed = score_presets.list_presets(args.category)
        wanted += [preset for preset in listed if preset not in wanted]
    if args.interactive:
        wanted = _asked(context, wanted)
        if not wanted:
            context.note("nothing was created")
            return ExitCode.FAILED
    known = settings.load(context.env_file)

    def create(on_made: Callable[[Made], None]) -> None:
        score_presets.install(known, wanted, args.allow_duplicates, on_made)

    return _show_made(args, context, create)


def _asked(context: Context, presets: List[Any]) -> List[Any]:
    otherwise = "name the presets and leave out --interactive"
    question = "install {0[name]} ({0[description]})?"
    return [one for one in presets if agrees(context, question.format(one), otherwise)]


def _show_made(
    args: argparse.Namespace, context: Context, create: Callable[[Callable[[Made], None]], None]
) -> int:
    """Show what became of each config, also of those before an error."""
    results: List[Made] = []
    try:
        create(results.append)
    except CoaiaError:
        if results:
            _list_made(args, context, results)
        raise
    _list_made(args, context, results)
    refused = [one for one in results if one.outcome == "refused"]
    for one in refused:
        context.warn("{}: {}".format(one.name, one.reason))
    return ExitCode.REFUSED if refused else ExitCode.OK


def _list_made(args: argparse.Namespace, context: Context, results: List[Made]) -> None:
    rows = [dict(one._asdict()) for one in results]
    show_listing(args, context, rows, MADE_COLUMNS, "score config")
