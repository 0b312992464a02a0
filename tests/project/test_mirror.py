"""Each module has a test file of its name, or it is said here with what it is tested."""

import ast
import functools

import pytest
from package_code import MODULES, imported_names, own_imports
from places import ROOT

pytestmark = pytest.mark.once
TESTS = ROOT / "tests"

# A module, or all of a folder (``folder.*``), without a test file of its own, and where it is tested:
# a test file, or a folder of them.
TESTED_WITH = {
    "__main__": "whole",
    "errors cli.options": "cli/commands/test_help",
    "patience": "langfuse/client/test_reachability",
    "api_*": "test_api",
    "audio.aws audio.convert": "audio/test_transcribe_aws",
    "audio.tags.* audio.formats.*": "audio/tags/test_tags",
    "authoring.sources authoring.validation.*": "authoring/validation/test_validate",
    "authoring.from_trace.*": "authoring/from_trace/test_document",
    "authoring.testing.*": "cli/commands/pipeline/authoring/test_test",
    "checks.finding": "checks/test_doctor",
    "checks.services": "cli/commands/test_config",
    "checks.project_files": "cli/commands/test_trust",
    "cli.branches": "test_coaiacli",
    "cli.delivery": "cli/commands/fuse/traces",
    "cli.completion.*": "cli/completion/test_complete",
    "cli.commands.fuse_branches": "cli/commands/test_help_tree",
    "cli.commands.gh": "test_cogh",
    "syntation cli.commands.audio.synthesize": "audio/test_speech",
    "cli.commands.audio.tag": "audio/tags",
    "audio.shapes cli.commands.audio.transcribe": "audio/test_transcribe",
    "cli.commands.env.guard": "checks/test_guard",
    "cli.commands.env.notes": "cli/commands/env/test_env",
    "cli.commands.fuse.*": "cli/commands/fuse",
    "cli.commands.pipeline.authoring.*": "authoring/test_difference",
    "dotenvx.names": "dotenvx/test_opening",
    "env.changes env.names env.command_environment": "cli/commands/env",
    "env.editing env.explain env.untrusted": "cli/commands/env",
    "env.places": "env/test_cascade",
    "env.schema.*": "cli/commands/env/test_schema",
    "env.schema.secret_values": "running/test_recorded_text",
    "experiments.*": "cli/commands/fuse/experiments",
    "experiments.execution.prompt_process": "experiments/execution/test_tasks",
    "fleet.* cli.commands.pipeline.worker": "fleet",
    "gallery.* cli.commands.pipeline.install cli.commands.pipeline.galleries": "gallery",
    "langfuse.comments": "cli/commands/fuse/test_comments",
    "langfuse.lookup": "cli/test_references",
    "langfuse.client.online": "langfuse/prompts/test_prompts",
    "langfuse.datasets.conversations": "langfuse/datasets/test_finetuning",
    "langfuse.datasets.*": "cli/commands/fuse/datasets",
    "langfuse.journal.* langfuse.client.wire": "langfuse/send",
    "langfuse.media.media": "cli/commands/fuse/test_media",
    "langfuse.prompts.*": "cli/commands/fuse/prompts",
    "langfuse.read.*": "langfuse/traces/test_reads",
    "langfuse.records.content": "langfuse/records",
    "langfuse.scores.*": "cli/commands/fuse/test_scores",
    "langfuse.send.*": "langfuse/send/test_background",
    "langfuse.traces.*": "langfuse/traces",
    "legacy.*": "legacy",
    "llm.*": "cli/commands/test_llm",
    "running.*": "cli/commands/test_run",
    "running.pipelines.* templating.* cli.commands.pipeline.options": "cli/commands/pipeline",
    "stash.*": "stash/test_stash",
    "util.formats.env_json util.formats.env_lines": "env/test_files",
    "util.formats.json_schema": "templating/test_document",
    "util.formats.tables.widths": "util/formats/tables/test_table",
    "util.http.json_api": "test_cogh",
    "views.*": "views",
}


def has_own_file(module):
    folder, _, name = module.rpartition(".")
    return (TESTS / folder.replace(".", "/") / "test_{}.py".format(name)).exists()


STARTED = ("__main__", "experiments.execution.prompt_process")
WHERE = {pattern: place for row, place in TESTED_WITH.items() for pattern in row.split()}
IMPORTS = {module: set(own_imports(module)) for module in MODULES}
ALONE = [name for name in MODULES if name != "__init__" and not has_own_file(name)]


def pattern_of(module):
    """Return the longest pattern of the table that fits a module, or ``None``."""
    fitting = [
        one for one in WHERE if module == one or one[-1] == "*" and module.startswith(one[:-1])
    ]
    return max(fitting, key=len) if fitting else None


def test_every_module_is_tested_in_a_file_of_its_name_or_with_what_the_table_says():
    lost = [module for module in ALONE if pattern_of(module) is None]
    assert not lost, "give these a test file, or a row of the table: {}".format(lost)


def test_no_row_is_stale():
    stale = set(WHERE) - {pattern_of(module) for module in ALONE}
    assert not stale, "these have test files of their own, or are gone: {}".format(sorted(stale))


def test_what_a_module_is_tested_with_uses_it():
    wrong = [
        "{} does not use {}".format(WHERE[pattern], module)
        for module in ALONE
        for pattern in [pattern_of(module)]
        if pattern and not is_started(module) and module not in used_by(WHERE[pattern])
    ]
    assert not wrong, wrong


def is_started(module):
    """Tell whether a command line starts the module, so that no import leads to it."""
    return module.startswith("cli.commands.") or module in STARTED


@functools.lru_cache(maxsize=None)
def used_by(place):
    """Return what a test file imports, the module that it is named after, and all that these import.

    For a folder these are all modules of the folder that it mirrors.
    """
    path = TESTS / place
    if path.is_dir():
        assert list(path.rglob("test_*.py")), "there are no tests in {}".format(place)
        todo = [name for name in MODULES if name.startswith(place.replace("/", ".") + ".")]
    else:
        text = path.with_suffix(".py").read_text(encoding="utf-8")
        folder = place.rpartition("/")[0].replace("/", ".")
        names = [name for name in MODULES if name.rpartition(".")[0] == folder]
        mine = path.name[len("test_") :] + "_"
        todo = [name for name in names if mine.startswith(name.rpartition(".")[2] + "_")]
        todo += [owner_of(*pair) for pair in imported(text)]
    found = set()
    while todo:
        module = todo.pop()
        if module in IMPORTS and module not in found:
            found.add(module)
            todo += IMPORTS[module]
    return found


def imported(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            yield from imported_names(node)


def owner_of(folder, name):
    whole = "{}.{}".format(folder, name).lstrip(".")
    return whole if whole in IMPORTS else folder


def test_the_table_is_short():
    assert len(TESTED_WITH) <= 60, "give a module a test file instead of a row"


def test_the_check_knows_a_module_that_is_not_used():
    assert "stash.local" in used_by("stash/test_stash")
    assert "audio.aws" not in used_by("stash/test_stash")
